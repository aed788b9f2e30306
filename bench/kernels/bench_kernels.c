/*-------------------------------------------------------------------------
 *
 * bench_kernels.c
 *	  Time of every kernel of every instruction set, in cache and out of it.
 *
 *	  bench_kernels [-k KERNEL] [-i ISA] [-m MEGABYTES] [-o OFFSET]
 *
 * Beside each time stands the share of the bound: the least time in which the
 * machine could have brought the bytes in, as measured in the same run.
 * Correctness is the business of test/unit.  See README.md in this folder.
 *
 *-------------------------------------------------------------------------
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
#define MAX_CALL_ROWS 40
#define PAGE_BYTES 8192
#define PAGE_CODE_BYTES 6000	/* the rest is edges and factors */
#define CALLS_A_REPETITION 300
#define REPETITIONS 25
#define SEGMENT_BYTES ((size_t) 16 << 20)

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

/* Keeps results alive. */
static volatile double sink;

typedef struct BenchCase
{
	const VxKernels *kernels;
	KernelKind	kind;
	int			dims;
	size_t		row_bytes;
	bool		cold;			/* what the rows of codes say of themselves */
} BenchCase;

/* The best of the times of one row, and of the rates that bound it, in bytes a second. */
typedef struct Timing
{
	double		seconds;
	double		port_rate;		/* loads that hit L1 */
	double		level_rate;		/* loads from where the rows are */
} Timing;

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

/* One call of a code kernel for at most MAX_CALL_ROWS rows. */
static void
run_call(const BenchCase *bench, const VxCodeRows *rows)
{
	int32_t		out[MAX_CALL_ROWS];

	if (bench->kind == KIND_U8)
		bench->kernels->dot_u8_i8(rows, (const int8_t *) query, out);
	else if (bench->kind == KIND_U4)
		bench->kernels->dot_u4_i8(rows, (const int8_t *) query, out);
	else if (bench->kind == KIND_U2)
		bench->kernels->dot_u2_i8(rows, (const int8_t *) query, out);
	else
		bench->kernels->l1_u8(rows, query, out);
	sink = out[0];
}

/* One code kernel over `count` rows from `codes` on, so many a call. */
static void
run_codes(const BenchCase *bench, const uint8_t *codes, size_t count)
{
	VxCodeRows	rows = {codes, bench->row_bytes, NULL, 0, bench->row_bytes, bench->cold};
	size_t		i;

	for (i = 0; i < count; i += ROWS_A_CALL)
	{
		rows.codes = codes + i * bench->row_bytes;
		rows.count = count - i < ROWS_A_CALL ? count - i : ROWS_A_CALL;
		run_call(bench, &rows);
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

/* The next of a sequence of numbers that visits memory in no order. */
static uint32_t
next_random(void)
{
	static uint64_t state = 20240612;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t) (state >> 32);
}

/* One page's worth of rows, from a random page of all the memory. */
static size_t
run_random_page(const BenchCase *bench)
{
	VxCodeRows	rows = {NULL, bench->row_bytes, NULL, 0, bench->row_bytes, true};

	rows.codes = data + next_random() % (level_bytes[LEVEL_MEMORY] / PAGE_BYTES) * PAGE_BYTES;
	rows.count = PAGE_CODE_BYTES / bench->row_bytes;
	if (rows.count > MAX_CALL_ROWS)
		rows.count = MAX_CALL_ROWS;
	run_call(bench, &rows);
	return rows.count;
}

/* As many rows as a node of a graph in memory has edges, each from anywhere. */
static size_t
run_random_rows(const BenchCase *bench)
{
	uint32_t	ids[ROWS_A_CALL];
	VxCodeRows	rows = {data, bench->row_bytes, ids, ROWS_A_CALL, bench->row_bytes, true};
	uint32_t	limit = (uint32_t) (level_bytes[LEVEL_MEMORY] / bench->row_bytes);
	int			i;

	for (i = 0; i < ROWS_A_CALL; i++)
		ids[i] = next_random() % limit;
	run_call(bench, &rows);
	return rows.count;
}

/*
 * Seconds for one row that has to be fetched from anywhere in memory.  No
 * bandwidth bounds this but the time that memory takes to answer.
 */
static double
time_random(const BenchCase *bench, size_t (*run) (const BenchCase *bench))
{
	double		best = 1e9;
	int			repetition;
	int			i;

	for (repetition = 0; repetition < REPETITIONS; repetition++)
	{
		double		start = bench_seconds();
		double		rows = 0.0;
		double		seconds;

		for (i = 0; i < CALLS_A_REPETITION; i++)
			rows += run(bench);
		seconds = (bench_seconds() - start) / rows;
		if (seconds < best)
			best = seconds;
	}
	return best;
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
		size_t		i;

		for (i = 0; i < BENCH_ROUNDS(count * bench->row_bytes); i++)
			run_rows(bench, first, count);
		rows += (double) count * BENCH_ROUNDS(count * bench->row_bytes);
		elapsed = bench_seconds() - start;
	} while (elapsed < BENCH_MIN_SECONDS);
	return elapsed / rows;
}

/* The widest load that a table of kernels uses. */
static int
load_width(const VxKernels *kernels)
{
	if (strncmp(kernels->name, "avx512", 6) == 0)
		return 64;
	return strncmp(kernels->name, "avx", 3) == 0 ? 32 : 16;
}

/*
 * The least seconds for one row: its bytes come from their level, and all that
 * is loaded, the query included, passes the load ports.  A query vector is
 * loaded once for four rows of codes.
 */
static double
bound_seconds(const BenchCase *bench, const Timing *timing)
{
	const KernelRow *row = &kernel_rows[bench->kind];
	double		query_share = bench->kind < KIND_U8 ? 1.0 : 0.25;
	double		loaded = bench->row_bytes * (1.0 + row->query_planes * query_share);
	double		ports = loaded / timing->port_rate;
	double		level = bench->row_bytes / timing->level_rate;

	return level > ports ? level : ports;
}

/*
 * The best of several short repetitions, the kernel and its bounds in turns:
 * on a busy machine all three slow down together.  From memory every segment
 * is read twice, once by the kernel and, far away, once by the plain loop.
 */
static Timing
time_case(const BenchCase *bench, int level)
{
	Timing		timing = {1e9, 0.0, 0.0};
	int			width = load_width(bench->kernels);
	size_t		size = level == LEVEL_MEMORY ? SEGMENT_BYTES : level_bytes[level];
	size_t		segments = level_bytes[level] / size;
	size_t		count = size / bench->row_bytes;
	int			i;

	for (i = 0; i < REPETITIONS; i++)
	{
		size_t		segment = i % segments;
		size_t		other = (i + segments / 2) % segments;
		double		seconds = time_once(bench, segment * count, count);
		double		port_rate = bench_read_bandwidth(query, level_bytes[LEVEL_L1], width);
		double		level_rate = bench_read_bandwidth(data + other * size, size, width);

		if (seconds < timing.seconds)
			timing.seconds = seconds;
		if (port_rate > timing.port_rate)
			timing.port_rate = port_rate;
		if (level_rate > timing.level_rate)
			timing.level_rate = level_rate;
	}
	return timing;
}

static void
print_case(BenchCase *bench)
{
	int			level;

	printf("%-11s %-11s %5d", bench->kernels->name, kernel_rows[bench->kind].name, bench->dims);
	for (level = 0; level < LEVELS; level++)
	{
		Timing		timing;

		bench->cold = level == LEVEL_MEMORY;
		timing = time_case(bench, level);
		printf("  | %8.1f %6.1f", timing.seconds * 1e9, bench->row_bytes / timing.seconds * 1e-9);
		if (strcmp(bench->kernels->name, "scalar") == 0)
			printf("     -");
		else
			printf(" %4.0f%%", 100.0 * bound_seconds(bench, &timing) / timing.seconds);
	}
	if (bench->kind >= KIND_U8)
		printf("  | %7.1f %7.1f", time_random(bench, run_random_page) * 1e9,
			   time_random(bench, run_random_rows) * 1e9);
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

static double
best_read(size_t size, int width)
{
	double		best = 0.0;
	int			i;

	for (i = 0; i < REPETITIONS; i++)
	{
		double		rate = size > SEGMENT_BYTES ?
			bench_read_bandwidth(data + i % (size / SEGMENT_BYTES) * SEGMENT_BYTES, SEGMENT_BYTES, width) :
			bench_read_bandwidth(data, size, width);

		if (rate > best)
			best = rate;
	}
	return best;
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
		for (width = 16; width <= 64; width *= 2)
			printf("  %.1f GB/s by %d bytes", best_read(level_bytes[level], width) * 1e-9, width);
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
	printf("%-11s %-11s %5s  | %8s %6s %5s  | %8s %6s %5s  | %8s %6s %5s  | %7s %7s\n", "isa", "kernel", "dims",
		   "L1 ns", "GB/s", "bound", "L2 ns", "GB/s", "bound", "mem ns", "GB/s", "bound", "page ns", "row ns");
	for (t = 0; t < count; t++)
		for (kind = 0; kind < KIND_COUNT; kind++)
			if ((only_isa == NULL || strcmp(only_isa, tables[t]->name) == 0) &&
				(only_kernel == NULL || strcmp(only_kernel, kernel_rows[kind].name) == 0))
				run_kernel(tables[t], (KernelKind) kind);
	return EXIT_SUCCESS;
}
