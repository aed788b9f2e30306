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
 * An empty spool for rows of the given size, in the current memory context.
 */
VxSpool *
vxb_spool_create(Size element_bytes)
{
	VxSpool    *spool = palloc0_object(VxSpool);

	StaticAssertStmt(sizeof(ItemPointerData) <= VX_SPOOL_ELEMENTS,
					 "heap TID must fit before the elements");
	Assert(element_bytes > 0);

	spool->file = BufFileCreateTemp(false);
	spool->element_bytes = element_bytes;
	spool->row_bytes = VX_SPOOL_ELEMENTS + MAXALIGN(element_bytes);
	spool->row = palloc0(spool->row_bytes);
	return spool;
}

/*
 * Append a row.  Rows are numbered from 0; more than UINT32_MAX - 1 of them
 * is an error.
 */
void
vxb_spool_append(VxSpool *spool, const ItemPointerData *tid,
				 const void *elements)
{
	if (spool->count == PG_UINT32_MAX - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot index more than %u rows", PG_UINT32_MAX - 1),
				 errhint("Partition the table, or create partial indexes.")));

	memcpy(spool->row, tid, sizeof(*tid));
	memcpy(spool->row + VX_SPOOL_ELEMENTS, elements, spool->element_bytes);
	BufFileWrite(spool->file, spool->row, spool->row_bytes);
	spool->count++;
}

static const void *
vxb_spool_fetch(VxSpool *spool, ItemPointerData *tid)
{
	if (BufFileRead(spool->file, spool->row, spool->row_bytes) != spool->row_bytes)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from the temporary file of an index build: %m"),
				 errhint("Check the disk that holds temporary files, then run CREATE INDEX again.")));
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
 * Read the row with the given number.
 */
const void *
vxb_spool_read(VxSpool *spool, uint32 number, ItemPointerData *tid)
{
	Assert(number < spool->count);
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
