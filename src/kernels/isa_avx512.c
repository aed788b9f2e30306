/*-------------------------------------------------------------------------
 *
 * isa_avx512.c
 *	  The kernels for AVX-512 F, BW, DQ and VL, without VNNI.
 *
 * Only names the instructions: vectors and loads are in vector_avx512.h, the
 * multiplication of codes is in maddubs_body.h.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME avx512

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__x86_64__)

#include <immintrin.h>

VX_TARGET_BEGIN("popcnt,avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")

#include "vector_avx512.h"
#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

#define vb_shift_left16(v, bits) _mm512_slli_epi16(v, bits)
#define vb_shift_right16(v, bits) _mm512_srli_epi16(v, bits)
#define vb_shift_right_signed16(v, bits) _mm512_srai_epi16(v, bits)
#define vb_set1_16(x) _mm512_set1_epi16((short) (x))
#define vb_maddubs(code, query) _mm512_maddubs_epi16(code, query)
#define vb_madd16(a, b) _mm512_madd_epi16(a, b)
#define vi_add(a, b) _mm512_add_epi32(a, b)
#define vi_add16(a, b) _mm512_add_epi16(a, b)

#include "maddubs_body.h"
#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"

VX_TARGET_END

#endif							/* x86-64 */
