/*-------------------------------------------------------------------------
 *
 * vnni_body.h
 *	  The code steps over vpdpbusd, for isa_avxvnni.c and isa_avx512vnni.c.
 *
 * Included after vi_dot(sum, code, query), vb_mask(code, bits), vi_add() and
 * vi_shift_right() are defined.
 *
 * A field in the upper bits of a byte is not shifted down: it is multiplied
 * where it stands, which makes every product, and so every 32-bit partial sum,
 * a multiple of the field's place value, and the sum is shifted down once a
 * row.  That saves an instruction for each field of each vector.  Partial sums
 * stay below VXK_MAX_CODE_BYTES * 255 * 128 < 2^30.
 *
 *-------------------------------------------------------------------------
 */

StaticAssertKernel(VXK_MAX_CODE_BYTES <= (1 << 30) / (255 * 128), "sums of fields must not wrap before their shift");

VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 = vi_dot(sums->part0, code, query);
}

VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	sums->part0 = vi_dot(sums->part0, vb_mask(code, 0x0f), query0);
	sums->part1 = vi_dot(sums->part1, vb_mask(code, 0xf0), query1);
}

VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	sums->part0 = vi_dot(sums->part0, vb_mask(code, 0x03), query0);
	sums->part1 = vi_dot(sums->part1, vb_mask(code, 0x0c), query1);
	sums->part2 = vi_dot(sums->part2, vb_mask(code, 0x30), query2);
	sums->part3 = vi_dot(sums->part3, vb_mask(code, 0xc0), query3);
}

#define code_total_u8 code_total_l1

VX_INLINE Vi
code_total_u4(const CodeSums *sums)
{
	return vi_add(sums->part0, vi_shift_right(sums->part1, 4));
}

VX_INLINE Vi
code_total_u2(const CodeSums *sums)
{
	return vi_add(vi_add(sums->part0, vi_shift_right(sums->part1, 2)),
				  vi_add(vi_shift_right(sums->part2, 4), vi_shift_right(sums->part3, 6)));
}
