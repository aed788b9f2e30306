/*
 * bench_kernels.c
 *	  Time of every kernel of every instruction set, in cache and out of it.
 *
 *	  bench_kernels [-k KERNEL] [-i ISA] [-m MEGABYTES] [-o OFFSET]
 *
 * Beside each time stands the share of the bound: the least time in which the
 * machine could have brought the bytes in, as measured in the same run.
 * Correctness is the business of test/unit.  See README.md in this folder.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bandwidth.h"
#include "kernels/kernels.h"

#define QUERY_BYTES (1 << 16)
#define ROWS_A_CALL 24			/* what a graph page holds, about */
#define REPETITIONS 15
#define MIN_SECONDS 0.0003
#define SEGMENT_BYTES ((size_t) 32 << 20)

typedef enum KernelKind
{
	KIND_L2SQ,
	KIND_DOT,
	KIND_L1,
	KIND_COSINE,
	KIND_NORM2,
	KIND_U8,
	KIND_U4,
	KIND_U2,
	KIND_L1_U8,
	KIND_COUNT
} KernelKind;

/* Bytes that one row takes a dimension are numerator / denominator. */
typedef struct KernelRow
{
	const char *name;
	int			numerator;
	int			denominator;
	int			query_planes;	/* query bytes read for a byte of a row */
} KernelRow;

static const KernelRow kernel_rows[KIND_COUNT] = {
	{"l2sq_f32", 4, 1, 1},
	{"dot_f32", 4, 1, 1},
	{"l1_f32", 4, 1, 1},
	{"cosine_f32", 4, 1, 1},
	{"norm2_f32", 4, 1, 0},
	{"dot_u8_i8", 1, 1, 1},
	{"dot_u4_i8", 1, 2, 2},
	{"dot_u2_i8", 1, 4, 4},
	{"l1_u8", 1, 1, 1}
};

static const int dimensions[] = {128, 384, 768, 1536};

#define DIMENSIONS ((int) (sizeof(dimensions) / sizeof(dimensions[0])))

enum
{
	LEVEL_L1,
	LEVEL_L2,
	LEVEL_MEMORY,
	LEVELS
};

static const char *const level_names[LEVELS] = {"L1", "L2", "memory"};
static size_t level_bytes[LEVELS] = {24 << 10, 384 << 10, (size_t) 320 << 20};

static uint8_t *data;			/* level_bytes[LEVEL_MEMORY] of it */
static uint8_t *query;
static size_t row_offset;		/* how far rows stand off a cache line */
static double read_rate[LEVELS][3];	/* by log2(width) - 4 */

/* Keeps results alive. */
static volatile double sink;

typedef struct BenchCase
{
	const VxKernels *kernels;
	KernelKind	kind;
	int			dims;
	size_t		row_bytes;
} BenchCase;

/* One dense kernel over `count` vectors from `rows` on. */
static void
run_dense(const BenchCase *bench, const uint8_t *rows, size_t count)
{
	const float *q = (const float *) (void *) query;
	double		sum = 0.0;
	size_t		i;

	for (i = 0; i < count; i++)
	{
		const float *x = (const float *) (const void *) (rows + i * bench->row_bytes);
		VxCosineParts parts;

		switch (bench->kind)
		{
			case KIND_L2SQ:
				sum += bench->kernels->l2sq_f32(q, x, bench->dims);
				break;
			case KIND_DOT:
				sum += bench->kernels->dot_f32(q, x, bench->dims);
				break;
			case KIND_L1:
				sum += bench->kernels->l1_f32(q, x, bench->dims);
				break;
			case KIND_COSINE:
				bench->kernels->cosine_f32(q, x, bench->dims, &parts);
				sum += parts.dot;
				break;
			default:
				sum += bench->kernels->norm2_f32(x, bench->dims);
				break;
		}
	}
	sink = sum;
}

/* One code kernel over `count` rows from `codes` on, so many a call. */
static void
run_codes(const BenchCase *bench, const uint8_t *codes, size_t count)
{
	int32_t		out[ROWS_A_CALL];
	VxCodeRows	rows = {codes, bench->row_bytes, NULL, 0, bench->row_bytes};
	size_t		i;

	for (i = 0; i < count; i += ROWS_A_CALL)
	{
		rows.codes = codes + i * bench->row_bytes;
		rows.count = count - i < ROWS_A_CALL ? count - i : ROWS_A_CALL;
		if (bench->kind == KIND_U8)
			bench->kernels->dot_u8_i8(&rows, (const int8_t *) query, out);
		else if (bench->kind == KIND_U4)
			bench->kernels->dot_u4_i8(&rows, (const int8_t *) query, out);
		else if (bench->kind == KIND_U2)
			bench->kernels->dot_u2_i8(&rows, (const int8_t *) query, out);
		else
			bench->kernels->l1_u8(&rows, query, out);
		sink = out[0];
	}
}

static void
run_rows(const BenchCase *bench, size_t first, size_t count)
{
	const uint8_t *rows = data + row_offset + first * bench->row_bytes;

	if (bench->kind < KIND_U8)
		run_dense(bench, rows, count);
	else
		run_codes(bench, rows, count);
}

/* Seconds for one row out of `count`, over and over for a while. */
static double
time_once(const BenchCase *bench, size_t first, size_t count)
{
	double		start = bench_seconds();
	double		elapsed;
	double		rows = 0.0;

	do
	{
		run_rows(bench, first, count);
		rows += count;
		elapsed = bench_seconds() - start;
	} while (elapsed < MIN_SECONDS);
	return elapsed / rows;
}

/*
 * Seconds for one row: the best of several short repetitions, since a long one
 * would be interrupted on a busy machine.  From memory, the best segment of one
 * pass over everything: nothing is read twice.
 */
static double
time_row(const BenchCase *bench, int level)
{
	size_t		count = level_bytes[level] / bench->row_bytes;
	size_t		segment = SEGMENT_BYTES / bench->row_bytes;
	double		best = 1e9;
	double		seconds;
	size_t		i;

	if (level != LEVEL_MEMORY)
		segment = 0;
	for (i = 0; level == LEVEL_MEMORY ? (i + 1) * segment <= count : i < REPETITIONS; i++)
	{
		seconds = time_once(bench, i * segment, segment > 0 ? segment : count);
		if (seconds < best)
			best = seconds;
	}
	return best;
}

/* The widest load that a table of kernels uses, as an index of read_rate. */
static int
width_index(const VxKernels *kernels)
{
	if (strncmp(kernels->name, "avx512", 6) == 0)
		return 2;
	return strncmp(kernels->name, "avx", 3) == 0 ? 1 : 0;
}

/*
 * The least seconds for one row: its bytes come from their level, and all that
 * is loaded, the query included, passes the load ports.  A query vector is
 * loaded once for four rows of codes.
 */
static double
bound_seconds(const BenchCase *bench, int level)
{
	const KernelRow *row = &kernel_rows[bench->kind];
	int			width = width_index(bench->kernels);
	double		query_share = bench->kind < KIND_U8 ? 1.0 : 0.25;
	double		loaded = bench->row_bytes * (1.0 + row->query_planes * query_share);
	double		ports = loaded / read_rate[LEVEL_L1][width];
	double		memory = bench->row_bytes / read_rate[level][width];

	return memory > ports ? memory : ports;
}

static void
print_case(const BenchCase *bench)
{
	int			level;

	printf("%-11s %-11s %5d", bench->kernels->name, kernel_rows[bench->kind].name, bench->dims);
	for (level = 0; level < LEVELS; level++)
	{
		double		seconds = time_row(bench, level);

		printf("  | %8.1f %6.1f", seconds * 1e9, bench->row_bytes / seconds * 1e-9);
		if (strcmp(bench->kernels->name, "scalar") == 0)
			printf("     -");
		else
			printf(" %4.0f%%", 100.0 * bound_seconds(bench, level) / seconds);
	}
	printf("\n");
	fflush(stdout);
}

/* Values without subnormals or NaN as floats, any bytes as codes. */
static void
fill(void *target, size_t bytes)
{
	float	   *p = target;
	uint64_t	state = 20240612;
	size_t		i;

	for (i = 0; i < bytes / sizeof(float); i++)
	{
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		p[i] = (float) (int32_t) (state >> 32) * 0x1p-31f;
	}
}

static void
measure_machine(void)
{
	int			level;
	int			width;

	printf("core clock %.2f GHz; copy (memcpy, bytes copied) %.1f GB/s over %zu MB\n",
		   bench_core_ghz(), bench_copy_bandwidth(data, level_bytes[LEVEL_MEMORY]) * 1e-9,
		   level_bytes[LEVEL_MEMORY] >> 20);
	fill(data, level_bytes[LEVEL_MEMORY]);
	for (level = 0; level < LEVELS; level++)
	{
		printf("read %-6s (%zu kB):", level_names[level], level_bytes[level] >> 10);
		for (width = 0; width < 3; width++)
		{
			read_rate[level][width] = bench_read_bandwidth(data, level_bytes[level], 16 << width);
			printf("  %.1f GB/s by %d bytes", read_rate[level][width] * 1e-9, 16 << width);
		}
		printf("\n");
	}
}

/* All dimensions of one kernel of one instruction set. */
static void
run_kernel(const VxKernels *kernels, KernelKind kind)
{
	BenchCase	bench;
	int			i;

	bench.kernels = kernels;
	bench.kind = kind;
	for (i = 0; i < DIMENSIONS; i++)
	{
		bench.dims = dimensions[i];
		bench.row_bytes = (size_t) bench.dims * kernel_rows[kind].numerator / kernel_rows[kind].denominator;
		print_case(&bench);
	}
}

int
main(int argc, char **argv)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	const char *only_kernel = NULL;
	const char *only_isa = NULL;
	size_t		t;
	int			option;
	int			kind;

	while ((option = getopt(argc, argv, "k:i:m:o:")) != -1)
	{
		if (option == 'k')
			only_kernel = optarg;
		else if (option == 'i')
			only_isa = optarg;
		else if (option == 'm' && atoi(optarg) > 0)
			level_bytes[LEVEL_MEMORY] = (size_t) atoi(optarg) << 20;
		else if (option == 'o' && atoi(optarg) >= 0 && atoi(optarg) < 4096)
			row_offset = (size_t) atoi(optarg);
		else
		{
			fprintf(stderr, "usage: %s [-k KERNEL] [-i ISA] [-m MEGABYTES] [-o OFFSET]\n", argv[0]);
			return EXIT_FAILURE;
		}
	}
	if (posix_memalign((void **) &data, 4096, level_bytes[LEVEL_MEMORY] + 4096) != 0 ||
		posix_memalign((void **) &query, 4096, QUERY_BYTES) != 0)
		abort();
	fill(query, QUERY_BYTES);
	measure_machine();
	printf("%-11s %-11s %5s  | %8s %6s %5s  | %8s %6s %5s  | %8s %6s %5s\n", "isa", "kernel", "dims",
		   "L1 ns", "GB/s", "bound", "L2 ns", "GB/s", "bound", "mem ns", "GB/s", "bound");
	for (t = 0; t < count; t++)
		for (kind = 0; kind < KIND_COUNT; kind++)
			if ((only_isa == NULL || strcmp(only_isa, tables[t]->name) == 0) &&
				(only_kernel == NULL || strcmp(only_kernel, kernel_rows[kind].name) == 0))
				run_kernel(tables[t], (KernelKind) kind);
	return EXIT_SUCCESS;
}
