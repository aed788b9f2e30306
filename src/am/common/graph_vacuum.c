/*-------------------------------------------------------------------------
 *
 * graph_vacuum.c
 *	  VACUUM of a graph index: one walk over its pages.
 *
 * A node whose row is gone becomes dead: it is no result any more but goes on
 * routing, until an insert takes its slot.  Edges name pages, and pages stay,
 * so no edge anywhere needs repair, and what the walk must remember is
 * nothing.  See "VACUUM" in am/hnsw/README.md for why running
 * scans need no protection.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "storage/indexfsm.h"

#include "compat.h"
#include "am/common/graph_vacuum.h"
#include "base/slot.h"
#include "storage/meta.h"

typedef struct VxVacuum
{
	IndexVacuumInfo *info;
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;	/* NULL: count only */
	void	   *callback_state;
	VxMeta		meta;
	bool	   *doomed;			/* of the page at hand, by slot */
} VxVacuum;

/*
 * Find the slots of a locked page whose rows are gone; returns their number.
 * Live nodes of the base layer are counted as the walk's tuples.
 */
static int
vxv_find_doomed(VxVacuum *vacuum, Page page)
{
	const VxGraphGeometry *geometry = vxp_geometry(&vacuum->meta,
												   vxp_opaque(page)->layer);
	const uint8 *state = vxp_graph_state(page, geometry);
	int			count = 0;

	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		vacuum->doomed[slot] = state[slot] == VX_SLOT_LIVE &&
			vacuum->callback != NULL &&
			vacuum->callback(vxp_graph_tid(page, geometry, slot),
							 vacuum->callback_state);
		count += vacuum->doomed[slot];
	}
	return count;
}

/*
 * Count the live nodes of a locked page of the base layer: what VACUUM reports
 * as index tuples, and the planner then knows.
 */
static void
vxv_count_live(VxVacuum *vacuum, Page page)
{
	const uint8 *state = vxp_graph_state(page, &vacuum->meta.geometry[0]);

	if (vxp_opaque(page)->layer != 0)
		return;
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
		vacuum->stats->num_index_tuples += state[slot] == VX_SLOT_LIVE;
}

/*
 * Mark the doomed slots of a page dead, in one WAL record.  The buffer is
 * locked exclusively and released.
 */
static void
vxv_bury(VxVacuum *vacuum, Buffer buffer)
{
	VxPageTransaction transaction;
	const VxGraphGeometry *geometry;
	Page		page;
	int			used;

	Assert(vacuum->callback != NULL);
	vxp_begin(&transaction, vacuum->info->index, VX_PAGES_LOGGED);
	page = vxp_edit(&transaction, buffer);
	geometry = vxp_geometry(&vacuum->meta, vxp_opaque(page)->layer);
	used = vxp_opaque(page)->used_slots;
	Assert(used <= geometry->slots);
	for (int slot = 0; slot < used; slot++)
	{
		if (!vacuum->doomed[slot])
			continue;
		Assert(vxp_graph_state(page, geometry)[slot] == VX_SLOT_LIVE);
		vxp_graph_state(page, geometry)[slot] = VX_SLOT_DEAD;
		ItemPointerSetInvalid(vxp_graph_tid(page, geometry, slot));
		if (vxp_opaque(page)->layer == 0)
			vacuum->stats->tuples_removed += 1;
	}
	vxv_count_live(vacuum, page);
	vxp_commit(&transaction);
}

/*
 * Vacuum one graph page.  The page is looked at under a share lock; only if a
 * row is gone is it locked again exclusively and looked at once more.
 */
static void
vxv_vacuum_page(VxVacuum *vacuum, Buffer buffer)
{
	Relation	index = vacuum->info->index;
	Page		page = BufferGetPage(buffer);

	vxp_graph_verify(index, buffer, vxp_opaque(page)->layer,
					 vxp_geometry(&vacuum->meta, vxp_opaque(page)->layer));
	if (vxv_find_doomed(vacuum, page) == 0)
	{
		vxv_count_live(vacuum, page);
		UnlockReleaseBuffer(buffer);
		return;
	}
	vxp_relock_exclusive(buffer);
	vxv_find_doomed(vacuum, page);
	vxv_bury(vacuum, buffer);
}

/*
 * Walk all pages once.
 */
static IndexBulkDeleteResult *
vxv_walk(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
		  IndexBulkDeleteCallback callback, void *callback_state)
{
	VxVacuum	vacuum;
	BlockNumber nblocks = RelationGetNumberOfBlocks(info->index);

	memset(&vacuum, 0, sizeof(vacuum));
	vacuum.info = info;
	vacuum.callback = callback;
	vacuum.callback_state = callback_state;
	vacuum.stats = stats != NULL ? stats : palloc0_object(IndexBulkDeleteResult);
	vacuum.stats->num_index_tuples = 0;
	vacuum.stats->estimated_count = false;
	vacuum.stats->pages_free = 0;
	vxp_meta_read(info->index, &vacuum.meta);
	vacuum.doomed = palloc_array(bool, Max(vacuum.meta.geometry[0].slots,
										   vacuum.meta.geometry[1].slots));

	for (BlockNumber block = VX_META_BLOCK + 1; block < nblocks; block++)
	{
		Buffer		buffer;

		vx_vacuum_delay_point();
		buffer = vxp_read_any(info->index, block, info->strategy);
		if (PageIsNew(BufferGetPage(buffer)))
		{
			UnlockReleaseBuffer(buffer);
			RecordFreeIndexPage(info->index, block);
			vacuum.stats->pages_free++;
		}
		else if (vxp_page_is_valid(BufferGetPage(buffer), VX_PAGE_GRAPH))
			vxv_vacuum_page(&vacuum, buffer);
		else
		{
			/* a damaged page would keep the TIDs of rows that are removed */
			if (!vxp_page_is_valid(BufferGetPage(buffer), VX_PAGE_MEAN))
				vxp_verify(info->index, buffer, VX_PAGE_VECTOR);
			UnlockReleaseBuffer(buffer);
		}
	}
	if (vacuum.stats->pages_free > 0)
		IndexFreeSpaceMapVacuum(info->index);
	vacuum.stats->num_pages = nblocks;
	pfree(vacuum.doomed);
	return vacuum.stats;
}

/*
 * Remove the entries of the rows that callback names: ambulkdelete.
 */
IndexBulkDeleteResult *
vxv_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
			   IndexBulkDeleteCallback callback, void *callback_state)
{
	return vxv_walk(info, stats, callback, callback_state);
}

/*
 * After VACUUM: nothing is left to do if vxv_bulk_delete ran, else count.
 * amvacuumcleanup.
 */
IndexBulkDeleteResult *
vxv_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	if (info->analyze_only)
		return stats;
	if (stats != NULL)
	{
		stats->num_pages = RelationGetNumberOfBlocks(info->index);
		return stats;
	}
	return vxv_walk(info, NULL, NULL, NULL);
}
