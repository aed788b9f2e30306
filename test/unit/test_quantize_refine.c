/*-------------------------------------------------------------------------
 *
 * test_quantize_refine.c
 *	  Refine codes narrow errors, keep inside their bounds, and survive bytes
 *	  that no encoder wrote.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize/refine.h"
#include "quantize_fixture.h"

#define SEED 31

#ifdef VX_TEST_SLOW_BUILD
#define CODECS 3
#else
#define CODECS 12
#endif
#define ROWS 40
#define QUERIES 20

static const int dims_list[] = {17, 64, 100, 384, 768, 1536};
static const int bits_list[][2] = {{2, 2}, {2, 4}, {4, 2}, {4, 4}, {2, 8}};

#define DIMS_COUNT ((int) (sizeof(dims_list) / sizeof(dims_list[0])))
#define BITS_COUNT ((int) (sizeof(bits_list) / sizeof(bits_list[0])))

/* rows with both codes */
typedef struct RefinedRows
{
	CodedRows	rows;
	VxRefineCodec refine;
	uint8_t    *bytes;
	void	   *scratch;
	VxCodeQuery *query;
} RefinedRows;

static void
refine_rows(RefinedRows *refined, const VxCodecParameters *parameters, int bits,
			const float *vectors, int count)
{
	fixture_encode(&refined->rows, parameters, vectors, count);
	vxq_refine_init(&refined->refine, &refined->rows.codec, bits, parameters->seed, vxh_malloc_host());
	ck_assert_uint_eq(refined->refine.bytes,
					  vxq_refine_bytes(refined->rows.codec.padded_dims, bits));
	refined->bytes = malloc(count * refined->refine.bytes);
	refined->scratch = malloc(vxq_refine_scratch_size(&refined->refine));
	refined->query = malloc(vxq_refine_query_size(&refined->refine));
	for (int i = 0; i < count; i++)
	{
		VxFactors	factors = {refined->rows.add[i], refined->rows.scale[i], refined->rows.error[i]};

		vxq_refine_encode(&refined->refine, vectors + (size_t) i * parameters->dims,
						  refined->rows.codes + i * refined->rows.codec.code_bytes, &factors,
						  refined->scratch, refined->bytes + i * refined->refine.bytes);
	}
}

static void
release_rows(RefinedRows *refined)
{
	vxq_refine_release(&refined->refine, vxh_malloc_host());
	free(refined->bytes);
	free(refined->scratch);
	free(refined->query);
	fixture_release(&refined->rows);
}

/* estimates of both codes, and of the first alone, of all rows against one query */
static void
estimate_rows(RefinedRows *refined, const float *query, int count, float *results[4])
{
	CodedRows  *rows = &refined->rows;

	vxq_query_prepare(&rows->codec, query, VX_QUERY_SEARCH, rows->scratch, rows->query);
	vxq_refine_query_prepare(&refined->refine, query, refined->scratch, refined->query);
	vxq_estimate(rows->query, &rows->array, NULL, count, results[0], results[1]);
	for (int i = 0; i < count; i++)
	{
		results[2][i] = results[0][i];
		results[3][i] = results[1][i];
		vxq_refine_estimate(rows->query, refined->query, rows->add[i],
							refined->bytes + i * refined->refine.bytes, &results[2][i], &results[3][i]);
	}
}

static void
check_errors(VxMetric metric, int dims, const int bits[2], VectorKind kind)
{
	ErrorSums	first = {0, 0, 0, 0, 0};
	ErrorSums	both = {0, 0, 0, 0, 0};
	VxRandom	random;

	vxr_seed(&random, SEED + 1000 * dims + bits[0]);
	for (int round = 0; round < CODECS; round++)
	{
		float	   *vectors = fixture_vectors(kind, dims, ROWS + QUERIES, &random);
		float	   *mean = fixture_mean(metric, vectors, dims, ROWS);
		VxCodecParameters parameters = {metric, dims, bits[0], SEED + round, mean, 0.0f, 0.0f};
		RefinedRows refined;
		float		values[4][ROWS];
		float	   *results[4] = {values[0], values[1], values[2], values[3]};

		refine_rows(&refined, &parameters, bits[1], vectors, ROWS);
		for (int q = 0; q < QUERIES; q++)
		{
			const float *query = vectors + (size_t) (ROWS + q) * dims;

			estimate_rows(&refined, query, ROWS, results);
			for (int i = 0; i < ROWS; i++)
			{
				double		key = fixture_key(metric, query, vectors + (size_t) i * dims, dims);

				fixture_add_pair(&first, values[0][i], key, values[1][i]);
				fixture_add_pair(&both, values[2][i], key, values[3][i]);
			}
		}
		release_rows(&refined);
		free(vectors);
		free(mean);
	}
	ck_assert_msg(both.missed <= 0.003 * both.pairs + 3 * sqrt(0.003 * both.pairs),
				  "metric %d, %d dimensions, %d + %d bits: %ld of %ld outside the bound",
				  metric, dims, bits[0], bits[1], both.missed, both.pairs);
	/* two bits leave a third of what there was, and few pairs say so within some per cent */
	ck_assert_msg(both.square * 2.2 * 2.2 < first.square,
				  "metric %d, %d dimensions, %d + %d bits: errors only go from %g to %g", metric, dims,
				  bits[0], bits[1], sqrt(first.square / first.pairs), sqrt(both.square / both.pairs));
	ck_assert(both.bound < 0.6 * first.bound);
}

START_TEST(refined_estimates_keep_their_bounds)
{
	int			dims = dims_list[_i % DIMS_COUNT];
	const int  *bits = bits_list[_i / DIMS_COUNT];

	for (int kind = 0; kind < VECTORS_KINDS; kind++)
	{
		check_errors(VX_METRIC_L2, dims, bits, (VectorKind) kind);
		check_errors(VX_METRIC_IP, dims, bits, (VectorKind) kind);
		check_errors(VX_METRIC_COSINE, dims, bits, (VectorKind) kind);
	}
}
END_TEST

/* whatever the bytes hold, results are numbers and errors do not grow */
START_TEST(damaged_refine_codes_give_numbers)
{
	VxRandom	random;
	float	   *vectors;
	VxCodecParameters parameters = {VX_METRIC_L2, 100, 4, SEED, NULL, 0.0f, 0.0f};
	RefinedRows refined;
	float		values[4][ROWS];
	float	   *results[4] = {values[0], values[1], values[2], values[3]};

	vxr_seed(&random, SEED);
	vectors = fixture_vectors(VECTORS_GAUSSIAN, 100, ROWS, &random);
	refine_rows(&refined, &parameters, 4, vectors, ROWS);
	for (int trial = 0; trial < 200; trial++)
	{
		for (size_t i = 0; i < ROWS * refined.refine.bytes; i++)
			refined.bytes[i] = (uint8_t) vxr_uint64(&random);
		estimate_rows(&refined, vectors, ROWS, results);
		for (int i = 0; i < ROWS; i++)
		{
			ck_assert(!isnan(values[2][i]) && !isnan(values[3][i]));
			ck_assert(values[3][i] >= 0.0f && values[3][i] <= values[1][i]);
		}
	}
	release_rows(&refined);
	free(vectors);
}
END_TEST

/* the mean itself, and vectors too long or too short to be coded as they are */
START_TEST(odd_vectors_are_refined_or_left)
{
	float		odd[3][64];
	VxCodecParameters parameters = {VX_METRIC_L2, 64, 2, SEED, NULL, 0.0f, 0.0f};
	RefinedRows refined;
	float		values[4][3];
	float	   *results[4] = {values[0], values[1], values[2], values[3]};

	memset(odd, 0, sizeof(odd));
	odd[1][3] = 1e30f;
	odd[2][5] = 1e-38f;
	refine_rows(&refined, &parameters, 4, odd[0], 3);
	for (int q = 0; q < 3; q++)
	{
		estimate_rows(&refined, odd[q], 3, results);
		for (int i = 0; i < 3; i++)
			ck_assert(!isnan(values[2][i]) && !isnan(values[3][i]));
	}
	release_rows(&refined);
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("quantize_refine");
	TCase	   *tests = tcase_create("refine");
	SRunner    *runner = srunner_create(suite);
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, refined_estimates_keep_their_bounds, 0, DIMS_COUNT * BITS_COUNT);
	tcase_add_test(tests, damaged_refine_codes_give_numbers);
	tcase_add_test(tests, odd_vectors_are_refined_or_left);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
