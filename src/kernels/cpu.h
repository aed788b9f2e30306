/*-------------------------------------------------------------------------
 *
 * cpu.h
 *	  What the CPU and the operating system let us execute.
 *
 * Nothing else in the project detects CPU features; the choice made from them
 * is dispatch.c's.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CPU_H
#define VX_CPU_H

#include <stdint.h>

/*
 * Each bit promises a whole group of instructions, its registers saved by the
 * operating system included.  Groups are cut where the kernel files need them.
 */
typedef enum VxCpuFeature
{
	VX_CPU_SSE2 = 1 << 0,
	VX_CPU_AVX2 = 1 << 1,		/* AVX2, FMA and F16C */
	VX_CPU_AVXVNNI = 1 << 2,	/* VEX-coded vpdpbusd */
	VX_CPU_AVX512 = 1 << 3,		/* F, BW, DQ and VL, and all of AVX2 */
	VX_CPU_AVX512VNNI = 1 << 4,
	VX_CPU_AVX512POPCNT = 1 << 5,	/* VPOPCNTDQ */
	VX_CPU_AVX512FP16 = 1 << 6,
	VX_CPU_NEON = 1 << 7,
	VX_CPU_DOTPROD = 1 << 8,	/* sdot, udot */
	VX_CPU_NEONFHM = 1 << 9		/* fmlal: half times half, added in float32 */
} VxCpuFeature;

/* The set of VxCpuFeature bits of the CPU this runs on. */
uint32_t	vxk_cpu_features(void);

#endif							/* VX_CPU_H */
