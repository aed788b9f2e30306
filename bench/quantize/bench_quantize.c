/*-------------------------------------------------------------------------
 *
 * bench_quantize.c
 *	  Speed and accuracy of the codes.
 *
 *	  bench_quantize [file dims [l2 | ip | cosine | l1]]
 *
 * Prints nanoseconds of the codec's operations, then the error of estimates by
 * bits: on generated vectors, and on a file of float32 rows if one is named,
 * where the last rows serve as queries.  VX_SIMD in the environment forces a
 * kernel table.  It fails on nothing; the tests do.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "kernels/kernels.h"
#include "quantize/codec.h"
#include "quantize/codec_internal.h"

#define SEED 20
#define QUERIES 50
#define MOST_ROWS 20000
#define NEAREST 10

static const int bits_list[] = {2, 4, 8};

/* codes and factors of a set of rows */
typedef struct CodedRows
{
	VxCodec		codec;
	VxCodeArray array;
	uint8_t    *codes;
	float	   *factors[3];
	void	   *scratch;
	VxCodeQuery *query;
} CodedRows;

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void *
allocate(size_t size)
{
	void	   *pointer = malloc(size);

	if (pointer == NULL)
		abort();
	return pointer;
}

static void
encode_rows(CodedRows *rows, const VxCodecParameters *parameters,
			const float *vectors, size_t count)
{
	VxCodec    *codec = &rows->codec;
	size_t		i;

	vxq_codec_init(codec, parameters, vxh_malloc_host());
	rows->codes = allocate(codec->code_bytes * count);
	for (i = 0; i < 3; i++)
		rows->factors[i] = allocate(sizeof(float) * count);
	rows->scratch = allocate(vxq_scratch_size(codec));
	rows->query = allocate(vxq_query_size(codec));
	for (i = 0; i < count; i++)
	{
		VxFactors	factors;

		vxq_encode(codec, vectors + i * codec->dims, rows->scratch,
				   rows->codes + i * codec->code_bytes, &factors);
		rows->factors[0][i] = factors.add;
		rows->factors[1][i] = factors.scale;
		rows->factors[2][i] = factors.error;
	}
	rows->array.codes = rows->codes;
	rows->array.stride = codec->code_bytes;
	rows->array.add = rows->factors[0];
	rows->array.scale = rows->factors[1];
	rows->array.error = rows->factors[2];
}

static void
free_rows(CodedRows *rows)
{
	int			i;

	vxq_codec_release(&rows->codec, vxh_malloc_host());
	free(rows->codes);
	for (i = 0; i < 3; i++)
		free(rows->factors[i]);
	free(rows->scratch);
	free(rows->query);
}

/* best of 7 rounds of about 2 ms; ns for one evaluation of `statement` */
#define TIME_NS(result, statement) \
	do { \
		double best_ = 1e30; \
		int round_; \
		for (round_ = 0; round_ < 7; round_++) \
		{ \
			double start_ = now_ns(); \
			long times_ = 0; \
			size_t item = 0; \
			do { \
				for (item = 0; item < 32; item++, times_++) { statement; } \
			} while (now_ns() - start_ < 2e6); \
			if ((now_ns() - start_) / times_ < best_) \
				best_ = (now_ns() - start_) / times_; \
		} \
		(result) = best_; \
	} while (0)

static void
time_codec(int dims, int bits, const float *vectors)
{
	VxCodecParameters parameters = {VX_METRIC_L2, dims, bits, SEED, NULL, 0.0f, 0.0f};
	CodedRows	rows;
	VxFactors	factors = {1.0f, 0.01f, 0.01f};
	float		estimate[32];
	float		error[32];
	uint8_t    *code;
	double		ns[7];

	encode_rows(&rows, &parameters, vectors, 32);
	code = allocate(rows.codec.code_bytes);
	TIME_NS(ns[0], vxq_encode(&rows.codec, vectors + item * dims, rows.scratch, code, &factors));
	TIME_NS(ns[1], vxq_query_from_code(&rows.codec, rows.codes + item * rows.codec.code_bytes, &factors, rows.query));
	TIME_NS(ns[2], vxq_query_prepare(&rows.codec, vectors + item * dims, VX_QUERY_SEARCH, rows.scratch, rows.query));
	TIME_NS(ns[3], vxq_estimate(rows.query, &rows.array, NULL, 24, estimate, NULL));
	TIME_NS(ns[4], vxq_estimate(rows.query, &rows.array, NULL, 24, estimate, error));
	TIME_NS(ns[5], vxq_estimate(rows.query, &rows.array, NULL, 32, estimate, error));
	TIME_NS(ns[6], { VxCodec other; vxq_codec_init(&other, &parameters, vxh_malloc_host()); vxq_codec_release(&other, vxh_malloc_host()); });
	printf("%6d %4d %8.0f %8.0f %10.0f %8.0f %8.0f %8.0f %10.1f\n", dims, bits,
		   ns[0], ns[2], ns[1], ns[3], ns[4], ns[5], ns[6] / 1000.0);
	free(code);
	free_rows(&rows);
}

/*
 * What the choice of the lattice scale is worth: the error of one constant and
 * of the encoder's choice, over that of the best of 120 scales.
 */
static void
measure_scale(int dims, int bits)
{
	VxCodecParameters parameters = {VX_METRIC_L2, dims, bits, SEED, NULL, 0.0f, 0.0f};
	float	   *x = allocate(sizeof(float) * dims);
	double		sums[3] = {0, 0, 0};
	VxCodec		codec;
	uint8_t    *levels;
	VxRandom	random;
	int			trial;
	int			j;

	vxq_codec_init(&codec, &parameters, vxh_malloc_host());
	levels = allocate(codec.padded_dims);
	vxr_seed(&random, SEED);
	for (trial = 0; trial < 100; trial++)
	{
		double		best = 1.0;
		VxResidual	residual = {0.0, false};
		VxFactors	factors;

		for (j = 0; j < dims; j++)
			x[j] = (float) vxr_normal(&random);
		residual.norm = sqrt(vxk->norm2_f32(x, dims));
		for (j = 0; j <= 120; j++)
		{
			double		scale = codec.lattice_scale / residual.norm * (j == 0 ? 1.0 : 0.5 + 0.0125 * j);
			VxLatticeSums lattice;
			double		loss;

			codec.operations->lattice_sums(x, dims, (float) scale, 1 << (bits - 1), &lattice);
			loss = 1.0 - lattice.product * lattice.product /
				lattice.lattice_norm2 / (residual.norm * residual.norm);
			if (j == 0)
				sums[0] += loss;
			best = loss < best ? loss : best;
		}
		sums[1] += best;
		vxq_lattice_encode(&codec, x, &residual, levels, &factors);
		sums[2] += 1.0 - factors.add / (factors.add + factors.error * factors.error * (codec.padded_dims - 1));
	}
	printf("%6d %4d %9.5f %9.3f %9.3f\n", dims, bits, sqrt(sums[1] / 100),
		   sqrt(sums[0] / sums[1]), sqrt(sums[2] / sums[1]));
	vxq_codec_release(&codec, vxh_malloc_host());
	free(levels);
	free(x);
}

/* mean of the rows, of the normalised rows for cosine */
static float *
mean_of(VxMetric metric, const float *vectors, size_t count, int dims)
{
	float	   *mean = allocate(sizeof(float) * dims);
	double	   *sum = calloc(dims, sizeof(double));
	size_t		i;
	int			j;

	for (i = 0; i < count; i++)
	{
		double		norm2 = vxk->norm2_f32(vectors + i * dims, dims);
		double		multiplier = metric == VX_METRIC_COSINE && norm2 > 0 ? 1.0 / sqrt(norm2) : 1.0;

		for (j = 0; j < dims; j++)
			sum[j] += vectors[i * dims + j] * multiplier;
	}
	for (j = 0; j < dims; j++)
		mean[j] = (float) (sum[j] / count);
	free(sum);
	return mean;
}

static int
compare_floats(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return (x > y) - (x < y);
}

/* what is summed over pairs of a query and a row */
typedef struct ErrorSums
{
	double		square;
	double		bound;
	double		missed;
	double		pairs;
} ErrorSums;

static void
add_pair(ErrorSums *sums, float estimate, float key, float bound)
{
	double		error = (double) estimate - key;

	sums->square += error * error;
	sums->bound += bound;
	sums->missed += fabs(error) > bound;
	sums->pairs += 1;
}

/*
 * Errors relative to the spread of the keys, over all rows and over the 10
 * nearest, which is where they change results; and how many candidates by
 * estimate hold the true 10 nearest on average.
 */
static void
measure_accuracy(const char *label, const VxCodecParameters *parameters,
				 const float *vectors, size_t count)
{
	size_t		rows_count = count - QUERIES;
	int			dims = parameters->dims;
	float	   *keys = allocate(sizeof(float) * rows_count);
	float	   *sorted = allocate(sizeof(float) * rows_count);
	float	   *estimate = allocate(sizeof(float) * rows_count);
	float	   *error = allocate(sizeof(float) * rows_count);
	ErrorSums	all = {0, 0, 0, 0};
	ErrorSums	near = {0, 0, 0, 0};
	double		found = 0;
	double		needed = 0;
	double		gap = 0;
	CodedRows	rows;
	size_t		q;
	size_t		i;

	encode_rows(&rows, parameters, vectors, rows_count);
	for (q = 0; q < QUERIES; q++)
	{
		const float *query = vectors + (rows_count + q) * dims;
		float		worst_key;
		float		worst_estimate;

		vxq_query_prepare(&rows.codec, query, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, rows_count, estimate, error);
		for (i = 0; i < rows_count; i++)
			sorted[i] = keys[i] = vxq_exact(parameters->metric, query, vectors + i * dims, dims);
		qsort(sorted, rows_count, sizeof(float), compare_floats);
		worst_key = sorted[NEAREST - 1];
		gap += sorted[rows_count / 2] - sorted[0];
		memcpy(sorted, estimate, sizeof(float) * rows_count);
		qsort(sorted, rows_count, sizeof(float), compare_floats);
		worst_estimate = sorted[NEAREST - 1];
		for (i = 0; i < rows_count; i++)
		{
			add_pair(&all, estimate[i], keys[i], error[i]);
			if (keys[i] <= worst_key)
			{
				add_pair(&near, estimate[i], keys[i], error[i]);
				found += estimate[i] <= worst_estimate;
			}
			/* rows an exact search in order of lower bound would have to read */
			needed += estimate[i] - error[i] <= worst_key;
		}
	}
	printf("%-10s %5d %4d  %9.5f %9.5f %9.2f %9.2f %9.3f %9.3f %8.3f %9.1f\n", label, dims, parameters->bits,
		   sqrt(all.square / all.pairs) / (gap / QUERIES), sqrt(near.square / near.pairs) / (gap / QUERIES),
		   all.bound / all.pairs / sqrt(all.square / all.pairs),
		   near.bound / near.pairs / sqrt(near.square / near.pairs),
		   100 * all.missed / all.pairs, 100 * near.missed / near.pairs,
		   found / (NEAREST * QUERIES), needed / QUERIES);
	free_rows(&rows);
	free(keys);
	free(sorted);
	free(estimate);
	free(error);
}

static void
accuracy_by_bits(const char *label, VxMetric metric, int dims, const float *vectors, size_t count)
{
	float	   *mean = mean_of(metric, vectors, count, dims);
	size_t		i;

	for (i = 0; i < sizeof(bits_list) / sizeof(bits_list[0]); i++)
	{
		VxCodecParameters parameters = {metric, dims, bits_list[i], SEED, mean, 0.0f, 0.0f};
		size_t		j;

		for (j = 0; j < count * dims; j++)
			parameters.spread = fmaxf(parameters.spread, fabsf(vectors[j] - mean[j % dims]));
		measure_accuracy(label, &parameters, vectors, count);
	}
	free(mean);
}

/* rows around 50 centres in a space of a quarter of the dimensions */
static float *
clustered_vectors(int dims, size_t count)
{
	float	   *vectors = allocate(sizeof(float) * dims * count);
	float	   *basis = allocate(sizeof(float) * dims * (dims / 4));
	float	   *centres = allocate(sizeof(float) * 50 * (dims / 4));
	VxRandom	random;
	size_t		i;
	int			j;
	int			k;

	vxr_seed(&random, SEED);
	for (j = 0; j < dims * (dims / 4); j++)
		basis[j] = (float) vxr_normal(&random);
	for (j = 0; j < 50 * (dims / 4); j++)
		centres[j] = (float) vxr_normal(&random);
	for (i = 0; i < count; i++)
	{
		const float *centre = centres + vxr_below(&random, 50) * (dims / 4);
		float	   *x = vectors + i * dims;

		memset(x, 0, sizeof(float) * dims);
		for (k = 0; k < dims / 4; k++)
		{
			float		weight = centre[k] + 0.7f * (float) vxr_normal(&random);

			for (j = 0; j < dims; j++)
				x[j] += weight * basis[k * dims + j];
		}
	}
	free(basis);
	free(centres);
	return vectors;
}

static void
accuracy_of_file(const char *path, int dims, VxMetric metric)
{
	FILE	   *file = fopen(path, "rb");
	float	   *vectors = allocate(sizeof(float) * dims * MOST_ROWS);
	size_t		count;

	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	count = fread(vectors, sizeof(float) * dims, MOST_ROWS, file);
	fclose(file);
	accuracy_by_bits("file", metric, dims, vectors, count);
	free(vectors);
}

int
main(int argc, char **argv)
{
	static const int dims_list[] = {128, 384, 768, 1536};
	static const char *const metrics[] = {"l2", "ip", "cosine", "l1"};
	float	   *vectors = allocate(sizeof(float) * 1536 * 32);
	VxRandom	random;
	size_t		d;
	size_t		b;

	vxk_init();
	if (getenv("VX_SIMD") != NULL && !vxk_select(getenv("VX_SIMD")))
		printf("VX_SIMD: no such kernels on this CPU\n");
	printf("kernels: %s, seed %d\n\n", vxk->name, SEED);
	printf("ns for one    encode  prepare  from code  24 rows  24 rows  32 rows  codec init\n");
	printf("  dims bits                             no bound    bound    bound          us\n");
	vxr_seed(&random, SEED);
	for (d = 0; d < 1536 * 32; d++)
		vectors[d] = (float) vxr_normal(&random);
	for (d = 0; d < 4; d++)
		for (b = 0; b < 3; b++)
			time_codec(dims_list[d], bits_list[b], vectors);
	free(vectors);

	printf("\nsqrt(1 - s^2) of the best scale; of a constant and of the encoder's choice over it\n"
		   "  dims bits      best  constant    chosen\n");
	for (b = 0; b < 3; b++)
	{
		measure_scale(64, bits_list[b]);
		measure_scale(384, bits_list[b]);
		measure_scale(1536, bits_list[b]);
	}

	printf("\nerror of estimates over the distance from the nearest to the median row; bound over error; %% outside the bound;\n"
		   "share of the true 10 nearest among the first 10 by estimate; rows whose lower bound is below the 10th nearest\n"
		   "data        dims bits  all rows  10 nearest  all: b/e  near: b/e   all: %%  near: %%   10 of 10     rows\n");
	for (d = 0; d < 3; d++)
	{
		vectors = clustered_vectors(dims_list[d], 4000);
		accuracy_by_bits("clustered", VX_METRIC_L2, dims_list[d], vectors, 4000);
		free(vectors);
	}
	if (argc >= 3)
	{
		VxMetric	metric = VX_METRIC_L2;

		for (d = 0; d < 4; d++)
			if (argc >= 4 && strcmp(argv[3], metrics[d]) == 0)
				metric = (VxMetric) d;
		accuracy_of_file(argv[1], atoi(argv[2]), metric);
	}
	return 0;
}
