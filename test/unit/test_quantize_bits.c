/*-------------------------------------------------------------------------
 *
 * test_quantize_bits.c
 *	  Codes of bit strings: exact up to VXQ_WHOLE_BITS, within their bounds
 *	  beyond.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/kernels.h"
#include "quantize/codec.h"
#include "quantize_fixture.h"

#define SEED 20241124
#define ROWS 400

static VxRandom random_state;

/* one bit in so many of the first string is set */
static unsigned set_one_in = 3;

/* Strings that share most bits with the first, more or less. */
static void
fill(uint8_t *strings, int dims)
{
	size_t		bytes = ((size_t) dims + 7) / 8;

	memset(strings, 0, ROWS * bytes);
	for (int row = 0; row < ROWS; row++)
		for (int i = 0; i < dims; i++)
		{
			unsigned	base = row == 0 ? vxr_uint64(&random_state) % set_one_in == 0 :
				strings[i / 8] >> (7 - i % 8) & 1;
			unsigned	flip = row > 0 && vxr_below(&random_state, ROWS) < (uint64_t) row / (set_one_in > 3 ? set_one_in : 2);

			strings[row * bytes + i / 8] |= (uint8_t) ((base ^ flip) << (7 - i % 8));
		}
}

static double
true_key(VxMetric metric, const uint8_t *a, const uint8_t *b, size_t bytes)
{
	VxBitCounts counts;

	if (metric == VX_METRIC_HAMMING)
		return (double) vxk->hamming_bits(a, b, bytes);
	vxk->jaccard_bits(a, b, bytes, &counts);
	return counts.both == 0 ? 1.0 : 1.0 - (double) counts.both / (double) counts.either;
}

/* The share of rows whose key is within the bound; *worst is the largest miss. */
static double
share_within(VxMetric metric, int dims, bool from_code, double *worst)
{
	const VxHost *host = vxh_malloc_host();
	VxCodecParameters parameters = {metric, dims, 4, SEED, NULL, 0.0f, 0.0f};
	size_t		bytes = ((size_t) dims + 7) / 8;
	uint8_t    *strings = malloc(ROWS * bytes);
	VxCodec		codec;
	uint8_t    *codes;
	float		add[ROWS];
	float		zeros[ROWS] = {0};
	float		estimate[ROWS];
	float		error[ROWS];
	VxCodeArray array = {NULL, 0, add, zeros, zeros};
	VxCodeQuery *query;
	int			within = 0;

	fill(strings, dims);
	vxq_codec_init(&codec, &parameters, host);
	ck_assert_int_eq(codec.kind, VX_CODE_BITS);
	ck_assert(vxq_codes_are_exact(codec.kind, dims) == (dims <= VXQ_WHOLE_BITS));
	codes = malloc(ROWS * codec.code_bytes);
	query = malloc(vxq_query_size(&codec));
	for (int row = 0; row < ROWS; row++)
	{
		VxFactors	factors;

		vxq_encode(&codec, strings + row * bytes, NULL, codes + row * codec.code_bytes, &factors);
		add[row] = factors.add;
		ck_assert(factors.add == (float) vxk->popcount_bits(strings + row * bytes, bytes));
	}
	if (from_code)
	{
		VxFactors	factors = {add[0], 0.0f, 0.0f};

		vxq_query_from_code(&codec, codes, &factors, query);
	}
	else
		vxq_query_prepare(&codec, strings, VX_QUERY_SEARCH, NULL, query);
	array.codes = codes;
	array.stride = codec.code_bytes;
	vxq_estimate(query, &array, NULL, ROWS, estimate, error);
	*worst = 0;
	for (int row = 0; row < ROWS; row++)
	{
		double		miss = fabs(estimate[row] - true_key(metric, strings, strings + row * bytes, bytes));

		ck_assert(isfinite(estimate[row]) && error[row] >= 0);
		within += miss <= error[row] + 1e-6;
		*worst = miss > *worst ? miss : *worst;
	}
	vxq_codec_release(&codec, host);
	free(codes);
	free(query);
	free(strings);
	return (double) within / ROWS;
}

static const VxMetric metrics[] = {VX_METRIC_HAMMING, VX_METRIC_JACCARD};

START_TEST(whole_strings_are_exact)
{
	static const int lengths[] = {1, 7, 8, 64, 383, 768, 4095, 4096};

	for (int i = 0; i < 8; i++)
		for (int m = 0; m < 2; m++)
		{
			double		worst;

			ck_assert(share_within(metrics[m], lengths[i], m == 0, &worst) == 1.0);
			ck_assert(worst < 1e-6);
		}
}
END_TEST

START_TEST(samples_keep_their_bounds)
{
	static const int lengths[] = {4097, 6000, 20000, 64000};

	for (int i = 0; i < 4; i++)
		for (int m = 0; m < 2; m++)
			for (int from_code = 0; from_code < 2; from_code++)
			{
				double		worst;

				ck_assert(share_within(metrics[m], lengths[i], from_code, &worst) >= 0.99);
			}
}
END_TEST

/* where the sample is nearly all of the string, errors are a few whole bits */
START_TEST(bounds_hold_just_above_whole)
{
	static const int lengths[] = {4097, 4098, 4099, 4100, 4104, 4128, 4200, 4400};
	VxMetric	metric = metrics[_i / 8];
	double		share = 0;
	double		worst;

	for (int round = 0; round < 10; round++)
		share += share_within(metric, lengths[_i % 8], round % 2, &worst) / 10;
	ck_assert_msg(share >= 0.997, "%d bits: %g", lengths[_i % 8], share);
}
END_TEST

/* few bits set, and a fifth of them shared: the key bends where the bound is wide */
START_TEST(bounds_hold_for_small_sets)
{
	static const int lengths[] = {5000, 16000, 64000};
	double		share = 0;
	double		worst;

	set_one_in = 300;
	for (int round = 0; round < 10; round++)
		share += share_within(VX_METRIC_JACCARD, lengths[_i], round % 2, &worst) / 10;
	set_one_in = 3;
	ck_assert_msg(share >= 0.997, "%d bits: %g", lengths[_i], share);
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("bit codes");
	TCase	   *tcase = tcase_create("bits");
	SRunner    *runner;
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	vxr_seed(&random_state, SEED);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, whole_strings_are_exact);
	tcase_add_test(tcase, samples_keep_their_bounds);
	tcase_add_loop_test(tcase, bounds_hold_just_above_whole, 0, 16);
	tcase_add_loop_test(tcase, bounds_hold_for_small_sets, 0, 3);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
