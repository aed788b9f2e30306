/*-------------------------------------------------------------------------
 *
 * rotation.c
 *	  A random rotation in O(D log D): seeded signs, Hadamard transforms and
 *	  quarter turns.
 *
 * Does not subtract means or quantise.  Each round multiplies by random signs
 * and transforms a stretch of 2^floor(log2 D) coordinates: the first ones in
 * even rounds, the last ones in odd rounds.  Between the second and the third
 * round the two halves are turned against each other by 45 degrees.  All
 * scaling is folded into the signs, so that the rest is sums and differences.
 * The rotation is part of the index format: equal seeds must go on giving
 * equal signs.
 * See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <math.h>

#include "base/rng.h"

/* the largest power of two not above n */
static size_t
hadamard_length(size_t n)
{
	size_t		power = 1;

	Assert(n >= VXQ_GRANULE && n % VXQ_GRANULE == 0);
	while (power * 2 <= n)
		power *= 2;
	return power;
}

/*
 * A power of two is transformed whole each time, and three rounds do; else
 * each pair of rounds reaches all coordinates, and the turn after the first
 * pair evens out what the shorter stretch left uneven.
 */
static int
round_count(size_t n, size_t power)
{
	Assert(power <= n && 2 * power > n);
	return power == n ? 3 : VXQ_ROTATION_ROUNDS;
}

/* Are the halves turned after this round? */
static bool
turns_halves(size_t n, size_t power, int round)
{
	return power < n && round == 1;
}

/* where the transformed stretch begins in a round */
static size_t
stretch_start(size_t n, size_t power, int round)
{
	return round % 2 == 0 ? 0 : n - power;
}

/*
 * Fill codec->signs, padded_dims floats a round, from the seed.
 */
void
vxq_rotation_init(const VxCodec *codec, uint64_t seed)
{
	size_t		n = codec->padded_dims;
	size_t		power = hadamard_length(n);
	VxRandom	random;
	int			round;

	Assert(codec->kind == VX_CODE_LATTICE && codec->signs != NULL);
	vxr_seed(&random, seed);
	for (round = 0; round < round_count(n, power); round++)
	{
		float	   *signs = codec->signs + round * n;
		size_t		start = stretch_start(n, power, round);
		double		turn = turns_halves(n, power, round) ? sqrt(0.5) : 1.0;
		float		outside = (float) turn;
		float		inside = (float) (turn / sqrt((double) power));
		uint64_t	bits = 0;
		size_t		j;

		for (j = 0; j < n; j++)
		{
			float		scale = j >= start && j < start + power ? inside : outside;

			if (j % 64 == 0)
				bits = vxr_uint64(&random);
			signs[j] = (bits >> (j % 64)) & 1 ? -scale : scale;
		}
	}
}

/* x = P x in place; padded_dims floats */
void
vxq_rotate(const VxCodec *codec, float *x)
{
	size_t		n = codec->padded_dims;
	size_t		power = hadamard_length(n);
	int			round;

	for (round = 0; round < round_count(n, power); round++)
	{
		codec->operations->rotation_round(x, codec->signs + round * n, n,
										  stretch_start(n, power, round), power);
		if (turns_halves(n, power, round))
			codec->operations->mix_halves(x, n);
	}
}

/*
 * x = inverse of P, x in place.  Each part of a round is its own inverse up to
 * the scale that the signs carry.
 */
void
vxq_rotate_back(const VxCodec *codec, float *x)
{
	size_t		n = codec->padded_dims;
	size_t		power = hadamard_length(n);
	int			round;

	for (round = round_count(n, power) - 1; round >= 0; round--)
	{
		const float *signs = codec->signs + round * n;
		size_t		j;

		if (turns_halves(n, power, round))
			codec->operations->mix_halves(x, n);
		codec->operations->hadamard(x + stretch_start(n, power, round), power);
		for (j = 0; j < n; j++)
			x[j] *= signs[j];
	}
}
