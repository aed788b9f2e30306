/*-------------------------------------------------------------------------
 *
 * hnsw_scan.c
 *	  Rows of an hnsw index in the order of their distance from a query.
 *
 * A scan descends the upper layers, searches the base layer with a beam of
 * twice hnsw.ef_search, and returns the beam's rows in exact order (exact.c).
 * When more rows are wanted the search resumes where it stopped, within
 * hnsw.max_scan_tuples and the memory of hnsw.scan_mem_multiplier.
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

#include "access/relscan.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/exact.h"
#include "am/common/server_host.h"
#include "am/hnsw/hnsw.h"

/* Places of the beam for each of hnsw.ef_search. */
#define HNSW_BEAM_PER_EF	2

/* Copies loaded for each place of the beam, at most. */
#define HNSW_COPIES_PER_PLACE	16

typedef struct HnswScan
{
	MemoryContext context;		/* everything below, until the scan ends */
	VxIndex    *index;
	VxLayerSource source;
	VxPageSearch *search;
	VxCodeQuery *query;
	VxExactStage exact;
	int			ef;				/* hnsw.ef_search, or the index's own */
	bool		started;
	bool		exhausted;		/* the search has no more, or may not go on */
	int64		loaded;			/* candidates taken from the search so far */
	int64		distinct;		/* those of them that are no copies */
	int64		returned;		/* rows */
	double		last_key;		/* of the row returned last */
} HnswScan;

/*
 * Begin a scan.  The index is opened by the first row, when the settings of
 * the moment are known.
 */
IndexScanDesc
hnswbeginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	HnswScan   *state = palloc0_object(HnswScan);

	state->context = AllocSetContextCreate(CurrentMemoryContext,
										   "hnsw scan", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = state;
	return scan;
}

/* Give back what the memory context does not. */
static void
hnsw_scan_release(HnswScan *state)
{
	if (state->exact.heap_values != NULL)
		vxs_heap_values_end(state->exact.heap_values);
	state->exact.heap_values = NULL;
}

/*
 * Begin again, with another query perhaps.
 */
void
hnswrescan(IndexScanDesc scan, ScanKey keys, int nkeys,
		   ScanKey orderbys, int norderbys)
{
	HnswScan   *state = (HnswScan *) scan->opaque;

	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys,
				scan->numberOfOrderBys * sizeof(ScanKeyData));
	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));

	hnsw_scan_release(state);
	MemoryContextReset(state->context);
	state->index = NULL;
	state->search = NULL;
	state->started = false;
	state->exhausted = false;
	state->loaded = 0;
	state->distinct = 0;
	state->returned = 0;
}

/*
 * Bytes that a scan may use: half for what the search has met, half for the
 * rows that wait to be returned.
 */
static Size
hnsw_scan_memory(void)
{
	double		bytes = (double) work_mem * 1024.0 * vxo_scan_mem_multiplier;

	return bytes > (double) MaxAllocHugeSize ? MaxAllocHugeSize : (Size) bytes;
}

/* hnsw.ef_search, unless an index on real[] has efsearch. */
static int
hnsw_scan_ef(const VxIndex *index)
{
	VxHnswOptions options;

	if (!index->opclass->type->is_array)
		return vxo_ef_search;
	vxo_hnsw_options(index->relation, true, &options);
	return options.efsearch > 0 ? options.efsearch : vxo_ef_search;
}

/*
 * Open the index and allocate what a search needs, sized by the settings of
 * the moment, in the scan's context.
 */
static void
hnsw_scan_open(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;
	VxPageSearchOptions options;

	state->index = vxi_open(scan->indexRelation);
	state->ef = hnsw_scan_ef(state->index);
	vxi_layer_source_init(&state->source, state->index);
	memset(&options, 0, sizeof(options));
	options.max_ef = Max(HNSW_BEAM_PER_EF * state->ef, VXI_MAX_ENTRIES);
	options.max_edges = state->index->meta.data.m;
	options.max_slots = Max(state->index->meta.geometry[0].slots,
							state->index->meta.geometry[1].slots);
	options.memory_limit = hnsw_scan_memory() / 2;
	options.keep_codes = false;
	state->search = vxg_search_create(&state->index->codec,
									  &state->source.source, &options,
									  &state->index->host);
	state->query = (VxCodeQuery *) palloc(vxq_query_size(&state->index->codec));
	vxs_exact_init(&state->exact, state->index, &state->source.reader);
	state->exact.heap = scan->heapRelation;
	if (state->index->opclass->type->fixed_bytes == NULL)
		state->exact.heap_values = vxs_heap_values_begin(scan->heapRelation,
														 scan->indexRelation,
														 scan->xs_snapshot);
}

/*
 * Prepare the query.  A NULL, or a zero vector under an operator class that
 * normalises, has no distance to anything: all rows are equally near, and the
 * codes are searched for the mean.
 */
static void
hnsw_scan_query(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;
	ScanKey		orderby = &scan->orderByData[0];
	int			dimensions = (int) state->index->meta.data.dimensions;
	VxIndexValue value;
	const void *image;

	value.indexed = false;
	if (!(orderby->sk_flags & SK_ISNULL))
	{
		Datum		datum = PointerGetDatum(PG_DETOAST_DATUM(orderby->sk_argument));
		const VxElementType *type = state->index->opclass->type;
		int			given;

		if (type->check != NULL)
			type->check(datum);
		given = type->dimensions(datum);
		if (given != dimensions)
			vxt_refuse_query(type, dimensions, given);
		vxi_value(state->index->opclass, dimensions, datum, &value);
	}

	/* zeros of either kind: so many floats are more than enough for bits */
	image = value.indexed ? value.image :
		palloc0(state->index->codec.dims * sizeof(float));
	vxq_query_prepare(&state->index->codec, image, VX_QUERY_SEARCH,
					  state->index->scratch, state->query);
	vxs_exact_begin(&state->exact, value.indexed ? value.elements : NULL);
}

/*
 * How many of a beam are no copies of another, told by their estimates.
 * Distances of bit strings are whole numbers that many share, so there a beam
 * counts as copies only if it is all at one distance.
 */
static int64
hnsw_scan_distinct(const HnswScan *state, const VxCandidate *results, int count)
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
hnsw_scan_load(HnswScan *state)
{
	int			count;
	const VxCandidate *results = vxg_search_results(state->search, &count);

	vxs_exact_load(&state->exact, results, count);
	state->loaded += count;
	state->distinct += hnsw_scan_distinct(state, results, count);
	Assert(vxs_exact_unreturned(&state->exact) <= state->loaded);
}

/* Whether a resumed scan has done all it may. */
static bool
hnsw_scan_budget_spent(const HnswScan *state)
{
	Size		rows = hnsw_scan_memory() / 2 /
		(sizeof(VxCandidate) + sizeof(VxExactRow));

	return state->loaded >= vxo_max_scan_tuples || (Size) state->loaded >= rows;
}

/*
 * Resume the search once and load what it finds; notes when that is nothing.
 */
static void
hnsw_scan_resume(HnswScan *state)
{
	CHECK_FOR_INTERRUPTS();
	if (hnsw_scan_budget_spent(state) || vxg_search_resume(state->search) == 0)
		state->exhausted = true;
	else
		hnsw_scan_load(state);
}

/*
 * Copies of one vector fill a beam and lead nowhere: a thousand of them hide
 * whatever lies behind, nearer rows included.  They do not count towards the
 * beam, so search on until most of its places are taken by others.
 */
static void
hnsw_scan_pass_copies(HnswScan *state)
{
	int64		beam = HNSW_BEAM_PER_EF * state->ef;

	while (!state->exhausted && 4 * state->distinct < 3 * Min(beam, state->loaded) &&
		   state->loaded < HNSW_COPIES_PER_PLACE * beam)
		hnsw_scan_resume(state);
}

/*
 * The first row is wanted: search.  Only an MVCC snapshot makes it safe to
 * return TIDs that no pin protects, see "Locks" in README.md.
 */
static void
hnsw_scan_start(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;
	MemoryContext old = MemoryContextSwitchTo(state->context);
	uint32		entries[VXI_MAX_ENTRIES];
	int			count;

	Assert(!state->started && state->index == NULL);
	if (!IsMVCCSnapshot(scan->xs_snapshot))
		elog(ERROR, "non-MVCC snapshots are not supported with hnsw");
	pgstat_count_index_scan(scan->indexRelation);
	vx_count_index_search(scan);
	vxo_refresh();
	hnsw_scan_open(scan);
	hnsw_scan_query(scan);

	count = vxi_descend(state->index, &state->source, state->search,
						state->query, 0, entries);
	if (count > 0)
	{
		vxg_search_set_ef(state->search, HNSW_BEAM_PER_EF * state->ef);
		vxg_search_run(state->search, state->query, entries, count);
		hnsw_scan_load(state);
		hnsw_scan_pass_copies(state);
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
hnsw_scan_replenish(HnswScan *state)
{
	int64		target = 2 * state->loaded;
	MemoryContext old;

	Assert(state->started && state->loaded > 0);

	if (vxs_exact_unreturned(&state->exact) > state->loaded / 2)
		return;

	old = MemoryContextSwitchTo(state->context);
	while (!state->exhausted && state->loaded < target)
		hnsw_scan_resume(state);
	MemoryContextSwitchTo(old);
}

/*
 * Whether a row may be returned after those that were.  Order is strict unless
 * relaxed_order allows a row that turned up late.
 */
static bool
hnsw_scan_accept(HnswScan *state, const VxExactRow *row)
{
	if (state->returned > 0 && row->key < state->last_key)
		return vxo_iterative_scan == VX_ITERATIVE_RELAXED;
	state->last_key = row->key;
	return true;
}

/*
 * The next row.
 */
bool
hnswgettuple(IndexScanDesc scan, ScanDirection direction)
{
	HnswScan   *state = (HnswScan *) scan->opaque;
	VxExactRow	row;

	Assert(ScanDirectionIsForward(direction));
	Assert(scan->opaque != NULL);

	if (scan->numberOfOrderBys == 0)
		elog(ERROR, "cannot scan hnsw index without order");
	if (!state->started)
		hnsw_scan_start(scan);
	if (vxo_iterative_scan == VX_ITERATIVE_OFF && state->returned >= state->ef)
		return false;

	do
	{
		if (vxo_iterative_scan != VX_ITERATIVE_OFF && !state->exhausted)
			hnsw_scan_replenish(state);
		if (!vxs_exact_next(&state->exact, &row))
			return false;
	} while (!hnsw_scan_accept(state, &row));

	state->returned++;
	scan->xs_heaptid = vxi_tid_from_uint64(row.tid);
	scan->xs_recheck = false;
	scan->xs_recheckorderby = false;
	return true;
}

void
hnswendscan(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;

	if (state->started)
		elog(DEBUG1, "hnsw scan: %llu pages scored, %llu slots, %llu expanded, %llu full vectors, %llu pages in all",
			 (unsigned long long) vxg_search_counters(state->search)->pages_read,
			 (unsigned long long) vxg_search_counters(state->search)->slots_scored,
			 (unsigned long long) vxg_search_counters(state->search)->expanded,
			 (unsigned long long) state->exact.vectors_read,
			 (unsigned long long) state->source.reader.pages_read);
	hnsw_scan_release(state);
	MemoryContextDelete(state->context);
	pfree(state);
	scan->opaque = NULL;
}
