/*-------------------------------------------------------------------------
 *
 * lattice.c
 *	  The extended RaBitQ encoder: the direction of a rotated residual as a
 *	  point of a grid, and the packing of its levels into bit planes.
 *
 * Does not rotate and does not estimate.  See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <math.h>
#include <string.h>

/*
 * Width of a grid cell, in standard deviations of a coordinate, that brings
 * the grid point closest in direction to a Gaussian vector; by bits.  A
 * rotated coordinate is nearly Gaussian.
 */
static const float best_step[9] = {
	0.0f, 1.5958f, 0.9957f, 0.5860f, 0.3352f, 0.1881f, 0.1041f, 0.0569f, 0.0308f
};

/*
 * Grid cells in the length of a vector: a coordinate of a unit vector has a
 * standard deviation of 1 / sqrt(D).
 */
float
vxq_lattice_scale(int bits, int padded_dims)
{
	Assert(bits >= 1 && bits <= 8);
	return sqrtf((float) padded_dims) / best_step[bits];
}

/*
 * The best of a few scales for this vector.  The first just avoids clipping the
 * largest coordinate, which is what many bits or few dimensions want; the
 * others lie around the best constant.  README.md, section 11, has what that is
 * worth.
 */
static float
choose_scale(const VxCodec *codec, const float *rotated, double norm)
{
	const VxVectorOperations *operations = codec->operations;
	size_t		n = codec->padded_dims;
	int			half = 1 << (codec->bits - 1);
	float		constant = (float) (codec->lattice_scale / norm);
	float		scales[4];
	float		best = constant;
	double		best_cosine2 = 0.0;
	int			i;

	scales[0] = 0.999f * half / operations->largest(rotated, n);
	scales[1] = constant;
	scales[2] = constant * 1.08f;
	scales[3] = constant * 0.93f;
	/* one bit is the sign: every scale gives the same point */
	if (codec->bits == 1)
		return constant;
	Assert(isfinite(scales[0]) && isfinite(constant) && constant > 0.0f);
	for (i = 0; i < 4; i++)
	{
		VxLatticeSums sums;
		double		cosine2;

		operations->lattice_sums(rotated, n, scales[i], half, &sums);
		cosine2 = sums.product * sums.product / sums.lattice_norm2;
		if (cosine2 > best_cosine2)
		{
			best_cosine2 = cosine2;
			best = scales[i];
		}
	}
	return best;
}

/*
 * Levels (one byte a dimension) and factors of a rotated residual.
 *
 * What has no direction gets scale 0: every estimate is then that of the mean,
 * and the error factor bounds the inner product that is left out.
 */
void
vxq_lattice_encode(const VxCodec *codec, const float *rotated,
				   const VxResidual *residual, uint8_t *levels,
				   VxFactors *factors)
{
	int			half = 1 << (codec->bits - 1);
	double		norm = residual->norm;
	VxLatticeSums sums;
	double		cosine2;

	Assert(codec->kind == VX_CODE_LATTICE && norm >= 0.0);
	if (norm < VXQ_SHORTEST)
	{
		memset(levels, half, codec->padded_dims);
		factors->add = 0.0f;
		factors->scale = 0.0f;
		factors->error = (float) norm;
		return;
	}
	codec->operations->lattice(rotated, codec->padded_dims,
							   choose_scale(codec, rotated, norm), half,
							   levels, &sums);
	Assert(sums.product > 0.0);
	cosine2 = sums.product * sums.product / (sums.lattice_norm2 * sums.vector_norm2);
	if (cosine2 > 1.0)
		cosine2 = 1.0;
	factors->add = (float) (norm * norm);
	factors->scale = (float) (norm * norm / sums.product);
	factors->error = residual->shrunk ? (float) VXQ_LONGEST :
		(float) (norm * sqrt((1.0 - cosine2) / (cosine2 * (codec->padded_dims - 1))));
	Assert(isfinite(factors->add) && isfinite(factors->scale) && isfinite(factors->error));
	Assert(factors->add >= 0.0f && factors->scale >= 0.0f && factors->error >= 0.0f);
}
