/*-------------------------------------------------------------------------
 *
 * bandwidth.h
 *	  What the machine itself can do: the bounds beside which kernels are shown.
 *
 * Used by bench_kernels.c only.  See README.md in this folder.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_BANDWIDTH_H
#define BENCH_BANDWIDTH_H

#include <stddef.h>

/* Seconds since some moment, for differences. */
double		bench_seconds(void);

/* Clock of the core in GHz while it is busy, from a chain of dependent additions. */
double		bench_core_ghz(void);

/* A measurement repeats its work for at least so long. */
#define BENCH_MIN_SECONDS 0.00015

/* Rounds over `size` bytes between two looks at the clock, which is slow. */
#define BENCH_ROUNDS(size) (((size_t) 4 << 20) / (size) + 1)

/*
 * Bytes a second read from `size` bytes at `data`, over and over for
 * BENCH_MIN_SECONDS, by loads of `width` bytes (16, 32, 64); 0 when the CPU has
 * no such loads.
 */
double		bench_read_bandwidth(const void *data, size_t size, int width);

/* Bytes a second copied by memcpy from the first to the second half of `data`. */
double		bench_copy_bandwidth(void *data, size_t size);

#endif							/* BENCH_BANDWIDTH_H */
