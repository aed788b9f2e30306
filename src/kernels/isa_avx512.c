/*
 * isa_avx512.c
 *	  The kernels for AVX-512 F, BW, DQ and VL, without VNNI.
 *
 * vpmaddubsw multiplies unsigned by signed bytes but saturates the sum of two
 * products at 16 bits.  Codes of 4 and 2 bits cannot reach that; codes of 8
 * bits can (2 * 255 * 127), so they are taken apart into even and odd bytes and
 * multiplied as 16-bit numbers, which is exact.  See README.md.
 */
#define VX_ISA_NAME avx512

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__x86_64__)

#include <immintrin.h>

VX_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

#include "vector_avx512.h"
#include "dense_body.h"

VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	Vb			code_even = _mm512_and_si512(code, _mm512_set1_epi16(0xff));
	Vb			code_odd = _mm512_srli_epi16(code, 8);
	Vb			query_even = _mm512_srai_epi16(_mm512_slli_epi16(query, 8), 8);
	Vb			query_odd = _mm512_srai_epi16(query, 8);

	sums->part0 = _mm512_add_epi32(sums->part0, _mm512_madd_epi16(code_even, query_even));
	sums->part1 = _mm512_add_epi32(sums->part1, _mm512_madd_epi16(code_odd, query_odd));
}

/* Sums of two products of the fields from bit `shift` of each byte of `code`. */
VX_INLINE Vb
multiply_field(Vb code, int shift, int mask, Vb query)
{
	Vb			field = _mm512_and_si512(_mm512_srli_epi16(code, shift), _mm512_set1_epi8((char) mask));

	return _mm512_maddubs_epi16(field, query);
}

/* at most 4 * 15 * 128 in a 16-bit lane */
VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	Vb			products = _mm512_add_epi16(multiply_field(code, 0, 15, query0),
											multiply_field(code, 4, 15, query1));

	sums->part0 = _mm512_add_epi32(sums->part0, _mm512_madd_epi16(products, _mm512_set1_epi16(1)));
}

/* at most 8 * 3 * 128 in a 16-bit lane */
VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	Vb			products01 = _mm512_add_epi16(multiply_field(code, 0, 3, query0),
											  multiply_field(code, 2, 3, query1));
	Vb			products23 = _mm512_add_epi16(multiply_field(code, 4, 3, query2),
											  multiply_field(code, 6, 3, query3));
	Vb			products = _mm512_add_epi16(products01, products23);

	sums->part0 = _mm512_add_epi32(sums->part0, _mm512_madd_epi16(products, _mm512_set1_epi16(1)));
}

VX_INLINE Vi
code_total_u8(const CodeSums *sums)
{
	return _mm512_add_epi32(sums->part0, sums->part1);
}

#define code_total_u4 code_total_l1
#define code_total_u2 code_total_l1

#include "code_body.h"
#include "isa_table.h"

VX_TARGET_END

#endif							/* x86-64 */
