/*-------------------------------------------------------------------------
 *
 * avx512vnni_body.h
 *	  The kernels for AVX-512 with VNNI, for the instruction sets that have both.
 *
 * Included by isa_avx512vnni.c and isa_avx512popcnt.c inside their targets.
 * vpdpbusd multiplies unsigned by signed bytes and adds four products to each
 * 32-bit lane without saturation, so every code width is exact.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "vector_avx512.h"
#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

/*
 * Spelled by hand because gcc 12 copies the sums to and fro around the
 * intrinsic, which costs a tenth of the time of 4- and 2-bit codes.
 */
VX_INLINE Vi
vi_dot(Vi sum, Vb code, Vb query)
{
	__asm__("vpdpbusd %2, %1, %0" : "+v" (sum) : "v" (code), "v" (query));
	return sum;
}

#define vb_mask(code, bits) _mm512_and_si512(code, _mm512_set1_epi8((char) (bits)))
#define vi_add(a, b) _mm512_add_epi32(a, b)
#define vi_shift_right(a, bits) _mm512_srai_epi32(a, bits)

#include "vnni_body.h"
#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"
