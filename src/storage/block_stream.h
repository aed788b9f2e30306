/*-------------------------------------------------------------------------
 *
 * block_stream.h
 *	  Pages of an index in an order known ahead, with read-ahead.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_BLOCK_STREAM_H
#define VX_BLOCK_STREAM_H

#include "storage/page.h"

typedef struct VxBlockStream VxBlockStream;

/*
 * The next block to read, InvalidBlockNumber at the end.  Called ahead of the
 * pages by as many as the server reads ahead; must not touch pages itself.
 */
typedef BlockNumber (*VxNextBlock) (void *context);

extern VxBlockStream *vxp_blocks_begin(Relation index, BufferAccessStrategy strategy,
									   VxNextBlock next, void *context);
extern Buffer vxp_blocks_next(VxBlockStream *stream);
extern void vxp_blocks_end(VxBlockStream *stream);

#endif							/* VX_BLOCK_STREAM_H */
