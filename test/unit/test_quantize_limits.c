/*-------------------------------------------------------------------------
 *
 * test_quantize_limits.c
 *	  Codes of odd vectors: zero, one coordinate, constant, tiny, huge; exact
 *	  codes of few dimensions; L1 vectors outside the grid.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize_fixture.h"

#define SEED 13
#define MOST_DIMS 2000
#define ROTATIONS 100

static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_IP, VX_METRIC_COSINE, VX_METRIC_L1};
static const int dims_list[] = {1, 3, 16, 17, 64, 100, 384, 768, 1536, 2000};
/* dims_list starts with lengths whose codes are exact */
#define FIRST_CODED 3

static const int bits_list[] = {1, 2, 4, 8};

#define DIMS_COUNT ((int) (sizeof(dims_list) / sizeof(dims_list[0])))

/* shapes of vectors; magnitudes are multiplied in */
typedef enum Shape
{
	SHAPE_ZERO,
	SHAPE_ONE_HOT,
	SHAPE_LAST_HOT,
	SHAPE_CONSTANT,
	SHAPE_ALTERNATING,
	SHAPE_TWO_SCALES,			/* one coordinate 1e20 times the others */
	SHAPE_GAUSSIAN,
	SHAPES
} Shape;

static const float magnitudes[] = {1e-44f, 1e-38f, 1e-30f, 1e-12f, 1.0f, 1e12f, 1e18f, 1e20f, 1e30f, FLT_MAX};

#define UNIT_MAGNITUDE 4		/* index of 1 */
#define MAGNITUDES ((int) (sizeof(magnitudes) / sizeof(magnitudes[0])))
#define ODD_VECTORS (SHAPES * MAGNITUDES)

static float
coordinate(Shape shape, int j, int dims, VxRandom *random)
{
	switch (shape)
	{
		case SHAPE_ONE_HOT:
			return j == 0 ? 1.0f : 0.0f;
		case SHAPE_LAST_HOT:
			return j == dims - 1 ? -1.0f : 0.0f;
		case SHAPE_CONSTANT:
			return 1.0f;
		case SHAPE_ALTERNATING:
			return j % 2 == 0 ? 1.0f : -1.0f;
		case SHAPE_TWO_SCALES:
			return j == dims / 2 ? 1.0f : 1e-20f;
		case SHAPE_GAUSSIAN:
			return (float) (0.15 * vxr_normal(random));
		default:
			return 0.0f;
	}
}

/* every shape at every magnitude, all finite */
static float *
odd_vectors(int dims)
{
	float	   *vectors = malloc(sizeof(float) * dims * ODD_VECTORS);
	VxRandom	random;
	int			i;
	int			j;

	ck_assert_ptr_nonnull(vectors);
	vxr_seed(&random, SEED);
	for (i = 0; i < ODD_VECTORS; i++)
		for (j = 0; j < dims; j++)
		{
			vectors[i * dims + j] = coordinate(i / MAGNITUDES, j, dims, &random) * magnitudes[i % MAGNITUDES];
			ck_assert(isfinite(vectors[i * dims + j]));
		}
	return vectors;
}

static void
query_from_row(CodedRows *rows, int row)
{
	VxFactors	factors = {rows->add[row], rows->scale[row], rows->error[row]};

	vxq_query_from_code(&rows->codec, rows->codes + row * rows->codec.code_bytes,
						&factors, rows->query);
}

/* factors finite, estimates and errors numbers, whatever finite floats come */
static void
check_no_nan(VxMetric metric, int dims, int bits, const float *mean)
{
	VxCodecParameters parameters = {metric, dims, bits, SEED, mean, 1.0f, 0.0f};
	float	   *vectors = odd_vectors(dims);
	float		estimate[ODD_VECTORS];
	float		error[ODD_VECTORS];
	CodedRows	rows;
	int			mode;
	int			q;
	int			i;

	fixture_encode(&rows, &parameters, vectors, ODD_VECTORS);
	for (i = 0; i < ODD_VECTORS; i++)
		ck_assert_msg(isfinite(rows.add[i]) && isfinite(rows.scale[i]) && isfinite(rows.error[i]) &&
					  rows.add[i] >= 0 && rows.scale[i] >= 0 && rows.error[i] >= 0,
					  "metric %d, %d dimensions, %d bits, vector %d: factors %g %g %g",
					  metric, dims, bits, i, rows.add[i], rows.scale[i], rows.error[i]);
	for (mode = 0; mode < 4; mode++)
		for (q = 0; q < ODD_VECTORS; q++)
		{
			rows.codec.ip_link = mode == 3 ? VX_IP_LINK_DOT : VX_IP_LINK_L2;
			if (mode < 2)
				vxq_query_prepare(&rows.codec, vectors + q * dims,
								  mode == 0 ? VX_QUERY_SEARCH : VX_QUERY_LINK,
								  rows.scratch, rows.query);
			else
				query_from_row(&rows, q);
			vxq_estimate(rows.query, &rows.array, NULL, ODD_VECTORS, estimate, error);
			for (i = 0; i < ODD_VECTORS; i++)
			{
				/* exact codes overflow as their operators do */
				bool		exact = rows.codec.kind == VX_CODE_RAW;

				ck_assert_msg(!isnan(estimate[i]) && (exact || isfinite(estimate[i])) &&
							  !isnan(error[i]) && error[i] >= 0,
							  "metric %d, %d dimensions, %d bits, mode %d, vectors %d and %d: %g +- %g",
							  metric, dims, bits, mode, q, i, estimate[i], error[i]);
			}
		}
	fixture_release(&rows);
	free(vectors);
}

START_TEST(never_nan)
{
	float		mean[MOST_DIMS];
	int			dims = dims_list[_i];
	int			m;
	int			b;
	int			j;

	for (j = 0; j < dims; j++)
		mean[j] = 0.01f * (j % 7);
	for (m = 0; m < 4; m++)
		for (b = 0; b < 4; b++)
		{
			check_no_nan(metrics[m], dims, bits_list[b], NULL);
			check_no_nan(metrics[m], dims, bits_list[b], mean);
		}
}
END_TEST

/* odd shapes of one magnitude against each other, under one rotation */
static void
add_odd_pairs(ErrorSums *sums, const VxCodecParameters *parameters, const float *vectors)
{
	int			dims = parameters->dims;
	float		estimate[SHAPES];
	float		error[SHAPES];
	CodedRows	rows;
	int			q;
	int			i;

	fixture_encode(&rows, parameters, vectors, SHAPES);
	for (q = 0; q < SHAPES; q++)
	{
		vxq_query_prepare(&rows.codec, vectors + q * dims, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, SHAPES, estimate, error);
		for (i = 0; i < SHAPES; i++)
		{
			double		key = fixture_key(parameters->metric, vectors + q * dims, vectors + i * dims, dims);

			/* zero vectors have no cosine */
			if (!isnan(key))
				fixture_add_pair(sums, estimate[i], key, error[i]);
		}
	}
	fixture_release(&rows);
}

START_TEST(bounds_hold_for_odd_shapes)
{
	static const float scales[] = {1e-12f, 1.0f, 1e12f};
	int			dims = dims_list[_i];
	float	   *all = odd_vectors(dims);
	float	   *vectors = malloc(sizeof(float) * dims * SHAPES);
	int			m;
	int			b;
	int			i;
	int			seed;

	ck_assert_ptr_nonnull(vectors);
	for (m = 0; m < 4; m++)
		for (b = 0; b < 4; b++)
		{
			ErrorSums	sums = {0, 0, 0, 0, 0};

			for (seed = 0; seed < ROTATIONS; seed++)
			{
				float		scale = scales[seed % 3];
				VxCodecParameters parameters = {metrics[m], dims, bits_list[b], SEED + seed, NULL, scale, 0.0f};

				for (i = 0; i < SHAPES * dims; i++)
					vectors[i] = scale * all[((i / dims) * MAGNITUDES + UNIT_MAGNITUDE) * dims + i % dims];
				add_odd_pairs(&sums, &parameters, vectors);
			}
			ck_assert_msg(sums.missed <= 0.003 * sums.pairs,
						  "metric %d, %d dimensions, %d bits: %ld of %ld outside the bound",
						  metrics[m], dims, bits_list[b], sums.missed, sums.pairs);
		}
	free(all);
	free(vectors);
}
END_TEST

/* an estimate of a vector against itself errs by the query's rounding alone */
START_TEST(own_code_is_near)
{
	int			dims = dims_list[FIRST_CODED + _i];
	VxCodecParameters parameters = {VX_METRIC_L2, dims, 4, SEED, NULL, 0.0f, 0.0f};
	VxRandom	random;
	CodedRows	rows;
	float	   *vectors;
	float		estimate[10];
	float		error[10];
	int			i;

	vxr_seed(&random, SEED);
	vectors = fixture_vectors(VECTORS_GAUSSIAN, dims, 10, &random);
	fixture_encode(&rows, &parameters, vectors, 10);
	for (i = 0; i < 10; i++)
	{
		vxq_query_prepare(&rows.codec, vectors + i * dims, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, 10, estimate, error);
		ck_assert_float_le(fabsf(estimate[i]), error[i]);
		ck_assert_float_le(error[i], 0.02f * rows.add[i]);
		query_from_row(&rows, i);
		vxq_estimate(rows.query, &rows.array, NULL, 10, estimate, error);
		ck_assert_float_le(fabsf(estimate[i]), 1e-5f * rows.add[i]);
	}
	fixture_release(&rows);
	free(vectors);
}
END_TEST

/* what lies beyond the range of float is shrunk, not lost: direction remains */
START_TEST(huge_vectors_keep_their_direction)
{
	enum { DIMS = 128, ROWS = 20 };
	VxCodecParameters parameters = {VX_METRIC_L2, DIMS, 8, SEED, NULL, 0.0f, 0.0f};
	VxRandom	random;
	CodedRows	rows;
	float	   *vectors;
	float		estimate[ROWS];
	int			i;
	int			j;

	vxr_seed(&random, SEED);
	vectors = fixture_vectors(VECTORS_GAUSSIAN, DIMS, ROWS, &random);
	for (j = 0; j < DIMS * ROWS; j++)
		vectors[j] *= 1e30f;
	fixture_encode(&rows, &parameters, vectors, ROWS);
	for (i = 0; i < ROWS; i++)
	{
		vxq_query_prepare(&rows.codec, vectors + i * DIMS, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, NULL);
		for (j = 0; j < ROWS; j++)
			ck_assert(j == i || estimate[j] > estimate[i]);
	}
	fixture_release(&rows);
	free(vectors);
}
END_TEST

START_TEST(zero_vector_is_coded_as_the_mean)
{
	enum { DIMS = 100 };
	float		mean[DIMS];
	float		zero[DIMS] = {0};
	VxCodecParameters parameters = {VX_METRIC_COSINE, DIMS, 4, SEED, mean, 0.0f, 0.0f};
	CodedRows	rows;
	float		estimate;
	float		error;
	int			j;

	for (j = 0; j < DIMS; j++)
		mean[j] = 0.05f;
	fixture_encode(&rows, &parameters, zero, 1);
	ck_assert_float_eq(rows.add[0], 0.0f);
	ck_assert_float_eq(rows.scale[0], 0.0f);
	ck_assert_float_eq(rows.error[0], 0.0f);
	vxq_query_prepare(&rows.codec, mean, VX_QUERY_SEARCH, rows.scratch, rows.query);
	vxq_estimate(rows.query, &rows.array, NULL, 1, &estimate, &error);
	/* half the squared distance of the direction of the mean from the mean */
	ck_assert_float_eq_tol(estimate, 0.5f * 0.25f, 1e-5f);
	fixture_release(&rows);
}
END_TEST

/* up to 16 dimensions codes are the vectors and estimates the exact keys */
START_TEST(raw_codes_are_exact)
{
	enum { ROWS = 70 };
	int			dims = _i + 1;
	int			m;

	for (m = 0; m < 4; m++)
	{
		VxCodecParameters parameters = {metrics[m], dims, 4, SEED, NULL, 1.0f, 0.0f};
		VxRandom	random;
		CodedRows	rows;
		float	   *vectors;
		float		estimate[ROWS];
		float		error[ROWS];
		int			i;

		vxr_seed(&random, SEED + dims);
		vectors = fixture_vectors(VECTORS_GAUSSIAN, dims, ROWS, &random);
		fixture_encode(&rows, &parameters, vectors, ROWS);
		ck_assert_int_eq(rows.codec.kind, VX_CODE_RAW);
		ck_assert_uint_eq(rows.codec.code_bytes, dims * sizeof(float));
		vxq_query_prepare(&rows.codec, vectors, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
		for (i = 0; i < ROWS; i++)
		{
			ck_assert_float_eq(estimate[i], vxq_exact(metrics[m], vectors, vectors + i * dims, dims));
			ck_assert_float_eq(error[i], metrics[m] == VX_METRIC_COSINE ? FLT_EPSILON : 0.0f);
		}
		if (metrics[m] == VX_METRIC_IP)
		{
			query_from_row(&rows, 0);
			vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
			for (i = 0; i < ROWS; i++)
				ck_assert_float_eq(estimate[i], vxq_exact(VX_METRIC_L2, vectors, vectors + i * dims, dims));
		}
		fixture_release(&rows);
		free(vectors);
	}
}
END_TEST

/*
 * L1 grids much narrower than the data, and data that themselves lie on a
 * grid: clipping is accounted for exactly, and rounding stays independent.
 */
START_TEST(scalar_bounds_hold_when_clipped_or_gridded)
{
	enum { ROWS = 40, CODECS = 10 };
	static const float spreads[] = {0.01f, 0.5f, 1.5f, 100.0f};
	int			dims = dims_list[FIRST_CODED + _i];
	int			gridded;
	int			s;

	for (s = 0; s < 4; s++)
		for (gridded = 0; gridded < 2; gridded++)
		{
			ErrorSums	sums = {0, 0, 0, 0, 0};
			int			seed;

			for (seed = 0; seed < CODECS; seed++)
			{
				VxCodecParameters parameters = {VX_METRIC_L1, dims, 8, SEED + seed, NULL, spreads[s], 0.0f};
				VxRandom	random;
				CodedRows	rows;
				float	   *vectors;
				float		estimate[ROWS];
				float		error[ROWS];
				int			q;
				int			i;

				vxr_seed(&random, SEED);
				vectors = fixture_vectors(VECTORS_GAUSSIAN, dims, ROWS, &random);
				for (i = 0; gridded && i < ROWS * dims; i++)
					vectors[i] = roundf(vectors[i]);
				fixture_encode(&rows, &parameters, vectors, ROWS);
				for (q = 0; q < ROWS; q++)
				{
					vxq_query_prepare(&rows.codec, vectors + q * dims, VX_QUERY_SEARCH, rows.scratch, rows.query);
					vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
					for (i = 0; i < ROWS; i++)
						fixture_add_pair(&sums, estimate[i],
										 fixture_key(VX_METRIC_L1, vectors + q * dims, vectors + i * dims, dims),
										 error[i]);
				}
				fixture_release(&rows);
				free(vectors);
			}
			ck_assert_msg(sums.missed <= 0.003 * sums.pairs, "%d dimensions, spread %g, gridded %d: %ld of %ld",
						  dims, spreads[s], gridded, sums.missed, sums.pairs);
		}
}
END_TEST

/* a damaged page may hold any bytes: estimates remain numbers, in some order */
START_TEST(damaged_codes_give_numbers)
{
	enum { ROWS = 64, TRIES = 50 };
	static const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f, 0.0f, FLT_MAX, -FLT_MAX, 1e-45f};
	int			dims = dims_list[FIRST_CODED + _i];
	int			m;
	int			try;

	for (m = 0; m < 4; m++)
	{
		VxCodecParameters parameters = {metrics[m], dims, bits_list[_i % 4], SEED, NULL, 1.0f, 0.0f};
		VxRandom	random;
		CodedRows	rows;
		float	   *vectors;
		float		estimate[ROWS];
		float		error[ROWS];
		int			i;

		vxr_seed(&random, SEED);
		vectors = fixture_vectors(VECTORS_GAUSSIAN, dims, ROWS, &random);
		fixture_encode(&rows, &parameters, vectors, ROWS);
		for (try = 0; try < TRIES; try++)
		{
			for (i = 0; i < ROWS; i++)
			{
				rows.add[i] = bad[vxr_below(&random, 8)];
				rows.scale[i] = bad[vxr_below(&random, 8)];
				rows.error[i] = bad[vxr_below(&random, 8)];
				rows.codes[vxr_below(&random, ROWS * rows.codec.code_bytes)] = (uint8_t) vxr_uint64(&random);
			}
			rows.codec.ip_link = try % 2 == 0 ? VX_IP_LINK_L2 : VX_IP_LINK_DOT;
			if (try % 3 == 0)
				vxq_query_prepare(&rows.codec, vectors, VX_QUERY_SEARCH, rows.scratch, rows.query);
			else
				query_from_row(&rows, try % ROWS);
			vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
			for (i = 0; i < ROWS; i++)
				ck_assert(!isnan(estimate[i]) && !isnan(error[i]));
		}
		fixture_release(&rows);
		free(vectors);
	}
}
END_TEST

/* keys of full vectors, also where squared norms leave the range of float */
START_TEST(exact_keys)
{
	const float a[] = {1.0f, 2.0f, -3.0f, 0.5f};
	const float b[] = {0.0f, -1.0f, 2.0f, 0.5f};
	float		scaled[2][4];
	float		scale;

	ck_assert_float_eq(vxq_exact(VX_METRIC_L2, a, b, 4), 35.0f);
	ck_assert_float_eq(vxq_exact(VX_METRIC_IP, a, b, 4), 7.75f);
	ck_assert_float_eq(vxq_exact(VX_METRIC_L1, a, b, 4), 9.0f);
	for (scale = 1e-30f; scale < 1e31f; scale *= 1e10f)
	{
		int			j;

		for (j = 0; j < 4; j++)
		{
			scaled[0][j] = a[j] * scale;
			scaled[1][j] = b[j] * scale;
		}
		ck_assert_float_eq_tol(vxq_exact(VX_METRIC_COSINE, scaled[0], scaled[1], 4),
							   (float) (1 + 7.75 / sqrt(14.25 * 5.25)), 1e-6f);
		ck_assert_float_eq_tol(vxq_exact(VX_METRIC_COSINE, scaled[0], scaled[0], 4), 0.0f, 1e-6f);
	}
	memset(scaled, 0, sizeof(scaled));
	ck_assert(isnan(vxq_exact(VX_METRIC_COSINE, a, scaled[0], 4)));
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("quantize: limits");
	TCase	   *tcase = tcase_create("limits");
	SRunner    *runner;
	int			failed;

	vxk_init();
	printf("seed %d, kernels %s\n", SEED, vxk->name);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, never_nan, 0, DIMS_COUNT);
	tcase_add_loop_test(tcase, bounds_hold_for_odd_shapes, FIRST_CODED, DIMS_COUNT);
	tcase_add_loop_test(tcase, own_code_is_near, 0, DIMS_COUNT - FIRST_CODED);
	tcase_add_test(tcase, huge_vectors_keep_their_direction);
	tcase_add_test(tcase, zero_vector_is_coded_as_the_mean);
	tcase_add_loop_test(tcase, raw_codes_are_exact, 0, 16);
	tcase_add_loop_test(tcase, scalar_bounds_hold_when_clipped_or_gridded, 0, DIMS_COUNT - FIRST_CODED);
	tcase_add_loop_test(tcase, damaged_codes_give_numbers, 0, DIMS_COUNT - FIRST_CODED);
	tcase_add_test(tcase, exact_keys);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
