/*-------------------------------------------------------------------------
 *
 * scan_workspace.c
 *	  What a scan of a graph index works with, kept from scan to scan.
 *
 * A short query spends a tenth of its time on getting ready: on reading and
 * checking metapage and mean, on setting up the codec, and on memory that goes
 * back to the kernel with one scan and comes from it, page fault by page fault,
 * with the next.  So a backend keeps the workspaces of its last scans.
 *
 * What was read from the metapage stays true: its fields are fixed when the
 * index is created, but for layers that are added on top, without which a search
 * begins a layer lower.  REINDEX, TRUNCATE and all else that replaces the index
 * invalidates its relation cache entry, where rd_amcache holds the serial number
 * that a workspace must have to be used again.
 *
 * While a scan uses a workspace, the workspace's memory context is a child of
 * the scan's, so that an error frees both.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/entry_table.h"
#include "am/common/scan_workspace.h"

/* Workspaces kept; a join may scan several indexes in turn. */
#define VXS_WORKSPACES	4

/* Bytes kept at most, within work_mem. */
#define VXS_WORKSPACE_MEMORY	((Size) 16 * 1024 * 1024)

/* The idle ones, the one used last first. */
static VxScanWorkspace *idle[VXS_WORKSPACES];

/* Take an idle workspace out of the list. */
static VxScanWorkspace *
vxs_workspace_unlink(int place)
{
	VxScanWorkspace *workspace = idle[place];

	Assert(place >= 0 && place < VXS_WORKSPACES);
	memmove(&idle[place], &idle[place + 1],
			(VXS_WORKSPACES - 1 - place) * sizeof(idle[0]));
	idle[VXS_WORKSPACES - 1] = NULL;
	return workspace;
}

/*
 * Open an index in a workspace of its own, below `owner`.
 */
static VxScanWorkspace *
vxs_workspace_create(Relation relation, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner, "vectorx scan workspace",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	VxScanWorkspace *workspace = palloc0_object(VxScanWorkspace);

	workspace->context = context;
	workspace->relation = RelationGetRelid(relation);
	workspace->serial = vxi_relation_serial(relation);
	workspace->index = vxi_open(relation);
	workspace->query = (VxCodeQuery *) palloc(vxq_query_size(&workspace->index->codec));
	vxs_exact_init(&workspace->exact, workspace->index, &workspace->source.reader);
	if (workspace->index->meta.data.vector_bytes > 0)
	{
		workspace->runs = palloc_object(VxVectorRuns);
		vxp_runs_init(workspace->runs);
		workspace->exact.runs = workspace->runs;
	}
	MemoryContextSwitchTo(old);
	return workspace;
}

/*
 * A workspace with the index open.  Belongs to the context `owner` until it is
 * given back; if it never is, it ends with that context.
 */
VxScanWorkspace *
vxs_workspace_take(Relation relation, MemoryContext owner)
{
	VxScanWorkspace *workspace = NULL;
	uint64		serial = vxi_relation_serial(relation);

	for (int i = 0; i < VXS_WORKSPACES && idle[i] != NULL && workspace == NULL; i++)
	{
		if (idle[i]->relation == RelationGetRelid(relation))
			workspace = vxs_workspace_unlink(i);
	}

	/* an index that was empty may have got its first layer */
	if (workspace != NULL &&
		(workspace->serial != serial || workspace->index->meta.data.layers == 0))
	{
		MemoryContextDelete(workspace->context);
		workspace = NULL;
	}
	if (workspace == NULL)
		workspace = vxs_workspace_create(relation, owner);
	else
		MemoryContextSetParent(workspace->context, owner);

	workspace->index->relation = relation;
	workspace->exact.column.relation = relation;
	workspace->exact.vectors_read = 0;
	vxi_layer_source_init(&workspace->source, workspace->index);
	workspace->source.runs = workspace->runs;
	return workspace;
}

/*
 * Have a search with room for a beam, within a number of bytes.  One that is left
 * from another scan serves if it is not much larger.
 */
void
vxs_workspace_fit(VxScanWorkspace *workspace, int beam, Size memory_limit)
{
	VxPageSearchOptions *options = &workspace->options;
	const VxMetaPageData *meta = &workspace->index->meta.data;
	MemoryContext old;

	Assert(beam > 0);
	beam = Max(beam, VXI_DESCENT_BEAM);
	if (workspace->search != NULL && options->memory_limit == memory_limit &&
		options->max_ef >= beam && options->max_ef / 4 <= beam)
	{
		vxg_search_reset_counters(workspace->search);
		return;
	}

	old = MemoryContextSwitchTo(workspace->context);
	if (workspace->search != NULL)
		vxg_search_free(workspace->search);
	workspace->search = NULL;
	memset(options, 0, sizeof(*options));
	options->max_ef = beam;
	options->max_edges = meta->m;
	options->max_slots = Max(workspace->index->meta.geometry[0].slots,
							 workspace->index->meta.geometry[1].slots);
	options->memory_limit = memory_limit;
	workspace->search = vxg_search_create(&workspace->index->codec,
										  &workspace->source.source, options,
										  &workspace->index->host);
	MemoryContextSwitchTo(old);
}

/* Free the idle workspaces that there is no room for. */
static void
vxs_workspace_shrink(void)
{
	Size		room = Min((Size) work_mem * 1024, VXS_WORKSPACE_MEMORY);
	Size		taken = 0;

	for (int i = 0; i < VXS_WORKSPACES && idle[i] != NULL;)
	{
		Size		bytes = MemoryContextMemAllocated(idle[i]->context, true);

		if (taken + bytes <= room)
		{
			taken += bytes;
			i++;
		}
		else
			MemoryContextDelete(vxs_workspace_unlink(i)->context);
	}
}

/*
 * A scan is done with its workspace; the caller has released what is in no
 * memory context.
 */
void
vxs_workspace_give(VxScanWorkspace *workspace)
{
	Assert(workspace->exact.heap_values == NULL);
	Assert(!BufferIsValid(workspace->source.buffer));
	if (idle[VXS_WORKSPACES - 1] != NULL)
		MemoryContextDelete(vxs_workspace_unlink(VXS_WORKSPACES - 1)->context);
	MemoryContextSetParent(workspace->context, CacheMemoryContext);
	memmove(&idle[1], &idle[0], (VXS_WORKSPACES - 1) * sizeof(idle[0]));
	idle[0] = workspace;
	vxs_workspace_shrink();
}
