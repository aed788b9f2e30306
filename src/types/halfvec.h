/*-------------------------------------------------------------------------
 *
 * halfvec.h
 *		The type halfvec as stored, for all code that reads its values.
 *
 * Layout (native byte order, alignment int4, storage external): that of
 * vector, with elements of IEEE 754 half precision, two bytes each.  This is
 * pgvector's layout.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_HALFVEC_H
#define VX_HALFVEC_H

#include "fmgr.h"

#include "compat.h"
#include "types/dense.h"

#define VX_HALFVEC_MAX_DIM VX_DENSE_MAX_DIM

typedef struct VxHalfvec
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int16		dim;
	int16		unused;
	uint16		x[FLEXIBLE_ARRAY_MEMBER];
} VxHalfvec;

#define VX_HALFVEC_SIZE(dim) (offsetof(VxHalfvec, x) + sizeof(uint16) * (dim))

extern const VxDenseInfo vxt_halfvec_info;

/*
 * The value of a datum, detoasted where needed: the datum itself or a palloc'd
 * copy.  Raises ERRCODE_DATA_CORRUPTED rather than let a damaged length send
 * a kernel out of bounds.
 */
static inline VxHalfvec *
DatumGetVxHalfvec(Datum datum)
{
	VxHalfvec  *vector = (VxHalfvec *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(vector) < VX_HALFVEC_SIZE(1) ||
		vector->dim > VX_HALFVEC_MAX_DIM ||
		VARSIZE(vector) != VX_HALFVEC_SIZE((Size) vector->dim))
		vxt_corrupted(&vxt_halfvec_info);
	Assert(vector->dim >= 1);
	return vector;
}

/* A palloc'd vector of zeros; dim must have been checked. */
extern VxHalfvec *vxt_new_halfvec(int dim);

/* Raise the error for a number that a half cannot hold, if it is one. */
extern void vxt_check_half(float value);

/* 1 - cosine as <=> has it; NaN if either vector is zero. */
extern double vxt_halfvec_cosine(const uint16 *a, const uint16 *b, size_t dim);

/* The SQL functions by which an operator class is recognised. */
extern Datum vx_halfvec_l2_squared_distance(PG_FUNCTION_ARGS);
extern Datum vx_halfvec_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum vx_halfvec_l1_distance(PG_FUNCTION_ARGS);

#endif							/* VX_HALFVEC_H */
