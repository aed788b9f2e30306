/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  The rows of a build, in temporary files between heap and index.
 *
 * A build needs its rows three times: for the mean that codes are relative
 * to, for the codes, and for the vectors in the order that packing decides.
 * Reading the heap three times would detoast three times; the files are
 * written and first read in order, and count against temp_file_limit.
 *
 * Each participant of a build writes a part of its own.  When all have shared
 * theirs, each can read all: rows are numbered through the parts in order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>

#include "compat.h"
#include "am/common/spool.h"

/* Start of the elements in a row; keeps them aligned for floats. */
#define VX_SPOOL_ELEMENTS	8

/* Rows of varying length from one mark to the next. */
#define VX_SPOOL_MARK_ROWS	64

/* Where a row of varying length begins. */
typedef struct VxSpoolMark
{
	int64		offset;
	int64		file;
} VxSpoolMark;

static BufFile *
vxb_spool_file(VxSpool *spool, const char *kind, int part, bool create)
{
	char		name[64];

	if (spool->fileset == NULL)
		return BufFileCreateTemp(false);
	snprintf(name, sizeof(name), "vectorx.%s.%d", kind, part);
	return create ? BufFileCreateFileSet(&spool->fileset->fs, name) :
		BufFileOpenFileSet(&spool->fileset->fs, name, O_RDONLY, false);
}

/*
 * An empty spool for rows of the given size, in the current memory context.  0
 * lets each row have a length of its own, which is written before it.
 *
 * own is this participant's number among so many; the file set is theirs in
 * common, and NULL if there is one alone.
 */
VxSpool *
vxb_spool_create(Size element_bytes, SharedFileSet *fileset, int participants,
				 int own)
{
	VxSpool    *spool = palloc0_object(VxSpool);

	StaticAssertStmt(sizeof(ItemPointerData) <= VX_SPOOL_ELEMENTS,
					 "heap TID must fit before the elements");
	Assert(own >= 0 && own < participants);
	Assert(fileset != NULL || participants == 1);

	spool->fileset = fileset;
	spool->parts = palloc0_array(VxSpoolPart, participants);
	spool->part_count = participants;
	spool->own = own;
	spool->element_bytes = element_bytes;
	spool->row_bytes = VX_SPOOL_ELEMENTS + MAXALIGN(element_bytes);
	spool->room = spool->row_bytes;
	spool->row = palloc0(spool->room);
	spool->parts[own].file = vxb_spool_file(spool, "rows", own, true);
	if (element_bytes == 0)
		spool->parts[own].marks = vxb_spool_file(spool, "marks", own, true);
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

/* Note where the next row of varying length will begin. */
static void
vxb_spool_mark(VxSpoolPart *part)
{
	VxSpoolMark mark;
	int			file;
	off_t		offset;

	if (part->count % VX_SPOOL_MARK_ROWS != 0)
		return;
	BufFileTell(part->file, &file, &offset);
	mark.file = file;
	mark.offset = offset;
	BufFileWrite(part->marks, &mark, sizeof(mark));
}

/*
 * Append a row of so many bytes of elements, as many as the spool was created
 * for unless lengths vary.
 */
void
vxb_spool_append(VxSpool *spool, const ItemPointerData *tid,
				 const void *elements, Size bytes)
{
	VxSpoolPart *part = &spool->parts[spool->own];
	uint32		length = (uint32) (VX_SPOOL_ELEMENTS + MAXALIGN(bytes));

	Assert(spool->element_bytes == 0 || spool->element_bytes == bytes);
	vxb_spool_reserve(spool, length);
	memcpy(spool->row, tid, sizeof(*tid));
	memcpy(spool->row + VX_SPOOL_ELEMENTS, elements, bytes);
	if (spool->element_bytes == 0)
	{
		vxb_spool_mark(part);
		BufFileWrite(part->file, &length, sizeof(length));
	}
	BufFileWrite(part->file, spool->row, length);
	part->count++;
}

/*
 * Let the other participants read this one's rows; no more may be appended.
 */
void
vxb_spool_share(VxSpool *spool)
{
	VxSpoolPart *part = &spool->parts[spool->own];

	if (spool->fileset == NULL)
		return;
	BufFileExportFileSet(part->file);
	if (part->marks != NULL)
		BufFileExportFileSet(part->marks);
}

/*
 * Begin to read, once all participants have shared their rows: counts are those
 * of each.  More than UINT32_MAX - 1 rows in all are an error.
 */
void
vxb_spool_join(VxSpool *spool, const uint32 *counts)
{
	uint64		total = 0;

	for (int i = 0; i < spool->part_count; i++)
	{
		VxSpoolPart *part = &spool->parts[i];

		Assert(i != spool->own || part->count == counts[i]);
		part->first = (uint32) total;
		part->count = counts[i];
		total += counts[i];
		if (total >= PG_UINT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("cannot index more than %u rows", PG_UINT32_MAX - 1),
					 errhint("Partition the table, or create partial indexes.")));
		if (part->file == NULL && part->count > 0)
		{
			part->file = vxb_spool_file(spool, "rows", i, false);
			if (spool->element_bytes == 0)
				part->marks = vxb_spool_file(spool, "marks", i, false);
		}
	}
	spool->count = (uint32) total;
	if (spool->count > 0)
		vxb_spool_seek(spool, 0);
}

static void
vxb_spool_read_bytes(BufFile *file, void *bytes, Size count)
{
	if (BufFileRead(file, bytes, count) != count)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from the temporary file of an index build: %m"),
				 errhint("Check the disk that holds temporary files, then run CREATE INDEX again.")));
}

static void
vxb_spool_position(BufFile *file, int number, off_t offset)
{
	if (BufFileSeek(file, number, offset, SEEK_SET) != 0)
		elog(ERROR, "could not seek in the temporary file of an index build");
}

/*
 * Read the next row.  The elements are valid until the next call.
 */
const void *
vxb_spool_next(VxSpool *spool, ItemPointerData *tid)
{
	VxSpoolPart *part = &spool->parts[spool->current];
	uint32		length = (uint32) spool->row_bytes;

	Assert(spool->next < spool->count);
	if (spool->next - part->first >= part->count)
	{
		vxb_spool_seek(spool, spool->next);
		part = &spool->parts[spool->current];
	}
	if (spool->element_bytes == 0)
		vxb_spool_read_bytes(part->file, &length, sizeof(length));
	vxb_spool_reserve(spool, length);
	vxb_spool_read_bytes(part->file, spool->row, length);
	spool->next++;
	if (tid != NULL)
		memcpy(tid, spool->row, sizeof(*tid));
	return spool->row + VX_SPOOL_ELEMENTS;
}

/*
 * Position before the row with the given number.
 */
void
vxb_spool_seek(VxSpool *spool, uint32 number)
{
	int			i = 0;
	uint32		inside;

	Assert(number < spool->count);
	while (number - spool->parts[i].first >= spool->parts[i].count)
		i++;
	Assert(i < spool->part_count);
	inside = number - spool->parts[i].first;
	spool->current = i;
	spool->next = number;
	if (spool->element_bytes > 0)
		vxb_spool_position(spool->parts[i].file, 0, (off_t) inside * spool->row_bytes);
	else
	{
		VxSpoolMark mark;

		vxb_spool_position(spool->parts[i].marks, 0,
						   (off_t) (inside / VX_SPOOL_MARK_ROWS) * sizeof(mark));
		vxb_spool_read_bytes(spool->parts[i].marks, &mark, sizeof(mark));
		vxb_spool_position(spool->parts[i].file, (int) mark.file, (off_t) mark.offset);
		spool->next -= inside % VX_SPOOL_MARK_ROWS;
		while (spool->next < number)
			(void) vxb_spool_next(spool, NULL);
	}
}

/*
 * Read the row with the given number.
 */
const void *
vxb_spool_read(VxSpool *spool, uint32 number, ItemPointerData *tid)
{
	if (number != spool->next || spool->count == 0)
		vxb_spool_seek(spool, number);
	return vxb_spool_next(spool, tid);
}

void
vxb_spool_close(VxSpool *spool)
{
	for (int i = 0; i < spool->part_count; i++)
	{
		if (spool->parts[i].file != NULL)
			BufFileClose(spool->parts[i].file);
		if (spool->parts[i].marks != NULL)
			BufFileClose(spool->parts[i].marks);
	}
	pfree(spool->parts);
	pfree(spool->row);
	pfree(spool);
}
