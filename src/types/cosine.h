/*-------------------------------------------------------------------------
 *
 * cosine.h
 *		From the sums of a cosine kernel to a similarity.
 *
 * Pure C.  Does not compute the sums: that is kernels/.  README.md,
 * "Numbers", derives the bounds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_COSINE_H
#define VX_COSINE_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/host.h"
#include "kernels/kernels.h"

/*
 * Below this squared norm, squares that sank under float32's least normal
 * number could weigh more than its rounding.
 */
#define VX_COSINE_LEAST_NORM2 1e-30f

/*
 * Whether float32 held all three sums without overflow or underflow.  Not
 * so for the zero vector, nor if a sum is NaN.
 */
static inline bool
vxt_cosine_parts_are_sound(const VxCosineParts *parts)
{
	Assert(!(parts->norm_a < 0) && !(parts->norm_b < 0));
	return parts->norm_a >= VX_COSINE_LEAST_NORM2 && parts->norm_a <= FLT_MAX &&
		parts->norm_b >= VX_COSINE_LEAST_NORM2 && parts->norm_b <= FLT_MAX &&
		fabsf(parts->dot) <= FLT_MAX;
}

/* Rounding may leave [-1, 1] by a little; NaN passes. */
static inline double
vxt_clamp_similarity(double similarity)
{
	if (similarity > 1.0)
		return 1.0;
	if (similarity < -1.0)
		return -1.0;
	return similarity;
}

#endif							/* VX_COSINE_H */
