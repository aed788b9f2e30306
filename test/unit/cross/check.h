/*-------------------------------------------------------------------------
 *
 * check.h
 *		A stand-in for the Check library, for tests on foreign machines.
 *
 * Debian carries Check for the machine's own architecture only.  This
 * header offers the part of its interface that the unit tests use, so that
 * the same test files can be cross-compiled and run under an emulator.  It
 * does not fork: the first failed assertion of a test ends that test by
 * longjmp, a crash ends the program.
 *
 * See test/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CROSS_CHECK_H
#define VX_CROSS_CHECK_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
	VX_CROSS_MAX_TESTS = 256
};

enum print_output
{
	CK_SILENT, CK_MINIMAL, CK_NORMAL, CK_VERBOSE, CK_ENV
};

typedef void (*SFun) (void);

/* A test function with the range of its loop variable. */
typedef struct TTest
{
	const char *name;
	void		(*function) (int index);
} TTest;

typedef struct TCase
{
	const TTest *tests[VX_CROSS_MAX_TESTS];
	int			first[VX_CROSS_MAX_TESTS];
	int			end[VX_CROSS_MAX_TESTS];
	int			count;
	SFun		setup;
	SFun		teardown;
} TCase;

/* A suite and its runner are one here: nobody makes two suites a program. */
typedef struct Suite
{
	const char *name;
	TCase	   *cases[VX_CROSS_MAX_TESTS];
	int			count;
	int			failed;
} Suite;
typedef Suite SRunner;

static jmp_buf vx_cross_escape;

#define START_TEST(test) \
	static void test##_function(int _i __attribute__((unused))); \
	static const TTest test##_test = {#test, test##_function}; \
	static const TTest *test = &test##_test; \
	static void test##_function(int _i __attribute__((unused))) {
#define END_TEST }

#define ck_abort_msg(...) \
	do { \
		printf("%s:%d: ", __FILE__, __LINE__); \
		printf("" __VA_ARGS__); \
		printf("\n"); \
		longjmp(vx_cross_escape, 1); \
	} while (0)
#define ck_abort() ck_abort_msg("aborted")
#define ck_assert_msg(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)
#define ck_assert(condition) \
	ck_assert_msg(condition, "assertion failed: %s", #condition)

#define vx_cross_compare(type, format, a, op, b) \
	do { \
		type		_a = (a); \
		type		_b = (b); \
		ck_assert_msg(_a op _b, "assertion failed: %s %s %s: " format " against " format, \
					  #a, #op, #b, _a, _b); \
	} while (0)

#define ck_assert_int_eq(a, b) vx_cross_compare(intmax_t, "%jd", a, ==, b)
#define ck_assert_int_ne(a, b) vx_cross_compare(intmax_t, "%jd", a, !=, b)
#define ck_assert_int_lt(a, b) vx_cross_compare(intmax_t, "%jd", a, <, b)
#define ck_assert_int_le(a, b) vx_cross_compare(intmax_t, "%jd", a, <=, b)
#define ck_assert_int_gt(a, b) vx_cross_compare(intmax_t, "%jd", a, >, b)
#define ck_assert_int_ge(a, b) vx_cross_compare(intmax_t, "%jd", a, >=, b)
#define ck_assert_uint_eq(a, b) vx_cross_compare(uintmax_t, "%ju", a, ==, b)
#define ck_assert_uint_ne(a, b) vx_cross_compare(uintmax_t, "%ju", a, !=, b)
#define ck_assert_uint_lt(a, b) vx_cross_compare(uintmax_t, "%ju", a, <, b)
#define ck_assert_uint_le(a, b) vx_cross_compare(uintmax_t, "%ju", a, <=, b)
#define ck_assert_uint_gt(a, b) vx_cross_compare(uintmax_t, "%ju", a, >, b)
#define ck_assert_uint_ge(a, b) vx_cross_compare(uintmax_t, "%ju", a, >=, b)
#define ck_assert_float_eq(a, b) vx_cross_compare(float, "%.9g", a, ==, b)
#define ck_assert_float_le(a, b) vx_cross_compare(float, "%.9g", a, <=, b)
#define ck_assert_float_lt(a, b) vx_cross_compare(float, "%.9g", a, <, b)
#define ck_assert_float_ge(a, b) vx_cross_compare(float, "%.9g", a, >=, b)
#define ck_assert_double_eq(a, b) vx_cross_compare(double, "%.17g", a, ==, b)
#define ck_assert_double_le(a, b) vx_cross_compare(double, "%.17g", a, <=, b)
#define ck_assert_double_lt(a, b) vx_cross_compare(double, "%.17g", a, <, b)
#define ck_assert_double_ge(a, b) vx_cross_compare(double, "%.17g", a, >=, b)
#define ck_assert_double_eq_tol(a, b, t) \
	vx_cross_compare(double, "%.17g", __builtin_fabs((double) (a) - (double) (b)), <=, t)
#define ck_assert_float_eq_tol(a, b, t) ck_assert_double_eq_tol(a, b, t)
#define ck_assert_ptr_eq(a, b) vx_cross_compare(const void *, "%p", a, ==, b)
#define ck_assert_ptr_ne(a, b) vx_cross_compare(const void *, "%p", a, !=, b)
#define ck_assert_ptr_null(a) ck_assert((a) == NULL)
#define ck_assert_ptr_nonnull(a) ck_assert((a) != NULL)
#define ck_assert_str_eq(a, b) \
	ck_assert_msg(strcmp(a, b) == 0, "\"%s\" is not \"%s\"", a, b)
#define ck_assert_mem_eq(a, b, n) ck_assert(memcmp(a, b, n) == 0)

#define tcase_add_test(tcase, test) tcase_add_loop_test(tcase, test, 0, 1)
#define tcase_add_loop_test(tcase, test, from, to) \
	vx_cross_add(tcase, test, from, to)

static inline Suite *
suite_create(const char *name)
{
	Suite	   *suite = calloc(1, sizeof(Suite));

	suite->name = name;
	return suite;
}

static inline TCase *
tcase_create(const char *name)
{
	(void) name;
	return calloc(1, sizeof(TCase));
}

static inline void
vx_cross_add(TCase *tcase, const TTest *test, int first, int end)
{
	if (tcase->count >= VX_CROSS_MAX_TESTS)
		abort();
	tcase->tests[tcase->count] = test;
	tcase->first[tcase->count] = first;
	tcase->end[tcase->count++] = end;
}

static inline void
suite_add_tcase(Suite *suite, TCase *tcase)
{
	if (suite->count >= VX_CROSS_MAX_TESTS)
		abort();
	suite->cases[suite->count++] = tcase;
}

/* An emulator is slow, so time limits do not apply. */
static inline void
tcase_set_timeout(TCase *tcase, double seconds)
{
	(void) tcase;
	(void) seconds;
}

/* Checked and unchecked fixtures are the same where nothing forks. */
static inline void
tcase_add_checked_fixture(TCase *tcase, SFun setup, SFun teardown)
{
	tcase->setup = setup;
	tcase->teardown = teardown;
}

#define tcase_add_unchecked_fixture(tcase, setup, teardown) \
	tcase_add_checked_fixture(tcase, setup, teardown)

static inline SRunner *
srunner_create(Suite *suite)
{
	return suite;
}

#define srunner_set_fork_status(runner, status) ((void) (runner))

/* Runs one test function once; returns 1 if an assertion failed. */
static inline int
vx_cross_run_one(TCase *tcase, int test, int index)
{
	volatile int failed = 0;

	if (tcase->setup)
		tcase->setup();
	if (setjmp(vx_cross_escape) == 0)
		tcase->tests[test]->function(index);
	else
	{
		printf("failed: %s(%d)\n", tcase->tests[test]->name, index);
		failed = 1;
	}
	if (tcase->teardown)
		tcase->teardown();
	return failed;
}

/* Runs everything and prints the closing line in Check's own form. */
static inline void
srunner_run_all(SRunner *runner, enum print_output mode)
{
	int			checks = 0;

	(void) mode;
	for (int c = 0; c < runner->count; c++)
	{
		TCase	   *tcase = runner->cases[c];

		for (int t = 0; t < tcase->count; t++)
			for (int i = tcase->first[t]; i < tcase->end[t]; i++)
			{
				checks++;
				runner->failed += vx_cross_run_one(tcase, t, i);
			}
	}
	printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n",
		   checks ? 100 * (checks - runner->failed) / checks : 100, checks, runner->failed);
}

static inline int
srunner_ntests_failed(SRunner *runner)
{
	return runner->failed;
}

static inline void
srunner_free(SRunner *runner)
{
	free(runner);
}

#endif							/* VX_CROSS_CHECK_H */
