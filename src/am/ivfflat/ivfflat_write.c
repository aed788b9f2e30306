/*-------------------------------------------------------------------------
 *
 * ivfflat_write.c
 *	  Write the pages of an ivfflat index that is being built.
 *
 * The directory comes first, then the lists one behind the other, each on pages
 * of its own, then the vectors as one stream in the same order.  As the sizes of
 * all lists are known, so is every block number before anything is written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_build.h"
#include "base/slot.h"

/* Rows between two reports of progress. */
#define IVFFLAT_PROGRESS_ROWS	256

/* Pages of a list of so many rows. */
static uint32
ivfflat_list_pages(const IvfflatIndex *index, uint32 rows)
{
	uint32		slots = index->meta.geometry.slots;

	return rows / slots + (rows % slots != 0);
}

/*
 * Write metapage, mean and directory.  counts are the rows that each list is going
 * to have; NULL if there are none.
 */
void
ivfflat_write_directory(IvfflatIndex *index, ForkNumber fork,
						const uint8 *centres, const float *mean,
						const uint32 *counts)
{
	VxListMeta *meta = &index->meta;
	Size		centre_bytes = meta->data.centre_bytes;
	BlockNumber head;

	vxp_list_meta_create(index->relation, fork, meta, mean);
	head = VX_META_BLOCK + 1 + meta->data.mean_pages + meta->directory_pages;
	for (uint32 first = 0; first < meta->data.lists; first += meta->per_page)
	{
		uint32		count = Min(meta->per_page, meta->data.lists - first);
		VxPageTransaction transaction;
		BlockNumber block;
		Page		page;

		vxp_begin_fork(&transaction, index->relation, fork, VX_PAGES_BUILD);
		page = vxp_edit_new(&transaction, VX_PAGE_DIRECTORY, 0, &block);
		Assert(block == vxp_directory_block(meta, first));
		for (uint32 i = 0; i < count; i++)
		{
			uint32		pages = counts == NULL ? 0 :
				ivfflat_list_pages(index, counts[first + i]);

			vxp_directory_heads(page)[i] = pages == 0 ? InvalidBlockNumber : head;
			head += pages;
		}
		memcpy(vxp_directory_centres(page, meta->per_page),
			   centres + first * centre_bytes, count * centre_bytes);
		vxp_commit(&transaction);
	}
}

/*
 * The list page that is being filled, in memory, so that no lock is held between
 * rows; and where the next ones go.
 */
typedef struct IvfflatWriter
{
	IvfflatIndex *index;
	PGAlignedBlock image;
	Page		page;			/* of the image, or NULL: none begun */
	BlockNumber block;			/* of the page, or of the next one */
	uint32		list;
	uint32		left;			/* rows of the list not yet written */
	VxVectorStream vectors;
} IvfflatWriter;

/*
 * Begin the next page of the list.
 */
static void
ivfflat_begin_page(IvfflatWriter *writer, uint32 sequence)
{
	const VxListGeometry *geometry = &writer->index->meta.geometry;
	VxPageOpaqueData *opaque;

	Assert(writer->page == NULL && writer->left > 0);
	writer->page = (Page) writer->image.data;
	vxp_init_page(writer->page, VX_PAGE_LIST, 0);
	vxp_list_init(writer->page, geometry, writer->list, sequence);
	if (writer->left > geometry->slots)
	{
		vxp_list_header(writer->page)->next.block = writer->block + 1;
		vxp_list_header(writer->page)->next.sequence = sequence + 1;
	}
	opaque = vxp_opaque(writer->page);
	if (geometry->vectors.vector_bytes > 0)
	{
		opaque->vector_start = writer->vectors.block;
		opaque->vector_offset = (uint16) writer->vectors.filled;
	}
}

/*
 * Finish the page.
 */
static void
ivfflat_end_page(IvfflatWriter *writer)
{
	Assert(writer->page != NULL && vxp_opaque(writer->page)->used_slots > 0);
	vxp_opaque(writer->page)->built_slots = vxp_opaque(writer->page)->used_slots;
	vxp_write_reserved(writer->index->relation, writer->block, writer->page);
	writer->page = NULL;
	writer->block++;
}

/*
 * Put a row into the next slot of its list.
 */
static void
ivfflat_write_row(IvfflatWriter *writer, uint64 tid, const uint8 *row)
{
	const IvfflatIndex *index = writer->index;
	const VxListGeometry *geometry = &index->meta.geometry;
	uint32		vector_bytes = index->meta.data.vector_bytes;
	int			slot = vxp_opaque(writer->page)->used_slots;

	Assert(slot < geometry->slots);
	ivfflat_put_code(index, writer->page, slot, row);
	*vxp_list_tid(writer->page, geometry, slot) = vxi_tid_from_uint64(tid);
	vxp_list_state(writer->page, geometry)[slot] = VX_SLOT_LIVE;
	vxp_opaque(writer->page)->used_slots++;
	writer->left--;
	if (vector_bytes > 0)
		vxp_stream_put(&writer->vectors, row + index->meta.data.row_bytes, vector_bytes);
}

/*
 * Write one row of the sort; rows of a list come one behind the other.
 */
static void
ivfflat_write_next(IvfflatWriter *writer, const uint32 *counts, TupleTableSlot *slot)
{
	bool		isnull;
	uint32		list = (uint32) DatumGetInt32(slot_getattr(slot, 1, &isnull));
	uint64		tid = (uint64) DatumGetInt64(slot_getattr(slot, 2, &isnull));
	bytea	   *row = DatumGetByteaPP(slot_getattr(slot, 3, &isnull));

	Assert(list < writer->index->meta.data.lists);
	Assert(VARSIZE_ANY_EXHDR(row) ==
		   writer->index->meta.data.row_bytes + writer->index->meta.data.vector_bytes);
	if (writer->page != NULL && writer->list != list)
		ivfflat_end_page(writer);
	if (writer->page == NULL)
	{
		writer->list = list;
		writer->left = counts[list];
		ivfflat_begin_page(writer, 0);
	}
	else if (vxp_opaque(writer->page)->used_slots == writer->index->meta.geometry.slots)
	{
		uint32		sequence = vxp_list_header(writer->page)->sequence;

		ivfflat_end_page(writer);
		ivfflat_begin_page(writer, sequence + 1);
	}
	ivfflat_write_row(writer, tid, (const uint8 *) VARDATA_ANY(row));
}

/*
 * Write all lists, behind the directory, from a sort that was performed; returns
 * the number of rows.  Phase "loading tuples".
 */
double
ivfflat_write_lists(IvfflatIndex *index, const uint32 *counts, Tuplesortstate *sort)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(ivfflat_sort_columns(),
													&TTSOpsMinimalTuple);
	IvfflatWriter writer;
	BlockNumber pages = 0;
	int64		rows = 0;

	for (uint32 list = 0; list < index->meta.data.lists; list++)
		pages += ivfflat_list_pages(index, counts[list]);
	memset(&writer, 0, sizeof(writer));
	writer.index = index;
	writer.block = vxp_reserve(index->relation, pages);
	vxp_stream_begin(&writer.vectors, index->relation, writer.block + pages);
	while (tuplesort_gettupleslot(sort, true, false, slot, NULL))
	{
		ivfflat_write_next(&writer, counts, slot);
		if (++rows % IVFFLAT_PROGRESS_ROWS == 0)
			pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, rows);
		CHECK_FOR_INTERRUPTS();
	}
	if (writer.page != NULL)
		ivfflat_end_page(&writer);
	vxp_stream_end(&writer.vectors);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, rows);
	ExecDropSingleTupleTableSlot(slot);
	return (double) rows;
}
