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

/*
 * pending	candidates by ascending lower bound of their key; those before
 *			`taken` have been read.
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

	VxCandidate *pending;
	int			pending_count;
	int			taken;
	int			room;			/* of pending, and of rows */

	VxExactRow *rows;
	int			row_count;

	uint64		vectors_read;
} VxExactStage;

extern void vxs_exact_init(VxExactStage *stage, VxIndex *index, VxReader *reader);
extern void vxs_exact_begin(VxExactStage *stage, const void *query);
extern void vxs_exact_load(VxExactStage *stage, const VxCandidate *candidates,
						   int count);
extern int	vxs_exact_unreturned(const VxExactStage *stage);
extern bool vxs_exact_next(VxExactStage *stage, VxExactRow *row);

#endif							/* VX_EXACT_H */
