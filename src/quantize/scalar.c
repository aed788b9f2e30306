/*-------------------------------------------------------------------------
 *
 * scalar.c
 *	  8 bits a dimension on one grid, for the L1 distance, which no rotation
 *	  preserves.
 *
 * The grid of each dimension is shifted by a random part of a cell, so that
 * rounding errors of different dimensions are independent whatever the data.
 * See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <float.h>
#include <math.h>

#include "base/rng.h"

#define LEVELS 256

/* codec->mean = lower edge of the grid in each dimension */
void
vxq_scalar_init(VxCodec *codec, const VxCodecParameters *parameters)
{
	float		spread = parameters->spread;
	VxRandom	random;
	int			j;

	if (!(spread > 0.0f))
		spread = 1.0f;
	if (spread > 1e30f)
		spread = 1e30f;
	if (spread < 1e-30f)
		spread = 1e-30f;
	/* one cell is spent on the shift, so that it never pushes mean +- spread out */
	codec->step = 2.0f * spread / (LEVELS - 2);
	Assert(codec->step > 0.0f && isfinite(codec->step));
	vxr_seed(&random, parameters->seed);
	for (j = 0; j < codec->dims; j++)
	{
		float		mean = parameters->mean != NULL ? parameters->mean[j] : 0.0f;

		codec->mean[j] = mean - codec->step * (LEVELS / 2 - 1 + (float) vxr_double(&random));
	}
}

/*
 * Returns the excess: how far, in all dimensions together, x lies outside the
 * grid; limited so that sums of two stay finite.
 */
float
vxq_scalar_encode(const VxCodec *codec, const float *x, uint8_t *code)
{
	double		excess = 0.0;
	float		inverse = 1.0f / codec->step;
	int			j;

	Assert(codec->kind == VX_CODE_SCALAR);
	for (j = 0; j < codec->dims; j++)
	{
		float		level = (x[j] - codec->mean[j]) * inverse;
		float		inside = level;

		if (!(inside > 0.0f))
			inside = 0.0f;
		if (inside > LEVELS - 1)
			inside = LEVELS - 1;
		excess += fabs((double) x[j] - codec->mean[j] - (double) inside * codec->step) *
			(inside != level);
		code[j] = (uint8_t) (inside + 0.5f);
	}
	Assert(excess >= 0.0);
	return excess < 1e37 ? (float) excess : 1e37f;
}
