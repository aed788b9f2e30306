/*-------------------------------------------------------------------------
 *
 * graph_vacuum.c
 *	  VACUUM of a graph index: one walk over its graph pages.
 *
 * A node whose rows are gone becomes dead: it is no result any more but goes on
 * routing, until an insert takes its slot.  Edges name pages, and pages stay,
 * so no edge anywhere needs repair.  See "VACUUM" in am/hnsw/README.md for why
 * running scans need no protection.
 *
 * Most of an index is vectors, which VACUUM has no use for and does not read.
 * The graph pages of a build are a range that the metapage knows.  Those that
 * inserts added are found the way searches find them, by the pinned edges that
 * join every page to the root.  What then is left are pages that no graph page
 * claims, and only those are read to see what they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "storage/indexfsm.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_vacuum.h"
#include "base/slot.h"
#include "storage/block_stream.h"
#include "storage/meta.h"
#include "storage/stop.h"
#include "storage/tid_list.h"

/*
 * Blocks from built_end on have two bits each.
 *
 * graph	some page has a pinned edge to it.
 * known	it was visited, or a graph page that was has vectors or heap TIDs there.
 */
typedef struct VxVacuum
{
	IndexVacuumInfo *info;
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;
	void	   *callback_state;
	VxMeta		meta;
	VxReader	reader;
	BlockNumber first;			/* built_end */
	BlockNumber nblocks;		/* when the walk began */
	uint8	   *graph;
	uint8	   *known;

	/* of the stream of blocks at hand */
	BlockNumber next;
	BlockNumber end;
	bool		leftovers;		/* look for blocks not known, not graph pages */
} VxVacuum;

static bool
vxv_test(const VxVacuum *vacuum, const uint8 *bits, BlockNumber block)
{
	BlockNumber at = block - vacuum->first;

	Assert(block >= vacuum->first && block < vacuum->nblocks);
	return (bits[at / 8] >> at % 8 & 1) != 0;
}

/* Sets the bit of a block, unless it is one of the build or younger than the walk. */
static void
vxv_set(const VxVacuum *vacuum, uint8 *bits, BlockNumber block)
{
	BlockNumber at = block - vacuum->first;

	if (block >= vacuum->first && block < vacuum->nblocks)
		bits[at / 8] |= (uint8) (1 << at % 8);
}

/* Whether a heap TID is one of those to be removed. */
static inline bool
vxv_is_gone(VxVacuum *vacuum, ItemPointer tid)
{
	return ItemPointerIsValid(tid) && vacuum->callback(tid, vacuum->callback_state);
}

/*
 * Note the pages that a locked graph page refers to.
 */
static void
vxv_note_references(VxVacuum *vacuum, Page page, const VxGraphGeometry *geometry)
{
	int			used = vxp_opaque(page)->used_slots;

	for (int slot = 0; slot < used; slot++)
	{
		const uint32 *edges = vxp_graph_edges(page, geometry, slot);

		for (int i = 0; i < geometry->max_edges; i++)
		{
			if (edges[i] != VX_NO_EDGE && (edges[i] & VX_EDGE_PINNED))
				vxv_set(vacuum, vacuum->graph, VX_EDGE_BLOCK(edges[i]));
		}
		if (geometry->vectors.vector_bytes > 0)
			vxv_set(vacuum, vacuum->known,
					vxp_vector_blocks(page, &geometry->vectors)[slot]);
	}
}

/*
 * Whether a locked graph page has a heap TID that is to be removed.
 */
static bool
vxv_has_gone(VxVacuum *vacuum, Page page, const VxGraphGeometry *geometry)
{
	const uint8 *state = vxp_graph_state(page, geometry);
	VxTidEntryData *further = vxp_further(page);

	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		if (VX_SLOT_IS_LIVE(state[slot]) &&
			vxv_is_gone(vacuum, vxp_graph_tid(page, geometry, slot)))
			return true;
	}
	for (int i = 0; i < vxp_further_count(page); i++)
	{
		if (vxv_is_gone(vacuum, &further[i].tid))
			return true;
	}
	return false;
}

/*
 * Count the heap TIDs of a locked page of the base layer: what VACUUM reports
 * as index tuples, and the planner then knows.
 */
static void
vxv_count_tids(VxVacuum *vacuum, Page page, const VxGraphGeometry *geometry)
{
	const uint8 *state = vxp_graph_state(page, geometry);

	if (vxp_opaque(page)->layer != 0)
		return;
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
		vacuum->stats->num_index_tuples += VX_SLOT_IS_LIVE(state[slot]) &&
			ItemPointerIsValid(vxp_graph_tid(page, geometry, slot));
	vacuum->stats->num_index_tuples += vxp_further_count(page);
}

/*
 * Remove the heap TIDs that are to go from a page of them, in one WAL record.
 * The buffer is share-locked, and released.
 */
static void
vxv_vacuum_tid_page(VxVacuum *vacuum, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	VxPageTransaction transaction;
	bool		any = false;
	int			count = vxp_tid_count(page);

	for (int i = 0; i < count && !any; i++)
		any = vxv_is_gone(vacuum, &vxp_tid_entries(page)[i].tid);
	if (!any)
	{
		vacuum->stats->num_index_tuples += count;
		UnlockReleaseBuffer(buffer);
		return;
	}
	vxp_relock_exclusive(buffer);
	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	page = vxp_edit(&transaction, buffer);
	for (int i = vxp_tid_count(page) - 1; i >= 0; i--)
	{
		if (!vxv_is_gone(vacuum, &vxp_tid_entries(page)[i].tid))
			continue;
		vxp_tid_remove(page, i);
		vacuum->stats->tuples_removed += 1;
	}
	vacuum->stats->num_index_tuples += vxp_tid_count(page);
	vxp_commit(&transaction);
}

/*
 * Vacuum the chain of a graph page; whether anything was removed.  No lock on the
 * graph page is held: a chain only grows, by heap TIDs that are younger than this
 * VACUUM.
 */
static bool
vxv_vacuum_chain(VxVacuum *vacuum, BlockNumber owner, BlockNumber block)
{
	double		before = vacuum->stats->tuples_removed;

	for (BlockNumber pages = 0; block != InvalidBlockNumber; pages++)
	{
		Buffer		buffer;
		BlockNumber next;

		vx_vacuum_delay_point();
		if (pages > vacuum->nblocks)
			vxp_report_damage(vacuum->info->index, block,
							  "Pages of heap TIDs form a cycle.");
		buffer = vxp_tid_page_open(&vacuum->reader, block, owner);
		next = vxp_tid_page(BufferGetPage(buffer))->next;
		vxv_set(vacuum, vacuum->known, block);
		vxv_vacuum_tid_page(vacuum, buffer);
		block = next;
	}
	return vacuum->stats->tuples_removed > before;
}

/*
 * Whether the chain of a graph page, which is locked exclusively so that the
 * chain stays as it is, has heap TIDs of a slot.
 */
static bool
vxv_chain_has(VxVacuum *vacuum, BlockNumber owner, BlockNumber block, int slot)
{
	while (block != InvalidBlockNumber)
	{
		Buffer		buffer = vxp_tid_page_open(&vacuum->reader, block, owner);
		Page		page = BufferGetPage(buffer);
		bool		found = false;

		for (int i = 0; i < vxp_tid_count(page) && !found; i++)
			found = vxp_tid_entries(page)[i].slot == slot;
		block = vxp_tid_page(page)->next;
		UnlockReleaseBuffer(buffer);
		if (found)
			return true;
	}
	return false;
}

/* The number of a slot's first entry at the end of its page; -1 if it has none. */
static int
vxv_find_further(Page page, int slot)
{
	for (int i = 0; i < vxp_further_count(page); i++)
	{
		if (vxp_further(page)[i].slot == slot)
			return i;
	}
	return -1;
}

/*
 * Settle a live slot that has lost a heap TID: another one of its page moves up
 * into its place; without any left, here or in the chain, the node is dead.
 */
static void
vxv_settle(VxVacuum *vacuum, Page image, const VxGraphGeometry *geometry,
		   BlockNumber block, int slot)
{
	ItemPointer first = vxp_graph_tid(image, geometry, slot);
	uint8	   *state = vxp_graph_state(image, geometry) + slot;
	BlockNumber chain = geometry->chain_at == 0 ? InvalidBlockNumber :
		vxp_tid_chain(image, geometry)->head;
	int			further = *state == VX_SLOT_SHARED ? vxv_find_further(image, slot) : -1;

	if (!ItemPointerIsValid(first) && further >= 0)
	{
		*first = vxp_further(image)[further].tid;
		vxp_further_remove(image, further);
		further = vxv_find_further(image, slot);
	}
	if (further >= 0)
		return;
	if (*state == VX_SLOT_SHARED && vxv_chain_has(vacuum, block, chain, slot))
		return;
	*state = ItemPointerIsValid(first) ? VX_SLOT_LIVE : VX_SLOT_DEAD;
}

/*
 * Remove the heap TIDs that are to go from a graph page, in one WAL record.  The
 * buffer is locked exclusively and released.
 */
static void
vxv_bury(VxVacuum *vacuum, Buffer buffer, const VxGraphGeometry *geometry)
{
	BlockNumber block = BufferGetBlockNumber(buffer);
	VxPageTransaction transaction;
	Page		page;
	int			removed = 0;

	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	page = vxp_edit(&transaction, buffer);
	for (int i = vxp_further_count(page) - 1; i >= 0; i--)
	{
		if (!vxv_is_gone(vacuum, &vxp_further(page)[i].tid))
			continue;
		vxp_further_remove(page, i);
		removed++;
	}
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		ItemPointer tid = vxp_graph_tid(page, geometry, slot);
		uint8		state = vxp_graph_state(page, geometry)[slot];

		if (!VX_SLOT_IS_LIVE(state))
			continue;
		if (vxv_is_gone(vacuum, tid))
		{
			ItemPointerSetInvalid(tid);
			removed++;
		}
		else if (state == VX_SLOT_LIVE)
			continue;
		vxv_settle(vacuum, page, geometry, block, slot);
	}
	if (geometry->chain_at != 0)
		vxp_tid_chain(page, geometry)->room = vxp_tid_chain(page, geometry)->head;
	if (vxp_opaque(page)->layer == 0)
		vacuum->stats->tuples_removed += removed;
	vxv_count_tids(vacuum, page, geometry);
	vxp_commit(&transaction);
}

/*
 * Vacuum one graph page, share-locked, and what is chained to it.  Only if a row
 * is gone is the page locked again exclusively, and looked at once more.  (A crash
 * between chain and page leaves a node without rows until it loses one again.)
 */
static void
vxv_vacuum_page(VxVacuum *vacuum, Buffer buffer)
{
	Relation	index = vacuum->info->index;
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	int			layer = vxp_opaque(page)->layer;
	const VxGraphGeometry *geometry = vxp_geometry(&vacuum->meta, layer);
	bool		work = false;

	vxp_graph_verify(index, buffer, layer, geometry);
	vxv_set(vacuum, vacuum->known, block);
	vxv_note_references(vacuum, page, geometry);
	if (geometry->chain_at != 0 &&
		vxp_tid_chain(page, geometry)->head != InvalidBlockNumber)
	{
		BlockNumber chain = vxp_tid_chain(page, geometry)->head;

		UnlockReleaseBuffer(buffer);
		work = vxv_vacuum_chain(vacuum, block, chain);
		buffer = vxp_read(index, block, VX_PAGE_GRAPH, BUFFER_LOCK_SHARE);
		vxp_graph_verify(index, buffer, layer, geometry);
		page = BufferGetPage(buffer);
	}
	if (!work && !vxv_has_gone(vacuum, page, geometry))
	{
		vxv_count_tids(vacuum, page, geometry);
		UnlockReleaseBuffer(buffer);
		return;
	}
	vxp_relock_exclusive(buffer);
	vxv_bury(vacuum, buffer, geometry);
}

/*
 * Callback of the stream: the next block of the range that is wanted.
 */
static BlockNumber
vxv_next_block(void *context)
{
	VxVacuum   *vacuum = (VxVacuum *) context;

	while (vacuum->next < vacuum->end)
	{
		BlockNumber block = vacuum->next++;

		if (block < vacuum->first ||
			(!vxv_test(vacuum, vacuum->known, block) &&
			 (vacuum->leftovers || vxv_test(vacuum, vacuum->graph, block))))
			return block;
	}
	return InvalidBlockNumber;
}

/*
 * A page that no graph page has claimed: of zeros, which a crash may have left
 * behind; or of another backend, which has just added it.
 */
static void
vxv_visit_leftover(VxVacuum *vacuum, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);

	if (PageIsNew(page))
	{
		UnlockReleaseBuffer(buffer);
		RecordFreeIndexPage(vacuum->info->index, block);
		vacuum->stats->pages_free++;
		return;
	}

	/* a damaged page could hide the TIDs of rows that are removed */
	if (!vxp_page_is_valid(page, VX_PAGE_ADDED))
		vxp_verify(vacuum->info->index, buffer, VX_PAGE_TIDS);
	UnlockReleaseBuffer(buffer);
}

/*
 * Visit the wanted blocks of a range; returns their number.
 */
static BlockNumber
vxv_visit(VxVacuum *vacuum, BlockNumber from, BlockNumber to)
{
	BlockNumber visited = 0;
	VxBlockStream *stream;
	Buffer		buffer;

	Assert(from <= to && to <= vacuum->nblocks);
	vacuum->next = from;
	vacuum->end = to;
	stream = vxp_blocks_begin(vacuum->info->index, vacuum->info->strategy,
							  vxv_next_block, vacuum);
	while ((buffer = vxp_blocks_next(stream)) != InvalidBuffer)
	{
		visited++;
		if (vacuum->leftovers && !vxp_page_is_valid(BufferGetPage(buffer), VX_PAGE_GRAPH))
			vxv_visit_leftover(vacuum, buffer);
		else
		{
			vxp_verify(vacuum->info->index, buffer, VX_PAGE_GRAPH);
			vxv_vacuum_page(vacuum, buffer);
			VX_STOP("vacuum-page");
		}
		vx_vacuum_delay_point();
	}
	vxp_blocks_end(stream);
	return visited;
}

/*
 * Walk the graph pages once: those of the build, then those that inserts added,
 * in rounds, since a page visited late may lead to an earlier block.
 */
static void
vxv_walk(VxVacuum *vacuum)
{
	const VxMetaPageData *data = &vacuum->meta.data;

	vxv_visit(vacuum, vxp_first_graph_block(data), data->built_graph);
	for (int layer = 0; layer < data->layers; layer++)
		vxv_set(vacuum, vacuum->graph, data->root[layer]);
	while (vxv_visit(vacuum, vacuum->first, vacuum->nblocks) > 0)
		;
	VX_STOP("vacuum-walked");
	vacuum->leftovers = true;
	vxv_visit(vacuum, vacuum->first, vacuum->nblocks);
	if (vacuum->stats->pages_free > 0)
		IndexFreeSpaceMapVacuum(vacuum->info->index);
}

/*
 * Remove the entries of the rows that callback names: ambulkdelete.
 */
IndexBulkDeleteResult *
vxv_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
				IndexBulkDeleteCallback callback, void *callback_state)
{
	VxVacuum	vacuum;
	Size		bytes;

	memset(&vacuum, 0, sizeof(vacuum));
	vacuum.info = info;
	vacuum.callback = callback;
	vacuum.callback_state = callback_state;
	vacuum.stats = stats != NULL ? stats : palloc0_object(IndexBulkDeleteResult);
	vacuum.stats->num_index_tuples = 0;
	vacuum.stats->estimated_count = false;
	vacuum.stats->pages_free = 0;
	vxp_meta_read(info->index, &vacuum.meta);
	vxp_reader_init(&vacuum.reader, info->index);
	vacuum.nblocks = RelationGetNumberOfBlocks(info->index);
	vacuum.first = vacuum.meta.data.built_end;
	if (vacuum.first > vacuum.nblocks)
		vxp_report_damage(info->index, VX_META_BLOCK,
						  "It says that the index is longer than it is.");
	bytes = (vacuum.nblocks - vacuum.first) / 8 + 1;
	vacuum.graph = (uint8 *) palloc_extended(bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	vacuum.known = (uint8 *) palloc_extended(bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	vxv_walk(&vacuum);

	vacuum.stats->num_pages = vacuum.nblocks;
	pfree(vacuum.known);
	pfree(vacuum.graph);
	return vacuum.stats;
}

/*
 * After VACUUM: amvacuumcleanup.  Nothing is left to do, whether or not
 * vxv_bulk_delete ran.  If it did not, no row was removed, and counting the rows
 * is not worth a walk: the heap's number will do.
 */
IndexBulkDeleteResult *
vxv_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	if (info->analyze_only)
		return stats;
	if (stats == NULL)
	{
		stats = palloc0_object(IndexBulkDeleteResult);
		stats->num_index_tuples = info->num_heap_tuples;
		stats->estimated_count = true;
	}
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	return stats;
}
