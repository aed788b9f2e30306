/*-------------------------------------------------------------------------
 *
 * sparsevec.h
 *		The type sparsevec as stored, for all code that reads its values.
 *
 * Layout (native byte order, alignment int4, storage external):
 *
 *		OFFSET		SIZE	CONTENT
 *		0			4		varlena header
 *		4			4		dim, 1 .. 1 000 000 000
 *		8			4		nnz, elements that are kept: 0 .. 16 000
 *		12			4		unused, 0
 *		16			4 * nnz	index, from 0, ascending
 *		16 + 4 nnz	4 * nnz	value, float32, finite and not zero
 *
 * This is pgvector's layout.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SPARSEVEC_H
#define VX_SPARSEVEC_H

#include "fmgr.h"

#include "compat.h"
#include "kernels/kernels.h"
#include "types/dense.h"

#define VX_SPARSEVEC_MAX_DIM 1000000000
#define VX_SPARSEVEC_MAX_NNZ 16000

typedef struct VxSparsevec
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int32		dim;
	int32		nnz;
	int32		unused;
	int32		index[FLEXIBLE_ARRAY_MEMBER];
} VxSparsevec;

#define VX_SPARSEVEC_SIZE(nnz) \
	(offsetof(VxSparsevec, index) + (sizeof(int32) + sizeof(float)) * (nnz))

extern const VxDenseInfo vxt_sparsevec_info;

/* The values, which follow the indices. */
static inline float *
vxt_sparsevec_values(const VxSparsevec *vector)
{
	return (float *) (vector->index + vector->nnz);
}

/* Indices and values as the kernels take them. */
static inline VxSparse
vxt_sparsevec_view(const VxSparsevec *vector)
{
	VxSparse	view = {vector->index, vxt_sparsevec_values(vector), (size_t) vector->nnz};

	return view;
}

/*
 * The value of a datum, detoasted where needed: the datum itself or a palloc'd
 * copy.  Raises ERRCODE_DATA_CORRUPTED rather than let a damaged length send
 * a kernel out of bounds.
 */
static inline VxSparsevec *
DatumGetVxSparsevec(Datum datum)
{
	VxSparsevec *vector = (VxSparsevec *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(vector) < VX_SPARSEVEC_SIZE(0) ||
		vector->dim < 1 || vector->dim > VX_SPARSEVEC_MAX_DIM ||
		vector->nnz < 0 || vector->nnz > VX_SPARSEVEC_MAX_NNZ ||
		VARSIZE(vector) != VX_SPARSEVEC_SIZE((Size) vector->nnz))
		vxt_corrupted(&vxt_sparsevec_info);
	return vector;
}

/* A palloc'd vector with room for nnz elements; both must have been checked. */
extern VxSparsevec *vxt_new_sparsevec(int dim, int nnz);

/* 1 - cosine as <=> has it; NaN if either vector is zero. */
extern double vxt_sparse_cosine(const VxSparse *a, const VxSparse *b);

/* The SQL functions by which an operator class is recognised. */
extern Datum vx_sparsevec_l2_squared_distance(PG_FUNCTION_ARGS);
extern Datum vx_sparsevec_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum vx_sparsevec_l1_distance(PG_FUNCTION_ARGS);

#endif							/* VX_SPARSEVEC_H */
