/*-------------------------------------------------------------------------
 *
 * quantize_fixture.c
 *	  Vectors and coded rows for the tests of src/quantize.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *
fixture_allocate(size_t size)
{
	void	   *pointer = malloc(size > 0 ? size : 1);

	if (pointer == NULL)
		abort();
	return pointer;
}

/*
 * Clustered: 8 centres, and around each of them noise along 5 directions only,
 * plus a little in all dimensions.
 */
static void
clustered_vectors(float *vectors, int dims, int count, VxRandom *random)
{
	float	   *parts = fixture_allocate(sizeof(float) * dims * 13);
	int			i;
	int			j;
	int			k;

	for (j = 0; j < dims * 13; j++)
		parts[j] = (float) vxr_normal(random);
	for (i = 0; i < count; i++)
	{
		const float *centre = parts + vxr_below(random, 8) * dims;
		float		weights[5];

		for (k = 0; k < 5; k++)
			weights[k] = 0.3f * (float) vxr_normal(random);
		for (j = 0; j < dims; j++)
		{
			float		x = centre[j] + 0.05f * (float) vxr_normal(random);

			for (k = 0; k < 5; k++)
				x += weights[k] * parts[(8 + k) * dims + j];
			vectors[(size_t) i * dims + j] = x;
		}
	}
	free(parts);
}

float *
fixture_vectors(VectorKind kind, int dims, int count, VxRandom *random)
{
	float	   *vectors = fixture_allocate(sizeof(float) * dims * count);
	int			j;

	if (kind == VECTORS_CLUSTERED)
		clustered_vectors(vectors, dims, count, random);
	else
		for (j = 0; j < dims * count; j++)
			vectors[j] = 0.3f + (float) vxr_normal(random);
	return vectors;
}

float *
fixture_mean(VxMetric metric, const float *vectors, int dims, int count)
{
	float	   *mean = fixture_allocate(sizeof(float) * dims);
	int			i;
	int			j;

	memset(mean, 0, sizeof(float) * dims);
	for (i = 0; i < count; i++)
	{
		const float *x = vectors + (size_t) i * dims;
		double		norm2 = 0;

		for (j = 0; j < dims; j++)
			norm2 += (double) x[j] * x[j];
		if (metric != VX_METRIC_COSINE || norm2 == 0)
			norm2 = 1;
		for (j = 0; j < dims; j++)
			mean[j] += (float) (x[j] / sqrt(norm2) / count);
	}
	return mean;
}

void
fixture_encode(CodedRows *rows, const VxCodecParameters *parameters,
			   const float *vectors, int count)
{
	VxCodec    *codec = &rows->codec;
	int			i;

	vxq_codec_init(codec, parameters, vxh_malloc_host());
	rows->codes = fixture_allocate(codec->code_bytes * count);
	rows->add = fixture_allocate(sizeof(float) * count);
	rows->scale = fixture_allocate(sizeof(float) * count);
	rows->error = fixture_allocate(sizeof(float) * count);
	rows->scratch = fixture_allocate(vxq_scratch_size(codec));
	rows->query = fixture_allocate(vxq_query_size(codec));
	for (i = 0; i < count; i++)
	{
		VxFactors	factors;

		vxq_encode(codec, vectors + (size_t) i * codec->dims, rows->scratch,
				   rows->codes + i * codec->code_bytes, &factors);
		rows->add[i] = factors.add;
		rows->scale[i] = factors.scale;
		rows->error[i] = factors.error;
	}
	rows->array.codes = rows->codes;
	rows->array.stride = codec->code_bytes;
	rows->array.add = rows->add;
	rows->array.scale = rows->scale;
	rows->array.error = rows->error;
}

void
fixture_release(CodedRows *rows)
{
	vxq_codec_release(&rows->codec, vxh_malloc_host());
	free(rows->codes);
	free(rows->add);
	free(rows->scale);
	free(rows->error);
	free(rows->scratch);
	free(rows->query);
}

static double
dot_product(const float *a, const float *b, int dims)
{
	double		sum = 0;
	int			j;

	for (j = 0; j < dims; j++)
		sum += (double) a[j] * b[j];
	return sum;
}

double
fixture_key(VxMetric metric, const float *q, const float *x, int dims)
{
	double		sum = 0;
	int			j;

	if (metric == VX_METRIC_IP)
		return -dot_product(q, x, dims);
	if (metric == VX_METRIC_COSINE)
		return 1 - dot_product(q, x, dims) /
			sqrt(dot_product(q, q, dims)) / sqrt(dot_product(x, x, dims));
	for (j = 0; j < dims; j++)
	{
		double		difference = (double) q[j] - x[j];

		sum += metric == VX_METRIC_L2 ? difference * difference : fabs(difference);
	}
	return sum;
}

void
fixture_add_pair(ErrorSums *sums, float estimate, double key, float bound)
{
	double		error = estimate - key;

	sums->pairs++;
	sums->missed += !(fabs(error) <= bound);
	sums->sum += error;
	sums->square += error * error;
	sums->bound += bound;
}
