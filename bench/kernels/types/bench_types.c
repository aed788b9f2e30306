/*-------------------------------------------------------------------------
 *
 * bench_types.c
 *	  Times of the kernels of halves, bit strings and sparse vectors.
 *
 * Prints a Markdown table of ns a call, for every instruction set of this CPU,
 * operands in L1, pairs of sparse vectors in turn out of L2.  Each figure is the
 * least of several runs, since whatever else the machine does only adds to it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "kernels/kernels.h"

#define RUNS 15
#define CALLS 20000
#define MOST 2048
#define PAIRS 64				/* of sparse vectors, so that no predictor learns their order */

static uint16_t halves[2][MOST];
static uint8_t bytes[2][8192];
static int32_t indices[2][PAIRS][MOST];
static float values[2][PAIRS][MOST];
static volatile double sink;

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

typedef double (*Call) (const VxKernels *k, size_t n);

static double
half_l2(const VxKernels *k, size_t n)
{
	return k->l2sq_f16(halves[0], halves[1], n);
}

static double
bit_hamming(const VxKernels *k, size_t n)
{
	return (double) k->hamming_bits(bytes[0], bytes[1], n);
}

static double
sparse_l2(const VxKernels *k, size_t n)
{
	static size_t pair = 0;
	VxSparse	a = {indices[0][pair], values[0][pair], n};
	VxSparse	b = {indices[1][pair], values[1][pair], n};

	pair = (pair + 1) % PAIRS;
	return k->l2sq_sparse(&a, &b);
}

static double
nanoseconds(Call call, const VxKernels *k, size_t n)
{
	double		best = 1e9;
	int			run;
	int			i;

	for (run = 0; run < RUNS; run++)
	{
		double		start = seconds();
		double		sum = 0;

		for (i = 0; i < CALLS; i++)
			sum += call(k, n);
		sink = sum;
		start = seconds() - start;
		best = start < best ? start : best;
	}
	return best / CALLS * 1e9;
}

/* Ascending indices of which the two sides share about a third. */
static void
fill(void)
{
	VxRandom	random;
	size_t		i;
	size_t		pair;
	int			side;

	vxr_seed(&random, 20241124);
	for (side = 0; side < 2; side++)
	{
		for (i = 0; i < MOST; i++)
			halves[side][i] = (uint16_t) (vxr_uint64(&random) & 0xBBFF);
		for (pair = 0; pair < PAIRS; pair++)
		{
			int32_t		at = 0;

			for (i = 0; i < MOST; i++)
			{
				at += 1 + (int32_t) vxr_below(&random, 5);
				indices[side][pair][i] = at;
				values[side][pair][i] = (float) vxr_normal(&random);
			}
		}
		for (i = 0; i < sizeof(bytes[0]); i++)
			bytes[side][i] = (uint8_t) vxr_uint64(&random);
	}
}

int
main(void)
{
	static const struct
	{
		const char *name;
		Call		call;
		size_t		n;
	}			rows[] = {
		{"l2sq_f16, 384 dimensions", half_l2, 384},
		{"l2sq_f16, 1536 dimensions", half_l2, 1536},
		{"hamming_bits, 48 bytes", bit_hamming, 48},
		{"hamming_bits, 512 bytes", bit_hamming, 512},
		{"hamming_bits, 8000 bytes", bit_hamming, 8000},
		{"l2sq_sparse, 10 elements", sparse_l2, 10},
		{"l2sq_sparse, 100 elements", sparse_l2, 100},
		{"l2sq_sparse, 1000 elements", sparse_l2, 1000},
	};
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		i;
	size_t		t;

	fill();
	printf("| ns a call |");
	for (t = 0; t < count; t++)
		printf(" %s |", tables[t]->name);
	printf("\n|---|");
	for (t = 0; t < count; t++)
		printf("---|");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		printf("\n| `%s` |", rows[i].name);
		for (t = 0; t < count; t++)
			printf(" %.1f |", nanoseconds(rows[i].call, tables[t], rows[i].n));
	}
	printf("\n");
	return EXIT_SUCCESS;
}
