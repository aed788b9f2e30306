/*-------------------------------------------------------------------------
 *
 * vector.h
 *		The type vector as stored, for all code that reads its values.
 *
 * Layout (native byte order, alignment int4, storage external):
 *
 *		OFFSET	SIZE	CONTENT
 *		0		4		varlena header; a short one of 1 byte on disk if the
 *						datum is small, gone in the wire format
 *		4		2		dim, 1 .. 16000
 *		6		2		unused, 0
 *		8		4 * dim	x, finite, -0 kept
 *
 * This is pgvector's layout.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_VECTOR_H
#define VX_VECTOR_H

#include "fmgr.h"

#include "compat.h"
#include "types/dense.h"

#define VX_VECTOR_MAX_DIM VX_DENSE_MAX_DIM

typedef struct VxVector
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int16		dim;
	int16		unused;
	float		x[FLEXIBLE_ARRAY_MEMBER];
} VxVector;

#define VX_VECTOR_SIZE(dim) (offsetof(VxVector, x) + sizeof(float) * (dim))

extern const VxDenseInfo vxt_vector_info;

/*
 * The value of a datum, detoasted where needed: the datum itself or a palloc'd
 * copy.  Raises ERRCODE_DATA_CORRUPTED rather than let a damaged length send
 * a kernel out of bounds.
 */
static inline VxVector *
DatumGetVxVector(Datum datum)
{
	VxVector   *vector = (VxVector *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(vector) < VX_VECTOR_SIZE(1) ||
		vector->dim > VX_VECTOR_MAX_DIM ||
		VARSIZE(vector) != VX_VECTOR_SIZE((Size) vector->dim))
		vxt_corrupted(&vxt_vector_info);
	Assert(vector->dim >= 1);
	return vector;
}

#define PG_GETARG_VX_VECTOR_P(n) DatumGetVxVector(PG_GETARG_DATUM(n))
#define PG_RETURN_VX_VECTOR_P(vector) PG_RETURN_POINTER(vector)

/* A palloc'd vector of zeros; dim must have been checked. */
extern VxVector *vxt_new_vector(int dim);

/* 1 - cosine as <=> has it; NaN if either vector is zero. */
extern double vxt_vector_cosine(const float *a, const float *b, size_t dim);

/* The SQL functions by which an operator class is recognised. */
extern Datum vx_vector_l2_squared_distance(PG_FUNCTION_ARGS);
extern Datum vx_vector_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum vx_vector_l1_distance(PG_FUNCTION_ARGS);

#endif							/* VX_VECTOR_H */
