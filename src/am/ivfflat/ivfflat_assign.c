/*-------------------------------------------------------------------------
 *
 * ivfflat_assign.c
 *	  Assign the rows of a table to lists, and sort them by list.
 *
 * A row goes into the sort with its list, its heap TID, its code relative to the
 * centre of the list, and the elements of its vector, if the index keeps them.
 * What is read back from the sort is written as it comes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_build.h"

/* The operator < of bigint has no name in the server's headers. */
#define IVFFLAT_INT8_LESS	412

/*
 * Columns of the sort: list, heap TID, code and elements.
 */
TupleDesc
ivfflat_sort_columns(void)
{
	TupleDesc	columns = CreateTemplateTupleDesc(3);

	TupleDescInitEntry(columns, 1, "list", INT4OID, -1, 0);
	TupleDescInitEntry(columns, 2, "tid", INT8OID, -1, 0);
	TupleDescInitEntry(columns, 3, "row", BYTEAOID, -1, 0);
	return columns;
}

/*
 * Begin a sort by list and heap TID, so that equal tables give equal indexes
 * however many processes read them.  memory is in kB.
 */
Tuplesortstate *
ivfflat_sort_begin(int memory, SortCoordinate coordinate)
{
	AttrNumber	columns[] = {1, 2};
	Oid			operators[] = {Int4LessOperator, IVFFLAT_INT8_LESS};
	Oid			collations[] = {InvalidOid, InvalidOid};
	bool		nulls_first[] = {false, false};

	return tuplesort_begin_heap(ivfflat_sort_columns(), lengthof(columns), columns,
								operators, collations, nulls_first, memory,
								coordinate, TUPLESORT_NONE);
}

/*
 * Prepare to assign rows, in the current memory context.  centroids and centres
 * must last.
 */
void
ivfflat_assigner_init(IvfflatAssigner *assigner, const IvfflatIndex *index,
					  const VxCentroids *centroids, const uint8 *centres,
					  Tuplesortstate *sort)
{
	const VxListMetaData *data = &index->meta.data;
	int			dims = (int) data->code_dimensions;

	memset(assigner, 0, sizeof(*assigner));
	assigner->index = index;
	assigner->centroids = centroids;
	assigner->centres = centres;
	assigner->sort = sort;
	assigner->counts = palloc0_array(uint32, data->lists);
	assigner->slot = MakeSingleTupleTableSlot(ivfflat_sort_columns(), &TTSOpsVirtual);
	assigner->row_context = AllocSetContextCreate(CurrentMemoryContext,
												  "ivfflat build rows",
												  ALLOCSET_DEFAULT_SIZES);
	assigner->scratch = palloc(vxc_assign_scratch_size((VxMetric) data->metric,
													   dims, (int) data->lists));
	assigner->image_bytes = vx_metric_is_of_bits((VxMetric) data->metric) ?
		((Size) dims + BITS_PER_BYTE - 1) / BITS_PER_BYTE : dims * sizeof(float);
	assigner->element_bytes = data->vector_bytes;
	assigner->images = palloc(VXC_BATCH * assigner->image_bytes);
	assigner->elements = palloc(Max(1, VXC_BATCH * assigner->element_bytes));
	assigner->row = palloc(VARHDRSZ + data->row_bytes + assigner->element_bytes);
	SET_VARSIZE(assigner->row, VARHDRSZ + data->row_bytes + assigner->element_bytes);
}

/*
 * Encode a row of the batch and give it to the sort.
 */
static void
ivfflat_sort_row(IvfflatAssigner *assigner, int i, uint32 list)
{
	const IvfflatIndex *index = assigner->index;
	const VxListMetaData *data = &index->meta.data;
	uint8	   *row = (uint8 *) VARDATA(assigner->row);
	TupleTableSlot *slot = assigner->slot;

	Assert(list < data->lists);
	vxq_list_encode(&index->codec, assigner->centres + (Size) list * data->centre_bytes,
					assigner->images + i * assigner->image_bytes, index->scratch, row);
	memcpy(row + data->row_bytes, assigner->elements + i * assigner->element_bytes,
		   assigner->element_bytes);

	ExecClearTuple(slot);
	slot->tts_values[0] = Int32GetDatum((int32) list);
	slot->tts_values[1] = Int64GetDatum((int64) vxi_tid_to_uint64(&assigner->tids[i]));
	slot->tts_values[2] = PointerGetDatum(assigner->row);
	memset(slot->tts_isnull, 0, 3);
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(assigner->sort, slot);
	assigner->counts[list]++;
	assigner->rows += 1;
}

/*
 * Assign the rows of the batch.
 */
static void
ivfflat_assign_batch(IvfflatAssigner *assigner)
{
	uint32		lists[VXC_BATCH];
	VxInputs	inputs;
	MemoryContext old = MemoryContextSwitchTo(assigner->row_context);

	Assert(assigner->batched <= VXC_BATCH);
	inputs.first = assigner->images;
	inputs.stride = assigner->image_bytes;
	inputs.count = assigner->batched;
	vxc_assign(assigner->centroids, &inputs, assigner->scratch, lists, NULL);
	for (int i = 0; i < assigner->batched; i++)
		ivfflat_sort_row(assigner, i, lists[i]);
	assigner->batched = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(assigner->row_context);
}

/*
 * Callback of the table scan: put a row into the batch.
 */
void
ivfflat_assign_row(Relation relation, ItemPointer tid, Datum *values,
				   bool *isnull, bool tuple_is_alive, void *state)
{
	IvfflatAssigner *assigner = (IvfflatAssigner *) state;
	const IvfflatIndex *index = assigner->index;
	int			i = assigner->batched;
	MemoryContext old;
	VxIndexValue value;

	if (isnull[0])
		return;
	old = MemoryContextSwitchTo(assigner->row_context);
	vxi_value(index->opclass, (int) index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(values[0])), &value);
	if (value.indexed)
	{
		assigner->tids[i] = *tid;
		memcpy(assigner->images + i * assigner->image_bytes, value.image,
			   assigner->image_bytes);
		memcpy(assigner->elements + i * assigner->element_bytes, value.elements,
			   assigner->element_bytes);
		assigner->batched++;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(assigner->row_context);
	if (assigner->batched == VXC_BATCH)
		ivfflat_assign_batch(assigner);
}

/*
 * Assign what is left, and give back what is not needed to read the sort.
 */
void
ivfflat_assigner_finish(IvfflatAssigner *assigner)
{
	if (assigner->batched > 0)
		ivfflat_assign_batch(assigner);
	ExecDropSingleTupleTableSlot(assigner->slot);
	pfree(assigner->scratch);
	pfree(assigner->images);
	pfree(assigner->elements);
	pfree(assigner->row);
	MemoryContextDelete(assigner->row_context);
}
