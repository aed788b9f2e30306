/*-------------------------------------------------------------------------
 *
 * test_quantize_rotation.c
 *	  The rotation is orthogonal, spreads what is concentrated, is the same
 *	  for every vector width and never changes for a seed.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize/codec_internal.h"
#include "quantize_fixture.h"

#define SEED 11
#define MOST 16384

static const int dims_list[] = {17, 64, 100, 128, 192, 384, 640, 768, 1536, 2000, 4097, MOST};

#define DIMS_COUNT ((int) (sizeof(dims_list) / sizeof(dims_list[0])))

static float a[MOST];
static float b[MOST];
static float rotated_a[MOST];
static float rotated_b[MOST];

static void
init_codec(VxCodec *codec, int dims, uint64_t seed)
{
	VxCodecParameters parameters = {VX_METRIC_L2, dims, 4, seed, NULL, 0.0f, 0.0f};

	vxq_codec_init(codec, &parameters, vxh_malloc_host());
	ck_assert_int_eq(codec->kind, VX_CODE_LATTICE);
	ck_assert_int_eq(codec->padded_dims % 64, 0);
	ck_assert(codec->padded_dims >= dims && codec->padded_dims < dims + 64);
}

static double
dot(const float *x, const float *y, int n)
{
	double		sum = 0;
	int			j;

	for (j = 0; j < n; j++)
		sum += (double) x[j] * y[j];
	return sum;
}

START_TEST(preserves_norms_and_products)
{
	int			dims = dims_list[_i];
	VxRandom	random;
	VxCodec		codec;
	const VxVectorOperations *sets[3];
	size_t		count = vxq_operations_available(sets);
	size_t		s;
	int			j;

	init_codec(&codec, dims, SEED);
	vxr_seed(&random, SEED);
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	for (j = 0; j < dims; j++)
	{
		a[j] = (float) vxr_normal(&random);
		b[j] = 0.5f * a[j] + (float) vxr_normal(&random);
	}
	for (s = 0; s < count; s++)
	{
		double		scale = sqrt(dot(a, a, dims) * dot(b, b, dims));

		codec.operations = sets[s];
		memcpy(rotated_a, a, sizeof(a));
		memcpy(rotated_b, b, sizeof(b));
		vxq_rotate(&codec, rotated_a);
		vxq_rotate(&codec, rotated_b);
		ck_assert_double_eq_tol(dot(rotated_a, rotated_a, codec.padded_dims) / dot(a, a, dims), 1.0, 1e-5);
		ck_assert_double_eq_tol(dot(rotated_b, rotated_b, codec.padded_dims) / dot(b, b, dims), 1.0, 1e-5);
		ck_assert_double_eq_tol(dot(rotated_a, rotated_b, codec.padded_dims) / scale, dot(a, b, dims) / scale, 1e-5);
	}
	vxq_codec_release(&codec, vxh_malloc_host());
}
END_TEST

START_TEST(inverse_restores)
{
	int			dims = dims_list[_i];
	VxRandom	random;
	VxCodec		codec;
	int			j;

	init_codec(&codec, dims, SEED);
	vxr_seed(&random, SEED);
	memset(a, 0, sizeof(a));
	for (j = 0; j < dims; j++)
		a[j] = (float) vxr_normal(&random);
	memcpy(rotated_a, a, sizeof(a));
	vxq_rotate(&codec, rotated_a);
	vxq_rotate_back(&codec, rotated_a);
	for (j = 0; j < codec.padded_dims; j++)
		ck_assert_float_eq_tol(rotated_a[j], a[j], 1e-5f);
	vxq_codec_release(&codec, vxh_malloc_host());
}
END_TEST

START_TEST(widths_agree)
{
	int			dims = dims_list[_i];
	VxRandom	random;
	VxCodec		codec;
	const VxVectorOperations *sets[3];
	size_t		count = vxq_operations_available(sets);
	size_t		s;
	int			j;

	init_codec(&codec, dims, SEED);
	vxr_seed(&random, SEED);
	memset(a, 0, sizeof(a));
	for (j = 0; j < dims; j++)
		a[j] = (float) vxr_normal(&random);
	memcpy(rotated_a, a, sizeof(a));
	codec.operations = sets[0];
	vxq_rotate(&codec, rotated_a);
	for (s = 1; s < count; s++)
	{
		memcpy(rotated_b, a, sizeof(a));
		codec.operations = sets[s];
		vxq_rotate(&codec, rotated_b);
		for (j = 0; j < codec.padded_dims; j++)
			ck_assert_float_eq_tol(rotated_b[j], rotated_a[j], 1e-4f);
	}
	vxq_codec_release(&codec, vxh_malloc_host());
}
END_TEST

/*
 * A vector with all its length in one coordinate, or evenly in all of them,
 * must come out like a Gaussian one: no coordinate above 6 standard
 * deviations, the fourth moment near 3.
 */
START_TEST(spreads_concentrated_vectors)
{
	int			dims = dims_list[_i];
	double		fourth[2] = {0, 0};
	int			trials = 50;
	int			trial;
	int			j;

	for (trial = 0; trial < trials; trial++)
	{
		VxCodec		codec;
		int			n;

		init_codec(&codec, dims, SEED + trial);
		n = codec.padded_dims;
		memset(a, 0, sizeof(a));
		memset(b, 0, sizeof(b));
		a[trial * (dims - 1) / (trials - 1)] = 1.0f;
		for (j = 0; j < dims; j++)
			b[j] = 1.0f / sqrtf((float) dims);
		vxq_rotate(&codec, a);
		vxq_rotate(&codec, b);
		for (j = 0; j < n; j++)
		{
			double		x = a[j] * sqrt((double) n);
			double		y = b[j] * sqrt((double) n);

			ck_assert(fabs(x) < 6.0 && fabs(y) < 6.0);
			fourth[0] += x * x * x * x / n / trials;
			fourth[1] += y * y * y * y / n / trials;
		}
		vxq_codec_release(&codec, vxh_malloc_host());
	}
	/* uniform on the sphere: 3 n / (n + 2), 2.9 for 64 dimensions */
	ck_assert_double_eq_tol(fourth[0], 2.95, 0.3);
	ck_assert_double_eq_tol(fourth[1], 2.95, 0.3);
}
END_TEST

/* FNV-1a over the signs: what the seed in an index file stands for */
START_TEST(signs_of_a_seed_never_change)
{
	VxCodec		codec;
	uint64_t	hash = UINT64_C(0xcbf29ce484222325);
	int			j;

	init_codec(&codec, 768, 42);
	for (j = 0; j < VXQ_ROTATION_ROUNDS * 768; j++)
		hash = (hash ^ (codec.signs[j] < 0)) * UINT64_C(0x100000001b3);
	ck_assert_uint_eq(hash, UINT64_C(7598945005354907954));
	vxq_codec_release(&codec, vxh_malloc_host());
}
END_TEST

START_TEST(seeds_differ)
{
	VxCodec		codecs[2];

	init_codec(&codecs[0], 128, 1);
	init_codec(&codecs[1], 128, 2);
	ck_assert(memcmp(codecs[0].signs, codecs[1].signs, sizeof(float) * 128) != 0);
	vxq_codec_release(&codecs[0], vxh_malloc_host());
	vxq_codec_release(&codecs[1], vxh_malloc_host());
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("quantize: rotation");
	TCase	   *tcase = tcase_create("rotation");
	SRunner    *runner;
	int			failed;

	vxk_init();
	printf("seed %d, kernels %s\n", SEED, vxk->name);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, preserves_norms_and_products, 0, DIMS_COUNT);
	tcase_add_loop_test(tcase, inverse_restores, 0, DIMS_COUNT);
	tcase_add_loop_test(tcase, widths_agree, 0, DIMS_COUNT);
	tcase_add_loop_test(tcase, spreads_concentrated_vectors, 0, DIMS_COUNT);
	tcase_add_test(tcase, signs_of_a_seed_never_change);
	tcase_add_test(tcase, seeds_differ);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
