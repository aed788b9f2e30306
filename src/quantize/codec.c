/*-------------------------------------------------------------------------
 *
 * codec.c
 *	  Setting up a codec, encoding a vector, exact keys.
 *
 * Queries are in query.c, estimates in estimate.c.  See
 * src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize/codec_internal.h"

/* kind and sizes, which follow from metric, dims and bits */
static void
choose_layout(VxCodec *codec, int bits)
{
	codec->padded_dims = codec->dims;
	if (codec->dims * sizeof(float) <= VXQ_RAW_BYTES)
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
		codec->padded_dims = (codec->dims + VXQ_GRANULE - 1) / VXQ_GRANULE * VXQ_GRANULE;
		codec->code_bytes = (size_t) codec->padded_dims * codec->stored_bits / 8;
		Assert(codec->code_bytes % 16 == 0);
	}
}

/* one allocation for all arrays; the part of each kind that is in use */
static void
allocate_arrays(VxCodec *codec, const VxHost *host)
{
	size_t		padded = codec->padded_dims;
	size_t		count = padded;

	if (codec->kind == VX_CODE_LATTICE)
		count += padded * (2 + VXQ_ROTATION_ROUNDS) + padded / sizeof(float);
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

void
vxq_codec_init(VxCodec *codec, const VxCodecParameters *parameters,
			   const VxHost *host)
{
	Assert(parameters->dims >= 1 && parameters->dims <= VXQ_MAX_DIMENSIONS);
	Assert(parameters->bits >= 1 && parameters->bits <= 8);
	Assert(host != NULL && vxk != NULL);

	memset(codec, 0, sizeof(VxCodec));
	codec->metric = parameters->metric;
	codec->dims = parameters->dims;
	codec->ip_link = VX_IP_LINK_L2;
	codec->operations = vxq_operations_for(vxk->name);
	choose_layout(codec, parameters->bits);
	allocate_arrays(codec, host);
	if (codec->kind == VX_CODE_SCALAR)
		vxq_scalar_init(codec, parameters);
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

void
vxq_codec_release(VxCodec *codec, const VxHost *host)
{
	vxh_release(host, codec->storage);
	memset(codec, 0, sizeof(VxCodec));
}

/* a rotated vector, and one byte a dimension */
size_t
vxq_scratch_size(const VxCodec *codec)
{
	return (size_t) codec->padded_dims * (sizeof(float) + 1);
}

size_t
vxq_query_size(const VxCodec *codec)
{
	size_t		plane = codec->kind == VX_CODE_RAW ? codec->code_bytes : (size_t) codec->padded_dims;

	return sizeof(VxCodeQuery) + plane;
}

void
vxq_encode(const VxCodec *codec, const float *x, void *scratch,
		   uint8_t *code, VxFactors *factors)
{
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
	}
}

bool
vxq_code_equal(const VxCodec *codec, const uint8_t *a, const uint8_t *b)
{
	Assert(codec->code_bytes > 0);
	return memcmp(a, b, codec->code_bytes) == 0;
}

/* 1 - cosine in double, for norms that float cannot hold */
static float
cosine_key_double(const float *q, const float *x, int dims)
{
	double		dot = 0.0;
	double		cosine;
	int			j;

	for (j = 0; j < dims; j++)
		dot += (double) q[j] * x[j];
	cosine = dot / sqrt(vxk->norm2_f32(q, dims) * vxk->norm2_f32(x, dims));
	return (float) (1.0 - (cosine > 1.0 ? 1.0 : (cosine < -1.0 ? -1.0 : cosine)));
}

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
	}
	Assert(false);
	return 0.0f;
}
