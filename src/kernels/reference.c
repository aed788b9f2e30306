/*-------------------------------------------------------------------------
 *
 * reference.c
 *	  Oracle for the kernels: written for clarity from kernels.h alone.
 *
 * Shares no code with the kernels and is not linked into the library.  See
 * README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "reference.h"

#ifndef Assert
#define Assert(condition) assert(condition)
#endif

/* kernels take any alignment, so the oracle must, too */
static double
element(const float *p, size_t i)
{
	float		x;

	memcpy(&x, (const char *) p + i * sizeof(float), sizeof(x));
	return x;
}

/* Products of two float32 are exact in double. */
static double
term(VxReferenceKind kind, double x, double y)
{
	if (kind == VX_REFERENCE_DOT)
		return x * y;
	if (kind == VX_REFERENCE_L1)
		return fabs(x - y);
	return (x - y) * (x - y);
}

/*
 * Sums of the last m terms for every m, in one pass from the end: all lengths of
 * a test cost as much as one.  A sum that overflows double is left as it is.
 */
void
vxk_reference_suffixes(VxReferenceKind kind, const float *a, const float *b, size_t n,
					   VxReference *result)
{
	double		sum = 0.0;
	double		lost = 0.0;
	double		magnitude = 0.0;
	size_t		m;

	Assert(result != NULL);
	result[0].value = result[0].magnitude = 0.0;
	for (m = 1; m <= n; m++)
	{
		double		t = term(kind, element(a, n - m), element(b, n - m));
		double		total = sum + t;

		/* what the addition rounded away, by Neumaier's method */
		lost += fabs(sum) >= fabs(t) ? (sum - total) + t : (t - total) + sum;
		sum = total;
		magnitude += fabs(t);
		result[m].value = isfinite(total) ? sum + lost : total;
		result[m].magnitude = magnitude;
	}
}

/*
 * What one byte of a row contributes.  Written from the formulas in kernels.h,
 * field by field and in 64 bits, so that no mistake of a kernel can be repeated.
 */
static int64_t
code_term(VxReferenceCode kind, const VxCodeRows *rows, const uint8_t *query, int code, size_t j)
{
	const int8_t *q = (const int8_t *) query;
	int			bits = kind == VX_REFERENCE_U2 ? 2 : kind == VX_REFERENCE_U4 ? 4 : 8;
	int64_t		sum = 0;
	int			plane;

	if (kind == VX_REFERENCE_L1_U8)
		return code > query[j] ? code - query[j] : query[j] - code;
	for (plane = 0; plane * bits < 8; plane++)
		sum += (int64_t) ((code >> (plane * bits)) & ((1 << bits) - 1)) * q[plane * rows->bytes + j];
	return sum;
}

/* the kernels' int32 results are compared with these without any tolerance */
void
vxk_reference_codes(VxReferenceCode kind, const VxCodeRows *rows, const uint8_t *query, int64_t *result)
{
	size_t		i;
	size_t		j;

	Assert(rows != NULL && query != NULL && result != NULL);
	for (i = 0; i < rows->count; i++)
	{
		const uint8_t *row = rows->codes + (rows->ids ? rows->ids[i] : i) * rows->stride;

		result[i] = 0;
		for (j = 0; j < rows->bytes; j++)
			result[i] += code_term(kind, rows, query, row[j], j);
	}
}

/* one half byte at a time, the low one of a byte first */
void
vxk_reference_lookup(const uint8_t *strip, size_t columns, const uint8_t *tables, int64_t *result)
{
	size_t		s;
	size_t		i;

	Assert(strip != NULL && tables != NULL && result != NULL);
	for (i = 0; i < VXK_STRIP; i++)
	{
		result[i] = 0;
		for (s = 0; s < columns; s++)
		{
			result[i] += tables[16 * s + strip[VXK_STRIP * s + i] % 16];
			result[i] += tables[16 * (columns + s) + strip[VXK_STRIP * s + i] / 16];
		}
	}
}
