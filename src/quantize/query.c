/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Prepares queries: a vector, or a coded node, as int8 planes and the
 *	  constants of the estimate.
 *
 * Does not look at the codes that the query will meet (estimate.c).  See
 * src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

#define INT8_LIMIT 127

/* share of its bound that the product of two losses reached at most, in tests */
#define SAME_GRID 0.7

/*
 * What joining the two middle levels of 8 bits costs: the best step is 1 +
 * sqrt(1 / 2 pi) / sigma for levels of standard deviation sigma, and leaves
 * (1 - 2 / pi) / 4 of a level, squared, in each dimension.
 */
#define JOINED_STEP 0.3989
#define JOINED_LOSS 0.0908

/* Does a query of this purpose estimate minus the inner product? */
static bool
is_inner_product(const VxCodec *codec, VxQueryPurpose purpose)
{
	return codec->metric == VX_METRIC_IP &&
		(purpose == VX_QUERY_SEARCH || codec->ip_link == VX_IP_LINK_DOT);
}

/* into float without overflow; lengths come from vectors, which may be huge */
static float
clamp(double value, double limit)
{
	return (float) (value > limit ? limit : (value < -limit ? -limit : value));
}

/*
 * Constants of the estimate for a query whose rotated vector has the squared
 * length norm2.  `noise2` is the squared length of what the planes do not
 * hold of it.  `constant` is the inner product with the mean (inner product
 * keys only).
 */
void
vxq_query_fusion(VxCodeQuery *query, double norm2, double noise2, double constant)
{
	const VxCodec *codec = query->codec;
	VxFusion   *fusion = &query->fusion;
	double		half = codec->metric == VX_METRIC_COSINE ? 0.5 : 1.0;

	Assert(norm2 >= 0.0 && noise2 >= 0.0);
	if (is_inner_product(codec, query->purpose))
	{
		fusion->base = clamp(-constant, 1e38);
		fusion->weight = 0.0f;
		fusion->coefficient = -1.0f;
	}
	else
	{
		fusion->base = (float) (half * norm2);
		fusion->weight = (float) half;
		fusion->coefficient = (float) (-2.0 * half);
	}
	fusion->norm2 = clamp(norm2, 1e38);
	if (fusion->norm2 > FLT_MIN)
	{
		fusion->inverse_norm2 = 1.0f / fusion->norm2;
		fusion->noise = (float) (noise2 / norm2 / codec->padded_dims);
		fusion->row_noise = fusion->noise * (codec->padded_dims - 1);
	}
	fusion->reach = (float) (VXQ_SIGMAS * sqrt(norm2)) * -fusion->coefficient;
	/* sums of float32 kernels are good to about 1e-6; section 5, last point */
	fusion->rounding = 1e-6f;
	fusion->floor = 1e-6f * fabsf(fusion->base);
}

/*
 * Fill the plane from `rotated`, of squared length norm2, and the constants
 * that depend on the step.  The step used for estimates is stretched so that
 * what rounding lost is at right angles to the query: then the estimate for a
 * vector along the query does not suffer from it.  Returns the squared length
 * of the loss.
 */
static double
round_to_plane(VxCodeQuery *query, const float *rotated, double norm2)
{
	const VxCodec *codec = query->codec;
	float		largest = codec->operations->largest(rotated, codec->padded_dims);
	float		step = largest / INT8_LIMIT;
	VxRoundingSums sums;

	Assert(codec->kind == VX_CODE_LATTICE);
	/* a plane of zeros leaves all of the query to the error bound */
	if (!(step > FLT_MIN) || !(norm2 > FLT_MIN))
	{
		memset(query->plane, 0, codec->padded_dims);
		return norm2;
	}
	codec->operations->round_int8(rotated, codec->padded_dims, step,
								  (int8_t *) query->plane, &sums);
	/* the factors of a damaged page may make the float sums overflow */
	if (!(norm2 > 2 * fabsf(sums.error_along)))
	{
		memset(query->plane, 0, codec->padded_dims);
		return norm2;
	}
	query->fusion.inner_step = (float) (0.5 * step * norm2 / (norm2 - sums.error_along));
	query->fusion.offset = ((1 << codec->bits) - 1) * sums.levels;
	return sums.error_norm2;
}

/*
 * Keys that are inner products need the whole query, all others its residual.
 * The product with the mean is taken in double: it is the same for all rows,
 * and its rounding would shift every key.
 */
static void
prepare_lattice(VxCodeQuery *query, const float *q, float *rotated)
{
	const VxCodec *codec = query->codec;
	bool		centred = !is_inner_product(codec, query->purpose);
	VxResidual	residual = vxq_residual(codec, q, centred, rotated);
	double		constant = 0.0;
	double		noise2;
	int			j;

	if (!centred)
	{
		for (j = 0; j < codec->dims; j++)
			constant += (double) codec->mean[j] * q[j];
	}
	noise2 = round_to_plane(query, rotated, residual.norm * residual.norm);
	vxq_query_fusion(query, residual.norm * residual.norm, noise2, constant);
	/* 8-bit codes have the grid of the planes, so both may round alike */
	if (codec->bits == 8)
		query->fusion.common = (float) (SAME_GRID * -query->fusion.coefficient *
										sqrt(noise2 * (codec->padded_dims - 1)));
	/* direction alone is left: keys are ordered by it, and nothing is promised */
	if (residual.shrunk)
		query->fusion.floor = INFINITY;
}

/*
 * Cleared first: the constants that only queries from codes have must be zero, and
 * fuse() takes that as leave to skip the correction.
 */
void
vxq_query_prepare(const VxCodec *codec, const void *input, VxQueryPurpose purpose,
				  void *scratch, VxCodeQuery *query)
{
	const float *q = input;

	Assert(q != NULL && (scratch != NULL || codec->kind != VX_CODE_LATTICE));
	memset(query, 0, sizeof(VxCodeQuery));
	query->codec = codec;
	query->purpose = purpose;
	switch (codec->kind)
	{
		case VX_CODE_RAW:
			memcpy(query->plane, q, codec->code_bytes);
			break;
		case VX_CODE_SCALAR:
			query->excess = vxq_scalar_encode(codec, q, query->plane);
			break;
		case VX_CODE_LATTICE:
			prepare_lattice(query, q, scratch);
			break;
		case VX_CODE_BITS:
			query->excess = vxq_bits_encode(codec, input, query->plane);
			break;
		case VX_CODE_SPARSE:
			vxq_sparse_prepare(input, query);
			break;
	}
}

/* sum of n bytes, by way of the kernels */
static int32_t
sum_levels(const VxCodec *codec, const uint8_t *levels)
{
	VxCodeRows	rows = {levels, 0, NULL, 1, (size_t) codec->padded_dims, false};
	int32_t		sum;

	Assert(codec->ones != NULL);
	vxk->dot_u8_i8(&rows, codec->ones, &sum);
	Assert(sum >= 0);
	return sum;
}

/*
 * The lattice point itself as plane.  For up to 7 bits p = 2 y, exactly.  The
 * 256 levels of 8 bits do not fit: p is y rounded towards zero, and the step
 * that brings step * p nearest to y follows from the mean magnitude of a
 * Gaussian coordinate (README.md, section 6).
 */
static void
lattice_from_code(VxCodeQuery *query, const uint8_t *code, const VxFactors *factors)
{
	const VxCodec *codec = query->codec;
	int			top = (1 << codec->bits) - 1;
	int			n = codec->padded_dims;
	double		error2 = (double) factors->error * factors->error * (n - 1);
	double		step = 0.5;
	double		lost = 0.0;
	int32_t		sum;

	Assert(top > 0 && top <= 255);
	codec->operations->unpack(code, codec->code_bytes, codec->stored_bits, query->plane);
	if (top <= INT8_LIMIT)
	{
		sum = 2 * sum_levels(codec, query->plane) - n * top;
		codec->operations->centre(query->plane, n, 2, top);
	}
	else
	{
		double		sigma = factors->scale > 0.0f ?
			sqrt((factors->add + error2) / n) / factors->scale : 0.0;

		/* squares of tiny vectors underflow; their step hardly matters */
		if (sigma < 1.0)
			sigma = 1.0;
		codec->operations->join_middle(query->plane, n);
		sum = sum_levels(codec, query->plane) - n * INT8_LIMIT;
		codec->operations->centre(query->plane, n, 1, INT8_LIMIT);
		step = 1.0 + JOINED_STEP / sigma;
		lost = JOINED_LOSS * n;
	}
	query->fusion.offset = top * sum;
	query->fusion.inner_step = (float) (0.5 * factors->scale * step);
	vxq_query_fusion(query, factors->add,
			   error2 + lost * factors->scale * factors->scale, 0.0);
	query->fusion.noise_along = query->fusion.noise;
	query->fusion.own_loss = clamp(query->fusion.weight * error2, 1e38);
	query->fusion.row_loss = query->fusion.weight * (n - 1);
}

/*
 * Minus the inner product of two coded vectors: the query is mean + residual,
 * no longer on the lattice, so it is rounded like any vector.  What the node's code
 * lost counts as noise, at worst along the other vector: hence the wide bound.
 */
static void
inner_product_from_code(VxCodeQuery *query, const uint8_t *code, const VxFactors *factors)
{
	const VxCodec *codec = query->codec;
	size_t		n = (size_t) codec->padded_dims;
	float		centre = 0.5f * ((1 << codec->bits) - 1);
	float		node[VXQ_MAX_DIMENSIONS];
	double		norm2;
	double		noise2;

	Assert(n <= VXQ_MAX_DIMENSIONS && n % VXQ_GRANULE == 0);
	codec->operations->unpack(code, codec->code_bytes, codec->stored_bits, query->plane);
	for (size_t j = 0; j < n; j++)
		node[j] = codec->rotated_mean[j] + factors->scale * (query->plane[j] - centre);
	norm2 = vxk->norm2_f32(node, n);
	noise2 = round_to_plane(query, node, norm2) +
		(double) factors->error * factors->error * (n - 1);
	vxq_query_fusion(query, norm2, noise2, vxk->dot_f32(node, codec->rotated_mean, n));
	query->fusion.noise_along = query->fusion.noise;
	query->fusion.common = clamp((double) factors->error * (n - 1), 1e38);
}

float
vxq_sane_factor(float factor, float largest)
{
	if (!(factor > 0.0f))
		return 0.0f;
	return factor < largest ? factor : largest;
}

/*
 * Code and factors come from a page and are not trusted: every later step may
 * then rely on finite factors (README.md, invariant Q4).
 */
void
vxq_query_from_code(const VxCodec *codec, const uint8_t *code,
					const VxFactors *factors, VxCodeQuery *query)
{
	VxFactors	sane;

	Assert(code != NULL);
	sane.add = vxq_sane_factor(factors->add, 1e38f);
	sane.scale = vxq_sane_factor(factors->scale, 1e19f);
	sane.error = vxq_sane_factor(factors->error, 1e19f);
	memset(query, 0, sizeof(VxCodeQuery));
	query->codec = codec;
	query->purpose = VX_QUERY_LINK;
	if (codec->kind == VX_CODE_SPARSE)
		vxq_sparse_from_code(code, &sane, query);
	else if (codec->kind != VX_CODE_LATTICE)
	{
		memcpy(query->plane, code, codec->code_bytes);
		query->excess = sane.add;
	}
	else if (is_inner_product(codec, VX_QUERY_LINK))
		inner_product_from_code(query, code, &sane);
	else
		lattice_from_code(query, code, &sane);
}
