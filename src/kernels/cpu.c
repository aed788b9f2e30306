/*-------------------------------------------------------------------------
 *
 * cpu.c
 *	  Feature detection: CPUID and XGETBV on x86-64, AT_HWCAP on aarch64.
 *
 * Does not choose anything; dispatch.c does.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

#if defined(__x86_64__)

/* XCR0 bits: register state that the operating system saves and restores. */
#define XCR0_XMM_YMM	0x06
#define XCR0_AVX512		0xe6	/* XMM, YMM, opmask, ZMM0-15, ZMM16-31 */

/*
 * XCR0 in full.  The instruction is spelled by hand because the intrinsic
 * would need the whole file compiled for XSAVE.  Only valid under OSXSAVE.
 */
static uint64_t
read_xcr0(void)
{
	uint32_t	low;
	uint32_t	high;

	__asm__ volatile ("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return ((uint64_t) high << 32) | low;
}

/* True if `word` has all bits of `mask`. */
static int
has_all(uint64_t word, uint64_t mask)
{
	return (word & mask) == mask;
}

/* The AVX-512 groups, out of CPUID leaf 7 subleaf 0. */
static uint32_t
avx512_features(uint32_t leaf7_ebx, uint32_t leaf7_ecx, uint32_t leaf7_edx)
{
	uint32_t	features = 0;

	/* F 16, DQ 17, BW 30, VL 31 */
	if (!has_all(leaf7_ebx, 1U << 16 | 1U << 17 | 1U << 30 | 1U << 31))
		return 0;
	features |= VX_CPU_AVX512;
	if (has_all(leaf7_ecx, 1U << 11))
		features |= VX_CPU_AVX512VNNI;
	if (has_all(leaf7_ecx, 1U << 14))
		features |= VX_CPU_AVX512POPCNT;
	if (has_all(leaf7_edx, 1U << 23))
		features |= VX_CPU_AVX512FP16;
	return features;
}

/*
 * A feature counts only if the CPU has it and the operating system saves its
 * registers; without the second test a process would lose the upper halves of
 * its vectors at the next switch.  FMA and F16C go with AVX2, because the avx2
 * row uses the first and every CPU that has AVX2 has the other.
 */
uint32_t
vxk_cpu_features(void)
{
	uint32_t	features = VX_CPU_SSE2; /* part of the architecture */
	uint32_t	eax,
				ebx,
				ecx,
				edx;
	uint32_t	subleaves;
	uint64_t	xcr0;

	/* FMA 12, POPCNT 23, OSXSAVE 27, AVX 28, F16C 29 */
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) ||
		!has_all(ecx, 1U << 12 | 1U << 23 | 1U << 27 | 1U << 28 | 1U << 29))
		return features;
	xcr0 = read_xcr0();
	if (!has_all(xcr0, XCR0_XMM_YMM) ||
		!__get_cpuid_count(7, 0, &subleaves, &ebx, &ecx, &edx) ||
		!has_all(ebx, 1U << 5))
		return features;
	features |= VX_CPU_AVX2;
	if (has_all(xcr0, XCR0_AVX512))
		features |= avx512_features(ebx, ecx, edx);
	if (subleaves >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) &&
		has_all(eax, 1U << 4))
		features |= VX_CPU_AVXVNNI;
	return features;
}

#elif defined(__aarch64__)

/*
 * The ID registers are not readable from user space everywhere, so the kernel is
 * asked.  Without Linux the base is all that is taken for granted.
 */
uint32_t
vxk_cpu_features(void)
{
	uint32_t	features = VX_CPU_NEON; /* part of the architecture */

#if defined(__linux__)
	unsigned long capabilities = getauxval(AT_HWCAP);

	if (capabilities & HWCAP_ASIMDDP)
		features |= VX_CPU_DOTPROD;
	if (capabilities & HWCAP_ASIMDFHM)
		features |= VX_CPU_NEONFHM;
#endif
	return features;
}

#else

/* any other architecture runs the scalar table, which needs no feature */
uint32_t
vxk_cpu_features(void)
{
	return 0;
}

#endif
