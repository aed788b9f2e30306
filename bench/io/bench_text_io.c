/*-------------------------------------------------------------------------
 *
 * bench_text_io.c
 *	  How many rows a second are read from and printed as text.
 *
 * Reading: vxt_parse_list() against the same grammar on strtof().  Printing:
 * the server's shortest decimals, which vector_out() uses, against "%.9g" of
 * snprintf().  The two ways take turns, and medians are compared, so that
 * a change of clock rate disturbs both alike.
 *
 * Does not measure the server around them: COPY, the executor, the network.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "types/numtext.h"

/* as in the server's common/shortest_dec.h, which needs its c.h */
extern int	float_to_shortest_decimal_bufn(float f, char *result);

#define SEED 20241120
#define DIMENSIONS 384
#define ROWS 400
#define ROUNDS 15
#define MAX_NUMBER 32			/* bytes of one number and its comma */
#define MAX_ROW (DIMENSIONS * MAX_NUMBER + 3)

typedef struct Text
{
	char	   *rows[ROWS];
	size_t		lengths[ROWS];
} Text;

static float embeddings[ROWS][DIMENSIONS];
static float parsed[DIMENSIONS];

/* Random directions of unit length, as sentence encoders give them. */
static void
make_embeddings(void)
{
	VxRandom	random;
	int			row;
	int			i;

	vxr_seed(&random, SEED);
	for (row = 0; row < ROWS; row++)
	{
		double		norm = 0;

		for (i = 0; i < DIMENSIONS; i++)
		{
			embeddings[row][i] = (float) vxr_normal(&random);
			norm += (double) embeddings[row][i] * embeddings[row][i];
		}
		for (i = 0; i < DIMENSIONS; i++)
			embeddings[row][i] = (float) (embeddings[row][i] / sqrt(norm));
	}
}

static int
print_short(float value, char *text)
{
	return float_to_shortest_decimal_bufn(value, text);
}

static int
print_9_digits(float value, char *text)
{
	return snprintf(text, MAX_NUMBER, "%.9g", value);
}

/* What programs send that hold the numbers as doubles. */
static int
print_17_digits(float value, char *text)
{
	return snprintf(text, MAX_NUMBER, "%.17g", value);
}

static size_t
print_row(int row, char *text, int (*print) (float value, char *text))
{
	char	   *p = text;
	int			i;

	for (i = 0; i < DIMENSIONS; i++)
	{
		*p++ = i == 0 ? '[' : ',';
		p += print(embeddings[row][i], p);
	}
	*p++ = ']';
	*p = '\0';
	return (size_t) (p - text);
}

static void
make_text(Text *text, int (*print) (float value, char *text))
{
	int			row;

	for (row = 0; row < ROWS; row++)
	{
		text->rows[row] = malloc(MAX_ROW);
		if (text->rows[row] == NULL)
			abort();
		text->lengths[row] = print_row(row, text->rows[row], print);
	}
}

static void
wrong(const char *what, int row)
{
	fprintf(stderr, "%s gives wrong numbers for row %d\n", what, row);
	exit(EXIT_FAILURE);
}

static const char *
skip_space(const char *p)
{
	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	return p;
}

/* The list grammar in the ordinary way. */
static void
parse_with_strtof(const Text *text)
{
	int			row;

	for (row = 0; row < ROWS; row++)
	{
		const char *p = skip_space(text->rows[row]);
		int			count = 0;

		do
		{
			char	   *stop;
			float		value;

			p = skip_space(p + 1);
			errno = 0;
			value = strtof(p, &stop);
			if (stop == p || count == DIMENSIONS || isnan(value) || isinf(value) ||
				(errno == ERANGE && value != 0))
				wrong("strtof()", row);
			parsed[count++] = value;
			p = skip_space(stop);
		} while (*p == ',');
		if (*p != ']' || count != DIMENSIONS)
			wrong("strtof()", row);
	}
}

static void
parse_with_numtext(const Text *text)
{
	VxListLimits limits = {16000, INFINITY};
	VxListResult result;
	static float values[16000];
	int			row;

	for (row = 0; row < ROWS; row++)
	{
		if (vxt_parse_list(text->rows[row], text->lengths[row], &limits,
						   values, &result) != VX_LIST_OK ||
			result.count != DIMENSIONS ||
			memcmp(values, embeddings[row], sizeof(embeddings[row])) != 0)
			wrong("vxt_parse_list()", row);
	}
}

static void
print_with_snprintf(const Text *unused)
{
	static char text[MAX_ROW];
	int			row;

	(void) unused;
	for (row = 0; row < ROWS; row++)
		print_row(row, text, print_9_digits);
}

static void
print_with_shortest(const Text *unused)
{
	static char text[MAX_ROW];
	int			row;

	(void) unused;
	for (row = 0; row < ROWS; row++)
		print_row(row, text, print_short);
}

/* Of CPU time: what else runs on the machine must not count. */
static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* One line: both ways in turn, their medians and the ratio. */
static void
compare(const char *label, const Text *text, void (*ordinary) (const Text *),
		void (*ours) (const Text *))
{
	double		times[2][ROUNDS];
	int			round;

	for (round = 0; round < ROUNDS; round++)
	{
		double		start = seconds();
		double		middle;

		ordinary(text);
		middle = seconds();
		ours(text);
		times[0][round] = middle - start;
		times[1][round] = seconds() - middle;
	}
	qsort(times[0], ROUNDS, sizeof(double), compare_doubles);
	qsort(times[1], ROUNDS, sizeof(double), compare_doubles);
	printf("%-36s %9.0f rows/s %9.0f rows/s   %5.2f x  %5.1f ns a number\n", label,
		   ROWS / times[0][ROUNDS / 2], ROWS / times[1][ROUNDS / 2],
		   times[0][ROUNDS / 2] / times[1][ROUNDS / 2],
		   times[1][ROUNDS / 2] / ROWS / DIMENSIONS * 1e9);
}

int
main(void)
{
	Text		shortest;
	Text		nine;
	Text		seventeen;

	make_embeddings();
	make_text(&shortest, print_short);
	make_text(&nine, print_9_digits);
	make_text(&seventeen, print_17_digits);

	printf("%d unit vectors of %d dimensions, seed %d, medians of %d rounds in turn\n",
		   ROWS, DIMENSIONS, SEED, ROUNDS);
	printf("%-36s %16s %16s\n", "", "strtof/snprintf", "vectorx");
	compare("read shortest decimals", &shortest, parse_with_strtof, parse_with_numtext);
	compare("read 9 digits", &nine, parse_with_strtof, parse_with_numtext);
	compare("read 17 digits (doubles)", &seventeen, parse_with_strtof, parse_with_numtext);
	compare("print (shortest against 9 digits)", &shortest, print_with_snprintf, print_with_shortest);
	return EXIT_SUCCESS;
}
