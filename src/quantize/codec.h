/*-------------------------------------------------------------------------
 *
 * codec.h
 *	  Short codes for vectors, and estimates of distances from them.
 *
 * A codec turns a vector of floats into a few bits a dimension and three
 * factors, and tells from these how far the vector is from a query, with an
 * error bound.  It knows nothing of pages, graphs or PostgreSQL.  Formulas,
 * byte layout and measurements: src/quantize/README.md.
 *
 * All estimates are in the key of the metric, which is what the indexes sort
 * by:
 *
 *	  VX_METRIC_L2		squared Euclidean distance
 *	  VX_METRIC_IP		minus the inner product
 *	  VX_METRIC_COSINE	1 - cosine
 *	  VX_METRIC_L1		sum of absolute differences
 *	  VX_METRIC_HAMMING	number of bits that differ
 *	  VX_METRIC_JACCARD	1 - bits set in both / bits set in either
 *
 * The input of a codec is dims floats, or for the last two metrics a string of
 * dims bits: the first is the highest bit of the first byte, and the bits
 * behind the last one are zero.  A codec of sparse vectors takes a VxSparse
 * (kernels.h) of at most VXQ_SPARSE_MOST_ELEMENTS elements, with indices from
 * 0 to dims - 1.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_CODEC_H
#define VX_QUANTIZE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/metric.h"

/* dimensions a codec accepts; the int32 sums of the kernels end here */
#define VXQ_MAX_DIMENSIONS	16384

/* dimensions a codec of bit strings accepts */
#define VXQ_MAX_BITS	64000

/* bit strings up to this length are their own code */
#define VXQ_WHOLE_BITS	4096

/* elements that a sparse query may have */
#define VXQ_SPARSE_MOST_ELEMENTS	1000

/* vectors of at most this many bytes are their own code */
#define VXQ_RAW_BYTES		64

typedef enum VxCodeKind
{
	VX_CODE_RAW,				/* the floats themselves: exact */
	VX_CODE_LATTICE,			/* rotated, `bits` bits a dimension */
	VX_CODE_SCALAR,				/* L1: 8 bits a dimension, not rotated */
	VX_CODE_BITS,				/* HAMMING, JACCARD: bits of the string */
	VX_CODE_SPARSE				/* sparse vectors: elements, 8 bits each */
} VxCodeKind;

typedef struct VxCodecParameters
{
	VxMetric	metric;
	int			dims;			/* 1 .. VXQ_MAX_DIMENSIONS; of bits or sparse
								 * vectors more */
	int			bits;			/* 1 .. 8; stored in 2, 4 or 8 bits */
	uint64_t	seed;			/* of the rotation; part of the format */
	const float *mean;			/* dims floats, or NULL for zeros; of the
								 * normalised vectors for COSINE */
	float		spread;			/* L1: half the range around the mean that the
								 * grid covers; <= 0 means 1 */
	int			elements;		/* inputs are sparse (VxSparse), and a code has
								 * room for so many of their elements; 0: dense */
} VxCodecParameters;

/*
 * How LINK queries of the IP metric compare two nodes.  Squared distance gives
 * a proper neighbourhood graph; minus the inner product makes vectors of large
 * norm everybody's neighbour.
 */
typedef enum VxIpLink
{
	VX_IP_LINK_L2,
	VX_IP_LINK_DOT
} VxIpLink;

struct VxVectorOperations;

/* Read-only once initialised: any number of threads or backends may share it. */
typedef struct VxCodec
{
	VxMetric	metric;
	VxCodeKind	kind;
	int			dims;
	int			padded_dims;	/* dimensions after rotation: multiple of 64
								 * for LATTICE, else dims */
	int			bits;			/* of the lattice; 8 for SCALAR, 32 for RAW */
	int			stored_bits;	/* 2, 4 or 8 for LATTICE */
	size_t		code_bytes;		/* of one code */
	VxIpLink	ip_link;		/* VX_IP_LINK_L2 unless set after init */

	float		lattice_scale;	/* lattice steps in a vector of length one */
	float		step;			/* SCALAR: width of a grid cell */
	int			elements;		/* SPARSE: as in VxCodecParameters */
	double		mean_norm2;		/* squared length of the mean */
	float	   *mean;			/* dims floats; SCALAR: dithered grid offsets */
	float	   *zeros;			/* a mean of zeros, LATTICE only */
	float	   *rotated_mean;	/* padded_dims floats, LATTICE only */
	float	   *signs;			/* the rotation, see rotation.c */
	int8_t	   *ones;			/* a plane of ones, LATTICE only */
	uint16_t   *sample;			/* BITS: positions that a code holds, ascending;
								 * NULL if it holds all */
	const struct VxVectorOperations *operations;
	void	   *storage;		/* the one allocation behind the arrays */
} VxCodec;

/* What is stored beside a code; always finite. */
typedef struct VxFactors
{
	float		add;			/* LATTICE: squared length of the residual;
								 * SCALAR: what clipping cut off; BITS: bits
								 * set in the whole string; SPARSE: squared
								 * length, for L1 the sum of sizes */
	float		scale;			/* LATTICE: residual per lattice step; SPARSE:
								 * value of a level */
	float		error;			/* LATTICE: one sigma of the inner product with
								 * a unit vector; SPARSE: length, for L1 size,
								 * of what the code has not */
} VxFactors;

/* A prepared query; vxq_query_size() bytes, at any address aligned for floats */
typedef struct VxCodeQuery VxCodeQuery;

typedef enum VxQueryPurpose
{
	VX_QUERY_SEARCH,			/* estimates are the key of the metric */
	VX_QUERY_LINK				/* dissimilarity of two nodes, for choosing
								 * edges: as SEARCH, but see VxIpLink */
} VxQueryPurpose;

/* Codes in rows `stride` bytes apart, factors as one array each. */
typedef struct VxCodeArray
{
	const uint8_t *codes;		/* any alignment */
	size_t		stride;
	const float *add;
	const float *scale;
	const float *error;
} VxCodeArray;

/*
 * Fill *codec.  Copies the mean; takes some 10 us at 768 dimensions, so it may
 * be done once a scan.  Memory comes from host in one piece, given back by
 * vxq_codec_release() or with the caller's memory context.  Equal parameters
 * give equal codecs on every machine.
 */
extern void vxq_codec_init(VxCodec *codec, const VxCodecParameters *parameters,
						   const VxHost *host);
extern void vxq_codec_release(VxCodec *codec, const VxHost *host);

/* Dimensions of a LATTICE code, those of the vector rounded up. */
extern int	vxq_padded_dimensions(int dims);

/* Bytes of working memory, aligned for floats, for encoding and preparing */
extern size_t vxq_scratch_size(const VxCodec *codec);

/* Bytes of a VxCodeQuery */
extern size_t vxq_query_size(const VxCodec *codec);

/* Are codes relative to a mean, in the grid or in the residual? */
static inline bool
vxq_codes_have_mean(VxCodeKind kind)
{
	return kind != VX_CODE_BITS && kind != VX_CODE_SPARSE;
}

/*
 * A term of an input: a dimension in which it is not zero, and how much that
 * says about it, not negative and finite.  Weights of one codec compare.
 */
typedef struct VxTerm
{
	uint32_t	term;
	float		weight;
} VxTerm;

/*
 * Have such codes terms?  Most pairs of inputs then have none in common, and two
 * that share a rare one may be near without a neighbour in common.
 */
static inline bool
vxq_codes_have_terms(VxCodeKind kind)
{
	return kind == VX_CODE_SPARSE;
}

/*
 * The heaviest terms of a code or of a prepared query, at most so many, the
 * heaviest first; returns how many there are.  Of kinds that have terms only.
 */
extern int	vxq_code_terms(const VxCodec *codec, const uint8_t *code,
						   const VxFactors *factors, VxTerm *terms, int most);
extern int	vxq_query_terms(const VxCodeQuery *query, VxTerm *terms, int most);

/* Do such codes hold the vectors themselves, so that nobody needs those besides? */
extern bool vxq_codes_are_exact(VxCodeKind kind, int dims);

/*
 * Encode an input into codec->code_bytes bytes and factors.
 * A zero vector under COSINE has no direction and is coded as the mean.
 */
extern void vxq_encode(const VxCodec *codec, const void *input, void *scratch,
					   uint8_t *code, VxFactors *factors);

/* Prepare a query: an input of its own. */
extern void vxq_query_prepare(const VxCodec *codec, const void *input,
							  VxQueryPurpose purpose, void *scratch,
							  VxCodeQuery *query);

/*
 * Prepare a coded node as LINK query.  No rotation and no vector needed; the
 * code's own error becomes part of the estimates' error.
 */
extern void vxq_query_from_code(const VxCodec *codec, const uint8_t *code,
								const VxFactors *factors, VxCodeQuery *query);

/*
 * Estimate the key of `count` codes: of rows ids[i] of the array, or of rows
 * 0 .. count - 1 if ids is NULL.  estimate[i] and, unless error is NULL,
 * error[i] are filled, in the order of ids: |estimate - key| <= error holds
 * for at least 99.7 % of the pairs.  Never NaN for finite input.  The errors of
 * RAW codes are 0, under COSINE the rounding of the key to float.
 *
 * The codec is the one that query was prepared with.  The array's error
 * factors may be NULL if error is and the query was made from a vector, but
 * not of SPARSE codes.
 */
extern void vxq_estimate(const VxCodeQuery *query, const VxCodeArray *array,
						 const uint32_t *ids, size_t count,
						 float *estimate, float *error);

/* Are two codes the same bytes? */
extern bool vxq_code_equal(const VxCodec *codec, const uint8_t *a,
						   const uint8_t *b);

/*
 * The key from full vectors, in the float arithmetic of the SQL operators
 * before they round or take roots.  NaN for COSINE if a vector is zero.
 */
extern float vxq_exact(VxMetric metric, const float *q, const float *x,
					   int dims);

#endif							/* VX_QUANTIZE_CODEC_H */
