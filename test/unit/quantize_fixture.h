/*-------------------------------------------------------------------------
 *
 * quantize_fixture.h
 *	  Vectors and coded rows for the tests of src/quantize.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_FIXTURE_H
#define VX_QUANTIZE_FIXTURE_H

#include "base/rng.h"
#include "quantize/codec.h"

/* rows coded by one codec, and room for one query */
typedef struct CodedRows
{
	VxCodec		codec;
	VxCodeArray array;
	uint8_t    *codes;
	float	   *add;
	float	   *scale;
	float	   *error;
	void	   *scratch;
	VxCodeQuery *query;
} CodedRows;

/* estimates against keys, summed over pairs */
typedef struct ErrorSums
{
	long		pairs;
	long		missed;			/* outside the bound */
	double		sum;
	double		square;
	double		bound;
} ErrorSums;

typedef enum VectorKind
{
	VECTORS_GAUSSIAN,			/* independent coordinates, mean 0.3 */
	VECTORS_CLUSTERED,			/* few centres, low-dimensional noise */
	VECTORS_KINDS
} VectorKind;

/* count vectors; free() them */
extern float *fixture_vectors(VectorKind kind, int dims, int count, VxRandom *random);

/* the mean a codec of that metric wants; free() it */
extern float *fixture_mean(VxMetric metric, const float *vectors, int dims, int count);

extern void fixture_encode(CodedRows *rows, const VxCodecParameters *parameters,
						   const float *vectors, int count);
extern void fixture_release(CodedRows *rows);

/* key in double precision, so that the reference has no error of its own */
extern double fixture_key(VxMetric metric, const float *q, const float *x, int dims);

extern void fixture_add_pair(ErrorSums *sums, float estimate, double key, float bound);

#endif							/* VX_QUANTIZE_FIXTURE_H */
