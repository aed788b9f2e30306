/*-------------------------------------------------------------------------
 *
 * add_rows.h
 *	  The last step of lookup_u4 over 16-byte vectors, which all x86-64 ISAs share.
 *
 * Included inside a target.  See lookup_body.h.
 *
 *-------------------------------------------------------------------------
 */

/* even and odd rows side by side again, and widened */
VX_INLINE void
add_rows(__m128i even, __m128i odd, uint32_t *out)
{
	__m128i		rows[2] = {_mm_unpacklo_epi16(even, odd), _mm_unpackhi_epi16(even, odd)};
	__m128i    *at = (__m128i *) out;

	for (int i = 0; i < 2; i++, at += 2)
	{
		__m128i		low = _mm_unpacklo_epi16(rows[i], _mm_setzero_si128());
		__m128i		high = _mm_unpackhi_epi16(rows[i], _mm_setzero_si128());

		_mm_storeu_si128(at, _mm_add_epi32(_mm_loadu_si128(at), low));
		_mm_storeu_si128(at + 1, _mm_add_epi32(_mm_loadu_si128(at + 1), high));
	}
}
