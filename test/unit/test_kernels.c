/*-------------------------------------------------------------------------
 *
 * test_kernels.c
 *	  The choice of kernels, and the float32 kernels of every instruction set
 *	  that this CPU has against the double-precision oracle.
 *
 * The code kernels are tested in test_kernel_codes.c.  The bounds checked here
 * are those of src/kernels/README.md.
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
#include "guarded_buffer.h"
#include "kernels/kernels.h"
#include "kernels/reference.h"

#define SEED 20240612
#define MAX_DIMS 4100

/* An emulator gets every length up to here and then one in so many. */
#ifdef VX_TEST_SLOW_BUILD
#define DENSE_LENGTHS 300
#define LENGTH_STEP 37
#else
#define DENSE_LENGTHS MAX_DIMS
#define LENGTH_STEP 1
#endif

typedef enum DataSet
{
	DATA_UNIFORM,				/* -1 .. 1 */
	DATA_WIDE,					/* mixed signs, 2^-20 .. 2^20 */
	DATA_INTEGERS,				/* -8 .. 8: every sum is exact */
	DATA_SUBNORMAL,
	DATA_NEARLY_EQUAL,			/* b = a but for the last bit of some */
	DATA_LARGE,					/* sums pass FLT_MAX after some elements */
	DATA_HUGE,					/* every product overflows */
	DATA_ZERO,
	DATA_SETS
} DataSet;

static VxGuardedBuffer buffer_a;
static VxGuardedBuffer buffer_b;
static VxReference reference[5][MAX_DIMS + 1];

/* rows of `reference` */
enum
{
	L2SQ,
	DOT,
	L1,
	NORM_A,
	NORM_B
};

static float
random_value(VxRandom *random, DataSet set)
{
	double		uniform = 2.0 * vxr_double(random) - 1.0;
	double		sign = uniform < 0.0 ? -1.0 : 1.0;

	switch (set)
	{
		case DATA_WIDE:
			return (float) ldexp(uniform, (int) vxr_below(random, 41) - 20);
		case DATA_INTEGERS:
			return (float) ((int) vxr_below(random, 17) - 8);
		case DATA_SUBNORMAL:
			return (float) (uniform * FLT_MIN);
		case DATA_LARGE:
			return (float) (uniform * 1e19);
		case DATA_HUGE:
			return (float) (sign * (0.5 + 0.5 * fabs(uniform)) * FLT_MAX);
		case DATA_ZERO:
			return sign < 0.0 ? -0.0f : 0.0f;
		default:
			return (float) uniform;
	}
}

/* Fill both buffers against their end and compute all reference sums. */
static void
prepare(DataSet set)
{
	float	   *a = (float *) buffer_a.end - MAX_DIMS;
	float	   *b = (float *) buffer_b.end - MAX_DIMS;
	VxRandom	random;
	int			i;

	vxr_seed(&random, SEED + set);
	for (i = 0; i < MAX_DIMS; i++)
	{
		a[i] = random_value(&random, set);
		b[i] = random_value(&random, set);
		if (set == DATA_NEARLY_EQUAL)
			b[i] = vxr_below(&random, 2) ? a[i] : nextafterf(a[i], 2.0f);
	}
	vxk_reference_suffixes(VX_REFERENCE_L2SQ, a, b, MAX_DIMS, reference[L2SQ]);
	vxk_reference_suffixes(VX_REFERENCE_DOT, a, b, MAX_DIMS, reference[DOT]);
	vxk_reference_suffixes(VX_REFERENCE_L1, a, b, MAX_DIMS, reference[L1]);
	vxk_reference_suffixes(VX_REFERENCE_DOT, a, a, MAX_DIMS, reference[NORM_A]);
	vxk_reference_suffixes(VX_REFERENCE_DOT, b, b, MAX_DIMS, reference[NORM_B]);
}

/*
 * The bound of the numeric contract.  A term is rounded at most n / lanes + 8
 * times relative to the sum of magnitudes; where products underflow each
 * rounding may lose half of the least subnormal instead.
 */
static double
error_bound(const VxKernels *kernels, size_t n, double magnitude)
{
	double		roundings = (double) n / kernels->lanes + 8.0;

	return roundings * FLT_EPSILON / 2 * magnitude + (n + 8.0) * 0x1p-150;
}

/*
 * Check one float result.  Where the magnitudes add up to more than a float
 * holds, a sum of non-negative terms must be infinite; a dot product there may
 * be anything.
 */
static void
check_float(const VxKernels *kernels, const char *what, size_t n, float got, VxReference expected)
{
	double		bound = error_bound(kernels, n, expected.magnitude);

	if (expected.magnitude + bound < FLT_MAX)
		ck_assert_msg(fabs((double) got - expected.value) <= bound,
					  "%s %s, n = %zu: %.9g instead of %.17g, bound %g",
					  kernels->name, what, n, got, expected.value, bound);
	else if (expected.value == expected.magnitude && expected.value - bound > FLT_MAX)
		ck_assert_msg(isinf(got) && got > 0,
					  "%s %s, n = %zu: %.9g instead of infinity", kernels->name, what, n, got);
}

static void
check_norm2(const VxKernels *kernels, size_t n, double got, VxReference expected)
{
	double		bound = ((double) n / kernels->lanes + 12.0) * DBL_EPSILON / 2 * expected.magnitude;

	ck_assert_msg(fabs(got - expected.value) <= bound,
				  "%s norm2_f32, n = %zu: %.17g instead of %.17g",
				  kernels->name, n, got, expected.value);
}

/* All float32 kernels on the last n elements of both buffers. */
static void
check_length(const VxKernels *kernels, size_t n)
{
	const float *a = (const float *) buffer_a.end - n;
	const float *b = (const float *) buffer_b.end - n;
	float		dot = kernels->dot_f32(a, b, n);
	VxCosineParts parts;

	check_float(kernels, "l2sq_f32", n, kernels->l2sq_f32(a, b, n), reference[L2SQ][n]);
	check_float(kernels, "dot_f32", n, dot, reference[DOT][n]);
	check_float(kernels, "l1_f32", n, kernels->l1_f32(a, b, n), reference[L1][n]);
	kernels->cosine_f32(a, b, n, &parts);
	ck_assert_msg(memcmp(&parts.dot, &dot, sizeof(dot)) == 0,
				  "%s, n = %zu: cosine_f32 and dot_f32 differ", kernels->name, n);
	check_float(kernels, "cosine_f32 norm a", n, parts.norm_a, reference[NORM_A][n]);
	check_float(kernels, "cosine_f32 norm b", n, parts.norm_b, reference[NORM_B][n]);
	check_norm2(kernels, n, kernels->norm2_f32(a, n), reference[NORM_A][n]);
}

START_TEST(test_dense_lengths)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		t;
	size_t		n;

	prepare((DataSet) _i);
	for (t = 0; t < count; t++)
	{
		for (n = 0; n <= DENSE_LENGTHS; n++)
			check_length(tables[t], n);
		for (; n <= MAX_DIMS; n += LENGTH_STEP)
			check_length(tables[t], n);
		check_length(tables[t], MAX_DIMS);
	}
}
END_TEST

/* Where every partial sum is a small integer nothing may be lost at all. */
START_TEST(test_dense_exact_integers)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		t;
	size_t		n;

	prepare(DATA_INTEGERS);
	for (t = 0; t < count; t++)
	{
		for (n = 0; n <= MAX_DIMS; n += n < 600 ? 1 : 61)
		{
			const float *a = (const float *) buffer_a.end - n;
			const float *b = (const float *) buffer_b.end - n;

			ck_assert_float_eq(tables[t]->l2sq_f32(a, b, n), (float) reference[L2SQ][n].value);
			ck_assert_float_eq(tables[t]->dot_f32(a, b, n), (float) reference[DOT][n].value);
			ck_assert_float_eq(tables[t]->l1_f32(a, b, n), (float) reference[L1][n].value);
			ck_assert_double_eq(tables[t]->norm2_f32(a, n), reference[NORM_A][n].value);
		}
	}
}
END_TEST

/* The five results of the dense kernels on one pair of vectors, as bytes. */
typedef struct DenseResults
{
	float		l2sq;
	float		dot;
	float		l1;
	VxCosineParts parts;
	double		norm2;
} DenseResults;

static void
dense_results(const VxKernels *kernels, const uint8_t *a, const uint8_t *b, size_t n, DenseResults *results)
{
	memset(results, 0, sizeof(*results));
	results->l2sq = kernels->l2sq_f32((const float *) (const void *) a, (const float *) (const void *) b, n);
	results->dot = kernels->dot_f32((const float *) (const void *) a, (const float *) (const void *) b, n);
	results->l1 = kernels->l1_f32((const float *) (const void *) a, (const float *) (const void *) b, n);
	kernels->cosine_f32((const float *) (const void *) a, (const float *) (const void *) b, n, &results->parts);
	results->norm2 = kernels->norm2_f32((const float *) (const void *) a, n);
}

/*
 * The same numbers at any address give the same bits: every byte offset within
 * a cache line for both vectors, and placed right behind a forbidden page.
 */
START_TEST(test_dense_alignment)
{
	static const size_t lengths[] = {1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 200, 511};
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		t;
	size_t		l;
	size_t		offset;

	prepare(DATA_WIDE);
	for (t = 0; t < count; t++)
	{
		for (l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
		{
			size_t		n = lengths[l];
			size_t		bytes = n * sizeof(float);
			DenseResults expected;
			DenseResults got;

			dense_results(tables[t], buffer_a.end - bytes, buffer_b.end - bytes, n, &expected);
			for (offset = 0; offset < 64; offset++)
			{
				size_t		other = (offset * 7 + 3 * (n % 2)) % 64;

				memcpy(buffer_a.start + offset, buffer_a.end - bytes, bytes);
				memcpy(buffer_b.start + other, buffer_b.end - bytes, bytes);
				dense_results(tables[t], buffer_a.start + offset, buffer_b.start + other, n, &got);
				ck_assert_msg(memcmp(&got, &expected, sizeof(got)) == 0,
							  "%s, n = %zu: results differ at offsets %zu and %zu",
							  tables[t]->name, n, offset, other);
			}
		}
	}
}
END_TEST

/* One NaN or infinity anywhere must show in every sum that it enters. */
START_TEST(test_dense_not_finite)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		n = 203;
	float	   *a = (float *) buffer_a.end - n;
	float	   *b = (float *) buffer_b.end - n;
	size_t		t;
	size_t		i;

	for (t = 0; t < count; t++)
	{
		prepare(DATA_UNIFORM);
		for (i = 0; i < n; i++)
		{
			float		saved = a[i];
			VxCosineParts parts;

			a[i] = NAN;
			tables[t]->cosine_f32(a, b, n, &parts);
			ck_assert(isnan(tables[t]->l2sq_f32(a, b, n)));
			ck_assert(isnan(tables[t]->dot_f32(b, a, n)));
			ck_assert(isnan(tables[t]->l1_f32(b, a, n)));
			ck_assert(isnan(parts.dot) && isnan(parts.norm_a) && !isnan(parts.norm_b));
			ck_assert(isnan(tables[t]->norm2_f32(a, n)));
			a[i] = -INFINITY;
			ck_assert(isinf(tables[t]->l2sq_f32(a, b, n)));
			ck_assert(isinf(tables[t]->l1_f32(a, b, n)));
			ck_assert(isinf(tables[t]->norm2_f32(a, n)));
			a[i] = saved;
		}
	}
}
END_TEST

/* A squared norm of huge values must not overflow on its way to double. */
START_TEST(test_norm2_range)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		t;

	prepare(DATA_HUGE);
	for (t = 0; t < count; t++)
	{
		double		norm2 = tables[t]->norm2_f32((const float *) buffer_a.end - MAX_DIMS, MAX_DIMS);

		ck_assert(isfinite(norm2) && norm2 > FLT_MAX);
	}
}
END_TEST

START_TEST(test_selection)
{
	const VxKernels *const *tables;
	const VxKernels *before;
	size_t		count = vxk_available(&tables);
	size_t		t;
	size_t		u;

	ck_assert_uint_ge(count, 1);
	ck_assert_str_eq(tables[0]->name, "scalar");
	ck_assert_ptr_eq(vxk, tables[0]);
	vxk_init();
	ck_assert_ptr_eq(vxk, tables[count - 1]);
	for (t = 0; t < count; t++)
	{
		ck_assert(vxk_select(tables[t]->name));
		ck_assert_ptr_eq(vxk, tables[t]);
		for (u = 0; u < t; u++)
			ck_assert(strcmp(tables[t]->name, tables[u]->name) != 0);
	}
	vxk_select("scalar");
	before = vxk;
	ck_assert(!vxk_select("mmx"));
	ck_assert(!vxk_select(""));
	ck_assert(!vxk_select("Scalar"));
	ck_assert_ptr_eq(vxk, before);
	ck_assert(vxk_select("auto"));
	ck_assert_ptr_eq(vxk, tables[count - 1]);
}
END_TEST

/* The baseline of an architecture is there whatever the CPU. */
START_TEST(test_baseline)
{
#if defined(__x86_64__)
	ck_assert(vxk_select("sse2"));
	ck_assert(!vxk_select("neon"));
#elif defined(__aarch64__)
	ck_assert(vxk_select("neon"));
	ck_assert(!vxk_select("sse2"));
#endif
	ck_assert(vxk_select("scalar"));
}
END_TEST

static void
setup(void)
{
	guarded_buffer_init(&buffer_a, MAX_DIMS * sizeof(float));
	guarded_buffer_init(&buffer_b, MAX_DIMS * sizeof(float));
}

static void
teardown(void)
{
	guarded_buffer_free(&buffer_a);
	guarded_buffer_free(&buffer_b);
}

static Suite *
kernels_suite(void)
{
	Suite	   *suite = suite_create("kernels");
	TCase	   *dense = tcase_create("dense");
	TCase	   *dispatch = tcase_create("dispatch");

	tcase_set_timeout(dense, 120);
	tcase_add_checked_fixture(dense, setup, teardown);
	tcase_add_loop_test(dense, test_dense_lengths, 0, DATA_SETS);
	tcase_add_test(dense, test_dense_exact_integers);
	tcase_add_test(dense, test_dense_alignment);
	tcase_add_test(dense, test_dense_not_finite);
	tcase_add_test(dense, test_norm2_range);
	suite_add_tcase(suite, dense);
	tcase_add_test(dispatch, test_selection);
	tcase_add_test(dispatch, test_baseline);
	suite_add_tcase(suite, dispatch);
	return suite;
}

int
main(void)
{
	SRunner    *runner = srunner_create(kernels_suite());
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	int			failed;
	size_t		t;

	printf("seed %d, instruction sets:", SEED);
	for (t = 0; t < count; t++)
		printf(" %s", tables[t]->name);
	printf("\n");
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
