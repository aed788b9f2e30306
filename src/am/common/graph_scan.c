/*-------------------------------------------------------------------------
 *
 * graph_scan.c
 *	  Rows of a graph index in the order of their distance from a query.
 *
 * A scan enters the base layer where the access method says, searches it with
 * a beam, and returns the beam's rows in exact order (exact.c).  When more rows
 * are wanted the search resumes where it stopped, within the limits that the
 * access method reads from its settings.
 *
 * The far half of a beam is less complete than the near half.  The scan
 * therefore resumes when half of what it has loaded is returned, and loads as
 * much again: rows that turn up late are then rarely nearer than what was
 * returned already.
 *
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/column.h"
#include "am/common/graph_scan.h"
#include "storage/stop.h"

/* Copies loaded for each place of the beam, at most. */
#define VXS_COPIES_PER_PLACE	16

/*
 * Begin a scan: ambeginscan.  The index is opened by the first row, when the
 * settings of the moment are known.
 */
IndexScanDesc
vxs_begin(Relation index, int nkeys, int norderbys,
		  const VxGraphScanMethod *method)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	VxGraphScan *state = palloc0_object(VxGraphScan);

	state->method = method;
	state->context = AllocSetContextCreate(CurrentMemoryContext,
										   "vectorx scan", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = state;
	return scan;
}

/* Give back the workspace, and what is in no memory context. */
static void
vxs_scan_release(VxGraphScan *state)
{
	if (state->workspace == NULL)
		return;
	if (state->exact->heap_values != NULL)
		vxs_heap_values_end(state->exact->heap_values);
	state->exact->heap_values = NULL;
	vxs_workspace_give(state->workspace);
	state->workspace = NULL;
}

/*
 * Begin again, with another query perhaps: amrescan.
 */
void
vxs_rescan(IndexScanDesc scan, ScanKey keys, int nkeys,
		   ScanKey orderbys, int norderbys)
{
	VxGraphScan *state = (VxGraphScan *) scan->opaque;

	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys,
				scan->numberOfOrderBys * sizeof(ScanKeyData));
	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));

	vxs_scan_release(state);
	MemoryContextReset(state->context);
	state->index = NULL;
	state->search = NULL;
	state->started = false;
	state->exhausted = false;
	state->loaded = 0;
	state->distinct = 0;
	state->returned = 0;
	state->tallied_loaded = 0;
	memset(&state->tallied_search, 0, sizeof(state->tallied_search));
	state->tallied_vectors = 0;
	state->tallied_toasted = 0;
}

/*
 * Bytes that a scan may use, work_mem times a setting of the access method.
 */
Size
vxs_memory(double multiplier)
{
	double		bytes = (double) work_mem * 1024.0 * multiplier;

	return bytes > (double) MaxAllocHugeSize ? MaxAllocHugeSize : (Size) bytes;
}

/*
 * Take a workspace, and fit it to the settings of the moment.
 */
static void
vxs_scan_open(IndexScanDesc scan)
{
	VxGraphScan *state = (VxGraphScan *) scan->opaque;
	VxScanWorkspace *workspace = vxs_workspace_take(scan->indexRelation, state->context);

	vxo_refresh();
	state->method->limits(scan->indexRelation, &state->limits);
	Assert(state->limits.rows > 0 && state->limits.beam > 0);
	state->counters.effort_name = state->method->effort_name;
	state->counters.effort = state->limits.rows;
	vxs_workspace_fit(workspace, state->limits.beam, state->limits.memory / 2);

	state->workspace = workspace;
	state->index = workspace->index;
	state->source = &workspace->source;
	state->search = workspace->search;
	state->query = workspace->query;
	state->exact = &workspace->exact;
	state->exact->heap = scan->heapRelation;
	if (vxi_keys_are_in_table(state->index))
		state->exact->heap_values = vxs_heap_values_begin(scan->heapRelation,
														 scan->indexRelation,
														 scan->xs_snapshot);
}

/*
 * Prepare the query.  A NULL, or a zero vector under an operator class that
 * normalises, has no distance to anything: all rows are equally near, and the
 * codes are searched for the mean.
 */
static void
vxs_scan_query(IndexScanDesc scan)
{
	VxGraphScan *state = (VxGraphScan *) scan->opaque;
	VxIndexValue value;
	const void *image;

	vxi_query_value(state->index->opclass, (int) state->index->meta.data.dimensions,
					&scan->orderByData[0], &value, &state->range);

	image = value.indexed ? value.image : vxi_zero_image(state->index);
	vxq_query_prepare(&state->index->codec, image, VX_QUERY_SEARCH,
					  state->index->scratch, state->query);
	vxs_exact_begin(state->exact, &value);
	if (state->index->refine != NULL)
		vxs_exact_refine_by(state->exact, state->query, image);
	state->range_key = vxs_range_limit(state->exact, &state->range,
									   state->index->meta.data.vector_bytes == 0 &&
									   state->exact->heap_values == NULL);
}

/*
 * How many of a beam are no copies of another, told by their estimates.
 * Distances of bit strings are whole numbers that many share, so there a beam
 * counts as copies only if it is all at one distance.
 */
static int64
vxs_scan_distinct(const VxGraphScan *state, const VxCandidate *results, int count)
{
	int64		distinct = 0;

	if (count > 0 && vx_metric_is_of_bits(state->index->opclass->metric))
		return results[0].estimate == results[count - 1].estimate ? 1 : count;
	for (int i = 0; i < count; i++)
		distinct += i == 0 || results[i].estimate != results[i - 1].estimate ||
			results[i].error != results[i - 1].error;
	return distinct;
}

/*
 * Load the beam of the last search or resumption into the exact stage.
 */
static void
vxs_scan_load(VxGraphScan *state)
{
	int			count;
	const VxCandidate *results = vxg_search_results(state->search, &count);

	vxs_exact_load(state->exact, results, count);
	state->loaded += count;
	state->distinct += vxs_scan_distinct(state, results, count);
	Assert(vxs_exact_unreturned(state->exact) <= state->loaded);
}

/* Whether a resumed scan has done all it may. */
static bool
vxs_scan_budget_spent(const VxGraphScan *state)
{
	Size		rows = state->limits.memory / 2 / VXS_EXACT_ROW_BYTES;

	return state->loaded >= state->limits.max_tuples || (Size) state->loaded >= rows;
}

/*
 * Resume the search once and load what it finds; notes when that is nothing.
 */
static void
vxs_scan_resume(VxGraphScan *state)
{
	CHECK_FOR_INTERRUPTS();
	if (vxs_scan_budget_spent(state) || vxg_search_resume(state->search) == 0)
		state->exhausted = true;
	else
	{
		state->counters.counts[VX_COUNT_RESUMES]++;
		vxs_scan_load(state);
	}
}

/*
 * Copies of one vector fill a beam and lead nowhere: a thousand of them hide
 * whatever lies behind, nearer rows included.  They do not count towards the
 * beam, so search on until most of its places are taken by others.
 */
static void
vxs_scan_pass_copies(VxGraphScan *state)
{
	int64		beam = state->limits.beam;

	while (!state->exhausted && 4 * state->distinct < 3 * Min(beam, state->loaded) &&
		   state->loaded < VXS_COPIES_PER_PLACE * beam)
		vxs_scan_resume(state);
}

/*
 * The first row is wanted: search.  Only an MVCC snapshot makes it safe to
 * return TIDs that no pin protects, see "Locks" in README.md.
 */
static void
vxs_scan_start(IndexScanDesc scan)
{
	VxGraphScan *state = (VxGraphScan *) scan->opaque;
	MemoryContext old = MemoryContextSwitchTo(state->context);
	uint32		entries[VXI_MAX_ENTRIES];
	int			count;

	Assert(!state->started && state->index == NULL);
	if (!IsMVCCSnapshot(scan->xs_snapshot))
		elog(ERROR, "non-MVCC snapshots are not supported with %s",
			 state->method->name);
	pgstat_count_index_scan(scan->indexRelation);
	state->counters.counts[VX_COUNT_SCANS]++;
	vx_count_index_search(scan);
	vxs_scan_open(scan);
	vxs_scan_query(scan);

	count = state->method->enter(state, entries);
	if (count > 0)
	{
		vxg_search_set_ef(state->search, state->limits.beam);
		vxg_search_run(state->search, state->query, entries, count);
		VX_STOP("scan-met");
		vxs_scan_load(state);
		vxs_scan_pass_copies(state);
	}
	else
		state->exhausted = true;
	state->started = true;
	MemoryContextSwitchTo(old);
}

/*
 * Resume the search when half of what was loaded is returned, until twice as
 * much is loaded.
 */
static void
vxs_scan_replenish(VxGraphScan *state)
{
	int64		target = 2 * state->loaded;
	MemoryContext old;

	Assert(state->started && state->loaded > 0);

	if (vxs_exact_unreturned(state->exact) > state->loaded / 2)
		return;

	old = MemoryContextSwitchTo(state->context);
	while (!state->exhausted && state->loaded < target)
		vxs_scan_resume(state);
	MemoryContextSwitchTo(old);
}

/*
 * Whether a row may be returned after those that were.  Order is strict unless
 * relaxed_order allows a row that turned up late.
 */
static bool
vxs_scan_accept(VxGraphScan *state, const VxExactRow *row)
{
	if (state->returned > 0 && row->key < state->last_key)
		return state->limits.iterative == VX_ITERATIVE_RELAXED;
	state->last_key = row->key;
	return true;
}

/*
 * Whether the scan ends at a row that is beyond the range.  All that follow are
 * farther in strict order.  In relaxed order rows may turn up late, so the
 * search resumes once more, and the scan ends if that brings none into the range.
 */
static bool
vxs_scan_passed_range(VxGraphScan *state, VxExactRow *row)
{
	MemoryContext old;

	Assert(row->key > state->range_key);
	if (state->exhausted || state->limits.iterative != VX_ITERATIVE_RELAXED)
		return true;
	vxs_exact_put_back(state->exact, row);
	old = MemoryContextSwitchTo(state->context);
	vxs_scan_resume(state);
	MemoryContextSwitchTo(old);
	return !vxs_exact_next(state->exact, row) || row->key > state->range_key;
}

/*
 * Bring the counters up to date.  Memory grows only when candidates are
 * loaded.
 */
static void
vxs_scan_tally(VxGraphScan *state)
{
	const VxPageSearchCounters *search = vxg_search_counters(state->search);
	uint64	   *counts = state->counters.counts;
	uint64		vectors = state->exact->vectors_read - state->tallied_vectors;

	Assert(state->started && search->pages_read >= state->tallied_search.pages_read);
	counts[VX_COUNT_PAGES] += search->pages_read - state->tallied_search.pages_read;
	counts[VX_COUNT_NODES] += search->slots_scored - state->tallied_search.slots_scored;
	counts[VX_COUNT_EXACT] += vectors;
	if (state->exact->heap_values != NULL)
	{
		uint64		toasted = vxs_heap_values_toasted(state->exact->heap_values);

		Assert(toasted >= state->tallied_toasted);
		counts[VX_COUNT_HEAP_FETCHES] += vectors;
		counts[VX_COUNT_TOAST_FETCHES] += toasted - state->tallied_toasted;
		state->tallied_toasted = toasted;
	}
	state->tallied_search = *search;
	state->tallied_vectors = state->exact->vectors_read;
	if (state->loaded != state->tallied_loaded)
	{
		state->counters.memory = Max(state->counters.memory,
									 MemoryContextMemAllocated(state->context, true));
		state->tallied_loaded = state->loaded;
	}
}

/*
 * The next row of a scan that has started, or false.
 */
static bool
vxs_scan_next(VxGraphScan *state, VxExactRow *row)
{
	if (state->limits.iterative == VX_ITERATIVE_OFF && state->returned >= state->limits.rows)
		return false;

	do
	{
		if (state->limits.iterative != VX_ITERATIVE_OFF && !state->exhausted)
			vxs_scan_replenish(state);
		if (!vxs_exact_next(state->exact, row))
			return false;
		if (row->key > state->range_key && vxs_scan_passed_range(state, row))
			return false;
	} while (!vxs_scan_accept(state, row));
	state->returned++;
	state->counters.counts[VX_COUNT_ROWS]++;
	return true;
}

/*
 * The next row: amgettuple.
 */
bool
vxs_gettuple(IndexScanDesc scan, ScanDirection direction)
{
	VxGraphScan *state = (VxGraphScan *) scan->opaque;
	VxExactRow	row;
	bool		found;

	Assert(ScanDirectionIsForward(direction));
	Assert(scan->opaque != NULL);

	if (scan->numberOfOrderBys == 0)
		elog(ERROR, "cannot scan %s index without order", state->method->name);
	if (!state->started)
		vxs_scan_start(scan);
	found = vxs_scan_next(state, &row);
	vxs_scan_tally(state);
	if (!found)
		return false;

	scan->xs_heaptid = vxi_tid_from_uint64(row.tid);
	scan->xs_recheck = false;
	scan->xs_recheckorderby = false;
	return true;
}

/*
 * amendscan.
 */
void
vxs_end(IndexScanDesc scan)
{
	VxGraphScan *state = (VxGraphScan *) scan->opaque;

	if (state->started)
		elog(DEBUG1, "%s scan: %llu pages scored, %llu slots, %llu expanded, %llu full vectors, %llu pages in all",
			 state->method->name,
			 (unsigned long long) vxg_search_counters(state->search)->pages_read,
			 (unsigned long long) vxg_search_counters(state->search)->slots_scored,
			 (unsigned long long) vxg_search_counters(state->search)->expanded,
			 (unsigned long long) state->exact->vectors_read,
			 (unsigned long long) state->source->reader.pages_read);
	if (state->counters.counts[VX_COUNT_SCANS] > 0)
		vxn_count(scan->indexRelation, state->counters.counts);
	vxs_scan_release(state);
	MemoryContextDelete(state->context);
	pfree(state);
	scan->opaque = NULL;
}
