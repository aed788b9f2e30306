/*-------------------------------------------------------------------------
 *
 * rng.c
 *	  xoshiro256++ seeded by splitmix64.
 *
 * Both are by Blackman and Vigna ("Scrambled linear pseudorandom number
 * generators", ACM TOMS 47, 2021).  Does not serve cryptography.  See
 * src/base/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "base/rng.h"

#include <math.h>

#include "base/host.h"

static uint64_t
rotate_left(uint64_t word, int count)
{
	Assert(count > 0 && count < 64);
	return (word << count) | (word >> (64 - count));
}

/*
 * splitmix64 spreads the seed over the four words; it is a bijection of its
 * counter, so at most one of the words can be zero and the all-zero state, the
 * only one that xoshiro cannot leave, does not occur.
 */
void
vxr_seed(VxRandom *random, uint64_t seed)
{
	int			i;

	Assert(random != NULL);
	for (i = 0; i < 4; i++)
	{
		uint64_t	word;

		seed += UINT64_C(0x9e3779b97f4a7c15);
		word = seed;
		word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
		random->state[i] = word ^ (word >> 31);
	}
}

uint64_t
vxr_uint64(VxRandom *random)
{
	uint64_t   *state = random->state;
	uint64_t	result = rotate_left(state[0] + state[3], 23) + state[0];
	uint64_t	shifted = state[1] << 17;

	Assert((state[0] | state[1] | state[2] | state[3]) != 0);
	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate_left(state[3], 45);
	return result;
}

/*
 * Draws below 2^64 mod limit are thrown away, so that what remains is a whole
 * number of ranges of limit values.
 */
uint64_t
vxr_below(VxRandom *random, uint64_t limit)
{
	uint64_t	threshold;
	uint64_t	word;

	Assert(limit > 0);
	threshold = (UINT64_C(0) - limit) % limit;
	do
	{
		word = vxr_uint64(random);
	} while (word < threshold);
	return word % limit;
}

double
vxr_double(VxRandom *random)
{
	return (double) (vxr_uint64(random) >> 11) * 0x1.0p-53;
}

/*
 * Marsaglia's polar method; the second deviate of a pair is not kept, since a
 * cached half would make the state more than four words.
 */
double
vxr_normal(VxRandom *random)
{
	double		x;
	double		y;
	double		square;

	do
	{
		x = 2.0 * vxr_double(random) - 1.0;
		y = 2.0 * vxr_double(random) - 1.0;
		square = x * x + y * y;
	} while (square >= 1.0 || square == 0.0);
	return x * sqrt(-2.0 * log(square) / square);
}
