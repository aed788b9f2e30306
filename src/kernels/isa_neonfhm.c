/*-------------------------------------------------------------------------
 *
 * isa_neonfhm.c
 *	  NEON with sdot, and products of halves that are added in float32 (fmlal).
 *
 * Only names the instructions; the bodies are in neondotprod_body.h.  See
 * README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME neonfhm
#define VX_ISA_MULTIPLIES_HALVES

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__aarch64__) && defined(__AARCH64EL__)

#include <arm_neon.h>

/* the two compilers spell the feature differently */
#if defined(__clang__)
VX_TARGET_BEGIN("dotprod,fp16fml")
#else
VX_TARGET_BEGIN("arch=armv8.2-a+dotprod+fp16fml")
#endif

#include "neondotprod_body.h"

VX_TARGET_END

#endif							/* aarch64 */
