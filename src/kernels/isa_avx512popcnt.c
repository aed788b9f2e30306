/*-------------------------------------------------------------------------
 *
 * isa_avx512popcnt.c
 *	  The kernels for AVX-512 with VNNI and VPOPCNTDQ.
 *
 * Only names the instructions; the bodies are in avx512vnni_body.h.  See
 * README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME avx512popcnt
#define VX_ISA_COUNTS_VECTORS

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__x86_64__)

#include <immintrin.h>

VX_TARGET_BEGIN("popcnt,avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")

#include "avx512vnni_body.h"

VX_TARGET_END

#endif							/* x86-64 */
