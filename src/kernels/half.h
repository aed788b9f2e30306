/*-------------------------------------------------------------------------
 *
 * half.h
 *	  IEEE 754 half precision, one number at a time.
 *
 * By integer arithmetic, for CPUs and places without an instruction for it.
 * Pure C; whole arrays are converted by f16_to_f32 and f32_to_f16.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_HALF_H
#define VX_HALF_H

#include <stdint.h>
#include <string.h>

/* The largest finite half; what is at least halfway to 65536 rounds past it. */
#define VX_HALF_MAX			65504.0f
#define VX_HALF_OVERFLOW	65520.0f

/*
 * Exact for every half.  The exponent is moved to its place and rebiased by a
 * multiplication with 2^112, which also makes normal numbers of subnormals;
 * infinity and NaN keep their mantissa.
 */
static inline float
vx_half_to_float(uint16_t half)
{
	uint32_t	sign = (uint32_t) (half & 0x8000) << 16;
	uint32_t	bits = (uint32_t) (half & 0x7FFF) << 13;
	const uint32_t rebias = UINT32_C(0x77800000);	/* 2^112 */
	float		value;
	float		factor;

	if ((half & 0x7C00) == 0x7C00)
		bits |= UINT32_C(0x7F800000);
	else
	{
		memcpy(&value, &bits, sizeof(value));
		memcpy(&factor, &rebias, sizeof(factor));
		value *= factor;
		memcpy(&bits, &value, sizeof(bits));
	}
	bits |= sign;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * To the nearest half, ties to even; 65520 and more gives infinity, and NaN a
 * quiet NaN.
 *
 * Rounding is left to float addition: adding a number whose last place is
 * that of the half to be made puts the rounded mantissa into the low bits.
 */
static inline uint16_t
vx_float_to_half(float value)
{
	uint32_t	bits;
	uint16_t	sign;
	uint32_t	mantissa;
	uint32_t	odd;

	memcpy(&bits, &value, sizeof(bits));
	sign = (uint16_t) (bits >> 16 & 0x8000);
	bits &= UINT32_C(0x7FFFFFFF);
	if (bits > UINT32_C(0x7F800000))	/* NaN */
		return (uint16_t) (sign | 0x7E00 | (bits >> 13 & 0x1FF));
	if (bits >= UINT32_C(0x477FF000))	/* 65520 */
		return sign | 0x7C00;
	if (bits >= UINT32_C(0x38800000))	/* 2^-14: a normal half */
	{
		odd = bits >> 13 & 1;
		return (uint16_t) (sign | ((bits + 0xFFF + odd - (UINT32_C(112) << 23)) >> 13));
	}
	/* 0.5 has the last place 2^-24, that of subnormal halves */
	{
		const uint32_t half_bits = UINT32_C(0x3F000000);
		float		sum;
		float		magnitude;

		memcpy(&magnitude, &bits, sizeof(magnitude));
		memcpy(&sum, &half_bits, sizeof(sum));
		sum += magnitude;
		memcpy(&mantissa, &sum, sizeof(mantissa));
		return (uint16_t) (sign | (mantissa - half_bits));
	}
}

#endif							/* VX_HALF_H */
