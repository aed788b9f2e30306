/*-------------------------------------------------------------------------
 *
 * block_stream.c
 *	  Pages of an index in an order known ahead, with read-ahead.
 *
 * From 17 on this is the server's read stream, which joins neighbouring blocks
 * into one read.  Before, blocks are announced with PrefetchBuffer as far ahead
 * as maintenance_io_concurrency says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/spccache.h"

#include "compat.h"
#include "storage/block_stream.h"

#ifdef VX_HAVE_READ_STREAM
#include "storage/read_stream.h"
#endif

struct VxBlockStream
{
	Relation	index;
	BufferAccessStrategy strategy;
	VxNextBlock next;
	void	   *context;
#ifdef VX_HAVE_READ_STREAM
	ReadStream *stream;
#else
	BlockNumber *ahead;			/* ring of blocks announced and not read yet */
	int			distance;		/* its length, at least 1 */
	int			count;
	int			head;
	bool		ended;			/* next has said so */
#endif
};

#ifdef VX_HAVE_READ_STREAM
/* Callback of the read stream. */
static BlockNumber
vxp_blocks_callback(ReadStream *read_stream, void *private_data, void *per_buffer_data)
{
	VxBlockStream *stream = (VxBlockStream *) private_data;

	return stream->next(stream->context);
}
#endif

/*
 * Begin to read the blocks that next names, for maintenance.  They must lie
 * inside the relation.
 */
VxBlockStream *
vxp_blocks_begin(Relation index, BufferAccessStrategy strategy,
				 VxNextBlock next, void *context)
{
	VxBlockStream *stream = palloc0_object(VxBlockStream);

	Assert(next != NULL);
	stream->index = index;
	stream->strategy = strategy;
	stream->next = next;
	stream->context = context;
#ifdef VX_HAVE_READ_STREAM
	stream->stream = read_stream_begin_relation(READ_STREAM_MAINTENANCE, strategy,
												index, MAIN_FORKNUM,
												vxp_blocks_callback, stream, 0);
#else
	stream->distance =
		Max(1, get_tablespace_maintenance_io_concurrency(index->rd_rel->reltablespace));
	stream->ahead = palloc_array(BlockNumber, stream->distance);
#endif
	return stream;
}

#ifndef VX_HAVE_READ_STREAM
/* Announce blocks until the ring is full. */
static void
vxp_blocks_look_ahead(VxBlockStream *stream)
{
	while (!stream->ended && stream->count < stream->distance)
	{
		BlockNumber block = stream->next(stream->context);

		if (block == InvalidBlockNumber)
			stream->ended = true;
		else
		{
			if (stream->distance > 1)
				PrefetchBuffer(stream->index, MAIN_FORKNUM, block);
			stream->ahead[(stream->head + stream->count++) % stream->distance] = block;
		}
	}
}
#endif

/*
 * The next page, pinned and share-locked, of whatever kind; InvalidBuffer at the
 * end.  The caller releases it.
 */
Buffer
vxp_blocks_next(VxBlockStream *stream)
{
	Buffer		buffer;

#ifdef VX_HAVE_READ_STREAM
	buffer = read_stream_next_buffer(stream->stream, NULL);
	if (BufferIsValid(buffer))
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
#else
	vxp_blocks_look_ahead(stream);
	if (stream->count == 0)
		return InvalidBuffer;
	buffer = vxp_read_any(stream->index, stream->ahead[stream->head], stream->strategy);
	stream->head = (stream->head + 1) % stream->distance;
	stream->count--;
#endif
	return buffer;
}

void
vxp_blocks_end(VxBlockStream *stream)
{
#ifdef VX_HAVE_READ_STREAM
	read_stream_end(stream->stream);
#else
	pfree(stream->ahead);
#endif
	pfree(stream);
}
