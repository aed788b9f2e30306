/*-------------------------------------------------------------------------
 *
 * graph_insert.c
 *	  Insert a row into a graph index.
 *
 * A node is placed on the page of the nearest of its neighbours that has a
 * free slot, else on a page of its own, which a pinned edge from its nearest
 * neighbour makes reachable in the same WAL record.  Then, one page and one
 * record at a time, its neighbours are told of its page (graph_link.c).  No more than one
 * graph page that others can reach is locked at any time, and no lock covers
 * the index: see "Locks" in am/hnsw/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/pg_prng.h"

#include "compat.h"
#include "am/common/counters.h"
#include "am/common/graph_insert_internal.h"
#include "base/slot.h"
#include "storage/stop.h"
#include "storage/vector_page.h"

/* Pages with a free slot that a search remembers, nearest or not. */
#define VXI_ROOMY_PAGES		256

/* Nodes of a layer for each that is in the layer above as well. */
#define VXI_NODES_PER_PROMOTED	256

/*
 * Probability that a node of a layer is in the layer above as well: upper
 * layers cost a search pages, and a page of the base layer scores dozens of
 * nodes, so few of them are needed.  See graph/README.md.
 */
double
vxi_promotion(void)
{
	return 1.0 / VXI_NODES_PER_PROMOTED;
}

/*
 * Prepare to insert rows in the current memory context.  The index must stay
 * open as long.
 */
VxGraphInsert *
vxi_insert_begin(VxIndex *index, VxPageMode mode, const VxInsertOptions *how)
{
	VxGraphInsert *insert = palloc0_object(VxGraphInsert);
	VxPageSearchOptions options;
	int			effort = Max(how->effort, VXI_DESCENT_BEAM);

	Assert(index->codec.code_bytes == index->meta.data.code_bytes);
	Assert(how->max_layers >= 1 && how->max_layers <= VX_MAX_LAYERS);
	insert->index = index;
	insert->mode = mode;
	insert->options = *how;
	insert->options.effort = effort;
	vxi_layer_source_init(&insert->source, index);
	insert->source.roomy = palloc_array(VxRoomyPage, VXI_ROOMY_PAGES);
	insert->source.roomy_limit = VXI_ROOMY_PAGES;

	memset(&options, 0, sizeof(options));
	options.max_ef = effort;
	options.max_edges = index->meta.data.m;
	options.max_slots = Max(index->meta.geometry[0].slots,
							index->meta.geometry[1].slots);
	options.memory_limit = 0;
	options.keep_codes = true;
	insert->search = vxg_search_create(&index->codec, &insert->source.source,
									   &options, &index->host);
	insert->selector = vxg_selector_create(&index->codec, effort, &index->host);
	insert->query = (VxCodeQuery *) palloc(vxq_query_size(&index->codec));
	insert->code = palloc(index->codec.code_bytes);
	insert->chosen = palloc_array(int, index->meta.data.m + 1);
	insert->distances = palloc_array(float, effort);
	insert->blocks = palloc_array(uint32, effort);
	insert->edges = palloc_array(uint32, index->meta.data.m + 1);
	insert->neighbour_query = (VxCodeQuery *) palloc(vxq_query_size(&index->codec));
	insert->neighbour_distances = palloc_array(float, effort);
	return insert;
}

/*
 * Draw the highest layer of a new node, as [MY18] does: each layer holds a
 * random share of the one below.  A layer is opened only above one that has
 * outgrown its first page.
 *
 * Takes a share lock on the root page of the topmost layer, and releases it:
 * if another backend fills the page or opens the layer meanwhile, the node
 * ends up a layer lower than it might, which does no harm.
 */
static int
vxi_draw_level(VxGraphInsert *insert)
{
	const VxMeta *meta = &insert->index->meta;
	double		promotion = vxi_promotion();
	int			level = 0;
	Buffer		buffer;
	bool		full;

	while (level < meta->data.layers && level < insert->options.max_layers - 1 &&
		   pg_prng_double(&pg_global_prng_state) < promotion)
		level++;
	if (level == 0 || level < meta->data.layers)
		return level;

	buffer = vxp_reader_open(&insert->source.reader, meta->data.root[level - 1],
							 VX_PAGE_GRAPH);
	vxp_graph_verify(insert->index->relation, buffer, level - 1,
					 vxp_geometry(meta, level - 1));
	full = vxp_opaque(BufferGetPage(buffer))->used_slots ==
		vxp_geometry(meta, level - 1)->slots;
	UnlockReleaseBuffer(buffer);
	return full ? level : level - 1;
}

/*
 * Search a layer for the neighbours of the new node, and choose among them.
 *
 * One more is chosen than a list holds, as one may be on the node's own page.
 * At most one is chosen of each page, since an edge names a page.  Leaves the
 * candidates by ascending distance from the node, dead ones among them: they
 * are as good a neighbourhood as live ones, and their slots can be taken.
 * Holds no lock on return.
 */
static void
vxi_find_neighbours(VxGraphInsert *insert, int layer)
{
	VxIndex    *index = insert->index;
	uint32		entries[VXI_MAX_ENTRIES];
	VxSelectInput input;
	VxSelectRule rule;
	int			count;

	count = vxi_descend(index, &insert->source, insert->search, insert->query,
						layer, entries);
	Assert(count > 0);
	insert->source.roomy_count = 0;
	vxg_search_set_ef(insert->search, insert->options.effort);
	vxg_search_run(insert->search, insert->query, entries, count);
	insert->candidates = vxg_search_results(insert->search, &count);
	insert->candidate_count = count;
	if (count == 0)
		vxp_report_damage(index->relation, index->meta.data.root[layer],
						  "No node of the layer can be reached from its root.");
	for (int i = 0; i < count; i++)
	{
		insert->distances[i] = insert->candidates[i].estimate;
		insert->blocks[i] = insert->candidates[i].block;
	}

	memset(&input, 0, sizeof(input));
	memset(&rule, 0, sizeof(rule));
	insert->rows = vxg_search_codes(insert->search, &insert->codes);
	input.codes = insert->codes;
	input.ids = insert->rows;
	input.distance = insert->distances;
	input.groups = insert->blocks;
	input.excluded = VXG_NO_GROUP;
	input.count = count;
	rule.max = index->meta.data.m + 1;
	rule.alpha = insert->options.alpha;
	rule.fill = true;
	insert->chosen_count = vxg_select_neighbours(insert->selector, &input, &rule,
												 insert->chosen);
	Assert(insert->candidate_count >= 1 && insert->candidate_count <= insert->options.effort);
	Assert(insert->chosen_count >= 1 && insert->chosen_count <= rule.max);
}

/*
 * Fill in a slot's contents, with edges to the chosen pages but for `own`, the
 * page that the node goes to: its residents are scored together anyway.  The
 * edges stay in the order of selection, the most useful first.
 */
static void
vxi_slot_contents(VxGraphInsert *insert, const ItemPointerData *tid,
				  BlockNumber down, BlockNumber own, VxSlotContents *contents)
{
	int			count = 0;

	for (int i = 0; i < insert->chosen_count; i++)
	{
		uint32		block = insert->candidates[insert->chosen[i]].block;

		if (block != own && count < insert->index->meta.data.m)
			insert->edges[count++] = block;
	}
	Assert(count <= insert->index->meta.data.m);
	contents->tid = *tid;
	contents->code = insert->code;
	contents->add = insert->factors.add;
	contents->scale = insert->factors.scale;
	contents->error = insert->factors.error;
	contents->down = down;
	contents->edges = insert->edges;
	contents->edge_count = count;
}

/*
 * Write a node into a slot of a page that the transaction holds, with its
 * vector on the base layer, and commit.
 *
 * Locks: the page of `image` and whatever else the transaction holds, then
 * one or two vector pages, in this order everywhere.  All of them are released.
 * The record covers at most four pages: parent or metapage, page, two of
 * vectors.
 */
static void
vxi_write_node(VxGraphInsert *insert, VxPageTransaction *transaction,
			   Page image, int slot, const VxIndexValue *value,
			   const VxSlotContents *contents)
{
	const VxMeta *meta = &insert->index->meta;
	int			layer = vxp_opaque(image)->layer;

	Assert(vxp_opaque(image)->kind == VX_PAGE_GRAPH);
	Assert((layer > 0) == (contents->down != InvalidBlockNumber));
	vxp_graph_put(image, vxp_geometry(meta, layer), slot, contents);
	if (layer == 0 && meta->data.vector_bytes > 0)
		vxp_vector_write(transaction, image, &meta->geometry[0].vectors, slot,
						 vxi_stored(insert->index, value->elements));
	vxp_commit(transaction);
	insert->edges_written += contents->edge_count;
}

/*
 * What the search noted of a page, or NULL if it had no free slot.
 */
static VxRoomyPage *
vxi_find_roomy(VxGraphInsert *insert, BlockNumber block)
{
	for (int i = 0; i < insert->source.roomy_count; i++)
	{
		if (insert->source.roomy[i].block == block)
			return &insert->source.roomy[i];
	}
	return NULL;
}

/*
 * Put a node into a free slot of a page; false, and the page is struck off,
 * if there is none any more.
 */
static bool
vxi_place_on(VxGraphInsert *insert, VxRoomyPage *roomy, int layer,
			 const VxIndexValue *value, const ItemPointerData *tid,
			 BlockNumber down)
{
	Relation	relation = insert->index->relation;
	const VxGraphGeometry *geometry = vxp_geometry(&insert->index->meta, layer);
	VxPageTransaction transaction;
	VxSlotContents contents;
	Buffer		buffer;
	int			slot;

	buffer = vxp_read(relation, roomy->block, VX_PAGE_GRAPH, BUFFER_LOCK_EXCLUSIVE);
	vxp_graph_verify(relation, buffer, layer, geometry);
	slot = vxp_graph_free_slot(BufferGetPage(buffer), geometry);
	if (slot < 0)
	{
		UnlockReleaseBuffer(buffer);
		roomy->block = InvalidBlockNumber;
		roomy->sparse = false;
		return false;
	}
	vxi_slot_contents(insert, tid, down, roomy->block, &contents);
	vxp_begin(&transaction, relation, insert->mode);
	vxi_write_node(insert, &transaction, vxp_edit(&transaction, buffer), slot,
				   value, &contents);
	return true;
}

/*
 * Try to place a node on the page of the nearest neighbour that has a free
 * slot; else on the first page the search met that is mostly empty, so that
 * few pages are opened for one node each.  Returns the block, or
 * InvalidBlockNumber if there is no such page.
 */
static BlockNumber
vxi_place_beside(VxGraphInsert *insert, int layer, const VxIndexValue *value,
				 const ItemPointerData *tid, BlockNumber down)
{
	for (int i = 0; i < insert->candidate_count; i++)
	{
		BlockNumber block = insert->candidates[i].block;
		VxRoomyPage *roomy = vxi_find_roomy(insert, block);

		if (roomy != NULL &&
			vxi_place_on(insert, roomy, layer, value, tid, down))
			return block;
	}
	for (int i = 0; i < insert->source.roomy_count; i++)
	{
		VxRoomyPage *roomy = &insert->source.roomy[i];
		BlockNumber block = roomy->block;

		if (roomy->sparse && vxi_place_on(insert, roomy, layer, value, tid, down))
			return block;
	}
	return InvalidBlockNumber;
}

/*
 * A slot of a page that has room for one more pinned edge, `wanted` if it
 * does; -1 if there is none.
 */
static int
vxi_pinnable_slot(Page page, const VxGraphGeometry *geometry, int wanted)
{
	int			used = vxp_opaque(page)->used_slots;

	Assert(wanted >= 0);
	for (int i = 0; i < used; i++)
	{
		int			slot = (wanted + i) % used;
		const uint32 *edges = vxp_graph_edges(page, geometry, slot);

		for (int j = 0; j < geometry->max_edges; j++)
		{
			if (edges[j] == VX_NO_EDGE || !(edges[j] & VX_EDGE_PINNED))
				return slot;
		}
	}
	return -1;
}

/*
 * Place a node on a page of its own, which hangs on the page of its nearest
 * neighbour that can take a pinned edge.  Page, node, vector and edge are one
 * WAL record.
 */
static BlockNumber
vxi_place_apart(VxGraphInsert *insert, int layer, const VxIndexValue *value,
				const ItemPointerData *tid, BlockNumber down)
{
	Relation	relation = insert->index->relation;
	const VxGraphGeometry *geometry = vxp_geometry(&insert->index->meta, layer);

	for (int i = 0; i < insert->candidate_count; i++)
	{
		const VxCandidate *parent = &insert->candidates[i];
		VxPageTransaction transaction;
		VxSlotContents contents;
		BlockNumber block;
		Buffer		buffer;
		Page		parent_image;
		Page		image;
		int			slot;

		buffer = vxp_read(relation, parent->block, VX_PAGE_GRAPH,
						  BUFFER_LOCK_EXCLUSIVE);
		vxp_graph_verify(relation, buffer, layer, geometry);
		slot = vxi_pinnable_slot(BufferGetPage(buffer), geometry, parent->slot);
		if (slot < 0)
		{
			UnlockReleaseBuffer(buffer);
			continue;
		}

		vxp_begin(&transaction, relation, insert->mode);
		parent_image = vxp_edit(&transaction, buffer);
		image = vxp_edit_new(&transaction, VX_PAGE_GRAPH, layer, &block);
		if (block > VX_MAX_GRAPH_BLOCK)
			elog(ERROR, "index \"%s\" is too large", RelationGetRelationName(relation));
		vxp_graph_init(image, geometry);
		if (!vxp_graph_add_edge(vxp_graph_edges(parent_image, geometry, slot),
								geometry->max_edges, block | VX_EDGE_PINNED,
								pg_prng_uint32(&pg_global_prng_state)))
			elog(ERROR, "no room for an edge on block %u", parent->block);
		vxi_slot_contents(insert, tid, down, block, &contents);
		vxi_write_node(insert, &transaction, image, 0, value, &contents);
		return block;
	}

	/* every edge of the layer would have to be pinned */
	elog(ERROR, "no page of index \"%s\" can take another edge",
		 RelationGetRelationName(relation));
	return InvalidBlockNumber;
}

/*
 * Open a layer with a page that holds one node; false if somebody else has
 * opened it meanwhile.
 */
static bool
vxi_open_layer(VxGraphInsert *insert, int layer, const VxIndexValue *value,
			   const ItemPointerData *tid, BlockNumber down, BlockNumber *block)
{
	VxIndex    *index = insert->index;
	Buffer		buffer = vxp_meta_lock(index->relation, &index->meta);
	VxPageTransaction transaction;
	VxSlotContents contents;
	Page		image;

	if (index->meta.data.layers != layer)
	{
		UnlockReleaseBuffer(buffer);
		return false;
	}
	vxp_begin(&transaction, index->relation, insert->mode);
	image = vxp_edit_new(&transaction, VX_PAGE_GRAPH, layer, block);
	vxp_graph_init(image, vxp_geometry(&index->meta, layer));
	vxp_meta_add_layer(&transaction, buffer, layer, *block);
	insert->chosen_count = 0;
	vxi_slot_contents(insert, tid, down, *block, &contents);
	vxi_write_node(insert, &transaction, image, 0, value, &contents);
	vxp_meta_read(index->relation, &index->meta);
	return true;
}

/*
 * Insert the node into one layer and return its block; InvalidBlockNumber if
 * its row shares the node of another one instead, which is in its layers already.
 *
 * `down` is the node's block one layer below, InvalidBlockNumber on the base
 * layer.  After a crash between the records of this function the node is
 * placed and reachable, and some neighbours, or the directory, do not know of
 * it: searches read a page more, nothing is lost.
 */
static BlockNumber
vxi_insert_layer(VxGraphInsert *insert, int layer, const VxIndexValue *value,
				 const ItemPointerData *tid, BlockNumber down)
{
	BlockNumber block;

	Assert(layer <= insert->index->meta.data.layers);
	Assert((layer == 0) == (down == InvalidBlockNumber));
	if (layer == insert->index->meta.data.layers &&
		vxi_open_layer(insert, layer, value, tid, down, &block))
		return block;

	vxi_find_neighbours(insert, layer);
	VX_STOP("insert-chosen");
	if (layer == 0 && vxi_join(insert, value, tid))
		return InvalidBlockNumber;
	block = vxi_place_beside(insert, layer, value, tid, down);
	if (block == InvalidBlockNumber)
		block = vxi_place_apart(insert, layer, value, tid, down);
	VX_STOP("insert-placed");
	vxi_add_back_edges(insert, layer, block);
	return block;
}

/*
 * Insert a row.  The value must belong in the index (value->indexed), with the
 * dimensions of the index; tid is the heap TID that scans return for it.
 *
 * The base layer comes first, so that an upper layer never names a node that
 * is not there yet.  May be cancelled between pages; what is written by then
 * belongs to a row that never commits and is removed by VACUUM.
 *
 * unchanged hints that the row is a new version of one with this value.
 */
void
vxi_insert(VxGraphInsert *insert, const VxIndexValue *value,
		   const ItemPointerData *tid, bool unchanged)
{
	VxIndex    *index = insert->index;
	BlockNumber below = InvalidBlockNumber;
	int			level;

	Assert(value->indexed && ItemPointerIsValid(tid));
	insert->edges_written = 0;

	/* other backends may have added layers since the last row */
	vxp_meta_read(index->relation, &index->meta);
	vxq_encode(&index->codec, value->image, index->scratch, insert->code,
			   &insert->factors);
	vxq_query_prepare(&index->codec, value->image, VX_QUERY_LINK,
					  index->scratch, insert->query);
	level = vxi_draw_level(insert);
	if (unchanged && vxi_join_unchanged(insert, value, tid))
		level = -1;
	for (int layer = 0; layer <= level; layer++)
	{
		below = vxi_insert_layer(insert, layer, value, tid, below);
		if (below == InvalidBlockNumber)
			break;
		if (layer == 0 && index->meta.terms.bits > 0)
			vxi_directory_add(insert, below);
	}
	if (insert->mode == VX_PAGES_LOGGED)
		vxn_count_insert(index->relation, insert->edges_written);
}
