/*-------------------------------------------------------------------------
 *
 * ivfflat_vacuum.c
 *	  VACUUM of an ivfflat index: one walk along the chains of its lists.
 *
 * Slots of rows that are gone become dead, and inserts into the list use them
 * again.  A page that one VACUUM leaves empty and the next one finds empty is
 * taken out of its chain.  See "VACUUM" in README.md for why no scan is misled.
 *
 * Locks: as an insert takes them, in the order of the chain.  Only VACUUM takes
 * pages out of a chain, and only one at a time runs on a table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "commands/vacuum.h"
#include "miscadmin.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_vacuum.h"
#include "base/slot.h"
#include "storage/stop.h"

/* Where the walk along a chain is. */
typedef struct IvfflatChain
{
	uint32		list;
	VxListLink	head;
	VxListLink	before;			/* the last page that stays */
	VxListLink	room;			/* the first page with a free slot */
} IvfflatChain;

/*
 * Open a page of a chain.  Nobody else takes pages out, so it has to be there.
 */
static Buffer
ivfflat_vacuum_open(IvfflatVacuum *vacuum, uint32 list, VxListLink link, int lockmode)
{
	Buffer		buffer = vxp_list_open(&vacuum->reader, &vacuum->index->meta.geometry,
									   list, link, lockmode);

	if (!BufferIsValid(buffer))
		vxp_report_damage(vacuum->info->index, link.block,
						  "It is not the page that its list continues with.");
	return buffer;
}

/*
 * Find the slots of a locked page whose rows are gone; returns their number, and
 * in *live how many others have rows.
 */
static int
ivfflat_find_doomed(IvfflatVacuum *vacuum, Page page, int *live)
{
	const VxListGeometry *geometry = &vacuum->index->meta.geometry;
	const uint8 *state = vxp_list_state(page, geometry);
	int			count = 0;

	*live = 0;
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		vacuum->doomed[slot] = state[slot] == VX_SLOT_LIVE &&
			vacuum->callback != NULL &&
			ItemPointerIsValid(vxp_list_tid(page, geometry, slot)) &&
			vacuum->callback(vxp_list_tid(page, geometry, slot),
							 vacuum->callback_state);
		count += vacuum->doomed[slot];
		*live += state[slot] == VX_SLOT_LIVE && !vacuum->doomed[slot];
	}
	return count;
}

/*
 * Mark the doomed slots of a page dead, in one WAL record.  The buffer is
 * locked exclusively and released.
 */
static void
ivfflat_bury(IvfflatVacuum *vacuum, Buffer buffer, int live)
{
	const VxListGeometry *geometry = &vacuum->index->meta.geometry;
	VxPageTransaction transaction;
	Page		page;

	Assert(vacuum->callback != NULL);
	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	page = vxp_edit(&transaction, buffer);
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		if (!vacuum->doomed[slot])
			continue;
		vxp_list_state(page, geometry)[slot] = VX_SLOT_DEAD;
		ItemPointerSetInvalid(vxp_list_tid(page, geometry, slot));
		vacuum->stats->tuples_removed += 1;
	}
	if (live == 0)
		vxp_opaque(page)->flags |= VX_LIST_WAS_EMPTY;
	vxp_commit(&transaction);
}

/*
 * Vacuum one page.  It is looked at under a share lock; only if a row is gone is
 * it locked again exclusively and looked at once more.  Returns the live slots.
 */
static int
ivfflat_vacuum_page(IvfflatVacuum *vacuum, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	int			live;

	if (ivfflat_find_doomed(vacuum, page, &live) == 0)
	{
		UnlockReleaseBuffer(buffer);
		return live;
	}
	vxp_relock_exclusive(buffer);
	ivfflat_find_doomed(vacuum, page, &live);
	ivfflat_bury(vacuum, buffer, live);
	return live;
}

/*
 * Take an empty page out of its chain, unless it has rows by now; true if so.
 *
 * The page keeps its contents and its link, for those who are on their way to it
 * or on it.  It names the transaction id of the moment, before which all have to
 * be gone who could be (ivfflat_reclaim.c).  One record: page before, page, and
 * the first page if inserts begin at the page.
 */
static bool
ivfflat_retire(IvfflatVacuum *vacuum, const IvfflatChain *chain, VxListLink link)
{
	const VxListGeometry *geometry = &vacuum->index->meta.geometry;
	bool		apart = chain->before.block != chain->head.block;
	Buffer		head = ivfflat_vacuum_open(vacuum, chain->list, chain->head,
										   BUFFER_LOCK_EXCLUSIVE);
	Buffer		before = apart ? ivfflat_vacuum_open(vacuum, chain->list, chain->before,
													 BUFFER_LOCK_EXCLUSIVE) : head;
	Buffer		buffer = ivfflat_vacuum_open(vacuum, chain->list, link,
											 BUFFER_LOCK_EXCLUSIVE);
	Page		page = BufferGetPage(buffer);
	VxPageTransaction transaction;
	VxListPageData *first;
	VxListPageData *header;
	bool		empty = true;

	Assert(vxp_list_header(BufferGetPage(before))->next.block == link.block);
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
		empty = empty && vxp_list_state(page, geometry)[slot] != VX_SLOT_LIVE;
	if (!empty)
	{
		UnlockReleaseBuffer(buffer);
		if (apart)
			UnlockReleaseBuffer(before);
		UnlockReleaseBuffer(head);
		return false;
	}

	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	first = vxp_list_header(vxp_edit(&transaction, head));
	header = apart ? vxp_list_header(vxp_edit(&transaction, before)) : first;
	page = vxp_edit(&transaction, buffer);
	header->next = vxp_list_header(page)->next;
	if (first->insert.block == link.block)
		first->insert = chain->before;
	vxp_list_header(page)->retired =
		U64FromFullTransactionId(ReadNextFullTransactionId());
	vxp_commit(&transaction);
	vacuum->stats->pages_newly_deleted++;
	return true;
}

/*
 * Let inserts into a list begin at the first page with a free slot.
 */
static void
ivfflat_set_insert(IvfflatVacuum *vacuum, const IvfflatChain *chain)
{
	Buffer		buffer;
	VxPageTransaction transaction;
	VxListPageData *header;

	if (chain->room.block == InvalidBlockNumber)
		return;
	buffer = ivfflat_vacuum_open(vacuum, chain->list, chain->head, BUFFER_LOCK_EXCLUSIVE);
	header = vxp_list_header(BufferGetPage(buffer));
	if (header->insert.block == InvalidBlockNumber ?
		chain->room.block == chain->head.block :
		header->insert.block == chain->room.block)
	{
		UnlockReleaseBuffer(buffer);
		return;
	}
	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	header = vxp_list_header(vxp_edit(&transaction, buffer));
	header->insert = chain->room;
	vxp_commit(&transaction);
}

/*
 * Vacuum the pages of a list.
 */
static void
ivfflat_vacuum_list(IvfflatVacuum *vacuum, uint32 list, BlockNumber head)
{
	IvfflatChain chain;
	VxListLink	link = {head, 0};

	chain.list = list;
	chain.head = link;
	chain.before.block = chain.room.block = InvalidBlockNumber;
	while (link.block != InvalidBlockNumber)
	{
		Buffer		buffer;
		Page		page;
		VxListLink	next;
		bool		was_empty;
		int			live;

		vx_vacuum_delay_point();
		buffer = ivfflat_vacuum_open(vacuum, list, link, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		next = vxp_list_header(page)->next;
		was_empty = (vxp_opaque(page)->flags & VX_LIST_WAS_EMPTY) != 0 &&
			link.block != head;
		ivfflat_claim_page(vacuum, page, link.block);
		live = ivfflat_vacuum_page(vacuum, buffer);
		vacuum->stats->num_index_tuples += live;
		if (live > 0 || !was_empty || !ivfflat_retire(vacuum, &chain, link))
		{
			if (chain.room.block == InvalidBlockNumber &&
				live < vacuum->index->meta.geometry.slots)
				chain.room = link;
			chain.before = link;
		}
		VX_STOP("vacuum-page");
		link = next;
	}
	ivfflat_set_insert(vacuum, &chain);
}

/*
 * Walk all lists once, then give back the pages that none of them uses.
 */
static IndexBulkDeleteResult *
ivfflat_walk(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
			 IndexBulkDeleteCallback callback, void *callback_state)
{
	IvfflatVacuum vacuum;
	uint32		lists;

	memset(&vacuum, 0, sizeof(vacuum));
	vacuum.info = info;
	vacuum.callback = callback;
	vacuum.callback_state = callback_state;
	vacuum.stats = stats != NULL ? stats : palloc0_object(IndexBulkDeleteResult);
	vacuum.stats->num_index_tuples = 0;
	vacuum.stats->estimated_count = false;
	vacuum.index = ivfflat_open(info->index);
	vxp_reader_init(&vacuum.reader, info->index);
	vacuum.nblocks = RelationGetNumberOfBlocks(info->index);
	vacuum.claimed = palloc0(vacuum.nblocks / BITS_PER_BYTE + 1);
	vacuum.doomed = palloc_array(bool, vacuum.index->meta.geometry.slots);

	lists = vacuum.index->meta.data.lists;
	for (uint32 list = 0; list < lists; list++)
	{
		BlockNumber head = ivfflat_directory_entry(vacuum.index, &vacuum.reader, list, NULL);

		if (head != InvalidBlockNumber)
			ivfflat_vacuum_list(&vacuum, list, head);
	}
	VX_STOP("vacuum-walked");
	ivfflat_reclaim(&vacuum);
	vacuum.stats->num_pages = RelationGetNumberOfBlocks(info->index);
	pfree(vacuum.doomed);
	pfree(vacuum.claimed);
	return vacuum.stats;
}

/*
 * Remove the entries of the rows that callback names: ambulkdelete.
 */
IndexBulkDeleteResult *
ivfflatbulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
				  IndexBulkDeleteCallback callback, void *callback_state)
{
	return ivfflat_walk(info, stats, callback, callback_state);
}

/*
 * After VACUUM: nothing is left to do if ivfflatbulkdelete ran, else count, and
 * take out what earlier runs left empty.  amvacuumcleanup.
 */
IndexBulkDeleteResult *
ivfflatvacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	if (info->analyze_only)
		return stats;
	if (stats != NULL)
	{
		stats->num_pages = RelationGetNumberOfBlocks(info->index);
		return stats;
	}
	return ivfflat_walk(info, NULL, NULL, NULL);
}
