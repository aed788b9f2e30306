/*-------------------------------------------------------------------------
 *
 * heap_value.c
 *	  The indexed value of a row, fetched from its table.
 *
 * An index that keeps no full values, because they vary in length, takes its
 * exact distances from the table.  Only the version that the scan's snapshot
 * sees is looked at: a row without one could not be returned either, so
 * passing it over loses nothing.
 *
 * Holds a pin on the table's page read last, and no lock, between calls.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/heap_value.h"

struct VxHeapValues
{
	Snapshot	snapshot;
	struct IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	IndexInfo  *index_info;
	EState	   *estate;			/* for indexes on expressions */
	uint64		toasted;		/* values read from the TOAST table */
};

/*
 * Prepare to fetch values in the current memory context.  Ended by
 * vxs_heap_values_end(), or by the end of the transaction after an error.
 */
VxHeapValues *
vxs_heap_values_begin(Relation heap, Relation index, Snapshot snapshot)
{
	VxHeapValues *values = palloc0_object(VxHeapValues);

	Assert(heap != NULL && IsMVCCSnapshot(snapshot));
	values->snapshot = snapshot;
	values->fetch = table_index_fetch_begin(heap);
	values->slot = table_slot_create(heap, NULL);
	values->index_info = BuildIndexInfo(index);
	values->estate = CreateExecutorState();
	GetPerTupleExprContext(values->estate)->ecxt_scantuple = values->slot;
	return values;
}

/*
 * The indexed value of the row whose HOT chain begins at tid, detoasted and
 * valid until the next call; false if the snapshot sees none, or it is NULL.
 */
bool
vxs_heap_value(VxHeapValues *values, ItemPointer tid, Datum *value)
{
	ItemPointerData place = *tid;
	Datum		datums[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	MemoryContext old;
	bool		again = false;

	ResetPerTupleExprContext(values->estate);
	if (!table_index_fetch_tuple(values->fetch, &place, values->snapshot,
								 values->slot, &again, NULL))
		return false;

	/* expressions and detoasting allocate; the next call frees it */
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(values->estate));
	FormIndexDatum(values->index_info, values->slot, values->estate, datums, nulls);
	if (!nulls[0])
	{
		values->toasted += VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datums[0]));
		*value = PointerGetDatum(PG_DETOAST_DATUM(datums[0]));
	}
	MemoryContextSwitchTo(old);
	return !nulls[0];
}

/*
 * How many values came from the TOAST table so far.  What an expression reads of
 * its columns is not among them.
 */
uint64
vxs_heap_values_toasted(const VxHeapValues *values)
{
	return values->toasted;
}

/*
 * Tell the server that the page of a heap TID will be read soon.  TOAST is not
 * announced: where its pages are is known only when the row is there.
 */
void
vxs_heap_announce(VxHeapValues *values, uint64 tid)
{
	ItemPointerData pointer;

	memcpy(&pointer, &tid, sizeof(pointer));
	PrefetchBuffer(values->fetch->rel, MAIN_FORKNUM, ItemPointerGetBlockNumber(&pointer));
}

/*
 * Give back pins and memory.
 */
void
vxs_heap_values_end(VxHeapValues *values)
{
	ExecDropSingleTupleTableSlot(values->slot);
	table_index_fetch_end(values->fetch);
	FreeExecutorState(values->estate);
	pfree(values);
}
