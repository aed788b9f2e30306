/*-------------------------------------------------------------------------
 *
 * element.h
 *	  What an index has to know of the type it indexes.
 *
 * An index keeps the elements of a value as the type stores them, without
 * the header, and hands floats to its codec.  A type that indexes are to
 * support adds a row to the table in element.c; no access method changes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_ELEMENT_H
#define VX_ELEMENT_H

#include "fmgr.h"

#include "base/metric.h"

typedef struct VxElementType
{
	const char *name;			/* of the SQL type, for messages */
	uint32		id;				/* part of index files: never reused */
	Size		element_bytes;	/* of one stored element */
	int			max_dimensions; /* that an index accepts */

	/* dimensions of a detoasted value, and the first of its elements */
	int			(*dimensions) (Datum value);
	const void *(*elements) (Datum value);

	/* stored elements as floats: the argument itself, or palloc'd */
	const float *(*floats) (const void *elements, int dimensions);

	/* key of the metric between stored elements */
	double		(*key) (VxMetric metric, const void *a, const void *b,
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

extern const VxOperatorClass *vxt_operator_class(PGFunction distance,
												 bool normalised);
extern const VxElementType *vxt_element_type(uint32 id);

#endif							/* VX_ELEMENT_H */
