/*-------------------------------------------------------------------------
 *
 * ivfflat_reclaim.c
 *	  Give back the pages that no list uses any more.
 *
 * While VACUUM walks the lists it notes the blocks that they use.  What is left
 * then is looked at: pages taken out of their lists long enough ago that nobody
 * can be on them, the vectors that belonged to them, pages given back before, and
 * pages that a crash left uninitialised.  They become free pages, and the free
 * space map has them.
 *
 * Inserts go on meanwhile.  A list page that they add after its list was walked is
 * not noted, but was not taken out of its list either.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "commands/vacuum.h"
#include "storage/indexfsm.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_vacuum.h"

static bool
ivfflat_is_claimed(const IvfflatVacuum *vacuum, BlockNumber block)
{
	Assert(block < vacuum->nblocks);
	return (vacuum->claimed[block / BITS_PER_BYTE] & (1 << (block % BITS_PER_BYTE))) != 0;
}

/*
 * Note that a block is in use.  Blocks added since the walk began need no note.
 */
void
ivfflat_claim(IvfflatVacuum *vacuum, BlockNumber block)
{
	if (block < vacuum->nblocks)
		vacuum->claimed[block / BITS_PER_BYTE] |= 1 << (block % BITS_PER_BYTE);
}

/*
 * Note a list page, which is locked, and the pages of the vectors that the build
 * wrote for it.
 */
void
ivfflat_claim_page(IvfflatVacuum *vacuum, Page page, BlockNumber block)
{
	const VxVectorLayout *layout = &vacuum->index->meta.geometry.vectors;
	const VxPageOpaqueData *opaque = vxp_opaque(page);

	ivfflat_claim(vacuum, block);
	if (opaque->built_slots > 0 && layout->vector_bytes > 0)
	{
		uint32		end = opaque->vector_offset + opaque->built_slots * layout->vector_bytes;

		for (uint32 i = 0; i <= (end - 1) / VX_PAGE_CONTENTS; i++)
			ivfflat_claim(vacuum, opaque->vector_start + i);
	}
}

/*
 * Whether a page was taken out of its list so long ago that every scan and every
 * insert which could have known it is over.
 */
static bool
ivfflat_is_forgotten(Page page)
{
	uint64		retired = vxp_list_header(page)->retired;

	return retired != 0 &&
		GlobalVisCheckRemovableFullXid(NULL, FullTransactionIdFromU64(retired));
}

/*
 * Make a page a free one.  Nobody refers to it, so nobody else writes to it.
 */
static void
ivfflat_free_page(IvfflatVacuum *vacuum, Buffer buffer)
{
	VxPageTransaction transaction;
	BlockNumber block = BufferGetBlockNumber(buffer);

	vxp_relock_exclusive(buffer);
	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	vxp_make_free(vxp_edit(&transaction, buffer));
	vxp_commit(&transaction);
	RecordFreeIndexPage(vacuum->info->index, block);
	vacuum->stats->pages_free++;
	ivfflat_claim(vacuum, block);
}

/*
 * Take the vectors that inserts added for a page off the pages that all lists
 * share.  blocks are those of its slots.
 */
static void
ivfflat_drop_vectors(IvfflatVacuum *vacuum, BlockNumber owner, const BlockNumber *blocks)
{
	const VxListMeta *meta = &vacuum->index->meta;
	Relation	index = vacuum->info->index;

	for (int slot = 0; slot < meta->geometry.slots; slot++)
	{
		bool		done = blocks[slot] >= vacuum->nblocks;

		/* slots that follow each other were often added to the same page */
		for (int i = slot - 1; i >= 0 && !done; i--)
			done = blocks[i] == blocks[slot];
		if (!done && vxp_added_drop(index, blocks[slot], owner, meta->data.vector_bytes))
		{
			RecordFreeIndexPage(index, blocks[slot]);
			vacuum->stats->pages_free++;
			ivfflat_claim(vacuum, blocks[slot]);
		}
	}
}

/*
 * A list page that the walk did not meet: free it, if it was taken out of its list
 * long enough ago; else keep its vectors.  If it was not taken out, an insert has
 * just added it.
 */
static void
ivfflat_reclaim_list_page(IvfflatVacuum *vacuum, BlockNumber block)
{
	const VxListGeometry *geometry = &vacuum->index->meta.geometry;
	Buffer		buffer = vxp_read_any(vacuum->info->index, block, vacuum->info->strategy);
	Page		page = BufferGetPage(buffer);
	BlockNumber *blocks = NULL;

	if (!vxp_page_is_valid(page, VX_PAGE_LIST) ||
		vxp_list_problem(page, geometry) != NULL)
	{
		UnlockReleaseBuffer(buffer);
		return;
	}
	if (!ivfflat_is_forgotten(page))
	{
		if (vxp_list_header(page)->retired != 0)
			vacuum->stats->pages_deleted++;
		ivfflat_claim_page(vacuum, page, block);
		UnlockReleaseBuffer(buffer);
		return;
	}
	if (geometry->vectors.vector_bytes > 0)
	{
		blocks = palloc_array(BlockNumber, geometry->slots);
		memcpy(blocks, vxp_vector_blocks(page, &geometry->vectors),
			   geometry->slots * sizeof(BlockNumber));
	}
	UnlockReleaseBuffer(buffer);
	if (blocks != NULL)
	{
		ivfflat_drop_vectors(vacuum, block, blocks);
		pfree(blocks);
	}
	ivfflat_free_page(vacuum, vxp_read_any(vacuum->info->index, block,
										   vacuum->info->strategy));
}

/*
 * A page that the walk has not noted.  Vectors of the build are nobody's then:
 * only the lists that they were written for can have them.
 */
static void
ivfflat_reclaim_page(IvfflatVacuum *vacuum, BlockNumber block)
{
	Buffer		buffer = vxp_read_any(vacuum->info->index, block, vacuum->info->strategy);
	Page		page = BufferGetPage(buffer);

	if (PageIsNew(page) || vxp_page_is_valid(page, VX_PAGE_FREE))
	{
		UnlockReleaseBuffer(buffer);
		RecordFreeIndexPage(vacuum->info->index, block);
		vacuum->stats->pages_free++;
	}
	else if (vxp_page_is_valid(page, VX_PAGE_VECTOR))
		ivfflat_free_page(vacuum, buffer);
	else
	{
		if (!vxp_page_is_valid(page, VX_PAGE_ADDED))
			vxp_verify(vacuum->info->index, buffer, VX_PAGE_LIST);
		UnlockReleaseBuffer(buffer);
	}
}

/*
 * Look at all blocks that the walk over the lists has not noted.
 */
void
ivfflat_reclaim(IvfflatVacuum *vacuum)
{
	const VxListMeta *meta = &vacuum->index->meta;
	BlockNumber first = VX_META_BLOCK + 1 + meta->data.mean_pages + meta->directory_pages;

	vacuum->stats->pages_deleted = vacuum->stats->pages_free = 0;
	for (BlockNumber block = first; block < vacuum->nblocks; block++)
	{
		if (ivfflat_is_claimed(vacuum, block))
			continue;
		vx_vacuum_delay_point();
		ivfflat_reclaim_list_page(vacuum, block);
	}
	for (BlockNumber block = first; block < vacuum->nblocks; block++)
	{
		if (ivfflat_is_claimed(vacuum, block))
			continue;
		vx_vacuum_delay_point();
		ivfflat_reclaim_page(vacuum, block);
	}
	if (vacuum->stats->pages_free > 0)
		IndexFreeSpaceMapVacuum(vacuum->info->index);
}
