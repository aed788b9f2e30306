/*-------------------------------------------------------------------------
 *
 * check_tids.c
 *	  The heap TIDs of an index as a set, and the comparison with the table.
 *
 * Part of vectorx_check().  Does not read the index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/check.h"
#include "am/common/index.h"

/* Bytes that a place of the table takes. */
#define VXC_TID_BYTES	(sizeof(uint64) + sizeof(uint32))

/* Places of the smallest table. */
#define VXC_LEAST_SIZE	UINT64CONST(1024)

/* Load factor, in percent, beyond which the table grows. */
#define VXC_FULL		75

/*
 * A TID is 48 bits and never 0, since offsets count from 1.  Its bits are
 * mixed as the generator splitmix64 does (Steele, Lea, Flood 2014).
 */
static inline uint64
vxc_tid_hash(uint64 tid)
{
	tid = (tid ^ (tid >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	tid = (tid ^ (tid >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return tid ^ (tid >> 31);
}

static void
vxc_tids_allocate(VxTidSet *set, uint64 size)
{
	Assert((size & (size - 1)) == 0);
	set->size = size;
	set->count = 0;
	set->keys = (uint64 *) MemoryContextAllocHuge(CurrentMemoryContext,
												  size * sizeof(uint64));
	set->blocks = (uint32 *) MemoryContextAllocHuge(CurrentMemoryContext,
													size * sizeof(uint32));
	memset(set->keys, 0, size * sizeof(uint64));
}

/*
 * Make a set for about `expected` TIDs in all its rounds together.  memory is
 * the limit in bytes, which inserts that go on meanwhile may exceed a little.
 */
void
vxc_tids_create(VxTidSet *set, uint64 expected, Size memory)
{
	uint64		size = VXC_LEAST_SIZE;
	uint64		room;

	while (size * VXC_FULL / 100 < expected && 2 * size * VXC_TID_BYTES <= memory)
		size *= 2;
	room = size * VXC_FULL / 100;
	set->rounds = (uint32) Max(1, (expected + room - 1) / room);
	set->round = 0;
	vxc_tids_allocate(set, size);
}

void
vxc_tids_free(VxTidSet *set)
{
	pfree(set->keys);
	pfree(set->blocks);
}

/*
 * Forget everything and go on with the TIDs of another round.
 */
void
vxc_tids_begin_round(VxTidSet *set, uint32 round)
{
	Assert(round < set->rounds);
	set->round = round;
	set->count = 0;
	memset(set->keys, 0, set->size * sizeof(uint64));
}

/*
 * Whether a TID belongs to the current round.  The high half of the hash
 * decides, the low half gives the place.
 */
bool
vxc_tids_in_round(const VxTidSet *set, uint64 tid)
{
	return (vxc_tid_hash(tid) >> 32) % set->rounds == set->round;
}

/*
 * The place of a TID in the table, or the free place where it would be.
 */
static uint64
vxc_tids_probe(const VxTidSet *set, uint64 tid)
{
	uint64		at = vxc_tid_hash(tid) & (set->size - 1);

	Assert(tid != 0 && set->count < set->size);
	while (set->keys[at] != 0 && set->keys[at] >> 16 != tid)
		at = (at + 1) & (set->size - 1);
	return at;
}

/*
 * Look a TID of the current round up; fills in *place if it is there.
 */
bool
vxc_tids_find(const VxTidSet *set, uint64 tid, VxTidPlace *place)
{
	uint64		at = vxc_tids_probe(set, tid);

	if (set->keys[at] == 0)
		return false;
	place->block = set->blocks[at];
	place->slot = (int) (set->keys[at] & 0xFFFF);
	return true;
}

static void
vxc_tids_grow(VxTidSet *set)
{
	VxTidSet	old = *set;

	vxc_tids_allocate(set, old.size * 2);
	for (uint64 i = 0; i < old.size; i++)
	{
		uint64		at;

		if (old.keys[i] == 0)
			continue;
		at = vxc_tids_probe(set, old.keys[i] >> 16);
		set->keys[at] = old.keys[i];
		set->blocks[at] = old.blocks[i];
		set->count++;
	}
	vxc_tids_free(&old);
}

/*
 * Add a TID of the current round.  False if it was there; *earlier is then
 * where, and the set is unchanged.
 */
bool
vxc_tids_add(VxTidSet *set, uint64 tid, VxTidPlace place, VxTidPlace *earlier)
{
	uint64		at;

	Assert(vxc_tids_in_round(set, tid));
	Assert(place.slot >= 0 && place.slot <= PG_UINT16_MAX);
	if (vxc_tids_find(set, tid, earlier))
		return false;
	if (set->count * 100 >= set->size * VXC_FULL)
		vxc_tids_grow(set);
	at = vxc_tids_probe(set, tid);
	set->keys[at] = tid << 16 | (uint64) place.slot;
	set->blocks[at] = place.block;
	set->count++;
	return true;
}

/* What the callback of the table scan needs. */
typedef struct VxHeapComparison
{
	VxCheck    *check;
	const VxRowCheck *rows;
	MemoryContext row_context;	/* reset after each row */
} VxHeapComparison;

/*
 * Callback of the table scan: a row that the snapshot sees and the index's
 * predicate accepts.  tid is the root of its HOT chain, as in the index.
 */
static void
vxc_compare_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
				bool tuple_is_alive, void *state)
{
	VxHeapComparison *comparison = (VxHeapComparison *) state;
	const VxRowCheck *rows = comparison->rows;
	uint64		number = vxi_tid_to_uint64(tid);
	MemoryContext old;
	VxIndexValue value;
	VxTidPlace	place;
	bool		found;

	if (isnull[0] || !vxc_tids_in_round(rows->set, number))
		return;
	found = vxc_tids_find(rows->set, number, &place);
	if (found && rows->found == NULL)
		return;

	/* only now, as few rows come here, see whether it belongs in the index */
	old = MemoryContextSwitchTo(comparison->row_context);
	vxi_value(rows->opclass, rows->dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(values[0])), &value);
	if (found)
		rows->found(rows->context, number, place, &value);
	else if (value.indexed)
		vxc_report(comparison->check, "I14", InvalidBlockNumber, VXC_NO_SLOT,
				   "row (%u,%u) of the table is not in the index",
				   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	MemoryContextSwitchTo(old);
	MemoryContextReset(comparison->row_context);
}

/*
 * I14: report the rows that check->snapshot sees and that a full set of the
 * current round's TIDs lacks.
 */
void
vxc_compare_with_heap(VxCheck *check, const VxRowCheck *rows)
{
	struct IndexInfo *index_info = BuildIndexInfo(check->index);
	VxHeapComparison comparison;
	TableScanDesc scan;

	Assert(check->snapshot != NULL);
	comparison.check = check;
	comparison.rows = rows;
	comparison.row_context = AllocSetContextCreate(CurrentMemoryContext,
												   "index check row",
												   ALLOCSET_DEFAULT_SIZES);

	/* as a concurrent build does: with an MVCC snapshot instead of SnapshotAny */
	index_info->ii_Concurrent = true;
	scan = table_beginscan_strat(check->heap, check->snapshot, 0, NULL, true, true);
	table_index_build_scan(check->heap, check->index, index_info, true, false,
						   vxc_compare_row, &comparison, scan);
	MemoryContextDelete(comparison.row_context);
	pfree(index_info);
}
