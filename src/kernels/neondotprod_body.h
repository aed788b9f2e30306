/*-------------------------------------------------------------------------
 *
 * neondotprod_body.h
 *	  The kernels of the ISAs that have NEON's byte dot product (sdot).
 *
 * Included by isa_neondotprod.c and isa_neonfhm.c inside their target region, on
 * purpose without an include guard.  The float32 kernels are those of isa_neon.c
 * again.
 *
 *-------------------------------------------------------------------------
 */
#include "vector_neon.h"
#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

/*
 * sum += four products of signed bytes for each lane.  Spelled by hand for
 * clang, which before version 16 declares the intrinsic only if the whole file
 * is compiled for dotprod.
 */
VX_INLINE Vi
vi_dot(Vi sum, Vb code, Vb query)
{
#if defined(__clang__)
	__asm__("sdot %0.4s, %1.16b, %2.16b" : "+w" (sum) : "w" (code), "w" (query));
	return sum;
#else
	return vdotq_s32(sum, vreinterpretq_s8_u8(code), vreinterpretq_s8_u8(query));
#endif
}

VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 = vi_dot(sums->part0, vreinterpretq_u8_s8(code_as_signed(code)), query);
}

VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	sums->part0 = vi_dot(sums->part0, vandq_u8(code, vdupq_n_u8(15)), query0);
	sums->part1 = vi_dot(sums->part1, vshrq_n_u8(code, 4), query1);
}

VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	Vb			mask = vdupq_n_u8(3);

	sums->part0 = vi_dot(sums->part0, vandq_u8(code, mask), query0);
	sums->part1 = vi_dot(sums->part1, vandq_u8(vshrq_n_u8(code, 2), mask), query1);
	sums->part0 = vi_dot(sums->part0, vandq_u8(vshrq_n_u8(code, 4), mask), query2);
	sums->part1 = vi_dot(sums->part1, vshrq_n_u8(code, 6), query3);
}

#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"
