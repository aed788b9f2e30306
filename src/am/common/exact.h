/*-------------------------------------------------------------------------
 *
 * exact.h
 *	  Rows in exact order from candidates with error bounds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_EXACT_H
#define VX_EXACT_H

#include <math.h>

#include "am/common/heap_value.h"
#include "am/common/index.h"
#include "am/common/range.h"
#include "storage/vector_page.h"
#include "storage/tid_list.h"

/*
 * Of a node that several rows share, tid says where it is, marked by the top
 * bit, until its turn comes: its heap TIDs are read then.
 */
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

struct VxExactStage;

/*
 * Reads the exact key of a candidate; not called for queries that have no
 * distance to anything.
 */
typedef double (*VxReadKey) (struct VxExactStage *stage, const VxCandidate *candidate);

/* Narrows estimate and error of a candidate by what the index has of it besides. */
typedef void (*VxRefine) (struct VxExactStage *stage, VxCandidate *candidate);

/* Tells of pages that will be read for the first VXS_ANNOUNCED pending candidates. */
typedef void (*VxAnnounce) (struct VxExactStage *stage);

/* The column whose rows are put into order, and how their keys are read. */
typedef struct VxExactColumn
{
	Relation	relation;		/* the index */
	MemoryContext context;		/* for what grows with the rows */
	const VxOperatorClass *opclass;
	int			dimensions;
	uint32		vector_bytes;	/* of one full vector in the index */
	VxReadKey	read_key;
} VxExactColumn;

/* Candidates whose pages are asked for together: LIMIT 10 reads some fifteen. */
#define VXS_ANNOUNCED	16

/*
 * pending	candidates not read yet, a heap with the least bound first.
 * rows		what was read and not yet returned, by descending key and, among
 *			equal keys, descending heap TID.
 * horizon	rows beyond it have to wait: candidates that could be nearer have not
 *			been loaded.  Infinite unless the caller sets it.
 * once		each heap TID is returned once, even if it was loaded twice.
 */
typedef struct VxExactStage
{
	VxExactColumn column;
	VxIndex    *index;			/* of graphs only */
	VxReader   *reader;
	const VxVectorRuns *runs;	/* where vectors of pages met lie; or NULL */
	VxRefine	refine;			/* or NULL; set by the caller */
	VxAnnounce	announce;		/* or NULL; set by the caller */
	const void *query;			/* elements of the query vector; NULL if it is
								 * of another type than the column */
	const void *image;			/* the same as its codec has it */
	void	   *vector;			/* the vector being read */
	bool		unordered;		/* every row is as near as any other */
	Relation	heap;			/* the table, if the caller has set it */
	VxHeapValues *heap_values;	/* where vectors are read from instead of the
								 * index, if the caller has set it */
	BlockNumber heap_blocks;	/* its length when last asked */

	/* of an index with refine codes, else NULL; see vxs_exact_refine_by() */
	const VxCodeQuery *base_query;
	VxCodeQuery *refine_query;

	void	   *caller;			/* the caller's own */
	float		horizon;
	bool		once;
	VxExactRow	last;			/* returned last; tid 0: none */

	VxPendingRow *pending;
	int			pending_count;
	VxExactRow *rows;
	int			row_count;
	int			room;			/* of pending, and of rows */

	/* the rows of a shared node that are being returned */
	VxTidCursor *shared;		/* NULL until there was one */
	int			shared_left;	/* of those it has copied */
	double		shared_key;

	uint64		vectors_read;
	uint64		refined;		/* refine codes read */
} VxExactStage;

/* Width of the bounds that order rests on, in errors of the codec. */
#define VXS_BOUND_SCALE	1.6f

/*
 * What the key of a candidate is taken to exceed.
 *
 * The codec's error covers 99.7 % of the candidates, but a single one below
 * its bound is a row out of order, so the bound is widened: in units of the
 * estimate's deviation from 3.2 to more than 5.  The factors of a damaged page
 * may leave no number: then nothing is known.
 */
static inline float
vxs_lower_bound(float estimate, float error)
{
	float		bound = estimate - VXS_BOUND_SCALE * error;

	return isnan(bound) ? -INFINITY : bound;
}

extern void vxs_exact_create(VxExactStage *stage, const VxExactColumn *column,
							 VxReader *reader);
extern void vxs_exact_begin(VxExactStage *stage, const VxIndexValue *query);
extern void vxs_exact_load(VxExactStage *stage, const VxCandidate *candidates,
						   int count);
extern int	vxs_exact_unreturned(const VxExactStage *stage);
extern double vxs_range_limit(const VxExactStage *stage, const VxRange *range,
							  bool estimates);
extern double vxs_elements_key(const VxExactStage *stage, const void *elements);
extern double vxs_vector_key(VxExactStage *stage, const VxVectorPlace *place);
extern double vxs_code_key(const VxExactStage *stage, const uint8 *code);
extern void vxs_exact_put_back(VxExactStage *stage, const VxExactRow *row);
extern bool vxs_exact_next(VxExactStage *stage, VxExactRow *row);

/* exact_graph.c */
extern void vxs_exact_init(VxExactStage *stage, VxIndex *index, VxReader *reader);
extern void vxs_exact_refine_by(VxExactStage *stage, const VxCodeQuery *base_query,
								const void *image);

#endif							/* VX_EXACT_H */
