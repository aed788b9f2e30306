/*-------------------------------------------------------------------------
 *
 * graph_shard.h
 *	  Dividing the rows of a build into shards that fit into memory.
 *
 * Each row has a home, the shard of the pivots it is nearest to, and is a
 * guest in the next nearest one, so that shards overlap along their borders.
 * Explained in am/common/README.md, "Shards".
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_SHARD_H
#define VX_GRAPH_SHARD_H

#include "am/common/index.h"
#include "am/common/spool.h"

/* A row that found no room as a guest. */
#define VXB_NO_SHARD	PG_UINT16_MAX

#define VXB_MAX_SHARDS	(PG_UINT16_MAX - 1)

/* Where a row belongs. */
typedef struct VxShardPlace
{
	uint16		home;
	uint16		guest;
} VxShardPlace;

typedef struct VxShards
{
	int			count;
	uint32		home_room;		/* most rows at home in one shard */
	uint32		guest_room;		/* most guests of one shard */
	VxShardPlace *places;		/* of each row */
	uint32	   *homes;			/* rows at home in each shard */
	uint32	   *guests;
} VxShards;

extern VxShards *vxb_shards_divide(VxIndex *index, VxSpool *spool, uint32 capacity);

#endif							/* VX_GRAPH_SHARD_H */
