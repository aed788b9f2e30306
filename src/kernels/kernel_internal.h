/*-------------------------------------------------------------------------
 *
 * kernel_internal.h
 *	  What the files of kernels/ share among themselves; nobody else's business.
 *
 * Each isa_<name>.c is built the same way:
 *
 *	#define VX_ISA_NAME name
 *	#include "kernel_internal.h"
 *	VX_TARGET_BEGIN("features")
 *	... primitives: vectors, loads, arithmetic ...
 *	#include "dense_body.h"
 *	#include "code_body.h"
 *	#include "isa_table.h"
 *	VX_TARGET_END
 *
 * The instruction set is switched on inside the file because the flags of the
 * compiler are not ours to choose: one shared library serves every CPU.
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_KERNEL_INTERNAL_H
#define VX_KERNEL_INTERNAL_H

#include <assert.h>
#include <string.h>

#include "half.h"
#include "kernels.h"

#ifndef Assert
#define Assert(condition) assert(condition)
#endif

/* Checked by the compiler, at file scope. */
#define StaticAssertKernel(condition, message) _Static_assert(condition, message)

/*
 * Everything below a kernel must be inlined into it: the operation is a
 * constant argument there, and a vector must not travel through memory.
 */
#define VX_INLINE static inline __attribute__((always_inline, unused))

/* a float that may stand at any address */
typedef float unaligned_float __attribute__((aligned(1), may_alias));

#define VX_PASTE_(a, b, c) a##b##c
#define VX_PASTE(a, b, c) VX_PASTE_(a, b, c)
#define VX_STRING_(x) #x
#define VX_STRING(x) VX_STRING_(x)

/* vxk_<kernel>_<isa>, so that a profile or a backtrace tells the ISA */
#define VXK(kernel) VX_PASTE(vxk_##kernel, _, VX_ISA_NAME)

/* Compile all functions up to VX_TARGET_END for the features named. */
#if defined(__clang__)
#define VX_TARGET_BEGIN(features) \
	_Pragma(VX_STRING(clang attribute push(__attribute__((target(features))), apply_to = function)))
#define VX_TARGET_END _Pragma("clang attribute pop")
#else
#define VX_TARGET_BEGIN(features) \
	_Pragma("GCC push_options") _Pragma(VX_STRING(GCC target(features)))
#define VX_TARGET_END _Pragma("GCC pop_options")
#endif

/*
 * The first n <= 8 bytes at p, little endian, zero above; reads no others.
 * Two loads that overlap replace a loop over the bytes.
 */
VX_INLINE uint64_t
load_partial8(const uint8_t *p, size_t n)
{
	uint64_t	word = 0;
	uint32_t	low;
	uint32_t	high;

	Assert(n <= 8);
	if (n >= 8)
	{
		memcpy(&word, p, 8);
		return word;
	}
	if (n >= 4)
	{
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return low | (uint64_t) high << 8 * (n - 4);
	}
	if (n >= 1)
		word = p[0] | (uint64_t) p[n / 2] << 8 * (n / 2) | (uint64_t) p[n - 1] << 8 * (n - 1);
	return word;
}

/*
 * Fewer than 16 bytes in two words, for vb_load_partial(): from 8 bytes on the
 * first eight and the last eight, overlapping; below that the second is zero.
 */
VX_INLINE uint64_t
load_partial_low(const uint8_t *p, size_t n)
{
	Assert(n < 16);
	return load_partial8(p, n < 8 ? n : 8);
}

VX_INLINE uint64_t
load_partial_high(const uint8_t *p, size_t n)
{
	Assert(n < 16);
	return n < 8 ? 0 : load_partial8(p + n - 8, 8);
}

StaticAssertKernel(sizeof(float) == 4 && sizeof(double) == 8, "kernels assume IEEE sizes");

#define VX_ISA(name, features) extern const VxKernels vxk_kernels_##name;
#include "isa_list.h"
#undef VX_ISA

#endif							/* VX_KERNEL_INTERNAL_H */
