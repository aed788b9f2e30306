/*-------------------------------------------------------------------------
 *
 * residual.c
 *	  From a vector to its rotated residual, whatever its length.
 *
 * Normalises (COSINE), subtracts the mean, pads and rotates.  Vectors so long
 * that squared distances would leave the range of float are shrunk here, and
 * those too short to have a direction become zero, so that no later step sees
 * an infinity.  See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/*
 * The slow way for long vectors: everything in double, shrunk to VXQ_LONGEST.
 * Returns the length of the result.
 */
static double
shrink_residual(const float *x, double multiplier, const float *mean,
				int dims, float *out)
{
	double		norm2 = 0.0;
	double		shrink;
	int			j;

	for (j = 0; j < dims; j++)
	{
		double		difference = (double) x[j] * multiplier - mean[j];

		norm2 += difference * difference;
	}
	Assert(norm2 > 0.0);
	shrink = norm2 > VXQ_LONGEST * VXQ_LONGEST ? VXQ_LONGEST / sqrt(norm2) : 1.0;
	for (j = 0; j < dims; j++)
		out[j] = (float) (((double) x[j] * multiplier - mean[j]) * shrink);
	return sqrt(norm2) * shrink;
}

/*
 * Fast in float wherever the result is sure to be in range, else once more in
 * double.  Padding is zeroed here because the rotation spreads it over all
 * coordinates.  Nothing short of VXQ_SHORTEST is rotated: it is zero by then.
 */
VxResidual
vxq_residual(const VxCodec *codec, const float *x, bool centred, float *rotated)
{
	const float *mean = centred ? codec->mean : codec->zeros;
	double		multiplier = 1.0;
	VxResidual	residual = {0.0, false};

	Assert(codec->kind == VX_CODE_LATTICE);
	memset(rotated + codec->dims, 0,
		   (codec->padded_dims - codec->dims) * sizeof(float));
	if (codec->metric == VX_METRIC_COSINE)
	{
		double		norm2 = vxk->norm2_f32(x, codec->dims);

		/* no direction: stay at the mean */
		if (!(norm2 > 0.0))
		{
			memset(rotated, 0, codec->dims * sizeof(float));
			return residual;
		}
		multiplier = 1.0 / sqrt(norm2);
	}
	if (multiplier > 1e-30 && multiplier < 1e30)
	{
		codec->operations->residual(x, (float) multiplier, mean, codec->dims,
									rotated);
		residual.norm = sqrt(vxk->norm2_f32(rotated, codec->dims));
	}
	else
		residual.norm = INFINITY;
	if (!(residual.norm <= VXQ_LONGEST))
	{
		residual.norm = shrink_residual(x, multiplier, mean, codec->dims, rotated);
		residual.shrunk = residual.norm >= VXQ_LONGEST * 0.999999;
	}
	Assert(residual.norm >= 0.0 && residual.norm <= VXQ_LONGEST * 1.000001);
	if (residual.norm < VXQ_SHORTEST)
		memset(rotated, 0, codec->dims * sizeof(float));
	else
		vxq_rotate(codec, rotated);
	return residual;
}
