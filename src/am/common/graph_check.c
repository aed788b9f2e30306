/*-------------------------------------------------------------------------
 *
 * graph_check.c
 *	  Checks the pages of a graph index, one by one.
 *
 * Invariants I1 - I7, I10 and I16 of the list in am/hnsw/hnsw_check.c: whatever
 * can be said of a page without looking at another.  graph_check_vectors.c
 * and graph_check_edges.c do the rest.
 *
 * Concurrency: a graph page keeps its kind and layer for ever, its nodes never
 * move, and a new page comes with all that refers to it in one WAL record.
 * So what a page refers to is looked for in the map of blocks that is made
 * first, and if that does not know it, once more in the index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "base/slot.h"
#include "storage/tid_list.h"
#include "storage/vector_page.h"

/*
 * What a page image is by its frame alone.
 */
static uint8
vxc_frame_kind(Page page)
{
	if (PageIsNew(page))
		return VXC_NEW;
	if (vxp_page_is_valid(page, VX_PAGE_META))
		return VXC_META;
	if (vxp_page_is_valid(page, VX_PAGE_MEAN))
		return VXC_MEAN;
	if (vxp_page_is_valid(page, VX_PAGE_VECTOR))
		return VXC_VECTOR;
	if (vxp_page_is_valid(page, VX_PAGE_ADDED))
		return VXC_ADDED;
	if (vxp_page_is_valid(page, VX_PAGE_TIDS))
		return VXC_TIDS;
	if (vxp_page_is_valid(page, VX_PAGE_TERMS))
		return VXC_TERMS;
	if (vxp_page_is_valid(page, VX_PAGE_GRAPH) &&
		vxp_opaque(page)->layer < VX_MAX_LAYERS)
		return VXC_GRAPH + vxp_opaque(page)->layer;
	return VXC_BAD;
}

/*
 * What a block is that a page refers to.  A block that came to be or was
 * initialised since the map was made is looked at now.  VXC_BAD if it is not
 * in the index at all.
 */
uint8
vxc_kind_of(VxGraphCheck *graph, BlockNumber block)
{
	PGAlignedBlock copy;

	Assert(graph->kinds != NULL);
	if (block < graph->nblocks && graph->kinds[block] != VXC_NEW)
		return graph->kinds[block];
	if (block >= graph->nblocks &&
		block >= RelationGetNumberOfBlocks(graph->check->index))
		return VXC_BAD;
	vxc_copy_page(graph->check, block, copy.data);
	return vxc_frame_kind((Page) copy.data);
}

/*
 * Copy a graph page that the map has on the given layer to graph->page; false
 * if it is no longer what it was.
 */
bool
vxc_copy_graph_page(VxGraphCheck *graph, BlockNumber block, int layer)
{
	Assert(layer >= 0 && layer < VX_MAX_LAYERS);
	vxc_copy_page(graph->check, block, graph->page.data);
	return vxc_frame_kind(vxc_page(graph)) == VXC_GRAPH + layer &&
		vxp_graph_counters_are_sane(vxc_page(graph),
									vxp_geometry(&graph->index->meta, layer));
}

/*
 * I1: read the metapage.  Without it nothing else can be checked.
 */
static bool
vxc_check_meta(VxGraphCheck *graph)
{
	VxCheck    *check = graph->check;
	VxIndex    *index = graph->index;
	const char *problem;

	if (RelationGetNumberOfBlocks(check->index) == 0)
	{
		vxc_report(check, "I1", InvalidBlockNumber, VXC_NO_SLOT, "the index has no pages");
		return false;
	}
	vxc_copy_page(check, VX_META_BLOCK, graph->page.data);
	problem = vxp_meta_problem(vxc_page(graph));
	if (problem == NULL)
	{
		memcpy(&index->meta.data, PageGetContents(vxc_page(graph)),
			   sizeof(VxMetaPageData));
		problem = vxi_meta_problem(index);
		if (problem == NULL && !vxc_rest_is_zero(vxc_page(graph), offsetof(VxMetaPageData, checksum) +
												 sizeof(index->meta.data.checksum)))
			problem = "There is something behind the fields of the metapage.";
	}
	if (problem != NULL)
	{
		vxc_report(check, "I1", VX_META_BLOCK, VXC_NO_SLOT, "%s", problem);
		return false;
	}
	vxp_meta_derive(&index->meta);
	return true;
}

/*
 * I2, and the end of I1: the mean, and the codec around it.
 */
static void
vxc_check_codec(VxGraphCheck *graph)
{
	const VxMetaPageData *data = &graph->index->meta.data;
	float	   *mean = palloc0_array(float, data->code_dimensions);
	const char *problem;

	Assert(data->code_dimensions > 0 && data->code_dimensions <= VX_MAX_CODE_DIMENSIONS);
	if (!vxc_check_mean(graph->check, data->mean_pages, data->code_dimensions, mean))
		return;

	vxi_codec_init(graph->index, mean);
	pfree(mean);
	problem = vxi_codec_problem(graph->index);
	if (problem != NULL)
		vxc_report(graph->check, "I1", VX_META_BLOCK, VXC_NO_SLOT, "%s", problem);
	graph->has_codec = problem == NULL;
	graph->code = palloc(data->code_bytes);
}

/*
 * Whether a layer exists.  Asks the metapage again before saying no.
 */
static bool
vxc_layer_exists(VxGraphCheck *graph, int layer)
{
	VxMeta	   *meta = &graph->index->meta;
	PGAlignedBlock copy;

	if (layer < meta->data.layers)
		return true;
	vxc_copy_page(graph->check, VX_META_BLOCK, copy.data);
	if (vxp_meta_problem((Page) copy.data) == NULL)
		memcpy(&meta->data, PageGetContents((Page) copy.data), sizeof(VxMetaPageData));
	return layer < meta->data.layers;
}

/*
 * I3: whether a page of the kind may be at a block.
 */
static bool
vxc_kind_belongs(const VxMetaPageData *data, BlockNumber block, uint8 kind)
{
	if (block == VX_META_BLOCK)
		return kind == VXC_META;
	if (block <= VX_META_BLOCK + data->mean_pages)
		return kind == VXC_MEAN;
	if (block < vxp_first_graph_block(data))
		return kind == VXC_TERMS;
	if (block < data->built_graph)
		return kind >= VXC_GRAPH;
	if (block < data->built_end)
		return kind == VXC_VECTOR;
	return kind == VXC_NEW || kind == VXC_ADDED || kind == VXC_TIDS || kind >= VXC_GRAPH;
}

/*
 * I3: whether the counters of a page of added vectors, or of heap TIDs, are in
 * range.  Other kinds have none here.
 */
static bool
vxc_fill_is_sane(VxGraphCheck *graph, uint8 kind)
{
	if (kind == VXC_ADDED)
		return vxp_added_is_sane(vxc_page(graph), graph->index->meta.data.vector_bytes);
	if (kind == VXC_TIDS)
		return vxp_tid_page_is_sane(vxc_page(graph));
	return true;
}

/*
 * I3, I4: what the copied page is, reported if it should not be that.
 */
static uint8
vxc_classify(VxGraphCheck *graph, BlockNumber block)
{
	VxCheck    *check = graph->check;
	uint8		kind = vxc_frame_kind(vxc_page(graph));
	const char *problem;

	if (!vxc_kind_belongs(&graph->index->meta.data, block, kind) ||
		!vxc_fill_is_sane(graph, kind))
		kind = VXC_BAD;
	if (kind == VXC_BAD)
	{
		vxc_report(check, "I3", block, VXC_NO_SLOT,
				   "the page has no valid header, or is of a kind that does not belong here");
		return kind;
	}
	if (kind == VXC_NEW)
		return kind;

	problem = vxp_frame_problem(vxc_page(graph));
	if (problem != NULL)
		vxc_report(check, "I3", block, VXC_NO_SLOT, "%s", problem);
	if (kind < VXC_GRAPH)
		return kind;

	if (!vxc_layer_exists(graph, kind - VXC_GRAPH))
		vxc_report(check, "I4", block, VXC_NO_SLOT,
				   "the page is on layer %d, but the index has %d layers",
				   kind - VXC_GRAPH, graph->index->meta.data.layers);
	else if (!vxp_graph_counters_are_sane(vxc_page(graph),
										  vxp_geometry(&graph->index->meta,
													   kind - VXC_GRAPH)))
		vxc_report(check, "I4", block, VXC_NO_SLOT,
				   "the slot counters or the place of the vectors are out of range");
	else
		return kind;
	return VXC_BAD;
}

/*
 * Whether a heap TID can be one.  Asks for the length of the table again
 * before saying no.
 */
bool
vxc_tid_is_sane(VxGraphCheck *graph, ItemPointer tid)
{
	if (!ItemPointerIsValid(tid))
		return false;
	if (ItemPointerGetBlockNumberNoCheck(tid) >= graph->heap_blocks)
		graph->heap_blocks = RelationGetNumberOfBlocks(graph->check->heap);
	return ItemPointerGetBlockNumberNoCheck(tid) < graph->heap_blocks;
}

/*
 * I7, I10: one slot in use.
 */
static void
vxc_check_slot(VxGraphCheck *graph, BlockNumber block, int layer, int slot)
{
	Page		page = vxc_page(graph);
	const VxGraphGeometry *geometry = vxp_geometry(&graph->index->meta, layer);
	uint8		state = vxp_graph_state(page, geometry)[slot];
	ItemPointerData tid = *vxp_graph_tid(page, geometry, slot);

	Assert(slot < vxp_opaque(page)->used_slots);
	if (state == VX_SLOT_FREE)
		vxc_report(graph->check, "I6", block, slot, "a slot in use is marked free");
	if ((state == VX_SLOT_LIVE || (state == VX_SLOT_SHARED && ItemPointerIsValid(&tid))) &&
		!vxc_tid_is_sane(graph, &tid))
		vxc_report(graph->check, "I7", block, slot,
				   "a live slot has heap TID (%u,%u), which the table cannot have",
				   ItemPointerGetBlockNumberNoCheck(&tid),
				   ItemPointerGetOffsetNumberNoCheck(&tid));
	if ((state == VX_SLOT_DEAD || (state == VX_SLOT_SHARED && !ItemPointerIsValid(&tid))) &&
		!vxc_tid_is_none(&tid))
		vxc_report(graph->check, "I7", block, slot, "a slot without a row of its own has a heap TID");
	if (!isfinite(vxp_graph_floats(page, geometry->add_at)[slot]) ||
		!isfinite(vxp_graph_floats(page, geometry->scale_at)[slot]) ||
		!isfinite(vxp_graph_floats(page, geometry->error_at)[slot]) ||
		vxp_graph_floats(page, geometry->error_at)[slot] < 0)
		vxc_report(graph->check, "I10", block, slot,
				   "a factor of the code is not a number it can be");
	if (state == VX_SLOT_SHARED && layer > 0)
		vxc_report(graph->check, "I7", block, slot, "a slot of an upper layer is shared");
	graph->live += layer == 0 && VX_SLOT_IS_LIVE(state) && ItemPointerIsValid(&tid);
}

/*
 * I6: a slot never used is as vxp_graph_init() left it.
 */
static bool
vxc_slot_is_untouched(Page page, const VxGraphGeometry *geometry, int slot)
{
	const uint32 *edges = vxp_graph_edges(page, geometry, slot);
	bool		untouched = vxp_graph_state(page, geometry)[slot] == VX_SLOT_FREE &&
		vxp_bytes_are_zero(vxp_graph_tid(page, geometry, slot), sizeof(ItemPointerData)) &&
		vxp_bytes_are_zero(vxp_graph_floats(page, geometry->add_at) + slot, sizeof(float)) &&
		vxp_bytes_are_zero(vxp_graph_floats(page, geometry->scale_at) + slot, sizeof(float)) &&
		vxp_bytes_are_zero(vxp_graph_floats(page, geometry->error_at) + slot, sizeof(float));

	for (int i = 0; i < geometry->max_edges; i++)
		untouched = untouched && edges[i] == VX_NO_EDGE;
	return untouched && (geometry->down_at == 0 ||
						 vxp_bytes_are_zero((char *) page + geometry->down_at + slot * sizeof(uint32),
											sizeof(uint32)));
}

/*
 * I6, I7, I10: the slots of a graph page.
 */
static void
vxc_check_slots(VxGraphCheck *graph, BlockNumber block, int layer)
{
	const VxGraphGeometry *geometry = vxp_geometry(&graph->index->meta, layer);
	int			used = vxp_opaque(vxc_page(graph))->used_slots;
	int			arrays_end = geometry->state_at + geometry->slots;

	Assert(used <= geometry->slots);
	if (used == 0)
		vxc_report(graph->check, "I6", block, VXC_NO_SLOT, "a graph page has no slot in use");
	for (int slot = 0; slot < used; slot++)
		vxc_check_slot(graph, block, layer, slot);
	for (int slot = used; slot < geometry->slots; slot++)
	{
		if (!vxc_slot_is_untouched(vxc_page(graph), geometry, slot))
			vxc_report(graph->check, "I6", block, slot, "a slot never used is not free and empty");
	}
	if (!vxp_bytes_are_zero((char *) vxc_page(graph) + arrays_end, geometry->code_at - arrays_end))
		vxc_report(graph->check, "I6", block, VXC_NO_SLOT, "there is something between the arrays of the page");
}

/*
 * I3 - I7, I10: look at every page once and make the map of blocks.
 */
static void
vxc_check_pages(VxGraphCheck *graph)
{
	const VxMetaPageData *data = &graph->index->meta.data;

	Assert(graph->nblocks > 0);
	graph->kinds = (uint8 *)
		MemoryContextAllocHuge(CurrentMemoryContext, graph->nblocks);
	for (BlockNumber block = 0; block < graph->nblocks; block++)
	{
		vxc_copy_page(graph->check, block, graph->page.data);
		graph->kinds[block] = vxc_classify(graph, block);
		if (graph->kinds[block] >= VXC_GRAPH)
			vxc_check_slots(graph, block, graph->kinds[block] - VXC_GRAPH);
		if (graph->kinds[block] == VXC_GRAPH)
			graph->live += vxp_further_count(vxc_page(graph));
		if (graph->kinds[block] == VXC_TIDS)
			graph->live += vxp_tid_count(vxc_page(graph));
	}
	if (data->built_end > graph->nblocks)
		vxc_report(graph->check, "I3", VX_META_BLOCK, VXC_NO_SLOT,
				   "the build wrote %u blocks, but the index has %u",
				   data->built_end, graph->nblocks);
	for (int layer = 0; layer < data->layers; layer++)
	{
		if (vxc_kind_of(graph, data->root[layer]) != VXC_GRAPH + layer)
			vxc_report(graph->check, "I5", VX_META_BLOCK, VXC_NO_SLOT,
					   "the root of layer %d is block %u, which is not a page of it",
					   layer, data->root[layer]);
	}
}

/*
 * I16: a bucket of the directory.
 */
static void
vxc_check_bucket(VxGraphCheck *graph, BlockNumber block, const VxBucket *bucket)
{
	for (int i = 0; i < VX_BUCKET_ENTRIES; i++)
	{
		if (!BlockNumberIsValid(bucket->block[i]))
		{
			if (bucket->weight[i] != 0)
				vxc_report(graph->check, "I16", block, VXC_NO_SLOT,
						   "an entry of the directory has a weight and no page");
			continue;
		}
		if (i > 0 && !BlockNumberIsValid(bucket->block[i - 1]))
			vxc_report(graph->check, "I16", block, VXC_NO_SLOT,
					   "an entry of the directory follows one not in use");
		if (vxc_kind_of(graph, bucket->block[i]) != VXC_GRAPH)
			vxc_report(graph->check, "I16", block, VXC_NO_SLOT,
					   "the directory names block %u, which is not a page of the base layer",
					   bucket->block[i]);
		for (int j = 0; j < i; j++)
		{
			if (bucket->block[j] == bucket->block[i])
				vxc_report(graph->check, "I16", block, VXC_NO_SLOT,
						   "a bucket of the directory names block %u twice", bucket->block[i]);
		}
	}
}

/*
 * I16: the entry directory.
 */
static void
vxc_check_directory(VxGraphCheck *graph)
{
	const VxTermDirectory *directory = &graph->index->meta.terms;

	for (uint32 i = 0; i < vxp_terms_pages(directory->bits); i++)
	{
		BlockNumber block = directory->first + i;
		const VxBucket *buckets;
		int			count;

		CHECK_FOR_INTERRUPTS();
		if (block >= graph->nblocks || graph->kinds[block] != VXC_TERMS)
			continue;			/* I3 has said so */
		vxc_copy_page(graph->check, block, graph->page.data);
		buckets = vxp_terms_buckets(vxc_page(graph), i, directory->bits, &count);
		for (int j = 0; j < count; j++)
			vxc_check_bucket(graph, block, &buckets[j]);
	}
}

/*
 * Check an index whose pages form a graph.  Everything is allocated in a
 * context of its own.
 */
void
vxc_check_graph_index(VxCheck *check)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "index check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	VxGraphCheck *graph = palloc0_object(VxGraphCheck);

	graph->check = check;
	graph->index = vxi_new(check->index);
	graph->row_context = AllocSetContextCreate(context, "index check row",
											   ALLOCSET_DEFAULT_SIZES);
	if (vxc_check_meta(graph))
	{
		/* after the metapage, so that all it names is in range */
		graph->nblocks = RelationGetNumberOfBlocks(check->index);
		vxc_check_codec(graph);
		vxc_check_pages(graph);
		vxc_check_directory(graph);
		vxc_check_vectors(graph);
		vxc_check_tid_lists(graph);
		vxc_check_rows(graph);
		vxc_check_edges(graph);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
