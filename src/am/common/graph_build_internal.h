/*-------------------------------------------------------------------------
 *
 * graph_build_internal.h
 *	  What the files of the build driver share; see graph_build.h for its
 *	  users.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_BUILD_INTERNAL_H
#define VX_GRAPH_BUILD_INTERNAL_H

#include "port/atomics.h"

#include "am/common/build_team.h"
#include "am/common/graph_build.h"
#include "am/common/spool.h"

/*
 * State of one CREATE INDEX in one participant.  Memory that grows with the
 * table is the graph, the heap TIDs and the packing, all within
 * maintenance_work_mem; the spool is on disk.
 */
typedef struct VxGraphBuild
{
	const VxGraphMethod *method;
	Relation	heap;
	struct IndexInfo *index_info;
	VxIndex    *index;
	VxBuildTeam *team;			/* NULL: this process alone */
	VxSpool    *spool;
	MemoryContext tuple_context;	/* reset after each row */

	VxBuildShare *share;		/* what this participant loaded */
	double	   *sums;			/* over its rows, see vxb_sum_count() */

	VxBuildOptions options;		/* of the graph */
	VxMemGraph *graph;
	uint64	   *tids;			/* heap TID of each node */
	pg_atomic_uint32 *next_row; /* that nobody links yet */
	pg_atomic_uint32 own_next_row;	/* the same without a team */
	uint32		in_memory;		/* rows that the graph holds */
} VxGraphBuild;

/* graph_build_load.c */
extern int	vxb_sum_count(const VxIndex *index);
extern void vxb_load(VxGraphBuild *build, TableScanDesc scan, bool progress);

/* graph_build_link.c */
extern Size vxb_arena_size(const VxGraphBuild *build);
extern void vxb_join_graph(VxGraphBuild *build, void *arena, bool create);
extern void vxb_link(VxGraphBuild *build, bool progress);
extern const void *vxb_image(const VxIndex *index, const void *elements);

#endif							/* VX_GRAPH_BUILD_INTERNAL_H */
