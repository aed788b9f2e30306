/*-------------------------------------------------------------------------
 *
 * test_quantize_sparse.c
 *	  Codes of sparse vectors: estimates within their bounds, whole or cut.
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
#include "quantize/codec.h"
#include "quantize_fixture.h"

#define SEED 20241125
#define ROWS 600
#define LONGEST 60

/* A set of sparse vectors, and their codes under one codec. */
typedef struct SparseRows
{
	int32_t		index[ROWS][LONGEST];
	float		value[ROWS][LONGEST];
	VxSparse	sparse[ROWS];
	VxCodec		codec;
	uint8_t    *codes;
	float		add[ROWS];
	float		scale[ROWS];
	float		error[ROWS];
	VxCodeArray array;
	VxCodeQuery *query;
} SparseRows;

static VxRandom random_state;
static SparseRows rows;

static int
compare_indices(const void *a, const void *b)
{
	return *(const int32_t *) a - *(const int32_t *) b;
}

/* Elements by skewed index, so that rows share the small ones, of size up to `size`. */
static void
fill(int dims, float size, bool negative)
{
	for (int row = 0; row < ROWS; row++)
	{
		int			wanted = 1 + (int) vxr_below(&random_state, LONGEST);
		int			count = 0;

		for (int i = 0; i < wanted; i++)
			rows.index[row][i] = (int32_t) fmin(dims - 1.0, floor(pow(vxr_double(&random_state), 6) * dims));
		qsort(rows.index[row], wanted, sizeof(int32_t), compare_indices);
		for (int i = 0; i < wanted; i++)
		{
			if (count > 0 && rows.index[row][count - 1] == rows.index[row][i])
				continue;
			rows.index[row][count] = rows.index[row][i];
			rows.value[row][count] = size * (float) (0.01 + vxr_double(&random_state)) *
				(negative && vxr_below(&random_state, 2) ? -1 : 1);
			count++;
		}
		rows.sparse[row].index = rows.index[row];
		rows.sparse[row].value = rows.value[row];
		rows.sparse[row].count = count;
	}
}

static void
encode(VxMetric metric, int dims, int elements)
{
	const VxHost *host = vxh_malloc_host();
	VxCodecParameters parameters = {metric, dims, 4, SEED, NULL, 0.0f, elements};

	vxq_codec_init(&rows.codec, &parameters, host);
	ck_assert_int_eq(rows.codec.kind, VX_CODE_SPARSE);
	ck_assert(!vxq_codes_are_exact(rows.codec.kind, elements) && !vxq_codes_have_mean(rows.codec.kind));
	rows.codes = malloc(ROWS * rows.codec.code_bytes);
	rows.query = malloc(vxq_query_size(&rows.codec));
	for (int row = 0; row < ROWS; row++)
	{
		VxFactors	factors;

		vxq_encode(&rows.codec, &rows.sparse[row], NULL, rows.codes + row * rows.codec.code_bytes, &factors);
		rows.add[row] = factors.add;
		rows.scale[row] = factors.scale;
		rows.error[row] = factors.error;
		ck_assert(isfinite(factors.add) && isfinite(factors.scale) && isfinite(factors.error));
		ck_assert(factors.add >= 0 && factors.scale >= 0 && factors.error >= 0);
	}
	rows.array = (VxCodeArray) {rows.codes, rows.codec.code_bytes, rows.add, rows.scale, rows.error};
}

static void
release(void)
{
	vxq_codec_release(&rows.codec, vxh_malloc_host());
	free(rows.codes);
	free(rows.query);
}

static double
true_key(VxMetric metric, const VxSparse *a, const VxSparse *b)
{
	double		dot = 0;
	double		l1 = 0;
	double		norm_a = 0;
	double		norm_b = 0;
	size_t		i = 0;
	size_t		j = 0;

	while (i < a->count || j < b->count)
	{
		int32_t		at_a = i < a->count ? a->index[i] : INT32_MAX;
		int32_t		at_b = j < b->count ? b->index[j] : INT32_MAX;
		double		x = at_a <= at_b ? a->value[i++] : 0;
		double		y = at_b <= at_a ? b->value[j++] : 0;

		dot += x * y;
		l1 += fabs(x - y);
		norm_a += x * x;
		norm_b += y * y;
	}
	switch (metric)
	{
		case VX_METRIC_L2:
			return norm_a + norm_b - 2 * dot;
		case VX_METRIC_IP:
			return -dot;
		case VX_METRIC_COSINE:
			return 1 - dot / sqrt(norm_a * norm_b);
		default:
			return l1;
	}
}

static void
prepare(int row, bool from_code)
{
	VxFactors	factors = {rows.add[row], rows.scale[row], rows.error[row]};

	if (from_code)
		vxq_query_from_code(&rows.codec, rows.codes + row * rows.codec.code_bytes, &factors, rows.query);
	else
		vxq_query_prepare(&rows.codec, &rows.sparse[row], VX_QUERY_SEARCH, NULL, rows.query);
}

/* The share of pairs whose key is within the bound; *width is the mean bound. */
static double
share_within(VxMetric metric, bool from_code, double *width)
{
	float		estimate[ROWS];
	float		error[ROWS];
	long		within = 0;
	long		pairs = 0;

	rows.codec.ip_link = VX_IP_LINK_DOT;
	*width = 0;
	for (int q = 0; q < 20; q++)
	{
		prepare(q, from_code);
		vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
		for (int row = 0; row < ROWS; row++)
		{
			double		key = true_key(metric, &rows.sparse[q], &rows.sparse[row]);

			ck_assert(isfinite(estimate[row]) && error[row] >= 0);
			within += fabs(estimate[row] - key) <= error[row];
			*width += error[row];
			pairs++;
		}
	}
	*width /= pairs;
	return (double) within / pairs;
}

static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_IP, VX_METRIC_COSINE, VX_METRIC_L1};

START_TEST(bounds_hold)
{
	static const int dimensions[] = {100, 65536, 65537, 1 << 24, (1 << 24) + 1, 1000000000};
	static const int elements[] = {64, 24, 8};
	int			dims = dimensions[_i % 6];
	int			capacity = elements[_i / 6 % 3];

	fill(dims, 2.5f, _i / 18 != 0);
	for (int m = 0; m < 4; m++)
		for (int from_code = 0; from_code < 2; from_code++)
		{
			double		width;

			encode(metrics[m], dims, capacity);
			ck_assert(share_within(metrics[m], from_code, &width) >= 0.997);
			/* a bound that says something: vectors are up to 60 elements of 2.5 long */
			if (capacity == 64)
				ck_assert(width < (metrics[m] == VX_METRIC_COSINE ? 0.02 : 1.5));
			release();
		}
}
END_TEST

START_TEST(a_code_keeps_the_largest)
{
	encode(VX_METRIC_IP, 100, 64);
	release();
	for (int row = 0; row < ROWS; row++)
		for (size_t i = 0; i < rows.sparse[row].count; i++)
			rows.value[row][i] = i % 3 == 0 ? 1000.0f + i : 1.0f;
	encode(VX_METRIC_IP, 65536, 20);
	for (int row = 0; row < ROWS; row++)
	{
		double		lost = 0;

		for (size_t i = 0; i < rows.sparse[row].count; i++)
			lost += i % 3 == 0 ? 0 : 1;
		ck_assert(fabs(rows.error[row] - sqrt(lost)) < 1e-3);
	}
	release();
}
END_TEST

START_TEST(damaged_codes_give_numbers)
{
	float		estimate[ROWS];
	float		error[ROWS];

	fill(100000, 1.0f, true);
	for (int m = 0; m < 4; m++)
	{
		static const float factors[] = {NAN, INFINITY, -INFINITY, -1.0f, FLT_MAX, 0.0f};

		encode(metrics[m], 100000, 16);
		for (int row = 0; row < ROWS; row++)
		{
			for (size_t i = 0; i < rows.codec.code_bytes; i++)
				rows.codes[row * rows.codec.code_bytes + i] = (uint8_t) vxr_uint64(&random_state);
			rows.add[row] = factors[vxr_below(&random_state, 6)];
			rows.scale[row] = factors[vxr_below(&random_state, 6)];
			rows.error[row] = factors[vxr_below(&random_state, 6)];
		}
		for (int q = 0; q < ROWS; q++)
		{
			prepare(q, q % 2 == 0);
			vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
			for (int row = 0; row < ROWS; row++)
				ck_assert(isfinite(estimate[row]) && isfinite(error[row]) && error[row] >= 0);
		}
		release();
	}
}
END_TEST

START_TEST(extreme_values_give_numbers)
{
	static const float sizes[] = {1e-38f, 1e-20f, 1e15f, 1e30f, 3e38f};
	float		estimate[ROWS];
	float		error[ROWS];

	for (int s = 0; s < 5; s++)
		for (int m = 0; m < 4; m++)
		{
			fill(1000, sizes[s], true);
			rows.sparse[1].count = 0;
			encode(metrics[m], 1000, 16);
			for (int q = 0; q < 4; q++)
			{
				prepare(q, q % 2 == 0);
				vxq_estimate(rows.query, &rows.array, NULL, ROWS, estimate, error);
				for (int row = 0; row < ROWS; row++)
					ck_assert(isfinite(estimate[row]) && isfinite(error[row]) && error[row] >= 0);
			}
			release();
		}
}
END_TEST

#define MOST_TERMS 12

/* What a term of a row weighs, by the rule of sparse.c, from the vector itself. */
static double
true_weight(VxMetric metric, const VxSparse *x, size_t term, bool of_query)
{
	double		value = fabs(x->value[term]);
	double		norm2 = 0;
	double		sizes = 0;

	for (size_t i = 0; i < x->count; i++)
	{
		norm2 += (double) x->value[i] * x->value[i];
		sizes += fabs(x->value[i]);
	}
	if (metric == VX_METRIC_COSINE)
		return value / sqrt(norm2);
	if (metric == VX_METRIC_L1)
		return pow(value, 0.125) / (of_query ? 1.0 : sizes);
	return value;
}

/*
 * Terms are the heaviest of the row, each once, the heaviest first, and weigh what
 * they should to within `rounding` of the heaviest size.
 */
static void
check_terms(VxMetric metric, const VxSparse *x, const VxTerm *terms, int count, bool of_query,
			double rounding)
{
	double		lightest = INFINITY;
	int			heavier = 0;

	ck_assert_int_eq(count, (int) fmin(MOST_TERMS, x->count));
	for (int i = 0; i < count; i++)
	{
		size_t		at = 0;
		double		weight;

		while (at < x->count && (uint32_t) x->index[at] != terms[i].term)
			at++;
		ck_assert(at < x->count);
		weight = true_weight(metric, x, at, of_query);
		ck_assert_msg(fabs(terms[i].weight - weight) <= rounding * weight + 1e-12,
					  "weight %g of a term instead of %g", terms[i].weight, weight);
		ck_assert(i == 0 || terms[i].weight <= terms[i - 1].weight);
		for (int j = 0; j < i; j++)
			ck_assert(terms[j].term != terms[i].term);
		lightest = fmin(lightest, weight);
	}
	for (size_t i = 0; i < x->count; i++)
		heavier += true_weight(metric, x, i, of_query) > lightest * (1 + 2 * rounding);
	ck_assert(heavier <= MOST_TERMS);
}

/* Values are at least a hundredth of the largest: a step of 1/127 may be most of one. */
START_TEST(terms_are_the_heaviest)
{
	VxTerm		terms[MOST_TERMS];

	for (int m = 0; m < 4; m++)
	{
		fill(98134, 2.5f, true);
		for (int row = 0; row < ROWS; row++)
			for (size_t i = 0; i < rows.sparse[row].count; i++)
				rows.value[row][i] += rows.value[row][i] < 0 ? -1.0f : 1.0f;
		encode(metrics[m], 98134, LONGEST);
		for (int row = 0; row < ROWS; row++)
		{
			VxFactors	factors = {rows.add[row], rows.scale[row], rows.error[row]};
			int			count;

			prepare(row, false);
			count = vxq_query_terms(rows.query, terms, MOST_TERMS);
			check_terms(metrics[m], &rows.sparse[row], terms, count, true, 1e-5);
			count = vxq_code_terms(&rows.codec, rows.codes + row * rows.codec.code_bytes, &factors,
								   terms, MOST_TERMS);
			/* half a step of the largest, 3.5 and 127 steps, of a value of at least 1 */
			check_terms(metrics[m], &rows.sparse[row], terms, count, false, 3.525 / 127 / 2);
			prepare(row, true);
			count = vxq_query_terms(rows.query, terms, MOST_TERMS);
			check_terms(metrics[m], &rows.sparse[row], terms, count, true, 3.525 / 127 / 2);
		}
		release();
	}
}
END_TEST

/* The order that L1 wants: the small row before the one in which the term is large. */
START_TEST(small_rows_weigh_more_under_l1)
{
	VxTerm		small;
	VxTerm		large;
	VxFactors	factors;

	fill(10, 1.0f, false);
	for (int row = 0; row < 2; row++)
		for (int i = 0; i < 2; i++)
			rows.index[row][i] = i + 1;
	rows.value[0][0] = 1.0f;
	rows.value[0][1] = 0.5f;
	rows.value[1][0] = 3.0f;
	rows.value[1][1] = 2.0f;
	rows.sparse[0].count = rows.sparse[1].count = 2;
	encode(VX_METRIC_L1, 10, 8);
	factors = (VxFactors) {rows.add[0], rows.scale[0], rows.error[0]};
	ck_assert_int_eq(vxq_code_terms(&rows.codec, rows.codes, &factors, &small, 1), 1);
	factors = (VxFactors) {rows.add[1], rows.scale[1], rows.error[1]};
	ck_assert_int_eq(vxq_code_terms(&rows.codec, rows.codes + rows.codec.code_bytes, &factors, &large, 1), 1);
	ck_assert(small.term == 1 && large.term == 1 && small.weight > large.weight);
	release();
}
END_TEST

START_TEST(no_elements_no_terms)
{
	VxTerm		term;
	VxFactors	factors;

	for (int m = 0; m < 4; m++)
	{
		fill(100, 1.0f, false);
		rows.sparse[0].count = 0;
		encode(metrics[m], 100, 8);
		factors = (VxFactors) {rows.add[0], rows.scale[0], rows.error[0]};
		prepare(0, false);
		ck_assert_int_eq(vxq_query_terms(rows.query, &term, 1), 0);
		ck_assert_int_eq(vxq_code_terms(&rows.codec, rows.codes, &factors, &term, 1), 0);
		release();
	}
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("codes of sparse vectors");
	TCase	   *tcase = tcase_create("sparse");
	SRunner    *runner;
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	vxr_seed(&random_state, SEED);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, bounds_hold, 0, 36);
	tcase_add_test(tcase, a_code_keeps_the_largest);
	tcase_add_test(tcase, damaged_codes_give_numbers);
	tcase_add_test(tcase, extreme_values_give_numbers);
	tcase_add_test(tcase, terms_are_the_heaviest);
	tcase_add_test(tcase, small_rows_weigh_more_under_l1);
	tcase_add_test(tcase, no_elements_no_terms);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
