/*-------------------------------------------------------------------------
 *
 * isa_avxvnni.c
 *	  AVX2 with the VEX-coded vpdpbusd, for CPUs that have it without AVX-512.
 *
 * vpdpbusd multiplies unsigned by signed bytes and adds four products to each
 * 32-bit lane without saturation, so every code width is exact.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME avxvnni

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__x86_64__)

#include <immintrin.h>

VX_TARGET_BEGIN("popcnt,avx2,fma,f16c,avxvnni")

#include "vector_avx2.h"
#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

#define vi_dot(sum, code, query) _mm256_dpbusd_avx_epi32(sum, code, query)
#define vb_mask(code, bits) _mm256_and_si256(code, _mm256_set1_epi8((char) (bits)))
#define vi_add(a, b) _mm256_add_epi32(a, b)
#define vi_shift_right(a, bits) _mm256_srai_epi32(a, bits)

#include "vnni_body.h"
#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"

VX_TARGET_END

#endif							/* x86-64 */
