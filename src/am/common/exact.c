/*-------------------------------------------------------------------------
 *
 * exact.c
 *	  Rows in exact order from candidates with error bounds.
 *
 * A candidate's key lies within estimate +- error.  A row may be returned
 * once its exact key is no greater than the lower bound of every candidate
 * not yet read; full vectors are read in the order of those bounds, and only
 * as far as the caller asks for rows.  LIMIT 10 thus reads a few dozen of
 * the vectors of a beam of hundreds.  Where the index has refine codes, a
 * candidate whose turn comes is refined first, and waits again if its bound has
 * risen; its vector is then read from the table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "compat.h"
#include "am/common/exact.h"
#include "base/slot.h"

/* Marks a row that is a shared node: block and slot take 48 bits. */
#define VXS_SHARED_ROW	(UINT64CONST(1) << 63)

/*
 * Prepare to order rows of a column, for any number of queries.  The reader
 * must live as long as the stage.
 */
void
vxs_exact_create(VxExactStage *stage, const VxExactColumn *column,
				 VxReader *reader)
{
	Assert(column->read_key != NULL && column->dimensions >= 1);
	memset(stage, 0, sizeof(*stage));
	stage->column = *column;
	stage->reader = reader;
	stage->vector = palloc(Max(column->vector_bytes, 1));
}

/*
 * Begin with another query, whose parts are kept by reference.  One that has no
 * place in the index has no distance to anything: all rows are equally near.
 */
void
vxs_exact_begin(VxExactStage *stage, const VxIndexValue *query)
{
	Assert(stage->reader != NULL);
	stage->query = query->indexed ? query->elements : NULL;
	stage->image = query->indexed ? query->image : NULL;
	stage->unordered = !query->indexed;
	stage->pending_count = stage->row_count = 0;
	stage->horizon = INFINITY;
	stage->last.tid = 0;
	stage->shared_left = 0;
	if (stage->shared != NULL)
		stage->shared->next = InvalidBlockNumber;
}

/*
 * Move the last of so many pending rows up to its place in the heap.  What a
 * search yields comes nearly in the order of its bounds: most stay where they are.
 */
static void
vxs_pending_rise(VxPendingRow *pending, int count)
{
	int			place = count - 1;
	VxPendingRow moving = pending[place];

	Assert(count > 0);
	while (place > 0)
	{
		int			parent = (place - 1) / 2;

		if (moving.bound >= pending[parent].bound)
			break;
		pending[place] = pending[parent];
		place = parent;
	}
	pending[place] = moving;
}

/*
 * Move a pending row from the root of a heap of so many down to its place.
 */
static void
vxs_pending_sink(VxPendingRow *pending, int count, VxPendingRow moving)
{
	int			place = 0;

	Assert(count > 0);
	for (;;)
	{
		int			child = 2 * place + 1;

		if (child >= count)
			break;
		if (child + 1 < count && pending[child + 1].bound < pending[child].bound)
			child++;
		if (moving.bound <= pending[child].bound)
			break;
		pending[place] = pending[child];
		place = child;
	}
	pending[place] = moving;
}

/* Rows loaded and not yet returned. */
int
vxs_exact_unreturned(const VxExactStage *stage)
{
	return stage->row_count + stage->pending_count;
}

/*
 * Make room for so many candidates and rows.
 */
static void
vxs_exact_reserve(VxExactStage *stage, int room)
{
	MemoryContext context = stage->column.context;

	if (room <= stage->room)
		return;
	room = Max(room, 2 * stage->room);
	if (stage->pending == NULL)
	{
		stage->pending = (VxPendingRow *)
			MemoryContextAllocHuge(context, room * sizeof(VxPendingRow));
		stage->rows = (VxExactRow *)
			MemoryContextAllocHuge(context, room * sizeof(VxExactRow));
	}
	else
	{
		stage->pending = (VxPendingRow *)
			repalloc_huge(stage->pending, room * sizeof(VxPendingRow));
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

/* Refuse a heap TID found on a block if it cannot be one. */
static void
vxs_require_sane_tid(VxExactStage *stage, uint64 tid, BlockNumber block)
{
	if (!vxs_tid_is_sane(stage, tid))
		vxp_report_damage(stage->column.relation, block,
						  "A live slot has a heap TID that the table cannot have.");
}

/*
 * Tell the server of the table's pages with the rows of the candidates that are
 * likely to be read, so that they come from disk together.
 */
static void
vxs_announce_rows(VxExactStage *stage)
{
	for (int i = 0; i < Min(stage->pending_count, VXS_ANNOUNCED); i++)
	{
		const VxCandidate *candidate = &stage->pending[i].candidate;

		if (candidate->state == VX_SLOT_LIVE)
			vxs_heap_announce(stage->heap_values, candidate->tid);
	}
}

/*
 * Take in the live ones of a batch of candidates, beside what is left of
 * earlier batches.
 */
void
vxs_exact_load(VxExactStage *stage, const VxCandidate *candidates, int count)
{
	vxs_exact_reserve(stage, vxs_exact_unreturned(stage) + count);
	for (int i = 0; i < count; i++)
	{
		VxPendingRow *pending = &stage->pending[stage->pending_count];

		if (!VX_SLOT_IS_LIVE(candidates[i].state))
			continue;
		if (candidates[i].state == VX_SLOT_LIVE)
			vxs_require_sane_tid(stage, candidates[i].tid, candidates[i].block);
		pending->bound = vxs_lower_bound(candidates[i].estimate, candidates[i].error);
		pending->refined = stage->refine_query == NULL;
		pending->candidate = candidates[i];
		vxs_pending_rise(stage->pending, ++stage->pending_count);
	}
	Assert(vxs_exact_unreturned(stage) <= stage->room);
	if (stage->announce != NULL)
		stage->announce(stage);
	if (stage->heap_values != NULL)
		vxs_announce_rows(stage);
}

/*
 * Begin to read the heap TIDs of a shared node; those on its own page are read.
 */
static void
vxs_share_begin(VxExactStage *stage, BlockNumber block, int slot)
{
	if (stage->shared == NULL)
		stage->shared = (VxTidCursor *)
			MemoryContextAlloc(stage->column.context, sizeof(VxTidCursor));
	stage->shared->block = block;
	stage->shared->slot = slot;
	vxp_tids_first(stage->reader, &stage->index->meta.geometry[0], stage->shared);
	stage->shared_left = stage->shared->count;
}

/*
 * The next heap TID of the shared node at hand; false if it has no more.
 *
 * The node was live when it was scored.  Whatever has become of it since, TIDs
 * that went are of rows that no snapshot sees, those that came are of rows
 * that this one does not see, and the rest are met once: see storage/tid_list.c.
 */
static bool
vxs_share_next(VxExactStage *stage, uint64 *tid)
{
	while (stage->shared_left == 0)
	{
		/* other nodes of the page may fill many pages of the chain */
		CHECK_FOR_INTERRUPTS();
		if (!vxp_tids_next(stage->reader, stage->shared))
			return false;
		stage->shared_left = stage->shared->count;
	}
	*tid = vxi_tid_to_uint64(&stage->shared->tids[--stage->shared_left]);
	vxs_require_sane_tid(stage, *tid, stage->shared->block);
	return true;
}

/*
 * The value of a candidate's row in the table; false if the snapshot does not
 * see the row.  The rows of a shared node have equal values.
 */
static bool
vxs_candidate_value(VxExactStage *stage, const VxCandidate *candidate, Datum *value)
{
	uint64		tid = candidate->tid;
	ItemPointerData pointer = vxi_tid_from_uint64(tid);
	bool		found = false;

	if (candidate->state != VX_SLOT_SHARED)
		return vxs_heap_value(stage->heap_values, &pointer, value);
	vxs_share_begin(stage, candidate->block, candidate->slot);
	while (!found && vxs_share_next(stage, &tid))
	{
		pointer = vxi_tid_from_uint64(tid);
		found = vxs_heap_value(stage->heap_values, &pointer, value);
	}
	stage->shared->next = InvalidBlockNumber;
	stage->shared_left = 0;
	return found;
}

/*
 * The exact key of a row, from its elements.  A query of another type than the
 * column's has no elements: images are compared, which costs more.
 */
double
vxs_elements_key(const VxExactStage *stage, const void *elements)
{
	const VxElementType *type = stage->column.opclass->type;
	VxMetric	metric = stage->column.opclass->metric;
	int			dimensions = stage->column.dimensions;
	const void *image;
	double		key;

	Assert(stage->image != NULL);
	if (stage->query != NULL)
		return type->key(metric, stage->query, elements, dimensions);
	image = type->image(metric, elements, dimensions);
	key = type->image_key(metric, stage->image, image, dimensions);
	if (image != elements)
		pfree((void *) image);
	return key;
}

/*
 * The exact key of a candidate, from its row in the table; infinite if the
 * snapshot does not see the row, which is then of no interest.
 */
static double
vxs_heap_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const VxOperatorClass *opclass = stage->column.opclass;
	int			dimensions = stage->column.dimensions;
	Datum		value;
	double		key;

	Assert(stage->image != NULL);
	if (!vxs_candidate_value(stage, candidate, &value))
		return INFINITY;
	stage->vectors_read++;
	if (opclass->type->dimensions(value) != dimensions)
		vxt_refuse_value(opclass->type, dimensions, opclass->type->dimensions(value));
	key = vxs_elements_key(stage, opclass->type->elements(value));
	return isnan(key) ? INFINITY : key;
}

/*
 * The exact key of a candidate, from its full vector at a place in the index.
 */
double
vxs_vector_key(VxExactStage *stage, const VxVectorPlace *place)
{
	Assert(stage->image != NULL && place->bytes == stage->column.vector_bytes);
	vxp_vector_read(stage->reader, place, stage->vector);
	stage->vectors_read++;
	return vxs_elements_key(stage, stage->vector);
}

/*
 * The exact key of a candidate, from a code that is the vector itself.
 */
double
vxs_code_key(const VxExactStage *stage, const uint8 *code)
{
	const VxExactColumn *column = &stage->column;
	double		aligned[VXQ_RAW_BYTES / sizeof(double)];

	Assert(stage->image != NULL);
	Assert(vxq_codes_are_exact(VX_CODE_RAW, column->dimensions));
	memcpy(aligned, code, column->dimensions * sizeof(float));
	return column->opclass->type->image_key(column->opclass->metric, stage->image,
											aligned, column->dimensions);
}

/*
 * The exact key of a candidate.  Never NaN.
 */
static double
vxs_exact_key(VxExactStage *stage, const VxCandidate *candidate)
{
	double		key;

	if (stage->unordered)
		return 0;
	key = stage->heap_values != NULL ? vxs_heap_key(stage, candidate) :
		stage->column.read_key(stage, candidate);
	return isnan(key) ? INFINITY : key;
}

/* Whether a row of the given key and heap TID comes before another one. */
static inline bool
vxs_comes_before(double key, uint64 tid, const VxExactRow *other)
{
	return key < other->key || (key == other->key && tid < other->tid);
}

/*
 * Put a row where rows stay sorted by descending key and heap TID, so that the
 * nearest is last.
 */
static void
vxs_exact_keep(VxExactStage *stage, double key, uint64 tid)
{
	int			low = 0;
	int			high = stage->row_count;

	Assert(stage->row_count < stage->room && !isnan(key));
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (vxs_comes_before(key, tid, &stage->rows[middle]))
			low = middle + 1;
		else
			high = middle;
	}
	memmove(&stage->rows[low + 1], &stage->rows[low],
			(stage->row_count - low) * sizeof(VxExactRow));
	stage->rows[low].key = key;
	stage->rows[low].tid = tid;
	stage->row_count++;
}

/*
 * Bring the first pending candidate nearer to being returned: refine it, or
 * take its exact key.
 */
static void
vxs_exact_advance(VxExactStage *stage)
{
	VxPendingRow first = stage->pending[0];

	Assert(stage->pending_count > 0);
	if (!first.refined)
	{
		stage->refine(stage, &first.candidate);
		first.refined = true;
		first.bound = vxs_lower_bound(first.candidate.estimate, first.candidate.error);
		vxs_pending_sink(stage->pending, stage->pending_count, first);
		return;
	}
	if (--stage->pending_count > 0)
		vxs_pending_sink(stage->pending, stage->pending_count,
						 stage->pending[stage->pending_count]);
	vxs_exact_keep(stage, vxs_exact_key(stage, &first.candidate),
				   first.candidate.state != VX_SLOT_SHARED ? first.candidate.tid :
				   VXS_SHARED_ROW | (uint64) first.candidate.block << 16 |
				   first.candidate.slot);
}

/*
 * Whether the nearest row has to wait for a pending candidate.  Rows that have to
 * be told apart by heap TID wait for all of their key.
 */
static inline bool
vxs_must_advance(const VxExactStage *stage)
{
	const VxExactRow *nearest;

	if (stage->pending_count == 0)
		return false;
	if (stage->row_count == 0)
		return true;
	nearest = &stage->rows[stage->row_count - 1];
	return nearest->key > stage->pending[0].bound ||
		(stage->once && nearest->key == stage->pending[0].bound);
}

/*
 * The nearest node not yet returned; false when the batch is exhausted, or the
 * horizon reached.
 */
static bool
vxs_exact_next_node(VxExactStage *stage, VxExactRow *row)
{
	do
	{
		while (vxs_must_advance(stage) &&
			   stage->pending[0].bound <= stage->horizon)
		{
			/* wide bounds and a cold cache make this long */
			CHECK_FOR_INTERRUPTS();
			vxs_exact_advance(stage);
		}

		if (stage->row_count == 0 ||
			stage->rows[stage->row_count - 1].key > stage->horizon)
			return false;
		Assert(stage->row_count == 1 ||
			   stage->rows[stage->row_count - 2].key >= stage->rows[stage->row_count - 1].key);
		*row = stage->rows[--stage->row_count];
	} while (stage->once && row->tid == stage->last.tid && row->key == stage->last.key);
	stage->last = *row;
	return true;
}

/*
 * The nearest row not yet returned; false when the batch is exhausted.  Rows that
 * share a node follow each other.
 */
bool
vxs_exact_next(VxExactStage *stage, VxExactRow *row)
{
	for (;;)
	{
		if (stage->shared != NULL && vxs_share_next(stage, &row->tid))
		{
			row->key = stage->shared_key;
			return true;
		}
		if (!vxs_exact_next_node(stage, row))
			return false;
		if (!(row->tid & VXS_SHARED_ROW))
			return true;
		stage->shared_key = row->key;
		vxs_share_begin(stage, (BlockNumber) (row->tid >> 16), (int) (row->tid & 0xFFFF));
	}
}

/*
 * Take back the row that was given last.
 */
void
vxs_exact_put_back(VxExactStage *stage, const VxExactRow *row)
{
	vxs_exact_reserve(stage, vxs_exact_unreturned(stage) + 1);
	vxs_exact_keep(stage, row->key, row->tid);
}

/*
 * Where a range ends, as a key.  If no row has a distance, either all rows are
 * wanted or none.  Where codes are exact their estimates, which are float4, serve as
 * keys: the range is widened by their rounding.
 */
double
vxs_range_limit(const VxExactStage *stage, const VxRange *range, bool estimates)
{
	double		limit = vxs_range_key(range, stage->column.opclass->metric);

	if (stage->unordered && !isinf(limit))
		limit = range->nan_passes ? get_float8_infinity() : -get_float8_infinity();
	if (estimates)
		limit += 4 * FLT_EPSILON * (1 + fabs(limit));
	return limit;
}
