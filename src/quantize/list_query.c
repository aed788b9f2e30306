/*-------------------------------------------------------------------------
 *
 * list_query.c
 *	  Estimates of the keys of a list's vectors, a strip at a time.
 *
 * A query is rotated once.  On entering a list the difference from its centre is
 * rounded to a plane of small integers, whose sums over four dimensions become
 * the tables that the kernel looks up.  For inner products the difference does not
 * matter, and plane and tables are made once.  See src/quantize/README.md, "Lists".
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize/list_internal.h"

/* centres that one call of the estimator gets */
#define CENTRE_CHUNK 64

/* parts of a query are found by pointers into it, so it must not be moved */
struct VxListQuery
{
	const VxListCodec *codec;
	VxCodeQuery *centres;		/* against the codes of centres, or whole codes */
	VxCodeQuery *rows;			/* PLANES: constants of the estimates of rows */
	float	   *rotated;		/* PLANES: P (q - mean), or P q for IP */
	float	   *residual;		/* PLANES: room for a difference from a centre */
	uint8_t    *parts;			/* PLANES: room for the query in small integers */
	uint8_t    *tables;			/* PLANES: for lookup_u4 */
	double		mean_product;	/* IP: <q, mean> */
	bool		shrunk;			/* too long for anything but its direction */
};

static size_t
align(size_t size)
{
	return (size + 63) / 64 * 64;
}

static bool
is_inner_product(const VxListCodec *codec)
{
	return codec->centres.metric == VX_METRIC_IP;
}

/* each part begins at a multiple of a cache line from the first */
size_t
vxq_list_query_size(const VxListCodec *codec)
{
	size_t		n = codec->centres.padded_dims;
	size_t		size = align(sizeof(VxListQuery)) + align(vxq_query_size(&codec->centres));

	if (codec->kind != VX_LIST_PLANES)
		return size;
	return size + align(sizeof(VxCodeQuery)) + 2 * n * sizeof(float) + 2 * n + 4 * n;
}

static void
set_parts(VxListQuery *query, const VxListCodec *codec)
{
	size_t		n = codec->centres.padded_dims;
	char	   *at = (char *) query + align(sizeof(VxListQuery));

	query->codec = codec;
	query->centres = (VxCodeQuery *) at;
	if (codec->kind != VX_LIST_PLANES)
		return;
	at += align(vxq_query_size(&codec->centres));
	query->rows = (VxCodeQuery *) at;
	at += align(sizeof(VxCodeQuery));
	query->rotated = (float *) at;
	query->residual = query->rotated + n;
	query->tables = (uint8_t *) (query->residual + n);
	query->parts = query->tables + 4 * n;
}

/*
 * Round `vector`, of squared length norm2, to a plane and make its tables.  As for
 * other codes, the step is stretched so that what rounding lost is at right angles
 * to the query.  Returns the squared length of the loss.
 */
static double
make_tables(VxListQuery *query, const float *vector, double norm2)
{
	const VxCodec *rows = &query->codec->rows;
	VxFusion   *fusion = &query->rows->fusion;
	size_t		n = rows->padded_dims;
	float		step = rows->operations->largest_four(vector, n) / VXQ_TABLE_STEPS;
	VxRoundingSums sums;

	fusion->inner_step = 0.0f;
	fusion->offset = 0;
	/* without tables all of the query is left to the error bound */
	if (!(step > FLT_MIN) || !(norm2 > FLT_MIN))
		return norm2;
	rows->operations->round_parts(vector, n, step, query->parts, &sums);
	if (!(norm2 > 2 * fabsf(sums.error_along)))
		return norm2;
	fusion->inner_step = (float) (0.5 * step * norm2 / (norm2 - sums.error_along));
	fusion->offset = ((1 << rows->bits) - 1) * sums.levels;
	vxk->tables_u4(query->parts, n / 8, query->tables);
	return sums.error_norm2;
}

/* Constants and tables for rows about a centre at `vector` from the query. */
static void
set_rows(VxListQuery *query, const float *vector, double constant)
{
	VxFusion   *fusion = &query->rows->fusion;
	double		norm2 = vxk->norm2_f32(vector, query->codec->rows.padded_dims);
	double		noise2 = make_tables(query, vector, norm2);

	vxq_query_fusion(query->rows, norm2, noise2, constant);
	if (query->shrunk)
		fusion->floor = INFINITY;
}

/*
 * vxq_query_prepare() leaves the rotated query in the scratch, where it is
 * taken from.
 */
void
vxq_list_query_prepare(const VxListCodec *codec, const void *input, void *scratch, VxListQuery *query)
{
	const float *q = input;
	size_t		n = codec->centres.padded_dims;

	Assert(input != NULL && scratch != NULL);
	memset(query, 0, vxq_list_query_size(codec));
	set_parts(query, codec);
	vxq_query_prepare(&codec->centres, input, VX_QUERY_SEARCH, scratch, query->centres);
	if (codec->kind != VX_LIST_PLANES)
		return;
	query->shrunk = !(query->centres->fusion.floor < FLT_MAX);
	memset(query->rows, 0, sizeof(VxCodeQuery));
	query->rows->codec = &codec->rows;
	query->rows->purpose = VX_QUERY_SEARCH;
	memcpy(query->rotated, scratch, n * sizeof(float));
	if (!is_inner_product(codec))
		return;
	for (int j = 0; j < codec->centres.dims; j++)
		query->mean_product += (double) codec->centres.mean[j] * q[j];
	set_rows(query, query->rotated, 0.0);
}

void
vxq_list_query_centres(const VxListQuery *query, const uint8_t *centres, size_t stride, size_t count, float *keys)
{
	size_t		code_bytes = query->codec->centres.code_bytes;
	float		add[CENTRE_CHUNK];
	float		scale[CENTRE_CHUNK];
	VxCodeArray array = {NULL, stride, add, scale, NULL};

	for (size_t first = 0; first < count; first += CENTRE_CHUNK)
	{
		size_t		chunk = count - first < CENTRE_CHUNK ? count - first : CENTRE_CHUNK;

		array.codes = centres + first * stride;
		for (size_t i = 0; i < chunk; i++)
		{
			VxCentreFactors factors;

			memcpy(&factors, array.codes + i * stride + code_bytes, sizeof(factors));
			add[i] = factors.add;
			scale[i] = factors.scale;
		}
		vxq_estimate(query->centres, &array, NULL, chunk, keys + first, NULL);
	}
}

/* minus the inner product with a centre of length one: the angle alone */
void
vxq_list_query_angles(const VxListQuery *query, const uint8_t *centres, size_t stride, size_t count, float *keys)
{
	vxq_list_query_centres(query, centres, stride, count, keys);
	if (!is_inner_product(query->codec))
		return;
	for (size_t i = 0; i < count; i++)
	{
		VxCentreFactors factors;

		memcpy(&factors, centres + i * stride + query->codec->centres.code_bytes, sizeof(factors));
		keys[i] = factors.length > 1e-30f ? keys[i] / factors.length : 0.0f;
	}
}

/*
 * L2 and cosine: |x - q|^2 = |r - q'|^2 with q' the query from the centre.  Inner
 * product: <x, q> = <mean, q> + <centre, q> + <r, q>, the tables being those of q.
 */
void
vxq_list_query_enter(VxListQuery *query, const uint8_t *centre)
{
	const VxListCodec *codec = query->codec;
	size_t		n = codec->centres.padded_dims;
	float		scale;
	double		constant;

	if (codec->kind != VX_LIST_PLANES)
		return;
	scale = vxq_centre_scale(codec, centre);
	if (!is_inner_product(codec))
	{
		memcpy(query->residual, query->rotated, n * sizeof(float));
		codec->rows.operations->subtract_levels(query->residual, n, centre, scale, VXQ_CENTRE_LEVEL);
		set_rows(query, query->residual, 0.0);
		return;
	}
	memset(query->residual, 0, n * sizeof(float));
	codec->rows.operations->subtract_levels(query->residual, n, centre, -scale, VXQ_CENTRE_LEVEL);
	constant = query->mean_product + vxk->dot_f32(query->residual, query->rotated, n);
	query->rows->fusion.base = (float) -constant;
	/* its rounding is in proportion to its size */
	query->rows->fusion.floor = query->shrunk ? INFINITY : (float) (2e-6 * fabs(constant));
}

/* Sums over the planes of one strip, weighted by their place. */
static void
sum_planes(const VxListQuery *query, const uint8_t *strip, int32_t *sums)
{
	size_t		columns = query->codec->centres.padded_dims / 8;
	uint32_t	plane[VXQ_STRIP_ROWS];

	memset(sums, 0, VXQ_STRIP_ROWS * sizeof(int32_t));
	for (int p = 0; p < query->codec->bits; p++)
	{
		vxk->lookup_u4(strip + p * columns * VXQ_STRIP_ROWS, columns, query->tables, plane);
		for (int i = 0; i < VXQ_STRIP_ROWS; i++)
			sums[i] += (int32_t) (plane[i] << p);
	}
}

static void
score_strip(const VxListQuery *query, const uint8_t *strip, float *estimate, float *error)
{
	const VxListCodec *codec = query->codec;
	const uint8_t *stored = strip + VXQ_STRIP_ROWS * codec->code_bytes;
	float		factors[3][VXQ_STRIP_ROWS];
	const float *arrays[3] = {factors[0], factors[1], factors[2]};
	float	   *results[2] = {estimate, error};
	int32_t		sums[VXQ_STRIP_ROWS];

	memcpy(factors, stored, codec->factors * sizeof(factors[0]));
	if (codec->kind == VX_LIST_PLANES)
	{
		sum_planes(query, strip, sums);
		codec->rows.operations->fuse(&query->rows->fusion, sums, arrays, VXQ_STRIP_ROWS, results);
	}
	else
	{
		VxCodeArray array = {strip, codec->code_bytes, factors[0], factors[0], factors[0]};

		if (codec->factors == 0)
			memset(factors[0], 0, sizeof(factors[0]));
		vxq_estimate(query->centres, &array, NULL, VXQ_STRIP_ROWS, estimate, error);
	}
}

void
vxq_list_query_score(const VxListQuery *query, const uint8_t *strips, size_t stride, size_t count,
					 float *estimate, float *error)
{
	Assert(count == 0 || (strips != NULL && estimate != NULL && error != NULL));
	for (size_t s = 0; s < count; s++)
		score_strip(query, strips + s * stride, estimate + s * VXQ_STRIP_ROWS, error + s * VXQ_STRIP_ROWS);
}
