/*-------------------------------------------------------------------------
 *
 * rng.h
 *	  A seeded random number generator whose sequence never changes.
 *
 * The sign patterns of the rotation and the levels of graph nodes are drawn
 * from it, so a seed stored in an index must give the same numbers on every
 * machine and in every later version.  It does not serve cryptography.
 * See src/base/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_BASE_RNG_H
#define VX_BASE_RNG_H

#include <stdint.h>

/* state of xoshiro256++; fill it with vxr_seed() before use */
typedef struct VxRandom
{
	uint64_t	state[4];
} VxRandom;

/* any seed will do, zero included; equal seeds give equal sequences */
extern void vxr_seed(VxRandom *random, uint64_t seed);

/* 64 independent fair bits */
extern uint64_t vxr_uint64(VxRandom *random);

/* uniform in [0, limit), without modulo bias; limit > 0 */
extern uint64_t vxr_below(VxRandom *random, uint64_t limit);

/* uniform in [0, 1), 53 bits */
extern double vxr_double(VxRandom *random);

/* standard normal deviate; consumes a varying number of draws */
extern double vxr_normal(VxRandom *random);

#endif							/* VX_BASE_RNG_H */
