/*-------------------------------------------------------------------------
 *
 * ivfflat_build.h
 *	  What the files of CREATE INDEX ... USING ivfflat share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_IVFFLAT_BUILD_H
#define VX_IVFFLAT_BUILD_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/tuplesort.h"

#include "am/ivfflat/ivfflat.h"
#include "cluster/assign.h"
#include "cluster/kmeans.h"

/*
 * What a process needs that assigns rows to lists.  Rows are taken in batches, and
 * go to a sort by list and heap TID.
 */
typedef struct IvfflatAssigner
{
	const IvfflatIndex *index;
	const VxCentroids *centroids;
	const uint8 *centres;		/* coded, one behind the other */
	uint32	   *counts;			/* rows of each list, of this process */
	double		rows;
	Tuplesortstate *sort;
	TupleTableSlot *slot;
	MemoryContext row_context;	/* reset after each batch */
	void	   *scratch;
	bytea	   *row;			/* what the sort is given of a row */

	int			batched;
	Size		image_bytes;
	Size		element_bytes;	/* 0: the index keeps no vectors */
	char	   *images;
	char	   *elements;
	ItemPointerData tids[VXC_BATCH];
} IvfflatAssigner;

/* ivfflat_sample.c */
extern void ivfflat_cluster_parameters(const IvfflatIndex *index, Relation heap,
									   VxClusterParameters *parameters);
extern void ivfflat_take_samples(IvfflatIndex *index, Relation heap,
								 struct IndexInfo *index_info,
								 const VxClusterParameters *parameters,
								 VxClusterState *state);

/* ivfflat_assign.c */
extern TupleDesc ivfflat_sort_columns(void);
extern Tuplesortstate *ivfflat_sort_begin(int memory, SortCoordinate coordinate);
extern void ivfflat_assigner_init(IvfflatAssigner *assigner,
								  const IvfflatIndex *index,
								  const VxCentroids *centroids,
								  const uint8 *centres, Tuplesortstate *sort);
extern void ivfflat_assign_row(Relation relation, ItemPointer tid, Datum *values,
							   bool *isnull, bool tuple_is_alive, void *state);
extern void ivfflat_assigner_finish(IvfflatAssigner *assigner);

/* ivfflat_write.c */
extern void ivfflat_write_directory(IvfflatIndex *index, ForkNumber fork,
									const uint8 *centres, const float *mean,
									const uint32 *counts);
extern double ivfflat_write_lists(IvfflatIndex *index, const uint32 *counts,
								  Tuplesortstate *sort);

#endif							/* VX_IVFFLAT_BUILD_H */
