/*-------------------------------------------------------------------------
 *
 * ivfflat_check_lists.c
 *	  Checks how the pages of an ivfflat index follow each other, and its rows.
 *
 * Invariants I5, I8 - I10, I14 and I15 of the list in ivfflat_check.c.
 *
 * Concurrency: inserts append pages and VACUUM takes some out meanwhile.  A link
 * that does not hold is read again, and reported if the page before still has it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_check.h"
#include "base/slot.h"

/* Where a link was found. */
typedef struct IvfflatLinkPlace
{
	uint32		list;
	BlockNumber block;			/* of the page that has it */
	bool		in_directory;
} IvfflatLinkPlace;

/*
 * The link as it is now.  Uses state->page.
 */
static VxListLink
ivfflat_read_link(IvfflatCheck *state, const IvfflatLinkPlace *place)
{
	const VxListMeta *meta = &state->index->meta;
	Page		page = ivfflat_check_image(state);
	VxListLink	link = {InvalidBlockNumber, 0};

	vxc_copy_page(state->check, place->block, state->page.data);
	if (place->in_directory)
		link.block = vxp_directory_heads(page)[place->list % meta->per_page];
	else if (vxp_page_is_valid(page, VX_PAGE_LIST))
		link = vxp_list_header(page)->next;
	return link;
}

/*
 * Whether a link leads to a page of the list with its sequence number.  Leaves the
 * page in state->page.
 */
static bool
ivfflat_link_holds(IvfflatCheck *state, uint32 list, VxListLink link)
{
	const VxListPageData *header = vxp_list_header(ivfflat_check_image(state));

	return ivfflat_check_copy(state, link.block) && header->list == list &&
		header->sequence == link.sequence && header->retired == 0;
}

/*
 * I9: the page at which inserts into a list begin, as its first page names it.  Both
 * change at once when VACUUM takes that page out.
 */
static void
ivfflat_check_insert(IvfflatCheck *state, uint32 list, BlockNumber head)
{
	const VxListPageData *header = vxp_list_header(ivfflat_check_image(state));
	VxListLink	insert = header->insert;

	if (insert.block == InvalidBlockNumber || ivfflat_link_holds(state, list, insert))
		return;
	vxc_copy_page(state->check, head, state->page.data);
	if (header->insert.block != insert.block ||
		header->insert.sequence != insert.sequence ||
		ivfflat_link_holds(state, list, insert))
		return;
	vxc_report(state->check, "I9", head, VXC_NO_SLOT,
			   "inserts into list %u begin at block %u, which is not its page number %u",
			   list, insert.block, insert.sequence);
}

/*
 * I5, I9: walk along a list.
 */
static void
ivfflat_check_chain(IvfflatCheck *state, uint32 list)
{
	IvfflatLinkPlace place = {list, vxp_directory_block(&state->index->meta, list), true};
	VxListLink	link = ivfflat_read_link(state, &place);
	uint32		least = 0;		/* sequence number that the next page has at least */

	while (link.block != InvalidBlockNumber)
	{
		VxListLink	next;

		if (!ivfflat_link_holds(state, list, link) || link.sequence < least)
		{
			VxListLink	again = ivfflat_read_link(state, &place);

			if (again.block == link.block && again.sequence == link.sequence &&
				(!ivfflat_link_holds(state, list, link) || link.sequence < least))
			{
				vxc_report(state->check, place.in_directory ? "I5" : "I9", place.block,
						   VXC_NO_SLOT,
						   "list %u goes on at block %u, which is not its page number %u",
						   list, link.block, link.sequence);
				return;
			}
			link = again;
			continue;
		}
		if (link.block < state->nblocks)
			state->blocks[link.block] |= IVFFLAT_BLOCK_CHAINED;
		next = vxp_list_header(ivfflat_check_image(state))->next;
		if (place.in_directory)
			ivfflat_check_insert(state, list, link.block);
		least = link.sequence + 1;
		place.block = link.block;
		place.in_directory = false;
		link = next;
	}
}

/*
 * I15: where inserts into a list begin.  VACUUM may take that page out meanwhile, or
 * empty a slot before it, but tells the first page in the same record, or before.
 */
static void
ivfflat_check_start(IvfflatCheck *state, uint32 list)
{
	IvfflatLinkPlace place = {list, vxp_directory_block(&state->index->meta, list), true};
	VxListLink	head = ivfflat_read_link(state, &place);
	const VxListPageData *header = vxp_list_header(ivfflat_check_image(state));
	VxListLink	start;

	if (head.block == InvalidBlockNumber || !ivfflat_link_holds(state, list, head))
		return;
	start = header->insert;
	if (start.block == InvalidBlockNumber ? start.sequence == 0 :
		ivfflat_link_holds(state, list, start))
		return;

	/* unless it is another one by now */
	if (ivfflat_link_holds(state, list, head) &&
		header->insert.block == start.block && header->insert.sequence == start.sequence)
		vxc_report(state->check, "I15", head.block, VXC_NO_SLOT,
				   "inserts into list %u begin at block %u, which is not its page number %u",
				   list, start.block, start.sequence);
}

/*
 * I10: a page that no chain has met.  It may have been taken out since.
 */
static void
ivfflat_check_stray(IvfflatCheck *state, BlockNumber block)
{
	const VxListPageData *header = vxp_list_header(ivfflat_check_image(state));

	if (!ivfflat_check_copy(state, block) || header->retired != 0)
		return;
	ivfflat_check_chain(state, header->list);
	if ((state->blocks[block] & IVFFLAT_BLOCK_CHAINED) == 0 &&
		ivfflat_check_copy(state, block) && header->retired == 0)
		vxc_report(state->check, "I10", block, VXC_NO_SLOT,
				   "the page is not in the chain of list %u", header->list);
}

/*
 * I5, I9, I10: the chains of all lists.
 */
void
ivfflat_check_lists(IvfflatCheck *state)
{
	uint64		findings = state->check->findings;

	for (uint32 list = 0; list < state->index->meta.data.lists; list++)
	{
		ivfflat_check_chain(state, list);
		ivfflat_check_start(state, list);
	}

	/* behind a broken link every page is a stray */
	if (state->check->findings != findings)
		return;
	for (BlockNumber block = state->first_block; block < state->nblocks; block++)
	{
		if (state->blocks[block] == IVFFLAT_BLOCK_SOUND)
			ivfflat_check_stray(state, block);
	}
}

/*
 * The heap TID that a slot has now if it is live, else 0.
 */
static uint64
ivfflat_read_tid(IvfflatCheck *state, VxTidPlace place)
{
	const VxListGeometry *geometry = &state->index->meta.geometry;
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;

	vxc_copy_page(state->check, place.block, copy.data);
	if (!vxp_page_is_valid(page, VX_PAGE_LIST) ||
		vxp_list_problem(page, geometry) != NULL ||
		place.slot >= vxp_opaque(page)->used_slots ||
		vxp_list_state(page, geometry)[place.slot] != VX_SLOT_LIVE)
		return 0;
	return vxi_tid_to_uint64(vxp_list_tid(page, geometry, place.slot));
}

/*
 * I8: add the live TIDs of a page to the set.  A TID seen twice may have left its
 * first slot and come back in another one meanwhile: that is so unless both slots
 * still have it.
 */
static void
ivfflat_add_tids(IvfflatCheck *state, VxTidSet *set, BlockNumber block)
{
	Page		page = ivfflat_check_image(state);
	const VxListGeometry *geometry = &state->index->meta.geometry;

	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		ItemPointerData *pointer = vxp_list_tid(page, geometry, slot);
		uint64		tid = vxi_tid_to_uint64(pointer);
		VxTidPlace	place = {block, slot};
		VxTidPlace	earlier;

		if (vxp_list_state(page, geometry)[slot] != VX_SLOT_LIVE ||
			!ItemPointerIsValid(pointer) ||
			!vxc_tids_in_round(set, tid) ||
			vxc_tids_add(set, tid, place, &earlier))
			continue;
		if (ivfflat_read_tid(state, earlier) == tid && ivfflat_read_tid(state, place) == tid)
			vxc_report(state->check, "I8", block, slot,
					   "row (%u,%u) is in the index twice, also at block %u slot %d",
					   ItemPointerGetBlockNumber(pointer),
					   ItemPointerGetOffsetNumber(pointer),
					   earlier.block, earlier.slot);
	}
}

/*
 * I8, I14: the rows of the index.  Pages that came since the check began are read
 * as well: they may have rows that the snapshot sees.
 */
void
ivfflat_check_rows(IvfflatCheck *state)
{
	VxTidSet	set;
	VxRowCheck	rows;

	memset(&rows, 0, sizeof(rows));
	rows.set = &set;
	rows.opclass = state->index->opclass;
	rows.dimensions = (int) state->index->meta.data.dimensions;
	vxc_tids_create(&set, state->live, (Size) maintenance_work_mem * 1024);
	for (uint32 round = 0; round < set.rounds; round++)
	{
		vxc_tids_begin_round(&set, round);
		for (BlockNumber block = state->first_block;
			 block < RelationGetNumberOfBlocks(state->check->index); block++)
		{
			if (ivfflat_check_copy(state, block) &&
				vxp_list_header(ivfflat_check_image(state))->retired == 0)
				ivfflat_add_tids(state, &set, block);
		}
		if (state->check->heapallindexed)
			vxc_compare_with_heap(state->check, &rows);
	}
	vxc_tids_free(&set);
}
