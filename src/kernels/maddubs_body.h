/*-------------------------------------------------------------------------
 *
 * maddubs_body.h
 *	  The code steps over vpmaddubsw, for isa_avx2.c and isa_avx512.c.
 *
 * Included after vb_shift_left16(v, bits), vb_shift_right16(), vb_shift_right_signed16(),
 * vb_set1_16(x), vb_maddubs(code, query), vb_madd16(a, b), vi_add() and vi_add16()
 * are defined.
 *
 * vpmaddubsw multiplies unsigned by signed bytes but saturates the sum of two
 * products at 16 bits.  Codes of 4 and 2 bits cannot reach that; codes of 8
 * bits can (2 * 255 * 127), so they are taken apart into even and odd bytes and
 * multiplied as 16-bit numbers, which is exact.
 *
 *-------------------------------------------------------------------------
 */

StaticAssertKernel(2 * 255 * 127 > INT16_MAX, "8-bit codes saturate vpmaddubsw");
StaticAssertKernel(4 * 15 * 128 <= INT16_MAX && 8 * 3 * 128 <= INT16_MAX, "smaller codes must not");
VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	Vb			code_even = vb_and(code, vb_set1_16(0xff));
	Vb			code_odd = vb_shift_right16(code, 8);
	Vb			query_even = vb_shift_right_signed16(vb_shift_left16(query, 8), 8);
	Vb			query_odd = vb_shift_right_signed16(query, 8);

	sums->part0 = vi_add(sums->part0, vb_madd16(code_even, query_even));
	sums->part1 = vi_add(sums->part1, vb_madd16(code_odd, query_odd));
}

/* Sums of two products of the fields from bit `shift` of each byte of `code`. */
VX_INLINE Vb
multiply_field(Vb code, int shift, int mask, Vb query)
{
	Vb			field = vb_and(vb_shift_right16(code, shift), vb_set1_16(mask * 0x101));

	return vb_maddubs(field, query);
}

/* at most 4 * 15 * 128 in a 16-bit lane */
VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	Vb			products = vi_add16(multiply_field(code, 0, 15, query0),
									multiply_field(code, 4, 15, query1));

	sums->part0 = vi_add(sums->part0, vb_madd16(products, vb_set1_16(1)));
}

/* at most 8 * 3 * 128 in a 16-bit lane */
VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	Vb			products01 = vi_add16(multiply_field(code, 0, 3, query0),
									  multiply_field(code, 2, 3, query1));
	Vb			products23 = vi_add16(multiply_field(code, 4, 3, query2),
									  multiply_field(code, 6, 3, query3));

	sums->part0 = vi_add(sums->part0, vb_madd16(vi_add16(products01, products23), vb_set1_16(1)));
}

VX_INLINE Vi
code_total_u8(const CodeSums *sums)
{
	return vi_add(sums->part0, sums->part1);
}

#define code_total_u4 code_total_l1
#define code_total_u2 code_total_l1
