/*-------------------------------------------------------------------------
 *
 * test_quantize_lists.c
 *	  Codes of inverted lists: bounds, strips, exact kinds, odd vectors, damage.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/kernels.h"
#include "quantize/list_codec.h"

#define SEED 20261129
#define ROWS 800
#define QUERIES 20

static VxRandom random_state;

/* A list: its codec, coded centre, vectors and strips, and room to query it. */
typedef struct List
{
	VxListCodec codec;
	int			dims;
	uint8_t    *centre;
	float	   *vectors;
	uint8_t    *strips;
	void	   *scratch;
	VxListQuery *query;
	float	   *estimate;
	float	   *error;
} List;

static void
fill_normal(float *x, size_t n, float spread)
{
	for (size_t i = 0; i < n; i++)
		x[i] = spread * (float) vxr_normal(&random_state);
}

static void
open_list(List *list, VxMetric metric, int dims, int bits, const float *mean)
{
	VxCodecParameters parameters = {metric, dims, bits, SEED, mean, 0.0f, 0.0f};
	size_t		strips = ROWS / VXQ_STRIP_ROWS;

	memset(list, 0, sizeof(List));
	list->dims = dims;
	vxq_list_codec_init(&list->codec, &parameters, vxh_malloc_host());
	list->centre = malloc(list->codec.centre_bytes);
	list->vectors = malloc(ROWS * dims * sizeof(float));
	list->strips = calloc(strips, list->codec.strip_bytes);
	list->scratch = malloc(vxq_list_scratch_size(&list->codec));
	list->query = malloc(vxq_list_query_size(&list->codec));
	list->estimate = malloc(ROWS * sizeof(float));
	list->error = malloc(ROWS * sizeof(float));
}

static void
close_list(List *list)
{
	vxq_list_codec_release(&list->codec, vxh_malloc_host());
	free(list->centre);
	free(list->vectors);
	free(list->strips);
	free(list->scratch);
	free(list->query);
	free(list->estimate);
	free(list->error);
}

/* Encode all vectors about a centre, in strips. */
static void
encode_list(List *list, const float *centre)
{
	uint8_t    *row = malloc(list->codec.row_bytes);

	vxq_list_centre(&list->codec, centre, list->scratch, list->centre);
	for (int i = 0; i < ROWS; i++)
	{
		vxq_list_encode(&list->codec, list->centre, list->vectors + (size_t) i * list->dims, list->scratch, row);
		vxq_strip_put(&list->codec, list->strips + i / VXQ_STRIP_ROWS * list->codec.strip_bytes, i % VXQ_STRIP_ROWS, row);
	}
	free(row);
}

static void
score_list(List *list, const float *query)
{
	vxq_list_query_prepare(&list->codec, query, list->scratch, list->query);
	vxq_list_query_enter(list->query, list->centre);
	vxq_list_query_score(list->query, list->strips, list->codec.strip_bytes, ROWS / VXQ_STRIP_ROWS,
						 list->estimate, list->error);
}

/*
 * Vectors about a centre that is far from the mean; queries from near the centre and
 * from elsewhere.  Counts the keys outside the bound.
 */
static void
check_bounds(VxMetric metric, int dims, int bits, float offset)
{
	float	   *mean = calloc(dims, sizeof(float));
	float	   *centre = malloc(dims * sizeof(float));
	float	   *query = malloc(dims * sizeof(float));
	double		error_sum = 0.0;
	double		miss_sum = 0.0;
	int			outside = 0;
	List		list;

	for (int k = 0; k < dims; k++)
		mean[k] += metric == VX_METRIC_COSINE ? 0.0f : offset;
	fill_normal(centre, dims, 1.0f);
	for (int k = 0; k < dims; k++)
		centre[k] += offset;
	open_list(&list, metric, dims, bits, mean);
	fill_normal(list.vectors, ROWS * dims, 0.7f);
	for (int i = 0; i < ROWS * dims; i++)
		list.vectors[i] += centre[i % dims];
	encode_list(&list, centre);
	for (int q = 0; q < QUERIES; q++)
	{
		fill_normal(query, dims, 1.0f);
		for (int k = 0; k < dims; k++)
			query[k] += q % 2 == 0 ? offset : centre[k];
		score_list(&list, query);
		for (int i = 0; i < ROWS; i++)
		{
			double		key = vxq_exact(metric, query, list.vectors + (size_t) i * dims, dims);
			double		miss = fabs(list.estimate[i] - key);

			outside += miss > list.error[i];
			miss_sum += miss * miss;
			error_sum += (double) list.error[i] * list.error[i];
		}
	}
	ck_assert_msg(outside <= ROWS * QUERIES * 3 / 1000, "metric %d, %d dims, %d bits, offset %g: %d outside",
				  metric, dims, bits, offset, outside);
	/* a bound of 3.2 deviations, and not one that is always right */
	ck_assert_msg(error_sum < 40 * miss_sum, "metric %d, %d dims, %d bits: bound %g times the error",
				  metric, dims, bits, sqrt(error_sum / miss_sum));
	close_list(&list);
	free(mean);
	free(centre);
	free(query);
}

START_TEST(bounds_hold)
{
	static const int dims[] = {17, 64, 100, 384, 768};
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_IP, VX_METRIC_COSINE};

	for (int d = 0; d < 5; d++)
		for (int m = 0; m < 3; m++)
			for (int bits = 1; bits <= VXQ_LIST_MOST_BITS; bits++)
				check_bounds(metrics[m], dims[d], bits, bits % 2 == 0 ? 0.0f : 3.0f);
	check_bounds(VX_METRIC_L2, 4200, 1, 0.0f);
}
END_TEST

/* integer sums decide, and those are the same for all kernels */
START_TEST(estimates_do_not_depend_on_the_kernels)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	float		first[ROWS];
	float		query[200];
	List		list;

	open_list(&list, VX_METRIC_IP, 200, 3, NULL);
	fill_normal(list.vectors, ROWS * 200, 1.0f);
	encode_list(&list, list.vectors);
	fill_normal(query, 200, 1.0f);
	vxq_list_query_prepare(&list.codec, query, list.scratch, list.query);
	vxq_list_query_enter(list.query, list.centre);
	for (size_t t = 0; t < count; t++)
	{
		ck_assert(vxk_select(tables[t]->name));
		vxq_list_query_score(list.query, list.strips, list.codec.strip_bytes, ROWS / VXQ_STRIP_ROWS,
							 list.estimate, list.error);
		if (t == 0)
			memcpy(first, list.estimate, sizeof(first));
		ck_assert(memcmp(first, list.estimate, sizeof(first)) == 0);
	}
	vxk_init();
	close_list(&list);
}
END_TEST

START_TEST(rows_move_between_strips)
{
	static const int dims[] = {5, 40, 768};

	for (int d = 0; d < 3; d++)
	{
		List		list;
		uint8_t    *rows;
		uint8_t    *strip;
		uint8_t    *row;

		open_list(&list, VX_METRIC_L2, dims[d], 2, NULL);
		rows = malloc(VXQ_STRIP_ROWS * list.codec.row_bytes);
		row = malloc(list.codec.row_bytes);
		/* at an odd address */
		strip = (uint8_t *) malloc(list.codec.strip_bytes + 1) + 1;
		for (size_t j = 0; j < VXQ_STRIP_ROWS * list.codec.row_bytes; j++)
			rows[j] = (uint8_t) vxr_uint64(&random_state);
		ck_assert_uint_eq(list.codec.strip_bytes, VXQ_STRIP_ROWS * list.codec.row_bytes);
		for (int i = 0; i < VXQ_STRIP_ROWS; i++)
			vxq_strip_put(&list.codec, strip, i, rows + i * list.codec.row_bytes);
		for (int i = 0; i < VXQ_STRIP_ROWS; i++)
		{
			vxq_strip_take(&list.codec, strip, i, row);
			ck_assert(memcmp(row, rows + i * list.codec.row_bytes, list.codec.row_bytes) == 0);
		}
		free(strip - 1);
		free(rows);
		free(row);
		close_list(&list);
	}
}
END_TEST

START_TEST(short_vectors_and_bits_are_exact)
{
	List		list;
	float		query[16];
	static uint8_t bits[ROWS][13];
	uint8_t		row[64];

	open_list(&list, VX_METRIC_COSINE, 16, 0, NULL);
	ck_assert(list.codec.exact);
	fill_normal(list.vectors, ROWS * 16, 1.0f);
	encode_list(&list, list.vectors);
	fill_normal(query, 16, 1.0f);
	score_list(&list, query);
	for (int i = 0; i < ROWS; i++)
	{
		ck_assert(list.estimate[i] == vxq_exact(VX_METRIC_COSINE, query, list.vectors + i * 16, 16));
		ck_assert(list.error[i] == FLT_EPSILON);
	}
	close_list(&list);

	open_list(&list, VX_METRIC_HAMMING, 104, 0, NULL);
	ck_assert(list.codec.exact);
	for (int i = 0; i < ROWS; i++)
	{
		for (int j = 0; j < 13; j++)
			bits[i][j] = (uint8_t) vxr_uint64(&random_state);
		vxq_list_encode(&list.codec, list.centre, bits[i], list.scratch, row);
		vxq_strip_put(&list.codec, list.strips + i / 16 * list.codec.strip_bytes, i % 16, row);
	}
	vxq_list_centre(&list.codec, bits[0], list.scratch, list.centre);
	score_list(&list, (const float *) bits[7]);
	for (int i = 0; i < ROWS; i++)
		ck_assert(list.estimate[i] == (float) vxk->hamming_bits(bits[i], bits[7], 13));
	vxq_list_query_centres(list.query, list.centre, list.codec.centre_bytes, 1, list.estimate);
	ck_assert(list.estimate[0] == (float) vxk->hamming_bits(bits[0], bits[7], 13));
	close_list(&list);
}
END_TEST

/* Keys of centres are good to some thousandths, angles leave their lengths out. */
START_TEST(centres_are_ranked)
{
	enum { DIMS = 256, CENTRES = 100 };
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_COSINE, VX_METRIC_IP};
	float	   *centres = malloc(CENTRES * DIMS * sizeof(float));
	float		query[DIMS];
	float		keys[CENTRES];

	for (int m = 0; m < 3; m++)
	{
		List		list;
		uint8_t    *coded;

		open_list(&list, metrics[m], DIMS, 1, NULL);
		coded = malloc(CENTRES * list.codec.centre_bytes);
		fill_normal(centres, CENTRES * DIMS, 2.0f);
		fill_normal(query, DIMS, 2.0f);
		for (int c = 0; c < CENTRES; c++)
			vxq_list_centre(&list.codec, centres + c * DIMS, list.scratch, coded + c * list.codec.centre_bytes);
		vxq_list_query_prepare(&list.codec, query, list.scratch, list.query);
		for (int angles = 0; angles < 2; angles++)
		{
			double		scale = metrics[m] == VX_METRIC_COSINE ? 1.0 : 4.0 * DIMS;

			if (angles)
				vxq_list_query_angles(list.query, coded, list.codec.centre_bytes, CENTRES, keys);
			else
				vxq_list_query_centres(list.query, coded, list.codec.centre_bytes, CENTRES, keys);
			for (int c = 0; c < CENTRES; c++)
			{
				double		key = vxq_exact(metrics[m], query, centres + c * DIMS, DIMS);

				if (angles && metrics[m] == VX_METRIC_IP)
				{
					scale = 2.0 * sqrt(DIMS);
					key /= sqrt(vxk->norm2_f32(centres + c * DIMS, DIMS));
				}
				ck_assert_double_eq_tol(keys[c], key, 4e-3 * scale);
			}
		}
		free(coded);
		close_list(&list);
	}
	free(centres);
}
END_TEST

/* zero, equal to the centre, huge, tiny: finite estimates within finite or infinite bounds */
START_TEST(odd_vectors_keep_their_bounds)
{
	enum { DIMS = 100 };
	static const float spreads[] = {0.0f, 1e-20f, 1e-3f, 1e15f, 1e36f};
	float		query[DIMS];
	List		list;

	for (int bits = 1; bits <= 2; bits++)
		for (int s = 0; s < 5; s++)
			for (int q = 0; q < 5; q++)
			{
				int			outside = 0;

				open_list(&list, VX_METRIC_L2, DIMS, bits, NULL);
				fill_normal(list.vectors, ROWS * DIMS, spreads[s]);
				encode_list(&list, list.vectors);
				fill_normal(query, DIMS, spreads[q]);
				score_list(&list, query);
				for (int i = 0; i < ROWS; i++)
				{
					double		key = 0.0;

					for (int k = 0; k < DIMS; k++)
						key += ((double) query[k] - list.vectors[i * DIMS + k]) * ((double) query[k] - list.vectors[i * DIMS + k]);
					ck_assert(isfinite(list.estimate[i]));
					ck_assert(!isnan(list.error[i]) && list.error[i] >= 0.0f);
					outside += fabs(key - list.estimate[i]) > list.error[i] && key < 1e30 && key > 1e-34;
				}
				ck_assert_msg(outside <= ROWS / 100, "spread %g, query %g: %d outside", spreads[s], spreads[q], outside);
				close_list(&list);
			}
}
END_TEST

START_TEST(damage_gives_numbers)
{
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_IP, VX_METRIC_COSINE};
	float		query[80];

	fill_normal(query, 80, 1.0f);
	for (int m = 0; m < 3; m++)
	{
		List		list;

		open_list(&list, metrics[m], 80, 1, NULL);
		for (int round = 0; round < 50; round++)
		{
			for (size_t j = 0; j < ROWS / VXQ_STRIP_ROWS * list.codec.strip_bytes; j++)
				list.strips[j] = (uint8_t) vxr_uint64(&random_state);
			for (size_t j = 0; j < list.codec.centre_bytes; j++)
				list.centre[j] = (uint8_t) (round == 0 ? 0xff : vxr_uint64(&random_state));
			score_list(&list, query);
			for (int i = 0; i < ROWS; i++)
				ck_assert(!isnan(list.estimate[i]) && !isnan(list.error[i]));
			vxq_list_query_centres(list.query, list.centre, list.codec.centre_bytes, 1, list.estimate);
			ck_assert(!isnan(list.estimate[0]));
			vxq_list_query_angles(list.query, list.centre, list.codec.centre_bytes, 1, list.estimate);
			ck_assert(!isnan(list.estimate[0]));
		}
		close_list(&list);
	}
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("lists");
	TCase	   *tcase = tcase_create("lists");
	SRunner    *runner;
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	vxr_seed(&random_state, SEED);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, bounds_hold);
	tcase_add_test(tcase, estimates_do_not_depend_on_the_kernels);
	tcase_add_test(tcase, rows_move_between_strips);
	tcase_add_test(tcase, short_vectors_and_bits_are_exact);
	tcase_add_test(tcase, centres_are_ranked);
	tcase_add_test(tcase, odd_vectors_keep_their_bounds);
	tcase_add_test(tcase, damage_gives_numbers);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
