/*-------------------------------------------------------------------------
 *
 * isa_scalar.c
 *	  The kernels in plain C: what runs where nothing better does.
 *
 * The bodies are the same as everywhere, over vectors of one element.  Slow by
 * choice: the speed is the business of the other isa_*.c.  See README.md.
 *
 * This is also the only table under VX_NO_SIMD: the server's LLVM bitcode is
 * compiled without the target pragmas that the others need.  In the tests it
 * shows the shared bodies apart from any vector primitive that could be wrong.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME scalar

#include <math.h>

#include "kernel_internal.h"

/* nothing to pin: speed is no concern here, and a float may live in memory */
#define v_keep(vector) ((void) 0)
#define V_WIDTH 1
#define PANEL_ROWS 1
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

/* one element, at any address, in all lanes */
VX_INLINE Vf
vf_set1(const float *p)
{
	return *(const unaligned_float *) p;
}

VX_INLINE Vf
vf_load_f16(const uint16_t *p)
{
	uint16_t	half;

	memcpy(&half, p, sizeof(half));
	return vx_half_to_float(half);
}

VX_INLINE void
vf_store(float *p, Vf a)
{
	memcpy(p, &a, sizeof(a));
}

VX_INLINE void
vf_store_f16(uint16_t *p, Vf a)
{
	uint16_t	half = vx_float_to_half(a);

	memcpy(p, &half, sizeof(half));
}

VX_INLINE void
vf_keep_less(Vf v, float *least, uint32_t number, uint32_t *owners)
{
	if (v < *least)
	{
		*least = v;
		*owners = number;
	}
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

/* clears the sign of a NaN as well, as the vector forms do */
VX_INLINE Vf
vf_abs(Vf a)
{
	return fabsf(a);
}

/*
 * Two roundings on x86-64.  A compiler for aarch64, whose base has FMA, may
 * contract it to one; README.md's bound 1 holds either way.
 */
VX_INLINE Vf
vf_fma(Vf a, Vf b, Vf c)
{
	return a * b + c;
}

/* one element is its own sum; dense_sum() has added the four of them pairwise */
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

/* 24-bit mantissas: the product needs 48 bits and is exact in double */
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
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

#define V_BYTES 1
/* a vector of one byte, so that rows have no tail and no overlapping load */
typedef uint8_t Vb;
typedef int32_t Vi;

/* One chain of additions is enough: an integer addition takes one cycle. */
typedef struct CodeSums
{
	Vi			part0;
} CodeSums;

/* a byte has no alignment to violate */
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

/*
 * In each step both factors are promoted to int, where the largest product,
 * 255 * -128, is far from overflow.  Query bytes carry their sign in bit 7.
 */
VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 += code * (int8_t) query;
}

/* the low nibble belongs to plane 0; the high one needs no mask once shifted */
VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	sums->part0 += (code & 15) * (int8_t) query0 + (code >> 4) * (int8_t) query1;
}

/* two bits a plane, plane 0 lowest: the order that the codec packs them in */
VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	sums->part0 += (code & 3) * (int8_t) query0 + ((code >> 2) & 3) * (int8_t) query1 +
		((code >> 4) & 3) * (int8_t) query2 + (code >> 6) * (int8_t) query3;
}

/* both are unsigned here, unlike the queries of the products */
VX_INLINE void
code_step_l1(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 += code > query ? code - query : query - code;
}

/* fields are multiplied shifted down, so all kernels leave a finished sum */
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
	Assert(out != NULL);
	out[0] = a;
	out[1] = b;
	out[2] = c;
	out[3] = d;
}

/* signed by unsigned is what C multiplies anyway: nothing is left to correct */
VX_INLINE int32_t
code_bias_u8(const uint8_t *query, size_t n)
{
	(void) query;
	(void) n;
	return 0;
}

StaticAssertKernel(V_WIDTH == 1 && V_BYTES == 1, "partial loads must stay unreachable");
StaticAssertKernel((int8_t) 0x80 == -128, "query bytes are read as two's complement");
#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"
