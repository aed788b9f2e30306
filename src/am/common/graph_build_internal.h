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

	double		promote;		/* of the index; shards have one layer */
	VxBuildOptions options;		/* of the graph at hand */
	void	   *arena;			/* shared by the team */
	VxMemGraph *graph;
	uint64	   *tids;			/* heap TID of each node, in the arena */
	uint32	   *rows;			/* row of the spool of each node, in the arena;
								 * NULL: node n is row n */
	pg_atomic_uint32 *next_node;	/* that nobody links yet */
	pg_atomic_uint32 own_next_node; /* the same without a team */

	/* for progress: nodes of earlier shards, and of all; 0 without shards */
	double		linked_before;
	double		linked_total;
} VxGraphBuild;

/* graph_build_load.c */
extern int	vxb_sum_count(const VxIndex *index);
extern void vxb_load(VxGraphBuild *build, TableScanDesc scan, bool progress);

/* graph_build_link.c */
extern Size vxb_arena_size(const VxGraphBuild *build, uint32 nodes, bool shard);
extern void vxb_begin_graph(VxGraphBuild *build, uint32 nodes, const uint32 *rows);
extern void vxb_attach_graph(VxGraphBuild *build);
extern void vxb_link(VxGraphBuild *build, bool progress);
extern void vxb_release_arena(VxGraphBuild *build);
extern const void *vxb_image(const VxIndex *index, const void *elements);

/* graph_build_shards.c */
extern void vxb_build_shards(VxGraphBuild *build, uint32 capacity);

#endif							/* VX_GRAPH_BUILD_INTERNAL_H */
