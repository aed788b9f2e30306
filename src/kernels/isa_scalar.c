/*-------------------------------------------------------------------------
 *
 * isa_scalar.c
 *	  The kernels in plain C: what runs where nothing better does.
 *
 * The bodies are the same as everywhere, over vectors of one element.  Slow by
 * choice: the speed is the business of the other isa_*.c.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME scalar

#include <math.h>

#include "kernel_internal.h"

#define v_keep(vector) ((void) 0)
#define V_WIDTH 1
typedef float Vf;
typedef double Vd;

VX_INLINE Vf
vf_zero(void)
{
	return 0.0f;
}

VX_INLINE Vf
vf_load(const float *p)
{
	float		x;

	/* the pointer may be unaligned, which a plain load may not be */
	memcpy(&x, p, sizeof(x));
	return x;
}

/* Never reached: no number of elements is less than 1 and more than 0. */
VX_INLINE Vf
vf_load_partial(const float *p, size_t n)
{
	Assert(n < V_WIDTH);
	return n > 0 ? *p : 0.0f;
}

VX_INLINE Vf
vf_add(Vf a, Vf b)
{
	return a + b;
}

VX_INLINE Vf
vf_sub(Vf a, Vf b)
{
	return a - b;
}

VX_INLINE Vf
vf_abs(Vf a)
{
	return fabsf(a);
}

VX_INLINE Vf
vf_fma(Vf a, Vf b, Vf c)
{
	return a * b + c;
}

VX_INLINE float
vf_sum(Vf a)
{
	return a;
}

VX_INLINE Vd
vd_zero(void)
{
	return 0.0;
}

VX_INLINE Vd
vd_add(Vd a, Vd b)
{
	return a + b;
}

VX_INLINE Vd
vd_fma_square(Vf x, Vd sum)
{
	return sum + (double) x * (double) x;
}

VX_INLINE double
vd_sum(Vd a)
{
	return a;
}

#include "dense_body.h"

#define V_BYTES 1
typedef uint8_t Vb;
typedef int32_t Vi;

typedef struct CodeSums
{
	Vi			part0;
} CodeSums;

VX_INLINE Vb
vb_load(const uint8_t *p)
{
	return *p;
}

/* Never reached, as above. */
VX_INLINE Vb
vb_load_partial(const uint8_t *p, size_t n)
{
	Assert(n < V_BYTES);
	return n > 0 ? *p : 0;
}

VX_INLINE Vb
vb_and(Vb a, Vb b)
{
	return a & b;
}

VX_INLINE CodeSums
code_sums_zero(void)
{
	CodeSums	sums = {0};

	return sums;
}

VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 += code * (int8_t) query;
}

VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	sums->part0 += (code & 15) * (int8_t) query0 + (code >> 4) * (int8_t) query1;
}

VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	sums->part0 += (code & 3) * (int8_t) query0 + ((code >> 2) & 3) * (int8_t) query1 +
		((code >> 4) & 3) * (int8_t) query2 + (code >> 6) * (int8_t) query3;
}

VX_INLINE void
code_step_l1(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 += code > query ? code - query : query - code;
}

VX_INLINE Vi
code_total_u8(const CodeSums *sums)
{
	return sums->part0;
}

#define code_total_u4 code_total_u8
#define code_total_u2 code_total_u8
#define code_total_l1 code_total_u8

VX_INLINE int32_t
vi_sum(Vi v)
{
	return v;
}

VX_INLINE void
vi_sum4(Vi a, Vi b, Vi c, Vi d, int32_t *out)
{
	out[0] = a;
	out[1] = b;
	out[2] = c;
	out[3] = d;
}

VX_INLINE int32_t
code_bias_u8(const uint8_t *query, size_t n)
{
	(void) query;
	(void) n;
	return 0;
}

#include "code_body.h"
#include "isa_table.h"
