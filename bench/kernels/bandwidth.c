/*-------------------------------------------------------------------------
 *
 * bandwidth.c
 *	  Clock, read bandwidth for each width of load, and copy bandwidth.
 *
 * Clock and copy are the best of several repetitions, because the question is
 * what the machine can do and not how busy it is; reading is measured once a
 * call, so that the caller can take turns with what it compares.  See README.md
 * in this folder.
 *
 *-------------------------------------------------------------------------
 */
#include "bandwidth.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "kernels/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define REPETITIONS 15

double
bench_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

double
bench_core_ghz(void)
{
	const int	rounds = 100000;
	double		best = 1e9;
	int			repetition;

	for (repetition = 0; repetition < REPETITIONS; repetition++)
	{
		double		start = bench_seconds();
		uint64_t	x = 1;
		int			i;

		for (i = 0; i < rounds; i++)
		{
			/* ten additions that wait for each other: ten cycles */
#if defined(__x86_64__)
			__asm__ volatile ("add %0, %0\n add %0, %0\n add %0, %0\n add %0, %0\n add %0, %0\n"
							  "add %0, %0\n add %0, %0\n add %0, %0\n add %0, %0\n add %0, %0" : "+r" (x));
#elif defined(__aarch64__)
			__asm__ volatile ("add %0, %0, %0\n add %0, %0, %0\n add %0, %0, %0\n add %0, %0, %0\n"
							  "add %0, %0, %0\n add %0, %0, %0\n add %0, %0, %0\n add %0, %0, %0\n"
							  "add %0, %0, %0\n add %0, %0, %0" : "+r" (x));
#endif
		}
		start = bench_seconds() - start;
		if (start < best)
			best = start;
	}
	return rounds * 10.0 / best * 1e-9;
}

/*
 * The loops are assembler so that nothing is moved or left out: loads, and
 * nothing else.
 */
#if defined(__x86_64__)

#define READ_LOOP(instruction, reg, width) \
	for (; p < end; p += 16 * width) \
		__asm__ volatile (READ_EIGHT(instruction, reg, width, 0) READ_EIGHT(instruction, reg, width, 8) \
						  : : "r" (p) \
						  : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "memory")

/* loads number first .. first + 7 of a round */
#define READ_EIGHT(instruction, reg, width, first) \
	instruction " (" #first "+0)*" #width "(%0), %%" reg "0\n" \
	instruction " (" #first "+1)*" #width "(%0), %%" reg "1\n" \
	instruction " (" #first "+2)*" #width "(%0), %%" reg "2\n" \
	instruction " (" #first "+3)*" #width "(%0), %%" reg "3\n" \
	instruction " (" #first "+4)*" #width "(%0), %%" reg "4\n" \
	instruction " (" #first "+5)*" #width "(%0), %%" reg "5\n" \
	instruction " (" #first "+6)*" #width "(%0), %%" reg "6\n" \
	instruction " (" #first "+7)*" #width "(%0), %%" reg "7\n"

static void
read_once(const uint8_t *p, const uint8_t *end, int width)
{
	if (width == 16)
		READ_LOOP("movups", "xmm", 16);
	else if (width == 32)
		READ_LOOP("vmovups", "ymm", 32);
	else
		READ_LOOP("vmovups", "zmm", 64);
}

/* Back to a state in which code without AVX runs at full speed. */
static void
read_end(int width)
{
	if (width > 16)
		__asm__ volatile ("vzeroupper" : : : "memory");
}

static int
has_width(int width)
{
	uint32_t	features = vxk_cpu_features();

	return width == 16 || (width == 32 && (features & VX_CPU_AVX2)) ||
		(width == 64 && (features & VX_CPU_AVX512));
}

#elif defined(__aarch64__)

static void
read_once(const uint8_t *p, const uint8_t *end, int width)
{
	(void) width;
	for (; p < end; p += 128)
		__asm__ volatile ("ldp q0, q1, [%0]\n ldp q2, q3, [%0, #32]\n"
						  "ldp q4, q5, [%0, #64]\n ldp q6, q7, [%0, #96]\n"
						  : : "r" (p) : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "memory");
}

static void
read_end(int width)
{
	(void) width;
}

static int
has_width(int width)
{
	return width == 16;
}

#else

static void
read_once(const uint8_t *p, const uint8_t *end, int width)
{
	(void) p;
	(void) end;
	(void) width;
}

static void
read_end(int width)
{
	(void) width;
}

static int
has_width(int width)
{
	(void) width;
	return 0;
}

#endif

double
bench_read_bandwidth(const void *data, size_t size, int width)
{
	const uint8_t *start = data;
	size_t		whole = size / 1024 * 1024;
	double		begin = bench_seconds();
	double		elapsed;
	double		bytes = 0.0;

	if (!has_width(width))
		return 0.0;
	do
	{
		size_t		i;

		for (i = 0; i < BENCH_ROUNDS(whole); i++)
			read_once(start, start + whole, width);
		bytes += (double) whole * BENCH_ROUNDS(whole);
		elapsed = bench_seconds() - begin;
	} while (elapsed < BENCH_MIN_SECONDS);
	read_end(width);
	return bytes / elapsed;
}

double
bench_copy_bandwidth(void *data, size_t size)
{
	double		best = 0.0;
	int			repetition;

	for (repetition = 0; repetition < REPETITIONS; repetition++)
	{
		double		start = bench_seconds();
		double		rate;

		memcpy((char *) data + size / 2, data, size / 2);
		rate = size / 2 / (bench_seconds() - start);
		if (rate > best)
			best = rate;
	}
	return best;
}
