/*-------------------------------------------------------------------------
 *
 * isa_neondotprod.c
 *	  NEON with the byte dot product of ARMv8.2 (sdot).
 *
 * Only names the instructions; the bodies are in neondotprod_body.h.  See
 * README.md.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME neondotprod

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__aarch64__) && defined(__AARCH64EL__)

#include <arm_neon.h>

/* the two compilers spell the feature differently */
#if defined(__clang__)
VX_TARGET_BEGIN("dotprod")
#else
VX_TARGET_BEGIN("arch=armv8.2-a+dotprod")
#endif

#include "neondotprod_body.h"

VX_TARGET_END

#endif							/* aarch64 */
