/*-------------------------------------------------------------------------
 *
 * bits.c
 *	  Codes of bit strings: the string itself, or a sample of its bits.
 *
 * A page of 8 kB holds a dozen nodes with strings of 4096 bits, so up to there
 * a string is its own code and every key is exact.  Of a longer one 4096 bits
 * are kept, the same of every string, and keys are scaled up from them.  See
 * src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/kernels.h"

/* Bytes of a whole string. */
static size_t
string_bytes(const VxCodec *codec)
{
	return ((size_t) codec->dims + 7) / 8;
}

/*
 * Draw the sample: 4096 positions without repetition, ascending, by Knuth's
 * method S (The Art of Computer Programming, volume 2, 3.4.2): position by
 * position, each with the chance of those still wanted among those left.
 */
void
vxq_bits_init(VxCodec *codec, uint64_t seed)
{
	VxRandom	random;
	int			wanted = VXQ_WHOLE_BITS;
	int			position;

	Assert(codec->kind == VX_CODE_BITS);
	if (codec->sample == NULL)
		return;
	vxr_seed(&random, seed);
	for (position = 0; wanted > 0; position++)
	{
		uint64_t	left = (uint64_t) (codec->dims - position);

		Assert(position < codec->dims);
		if (vxr_below(&random, left) < (uint64_t) wanted)
			codec->sample[VXQ_WHOLE_BITS - wanted--] = (uint16_t) position;
	}
}

/*
 * Write the code of a string and return the number of bits set in all of it,
 * which Jaccard keys need of both sides.
 */
float
vxq_bits_encode(const VxCodec *codec, const uint8_t *bits, uint8_t *code)
{
	int			i;

	if (codec->sample == NULL)
		memcpy(code, bits, codec->code_bytes);
	else
	{
		memset(code, 0, codec->code_bytes);
		for (i = 0; i < VXQ_WHOLE_BITS; i++)
		{
			unsigned	position = codec->sample[i];
			unsigned	bit = bits[position / 8] >> (7 - position % 8) & 1;

			code[i / 8] |= (uint8_t) (bit << (7 - i % 8));
		}
	}
	return (float) vxk->popcount_bits(bits, string_bytes(codec));
}

/*
 * Bits outside the sample that the error allows for at least.  Where few are
 * outside, their number is no normal deviate: a bit or two that differ are then
 * beyond any number of deviations.
 */
#define LEAST_ERROR 3

/*
 * The number of bits of the whole string that a count in the sample stands
 * for, and its error: VXQ_SIGMAS deviations of sampling without replacement,
 * whose share is smoothed so that a count of none is not taken for certain, and
 * no less than a few bits, or all that are outside the sample.
 */
static float
scale_up(const VxCodec *codec, int32_t count, float *error)
{
	double		share = (count + 2.0) / (VXQ_WHOLE_BITS + 4.0);
	int			outside = codec->dims - VXQ_WHOLE_BITS;
	double		rest = (double) outside / (codec->dims - 1);

	Assert(codec->sample != NULL && count >= 0 && count <= VXQ_WHOLE_BITS);
	*error = (float) (VXQ_SIGMAS * codec->dims *
					  sqrt(share * (1.0 - share) / VXQ_WHOLE_BITS * rest));
	*error = fmaxf(*error, outside < LEAST_ERROR ? outside : LEAST_ERROR);
	return (float) ((double) count * codec->dims / VXQ_WHOLE_BITS);
}

/*
 * 1 - Jaccard similarity of two strings with `total` bits set in all, counted
 * twice where they share them, and `both` set in both.
 */
static float
jaccard(float both, float total)
{
	if (!(both > 0.0f))
		return 1.0f;
	return 2.0f * both < total ? 1.0f - both / (total - both) : 0.0f;
}

/*
 * The same as a key, with its error from that of `both`: the key at both ends,
 * since it bends, and falls as `both` grows.
 */
static float
jaccard_key(float both, float total, float *error)
{
	float		key = jaccard(both, total);

	*error = fmaxf(jaccard(both - *error, total) - key, key - jaccard(both + *error, total));
	Assert(*error >= 0.0f);
	return key;
}

/* Keys and errors of `count` rows from the counts of a kernel. */
void
vxq_bits_estimate(const VxCodeQuery *query, const int32_t *counts,
				  const float *set, size_t count, float *results[2])
{
	const VxCodec *codec = query->codec;
	size_t		i;

	for (i = 0; i < count; i++)
	{
		float		error = 0.0f;
		float		key = codec->sample == NULL ? (float) counts[i] :
			scale_up(codec, counts[i], &error);

		if (codec->metric == VX_METRIC_JACCARD)
			key = jaccard_key(key, query->excess + set[i], &error);
		results[0][i] = key;
		if (results[1] != NULL)
			results[1][i] = error;
	}
}
