/*-------------------------------------------------------------------------
 *
 * refine.h
 *	  A second code of a vector, of what its first code has lost.
 *
 * A codec's code is good enough to walk a graph by.  For the few rows that the
 * walk ends at, a refine code narrows estimate and error before anybody reads
 * the vectors themselves: it holds w = r - f y, the rotated residual less its
 * lattice point, in 2, 4 or 8 further bits a dimension.  README.md, section
 * "Refine codes".
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_REFINE_H
#define VX_QUANTIZE_REFINE_H

#include "quantize/codec.h"

/* Read-only once initialised; the base codec must live as long. */
typedef struct VxRefineCodec
{
	const VxCodec *base;		/* a LATTICE codec */
	VxCodec		codec;			/* of w, by inner product */
	size_t		bytes;			/* of a refine code: code, then VxFactors */
} VxRefineCodec;

/*
 * Bytes of a refine code of so many bits, 1 .. 8, beside codes of padded_dims
 * dimensions.
 */
extern size_t vxq_refine_bytes(int padded_dims, int bits);

/* Fill *refine; seeded from the base's seed, so that equal indexes have equal codes. */
extern void vxq_refine_init(VxRefineCodec *refine, const VxCodec *base, int bits,
							uint64_t seed, const VxHost *host);
extern void vxq_refine_release(VxRefineCodec *refine, const VxHost *host);

/* Bytes of working memory, aligned for floats, for the two functions below. */
extern size_t vxq_refine_scratch_size(const VxRefineCodec *refine);

/*
 * The refine code of an input that vxq_encode() gave this code and these
 * factors: refine->bytes bytes.
 */
extern void vxq_refine_encode(const VxRefineCodec *refine, const void *input,
							  const uint8_t *code, const VxFactors *factors,
							  void *scratch, uint8_t *bytes);

/* Bytes of a query for vxq_refine_estimate(), and its preparation. */
extern size_t vxq_refine_query_size(const VxRefineCodec *refine);
extern void vxq_refine_query_prepare(const VxRefineCodec *refine, const void *input,
									 void *scratch, VxCodeQuery *query);

/*
 * Narrow an estimate that the base query (of purpose SEARCH) made of a row.
 *
 * add is the factor of the row's code, bytes its refine code at any alignment.
 * *estimate and *error become those of both codes together:
 * |estimate - key| <= error for at least 99.7 % of rows.  Left as they are where
 * the error is infinite.  Never NaN, whatever the bytes hold.
 */
extern void vxq_refine_estimate(const VxCodeQuery *base_query, const VxCodeQuery *query,
								float add, const uint8_t *bytes,
								float *estimate, float *error);

#endif							/* VX_QUANTIZE_REFINE_H */
