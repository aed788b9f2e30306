/*
 * fuzz_list.c
 *		Any bytes as the text of a vector.
 *
 * What is accepted has to be what strtof() reads, and has to come back as it is
 * when it is printed with nine digits and read again.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/numtext.h"

#define MOST_VALUES 2000
#define NUMBER_ROOM 32			/* of one number, printed, with its comma */

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* the same list printed and read again */
static void
check_fixed_point(const float *values, int count, const VxListLimits *limits)
{
	static char text[MOST_VALUES * NUMBER_ROOM + 3];
	static float again[MOST_VALUES];
	VxListResult result;
	size_t		length = 0;

	for (int i = 0; i < count; i++)
		length += (size_t) snprintf(text + length, NUMBER_ROOM, "%c%.9g", i == 0 ? '[' : ',', values[i]);
	text[length++] = ']';
	text[length] = '\0';
	require(vxt_parse_list(text, length, limits, again, &result) == VX_LIST_OK, "what was printed is not read");
	require(result.count == count, "what was printed has another length");
	require(memcmp(values, again, count * sizeof(float)) == 0, "what was printed has other values");
}

/* one number against the C library */
static void
check_number(const char *text, size_t length)
{
	bool		overflow = false;
	float		value = 0;
	const char *end = vxt_parse_float(text, text + length, &value, &overflow);
	char	   *expected_end;
	float		expected;

	if (end == NULL)
		return;
	require(end > text && end <= text + length, "a number ends outside of its text");
	expected = strtof(text, &expected_end);
	/* payloads of NaN are read by strtof() alone */
	if (isnan(expected) || isnan(value))
		return;
	require(end == expected_end, "strtof() reads another number");
	require(memcmp(&value, &expected, sizeof(float)) == 0, "strtof() reads another value");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static float values[MOST_VALUES];
	VxListLimits limits = {MOST_VALUES, INFINITY};
	VxListResult result;
	char	   *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	/* a text ends at its NUL */
	size = strlen(text);
	if (vxt_parse_list(text, size, &limits, values, &result) == VX_LIST_OK)
	{
		require(result.count >= 1 && result.count <= MOST_VALUES, "a list of impossible length");
		check_fixed_point(values, result.count, &limits);
	}
	check_number(text, size);
	free(text);
	return 0;
}
