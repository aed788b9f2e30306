/*-------------------------------------------------------------------------
 *
 * test_numtext.c
 *	  Reading floats and number lists: every answer must be that of strtof(),
 *	  to the bit, and nothing outside the text may be read.
 *
 * The errors that the SQL types make of the statuses are tested in
 * test/sql/vector_input.sql.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "guarded_buffer.h"
#include "types/numtext.h"

#define SEED 20241105

#ifdef VX_TEST_SLOW_BUILD
#define ROUNDS 30000
#else
#define ROUNDS 400000
#endif

#define MAX_TEXT 1500
#define MAX_VALUES 16

static VxGuardedBuffer page;

static void
setup(void)
{
	guarded_buffer_init(&page, MAX_TEXT);
}

static void
teardown(void)
{
	guarded_buffer_free(&page);
}

/* The text moved so that the byte after its terminator faults. */
static const char *
against_guard(const char *text)
{
	size_t		size = strlen(text) + 1;

	if (size > MAX_TEXT)
		ck_abort_msg("text of %zu bytes", size);
	memcpy(page.end - size, text, size);
	return (const char *) page.end - size;
}

/* The bits of a float, with one pattern for all NaNs. */
static uint32_t
bits_of(float value)
{
	uint32_t	bits;

	if (isnan(value))
		return UINT32_C(0x7fc00000);
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/*
 * Read `text` both ways and compare value, end and overflow.  Millions of
 * calls, so none of Check's assertions, which write to a pipe even if they hold.
 */
static void
check_text(const char *text)
{
	const char *copy = against_guard(text);
	const char *end;
	char	   *expected_end;
	float		value = 0;
	float		expected;
	bool		overflow = false;

	errno = 0;
	expected = strtof(copy, &expected_end);
	end = vxt_parse_float(copy, copy + strlen(copy), &value, &overflow);
	if (expected_end == copy)
	{
		if (end != NULL)
			ck_abort_msg("seed %d: \"%s\" is no number", SEED, text);
		return;
	}
	if (end != expected_end)
		ck_abort_msg("seed %d: \"%s\" ends elsewhere", SEED, text);
	if (bits_of(value) != bits_of(expected))
		ck_abort_msg("seed %d: \"%s\" gives %a, not %a", SEED, text, value, expected);
	if (overflow != (errno == ERANGE && isinf(expected)))
		ck_abort_msg("seed %d: overflow of \"%s\"", SEED, text);
}

START_TEST(notations)
{
	static const char *const texts[] = {
		"0", "-0", "+0", "1", "1.", ".5", "-.5", "+3", "00012", "1e1", "1E+1", "1e-1",
		"1e", "1e+", "1e-", "1ex", "1.e5", ".e5", ".", "", "-", "+", "+-1", "--1", "1..2",
		"0x10", "0X1p4", "0x", "0x.8p1", "-0x1.8p-3", "00x1", "0.x", "0x1p-149", "0x1p-150",
		"0x1.000001p0", "0x1.0000010000000001p0", "0x1p128", "0x1.fffffep127", "0x1.ffffffp127",
		"nan", "-nan", "NaN", "nan(12)", "nan(", "inf", "-Infinity", "infinit", "in", "infx",
		"1e38", "3.4028234663852886e38", "3.4028235e38", "3.4028235677973366e38",
		"3.4028235677973365e38", "3.4028235677973367e38", "3.5e38", "1e39", "-1e400", "1e99999",
		"1e100000000000000000000", "1e-100000000000000000000", "0e100000000000000000000",
		"0e-99999", "0.0e99999", "-0e400", "1.1754943508222875e-38", "1.1754942e-38", "1e-40",
		"1.4e-45", "7.0064923216240854e-46", "7.0064923216240853e-46", "7.0064923216240862e-46",
		"1e-46", "-1e-46", "16777216", "16777217", "16777218", "16777219", "33554434", "33554435",
		"9007199254740993", "18446744073709551615", "18446744073709551616",
		"99999999999999999999999999999999999999", "1234567890123456789012345678901234567890",
		"0.1", "0.2", "0.3", "12345678", "123456789", "0.12345678", "0.123456789", "1.00000005960464",
		"1.000000059604644775390625", "1.0000000596046447753906250", "1.00000005960464477539062500001",
		"1.00000005960464477539062499999", "0.00000000000000000000000000000000000000000000000001e50",
		"100000000000000000000000000000000000000000000e-44", "1,2", "1]", "1 2", "1_000", "1f", "1d",
	};
	char		text[MAX_TEXT];
	size_t		i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_text(texts[i]);

	/* zeros and exponents that cancel, however long the text */
	for (i = 1; i < 1200; i += 37)
	{
		snprintf(text, sizeof(text), "0.%0*d7e%d", (int) i, 0, (int) i);
		check_text(text);
		snprintf(text, sizeof(text), "7%0*de-%d", (int) i, 0, (int) i);
		check_text(text);
		snprintf(text, sizeof(text), "1.000000059604644775390625%0*d1", (int) i, 0);
		check_text(text);
	}
}
END_TEST

START_TEST(white_space_is_not_skipped)
{
	float		value;
	bool		overflow;
	const char *text = against_guard(" 1");

	ck_assert_ptr_null(vxt_parse_float(text, text + 2, &value, &overflow));
	check_text("+ 1");
	check_text("- 1");
}
END_TEST

/* A float of any magnitude, subnormal ones included. */
static float
random_finite(VxRandom *random)
{
	float		value;

	do
	{
		uint32_t	bits = (uint32_t) vxr_uint64(random);

		memcpy(&value, &bits, sizeof(value));
	} while (!isfinite(value));
	return value;
}

START_TEST(printed_floats)
{
	VxRandom	random;
	char		text[MAX_TEXT];
	int			i;

	vxr_seed(&random, SEED);
	for (i = 0; i < ROUNDS; i++)
	{
		float		value = i % 2 ? random_finite(&random) :
			(float) (vxr_normal(&random) * 0.05);
		int			digits = (int) vxr_below(&random, 12) + 1;

		snprintf(text, sizeof(text), "%.9g", value);
		check_text(text);
		snprintf(text, sizeof(text), "%.*g", digits, value);
		check_text(text);
		snprintf(text, sizeof(text), "%.*f", digits, value);
		check_text(text);
	}
}
END_TEST

START_TEST(printed_doubles)
{
	VxRandom	random;
	char		text[MAX_TEXT];
	int			i;

	vxr_seed(&random, SEED + 1);
	for (i = 0; i < ROUNDS; i++)
	{
		double		value = vxr_normal(&random) * 0.05;

		snprintf(text, sizeof(text), "%.17g", value);
		check_text(text);
		snprintf(text, sizeof(text), "%.*e", (int) vxr_below(&random, 40), value);
		check_text(text);
		snprintf(text, sizeof(text), "%.18f", value);
		check_text(text);
	}
}
END_TEST

/*
 * Midpoints between two floats, exactly and a few units of the last place of
 * a double away: where the short way must notice that it cannot tell.
 */
START_TEST(midpoints)
{
	VxRandom	random;
	char		text[MAX_TEXT];
	int			i;

	vxr_seed(&random, SEED + 2);
	for (i = 0; i < ROUNDS; i++)
	{
		float		below = fabsf(random_finite(&random));
		double		midpoint = ((double) below + (double) nextafterf(below, INFINITY)) / 2;
		int			steps = (int) vxr_below(&random, 25) - 12;
		int			digits;

		if (!isfinite(midpoint))
			continue;
		snprintf(text, sizeof(text), "%.150g", midpoint);
		check_text(text);

		/* cut off or one digit more: just below and just above */
		digits = (int) vxr_below(&random, 30) + 10;
		snprintf(text, sizeof(text), "%.*e", digits, midpoint);
		check_text(text);

		for (; steps != 0; steps += steps < 0 ? 1 : -1)
			midpoint = nextafter(midpoint, steps < 0 ? 0 : INFINITY);
		snprintf(text, sizeof(text), "%.*e", 16 + (int) vxr_below(&random, 10), midpoint);
		check_text(text);
	}
}
END_TEST

START_TEST(random_digits)
{
	VxRandom	random;
	char		text[MAX_TEXT];
	int			i;

	vxr_seed(&random, SEED + 3);
	for (i = 0; i < ROUNDS; i++)
	{
		int			length = (int) vxr_below(&random, 30) + 1;
		int			point = (int) vxr_below(&random, 32);
		char	   *p = text;
		int			j;

		if (vxr_below(&random, 2))
			*p++ = '-';
		for (j = 0; j < length; j++)
		{
			if (j == point)
				*p++ = '.';
			*p++ = (char) ('0' + vxr_below(&random, 10));
		}
		if (vxr_below(&random, 2))
			p += sprintf(p, "e%d", (int) vxr_below(&random, 120) - 70);
		*p = '\0';
		check_text(text);
	}
}
END_TEST

START_TEST(random_characters)
{
	static const char alphabet[] = "0123456789019..eE+-xXpPnaNiIfF(), ]";
	VxRandom	random;
	char		text[MAX_TEXT];
	int			i;

	vxr_seed(&random, SEED + 4);
	for (i = 0; i < ROUNDS; i++)
	{
		int			length = (int) vxr_below(&random, 14);
		int			j;

		for (j = 0; j < length; j++)
			text[j] = alphabet[vxr_below(&random, sizeof(alphabet) - 1)];
		text[length] = '\0';
		if (text[0] != ' ')
			check_text(text);
	}
}
END_TEST

/* ----------
 * Lists
 * ----------
 */

static VxListStatus
read_list(const char *text, float range, float *values, VxListResult *result)
{
	const char *copy = against_guard(text);
	VxListLimits limits;

	limits.max_count = MAX_VALUES;
	limits.range = range;
	return vxt_parse_list(copy, strlen(copy), &limits, values, result);
}

START_TEST(list_statuses)
{
	static const struct
	{
		const char *text;
		VxListStatus status;
		int			count;
		const char *token;
	}			cases[] = {
		{"[1]", VX_LIST_OK, 1, NULL},
		{"[1,2.5,-3e-2]", VX_LIST_OK, 3, NULL},
		{" \t\n\v\f\r[ \t1 \n, \v2\f,\r3 ] \n", VX_LIST_OK, 3, NULL},
		{"[1e-46]", VX_LIST_OK, 1, NULL},
		{"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]", VX_LIST_OK, 16, NULL},
		{"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,]", VX_LIST_TOO_MANY, 16, NULL},
		{"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,x", VX_LIST_TOO_MANY, 16, NULL},
		{"", VX_LIST_NO_OPENING, 0, NULL},
		{"  ", VX_LIST_NO_OPENING, 0, NULL},
		{"1,2,3", VX_LIST_NO_OPENING, 0, NULL},
		{"{1,2}", VX_LIST_NO_OPENING, 0, NULL},
		{"x[1]", VX_LIST_NO_OPENING, 0, NULL},
		{"[]", VX_LIST_EMPTY, 0, NULL},
		{"[ \t]", VX_LIST_EMPTY, 0, NULL},
		{"[]x", VX_LIST_EMPTY, 0, NULL},
		{"[", VX_LIST_SYNTAX, 0, NULL},
		{"[ ", VX_LIST_SYNTAX, 0, NULL},
		{"[,", VX_LIST_SYNTAX, 0, NULL},
		{"[,]", VX_LIST_SYNTAX, 0, NULL},
		{"[1", VX_LIST_SYNTAX, 1, NULL},
		{"[1,", VX_LIST_SYNTAX, 1, NULL},
		{"[1,]", VX_LIST_SYNTAX, 1, NULL},
		{"[1,,3]", VX_LIST_SYNTAX, 1, NULL},
		{"[1, ,3]", VX_LIST_SYNTAX, 1, NULL},
		{"[1 2]", VX_LIST_SYNTAX, 1, NULL},
		{"[1a]", VX_LIST_SYNTAX, 1, NULL},
		{"[hello,1]", VX_LIST_SYNTAX, 0, NULL},
		{"[[1]]", VX_LIST_SYNTAX, 0, NULL},
		{"[1}", VX_LIST_SYNTAX, 1, NULL},
		{"[1]]", VX_LIST_JUNK, 1, NULL},
		{"[1] 9", VX_LIST_JUNK, 1, NULL},
		{"[1],", VX_LIST_JUNK, 1, NULL},
		{"[4e38,x]", VX_LIST_OUT_OF_RANGE, 0, "4e38"},
		{"[1, -4e38 ]", VX_LIST_OUT_OF_RANGE, 1, "-4e38"},
		{"[4e38x]", VX_LIST_OUT_OF_RANGE, 0, "4e38"},
		{"[0x1p128]", VX_LIST_OUT_OF_RANGE, 0, "0x1p128"},
		{"[NaN,x]", VX_LIST_NAN, 0, "NaN"},
		{"[1,-Infinity]", VX_LIST_INFINITE, 1, "-Infinity"},
		{"[inf 4]", VX_LIST_INFINITE, 0, "inf"},
	};
	float		values[MAX_VALUES];
	VxListResult result;
	size_t		i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		VxListStatus status = read_list(cases[i].text, INFINITY, values, &result);

		ck_assert_msg(status == cases[i].status && result.count == cases[i].count,
					  "\"%s\": status %d, count %d", cases[i].text, status, result.count);
		if (cases[i].token == NULL)
			ck_assert_ptr_null(result.token);
		else
			ck_assert_msg(result.token != NULL &&
						  result.token_length == strlen(cases[i].token) &&
						  memcmp(result.token, cases[i].token, result.token_length) == 0,
						  "\"%s\": token", cases[i].text);
	}
}
END_TEST

/* A narrower element type says from where on it is out of range. */
START_TEST(list_range)
{
	float		values[MAX_VALUES];
	VxListResult result;

	ck_assert_int_eq(read_list("[65519,-65519]", 65520, values, &result), VX_LIST_OK);
	ck_assert_int_eq(read_list("[65520]", 65520, values, &result), VX_LIST_OUT_OF_RANGE);
	ck_assert_int_eq(read_list("[-65520]", 65520, values, &result), VX_LIST_OUT_OF_RANGE);
	ck_assert_int_eq(read_list("[1e300]", 65520, values, &result), VX_LIST_OUT_OF_RANGE);
	ck_assert_int_eq(read_list("[inf]", 65520, values, &result), VX_LIST_INFINITE);
	ck_assert_int_eq(read_list("[nan]", 65520, values, &result), VX_LIST_NAN);
}
END_TEST

START_TEST(list_round_trip)
{
	VxRandom	random;
	int			i;

	vxr_seed(&random, SEED + 5);
	for (i = 0; i < ROUNDS / 10; i++)
	{
		int			count = (int) vxr_below(&random, MAX_VALUES) + 1;
		float		expected[MAX_VALUES];
		float		values[MAX_VALUES];
		char		text[MAX_TEXT];
		char	   *p = text;
		VxListResult result;
		int			j;

		for (j = 0; j < count; j++)
		{
			expected[j] = random_finite(&random);
			p += sprintf(p, "%c%.9g", j == 0 ? '[' : ',', expected[j]);
		}
		strcpy(p, "]");
		ck_assert_int_eq(read_list(text, INFINITY, values, &result), VX_LIST_OK);
		ck_assert_int_eq(result.count, count);
		ck_assert_msg(memcmp(values, expected, sizeof(float) * (size_t) count) == 0,
					  "seed %d: %s", SEED, text);
	}
}
END_TEST

/* The grammar once more, as plainly as possible, on strtof(). */
static VxListStatus
read_list_plainly(const char *p, int *count)
{
	static const char space[] = " \t\n\v\f\r";

	*count = 0;
	p += strspn(p, space);
	if (*p++ != '[')
		return VX_LIST_NO_OPENING;
	p += strspn(p, space);
	if (*p == ']')
		return VX_LIST_EMPTY;
	for (;; p++)
	{
		char	   *stop;
		float		value;

		if (*count == MAX_VALUES)
			return VX_LIST_TOO_MANY;
		p += strspn(p, space);
		errno = 0;
		value = strtof(p, &stop);
		if (stop == p)
			return VX_LIST_SYNTAX;
		if (isnan(value))
			return VX_LIST_NAN;
		if (isinf(value))
			return errno == ERANGE ? VX_LIST_OUT_OF_RANGE : VX_LIST_INFINITE;
		++*count;
		p = stop + strspn(stop, space);
		if (*p == ']')
			break;
		if (*p != ',')
			return VX_LIST_SYNTAX;
	}
	p++;
	p += strspn(p, space);
	return *p == '\0' ? VX_LIST_OK : VX_LIST_JUNK;
}

START_TEST(random_lists)
{
	/* often enough a list, often enough not quite */
	static const char *const pieces[] = {
		"1", "-2.5", "3e4", ".5", "0x1p3", "4e38", "nan", "inf", "1e-50", ",", ",", ",", ",", ",", ", ", " ,",
		"]", "[", " ", "\t", "\v", "-", "e", ".", "x", "7", "12345678901234567890",
	};
	VxRandom	random;
	int			seen[VX_LIST_JUNK + 1] = {0};
	int			i;

	vxr_seed(&random, SEED + 6);
	for (i = 0; i < ROUNDS; i++)
	{
		int			length = (int) vxr_below(&random, i % 16 == 0 ? 40 : 8);
		char		text[MAX_TEXT] = "";
		float		values[MAX_VALUES];
		VxListResult result;
		VxListStatus expected;
		VxListStatus status;
		int			count;
		int			j;

		if (vxr_below(&random, 8) != 0)
			strcat(text, "[");
		for (j = 0; j < length; j++)
		{
			if (vxr_below(&random, i % 16 == 0 ? 100 : 4) != 0)
				strcat(text, j % 2 ? "," : "1.5");
			else
				strcat(text, pieces[vxr_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
		}
		if (vxr_below(&random, 4) != 0)
			strcat(text, "]");

		expected = read_list_plainly(text, &count);
		status = read_list(text, INFINITY, values, &result);
		if (status != expected || result.count != count)
			ck_abort_msg("seed %d: \"%s\" gives status %d, not %d, and count %d, not %d",
						 SEED, text, status, expected, result.count, count);
		seen[status]++;
	}
	for (i = VX_LIST_OK; i <= VX_LIST_JUNK; i++)
		ck_assert_msg(seen[i] > 0, "seed %d: no list of status %d", SEED, i);
}
END_TEST

static Suite *
numtext_suite(void)
{
	Suite	   *suite = suite_create("numtext");
	TCase	   *tcase = tcase_create("numtext");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, notations);
	tcase_add_test(tcase, white_space_is_not_skipped);
	tcase_add_test(tcase, printed_floats);
	tcase_add_test(tcase, printed_doubles);
	tcase_add_test(tcase, midpoints);
	tcase_add_test(tcase, random_digits);
	tcase_add_test(tcase, random_characters);
	tcase_add_test(tcase, list_statuses);
	tcase_add_test(tcase, list_range);
	tcase_add_test(tcase, list_round_trip);
	tcase_add_test(tcase, random_lists);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner    *runner = srunner_create(numtext_suite());
	int			failed;

	printf("seed %d\n", SEED);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
