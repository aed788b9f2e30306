/*-------------------------------------------------------------------------
 *
 * element.h
 *	  What an index has to know of the type it indexes.
 *
 * An index keeps a value as `elements`: the datum without its header, or with
 * as much of it as is needed to read the rest.  To its codec it hands an
 * `image`: floats, a bit string of code_dimensions() dimensions, or the sparse
 * vector itself.  For most types the two are the same bytes.
 *
 * A type that indexes are to support adds rows to the tables in element.c; no
 * access method changes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_ELEMENT_H
#define VX_ELEMENT_H

#include "fmgr.h"

#include "base/metric.h"

/* Elements of a sparse vector that an index holds, or that is searched for. */
#define VX_SPARSE_MAX_INDEXED_ELEMENTS 1000

typedef struct VxElementType
{
	const char *name;			/* of the SQL type, for messages */
	uint32		id;				/* part of index files: never reused */
	Oid			only_type;		/* columns of other types that share its
								 * operator classes are refused; or InvalidOid */
	int			max_dimensions; /* that an index accepts */
	const char *cut;			/* expression of fewer dimensions, for hints, with
								 * the number twice as %1$d; or NULL */
	bool		is_array;		/* dimensions and options as in pg_embedding */
	bool		is_sparse;		/* its codes have as many elements as a build
								 * chooses, see VxCodecParameters */

	/*
	 * Of a detoasted value.  check() raises an error for one that an index
	 * cannot hold and may be NULL; it is called before the others.
	 * dimensions() also verifies that the value is as long as it says, which
	 * elements() and is_zero() rely on.
	 */
	void		(*check) (Datum value);
	int			(*dimensions) (Datum value);
	const void *(*elements) (Datum value);
	bool		(*is_zero) (Datum value);

	/*
	 * Bytes of the elements; NULL if that varies from value to value, and an
	 * index then keeps no values but reads the table.
	 */
	Size		(*fixed_bytes) (int dimensions);
	Size		(*varying_bytes) (const void *elements);	/* of those others */

	/* what the codec is given: the elements themselves, or palloc'd */
	int			(*code_dimensions) (int dimensions);	/* sparse: NULL */
	const void *(*image) (VxMetric metric, const void *elements,
						  int dimensions);

	/* key of the metric between two values' elements */
	double		(*key) (VxMetric metric, const void *a, const void *b,
						int dimensions);

	/* the same between two images; sparse: NULL */
	double		(*image_key) (VxMetric metric, const void *a, const void *b,
							  int dimensions);
} VxElementType;

/* What the support functions of an operator class say about it. */
typedef struct VxOperatorClass
{
	const VxElementType *type;
	VxMetric	metric;
	PGFunction	distance;		/* support function 1 */
	bool		normalised;		/* has support function 2 */
} VxOperatorClass;

/* Bytes of a value's elements. */
static inline Size
vxt_elements_bytes(const VxElementType *type, const void *elements, int dimensions)
{
	return type->fixed_bytes != NULL ? type->fixed_bytes(dimensions) :
		type->varying_bytes(elements);
}

extern const VxOperatorClass *vxt_operator_class(PGFunction distance,
												 bool normalised);
extern const VxElementType *vxt_element_type(uint32 id);
extern const VxElementType *vxt_query_type(const VxElementType *column,
										   PGFunction distance);
extern const void *vxt_elements_of_image(const VxElementType *type, const void *image);
pg_noreturn extern void vxt_refuse_value(const VxElementType *type, int expected, int given);
pg_noreturn extern void vxt_refuse_query(const VxElementType *type, int expected, int given);

#endif							/* VX_ELEMENT_H */
