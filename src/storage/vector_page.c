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

#include "compat.h"
#include "storage/vector_page.h"

/*
 * Blocks that the vectors of so many slots need at most.
 */
uint16
vxp_vector_extra_blocks(uint32 slots, uint32 vector_bytes)
{
	uint32		stream = slots * vector_bytes;

	Assert(slots <= VX_PAGE_CONTENTS && vector_bytes <= VX_PAGE_CONTENTS);
	return (uint16) ((stream + VX_PAGE_CONTENTS - 1) / VX_PAGE_CONTENTS);
}

/*
 * Compute where a slot's vector lies.  Block numbers may be
 * InvalidBlockNumber where no page has been allocated yet; returns whether
 * all are there.
 */
bool
vxp_vector_locate(Page page, const VxVectorLayout *layout, int slot,
				  VxVectorPlace *place)
{
	const VxPageOpaqueData *opaque = vxp_opaque(page);
	bool		built = slot < opaque->built_slots;
	uint32		position;
	uint32		number;
	bool		straddles;

	Assert(slot >= 0 && slot < layout->slots && layout->vector_bytes > 0);

	position = built ?
		opaque->vector_offset + slot * layout->vector_bytes :
		(slot - opaque->built_slots) * layout->vector_bytes;
	number = position / VX_PAGE_CONTENTS;
	place->bytes = layout->vector_bytes;
	place->offset = position % VX_PAGE_CONTENTS;
	place->first_bytes = Min(place->bytes, VX_PAGE_CONTENTS - place->offset);
	straddles = place->first_bytes < place->bytes;
	place->block[1] = InvalidBlockNumber;

	if (built)
	{
		place->block[0] = opaque->vector_start + number;
		if (straddles)
			place->block[1] = opaque->vector_start + number + 1;
		return true;
	}

	Assert(number + straddles < layout->extra_blocks);
	place->block[0] = vxp_vector_extra(page, layout)[number];
	if (straddles)
		place->block[1] = vxp_vector_extra(page, layout)[number + 1];
	return place->block[0] != InvalidBlockNumber &&
		(!straddles || place->block[1] != InvalidBlockNumber);
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
	vxp_vector_read_part(reader, place->block[0], place->offset, vector,
						 place->first_bytes);
	if (place->first_bytes < place->bytes)
		vxp_vector_read_part(reader, place->block[1], 0,
							 (char *) vector + place->first_bytes,
							 place->bytes - place->first_bytes);
}

/*
 * Image of one vector page for writing, allocated if it is not there yet.  A
 * damaged block number could name a page that the transaction has locked
 * already, which must not be waited for.
 */
static Page
vxp_vector_edit(VxPageTransaction *transaction, BlockNumber *block)
{
	if (*block == InvalidBlockNumber)
		return vxp_edit_new(transaction, VX_PAGE_VECTOR, 0, block);
	if (*block >= RelationGetNumberOfBlocks(transaction->index))
		vxp_report_damage(transaction->index,
						  BufferGetBlockNumber(transaction->buffers[0]),
						  "It places a vector beyond the end of the index.");
	for (int i = 0; i < transaction->count; i++)
	{
		if (BufferGetBlockNumber(transaction->buffers[i]) == *block)
			vxp_report_damage(transaction->index, *block,
							  "A page places a vector on a page that is not for it.");
	}
	return vxp_edit(transaction,
					vxp_read(transaction->index, *block, VX_PAGE_VECTOR,
							 BUFFER_LOCK_EXCLUSIVE));
}

/*
 * Write the vector of a slot whose page (an image of the same
 * transaction) is locked exclusively.  Takes one or two more pages into the
 * transaction, new ones where the stream has not reached yet.
 *
 * Lock order: page of slots before vector pages, vector pages in stream order.
 */
void
vxp_vector_write(VxPageTransaction *transaction, Page slot_page,
				 const VxVectorLayout *layout, int slot, const void *vector)
{
	VxVectorPlace place;
	uint32	   *extra = vxp_vector_extra(slot_page, layout);
	int			built = vxp_opaque(slot_page)->built_slots;
	Page		page;

	Assert(transaction->count >= 1 && transaction->count <= VX_TRANSACTION_PAGES - 2);
	vxp_vector_locate(slot_page, layout, slot, &place);
	if (slot >= built)
	{
		uint32		number = (slot - built) * layout->vector_bytes / VX_PAGE_CONTENTS;

		page = vxp_vector_edit(transaction, &extra[number]);
		memcpy(PageGetContents(page) + place.offset, vector, place.first_bytes);
		if (place.first_bytes < place.bytes)
		{
			page = vxp_vector_edit(transaction, &extra[number + 1]);
			memcpy(PageGetContents(page),
				   (const char *) vector + place.first_bytes,
				   place.bytes - place.first_bytes);
		}
		return;
	}

	for (int i = 0; i < 1 + (place.first_bytes < place.bytes); i++)
	{
		if (place.block[i] == InvalidBlockNumber)
			vxp_report_damage(transaction->index,
							  BufferGetBlockNumber(transaction->buffers[0]),
							  "It places a vector beyond the end of the index.");
		page = vxp_vector_edit(transaction, &place.block[i]);
		if (i == 0)
			memcpy(PageGetContents(page) + place.offset, vector, place.first_bytes);
		else
			memcpy(PageGetContents(page),
				   (const char *) vector + place.first_bytes,
				   place.bytes - place.first_bytes);
	}
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
