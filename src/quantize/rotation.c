/*-------------------------------------------------------------------------
 *
 * rotation.c
 *	  A random rotation in O(D log D): seeded signs, Hadamard transforms and
 *	  quarter turns.
 *
 * Does not subtract means or quantise.  Each of the four rounds multiplies by
 * random signs, transforms the first (even rounds) or last (odd rounds)
 * 2^floor(log2 D) coordinates and turns the two halves against each other by
 * 45 degrees.  All scaling is folded into the signs, so that a round is one
 * multiplication and otherwise sums and differences.  The rotation is part of
 * the index format: equal seeds must go on giving equal signs.
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

/* where the transformed stretch begins in a round */
static size_t
hadamard_start(size_t n, size_t power, int round)
{
	return round % 2 == 0 ? 0 : n - power;
}

/*
 * Fill codec->signs, VXQ_ROTATION_ROUNDS * padded_dims floats, from the seed.
 */
void
vxq_rotation_init(const VxCodec *codec, uint64_t seed)
{
	size_t		n = codec->padded_dims;
	size_t		power = hadamard_length(n);
	float		turn = power < n ? (float) sqrt(0.5) : 1.0f;
	float		inside = (float) (sqrt(power < n ? 0.5 : 1.0) / sqrt((double) power));
	VxRandom	random;
	int			round;

	vxr_seed(&random, seed);
	for (round = 0; round < VXQ_ROTATION_ROUNDS; round++)
	{
		float	   *signs = codec->signs + round * n;
		size_t		start = hadamard_start(n, power, round);
		uint64_t	bits = 0;
		size_t		j;

		for (j = 0; j < n; j++)
		{
			float		scale = j >= start && j < start + power ? inside : turn;

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

	for (round = 0; round < VXQ_ROTATION_ROUNDS; round++)
		codec->operations->rotation_round(x, codec->signs + round * n, n,
										  hadamard_start(n, power, round), power);
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

	for (round = VXQ_ROTATION_ROUNDS - 1; round >= 0; round--)
	{
		const float *signs = codec->signs + round * n;
		size_t		j;

		if (power < n)
			codec->operations->mix_halves(x, n);
		codec->operations->hadamard(x + hadamard_start(n, power, round), power);
		for (j = 0; j < n; j++)
			x[j] *= signs[j];
	}
}
