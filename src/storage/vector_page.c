/*-------------------------------------------------------------------------
 *
 * vector_page.c
 *	  Full vectors, beside the pages of slots they belong to.
 *
 * A vector is read after the lock on its slot's page was released.  Its slot
 * may have been reused meanwhile, but then VACUUM removed its heap TID first,
 * which no running snapshot can see: the bytes read are then of no
 * consequence.  See "Locks" in storage/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/freespace.h"

#include "compat.h"
#include "storage/vector_page.h"

/* Space that is recorded of a page that can take one more vector: see below. */
#define VX_ADDED_ROOM		(BLCKSZ / 4)

/* Pages that are tried for room for a vector before one is added. */
#define VX_ADDED_TRIED		3

StaticAssertDecl(sizeof(VxVectorOwnerData) == 8, "owners take 8 bytes");

/*
 * Prepare a new page of slots: no vector has a place yet.
 */
void
vxp_vector_init(Page page, const VxVectorLayout *layout)
{
	if (layout->vector_bytes > 0)
		memset(vxp_vector_blocks(page, layout), 0xFF, layout->slots * sizeof(BlockNumber));
}

/*
 * Where in the built stream the vector of a slot lies.
 */
static void
vxp_built_place(const VxVectorLayout *layout, BlockNumber start, uint16 offset,
				int slot, VxVectorPlace *place)
{
	uint32		position = offset + slot * layout->vector_bytes;

	Assert(slot >= 0 && slot < layout->slots && layout->vector_bytes > 0);
	place->bytes = layout->vector_bytes;
	place->added = false;
	place->offset = position % VX_PAGE_CONTENTS;
	place->first_bytes = Min(place->bytes, VX_PAGE_CONTENTS - place->offset);
	place->block[0] = start + position / VX_PAGE_CONTENTS;
	place->block[1] = place->first_bytes < place->bytes ? place->block[0] + 1 :
		InvalidBlockNumber;
}

/*
 * Forget all runs.
 */
void
vxp_runs_init(VxVectorRuns *runs)
{
	for (int i = 0; i < VX_VECTOR_RUNS; i++)
		runs->run[i].page = InvalidBlockNumber;
}

/*
 * Remember where the built vectors of a verified page of slots begin.
 */
void
vxp_runs_note(VxVectorRuns *runs, BlockNumber block, Page page)
{
	const VxPageOpaqueData *opaque = vxp_opaque(page);
	VxBuiltRun *run = &runs->run[block % VX_VECTOR_RUNS];

	run->page = block;
	run->start = opaque->vector_start;
	run->offset = opaque->vector_offset;
	run->slots = opaque->built_slots;
}

/*
 * The place of a slot's vector without a look at its page; false if that was not
 * met lately, or the vector was added after the build.
 */
bool
vxp_runs_locate(const VxVectorRuns *runs, const VxVectorLayout *layout,
				BlockNumber block, int slot, VxVectorPlace *place)
{
	const VxBuiltRun *run = &runs->run[block % VX_VECTOR_RUNS];

	if (run->page != block || slot >= run->slots)
		return false;
	place->slot = (uint16) slot;
	place->owner = block;
	vxp_built_place(layout, run->start, run->offset, slot, place);
	return true;
}

/*
 * Compute where the vector of a slot lies, whose page is that of the given
 * block.  Block numbers may be InvalidBlockNumber where no page has been
 * allocated yet; returns whether all are there.
 */
bool
vxp_vector_locate(Page page, const VxVectorLayout *layout,
				  BlockNumber block, int slot, VxVectorPlace *place)
{
	const VxPageOpaqueData *opaque = vxp_opaque(page);

	Assert(slot >= 0 && slot < layout->slots && layout->vector_bytes > 0);

	place->slot = (uint16) slot;
	place->owner = block;
	if (slot >= opaque->built_slots)
	{
		place->added = true;
		place->bytes = layout->vector_bytes;
		place->block[1] = InvalidBlockNumber;
		place->block[0] = vxp_vector_blocks(page, layout)[slot];
		place->offset = 0;
		place->first_bytes = place->bytes;
		return place->block[0] != InvalidBlockNumber;
	}

	vxp_built_place(layout, opaque->vector_start, opaque->vector_offset, slot, place);
	return true;
}

/*
 * Whether a page of added vectors has as many as it has owners of them.
 */
bool
vxp_added_is_sane(Page page, uint32 vector_bytes)
{
	const PageHeaderData *header = (const PageHeaderData *) page;

	return (header->pd_special - header->pd_upper) % sizeof(VxVectorOwnerData) == 0 &&
		header->pd_lower == MAXALIGN(SizeOfPageHeaderData) +
		vxp_added_count(page) * vector_bytes;
}

/*
 * Which vector of a sane page of added ones is that of a slot; -1 if none is.
 */
int
vxp_added_find(Page page, BlockNumber block, int slot)
{
	int			count = vxp_added_count(page);

	for (int i = 0; i < count; i++)
	{
		const VxVectorOwnerData *owner = vxp_added_owner(page, i);

		if (owner->block == block && owner->slot == slot)
			return i;
	}
	return -1;
}

/*
 * Where in the contents of a locked page the added vector of a slot begins.
 */
static Size
vxp_added_offset(Relation index, Buffer buffer, const VxVectorPlace *place)
{
	Page		page = BufferGetPage(buffer);
	int			number = -1;

	if (vxp_added_is_sane(page, place->bytes))
		number = vxp_added_find(page, place->owner, place->slot);
	if (number < 0)
		vxp_report_damage(index, place->owner,
						  "It places a vector on a page that does not have it.");
	return (Size) number * place->bytes;
}

/* Copy an added vector out of its page. */
static void
vxp_added_read(VxReader *reader, const VxVectorPlace *place, void *vector)
{
	Buffer		buffer = vxp_reader_open(reader, place->block[0], VX_PAGE_ADDED);
	Size		offset = vxp_added_offset(reader->index, buffer, place);

	Assert(offset + place->bytes <= VX_PAGE_CONTENTS);
	memcpy(vector, PageGetContents(BufferGetPage(buffer)) + offset, place->bytes);
	UnlockReleaseBuffer(buffer);
}

static void
vxp_vector_read_part(VxReader *reader, BlockNumber block, uint32 offset,
					 void *part, uint32 bytes)
{
	Buffer		buffer = vxp_reader_open(reader, block, VX_PAGE_VECTOR);

	Assert(offset + bytes <= VX_PAGE_CONTENTS);
	memcpy(part, PageGetContents(BufferGetPage(buffer)) + offset, bytes);
	UnlockReleaseBuffer(buffer);
}

/*
 * Copy a vector out of its page or pages.
 */
void
vxp_vector_read(VxReader *reader, const VxVectorPlace *place, void *vector)
{
	Assert(place->first_bytes > 0 && place->first_bytes <= place->bytes);
	if (place->added)
	{
		vxp_added_read(reader, place, vector);
		return;
	}
	vxp_vector_read_part(reader, place->block[0], place->offset, vector,
						 place->first_bytes);
	if (place->first_bytes < place->bytes)
		vxp_vector_read_part(reader, place->block[1], 0,
							 (char *) vector + place->first_bytes,
							 place->bytes - place->first_bytes);
}

/*
 * A vector page that a page of slots refers to, locked exclusively.  A damaged
 * block number could name a page that the transaction has locked already, which
 * must not be waited for.
 */
static Buffer
vxp_vector_lock(VxPageTransaction *transaction, BlockNumber block, VxPageKind kind)
{
	if (block >= RelationGetNumberOfBlocks(transaction->index))
		vxp_report_damage(transaction->index,
						  BufferGetBlockNumber(transaction->buffers[0]),
						  "It places a vector beyond the end of the index.");
	for (int i = 0; i < transaction->count; i++)
	{
		if (BufferGetBlockNumber(transaction->buffers[i]) == block)
			vxp_report_damage(transaction->index, block,
							  "A page places a vector on a page that is not for it.");
	}
	return vxp_read(transaction->index, block, kind, BUFFER_LOCK_EXCLUSIVE);
}

/*
 * Try a page for room for one more added vector.  Only conditional locks are
 * taken: clients that insert at once then use different pages.  *is_free tells
 * whether it is a page for vxp_edit_new() instead.
 */
static Buffer
vxp_added_try(Relation index, BlockNumber block, uint32 vector_bytes, bool *is_free)
{
	Size		wanted = vector_bytes + sizeof(VxVectorOwnerData);
	Buffer		buffer;
	Page		page;

	*is_free = false;
	if (block == InvalidBlockNumber || block >= RelationGetNumberOfBlocks(index))
		return InvalidBuffer;
	buffer = ReadBuffer(index, block);
	if (ConditionalLockBuffer(buffer))
	{
		page = BufferGetPage(buffer);
		*is_free = PageIsNew(page) || vxp_page_is_valid(page, VX_PAGE_FREE);
		if (vxp_page_is_valid(page, VX_PAGE_ADDED) &&
			vxp_added_is_sane(page, vector_bytes) && PageGetExactFreeSpace(page) >= wanted)
			return buffer;
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	}
	ReleaseBuffer(buffer);
	return InvalidBuffer;
}

/*
 * A page with room for one more added vector: the one this backend used last,
 * else one that the free space map knows.
 *
 * The map has two kinds of pages: those of zeros and free ones, which
 * vxp_edit_new() asks for by half a page, and those here, which are recorded with
 * a quarter whatever room they have, so that it does not get them.
 */
static Buffer
vxp_added_room(VxPageTransaction *transaction, uint32 vector_bytes)
{
	Relation	index = transaction->index;
	BlockNumber block = RelationGetTargetBlock(index);
	bool		is_free;
	Buffer		buffer = vxp_added_try(index, block, vector_bytes, &is_free);

	if (BufferIsValid(buffer) || transaction->mode == VX_PAGES_BUILD ||
		2 * (vector_bytes + sizeof(VxVectorOwnerData)) > VX_PAGE_CONTENTS)
		return buffer;
	if (block == InvalidBlockNumber)
		block = GetPageWithFreeSpace(index, VX_ADDED_ROOM);
	else
		block = RecordAndGetPageWithFreeSpace(index, block, 0, VX_ADDED_ROOM);
	for (int tried = 0; tried < VX_ADDED_TRIED && block != InvalidBlockNumber; tried++)
	{
		buffer = vxp_added_try(index, block, vector_bytes, &is_free);
		if (BufferIsValid(buffer) || is_free)
			break;
		block = RecordAndGetPageWithFreeSpace(index, block, 0, VX_ADDED_ROOM);
	}
	return buffer;
}

/*
 * Let others know of a new page of added vectors that has room for more.
 */
static void
vxp_added_announce(VxPageTransaction *transaction, Page page, BlockNumber block,
				   uint32 vector_bytes)
{
	RelationSetTargetBlock(transaction->index, block);
	if (transaction->mode == VX_PAGES_BUILD ||
		PageGetExactFreeSpace(page) < vector_bytes + sizeof(VxVectorOwnerData))
		return;
	RecordPageWithFreeSpace(transaction->index, block, VX_ADDED_ROOM);

	/* other backends begin their search at the top of the map */
	FreeSpaceMapVacuumRange(transaction->index, block, block + 1);
}

/*
 * Add the vector of a slot that has no place yet.  Takes one page into the
 * transaction; returns its block.
 */
static BlockNumber
vxp_added_append(VxPageTransaction *transaction, const VxVectorPlace *place,
				 const void *vector)
{
	Buffer		buffer = vxp_added_room(transaction, place->bytes);
	bool		is_new = !BufferIsValid(buffer);
	BlockNumber block;
	Page		page;
	int			number;

	if (is_new)
	{
		page = vxp_edit_new(transaction, VX_PAGE_ADDED, 0, &block);
		vxp_open_page(page, MAXALIGN(SizeOfPageHeaderData));
	}
	else
	{
		block = BufferGetBlockNumber(buffer);
		page = vxp_edit(transaction, buffer);
	}
	number = vxp_added_count(page);
	memcpy((char *) page + ((PageHeader) page)->pd_lower, vector, place->bytes);
	((PageHeader) page)->pd_lower += place->bytes;
	((PageHeader) page)->pd_upper -= sizeof(VxVectorOwnerData);
	vxp_added_owner(page, number)->block = place->owner;
	vxp_added_owner(page, number)->slot = place->slot;
	vxp_added_owner(page, number)->unused = 0;
	Assert(vxp_added_is_sane(page, place->bytes));
	if (is_new)
		vxp_added_announce(transaction, page, block, place->bytes);
	return block;
}

/*
 * Take the vectors of the page of slots `owner`, which is to be given back, off a
 * page of added ones.  One WAL record if it has any.  True if the page is a free
 * one then.  VACUUM records its room.
 */
bool
vxp_added_drop(Relation index, BlockNumber block, BlockNumber owner,
			   uint32 vector_bytes)
{
	Buffer		buffer = vxp_read_unverified(index, block, BUFFER_LOCK_EXCLUSIVE);
	Page		page = BufferGetPage(buffer);
	VxPageTransaction transaction;
	int			count;
	int			kept = 0;

	if (!vxp_page_is_valid(page, VX_PAGE_ADDED) || !vxp_added_is_sane(page, vector_bytes))
	{
		UnlockReleaseBuffer(buffer);
		return false;
	}
	count = vxp_added_count(page);
	vxp_begin(&transaction, index, VX_PAGES_LOGGED);
	page = vxp_edit(&transaction, buffer);
	for (int i = 0; i < count; i++)
	{
		if (vxp_added_owner(page, i)->block == owner)
			continue;
		memmove(PageGetContents(page) + kept * vector_bytes,
				PageGetContents(page) + i * vector_bytes, vector_bytes);
		*vxp_added_owner(page, kept++) = *vxp_added_owner(page, i);
	}
	if (kept == count)
	{
		vxp_abort(&transaction);
		return false;
	}
	((PageHeader) page)->pd_lower -= (count - kept) * vector_bytes;
	((PageHeader) page)->pd_upper += (count - kept) * sizeof(VxVectorOwnerData);
	if (kept == 0)
		vxp_make_free(page);
	vxp_commit(&transaction);
	if (kept > 0)
		RecordPageWithFreeSpace(index, block, VX_ADDED_ROOM);
	return kept == 0;
}

/*
 * Write the vector of a slot that a build filled, which may be on two pages.
 */
static void
vxp_built_write(VxPageTransaction *transaction, const VxVectorPlace *place,
				const void *vector)
{
	Buffer		buffer = vxp_vector_lock(transaction, place->block[0], VX_PAGE_VECTOR);
	Page		page = vxp_edit(transaction, buffer);

	memcpy(PageGetContents(page) + place->offset, vector, place->first_bytes);
	if (place->first_bytes == place->bytes)
		return;
	buffer = vxp_vector_lock(transaction, place->block[1], VX_PAGE_VECTOR);
	page = vxp_edit(transaction, buffer);
	memcpy(PageGetContents(page), (const char *) vector + place->first_bytes,
		   place->bytes - place->first_bytes);
}

/*
 * Write the vector of a slot whose page (an image of the same
 * transaction) is locked exclusively; block is that page's.  Takes one or two
 * more pages into the transaction.  A slot that is reused has its vector where
 * the old one was.
 *
 * Lock order: page of slots before vector pages, built vector pages in stream order.
 */
void
vxp_vector_write(VxPageTransaction *transaction, Page slot_page,
				 const VxVectorLayout *layout, int slot, const void *vector)
{
	BlockNumber owner = vxp_block_of(transaction, slot_page);
	VxVectorPlace place;

	Assert(transaction->count >= 1 && transaction->count <= VX_TRANSACTION_PAGES - 2);
	if (!vxp_vector_locate(slot_page, layout, owner, slot, &place))
		vxp_vector_blocks(slot_page, layout)[slot] =
			vxp_added_append(transaction, &place, vector);
	else if (place.added)
	{
		Buffer		buffer = vxp_vector_lock(transaction, place.block[0], VX_PAGE_ADDED);
		Size		offset = vxp_added_offset(transaction->index, buffer, &place);

		memcpy(PageGetContents(vxp_edit(transaction, buffer)) + offset, vector,
			   place.bytes);
	}
	else
		vxp_built_write(transaction, &place, vector);
}

/*
 * Whether the vector of a slot equals another, bit for bit.  The graph page is
 * locked, so that the slot cannot be given to another node meanwhile.
 */
bool
vxp_vector_equals(VxReader *reader, const VxVectorPlace *place, const void *vector)
{
	char	   *stored = (char *) palloc(place->bytes);
	bool		equal;

	vxp_vector_read(reader, place, stored);
	equal = memcmp(stored, vector, place->bytes) == 0;
	pfree(stored);
	return equal;
}

/*
 * Begin the stream at a block, which has to be the next that the relation is
 * extended by when the first page of the stream is full.
 */
void
vxp_stream_begin(VxVectorStream *stream, Relation index, BlockNumber block)
{
	stream->index = index;
	stream->block = block;
	stream->filled = 0;
	stream->contents = palloc0(VX_PAGE_CONTENTS);
}

/* Write the page that the stream is on. */
static void
vxp_stream_flush(VxVectorStream *stream)
{
	VxPageTransaction transaction;
	BlockNumber block;
	Page		page;

	Assert(stream->filled > 0 && stream->filled <= VX_PAGE_CONTENTS);
	vxp_begin(&transaction, stream->index, VX_PAGES_BUILD);
	page = vxp_edit_new(&transaction, VX_PAGE_VECTOR, 0, &block);
	if (block != stream->block)
		elog(ERROR, "vectors written to block %u that belong to block %u",
			 block, stream->block);
	memcpy(PageGetContents(page), stream->contents, VX_PAGE_CONTENTS);
	vxp_commit(&transaction);
	memset(stream->contents, 0, VX_PAGE_CONTENTS);
	stream->block++;
	stream->filled = 0;
}

/*
 * Append a vector.
 */
void
vxp_stream_put(VxVectorStream *stream, const void *vector, uint32 bytes)
{
	uint32		copied = 0;

	while (copied < bytes)
	{
		uint32		part = Min(bytes - copied, VX_PAGE_CONTENTS - stream->filled);

		Assert(part > 0);
		memcpy(stream->contents + stream->filled,
			   (const char *) vector + copied, part);
		copied += part;
		stream->filled += part;
		if (stream->filled == VX_PAGE_CONTENTS)
			vxp_stream_flush(stream);
	}
}

/*
 * Write what is left.
 */
void
vxp_stream_end(VxVectorStream *stream)
{
	if (stream->filled > 0)
		vxp_stream_flush(stream);
	pfree(stream->contents);
}
