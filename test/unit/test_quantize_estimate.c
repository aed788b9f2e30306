/*-------------------------------------------------------------------------
 *
 * test_quantize_estimate.c
 *	  Estimates are unbiased, keep inside their error bounds, agree between
 *	  SEARCH and LINK queries and do not depend on the instruction set.
 *
 * Odd vectors and extreme magnitudes are in test_quantize_limits.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize_fixture.h"

#define SEED 12

#ifdef VX_TEST_SLOW_BUILD
#define CODECS 2
#define TRIALS 100
#else
#define CODECS 5
#define TRIALS 1000
#endif
#define ROWS 40
#define QUERIES 25

static const int dims_list[] = {17, 64, 100, 384, 768, 1536, 2000};
static const int bits_list[] = {1, 2, 3, 4, 8};

#define DIMS_COUNT ((int) (sizeof(dims_list) / sizeof(dims_list[0])))
#define BITS_COUNT ((int) (sizeof(bits_list) / sizeof(bits_list[0])))

/* the codes of one pair under many rotations err to both sides alike */
static void
check_bias(VxMetric metric, int dims, int bits, bool from_code)
{
	VxRandom	random;
	float	   *pair;
	float	   *mean;
	ErrorSums	sums = {0, 0, 0, 0, 0};
	double		deviation;
	double		mean_error;
	double		key;
	int			trial;

	vxr_seed(&random, SEED + dims);
	pair = fixture_vectors(VECTORS_GAUSSIAN, dims, 8, &random);
	mean = fixture_mean(metric, pair, dims, 8);
	key = fixture_key(metric, pair, pair + dims, dims);
	for (trial = 0; trial < TRIALS; trial++)
	{
		VxCodecParameters parameters = {metric, dims, bits, SEED + trial, mean, 0.0f, 0.0f};
		CodedRows	rows;
		float		estimate[2];
		float		error[2];

		fixture_encode(&rows, &parameters, pair, 2);
		if (from_code)
		{
			VxFactors	factors = {rows.add[0], rows.scale[0], rows.error[0]};

			vxq_query_from_code(&rows.codec, rows.codes, &factors, rows.query);
		}
		else
			vxq_query_prepare(&rows.codec, pair, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, 2, estimate, error);
		fixture_add_pair(&sums, estimate[1], key, error[1]);
		fixture_release(&rows);
	}
	mean_error = sums.sum / sums.pairs;
	deviation = sqrt(sums.square / sums.pairs / sums.pairs);
	/* four deviations: some hundred combinations are tried */
	ck_assert_msg(fabs(mean_error) <= 4 * deviation,
				  "metric %d, %d dimensions, %d bits, from code %d: mean error %g, its deviation %g",
				  metric, dims, bits, from_code, mean_error, deviation);
	free(pair);
	free(mean);
}

START_TEST(search_estimates_are_unbiased)
{
	check_bias(VX_METRIC_L2, dims_list[_i % DIMS_COUNT], bits_list[_i / DIMS_COUNT], false);
	check_bias(VX_METRIC_IP, dims_list[_i % DIMS_COUNT], bits_list[_i / DIMS_COUNT], false);
	check_bias(VX_METRIC_COSINE, dims_list[_i % DIMS_COUNT], bits_list[_i / DIMS_COUNT], false);
}
END_TEST

START_TEST(link_estimates_are_unbiased)
{
	check_bias(VX_METRIC_L2, dims_list[_i % DIMS_COUNT], bits_list[_i / DIMS_COUNT], true);
}
END_TEST

/* how the query of a pair is made */
typedef enum QueryMode
{
	QUERY_SEARCH,
	QUERY_FROM_CODE,
	QUERY_FROM_CODE_DOT
} QueryMode;

/*
 * Estimates of all pairs of QUERIES and ROWS vectors under CODECS rotations.
 * Queries are vectors as distant as the rest, or, with `closeness` > 0,
 * (1 - closeness) parts of other vectors and the rest of a row: neighbours.
 */
static ErrorSums
collect_errors(VxMetric metric, int dims, int bits, VectorKind kind,
			   QueryMode mode, float closeness)
{
	ErrorSums	sums = {0, 0, 0, 0, 0};
	VxRandom	random;
	int			round;

	vxr_seed(&random, SEED + 1000 * dims + bits);
	for (round = 0; round < CODECS; round++)
	{
		float	   *vectors = fixture_vectors(kind, dims, ROWS + QUERIES, &random);
		float	   *mean = fixture_mean(metric, vectors, dims, ROWS);
		VxCodecParameters parameters = {metric, dims, bits, SEED + round, mean, 0.0f, 0.0f};
		VxMetric	key_metric = metric;
		CodedRows	rows;
		float		estimate[ROWS];
		float		error[ROWS];
		int			q;
		int			i;

		if (metric == VX_METRIC_IP && mode == QUERY_FROM_CODE)
			key_metric = VX_METRIC_L2;
		for (i = 0; i < QUERIES * dims; i++)
			vectors[ROWS * dims + i] = (1 - closeness) * vectors[ROWS * dims + i] +
				closeness * vectors[i];
		parameters.spread = 3.5f;
		fixture_encode(&rows, &parameters, vectors, ROWS + QUERIES);
		if (mode == QUERY_FROM_CODE_DOT)
			rows.codec.ip_link = VX_IP_LINK_DOT;
		for (q = ROWS; q < ROWS + QUERIES; q++)
		{
			VxFactors	factors = {rows.add[q], rows.scale[q], rows.error[q]};

			if (mode == QUERY_SEARCH)
				vxq_query_prepare(&rows.codec, vectors + q * dims, VX_QUERY_SEARCH,
								  rows.scratch, rows.query);
			else
				vxq_query_from_code(&rows.codec, rows.codes + q * rows.codec.code_bytes,
									&factors, rows.query);
			vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
			for (i = 0; i < ROWS; i++)
				fixture_add_pair(&sums, estimate[i],
								 fixture_key(key_metric, vectors + q * dims, vectors + i * dims, dims),
								 error[i]);
		}
		fixture_release(&rows);
		free(vectors);
		free(mean);
	}
	return sums;
}

/*
 * The bound holds for 99.7 % of the pairs, and this is not bought with width:
 * on average it is at most 6 times the error that occurs.  Inner products of
 * two codes are excepted: what both may have lost alike has a hard bound only.
 */
static void
check_bound(VxMetric metric, int dims, int bits, VectorKind kind, QueryMode mode)
{
	static const float closeness[] = {0.0f, 0.5f, 0.9f, 0.999f};
	ErrorSums	total = {0, 0, 0, 0, 0};
	size_t		c;

	for (c = 0; c < sizeof(closeness) / sizeof(closeness[0]); c++)
	{
		ErrorSums	sums = collect_errors(metric, dims, bits, kind, mode, closeness[c]);

		total.pairs += sums.pairs;
		total.missed += sums.missed;
		total.square += sums.square;
		total.bound += sums.bound;
	}
	ck_assert_msg(total.missed <= 0.003 * total.pairs,
				  "metric %d, %d dimensions, %d bits, kind %d, mode %d: %ld of %ld outside the bound",
				  metric, dims, bits, kind, mode, total.missed, total.pairs);
	if (mode == QUERY_FROM_CODE_DOT)
		return;
	ck_assert_msg(total.bound / total.pairs <= 6 * sqrt(total.square / total.pairs),
				  "metric %d, %d dimensions, %d bits, kind %d, mode %d: bound %g, error %g",
				  metric, dims, bits, kind, mode, total.bound / total.pairs,
				  sqrt(total.square / total.pairs));
}

START_TEST(bounds_hold)
{
	int			dims = dims_list[_i % DIMS_COUNT];
	int			bits = bits_list[_i / DIMS_COUNT];
	int			kind;

	for (kind = 0; kind < VECTORS_KINDS; kind++)
	{
		check_bound(VX_METRIC_L2, dims, bits, kind, QUERY_SEARCH);
		check_bound(VX_METRIC_IP, dims, bits, kind, QUERY_SEARCH);
		check_bound(VX_METRIC_COSINE, dims, bits, kind, QUERY_SEARCH);
	}
}
END_TEST

START_TEST(link_bounds_hold)
{
	int			dims = dims_list[_i % DIMS_COUNT];
	int			bits = bits_list[_i / DIMS_COUNT];
	int			kind;

	for (kind = 0; kind < VECTORS_KINDS; kind++)
	{
		check_bound(VX_METRIC_L2, dims, bits, kind, QUERY_FROM_CODE);
		check_bound(VX_METRIC_IP, dims, bits, kind, QUERY_FROM_CODE);
		check_bound(VX_METRIC_IP, dims, bits, kind, QUERY_FROM_CODE_DOT);
		check_bound(VX_METRIC_COSINE, dims, bits, kind, QUERY_FROM_CODE);
	}
}
END_TEST

START_TEST(scalar_bounds_hold)
{
	int			kind;

	for (kind = 0; kind < VECTORS_KINDS; kind++)
	{
		ErrorSums	sums = collect_errors(VX_METRIC_L1, dims_list[_i], 8, kind, QUERY_SEARCH, 0.0f);

		ck_assert_int_le(sums.missed, 0.003 * sums.pairs);
		sums = collect_errors(VX_METRIC_L1, dims_list[_i], 8, kind, QUERY_SEARCH, 0.9f);
		ck_assert_int_le(sums.missed, 0.003 * sums.pairs);
		sums = collect_errors(VX_METRIC_L1, dims_list[_i], 8, kind, QUERY_FROM_CODE, 0.0f);
		ck_assert_int_le(sums.missed, 0.003 * sums.pairs);
	}
}
END_TEST

/* more bits, smaller errors: at least by 1.5 a bit */
START_TEST(errors_fall_with_bits)
{
	double		previous = INFINITY;
	int			b;

	for (b = 1; b < BITS_COUNT; b++)
	{
		ErrorSums	sums = collect_errors(VX_METRIC_L2, 384, bits_list[b], VECTORS_GAUSSIAN, QUERY_SEARCH, 0.0f);
		double		error = sqrt(sums.square / sums.pairs);

		ck_assert_double_lt(error * pow(1.5, bits_list[b] - bits_list[b - 1]), previous);
		previous = error;
	}
}
END_TEST

/* LINK of a vector is SEARCH, except for inner products */
START_TEST(link_of_a_vector_is_search)
{
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_COSINE, VX_METRIC_L1};
	int			m;

	for (m = 0; m < 3; m++)
	{
		VxCodecParameters parameters = {metrics[m], 100, 4, SEED, NULL, 3.0f, 0.0f};
		VxRandom	random;
		CodedRows	rows;
		float	   *vectors;
		float		search[ROWS];
		float		link[ROWS];

		vxr_seed(&random, SEED);
		vectors = fixture_vectors(VECTORS_GAUSSIAN, 100, ROWS, &random);
		fixture_encode(&rows, &parameters, vectors, ROWS);
		vxq_query_prepare(&rows.codec, vectors, VX_QUERY_SEARCH, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, ROWS, search, NULL);
		vxq_query_prepare(&rows.codec, vectors, VX_QUERY_LINK, rows.scratch, rows.query);
		vxq_estimate(rows.query, &rows.array, NULL, ROWS, link, NULL);
		ck_assert_mem_eq(search, link, sizeof(search));
		fixture_release(&rows);
		free(vectors);
	}
}
END_TEST

/*
 * Integer sums are exact, so forcing a kernel table changes nothing at all for
 * a codec that exists.
 */
START_TEST(instruction_sets_agree)
{
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_IP, VX_METRIC_COSINE, VX_METRIC_L1};
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	int			dims = dims_list[_i % DIMS_COUNT];
	int			bits = bits_list[_i / DIMS_COUNT];
	int			m;

	for (m = 0; m < 4; m++)
	{
		VxCodecParameters parameters = {metrics[m], dims, bits, SEED, NULL, 3.0f, 0.0f};
		VxRandom	random;
		CodedRows	rows;
		float	   *vectors;
		float		first[2][ROWS];
		float		other[2][ROWS];
		size_t		t;

		vxr_seed(&random, SEED);
		vectors = fixture_vectors(VECTORS_GAUSSIAN, dims, ROWS, &random);
		fixture_encode(&rows, &parameters, vectors, ROWS);
		vxq_query_prepare(&rows.codec, vectors, VX_QUERY_SEARCH, rows.scratch, rows.query);
		for (t = 0; t < count; t++)
		{
			ck_assert(vxk_select(tables[t]->name));
			vxq_estimate(rows.query, &rows.array, NULL, ROWS, other[0], other[1]);
			if (t == 0)
				memcpy(first, other, sizeof(first));
			ck_assert_mem_eq(first, other, sizeof(first));
		}
		vxk_select("auto");
		fixture_release(&rows);
		free(vectors);
	}
}
END_TEST

/* any count, any order of ids, any alignment of codes: the same numbers */
START_TEST(rows_can_be_named)
{
	enum { COUNT = 150 };
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_L1};
	int			dims = _i % 2 == 0 ? 100 : 9;
	VxCodecParameters parameters = {metrics[_i / 2], dims, 4, SEED, NULL, 3.0f, 0.0f};
	VxRandom	random;
	CodedRows	rows;
	VxCodeArray shifted;
	float	   *vectors;
	uint8_t    *bytes;
	float		expected[2][COUNT];
	float		estimate[COUNT];
	float		error[COUNT];
	uint32_t	ids[COUNT];
	int			count;
	int			i;

	vxr_seed(&random, SEED);
	vectors = fixture_vectors(VECTORS_GAUSSIAN, dims, COUNT, &random);
	fixture_encode(&rows, &parameters, vectors, COUNT);
	shifted = rows.array;
	shifted.stride = rows.codec.code_bytes + 5;
	bytes = malloc(COUNT * shifted.stride + 1);
	ck_assert_ptr_nonnull(bytes);
	shifted.codes = bytes + 1;
	for (i = 0; i < COUNT; i++)
	{
		memcpy(bytes + 1 + i * shifted.stride, rows.codes + i * rows.codec.code_bytes, rows.codec.code_bytes);
		ids[i] = (i * 37) % COUNT;
	}
	vxq_query_prepare(&rows.codec, vectors, VX_QUERY_SEARCH, rows.scratch, rows.query);
	vxq_estimate(rows.query, &rows.array, NULL, COUNT, expected[0], expected[1]);
	for (count = 0; count <= COUNT; count++)
	{
		memset(estimate, 0x7f, sizeof(estimate));
		vxq_estimate(rows.query, &shifted, ids, count, estimate, error);
		for (i = 0; i < count; i++)
		{
			ck_assert_float_eq(estimate[i], expected[0][ids[i]]);
			ck_assert_float_eq(error[i], expected[1][ids[i]]);
		}
		for (; i < COUNT; i++)
			ck_assert_mem_eq(&estimate[i], "\x7f\x7f\x7f\x7f", 4);
		vxq_estimate(rows.query, &shifted, NULL, count, estimate, NULL);
		ck_assert_mem_eq(estimate, expected[0], count * sizeof(float));
	}
	fixture_release(&rows);
	free(vectors);
	free(bytes);
}
END_TEST

START_TEST(equal_codes_are_equal)
{
	VxCodecParameters parameters = {VX_METRIC_L2, 100, 4, SEED, NULL, 0.0f, 0.0f};
	VxRandom	random;
	CodedRows	rows;
	float	   *vectors;

	vxr_seed(&random, SEED);
	vectors = fixture_vectors(VECTORS_GAUSSIAN, 100, 2, &random);
	memcpy(vectors + 100, vectors, 100 * sizeof(float));
	fixture_encode(&rows, &parameters, vectors, 2);
	ck_assert(vxq_code_equal(&rows.codec, rows.codes, rows.codes + rows.codec.code_bytes));
	ck_assert_float_eq(rows.add[0], rows.add[1]);
	ck_assert_float_eq(rows.scale[0], rows.scale[1]);
	rows.codes[rows.codec.code_bytes - 1] ^= 1;
	ck_assert(!vxq_code_equal(&rows.codec, rows.codes, rows.codes + rows.codec.code_bytes));
	fixture_release(&rows);
	free(vectors);
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("quantize: estimates");
	TCase	   *tcase = tcase_create("estimates");
	SRunner    *runner;
	int			failed;

	vxk_init();
	printf("seed %d, kernels %s\n", SEED, vxk->name);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, search_estimates_are_unbiased, 0, DIMS_COUNT * BITS_COUNT);
	tcase_add_loop_test(tcase, link_estimates_are_unbiased, 0, DIMS_COUNT * BITS_COUNT);
	tcase_add_loop_test(tcase, bounds_hold, 0, DIMS_COUNT * BITS_COUNT);
	tcase_add_loop_test(tcase, link_bounds_hold, 0, DIMS_COUNT * BITS_COUNT);
	tcase_add_loop_test(tcase, scalar_bounds_hold, 0, DIMS_COUNT);
	tcase_add_test(tcase, errors_fall_with_bits);
	tcase_add_test(tcase, link_of_a_vector_is_search);
	tcase_add_loop_test(tcase, instruction_sets_agree, 0, DIMS_COUNT * BITS_COUNT);
	tcase_add_loop_test(tcase, rows_can_be_named, 0, 4);
	tcase_add_test(tcase, equal_codes_are_equal);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
