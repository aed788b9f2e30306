/*-------------------------------------------------------------------------
 *
 * graph_join.c
 *	  Let a row share the node of rows with an equal vector.
 *
 * A new version of a row whose vector did not change, or a copy of another
 * row, needs no node of its own: its heap TID joins those of a node that is
 * there, which is one change of one page.  Vectors are compared as stored, not
 * by their codes, so a node has rows at one distance from any query.  An index
 * that has no vectors looks for one in the table, but only for new versions of
 * rows: README.md, "Rows with equal vectors".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "am/common/graph_insert_internal.h"
#include "am/common/heap_value.h"
#include "base/slot.h"
#include "storage/tid_list.h"
#include "storage/vector_page.h"

/* Rows of a node that are looked up in the table, at most. */
#define VXI_ROWS_TRIED	32

/*
 * Nodes that a search for an equal one keeps in view.  From 8 to 64 as many are
 * found; a wider beam admits, and so copies, more of what it passes.
 */
#define VXI_FIND_BEAM	16

/*
 * The first candidate from the given one on that has the code and the factors
 * of the new node; -1 if none has.
 */
int
vxi_find_twin(const VxGraphInsert *insert, int from)
{
	const VxCodeArray *codes = &insert->codes;

	Assert(from >= 0);
	for (int i = from; i < insert->candidate_count; i++)
	{
		uint32		row = insert->rows[i];

		if (codes->add[row] == insert->factors.add &&
			codes->scale[row] == insert->factors.scale &&
			vxq_code_equal(&insert->index->codec, insert->code,
						   codes->codes + row * codes->stride))
			return i;
	}
	return -1;
}

/*
 * Whether a slot of a locked page of the base layer has the vector of the new
 * node.  Where codes are exact they say so, else the stored vector does; where
 * the table has the vectors, vxi_node_equals() has said so of a live node.
 *
 * May read a vector page: the order of locks is graph page, vector page.
 */
static bool
vxi_slot_equals(VxGraphInsert *insert, BlockNumber block, Page page, int slot,
				const VxIndexValue *value)
{
	const VxGraphGeometry *geometry = &insert->index->meta.geometry[0];
	VxVectorPlace place;

	if (slot >= vxp_opaque(page)->used_slots ||
		vxp_graph_floats(page, geometry->add_at)[slot] != insert->factors.add ||
		vxp_graph_floats(page, geometry->scale_at)[slot] != insert->factors.scale ||
		!vxq_code_equal(&insert->index->codec, insert->code,
						(const uint8 *) page + geometry->code_at +
						slot * geometry->code_bytes))
		return false;
	if (vxi_keys_are_in_table(insert->index))
		return VX_SLOT_IS_LIVE(vxp_graph_state(page, geometry)[slot]);
	if (geometry->vectors.vector_bytes == 0)
		return true;
	return vxp_vector_locate(page, &geometry->vectors, block, slot, &place) &&
		vxp_vector_equals(&insert->source.reader, &place, value->elements);
}

/*
 * Add the row to the node in a slot, or, if the node is dead, bring it back to
 * life; false if the slot has another vector.
 */
static bool
vxi_join_slot(VxGraphInsert *insert, BlockNumber block, int slot,
			  const VxIndexValue *value, const ItemPointerData *tid)
{
	Relation	relation = insert->index->relation;
	const VxGraphGeometry *geometry = &insert->index->meta.geometry[0];
	VxPageTransaction transaction;
	Buffer		buffer;
	Page		image;

	buffer = vxp_read(relation, block, VX_PAGE_GRAPH, BUFFER_LOCK_EXCLUSIVE);
	vxp_graph_verify(relation, buffer, 0, geometry);
	if (!vxi_slot_equals(insert, block, BufferGetPage(buffer), slot, value))
	{
		UnlockReleaseBuffer(buffer);
		return false;
	}
	vxp_begin(&transaction, relation, insert->mode);
	image = vxp_edit(&transaction, buffer);
	if (VX_SLOT_IS_LIVE(vxp_graph_state(image, geometry)[slot]))
		vxp_tid_add(&transaction, image, geometry, slot, tid);
	else
	{
		Assert(vxp_graph_state(image, geometry)[slot] == VX_SLOT_DEAD);
		vxp_graph_state(image, geometry)[slot] = VX_SLOT_LIVE;
		*vxp_graph_tid(image, geometry, slot) = *tid;
	}
	vxp_commit(&transaction);
	return true;
}

/*
 * Whether the value of a row is the new one, to the bit.  False if the statement's
 * snapshot does not see the row: its value may be gone.
 */
static bool
vxi_row_equals(const VxGraphInsert *insert, VxHeapValues *heap_values,
			   const ItemPointerData *tid, const VxIndexValue *value, bool *seen)
{
	const VxIndex *index = insert->index;
	ItemPointerData place = *tid;
	VxIndexValue other;
	Datum		datum;

	*seen = vxs_heap_value(heap_values, &place, &datum);
	if (!*seen)
		return false;
	vxi_value(index->opclass, (int) index->meta.data.dimensions, datum, &other);
	return other.bytes == value->bytes &&
		memcmp(other.elements, value->elements, value->bytes) == 0;
}

/*
 * Whether the rows of a node have the new row's value, by the first of them that
 * the snapshot sees.  That row keeps the node alive until the statement ends, as
 * VACUUM removes no heap TID of a row that a snapshot sees.
 */
static bool
vxi_rows_equal(VxGraphInsert *insert, VxHeapValues *heap_values,
			   BlockNumber heap_blocks, const VxWantedCode *node,
			   const VxIndexValue *value)
{
	VxTidCursor *cursor = palloc_object(VxTidCursor);
	bool		equal = false;
	bool		seen = false;
	int			tried = 0;

	cursor->block = node->block;
	cursor->slot = node->slot;
	vxp_tids_first(&insert->source.reader, &insert->index->meta.geometry[0], cursor);
	do
	{
		/* what was added last is where the newest version is likely to be */
		for (int i = cursor->count - 1; i >= 0 && !seen && tried < VXI_ROWS_TRIED; i--)
		{
			const ItemPointerData *tid = &cursor->tids[i];

			CHECK_FOR_INTERRUPTS();
			if (!ItemPointerIsValid(tid) ||
				ItemPointerGetBlockNumberNoCheck(tid) >= heap_blocks)
				vxp_report_damage(insert->index->relation, node->block,
								  "A live slot has a heap TID that the table cannot have.");
			equal = vxi_row_equals(insert, heap_values, tid, value, &seen);
			tried++;
		}
	} while (!seen && tried < VXI_ROWS_TRIED &&
			 vxp_tids_next(&insert->source.reader, cursor));
	pfree(cursor);
	return equal;
}

/*
 * Whether a node, which has the code of the new row, has its vector as well, by
 * the table.  Holds no lock meanwhile.
 */
static bool
vxi_node_equals(VxGraphInsert *insert, const VxWantedCode *node,
				const VxIndexValue *value)
{
	Relation	index = insert->index->relation;
	Relation	heap;
	VxHeapValues *heap_values;
	bool		equal;

	if (!ActiveSnapshotSet() || !IsMVCCSnapshot(GetActiveSnapshot()))
		return false;
	/* the statement has locked it */
	heap = table_open(index->rd_index->indrelid, NoLock);
	heap_values = vxs_heap_values_begin(heap, index, GetActiveSnapshot());
	equal = vxi_rows_equal(insert, heap_values, RelationGetNumberOfBlocks(heap),
						   node, value);
	vxs_heap_values_end(heap_values);
	table_close(heap, NoLock);
	return equal;
}

/*
 * Let the row join a node among the candidates of a search of the base layer
 * that has an equal vector; false if there is none.
 */
bool
vxi_join(VxGraphInsert *insert, const VxIndexValue *value,
		 const ItemPointerData *tid)
{
	Assert(insert->source.layer == 0);
	/* a look into the table for every twin would cost more than nodes do */
	if (vxi_keys_are_in_table(insert->index))
		return false;
	for (int i = vxi_find_twin(insert, 0); i >= 0; i = vxi_find_twin(insert, i + 1))
	{
		const VxCandidate *twin = &insert->candidates[i];

		if (vxi_join_slot(insert, twin->block, twin->slot, value, tid))
			return true;
	}
	return false;
}

/*
 * The same for a row that is a new version of another one with the same
 * vector, as the executor says: the node is there, so a search that ends where
 * it is found will do.  False if the node was not found, which costs the search
 * of an insertion on top.
 */
bool
vxi_join_unchanged(VxGraphInsert *insert, const VxIndexValue *value,
				   const ItemPointerData *tid)
{
	VxIndex    *index = insert->index;
	uint32		entries[VXI_MAX_ENTRIES];
	VxWantedCode wanted;
	int			count;

	count = vxi_descend(index, &insert->source, insert->search, insert->query,
						0, entries);
	insert->source.roomy_count = insert->source.roomy_limit;	/* note no pages */
	wanted.code = insert->code;
	wanted.add = insert->factors.add;
	wanted.scale = insert->factors.scale;
	vxg_search_set_ef(insert->search, Min(VXI_FIND_BEAM, insert->options.effort));
	return count > 0 &&
		vxg_search_find(insert->search, insert->query, &wanted, entries, count) &&
		(!vxi_keys_are_in_table(index) || vxi_node_equals(insert, &wanted, value)) &&
		vxi_join_slot(insert, wanted.block, wanted.slot, value, tid);
}
