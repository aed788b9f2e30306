/*-------------------------------------------------------------------------
 *
 * graph_check_tids.c
 *	  Checks the heap TIDs that rows with equal vectors have beside the first.
 *
 * Invariant I15 of the list in am/hnsw/hnsw_check.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "base/slot.h"
#include "storage/tid_list.h"

/*
 * Copy a graph page as it is now; false if it is not one of the layer.
 */
static bool
vxc_copy_now(VxGraphCheck *graph, BlockNumber block, int layer, char *copy)
{
	Page		page = (Page) copy;

	if (block >= graph->nblocks &&
		block >= RelationGetNumberOfBlocks(graph->check->index))
		return false;
	vxc_copy_page(graph->check, block, copy);
	return vxp_page_is_valid(page, VX_PAGE_GRAPH) && vxp_opaque(page)->layer == layer &&
		vxp_graph_counters_are_sane(page, vxp_geometry(&graph->index->meta, layer));
}

/*
 * Whether a page of heap TIDs has one of a slot.
 */
static bool
vxc_entries_have(const VxTidEntryData *entries, int count, int slot, uint64 tid)
{
	for (int i = 0; i < count; i++)
	{
		if (entries[i].slot == slot && vxi_tid_to_uint64(&entries[i].tid) == tid)
			return true;
	}
	return false;
}

/*
 * Whether a node has a heap TID now.
 */
bool
vxc_node_has_tid(VxGraphCheck *graph, VxTidPlace place, int layer, uint64 tid)
{
	const VxGraphGeometry *geometry = vxp_geometry(&graph->index->meta, layer);
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;
	BlockNumber chain;

	if (!vxc_copy_now(graph, place.block, layer, copy.data) ||
		place.slot >= vxp_opaque(page)->used_slots ||
		!VX_SLOT_IS_LIVE(vxp_graph_state(page, geometry)[place.slot]))
		return false;
	if (vxi_tid_to_uint64(vxp_graph_tid(page, geometry, place.slot)) == tid ||
		vxc_entries_have(vxp_further(page), vxp_further_count(page), place.slot, tid))
		return true;

	chain = layer == 0 ? vxp_tid_chain(page, geometry)->head : InvalidBlockNumber;
	for (BlockNumber i = 0; i < graph->nblocks && chain != InvalidBlockNumber; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (vxc_kind_of(graph, chain) != VXC_TIDS)
			return false;
		vxc_copy_page(graph->check, chain, copy.data);
		if (!vxp_page_is_valid(page, VX_PAGE_TIDS) || !vxp_tid_page_is_sane(page))
			return false;
		if (vxc_entries_have(vxp_tid_entries(page), vxp_tid_count(page), place.slot, tid))
			return true;
		chain = vxp_tid_page(page)->next;
	}
	return false;
}

/*
 * I15: an entry of a node of the page at hand.  Its slot may have come to be
 * shared since the page was copied, so look again before saying no.
 */
static void
vxc_check_entry(VxGraphCheck *graph, BlockNumber owner, BlockNumber block,
				VxTidEntryData *entry)
{
	const VxGraphGeometry *geometry = &graph->index->meta.geometry[0];
	Page		page = vxc_page(graph);
	PGAlignedBlock copy;
	bool		shared;

	shared = entry->slot < vxp_opaque(page)->used_slots &&
		vxp_graph_state(page, geometry)[entry->slot] == VX_SLOT_SHARED;
	if (!shared && vxc_copy_now(graph, owner, 0, copy.data))
		shared = entry->slot < vxp_opaque((Page) copy.data)->used_slots &&
			vxp_graph_state((Page) copy.data, geometry)[entry->slot] == VX_SLOT_SHARED;
	if (!shared)
		vxc_report(graph->check, "I15", block, VXC_NO_SLOT,
				   "a heap TID is of slot %d of block %u, which is not shared",
				   entry->slot, owner);
	if (!vxc_tid_is_sane(graph, &entry->tid))
		vxc_report(graph->check, "I15", block, VXC_NO_SLOT,
				   "a heap TID is (%u,%u), which the table cannot have",
				   ItemPointerGetBlockNumberNoCheck(&entry->tid),
				   ItemPointerGetOffsetNumberNoCheck(&entry->tid));
}

/*
 * I15: the chain of the page at hand.  claimed has a bit for each block.
 */
static void
vxc_check_chain(VxGraphCheck *graph, BlockNumber owner, BlockNumber block,
				uint8 *claimed)
{
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;

	while (block != InvalidBlockNumber)
	{
		CHECK_FOR_INTERRUPTS();
		if (vxc_kind_of(graph, block) == VXC_TIDS)
			vxc_copy_page(graph->check, block, copy.data);
		if (vxc_kind_of(graph, block) != VXC_TIDS ||
			!vxp_page_is_valid(page, VX_PAGE_TIDS) || !vxp_tid_page_is_sane(page) ||
			vxp_tid_page(page)->owner != owner)
		{
			vxc_report(graph->check, "I15", owner, VXC_NO_SLOT,
					   "block %u, where heap TIDs of the page go on, has none of it",
					   block);
			return;
		}
		if (block < graph->nblocks && (claimed[block / 8] >> block % 8 & 1))
		{
			vxc_report(graph->check, "I15", owner, VXC_NO_SLOT,
					   "heap TIDs of the page go on at block %u a second time", block);
			return;
		}
		if (block < graph->nblocks)
			claimed[block / 8] |= (uint8) (1 << block % 8);
		for (int i = 0; i < vxp_tid_count(page); i++)
			vxc_check_entry(graph, owner, block, vxp_tid_entries(page) + i);
		block = vxp_tid_page(page)->next;
	}
}

/*
 * I15: where the page at hand says that its chain has room.
 */
static void
vxc_check_room(VxGraphCheck *graph, BlockNumber owner, const VxTidChainData *chain)
{
	BlockNumber room = chain->room;
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;
	bool		sound = (chain->head == InvalidBlockNumber) == (room == InvalidBlockNumber);

	if (sound && room != InvalidBlockNumber)
	{
		sound = vxc_kind_of(graph, room) == VXC_TIDS;
		if (sound)
			vxc_copy_page(graph->check, room, copy.data);
		sound = sound && vxp_page_is_valid(page, VX_PAGE_TIDS) &&
			vxp_tid_page(page)->owner == owner;
	}
	if (!sound)
		vxc_report(graph->check, "I15", owner, VXC_NO_SLOT,
				   "block %u, where there should be room for heap TIDs, is not in the chain",
				   room);
}

/*
 * I15: the heap TIDs of all nodes beyond the first of each.
 */
void
vxc_check_tid_lists(VxGraphCheck *graph)
{
	const VxGraphGeometry *geometry = &graph->index->meta.geometry[0];
	Page		page = vxc_page(graph);
	uint8	   *claimed = (uint8 *)
		palloc_extended(graph->nblocks / 8 + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (BlockNumber block = 0; block < graph->nblocks; block++)
	{
		if (graph->kinds[block] != VXC_GRAPH || !vxc_copy_graph_page(graph, block, 0))
			continue;
		for (int i = 0; i < vxp_further_count(page); i++)
			vxc_check_entry(graph, block, block, vxp_further(page) + i);
		vxc_check_chain(graph, block, vxp_tid_chain(page, geometry)->head, claimed);
		vxc_check_room(graph, block, vxp_tid_chain(page, geometry));
	}
	for (BlockNumber block = 0; block < graph->nblocks; block++)
	{
		if (graph->kinds[block] == VXC_TIDS && !(claimed[block / 8] >> block % 8 & 1))
			vxc_report(graph->check, "I15", block, VXC_NO_SLOT,
					   "the heap TIDs belong to no graph page");
	}
	pfree(claimed);
}
