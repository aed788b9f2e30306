/*-------------------------------------------------------------------------
 *
 * isa_avx2.c
 *	  The kernels for AVX2 with FMA.
 *
 * Only names the instructions: vectors and loads are in vector_avx2.h, the
 * multiplication of codes is in maddubs_body.h.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME avx2

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__x86_64__)

#include <immintrin.h>

VX_TARGET_BEGIN("popcnt,avx2,fma,f16c")

#include "vector_avx2.h"
#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

#define vb_shift_left16(v, bits) _mm256_slli_epi16(v, bits)
#define vb_shift_right16(v, bits) _mm256_srli_epi16(v, bits)
#define vb_shift_right_signed16(v, bits) _mm256_srai_epi16(v, bits)
#define vb_set1_16(x) _mm256_set1_epi16((short) (x))
#define vb_maddubs(code, query) _mm256_maddubs_epi16(code, query)
#define vb_madd16(a, b) _mm256_madd_epi16(a, b)
#define vi_add(a, b) _mm256_add_epi32(a, b)
#define vi_add16(a, b) _mm256_add_epi16(a, b)

#include "maddubs_body.h"
#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"

VX_TARGET_END

#endif							/* x86-64 */
