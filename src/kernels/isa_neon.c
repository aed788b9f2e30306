/*-------------------------------------------------------------------------
 *
 * isa_neon.c
 *	  The kernels for every aarch64 CPU.
 *
 * Bytes are multiplied into 16-bit lanes: one product of 8-bit codes fits
 * there (128 * 128), and so do the sums over all fields of a byte of 4 or 2
 * bits.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME neon

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__aarch64__) && defined(__AARCH64EL__)

#include <arm_neon.h>

#include "vector_neon.h"
#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

/* sadalp takes each product before the next is made: two would not fit 16 bits */
VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	int8x16_t	c = code_as_signed(code);
	int8x16_t	q = vreinterpretq_s8_u8(query);

	sums->part0 = vpadalq_s16(sums->part0, vmull_s8(vget_low_s8(c), vget_low_s8(q)));
	sums->part1 = vpadalq_s16(sums->part1, vmull_high_s8(c, q));
}

StaticAssertKernel(128 * 128 <= INT16_MAX, "a product of 8-bit codes must fit its lane");
StaticAssertKernel(2 * 15 * 128 <= INT16_MAX && 4 * 3 * 128 <= INT16_MAX, "so must sums over the fields of a byte");
/* Products of small codes with the query, in 16-bit lanes, in two halves. */
typedef struct Products
{
	int16x8_t	low;
	int16x8_t	high;
} Products;

/* fields are below 16, so reading them as signed changes nothing */
VX_INLINE Products
multiply(Vb field, Vb query)
{
	int8x16_t	f = vreinterpretq_s8_u8(field);
	int8x16_t	q = vreinterpretq_s8_u8(query);
	Products	products = {vmull_s8(vget_low_s8(f), vget_low_s8(q)), vmull_high_s8(f, q)};

	return products;
}

VX_INLINE Products
multiply_add(Products sum, Vb field, Vb query)
{
	int8x16_t	f = vreinterpretq_s8_u8(field);
	int8x16_t	q = vreinterpretq_s8_u8(query);

	sum.low = vmlal_s8(sum.low, vget_low_s8(f), vget_low_s8(q));
	sum.high = vmlal_high_s8(sum.high, f, q);
	return sum;
}

/* two products a lane, then one widening addition for both: 2 * 15 * 128 fits */
VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	Products	products = multiply(vandq_u8(code, vdupq_n_u8(15)), query0);

	products = multiply_add(products, vshrq_n_u8(code, 4), query1);
	sums->part0 = vpadalq_s16(sums->part0, products.low);
	sums->part1 = vpadalq_s16(sums->part1, products.high);
}

/* four products a lane before anything is widened: 4 * 3 * 128 fits */
VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	Vb			mask = vdupq_n_u8(3);
	Products	products = multiply(vandq_u8(code, mask), query0);

	products = multiply_add(products, vandq_u8(vshrq_n_u8(code, 2), mask), query1);
	products = multiply_add(products, vandq_u8(vshrq_n_u8(code, 4), mask), query2);
	products = multiply_add(products, vshrq_n_u8(code, 6), query3);
	sums->part0 = vpadalq_s16(sums->part0, products.low);
	sums->part1 = vpadalq_s16(sums->part1, products.high);
}

#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"

#endif							/* aarch64 */
