/*-------------------------------------------------------------------------
 *
 * codec_internal.h
 *	  What the files of quantize/ share; nobody else includes it.
 *
 * See src/quantize/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_CODEC_INTERNAL_H
#define VX_QUANTIZE_CODEC_INTERNAL_H

#include "kernels/kernels.h"
#include "quantize/codec.h"
#include "quantize/vector_operations.h"

/* half width of an estimate in standard deviations */
#define VXQ_SIGMAS 3.2

/*
 * Longest residual that is coded as it is.  Its squared distances, at most
 * (2 * 4e18)^2, still fit a float; longer ones are shrunk to this length.
 */
#define VXQ_LONGEST 4e18

/* Residuals shorter than this have no direction that floats could carry. */
#define VXQ_SHORTEST 1e-30

/* SPARSE: the table that the plane of a query is, and what the query was */
typedef struct VxSparseQuery
{
	uint32_t	mask;			/* places less one */
	int			shift;			/* of a hash, to a place */
	double		length;			/* squared; for L1 the sum of sizes */
	double		step;			/* of a row as query: value of a level, else 0 */
	double		lost;			/* the same: what its code has not */
} VxSparseQuery;

struct VxCodeQuery
{
	const VxCodec *codec;
	VxQueryPurpose purpose;
	VxFusion	fusion;			/* LATTICE and SCALAR */
	VxSparseQuery sparse;
	float		excess;			/* SCALAR: what clipping cut off; BITS: bits set */
	/* LATTICE: int8 planes; SCALAR, BITS: the code; RAW: the floats; SPARSE: table */
	uint8_t		plane[];
};

/* what became of a vector on its way to a code or a query */
typedef struct VxResidual
{
	double		norm;			/* length of what the array holds */
	bool		shrunk;			/* true if it was longer than VXQ_LONGEST */
} VxResidual;

/* rotation.c */
#define VXQ_ROTATION_ROUNDS 4	/* at most */
extern void vxq_rotation_init(const VxCodec *codec, uint64_t seed);
extern void vxq_rotate(const VxCodec *codec, float *x);
extern void vxq_rotate_back(const VxCodec *codec, float *x);

/*
 * residual.c: rotated[] = P(x - mean), of the normalised x for COSINE, and
 * without the mean if `centred` is false; padded_dims floats.
 */
extern VxResidual vxq_residual(const VxCodec *codec, const float *x,
							   bool centred, float *rotated);

/* lattice.c */
extern float vxq_lattice_scale(int bits, int padded_dims);
extern void vxq_lattice_encode(const VxCodec *codec, const float *rotated,
							   const VxResidual *residual, uint8_t *levels,
							   VxFactors *factors);

/*
 * query.c: the constants of estimates for a query of squared length norm2, of which
 * the planes lack noise2, squared; `constant` is the inner product that all rows
 * have in common (keys that are inner products only).
 */
extern void vxq_query_fusion(VxCodeQuery *query, double norm2, double noise2,
							 double constant);

/* scalar.c */
extern void vxq_scalar_init(VxCodec *codec, const VxCodecParameters *parameters);
extern float vxq_scalar_encode(const VxCodec *codec, const float *x,
							   uint8_t *code);

/* bits.c */
extern void vxq_bits_init(VxCodec *codec, uint64_t seed);
extern float vxq_bits_encode(const VxCodec *codec, const uint8_t *bits,
							 uint8_t *code);
extern void vxq_bits_estimate(const VxCodeQuery *query, const int32_t *counts,
							  const float *set, size_t count,
							  float *results[2]);

/* sparse.c */
extern size_t vxq_sparse_code_bytes(int dims, int elements);
extern size_t vxq_sparse_query_bytes(void);
extern void vxq_sparse_encode(const VxCodec *codec, const VxSparse *x,
							  uint8_t *code, VxFactors *factors);
extern void vxq_sparse_prepare(const VxSparse *x, VxCodeQuery *query);
extern void vxq_sparse_from_code(const uint8_t *code, const VxFactors *factors,
								 VxCodeQuery *query);
extern void vxq_sparse_estimate(const VxCodeQuery *query, const VxCodeArray *array,
								const uint32_t *ids, size_t first, size_t count,
								float *results[2]);

/* query.c: a factor as the encoder may have written it, whatever a page holds */
extern float vxq_sane_factor(float factor, float largest);

#endif							/* VX_QUANTIZE_CODEC_INTERNAL_H */
