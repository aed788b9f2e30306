/*-------------------------------------------------------------------------
 *
 * graph_build_link.c
 *	  Encode the rows of an index build and link them into a graph in memory.
 *
 * All participants add to one graph; see "Building in parallel" in
 * graph/README.md for what they may do at the same time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_build_internal.h"

/* Rows that a participant takes at a time. */
#define VXB_ROWS_AT_A_TIME	64

/* What the codec is given of a spooled row; may be palloc'd. */
const void *
vxb_image(const VxIndex *index, const void *elements)
{
	Assert(elements != NULL);
	return index->opclass->type->image(index->opclass->metric, elements,
									   (int) index->meta.data.dimensions);
}

/* Where the heap TIDs begin in the arena, behind the graph. */
static Size
vxb_tids_offset(const VxGraphBuild *build)
{
	return MAXALIGN(vxg_arena_size(&build->index->codec, &build->options));
}

/*
 * Bytes of memory that all participants of the build share: the graph of
 * build->options, and the heap TIDs of its nodes.
 */
Size
vxb_arena_size(const VxGraphBuild *build)
{
	return vxb_tids_offset(build) + build->options.max_nodes * sizeof(uint64);
}

/*
 * Set up this participant's handle of the graph in an arena of vxb_arena_size()
 * bytes, which the leader creates.
 */
void
vxb_join_graph(VxGraphBuild *build, void *arena, bool create)
{
	VxIndex    *index = build->index;

	build->tids = (uint64 *) ((char *) arena + vxb_tids_offset(build));
	build->graph = create ?
		vxg_create_shared(arena, &index->codec, &build->options, &index->host) :
		vxg_attach(arena, &index->codec, &build->options, &index->host);
}

/* Encode and link one row: node n of the graph is row n of the spool. */
static void
vxb_link_row(VxGraphBuild *build, uint32 row)
{
	ItemPointerData tid;
	const void *elements = vxb_spool_read(build->spool, row, &tid);
	MemoryContext old = MemoryContextSwitchTo(build->tuple_context);

	build->tids[row] = vxi_tid_to_uint64(&tid);
	vxg_add_node(build->graph, row, vxb_image(build->index, elements));
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->tuple_context);
}

/*
 * Link rows until none is left.  Rows are taken a few at a time in the order of
 * the spool, so that one participant alone links them in exactly that order.
 */
void
vxb_link(VxGraphBuild *build, bool progress)
{
	uint32		limit = Min((uint32) build->options.max_nodes, build->spool->count);

	for (;;)
	{
		uint32		first = pg_atomic_fetch_add_u32(build->next_row, VXB_ROWS_AT_A_TIME);

		if (first >= limit)
			return;
		for (uint32 row = first; row < limit && row - first < VXB_ROWS_AT_A_TIME; row++)
		{
			CHECK_FOR_INTERRUPTS();
			vxb_link_row(build, row);
		}
		if (progress)
			pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE,
										 vxg_node_count(build->graph));
	}
}
