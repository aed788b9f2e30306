/*-------------------------------------------------------------------------
 *
 * graph_check_edges.c
 *	  Checks how the pages of a graph index refer to each other and to rows.
 *
 * Invariants I8, I9 and I14, and P1 - P8 of graph/page_check.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "base/slot.h"
#include "graph/page_check.h"
#include "storage/tid_list.h"

/*
 * I8: add a heap TID of a node to the set.  A TID seen twice may have left its
 * first node and come back in another one meanwhile: that is so unless both
 * still have it.
 */
static void
vxc_add_tid(VxGraphCheck *graph, VxTidSet *set, ItemPointer pointer, VxTidPlace place)
{
	uint64		tid = vxi_tid_to_uint64(pointer);
	VxTidPlace	earlier;

	if (!ItemPointerIsValid(pointer) || !vxc_tids_in_round(set, tid) ||
		vxc_tids_add(set, tid, place, &earlier))
		return;
	if ((earlier.block != place.block || earlier.slot != place.slot) &&
		(!vxc_node_has_tid(graph, earlier, 0, tid) ||
		 !vxc_node_has_tid(graph, place, 0, tid)))
		return;
	vxc_report(graph->check, "I8", place.block, place.slot,
			   "row (%u,%u) is in the index twice, also at block %u slot %d",
			   ItemPointerGetBlockNumber(pointer),
			   ItemPointerGetOffsetNumber(pointer),
			   earlier.block, earlier.slot);
}

/*
 * I8: the heap TIDs on the copied page of the base layer.
 */
static void
vxc_add_tids(VxGraphCheck *graph, VxTidSet *set, BlockNumber block)
{
	Page		page = vxc_page(graph);
	const VxGraphGeometry *geometry = &graph->index->meta.geometry[0];
	int			used = vxp_opaque(page)->used_slots;
	int			count = vxp_further_count(page);

	Assert(vxp_opaque(page)->layer == 0 && used <= geometry->slots);
	for (int slot = 0; slot < used; slot++)
	{
		VxTidPlace	place = {block, slot};

		if (VX_SLOT_IS_LIVE(vxp_graph_state(page, geometry)[slot]))
			vxc_add_tid(graph, set, vxp_graph_tid(page, geometry, slot), place);
	}
	for (int i = 0; i < count; i++)
	{
		VxTidEntryData *entry = vxp_further(page) + i;
		VxTidPlace	place = {block, entry->slot};

		vxc_add_tid(graph, set, &entry->tid, place);
	}
}

/*
 * I8: those of a page of heap TIDs.
 */
static void
vxc_add_chained_tids(VxGraphCheck *graph, VxTidSet *set, BlockNumber block)
{
	Page		page = vxc_page(graph);
	int			count;

	vxc_copy_page(graph->check, block, graph->page.data);
	if (!vxp_page_is_valid(page, VX_PAGE_TIDS) || !vxp_tid_page_is_sane(page))
		return;
	count = vxp_tid_count(page);
	for (int i = 0; i < count; i++)
	{
		VxTidEntryData *entry = vxp_tid_entries(page) + i;
		VxTidPlace	place = {vxp_tid_page(page)->owner, entry->slot};

		vxc_add_tid(graph, set, &entry->tid, place);
	}
}

/*
 * I9: the slots of an upper page name pages of the layer below.  Those of
 * layer 1 name the page where their row's node is; the set, if it knows the
 * row, says where that is.  A row that only the upper layer still has is what
 * an interrupted VACUUM leaves.
 */
static void
vxc_check_down(VxGraphCheck *graph, const VxTidSet *set, BlockNumber block,
			   int layer)
{
	Page		page = vxc_page(graph);
	const VxGraphGeometry *geometry = vxp_geometry(&graph->index->meta, layer);
	const uint32 *down = (const uint32 *) ((char *) page + geometry->down_at);
	int			used = vxp_opaque(page)->used_slots;

	Assert(layer > 0 && geometry->down_at != 0 && used <= geometry->slots);
	for (int slot = 0; slot < used; slot++)
	{
		uint64		tid = vxi_tid_to_uint64(vxp_graph_tid(page, geometry, slot));
		VxTidPlace	upper = {block, slot};
		VxTidPlace	base;

		if (set->round == 0 &&
			vxc_kind_of(graph, down[slot]) != VXC_GRAPH + layer - 1)
			vxc_report(graph->check, "I9", block, slot,
					   "the slot leads down to block %u, which is not a page of layer %d",
					   down[slot], layer - 1);
		else if (layer == 1 && tid != 0 &&
				 vxp_graph_state(page, geometry)[slot] == VX_SLOT_LIVE &&
				 vxc_tids_in_round(set, tid) &&
				 vxc_tids_find(set, tid, &base) && base.block != down[slot] &&
				 vxc_node_has_tid(graph, base, 0, tid) &&
				 vxc_node_has_tid(graph, upper, layer, tid))
			vxc_report(graph->check, "I9", block, slot,
					   "the slot leads down to block %u, but its row is at block %u",
					   down[slot], base.block);
	}
}

/*
 * I8, I9, I14: the rows of the index; I13 where only they have the vectors.
 */
void
vxc_check_rows(VxGraphCheck *graph)
{
	VxTidSet	set;
	VxRowCheck	rows;

	rows.set = &set;
	rows.opclass = graph->index->opclass;
	rows.dimensions = (int) graph->index->meta.data.dimensions;
	rows.found = graph->has_codec && graph->index->meta.data.vector_bytes == 0 ?
		vxc_check_code_of_row : NULL;
	rows.context = graph;
	vxc_tids_create(&set, graph->live, (Size) maintenance_work_mem * 1024);
	for (uint32 round = 0; round < set.rounds; round++)
	{
		vxc_tids_begin_round(&set, round);

		/* rows first: the slots of upper pages refer to them */
		for (BlockNumber block = 0; block < graph->nblocks; block++)
		{
			if (graph->kinds[block] == VXC_GRAPH &&
				vxc_copy_graph_page(graph, block, 0))
				vxc_add_tids(graph, &set, block);
			else if (graph->kinds[block] == VXC_TIDS)
				vxc_add_chained_tids(graph, &set, block);
		}
		for (BlockNumber block = 0; block < graph->nblocks; block++)
		{
			int			layer = graph->kinds[block] - VXC_GRAPH;

			if (layer > 0 && vxc_copy_graph_page(graph, block, layer))
				vxc_check_down(graph, &set, block, layer);
		}
		if (graph->check->heapallindexed)
			vxc_compare_with_heap(graph->check, &rows);
	}
	vxc_tids_free(&set);
}

/* A layer as the checker of graph/ wants it. */
typedef struct VxLayerCheck
{
	VxGraphCheck *graph;
	int			layer;
	VxPageSource source;
	VxGraphPage view;			/* of graph->page */
} VxLayerCheck;

/*
 * Callback: a copy of the page; NULL if it is no longer a page of the layer.
 */
static const VxGraphPage *
vxc_layer_open(void *context, uint32_t block)
{
	VxLayerCheck *layer = (VxLayerCheck *) context;
	Page		page = vxc_page(layer->graph);
	const VxGraphGeometry *geometry = vxp_geometry(&layer->graph->index->meta,
												   layer->layer);

	if (!vxc_copy_graph_page(layer->graph, block, layer->layer))
		return NULL;
	Assert(vxp_opaque(page)->used_slots <= geometry->slots);
	layer->view.nslots = vxp_opaque(page)->used_slots;
	layer->view.max_edges = geometry->max_edges;
	layer->view.state = vxp_graph_state(page, geometry);
	layer->view.edges = vxp_graph_edges(page, geometry, 0);
	return &layer->view;
}

/* Nothing is held open: pages are copies. */
static void
vxc_layer_close(void *context)
{
}

/*
 * Turn a finding of graph/ into a row.  An edge may lead to a page that is
 * younger than the list of the layer's pages, or to one that has been reported
 * as damaged.
 */
static void
vxc_layer_report(void *context, const VxPageFinding *finding)
{
	VxLayerCheck *layer = (VxLayerCheck *) context;
	BlockNumber target = VX_EDGE_BLOCK(finding->edge);
	bool		of_page = finding->problem == VX_PAGE_UNREACHED;
	char		invariant[8];

	Assert(finding->problem <= VX_PAGE_HOLE);
	if (finding->problem == VX_PAGE_FOREIGN_EDGE &&
		(vxc_kind_of(layer->graph, target) == VXC_GRAPH + layer->layer ||
		 (target < layer->graph->nblocks && layer->graph->kinds[target] == VXC_BAD)))
		return;
	snprintf(invariant, sizeof(invariant), "P%d", (int) finding->problem + 1);
	if (of_page || finding->problem == VX_PAGE_BAD_STATE)
		vxc_report(layer->graph->check, invariant, finding->block,
				   of_page ? VXC_NO_SLOT : finding->slot, "%s",
				   vxg_problem_name(finding->problem));
	else
		vxc_report(layer->graph->check, invariant, finding->block, finding->slot,
				   "%s (to block %u%s)", vxg_problem_name(finding->problem), target,
				   finding->edge & VX_EDGE_PINNED ? ", pinned" : "");
}

/*
 * P1 - P8: the edges of all layers.
 */
void
vxc_check_edges(VxGraphCheck *graph)
{
	const VxMetaPageData *data = &graph->index->meta.data;
	uint32	   *blocks = (uint32 *)
		MemoryContextAllocHuge(CurrentMemoryContext,
							   graph->nblocks * sizeof(uint32));

	for (int number = 0; number < data->layers; number++)
	{
		VxLayerCheck layer;
		VxPageCheck input;

		/* a layer opened just now, on a page that is not in the map */
		if (data->root[number] >= graph->nblocks)
			continue;

		memset(&layer, 0, sizeof(layer));
		layer.graph = graph;
		layer.layer = number;
		layer.source.context = &layer;
		layer.source.open = vxc_layer_open;
		layer.source.close = vxc_layer_close;

		memset(&input, 0, sizeof(input));
		input.source = &layer.source;
		input.blocks = blocks;
		input.root = data->root[number];
		input.report = vxc_layer_report;
		input.context = &layer;
		for (BlockNumber block = 0; block < graph->nblocks; block++)
		{
			if (graph->kinds[block] == VXC_GRAPH + number)
				blocks[input.count++] = block;
		}
		vxg_check_pages(&input, &graph->index->host);
	}
	pfree(blocks);
}
