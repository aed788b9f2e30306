/*-------------------------------------------------------------------------
 *
 * refine.c
 *	  Codes of what a lattice code has lost.
 *
 * With r the rotated residual of a vector and f y what its code stands for,
 * w = r - f y is at right angles to r by construction of f ([GL24]: <y, r> f =
 * |r|^2 gives <w, r> = 0), and <r, q'> = f <y, q'> + <w, q'>.  The first product
 * is in the estimate already; the second is estimated by a lattice code of w.
 *
 * The coordinates of w are spread over the cells of the first lattice, evenly
 * but for those of coordinates beyond its edge, which may be large.  So w is
 * rotated once more, after which its coordinates are as Gaussian as those of r
 * and the lattice fits them as well.
 *
 * See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/refine.h"

#include <math.h>
#include <string.h>

#include "quantize/codec_internal.h"

/* The rotation of w must not be that of r, which would turn lattice points into each other. */
#define REFINE_SEED UINT64_C(0x9e3779b97f4a7c15)

static size_t
refine_code_bytes(int padded_dims, int bits)
{
	int			stored_bits = bits <= 2 ? 2 : (bits <= 4 ? 4 : 8);

	return (size_t) padded_dims * stored_bits / 8;
}

size_t
vxq_refine_bytes(int padded_dims, int bits)
{
	Assert(padded_dims % VXQ_GRANULE == 0 && bits >= 1 && bits <= 8);
	return refine_code_bytes(padded_dims, bits) + sizeof(VxFactors);
}

/* w has no mean to speak of, and its products with the query are all that is asked for */
void
vxq_refine_init(VxRefineCodec *refine, const VxCodec *base, int bits,
				uint64_t seed, const VxHost *host)
{
	VxCodecParameters parameters;

	Assert(base->kind == VX_CODE_LATTICE);
	memset(&parameters, 0, sizeof(parameters));
	parameters.metric = VX_METRIC_IP;
	parameters.dims = base->padded_dims;
	parameters.bits = bits;
	parameters.seed = seed ^ REFINE_SEED;
	refine->base = base;
	vxq_codec_init(&refine->codec, &parameters, host);
	Assert(refine->codec.kind == VX_CODE_LATTICE &&
		   refine->codec.code_bytes == refine_code_bytes(base->padded_dims, bits));
	refine->bytes = refine->codec.code_bytes + sizeof(VxFactors);
}

void
vxq_refine_release(VxRefineCodec *refine, const VxHost *host)
{
	vxq_codec_release(&refine->codec, host);
	refine->base = NULL;
}

/* a rotated vector, and what the codec of w wants beside it, which also has room for levels */
size_t
vxq_refine_scratch_size(const VxRefineCodec *refine)
{
	return refine->base->padded_dims * sizeof(float) + vxq_scratch_size(&refine->codec);
}

void
vxq_refine_encode(const VxRefineCodec *refine, const void *input,
				  const uint8_t *code, const VxFactors *factors,
				  void *scratch, uint8_t *bytes)
{
	const VxCodec *base = refine->base;
	size_t		n = base->padded_dims;
	float	   *rotated = scratch;
	void	   *rest = rotated + n;
	uint8_t    *levels = rest;
	float		centre = 0.5f * ((1 << base->bits) - 1);
	VxFactors	lost;

	Assert(input != NULL && code != NULL && factors != NULL);
	vxq_residual(base, input, true, rotated);
	base->operations->unpack(code, base->code_bytes, base->stored_bits, levels);
	for (size_t j = 0; j < n; j++)
		rotated[j] -= factors->scale * (levels[j] - centre);
	vxq_encode(&refine->codec, rotated, rest, bytes, &lost);
	memcpy(bytes + refine->codec.code_bytes, &lost, sizeof(lost));
}

size_t
vxq_refine_query_size(const VxRefineCodec *refine)
{
	return vxq_query_size(&refine->codec);
}

/* the same q' that the base query was made of: whole for inner products, else the residual */
void
vxq_refine_query_prepare(const VxRefineCodec *refine, const void *input,
						 void *scratch, VxCodeQuery *query)
{
	const VxCodec *base = refine->base;
	float	   *rotated = scratch;

	Assert(input != NULL);
	vxq_residual(base, input, base->metric != VX_METRIC_IP, rotated);
	vxq_query_prepare(&refine->codec, rotated, VX_QUERY_SEARCH,
					  rotated + base->padded_dims, query);
}

/* a factor as the encoder may have written it, whatever a damaged page holds */
static float
sane_factor(float factor, float largest)
{
	return factor > 0.0f && factor < largest ? factor : 0.0f;
}

/*
 * The error of the first code is gone, since w is what it was; what stays of the
 * first estimate's error is what rounding the query to int8 planes lost against
 * f y, of length sqrt(|r|^2 + |w|^2).  Both are independent.
 */
void
vxq_refine_estimate(const VxCodeQuery *base_query, const VxCodeQuery *query,
					float add, const uint8_t *bytes,
					float *estimate, float *error)
{
	const VxFusion *fusion = &base_query->fusion;
	VxFactors	lost;
	size_t		code_bytes = query->codec->code_bytes;
	VxCodeArray row = {bytes, code_bytes, &lost.add, &lost.scale, &lost.error};
	float		product;
	float		product_error;
	float		length2;
	float		noise;
	float		narrowed;

	Assert(query->codec->dims == base_query->codec->padded_dims);
	Assert(base_query->purpose == VX_QUERY_SEARCH);
	/* what was shrunk to be coded is ordered by direction alone */
	if (!isfinite(*error) || !(add < 0.9 * VXQ_LONGEST * VXQ_LONGEST))
		return;
	memcpy(&lost, bytes + code_bytes, sizeof(lost));
	lost.add = sane_factor(lost.add, 1e38f);
	lost.scale = sane_factor(lost.scale, 1e19f);
	lost.error = sane_factor(lost.error, 1e19f);
	vxq_estimate(query, &row, NULL, 1, &product, &product_error);

	length2 = (add > 0.0f ? add : 0.0f) + lost.add;
	noise = fusion->reach * sqrtf(length2 * fusion->noise);
	product_error *= -fusion->coefficient;
	narrowed = sqrtf(noise * noise + product_error * product_error) +
		fusion->rounding * (length2 + fusion->norm2) + fusion->floor;
	/* a code that says less than the first one is damaged, or of a damaged row */
	if (!(narrowed < *error))
		return;
	*estimate += -fusion->coefficient * product;
	*error = narrowed;
}
