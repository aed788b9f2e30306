/*-------------------------------------------------------------------------
 *
 * sparse_image.c
 *		A dense image of a sparse vector, for codes.
 *
 * Signed feature hashing [Weinberger et al., Feature Hashing for Large Scale
 * Multitask Learning, ICML 2009]: each index goes to one of a few hundred
 * dimensions with a sign, both by a hash, and what meets there is added.  The
 * inner product of two images is that of the vectors plus a noise of mean 0
 * and variance (|x|^2 |y|^2 + <x,y>^2 - 2 sum of squared products) / D, that
 * is, of deviation 1 / sqrt(D) for unit vectors that have little in common.
 *
 * The sum of the absolute differences of two images is at most that of the
 * vectors, by the triangle inequality.
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparse_image.h"

#include <string.h>

#include "base/host.h"

/*
 * A mixture of all bits of an index: the finaliser of splitmix64 [Steele et
 * al., OOPSLA 2014].  Part of the format of indexes.
 */
static uint64_t
vxt_mix(uint32_t index)
{
	uint64_t	z = (uint64_t) index + UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/*
 * Fill image[VXT_SPARSE_IMAGE_DIMENSIONS].  May overflow to infinity only if
 * elements near the limit of float32 meet; such sums are cut off there.
 */
void
vxt_sparse_image(const VxSparse *sparse, float *image)
{
	const float limit = 1e38f;

	memset(image, 0, VXT_SPARSE_IMAGE_DIMENSIONS * sizeof(float));
	for (size_t i = 0; i < sparse->count; i++)
	{
		uint64_t	hash = vxt_mix((uint32_t) sparse->index[i]);
		float	   *at = &image[(hash >> 32) % VXT_SPARSE_IMAGE_DIMENSIONS];

		Assert(sparse->index[i] >= 0);
		*at += (hash & 1) != 0 ? sparse->value[i] : -sparse->value[i];
		*at = *at > limit ? limit : (*at < -limit ? -limit : *at);
	}
}
