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
 * Bytes of memory that all participants share for a graph of so many nodes: the
 * graph of build->options, the heap TIDs, and of a shard the rows of its nodes.
 */
Size
vxb_arena_size(const VxGraphBuild *build, uint32 nodes, bool shard)
{
	VxBuildOptions options = build->options;

	options.max_nodes = Max(nodes, 1);
	return MAXALIGN(vxg_arena_size(&build->index->codec, &options)) +
		options.max_nodes * (sizeof(uint64) + (shard ? sizeof(uint32) : 0));
}

/* Point at what lies behind the graph. */
static void
vxb_find_rows(VxGraphBuild *build, bool shard)
{
	build->tids = (uint64 *) ((char *) build->arena + vxb_tids_offset(build));
	build->rows = shard ? (uint32 *) (build->tids + build->options.max_nodes) : NULL;
}

/*
 * By the leader: begin a graph of so many nodes in build->arena, which is large
 * enough, and let the others know.  rows are those of the spool, or NULL.
 */
void
vxb_begin_graph(VxGraphBuild *build, uint32 nodes, const uint32 *rows)
{
	VxIndex    *index = build->index;

	build->options.max_nodes = Max(nodes, 1);
	vxb_find_rows(build, rows != NULL);
	if (rows != NULL)
		memcpy(build->rows, rows, nodes * sizeof(uint32));
	build->graph = vxg_create_shared(build->arena, &index->codec, &build->options,
									 &index->host);
	pg_atomic_write_u32(build->next_node, 0);
	if (build->team != NULL)
		vxb_team_announce(build->team, &build->options, rows != NULL);
}

/*
 * By a worker: find the graph that the leader has begun.
 */
void
vxb_attach_graph(VxGraphBuild *build)
{
	VxIndex    *index = build->index;
	bool		shard;

	build->arena = vxb_team_map_arena(build->team, &build->options, &shard);
	vxb_find_rows(build, shard);
	build->graph = vxg_attach(build->arena, &index->codec, &build->options, &index->host);
}

/* Encode and link one row as the node of the given number. */
static void
vxb_link_node(VxGraphBuild *build, uint32 node)
{
	ItemPointerData tid;
	uint32		row = build->rows == NULL ? node : build->rows[node];
	const void *elements = vxb_spool_read(build->spool, row, &tid);
	MemoryContext old = MemoryContextSwitchTo(build->tuple_context);

	build->tids[node] = vxi_tid_to_uint64(&tid);
	vxg_add_node(build->graph, node, vxb_image(build->index, elements));
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->tuple_context);
}

/* Rows linked so far, by all participants; those of shards count in part. */
static void
vxb_show_progress(const VxGraphBuild *build)
{
	double		done = build->linked_before + vxg_node_count(build->graph);

	if (build->linked_total > 0)
		done = done / build->linked_total * build->spool->count;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, (int64) done);
}

/*
 * Link rows until none is left.  Nodes are taken a few at a time in order, so
 * that one participant alone links them in exactly that order.
 */
void
vxb_link(VxGraphBuild *build, bool progress)
{
	uint32		limit = Min((uint32) build->options.max_nodes, build->spool->count);

	for (;;)
	{
		uint32		first = pg_atomic_fetch_add_u32(build->next_node, VXB_ROWS_AT_A_TIME);

		if (first >= limit)
			return;
		for (uint32 node = first; node < limit && node - first < VXB_ROWS_AT_A_TIME; node++)
		{
			CHECK_FOR_INTERRUPTS();
			vxb_link_node(build, node);
		}
		if (progress)
			vxb_show_progress(build);
	}
}

/*
 * By the leader, when no graph is needed any more and the team has left.
 */
void
vxb_release_arena(VxGraphBuild *build)
{
	if (build->team != NULL)
		vxb_team_drop_arena(build->team);
	else
		pfree(build->arena);
	build->arena = NULL;
}
