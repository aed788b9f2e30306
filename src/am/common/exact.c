/*-------------------------------------------------------------------------
 *
 * exact.c
 *	  Rows in exact order from candidates with error bounds.
 *
 * A candidate's key lies within estimate +- error.  A row may be returned
 * once its exact key is no greater than the lower bound of every candidate
 * not yet read; full vectors are read in the order of those bounds, and only
 * as far as the caller asks for rows.  LIMIT 10 thus reads a few dozen of
 * the vectors of a beam of hundreds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "compat.h"
#include "am/common/exact.h"
#include "base/slot.h"
#include "storage/vector_page.h"

/* Width of the bounds that order rests on, in errors of the codec. */
#define VXS_BOUND_SCALE	1.6f

/*
 * Prepare to order rows of an index, for any number of queries.  The reader
 * must live as long as the stage.
 */
void
vxs_exact_init(VxExactStage *stage, VxIndex *index, VxReader *reader)
{
	memset(stage, 0, sizeof(*stage));
	stage->index = index;
	stage->reader = reader;
	stage->vector = palloc(Max(index->meta.data.vector_bytes, 1));
}

/*
 * Begin with another query.  query points to elements as stored; NULL makes
 * all rows equally near, for queries that have no distance to anything.
 */
void
vxs_exact_begin(VxExactStage *stage, const void *query)
{
	Assert(stage->index != NULL && stage->reader != NULL);
	stage->query = query;
	stage->unordered = query == NULL;
	stage->pending_count = stage->taken = stage->row_count = 0;
}

/*
 * What the key of a candidate is taken to exceed.
 *
 * The codec's error covers 99.7 % of the candidates, but a single one below
 * its bound is a row out of order, so the bound is widened: in units of the
 * estimate's deviation from 3.2 to more than 5.  The factors of a damaged page
 * may leave no number: then nothing is known.
 */
static inline float
vxs_lower_bound(const VxCandidate *candidate)
{
	float		bound = candidate->estimate - VXS_BOUND_SCALE * candidate->error;

	return isnan(bound) ? -INFINITY : bound;
}

static int
vxs_compare_candidates(const void *a, const void *b)
{
	float		x = vxs_lower_bound((const VxCandidate *) a);
	float		y = vxs_lower_bound((const VxCandidate *) b);

	return (x > y) - (x < y);
}

/* Rows loaded and not yet returned. */
int
vxs_exact_unreturned(const VxExactStage *stage)
{
	return stage->row_count + stage->pending_count - stage->taken;
}

/*
 * Make room for so many candidates and rows.
 */
static void
vxs_exact_reserve(VxExactStage *stage, int room)
{
	MemoryContext context = stage->index->context;

	if (room <= stage->room)
		return;
	room = Max(room, 2 * stage->room);
	if (stage->pending == NULL)
	{
		stage->pending = (VxCandidate *)
			MemoryContextAllocHuge(context, room * sizeof(VxCandidate));
		stage->rows = (VxExactRow *)
			MemoryContextAllocHuge(context, room * sizeof(VxExactRow));
	}
	else
	{
		stage->pending = (VxCandidate *)
			repalloc_huge(stage->pending, room * sizeof(VxCandidate));
		stage->rows = (VxExactRow *)
			repalloc_huge(stage->rows, room * sizeof(VxExactRow));
	}
	stage->room = room;
}

/*
 * Whether a heap TID can be one.  Asks for the length of the table again
 * before saying no.
 */
static bool
vxs_tid_is_sane(VxExactStage *stage, uint64 tid)
{
	ItemPointerData pointer = vxi_tid_from_uint64(tid);
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(&pointer);

	if (!ItemPointerIsValid(&pointer))
		return false;
	if (stage->heap == NULL)
		return true;
	if (block >= stage->heap_blocks)
		stage->heap_blocks = RelationGetNumberOfBlocks(stage->heap);
	return block < stage->heap_blocks;
}

/*
 * Take in the live ones of a batch of candidates, beside what is left of
 * earlier batches.
 */
void
vxs_exact_load(VxExactStage *stage, const VxCandidate *candidates, int count)
{
	int			left = stage->pending_count - stage->taken;

	vxs_exact_reserve(stage, stage->row_count + left + count);
	if (left > 0)
		memmove(stage->pending, stage->pending + stage->taken,
				left * sizeof(VxCandidate));
	stage->taken = 0;
	stage->pending_count = left;
	for (int i = 0; i < count; i++)
	{
		if (candidates[i].state != VX_SLOT_LIVE)
			continue;
		if (!vxs_tid_is_sane(stage, candidates[i].tid))
			vxp_report_damage(stage->index->relation, candidates[i].block,
							  "A live slot has a heap TID that the table cannot have.");
		stage->pending[stage->pending_count++] = candidates[i];
	}
	Assert(vxs_exact_unreturned(stage) <= stage->room);
	qsort(stage->pending, stage->pending_count, sizeof(VxCandidate),
		  vxs_compare_candidates);
}

/*
 * The exact key of a candidate, from its row in the table; infinite if the
 * snapshot does not see the row, which is then of no interest.
 */
static double
vxs_heap_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const VxOperatorClass *opclass = stage->index->opclass;
	ItemPointerData tid = vxi_tid_from_uint64(candidate->tid);
	int			dimensions = (int) stage->index->meta.data.dimensions;
	Datum		value;
	double		key;

	Assert(stage->query != NULL);
	if (!vxs_heap_value(stage->heap_values, &tid, &value))
		return INFINITY;
	stage->vectors_read++;
	if (opclass->type->dimensions(value) != dimensions)
		vxt_refuse_value(opclass->type, dimensions, opclass->type->dimensions(value));
	key = opclass->type->key(opclass->metric, stage->query,
							 opclass->type->elements(value), dimensions);
	return isnan(key) ? INFINITY : key;
}

/*
 * The exact key of a candidate, from its full vector.
 */
static double
vxs_exact_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const VxMeta *meta = &stage->index->meta;
	const VxOperatorClass *opclass = stage->index->opclass;
	VxVectorPlace place;
	Buffer		buffer;
	bool		complete;
	double		key;

	if (stage->unordered)
		return 0;
	if (stage->heap_values != NULL)
		return vxs_heap_key(stage, candidate);
	if (meta->data.vector_bytes == 0)
		return candidate->estimate;

	Assert(candidate->state == VX_SLOT_LIVE);
	buffer = vxp_reader_open(stage->reader, candidate->block, VX_PAGE_GRAPH);
	vxp_graph_verify(stage->index->relation, buffer, 0, &meta->geometry[0]);
	complete = vxp_vector_locate(BufferGetPage(buffer), &meta->geometry[0],
								 candidate->slot, &place);
	UnlockReleaseBuffer(buffer);
	if (!complete)
		vxp_report_damage(stage->index->relation, candidate->block,
						  "A live slot has no page for its vector.");

	vxp_vector_read(stage->reader, &place, stage->vector);
	stage->vectors_read++;
	key = opclass->type->key(opclass->metric, stage->query, stage->vector,
							 meta->data.dimensions);
	return isnan(key) ? INFINITY : key;
}

/*
 * Read the next pending candidate into rows, which stay sorted by descending
 * key, so that the nearest is last.
 */
static void
vxs_exact_take(VxExactStage *stage)
{
	const VxCandidate *candidate = &stage->pending[stage->taken++];
	double		key = vxs_exact_key(stage, candidate);
	int			low = 0;
	int			high = stage->row_count;

	Assert(stage->taken <= stage->pending_count && !isnan(key));

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (stage->rows[middle].key > key)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(stage->row_count < stage->room);
	memmove(&stage->rows[low + 1], &stage->rows[low],
			(stage->row_count - low) * sizeof(VxExactRow));
	stage->rows[low].key = key;
	stage->rows[low].tid = candidate->tid;
	stage->row_count++;
}

/*
 * The nearest row not yet returned; false when the batch is exhausted.
 */
bool
vxs_exact_next(VxExactStage *stage, VxExactRow *row)
{
	while (stage->taken < stage->pending_count &&
		   (stage->row_count == 0 ||
			stage->rows[stage->row_count - 1].key >
			vxs_lower_bound(&stage->pending[stage->taken])))
	{
		/* wide bounds and a cold cache make this long */
		CHECK_FOR_INTERRUPTS();
		vxs_exact_take(stage);
	}

	if (stage->row_count == 0)
		return false;
	Assert(stage->row_count == 1 ||
		   stage->rows[stage->row_count - 2].key >= stage->rows[stage->row_count - 1].key);
	*row = stage->rows[--stage->row_count];
	return true;
}
