/*-------------------------------------------------------------------------
 *
 * vector_operations.c
 *	  Builds the codec's float loops for 4, 8 and 16 lanes and picks a set.
 *
 * 4 lanes are what every CPU we run on has (SSE2, NEON).  Detecting the CPU is
 * left to kernels/: the set follows the kernel table in use, so that forcing
 * a level there forces it here.  See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/vector_operations.h"

#include <float.h>
#include <string.h>

#include "base/host.h"
#include "kernels/kernels.h"

#define VXQ_INLINE static inline __attribute__((always_inline, unused))

/*
 * Code bytes, a multiple of 16 in every layout.  The same in all sets: packing is
 * a few loads a vector, and wider bytes would ask for a larger granule.
 */
typedef uint8_t VxBytes __attribute__((vector_size(16), aligned(1), may_alias));

/*
 * The part of the query across the residual is known only as well as the
 * estimate is; README.md, section 5, derives the two constants.
 */
#define VXQ_ACROSS_MARGIN 1.1f
#define VXQ_ACROSS_SLACK 108.0f

#if defined(__clang__)
#define VXQ_SHUFFLE(type, mask_type, x, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#else
#define VXQ_SHUFFLE(type, mask_type, x, ...) __builtin_shuffle(x, (mask_type) {__VA_ARGS__})
/* a square root that may set errno is a function call */
#pragma GCC optimize ("no-math-errno")
#endif

#define VXQ_LANES 4
#define VXQ_NAME(x) x##_4
#define VXQ_SET "4 lanes"
#include "vector_operations_body.h"
#undef VXQ_LANES
#undef VXQ_NAME
#undef VXQ_SET

#if defined(__x86_64__) && !defined(VX_NO_SIMD)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define VXQ_LANES 8
#define VXQ_NAME(x) x##_8
#define VXQ_SET "8 lanes"
#include "vector_operations_body.h"
#undef VXQ_LANES
#undef VXQ_NAME
#undef VXQ_SET
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#endif
#define VXQ_LANES 16
#define VXQ_NAME(x) x##_16
#define VXQ_SET "16 lanes"
#include "vector_operations_body.h"
#undef VXQ_LANES
#undef VXQ_NAME
#undef VXQ_SET
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif							/* x86-64 */

/*
 * By the name's beginning, so that VNNI and later variants of a width need no
 * entry.  Unknown names get 4 lanes, which run everywhere.
 */
const VxVectorOperations *
vxq_operations_for(const char *kernels)
{
	Assert(kernels != NULL);
#if defined(__x86_64__) && !defined(VX_NO_SIMD)
	if (strncmp(kernels, "avx512", 6) == 0)
		return &operations_16;
	if (strncmp(kernels, "avx", 3) == 0)
		return &operations_8;
#endif
	return &operations_4;
}

/* by way of the kernel tables, the only place that knows what the CPU runs */
size_t
vxq_operations_available(const VxVectorOperations *sets[3])
{
	const VxKernels *const *tables;
	size_t		tables_count = vxk_available(&tables);
	size_t		count = 0;
	size_t		i;

	/* several tables share one set, and tables come slowest first */
	for (i = 0; i < tables_count; i++)
	{
		const VxVectorOperations *set = vxq_operations_for(tables[i]->name);

		if (count == 0 || sets[count - 1] != set)
			sets[count++] = set;
	}
	Assert(count >= 1 && count <= 3);
	return count;
}
