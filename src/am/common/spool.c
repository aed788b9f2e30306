/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  The rows of a build, in a temporary file between heap and index.
 *
 * A build needs its rows three times: for the mean that codes are relative
 * to, for the codes, and for the vectors in the order that packing decides.
 * Reading the heap three times would detoast three times; the file is
 * written and first read in order, and counts against temp_file_limit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/spool.h"

/* Start of the elements in a row; keeps them aligned for floats. */
#define VX_SPOOL_ELEMENTS	8

/*
 * An empty spool for rows of the given size, in the current memory context.  0
 * lets each row have a length of its own, which is written before it; such rows
 * can be read in order only.
 */
VxSpool *
vxb_spool_create(Size element_bytes)
{
	VxSpool    *spool = palloc0_object(VxSpool);

	StaticAssertStmt(sizeof(ItemPointerData) <= VX_SPOOL_ELEMENTS,
					 "heap TID must fit before the elements");
	spool->file = BufFileCreateTemp(false);
	spool->element_bytes = element_bytes;
	spool->row_bytes = VX_SPOOL_ELEMENTS + MAXALIGN(element_bytes);
	spool->room = spool->row_bytes;
	spool->row = palloc0(spool->room);
	return spool;
}

/* Make room for a row of so many bytes. */
static void
vxb_spool_reserve(VxSpool *spool, Size bytes)
{
	if (bytes <= spool->room)
		return;
	spool->room = Max(bytes, 2 * spool->room);
	spool->row = repalloc(spool->row, spool->room);
}

/*
 * Append a row of so many bytes of elements, as many as the spool was created
 * for unless lengths vary.  Rows are numbered from 0; more than UINT32_MAX - 1
 * of them is an error.
 */
void
vxb_spool_append(VxSpool *spool, const ItemPointerData *tid,
				 const void *elements, Size bytes)
{
	uint32		length = (uint32) (VX_SPOOL_ELEMENTS + MAXALIGN(bytes));

	Assert(spool->element_bytes == 0 || spool->element_bytes == bytes);
	if (spool->count == PG_UINT32_MAX - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot index more than %u rows", PG_UINT32_MAX - 1),
				 errhint("Partition the table, or create partial indexes.")));

	vxb_spool_reserve(spool, length);
	memcpy(spool->row, tid, sizeof(*tid));
	memcpy(spool->row + VX_SPOOL_ELEMENTS, elements, bytes);
	if (spool->element_bytes == 0)
		BufFileWrite(spool->file, &length, sizeof(length));
	BufFileWrite(spool->file, spool->row, length);
	spool->count++;
}

static void
vxb_spool_read_bytes(VxSpool *spool, void *bytes, Size count)
{
	if (BufFileRead(spool->file, bytes, count) != count)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from the temporary file of an index build: %m"),
				 errhint("Check the disk that holds temporary files, then run CREATE INDEX again.")));
}

static const void *
vxb_spool_fetch(VxSpool *spool, ItemPointerData *tid)
{
	uint32		length = (uint32) spool->row_bytes;

	if (spool->element_bytes == 0)
		vxb_spool_read_bytes(spool, &length, sizeof(length));
	vxb_spool_reserve(spool, length);
	vxb_spool_read_bytes(spool, spool->row, length);
	if (tid != NULL)
		memcpy(tid, spool->row, sizeof(*tid));
	return spool->row + VX_SPOOL_ELEMENTS;
}

/* Position before the first row. */
void
vxb_spool_rewind(VxSpool *spool)
{
	if (BufFileSeek(spool->file, 0, 0, SEEK_SET) != 0)
		elog(ERROR, "could not rewind the temporary file of an index build");
}

/*
 * Read the next row.  The elements are valid until the next call.
 */
const void *
vxb_spool_next(VxSpool *spool, ItemPointerData *tid)
{
	return vxb_spool_fetch(spool, tid);
}

/*
 * Read the row with the given number, of a spool whose rows have one length.
 */
const void *
vxb_spool_read(VxSpool *spool, uint32 number, ItemPointerData *tid)
{
	Assert(number < spool->count && spool->element_bytes > 0);
	if (BufFileSeek(spool->file, 0, (off_t) number * spool->row_bytes, SEEK_SET) != 0)
		elog(ERROR, "could not seek in the temporary file of an index build");
	return vxb_spool_fetch(spool, tid);
}

void
vxb_spool_close(VxSpool *spool)
{
	BufFileClose(spool->file);
	pfree(spool->row);
	pfree(spool);
}
