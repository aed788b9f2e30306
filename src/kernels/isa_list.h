/*-------------------------------------------------------------------------
 *
 * isa_list.h
 *	  The list of instruction sets: VX_ISA(name, features), one row each.
 *
 * Included with VX_ISA defined, on purpose without an include guard.  The
 * order matters: from the slowest to the fastest, so that the last row whose
 * features the CPU has is the best choice.  Each row stands for one file
 * isa_<name>.c, which exports one table vxk_kernels_<name>.
 *
 * VX_NO_SIMD leaves the scalar row alone.  The LLVM bitcode of the server is
 * built with it: its compiler and flags are fixed by the server's packager,
 * and calls through the table cannot be inlined anyway.
 *
 *-------------------------------------------------------------------------
 */
VX_ISA(scalar, 0)

#if !defined(VX_NO_SIMD) && defined(__x86_64__)
VX_ISA(sse2, VX_CPU_SSE2)
VX_ISA(avx2, VX_CPU_AVX2)
VX_ISA(avxvnni, VX_CPU_AVX2 | VX_CPU_AVXVNNI)
VX_ISA(avx512, VX_CPU_AVX512)
VX_ISA(avx512vnni, VX_CPU_AVX512 | VX_CPU_AVX512VNNI)
VX_ISA(avx512popcnt, VX_CPU_AVX512 | VX_CPU_AVX512VNNI | VX_CPU_AVX512POPCNT)
#endif

#if !defined(VX_NO_SIMD) && defined(__aarch64__) && defined(__AARCH64EL__)
VX_ISA(neon, VX_CPU_NEON)
VX_ISA(neondotprod, VX_CPU_NEON | VX_CPU_DOTPROD)
VX_ISA(neonfhm, VX_CPU_NEON | VX_CPU_DOTPROD | VX_CPU_NEONFHM)
#endif
