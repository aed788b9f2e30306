/*-------------------------------------------------------------------------
 *
 * ivfflat_scan.c
 *	  Rows of an ivfflat index in the order of their distance from a query.
 *
 * A scan orders the lists by the distance of their centres, scores the codes of
 * the nearest ivfflat.probes of them page by page, and returns rows in exact
 * order (am/common/exact.c) from the candidates that it keeps (ivfflat_band.c).
 * When these are used up it passes over the lists again.  When half of the rows of
 * the lists are returned, it takes as many further lists, within
 * ivfflat.max_probes.
 *
 * See "Scan" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/relscan.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/column.h"
#include "am/common/counters.h"
#include "am/common/graph_scan.h"
#include "am/ivfflat/ivfflat.h"
#include "am/ivfflat/ivfflat_band.h"
#include "base/slot.h"
#include "cluster/assign.h"
#include "storage/stop.h"

/* Candidates of the first pass, and by what the next ones grow. */
#define IVFFLAT_FIRST_BAND	512
#define IVFFLAT_BAND_GROWTH	4

/* Candidates of a pass, however little memory there is. */
#define IVFFLAT_LEAST_BAND	64

typedef struct IvfflatScan
{
	VxScanCounters counters;	/* first, see counters.h */
	MemoryContext context;		/* everything below, until the scan ends */
	IvfflatIndex *index;
	VxReader	reader;
	VxListQuery *query;
	bool		unordered;		/* every row is as near as any other */
	uint8	   *centre;			/* of the list entered last */
	uint8	   *strip;			/* working memory */
	float	   *scores[2];		/* estimates and errors of a page */
	VxVectorRuns *runs;			/* of pages scored; NULL: look at them again */

	VxListOrder order;			/* of the lists that are left */
	uint32	   *probed;			/* the others, in the order in which they came */
	size_t		given;			/* of probed */
	size_t		max_probes;
	VxIterativeScan iterative;
	bool		exhausted;		/* no further lists */

	/* candidates up to here have been handed on; the last place if all have */
	IvfflatPlace horizon;
	IvfflatBand band;
	VxExactStage exact;
	bool		started;
	int64		rows;			/* in the lists being scanned */
	int64		taken;			/* of them, in order, returned or passed over */
	int64		returned;
	double		last_key;		/* of the row returned last */
	double		range_key;		/* rows beyond it are not wanted */
} IvfflatScan;

/*
 * Begin a scan: ambeginscan.  The index is opened by the first row, when the
 * settings of the moment are known.
 */
IndexScanDesc
ivfflatbeginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	IvfflatScan *state = palloc0_object(IvfflatScan);

	state->context = AllocSetContextCreate(CurrentMemoryContext,
										   "ivfflat scan", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = state;
	return scan;
}

/*
 * Begin again, with another query perhaps: amrescan.
 */
void
ivfflatrescan(IndexScanDesc scan, ScanKey keys, int nkeys,
			  ScanKey orderbys, int norderbys)
{
	IvfflatScan *state = (IvfflatScan *) scan->opaque;
	MemoryContext context = state->context;
	VxScanCounters counters = state->counters;

	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys,
				scan->numberOfOrderBys * sizeof(ScanKeyData));
	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));

	MemoryContextReset(context);
	memset(state, 0, sizeof(*state));
	state->context = context;
	state->counters = counters;
}

/*
 * Pin and lock the page of a candidate; InvalidBuffer if its slot has another heap
 * TID by now.
 */
static Buffer
ivfflat_open_slot(const IvfflatScan *state, const VxCandidate *candidate)
{
	const VxListGeometry *geometry = &state->index->meta.geometry;
	Buffer		buffer = vxp_read_unverified(state->index->relation, candidate->block,
											 BUFFER_LOCK_SHARE);
	Page		page = BufferGetPage(buffer);

	if (vxp_page_is_valid(page, VX_PAGE_LIST) &&
		vxp_list_problem(page, geometry) == NULL &&
		candidate->slot < vxp_opaque(page)->used_slots &&
		vxi_tid_to_uint64(vxp_list_tid(page, geometry, candidate->slot)) == candidate->tid)
		return buffer;
	UnlockReleaseBuffer(buffer);
	return InvalidBuffer;
}

/*
 * Read the exact key of a candidate: callback of the exact stage.
 *
 * A slot that has another heap TID by now is of a row that no snapshot sees any
 * more; it may come wherever it likes.  So the slot is looked at again only where
 * nothing else says where its vector is.
 */
static double
ivfflat_read_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const IvfflatScan *state = (const IvfflatScan *) stage->caller;
	const VxListGeometry *geometry = &state->index->meta.geometry;
	Buffer		buffer;
	Page		page;
	VxVectorPlace place;
	bool		complete;

	if (candidate->error == 0 && state->index->codec.exact)
		return candidate->estimate;
	if (state->runs != NULL &&
		vxp_runs_locate(state->runs, &geometry->vectors, candidate->block,
						candidate->slot, &place))
		return vxs_vector_key(stage, &place);
	buffer = ivfflat_open_slot(state, candidate);
	stage->reader->pages_read++;
	if (!BufferIsValid(buffer))
		return INFINITY;
	page = BufferGetPage(buffer);
	if (state->index->codec.exact)
	{
		uint8		code[VXQ_RAW_BYTES];

		Assert(state->index->codec.row_bytes <= sizeof(code));
		ivfflat_take_code(state->index, page, candidate->slot, code);
		UnlockReleaseBuffer(buffer);
		return vxs_code_key(stage, code);
	}
	complete = vxp_vector_locate(page, &geometry->vectors, candidate->block,
								 candidate->slot, &place);
	UnlockReleaseBuffer(buffer);
	if (!complete)
		vxp_report_damage(state->index->relation, candidate->block,
						  "A live slot has no page for its vector.");
	return vxs_vector_key(stage, &place);
}

/*
 * Open the index and allocate what a scan needs, in the scan's context.
 */
static void
ivfflat_scan_open(IndexScanDesc scan)
{
	IvfflatScan *state = (IvfflatScan *) scan->opaque;
	IvfflatIndex *index = ivfflat_open(scan->indexRelation);
	const VxListMeta *meta = &index->meta;
	VxExactColumn column;

	state->index = index;
	vxp_reader_init(&state->reader, index->relation);
	state->query = (VxListQuery *) palloc(vxq_list_query_size(&index->codec));
	state->centre = palloc(meta->data.centre_bytes);
	state->strip = palloc0(index->codec.strip_bytes);
	for (int i = 0; i < 2; i++)
		state->scores[i] = palloc0_array(float, meta->geometry.slots + VX_STRIP_SLOTS);

	/* a standby may have used the pages again that this scan has met */
	if (meta->data.vector_bytes > 0 && !RecoveryInProgress())
	{
		state->runs = palloc_object(VxVectorRuns);
		vxp_runs_init(state->runs);
	}

	state->counters.effort_name = "probes";
	state->counters.effort = vxo_probes;
	state->max_probes = (size_t) Max(vxo_probes, vxo_max_probes);
	state->iterative = (VxIterativeScan) vxo_ivfflat_iterative_scan;

	column.relation = index->relation;
	column.context = state->context;
	column.opclass = index->opclass;
	column.dimensions = (int) meta->data.dimensions;
	column.vector_bytes = meta->data.vector_bytes;
	column.read_key = ivfflat_read_key;
	vxs_exact_create(&state->exact, &column, &state->reader);
	state->exact.heap = scan->heapRelation;
	state->exact.caller = state;
}

/*
 * Prepare the query, and put the lists into order.  A NULL, or a zero vector under
 * an operator class that normalises, has no distance to anything: lists come by
 * number, and all rows are equally near.
 */
static void
ivfflat_scan_query(IndexScanDesc scan)
{
	IvfflatScan *state = (IvfflatScan *) scan->opaque;
	const IvfflatIndex *index = state->index;
	uint32		lists = index->meta.data.lists;
	float	   *keys = palloc0_array(float, lists);
	uint32	   *heap = palloc_array(uint32, lists);
	VxIndexValue value;
	VxRange		range;

	vxi_query_value(index->opclass, (int) index->meta.data.dimensions,
					&scan->orderByData[0], &value, &range);
	state->unordered = !value.indexed;
	if (value.indexed)
	{
		vxq_list_query_prepare(&index->codec, value.image, index->scratch, state->query);
		ivfflat_centre_keys(index, &state->reader, state->query, false, keys);
	}
	state->probed = palloc_array(uint32, lists);
	vxc_order_init(&state->order, keys, heap, lists);
	vxs_exact_begin(&state->exact, &value);
	state->exact.once = true;
	state->range_key = vxs_range_limit(&state->exact, &range, index->codec.exact);
}

/*
 * Score the slots of a locked page and keep the nearest.
 */
static void
ivfflat_score_page(IvfflatScan *state, Page page, BlockNumber block)
{
	const VxListGeometry *geometry = &state->index->meta.geometry;
	const uint8 *slots = vxp_list_state(page, geometry);
	float	   *estimate = state->scores[0];
	float	   *error = state->scores[1];
	int			used = vxp_opaque(page)->used_slots;

	Assert(used <= geometry->slots);
	if (used == 0)
		return;
	if (state->band.floor.bound == -INFINITY)
		state->rows += used;
	if (!state->unordered)
		ivfflat_score_codes(state->index, state->query, page, state->strip,
							estimate, error);
	for (int slot = 0; slot < used; slot++)
	{
		VxCandidate candidate;

		/* most end here */
		if (estimate[slot] - VXS_BOUND_SCALE * error[slot] > state->band.limit.bound ||
			slots[slot] != VX_SLOT_LIVE)
			continue;
		memset(&candidate, 0, sizeof(candidate));
		candidate.estimate = estimate[slot];
		candidate.error = error[slot];
		candidate.block = block;
		candidate.slot = (uint16) slot;
		candidate.state = VX_SLOT_LIVE;
		candidate.tid = vxi_tid_to_uint64(vxp_list_tid(page, geometry, slot));
		ivfflat_band_add(&state->band, &candidate);
	}
	state->counters.counts[VX_COUNT_PAGES]++;
	state->counters.counts[VX_COUNT_NODES] += used;
}

/*
 * Pass over the pages of a list from a first page on.  False if VACUUM took a page
 * out of the list on which the walk was about to go on.
 */
static bool
ivfflat_walk_list(IvfflatScan *state, uint32 list, BlockNumber head)
{
	VxListLink	link = {head, 0};

	while (link.block != InvalidBlockNumber)
	{
		BlockNumber block = link.block;
		Buffer		buffer;
		Page		page;

		CHECK_FOR_INTERRUPTS();
		buffer = vxp_list_open(&state->reader, &state->index->meta.geometry, list,
							   link, BUFFER_LOCK_SHARE);
		if (!BufferIsValid(buffer))
			return false;
		page = BufferGetPage(buffer);
		link = vxp_list_header(page)->next;
		if (link.block != InvalidBlockNumber)
			vxp_reader_prefetch(&state->reader, &link.block, 1);
		ivfflat_score_page(state, page, block);
		if (state->runs != NULL)
			vxp_runs_note(state->runs, block, page);
		UnlockReleaseBuffer(buffer);
		VX_STOP("scan-met");
	}
	return true;
}

/*
 * Pass over a list.  If it has to be begun again, rows met twice are returned once
 * (VxExactStage.once).
 */
static void
ivfflat_scan_list(IvfflatScan *state, uint32 list)
{
	BlockNumber head = ivfflat_directory_entry(state->index, &state->reader, list,
											   state->centre);

	if (head == InvalidBlockNumber)
		return;
	if (!state->unordered)
		vxq_list_query_enter(state->query, state->centre);
	for (int i = 0; !ivfflat_walk_list(state, list, head); i++)
	{
		if (i == IVFFLAT_MAX_RESTARTS)
			vxp_report_damage(state->index->relation, head,
							  "The pages of its list do not follow each other.");
	}
}

/*
 * Candidates that the next pass may keep within work_mem.
 */
static int
ivfflat_band_size(const IvfflatScan *state, int wanted)
{
	Size		bytes = 2 * sizeof(VxCandidate) + VXS_EXACT_ROW_BYTES;
	Size		most = Min(vxs_memory(1.0) / bytes, PG_INT32_MAX / 4);
	int			left = (int) most - vxs_exact_unreturned(&state->exact);

	return Max(IVFFLAT_LEAST_BAND, Min(wanted, left));
}

/*
 * Pass over some of the lists, for the nearest `size` candidates between floor and
 * the horizon, and hand them on.  If there are more, the horizon comes nearer.
 */
static void
ivfflat_scan_pass(IvfflatScan *state, size_t first_list, IvfflatPlace floor, int size)
{
	ivfflat_band_begin(&state->band, state->context,
					   ivfflat_band_size(state, size), floor, state->horizon);
	for (size_t i = first_list; i < state->given; i++)
		ivfflat_scan_list(state, state->probed[i]);
	ivfflat_band_end(&state->band);
	vxs_exact_load(&state->exact, state->band.candidates, state->band.count);
	if (state->band.full)
		state->horizon = state->band.limit;
	state->exact.horizon = state->horizon.bound;
}

/* Whether candidates beyond the horizon have not been handed on. */
static bool
ivfflat_scan_has_more(const IvfflatScan *state)
{
	return state->horizon.bound != INFINITY || state->horizon.tid != PG_UINT64_MAX;
}

/*
 * Hand on candidates from beyond the horizon.
 */
static void
ivfflat_scan_go_on(IvfflatScan *state)
{
	IvfflatPlace floor = state->horizon;

	Assert(ivfflat_scan_has_more(state));
	state->horizon = IVFFLAT_LAST_PLACE;
	ivfflat_scan_pass(state, 0, floor, IVFFLAT_BAND_GROWTH * state->band.size);
}

/*
 * Take so many further lists, as far as there are and may be taken.
 */
static void
ivfflat_scan_probe(IvfflatScan *state, size_t count)
{
	size_t		first = state->given;

	while (count-- > 0 && state->given < state->max_probes && state->order.left > 0)
		state->probed[state->given++] = vxc_order_next(&state->order);
	if (state->given == first)
		state->exhausted = true;
	else
		ivfflat_scan_pass(state, first, IVFFLAT_FIRST_PLACE, IVFFLAT_FIRST_BAND);
}

/*
 * Take further lists, until there are twice as many rows; false if there are none.
 */
static bool
ivfflat_scan_widen(IvfflatScan *state)
{
	int64		target = 2 * state->rows;

	if (state->exhausted || state->iterative == VX_ITERATIVE_OFF)
		return false;
	do
	{
		CHECK_FOR_INTERRUPTS();
		state->counters.counts[VX_COUNT_RESUMES]++;
		ivfflat_scan_probe(state, state->given);
	} while (!state->exhausted && state->rows < target);
	return true;
}

/*
 * The first row is wanted.  Only an MVCC snapshot makes it safe to return TIDs
 * that no pin protects, see "Locks" in README.md.
 */
static void
ivfflat_scan_start(IndexScanDesc scan)
{
	IvfflatScan *state = (IvfflatScan *) scan->opaque;
	MemoryContext old = MemoryContextSwitchTo(state->context);

	Assert(!state->started && state->index == NULL);
	if (!IsMVCCSnapshot(scan->xs_snapshot))
		elog(ERROR, "non-MVCC snapshots are not supported with ivfflat");
	pgstat_count_index_scan(scan->indexRelation);
	vx_count_index_search(scan);
	vxo_refresh();
	ivfflat_scan_open(scan);
	ivfflat_scan_query(scan);
	state->horizon = IVFFLAT_LAST_PLACE;
	ivfflat_scan_probe(state, (size_t) vxo_probes);
	state->counters.counts[VX_COUNT_SCANS]++;
	state->started = true;
	MemoryContextSwitchTo(old);
}

/*
 * Whether a row may be returned after those that were.  A row of later lists may
 * be nearer; only relaxed_order returns it then.
 */
static bool
ivfflat_scan_accept(IvfflatScan *state, const VxExactRow *row)
{
	if (state->returned > 0 && row->key < state->last_key)
		return state->iterative == VX_ITERATIVE_RELAXED;
	state->last_key = row->key;
	return true;
}

/*
 * Whether the scan ends at a row that is beyond the range.  All that follow are
 * farther in strict order.  In relaxed order rows may turn up late, so further
 * lists are taken once more, and the scan ends if they bring none into the range.
 */
static bool
ivfflat_scan_passed_range(IvfflatScan *state, VxExactRow *row)
{
	Assert(row->key > state->range_key);
	if (state->iterative != VX_ITERATIVE_RELAXED)
		return true;
	vxs_exact_put_back(&state->exact, row);
	return !ivfflat_scan_widen(state) || !vxs_exact_next(&state->exact, row) ||
		row->key > state->range_key;
}

/*
 * The next row of a scan that has started, or false.
 *
 * Further lists are taken when half of the rows at hand have been.  The far half of
 * some lists is less complete than the near half: rows that turn up late are then
 * rarely nearer than what was returned already.
 */
static bool
ivfflat_scan_next(IvfflatScan *state, VxExactRow *row)
{
	for (;;)
	{
		if (2 * state->taken >= state->rows)
			ivfflat_scan_widen(state);
		if (vxs_exact_next(&state->exact, row))
		{
			if (row->key > state->range_key && ivfflat_scan_passed_range(state, row))
				return false;
			state->taken++;
			if (ivfflat_scan_accept(state, row))
				return true;
		}
		else if (ivfflat_scan_has_more(state))
			ivfflat_scan_go_on(state);
		else if (!ivfflat_scan_widen(state))
			return false;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * The next row: amgettuple.
 */
bool
ivfflatgettuple(IndexScanDesc scan, ScanDirection direction)
{
	IvfflatScan *state = (IvfflatScan *) scan->opaque;
	uint64	   *counts = state->counters.counts;
	uint64		vectors = state->exact.vectors_read;
	MemoryContext old;
	VxExactRow	row;
	bool		found;

	Assert(ScanDirectionIsForward(direction));
	if (scan->numberOfOrderBys == 0)
		elog(ERROR, "cannot scan ivfflat index without order");
	if (!state->started)
		ivfflat_scan_start(scan);

	old = MemoryContextSwitchTo(state->context);
	found = ivfflat_scan_next(state, &row);
	MemoryContextSwitchTo(old);
	counts[VX_COUNT_EXACT] += state->exact.vectors_read - vectors;
	if (!found)
		return false;
	state->returned++;
	counts[VX_COUNT_ROWS]++;
	scan->xs_heaptid = vxi_tid_from_uint64(row.tid);
	scan->xs_recheck = false;
	scan->xs_recheckorderby = false;
	return true;
}

void
ivfflatendscan(IndexScanDesc scan)
{
	IvfflatScan *state = (IvfflatScan *) scan->opaque;

	if (state->started)
		elog(DEBUG1, "ivfflat scan: %zu lists, %llu pages scored, %llu slots, %llu full vectors, %llu pages in all",
			 state->given,
			 (unsigned long long) state->counters.counts[VX_COUNT_PAGES],
			 (unsigned long long) state->counters.counts[VX_COUNT_NODES],
			 (unsigned long long) state->exact.vectors_read,
			 (unsigned long long) state->reader.pages_read);
	vxn_count(scan->indexRelation, state->counters.counts);
	MemoryContextDelete(state->context);
	pfree(state);
	scan->opaque = NULL;
}
