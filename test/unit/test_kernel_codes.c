/*-------------------------------------------------------------------------
 *
 * test_kernel_codes.c
 *	  The code kernels of every instruction set that this CPU has: integer
 *	  results must be exact, and no byte outside the rows may be read.
 *
 * The float32 kernels are tested in test_kernels.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "guarded_buffer.h"
#include "kernels/kernels.h"
#include "kernels/reference.h"

#define SEED 20240613
#define MAX_BYTES 4100
#define MAX_ROWS 9
#define PLANES 4

#ifdef VX_TEST_SLOW_BUILD
#define EVERY_LENGTH 200
#define LENGTH_STEP 331
#else
#define EVERY_LENGTH 1100
#define LENGTH_STEP 13
#endif

typedef enum CodeData
{
	CODES_RANDOM,
	CODES_ALL_HIGH,				/* 255 against 127: sums of two products saturate 16 bits */
	CODES_ALL_LOW,				/* 255 against -128 */
	CODES_ALTERNATING,			/* 255 against 127 and -128 in turn */
	CODES_ZERO,
	CODES_SETS
} CodeData;

static VxGuardedBuffer codes;
static VxGuardedBuffer query;
static VxGuardedBuffer results;

static void
call_kernel(const VxKernels *kernels, VxReferenceCode kind, const VxCodeRows *rows,
			const uint8_t *q, int32_t *out)
{
	if (kind == VX_REFERENCE_U8)
		kernels->dot_u8_i8(rows, (const int8_t *) q, out);
	else if (kind == VX_REFERENCE_U4)
		kernels->dot_u4_i8(rows, (const int8_t *) q, out);
	else if (kind == VX_REFERENCE_U2)
		kernels->dot_u2_i8(rows, (const int8_t *) q, out);
	else
		kernels->l1_u8(rows, q, out);
}

static size_t
query_bytes(VxReferenceCode kind, size_t n)
{
	return kind == VX_REFERENCE_U2 ? 4 * n : kind == VX_REFERENCE_U4 ? 2 * n : n;
}

static void
fill(CodeData set)
{
	VxRandom	random;
	uint8_t    *p;

	vxr_seed(&random, SEED + set);
	for (p = codes.start; p < codes.end; p++)
		*p = set == CODES_RANDOM ? (uint8_t) vxr_uint64(&random) : set == CODES_ZERO ? 0 : 255;
	for (p = query.start; p < query.end; p++)
	{
		*p = set == CODES_ALL_HIGH ? 127 : set == CODES_ALL_LOW ? 128 : (uint8_t) vxr_uint64(&random);
		if (set == CODES_ALTERNATING)
			*p = (query.end - p) % 2 ? 127 : 128;
	}
}

/* All four kernels on rows whose end, and whose query's end, is guarded. */
static void
check_rows(const VxKernels *kernels, VxCodeRows *rows)
{
	int			kind;

	for (kind = VX_REFERENCE_U8; kind <= VX_REFERENCE_L1_U8; kind++)
	{
		const uint8_t *q = query.end - query_bytes((VxReferenceCode) kind, rows->bytes);
		int32_t    *out = (int32_t *) results.end - rows->count;
		int64_t		expected[MAX_ROWS];
		size_t		i;

		memset(out, 0xa5, rows->count * sizeof(int32_t));
		call_kernel(kernels, (VxReferenceCode) kind, rows, q, out);
		vxk_reference_codes((VxReferenceCode) kind, rows, q, expected);
		for (i = 0; i < rows->count; i++)
			ck_assert_msg(out[i] == expected[i],
						  "%s kind %d, %zu rows of %zu bytes, row %zu: %d instead of %lld",
						  kernels->name, kind, rows->count, rows->bytes, i, out[i],
						  (long long) expected[i]);
	}
}

/* Rows back to back, the last one ending at the forbidden page. */
static void
check_packed(const VxKernels *kernels, size_t n, size_t count)
{
	VxCodeRows	rows = {NULL, n, NULL, count, n, count % 2 == 0};

	rows.codes = codes.end - n * count;
	check_rows(kernels, &rows);
}

START_TEST(test_code_lengths)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		t;
	size_t		n;

	fill((CodeData) _i);
	for (t = 0; t < count; t++)
	{
		for (n = 0; n <= MAX_BYTES; n += n < EVERY_LENGTH ? 1 : LENGTH_STEP)
			check_packed(tables[t], n, n % 2 ? 5 : 4);
		check_packed(tables[t], MAX_BYTES, 5);
	}
}
END_TEST

START_TEST(test_code_counts)
{
	const VxKernels *const *tables;
	size_t		available = vxk_available(&tables);
	size_t		t;
	size_t		n;
	size_t		count;

	fill(CODES_RANDOM);
	for (t = 0; t < available; t++)
		for (n = 1; n <= 140; n += 3)
			for (count = 0; count <= MAX_ROWS; count++)
				check_packed(tables[t], n, count);
}
END_TEST

/*
 * Rows by number, in any order and repeated, with gaps between them: results
 * come in the order of the numbers.  The first row begins and the last one ends
 * at a forbidden page.
 */
START_TEST(test_code_ids)
{
	static const size_t lengths[] = {1, 7, 16, 31, 32, 33, 48, 63, 64, 65, 96, 127, 192, 200, 385};
	const VxKernels *const *tables;
	size_t		available = vxk_available(&tables);
	uint32_t	ids[MAX_ROWS];
	VxRandom	random;
	size_t		t;
	size_t		l;
	size_t		i;

	fill(CODES_RANDOM);
	vxr_seed(&random, SEED);
	for (t = 0; t < available; t++)
	{
		for (l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
		{
			size_t		n = lengths[l];
			size_t		stride = n + vxr_below(&random, 70);
			size_t		last = (size_t) (codes.end - codes.start - n) / stride;
			VxCodeRows	rows = {codes.start, stride, ids, MAX_ROWS, n, false};

			for (i = 0; i < MAX_ROWS; i++)
				ids[i] = (uint32_t) vxr_below(&random, last + 1);
			ids[3] = 0;
			ids[5] = ids[3];
			check_rows(tables[t], &rows);
			for (i = 0; i < MAX_ROWS; i++)
				ids[i] = (uint32_t) (i % 2 ? last : 0);
			rows.codes = codes.end - n - last * stride;
			check_rows(tables[t], &rows);
		}
	}
}
END_TEST

/* Every byte offset of the rows within a cache line. */
START_TEST(test_code_alignment)
{
	static const size_t lengths[] = {5, 24, 32, 61, 64, 100, 129, 192};
	const VxKernels *const *tables;
	size_t		available = vxk_available(&tables);
	size_t		t;
	size_t		l;
	size_t		offset;

	fill(CODES_RANDOM);
	for (t = 0; t < available; t++)
		for (l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			for (offset = 0; offset < 64; offset++)
			{
				VxCodeRows	rows = {codes.start + offset, lengths[l] + offset, NULL, 5, lengths[l], true};

				check_rows(tables[t], &rows);
			}
}
END_TEST

/* The longest rows with the largest sums: nothing may wrap on the way. */
START_TEST(test_code_longest)
{
	const VxKernels *const *tables;
	size_t		available = vxk_available(&tables);
	size_t		t;

	fill((CodeData) _i);
	for (t = 0; t < available; t++)
		check_packed(tables[t], VXK_MAX_CODE_BYTES, 1);
}
END_TEST

static void
setup(void)
{
	guarded_buffer_init(&codes, MAX_ROWS * MAX_BYTES);
	guarded_buffer_init(&query, PLANES * VXK_MAX_CODE_BYTES);
	guarded_buffer_init(&results, MAX_ROWS * sizeof(int32_t));
}

static void
teardown(void)
{
	guarded_buffer_free(&codes);
	guarded_buffer_free(&query);
	guarded_buffer_free(&results);
}

static Suite *
codes_suite(void)
{
	Suite	   *suite = suite_create("code kernels");
	TCase	   *tcase = tcase_create("codes");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_code_lengths, 0, CODES_SETS);
	tcase_add_test(tcase, test_code_counts);
	tcase_add_test(tcase, test_code_ids);
	tcase_add_test(tcase, test_code_alignment);
	tcase_add_loop_test(tcase, test_code_longest, 0, CODES_SETS);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner    *runner = srunner_create(codes_suite());
	int			failed;

	printf("seed %d\n", SEED);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
