/*-------------------------------------------------------------------------
 *
 * ivfflat_check.c
 *	  What vectorx_check() verifies of an ivfflat index.
 *
 * The invariants, under the numbers that findings carry.  I1 - I4, I6 and I7 are
 * checked here, page by page; ivfflat_check_lists.c and ivfflat_check_vectors.c
 * do the rest.
 *
 *	I1	The metapage has magic number and version of this format; its fields
 *		agree with each other, with the operator class and with the codec that
 *		follows from them.
 *	I2	Blocks 1 .. mean_pages are the pages of the mean, which is finite.
 *	I3	The pages of the directory follow.  Every other block is a list page, a
 *		vector page, a free page, or was never initialised; header and special
 *		area are those of its kind.
 *	I4	A list page is of a list that exists; built_slots <= used_slots <= slots of
 *		a page; where vectors were built their start is set; the page that it
 *		names has a greater sequence number.
 *	I5	The directory names for each list no page, or one of it with sequence
 *		number 0.
 *	I6	Slots below used_slots are live or dead, those above are free, with no heap
 *		TID and no block of a vector.
 *	I7	A live slot has a heap TID that lies within the table; a dead one has none.
 *	I8	No heap TID is in two live slots.
 *	I9	Each page of a chain names no page, or one of the same list with the
 *		sequence number that it says, which is greater than its own.  No page of a
 *		chain is retired; one that is was so by a transaction id of the past.  Where
 *		inserts begin is a page of the chain.
 *	I10	Every list page that is not retired is in the chain of its list.
 *	I11	The vectors of every live slot have places, on vector pages.
 *	I12	No two list pages have vectors in the same bytes, and a vector that an
 *		insert added names the slot that it belongs to.
 *	I13	The code of every live slot is that of its vector.  (Other instruction
 *		sets may round the last bit differently.)
 *	I14	heapallindexed: every row that a snapshot sees, that the predicate
 *		accepts and whose value has a place in the index, is in it.
 *	I15	The first page of a list says where inserts begin: nowhere in particular, or
 *		at a page of the list.  Other pages do not.
 *
 * They hold after every WAL record, so after a crash as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/transam.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_check.h"
#include "base/slot.h"
#include "storage/mean_page.h"

/*
 * Copy a list page to state->page; false if it is none, or its counters are not
 * to be trusted.
 */
bool
ivfflat_check_copy(IvfflatCheck *state, BlockNumber block)
{
	Page		page = ivfflat_check_image(state);

	if (block >= RelationGetNumberOfBlocks(state->check->index))
		return false;
	vxc_copy_page(state->check, block, state->page.data);
	return vxp_page_is_valid(page, VX_PAGE_LIST) &&
		vxp_list_problem(page, &state->index->meta.geometry) == NULL;
}

/*
 * I1, I2: metapage, mean and codec.  Without them nothing else can be checked.
 */
static bool
ivfflat_check_meta(IvfflatCheck *state)
{
	IvfflatIndex *index = state->index;
	VxListMetaData *data = &index->meta.data;
	const char *problem;
	float	   *mean;

	vxc_copy_page(state->check, VX_META_BLOCK, state->page.data);
	problem = vxp_list_meta_problem(ivfflat_check_image(state));
	if (problem == NULL)
	{
		memcpy(data, PageGetContents(ivfflat_check_image(state)), sizeof(*data));
		problem = ivfflat_meta_problem(index);
		if (problem == NULL)
			problem = vxp_frame_problem(ivfflat_check_image(state));
		if (problem == NULL && !vxc_rest_is_zero(ivfflat_check_image(state), sizeof(*data)))
			problem = "There is something behind the fields of the metapage.";
	}
	if (problem != NULL)
	{
		vxc_report(state->check, "I1", VX_META_BLOCK, VXC_NO_SLOT, "%s", problem);
		return false;
	}
	vxp_list_meta_derive(&index->meta);

	mean = palloc0_array(float, data->code_dimensions);
	if (!vxc_check_mean(state->check, data->mean_pages, data->code_dimensions, mean))
		return false;
	ivfflat_codec_init(index, mean);
	pfree(mean);
	problem = ivfflat_codec_problem(index);
	if (problem != NULL)
		vxc_report(state->check, "I1", VX_META_BLOCK, VXC_NO_SLOT, "%s", problem);
	return problem == NULL;
}

/*
 * Whether a heap TID can be one.  Asks for the length of the table again
 * before saying no.
 */
static bool
ivfflat_tid_is_sane(IvfflatCheck *state, ItemPointer tid)
{
	if (!ItemPointerIsValid(tid))
		return false;
	if (ItemPointerGetBlockNumberNoCheck(tid) >= state->heap_blocks)
		state->heap_blocks = RelationGetNumberOfBlocks(state->check->heap);
	return ItemPointerGetBlockNumberNoCheck(tid) < state->heap_blocks;
}

/*
 * I6, I7: the slots of a list page.
 */
static void
ivfflat_check_slots(IvfflatCheck *state, BlockNumber block)
{
	Page		page = ivfflat_check_image(state);
	const VxListGeometry *geometry = &state->index->meta.geometry;
	const uint8 *slots = vxp_list_state(page, geometry);
	int			used = vxp_opaque(page)->used_slots;

	Assert(used <= geometry->slots);
	for (int slot = 0; slot < geometry->slots; slot++)
	{
		ItemPointerData tid = *vxp_list_tid(page, geometry, slot);

		if (slots[slot] > VX_SLOT_DEAD || (slots[slot] == VX_SLOT_FREE) != (slot >= used))
			vxc_report(state->check, "I6", block, slot,
					   "the slot has state %u, and %d slots of the page are in use",
					   slots[slot], used);
		else if (slots[slot] == VX_SLOT_LIVE && !ivfflat_tid_is_sane(state, &tid))
			vxc_report(state->check, "I7", block, slot,
					   "a live slot has heap TID (%u,%u), which the table cannot have",
					   ItemPointerGetBlockNumberNoCheck(&tid),
					   ItemPointerGetOffsetNumberNoCheck(&tid));
		else if (slots[slot] == VX_SLOT_DEAD && !vxc_tid_is_none(&tid))
			vxc_report(state->check, "I7", block, slot, "a dead slot has a heap TID");
		else if (slots[slot] == VX_SLOT_FREE && !vxp_bytes_are_zero(&tid, sizeof(tid)))
			vxc_report(state->check, "I6", block, slot, "a slot never used has a heap TID");
		state->live += slots[slot] == VX_SLOT_LIVE;
	}
}

/*
 * I3: whether the copied page is of a kind that may be behind the directory.
 */
static bool
ivfflat_kind_is_sound(Page page)
{
	const VxPageOpaqueData *opaque;

	if (PageIsNew(page))
		return true;
	if (!vxp_page_is_valid(page, VX_PAGE_LIST) &&
		!vxp_page_is_valid(page, VX_PAGE_VECTOR) &&
		!vxp_page_is_valid(page, VX_PAGE_ADDED) &&
		!vxp_page_is_valid(page, VX_PAGE_FREE))
		return false;
	opaque = vxp_opaque(page);
	return vxp_frame_problem(page) == NULL && (opaque->flags & ~VX_LIST_WAS_EMPTY) == 0;
}

/*
 * I4, I9, I15: what is wrong with the parts of a sound list page that no reader
 * looks at; NULL if nothing is.
 */
static const char *
ivfflat_list_problem(IvfflatCheck *state)
{
	Page		page = ivfflat_check_image(state);
	const VxListGeometry *geometry = &state->index->meta.geometry;
	const VxListPageData *header = vxp_list_header(page);
	Size		arrays_end = geometry->state_at + geometry->slots;
	Size		strips_end = geometry->strips_at + geometry->strip_bytes *
		(geometry->single ? geometry->slots : geometry->slots / VX_STRIP_SLOTS);

	if (header->next.block == InvalidBlockNumber && header->next.sequence != 0)
		return "Its link to no page has a sequence number.";
	if (header->retired > U64FromFullTransactionId(ReadNextFullTransactionId()))
		return "It was taken out of its list by a transaction that has not begun.";
	if (header->sequence != 0 &&
		(header->insert.block != InvalidBlockNumber || header->insert.sequence != 0))
		return "It is not the first page of its list and says where inserts begin.";
	if (!vxp_bytes_are_zero((char *) page + arrays_end, geometry->strips_at - arrays_end) ||
		!vxp_bytes_are_zero((char *) page + strips_end,
							((PageHeader) page)->pd_special - strips_end))
		return "There is something between its arrays, or behind them.";
	return NULL;
}

/*
 * I3, I4, I6, I7: look at every page behind the directory once.
 */
static void
ivfflat_check_pages(IvfflatCheck *state)
{
	const VxListMeta *meta = &state->index->meta;
	Page		page = ivfflat_check_image(state);

	state->blocks = (uint8 *)
		MemoryContextAllocExtended(CurrentMemoryContext, Max(state->nblocks, 1),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (BlockNumber block = state->first_block; block < state->nblocks; block++)
	{
		const char *problem;

		vxc_copy_page(state->check, block, state->page.data);
		if (!ivfflat_kind_is_sound(page))
		{
			vxc_report(state->check, "I3", block, VXC_NO_SLOT,
					   "the page has no valid header, or is of a kind that does not belong here");
			continue;
		}
		if (!vxp_page_is_valid(page, VX_PAGE_LIST))
			continue;
		problem = vxp_list_problem(page, &meta->geometry);
		if (problem == NULL && vxp_list_header(page)->list >= meta->data.lists)
			problem = "It is a page of a list that the index does not have.";
		if (problem == NULL)
			problem = ivfflat_list_problem(state);
		if (problem != NULL)
		{
			vxc_report(state->check, "I4", block, VXC_NO_SLOT, "%s", problem);
			continue;
		}
		state->blocks[block] = IVFFLAT_BLOCK_SOUND;
		if (vxp_list_header(page)->retired != 0)
			state->blocks[block] |= IVFFLAT_BLOCK_RETIRED;
		else
			ivfflat_check_slots(state, block);
	}
}

/*
 * I3: whether page number n of the directory has nothing but its header and what is
 * of its lists.
 */
static bool
ivfflat_directory_is_clean(IvfflatCheck *state, uint32 n)
{
	const VxListMeta *meta = &state->index->meta;
	Page		page = ivfflat_check_image(state);
	uint32		count = Min(meta->per_page, meta->data.lists - n * meta->per_page);
	Size		centre_bytes = meta->data.centre_bytes;
	Size		centres_at = (char *) vxp_directory_centres(page, meta->per_page) -
		(char *) PageGetContents(page);

	return vxp_frame_problem(page) == NULL &&
		vxp_bytes_are_zero(vxp_directory_heads(page) + count,
						   (meta->per_page - count) * sizeof(BlockNumber)) &&
		vxc_rest_is_zero(page, centres_at + count * centre_bytes);
}

/*
 * I3: the pages of the directory.
 */
static bool
ivfflat_check_directory(IvfflatCheck *state)
{
	const VxListMeta *meta = &state->index->meta;
	BlockNumber first = VX_META_BLOCK + 1 + meta->data.mean_pages;
	bool		sound = state->first_block <= state->nblocks;

	for (BlockNumber block = first; sound && block < state->first_block; block++)
	{
		const VxPageOpaqueData *opaque = vxp_opaque(ivfflat_check_image(state));

		vxc_copy_page(state->check, block, state->page.data);
		sound = vxp_page_is_valid(ivfflat_check_image(state), VX_PAGE_DIRECTORY) &&
			opaque->used_slots == 0 && opaque->built_slots == 0 &&
			opaque->layer == 0 && opaque->flags == 0;
		if (!sound)
			vxc_report(state->check, "I3", block, VXC_NO_SLOT,
					   "a page of the directory is not one");
		else if (!ivfflat_directory_is_clean(state, block - first))
			vxc_report(state->check, "I3", block, VXC_NO_SLOT,
					   "a page of the directory has something that is of no list");
	}
	if (state->first_block > state->nblocks)
		vxc_report(state->check, "I3", InvalidBlockNumber, VXC_NO_SLOT,
				   "the directory ends at block %u, the index at block %u",
				   state->first_block, state->nblocks);
	return sound;
}

/*
 * Check an ivfflat index, for vectorx_check().  Everything is allocated in a
 * context of its own.
 */
void
ivfflatcheck(struct VxCheck *check)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "ivfflat check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	IvfflatCheck *state = palloc0_object(IvfflatCheck);

	state->check = check;
	state->index = ivfflat_new(check->index);
	state->nblocks = RelationGetNumberOfBlocks(check->index);
	if (state->nblocks == 0)
		vxc_report(check, "I1", InvalidBlockNumber, VXC_NO_SLOT, "the index has no pages");
	else if (ivfflat_check_meta(state))
	{
		state->first_block = VX_META_BLOCK + 1 + state->index->meta.data.mean_pages +
			state->index->meta.directory_pages;
		if (ivfflat_check_directory(state))
		{
			ivfflat_check_pages(state);
			ivfflat_check_lists(state);
			ivfflat_check_vectors(state);
			ivfflat_check_rows(state);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
