/*-------------------------------------------------------------------------
 *
 * codec.c
 *	  Setting up a codec, encoding a vector, exact keys.
 *
 * Queries are in query.c, estimates in estimate.c.  See
 * src/quantize/README.md.
 *
 * A codec is nothing but its parameters and what follows from them: it is never
 * stored, but made again from the index's options, seed and mean.  Whatever is
 * computed here must therefore come out the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize/codec_internal.h"

/* a whole number of Hadamard blocks and of SIMD registers */
int
vxq_padded_dimensions(int dims)
{
	return (dims + VXQ_GRANULE - 1) / VXQ_GRANULE * VXQ_GRANULE;
}

/*
 * Kind and sizes, which follow from metric, dims and bits.  Short vectors are
 * their own code, since a code and its factors would hardly be shorter; L1 has a
 * kind of its own because no rotation preserves it (README.md, section 7).  Bits
 * are stored in 2, 4 or 8: those are the fields that the kernels know.
 */
static void
choose_layout(VxCodec *codec, int bits)
{
	codec->padded_dims = codec->dims;
	if (codec->elements > 0)
	{
		codec->kind = VX_CODE_SPARSE;
		codec->bits = codec->stored_bits = 8;
		codec->code_bytes = vxq_sparse_code_bytes(codec->dims, codec->elements);
		codec->padded_dims = codec->elements;
	}
	else if (vx_metric_is_of_bits(codec->metric))
	{
		int			kept = codec->dims < VXQ_WHOLE_BITS ? codec->dims : VXQ_WHOLE_BITS;

		codec->kind = VX_CODE_BITS;
		codec->bits = codec->stored_bits = 1;
		codec->code_bytes = ((size_t) kept + 7) / 8;
		codec->padded_dims = (int) codec->code_bytes;
	}
	else if (codec->dims * sizeof(float) <= VXQ_RAW_BYTES)
	{
		codec->kind = VX_CODE_RAW;
		codec->bits = codec->stored_bits = 32;
		codec->code_bytes = codec->dims * sizeof(float);
	}
	else if (codec->metric == VX_METRIC_L1)
	{
		codec->kind = VX_CODE_SCALAR;
		codec->bits = codec->stored_bits = 8;
		codec->code_bytes = codec->dims;
	}
	else
	{
		codec->kind = VX_CODE_LATTICE;
		codec->bits = bits;
		codec->stored_bits = bits <= 2 ? 2 : (bits <= 4 ? 4 : 8);
		codec->padded_dims = vxq_padded_dimensions(codec->dims);
		codec->code_bytes = (size_t) codec->padded_dims * codec->stored_bits / 8;
		Assert(codec->code_bytes % 16 == 0);
	}
}

/*
 * One allocation for all arrays, so that a codec is released in one piece or goes
 * with a memory context; the part of each kind that is in use.  In floats: mean,
 * zeros, rotated mean, a row of signs for each round, then a byte a dimension.
 */
static void
allocate_arrays(VxCodec *codec, const VxHost *host)
{
	size_t		padded = codec->padded_dims;
	size_t		count = padded;

	if (codec->kind == VX_CODE_SPARSE)
		return;
	if (codec->kind == VX_CODE_BITS)
	{
		if (codec->dims > VXQ_WHOLE_BITS)
			codec->storage = vxh_allocate(host, VXQ_WHOLE_BITS * sizeof(uint16_t));
		codec->sample = codec->storage;
		return;
	}
	if (codec->kind == VX_CODE_LATTICE)
		count += padded * (2 + VXQ_ROTATION_ROUNDS) + padded / sizeof(float);
	Assert(codec->code_bytes > 0 && padded >= (size_t) codec->dims);
	codec->storage = vxh_allocate(host, count * sizeof(float));
	memset(codec->storage, 0, count * sizeof(float));
	codec->mean = codec->storage;
	if (codec->kind == VX_CODE_LATTICE)
	{
		codec->zeros = codec->mean + padded;
		codec->rotated_mean = codec->zeros + padded;
		codec->signs = codec->rotated_mean + padded;
		codec->ones = (int8_t *) (codec->signs + VXQ_ROTATION_ROUNDS * padded);
		memset(codec->ones, 1, padded);
	}
}

/*
 * The set of operations is fixed here: a codec keeps its lane width even if other
 * kernels are selected while it lives.  The rotated mean is kept beside the mean,
 * for nodes as inner product queries, which are never turned back.
 */
void
vxq_codec_init(VxCodec *codec, const VxCodecParameters *parameters,
			   const VxHost *host)
{
	Assert(parameters->dims >= 1 && parameters->elements >= 0 &&
		   parameters->dims <= (parameters->elements > 0 ? INT_MAX : (vx_metric_is_of_bits(parameters->metric) ?
								VXQ_MAX_BITS : VXQ_MAX_DIMENSIONS)));
	Assert(parameters->bits >= 1 && parameters->bits <= 8);
	Assert(host != NULL && vxk != NULL);

	memset(codec, 0, sizeof(VxCodec));
	codec->metric = parameters->metric;
	codec->dims = parameters->dims;
	codec->ip_link = VX_IP_LINK_L2;
	codec->elements = parameters->elements;
	codec->operations = vxq_operations_for(vxk->name);
	choose_layout(codec, parameters->bits);
	allocate_arrays(codec, host);
	if (codec->kind == VX_CODE_SCALAR)
		vxq_scalar_init(codec, parameters);
	else if (codec->kind == VX_CODE_BITS)
		vxq_bits_init(codec, parameters->seed);
	/* only LATTICE has residuals; SCALAR has put the mean into its grid */
	if (codec->kind != VX_CODE_LATTICE)
		return;

	if (parameters->mean != NULL)
	{
		memcpy(codec->mean, parameters->mean, codec->dims * sizeof(float));
		memcpy(codec->rotated_mean, parameters->mean, codec->dims * sizeof(float));
		codec->mean_norm2 = vxk->norm2_f32(parameters->mean, codec->dims);
	}
	codec->lattice_scale = vxq_lattice_scale(codec->bits, codec->padded_dims);
	vxq_rotation_init(codec, parameters->seed);
	vxq_rotate(codec, codec->rotated_mean);
}

/* cleared, so that a use after release meets NULL and not stale arrays */
void
vxq_codec_release(VxCodec *codec, const VxHost *host)
{
	if (codec->storage != NULL)
		vxh_release(host, codec->storage);
	memset(codec, 0, sizeof(VxCodec));
}

/*
 * A rotated vector, and one byte a dimension: levels are made whole before they
 * are packed into planes.  Floats first, which keeps them aligned.
 */
size_t
vxq_scratch_size(const VxCodec *codec)
{
	return (size_t) codec->padded_dims * (sizeof(float) + 1);
}

/*
 * A byte a padded dimension for LATTICE, however few bits a code has: the planes of
 * the query are int8.  RAW keeps the floats instead.
 */
size_t
vxq_query_size(const VxCodec *codec)
{
	size_t		plane = codec->kind == VX_CODE_RAW ? codec->code_bytes : (size_t) codec->padded_dims;

	if (codec->kind == VX_CODE_SPARSE)
		plane = vxq_sparse_query_bytes();
	return sizeof(VxCodeQuery) + plane;
}

/*
 * O(D log D), most of it the rotation.  Factors that a kind does not use are zero,
 * so that equal vectors give equal bytes and a page holds nothing undefined.
 */
void
vxq_encode(const VxCodec *codec, const void *input, void *scratch,
		   uint8_t *code, VxFactors *factors)
{
	const float *x = input;
	float	   *rotated = scratch;
	uint8_t    *levels = (uint8_t *) (rotated + codec->padded_dims);
	VxResidual	residual;

	Assert(x != NULL && code != NULL);
	factors->add = factors->scale = factors->error = 0.0f;
	switch (codec->kind)
	{
		case VX_CODE_RAW:
			memcpy(code, x, codec->code_bytes);
			break;
		case VX_CODE_SCALAR:
			factors->add = vxq_scalar_encode(codec, x, code);
			break;
		case VX_CODE_LATTICE:
			residual = vxq_residual(codec, x, true, rotated);
			vxq_lattice_encode(codec, rotated, &residual, levels, factors);
			codec->operations->pack(levels, codec->code_bytes, codec->stored_bits, code);
			break;
		case VX_CODE_BITS:
			factors->add = vxq_bits_encode(codec, input, code);
			break;
		case VX_CODE_SPARSE:
			vxq_sparse_encode(codec, input, code, factors);
			break;
	}
}

/* short vectors, and bit strings that are kept whole */
bool
vxq_codes_are_exact(VxCodeKind kind, int dims)
{
	return kind == VX_CODE_RAW || (kind == VX_CODE_BITS && dims <= VXQ_WHOLE_BITS);
}

/* by bytes: padding dimensions are encoded like all others, no bit is spare */
bool
vxq_code_equal(const VxCodec *codec, const uint8_t *a, const uint8_t *b)
{
	Assert(codec->code_bytes > 0);
	return memcmp(a, b, codec->code_bytes) == 0;
}

/*
 * 1 - cosine in double, for norms that float cannot hold.  0 / 0 gives NaN for a
 * zero vector, which the contract of vxq_exact() promises: <=> says the same.
 */
static float
cosine_key_double(const float *q, const float *x, int dims)
{
	double		dot = 0.0;
	double		cosine;
	int			j;

	Assert(dims >= 1);
	for (j = 0; j < dims; j++)
		dot += (double) q[j] * x[j];
	cosine = dot / sqrt(vxk->norm2_f32(q, dims) * vxk->norm2_f32(x, dims));
	return (float) (1.0 - (cosine > 1.0 ? 1.0 : (cosine < -1.0 ? -1.0 : cosine)));
}

/*
 * Float sums first, one pass over both vectors; only where a norm is tiny, zero or
 * infinite is the work done again in double.  The thresholds are written so that
 * NaN fails them too.  Rounding may pass +-1 by a little, hence the clamping.
 */
static float
cosine_key(const float *q, const float *x, int dims)
{
	VxCosineParts parts;
	double		product;
	double		cosine;

	vxk->cosine_f32(q, x, dims, &parts);
	product = (double) parts.norm_a * (double) parts.norm_b;
	if (!(parts.norm_a > 1e-30f && parts.norm_b > 1e-30f && isfinite(product) &&
		  isfinite(parts.dot)))
		return cosine_key_double(q, x, dims);
	cosine = parts.dot / sqrt(product);
	return (float) (1.0 - (cosine > 1.0 ? 1.0 : (cosine < -1.0 ? -1.0 : cosine)));
}

/* No default: a compiler names the metric that is forgotten. */
float
vxq_exact(VxMetric metric, const float *q, const float *x, int dims)
{
	switch (metric)
	{
		case VX_METRIC_L2:
			return vxk->l2sq_f32(q, x, dims);
		case VX_METRIC_IP:
			return -vxk->dot_f32(q, x, dims);
		case VX_METRIC_COSINE:
			return cosine_key(q, x, dims);
		case VX_METRIC_L1:
			return vxk->l1_f32(q, x, dims);
		case VX_METRIC_HAMMING:
		case VX_METRIC_JACCARD:
			break;				/* of bits, not of floats */
	}
	Assert(false);
	return 0.0f;
}
