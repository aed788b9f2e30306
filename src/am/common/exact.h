/*-------------------------------------------------------------------------
 *
 * exact.h
 *	  Rows in exact order from candidates with error bounds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_EXACT_H
#define VX_EXACT_H

#include "am/common/heap_value.h"
#include "am/common/index.h"

typedef struct VxExactRow
{
	double		key;
	uint64		tid;
} VxExactRow;

/* A candidate whose exact key is not known yet. */
typedef struct VxPendingRow
{
	float		bound;			/* what its key is taken to exceed */
	bool		refined;
	VxCandidate candidate;
} VxPendingRow;

/* Memory of a row that waits to be returned. */
#define VXS_EXACT_ROW_BYTES	(sizeof(VxPendingRow) + sizeof(VxExactRow))

/*
 * pending	candidates not read yet, a heap with the least bound first.
 * rows		what was read and not yet returned, by descending key.
 */
typedef struct VxExactStage
{
	VxIndex    *index;
	VxReader   *reader;
	const void *query;			/* elements of the query vector */
	void	   *vector;			/* the vector being read */
	bool		unordered;		/* every row is as near as any other */
	Relation	heap;			/* the table, if the caller has set it */
	VxHeapValues *heap_values;	/* where vectors are read from instead of the
								 * index, if the caller has set it */
	BlockNumber heap_blocks;	/* its length when last asked */

	/* of an index with refine codes, else NULL; see vxs_exact_refine_by() */
	const VxCodeQuery *base_query;
	VxCodeQuery *refine_query;

	VxPendingRow *pending;
	int			pending_count;
	VxExactRow *rows;
	int			row_count;
	int			room;			/* of pending, and of rows */

	uint64		vectors_read;
	uint64		refined;		/* refine codes read */
} VxExactStage;

extern void vxs_exact_init(VxExactStage *stage, VxIndex *index, VxReader *reader);
extern void vxs_exact_begin(VxExactStage *stage, const void *query);
extern void vxs_exact_refine_by(VxExactStage *stage, const VxCodeQuery *base_query,
								const void *image);
extern void vxs_exact_load(VxExactStage *stage, const VxCandidate *candidates,
						   int count);
extern int	vxs_exact_unreturned(const VxExactStage *stage);
extern bool vxs_exact_next(VxExactStage *stage, VxExactRow *row);

#endif							/* VX_EXACT_H */
