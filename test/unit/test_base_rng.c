/*-------------------------------------------------------------------------
 *
 * test_base_rng.c
 *	  The random number generator gives the published sequences.
 *
 * Stored seeds depend on them, so these numbers must never change.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

/* the authors' generator from the state 1, 2, 3, 4 */
START_TEST(sequence_is_xoshiro256plusplus)
{
	static const uint64_t expected[] = {
		UINT64_C(41943041), UINT64_C(58720359), UINT64_C(3588806011781223),
		UINT64_C(3591011842654386)
	};
	VxRandom	random = {{1, 2, 3, 4}};
	int			i;

	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(vxr_uint64(&random), expected[i]);
}
END_TEST

START_TEST(seeding_is_splitmix64)
{
	static const uint64_t expected[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)
	};
	VxRandom	random;
	int			i;

	vxr_seed(&random, 1234567);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(random.state[i], expected[i]);
}
END_TEST

START_TEST(zero_seed_works)
{
	VxRandom	random;

	vxr_seed(&random, 0);
	ck_assert(vxr_uint64(&random) != vxr_uint64(&random));
}
END_TEST

START_TEST(doubles_are_uniform)
{
	const int	count = 100000;
	VxRandom	random;
	double		sum = 0;
	double		square = 0;
	int			i;

	vxr_seed(&random, 5);
	for (i = 0; i < count; i++)
	{
		double		x = vxr_double(&random);

		ck_assert(x >= 0.0 && x < 1.0);
		sum += x;
		square += x * x;
	}
	/* standard error of the mean 0.0009, of the mean square 0.0009 */
	ck_assert_double_eq_tol(sum / count, 0.5, 0.004);
	ck_assert_double_eq_tol(square / count, 1.0 / 3.0, 0.004);
}
END_TEST

START_TEST(normal_deviates_have_unit_variance_and_tails)
{
	const int	count = 100000;
	VxRandom	random;
	double		sum = 0;
	double		square = 0;
	double		fourth = 0;
	int			i;

	vxr_seed(&random, 6);
	for (i = 0; i < count; i++)
	{
		double		x = vxr_normal(&random);

		sum += x;
		square += x * x;
		fourth += x * x * x * x;
	}
	ck_assert_double_eq_tol(sum / count, 0.0, 0.015);
	ck_assert_double_eq_tol(square / count, 1.0, 0.02);
	ck_assert_double_eq_tol(fourth / count, 3.0, 0.15);
}
END_TEST

START_TEST(below_stays_below_and_reaches_all)
{
	int			counts[7] = {0};
	VxRandom	random;
	int			i;

	vxr_seed(&random, 7);
	for (i = 0; i < 7000; i++)
	{
		uint64_t	x = vxr_below(&random, 7);

		ck_assert_uint_lt(x, 7);
		counts[x]++;
	}
	/* expected 1000 each, standard deviation 29 */
	for (i = 0; i < 7; i++)
		ck_assert(abs(counts[i] - 1000) < 150);
	ck_assert_uint_eq(vxr_below(&random, 1), 0);
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("base: rng");
	TCase	   *tcase = tcase_create("rng");
	SRunner    *runner;
	int			failed;

	tcase_add_test(tcase, sequence_is_xoshiro256plusplus);
	tcase_add_test(tcase, seeding_is_splitmix64);
	tcase_add_test(tcase, zero_seed_works);
	tcase_add_test(tcase, doubles_are_uniform);
	tcase_add_test(tcase, normal_deviates_have_unit_variance_and_tails);
	tcase_add_test(tcase, below_stays_below_and_reaches_all);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
