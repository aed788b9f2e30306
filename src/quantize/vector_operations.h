/*-------------------------------------------------------------------------
 *
 * vector_operations.h
 *	  The float loops of the codec, compiled once per vector width.
 *
 * One body (vector_operations_body.h) is built for 4, 8 and 16 lanes; a codec
 * takes the set that fits the kernels in use and passes it down.  The sets
 * differ in the last bits of their sums only.  What the loops are for is said
 * where they are called; see src/quantize/README.md.
 *
 * Lengths named n are multiples of 64, the granule of padded dimensions,
 * except where a contract says otherwise.  Pointers are aligned for floats.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_VECTOR_OPERATIONS_H
#define VX_QUANTIZE_VECTOR_OPERATIONS_H

#include <stddef.h>
#include <stdint.h>

/* padded dimensions are multiples of this */
#define VXQ_GRANULE 64

/* lanes of the widest set */
#define VXQ_MOST_LANES 16

/* sums over one vector against its lattice point, see VxVectorOperations */
typedef struct VxLatticeSums
{
	double		product;		/* <y, r> */
	double		lattice_norm2;	/* |y|^2 */
	double		vector_norm2;	/* |r|^2 */
} VxLatticeSums;

/* sums over one vector x and its rounded plane p, with e = x - step p */
typedef struct VxRoundingSums
{
	int32_t		levels;			/* sum of p */
	float		error_norm2;	/* |e|^2 */
	float		error_along;	/* <e, x> */
} VxRoundingSums;

/* what turns integer sums into estimates; set up in query.c */
typedef struct VxFusion
{
	float		base;			/* key of a vector whose code says nothing */
	float		weight;			/* of the add factor */
	float		coefficient;	/* of the inner product: -2 or -1 */
	float		inner_step;		/* inner product per unit of 2 <y, p> */
	int32_t		offset;			/* (2^B - 1) * sum of p: 2 <y, p> = 2 <k, p> -
								 * offset */
	float		norm2;			/* squared length of the query */
	float		inverse_norm2;	/* 1 / norm2, or 0 */
	float		noise;			/* |e|^2 / (D norm2), e what the planes do not
								 * hold of the query */
	float		row_noise;		/* noise * (D - 1) */
	float		reach;			/* sigmas * |coefficient| * query's length */
	float		rounding;		/* relative error of float arithmetic */
	float		floor;			/* constant part of the error */

	/* queries made from codes only, else 0 */
	float		own_loss;		/* weight * squared length of what the
								 * query's code lost */
	float		row_loss;		/* weight * (D - 1): the same of a row, by its
								 * squared error factor */
	float		noise_along;	/* noise that is not at right angles to the
								 * query */
	float		common;			/* error per error factor of a row, for what
								 * both codes may have lost alike */
} VxFusion;

typedef struct VxVectorOperations
{
	const char *name;
	size_t		lanes;

	/* out = x * multiplier - mean; any n; out may be x */
	void		(*residual) (const float *x, float multiplier,
							 const float *mean, size_t n, float *out);

	/*
	 * One round of the rotation over n dimensions: x *= signs, then the
	 * unnormalised Hadamard transform of the `power` floats from `start`.
	 */
	void		(*rotation_round) (float *x, const float *signs, size_t n,
								   size_t start, size_t power);
	/* a round's transform without the signs, for the inverse */
	void		(*hadamard) (float *x, size_t power);
	/* sums of the two halves to the lower, differences to the upper */
	void		(*mix_halves) (float *x, size_t n);

	/*
	 * Codes of r on the lattice: k[j] in [0, 2 * half), the nearest lattice
	 * point y = k - half + 1/2 below r * scale in magnitude.
	 */
	void		(*lattice) (const float *r, size_t n, float scale, int half,
							uint8_t *k, VxLatticeSums *sums);
	/* product and lattice_norm2 alone, to compare scales */
	void		(*lattice_sums) (const float *r, size_t n, float scale,
								 int half, VxLatticeSums *sums);

	/* largest magnitude */
	float		(*largest) (const float *x, size_t n);

	/* p = x / step rounded to nearest, |x| <= 127 step */
	void		(*round_int8) (const float *x, size_t n, float step,
							   int8_t *p, VxRoundingSums *sums);

	/* levels to planes of bits and back; `bytes` of code, a multiple of 16 */
	void		(*pack) (const uint8_t *levels, size_t bytes, int bits,
						 uint8_t *code);
	void		(*unpack) (const uint8_t *code, size_t bytes, int bits,
						   uint8_t *levels);

	/* 256 levels to 255, the two in the middle becoming one */
	void		(*join_middle) (uint8_t *levels, size_t n);
	/* multiplier * level - shift in each byte, a signed number from then on */
	void		(*centre) (uint8_t *levels, size_t n, int multiplier, int shift);

	/* x -= scale * (levels - centre), any bytes as levels */
	void		(*subtract_levels) (float *x, size_t n, const uint8_t *levels,
									float scale, float centre);
	/* largest sum of magnitudes of four neighbours, from a multiple of 4 on */
	float		(*largest_four) (const float *x, size_t n);
	/*
	 * x / step rounded to nearest; parts[16 s + j] is the result for dimension
	 * 8 s + j if that is positive, parts[16 s + 8 + j] its magnitude if it is
	 * negative, else 0.  sums->levels is the sum of magnitudes.
	 */
	void		(*round_parts) (const float *x, size_t n, float step,
								uint8_t *parts, VxRoundingSums *sums);

	/*
	 * results[0] = estimates and, unless NULL, results[1] = errors of count
	 * rows from the sums of the kernels and the factors (add, scale,
	 * error; the last may be NULL for estimates of prepared vectors);
	 * count >= lanes.
	 */
	void		(*fuse) (const VxFusion *fusion, const int32_t *sums,
						 const float *const factors[3], size_t count,
						 float *results[2]);
} VxVectorOperations;

/* The set that fits the kernel table of that name ("avx2", ...). */
extern const VxVectorOperations *vxq_operations_for(const char *kernels);

/* All sets this CPU runs, for tests; returns their number. */
extern size_t vxq_operations_available(const VxVectorOperations *sets[3]);

#endif							/* VX_QUANTIZE_VECTOR_OPERATIONS_H */
