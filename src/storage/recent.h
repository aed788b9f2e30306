/*-------------------------------------------------------------------------
 *
 * recent.h
 *	  Remembered buffer numbers: pages found without the buffer table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_RECENT_H
#define VX_RECENT_H

#include "storage/bufmgr.h"
#include "utils/rel.h"

extern Buffer vxp_read_recent(Relation index, BlockNumber block);
extern void vxp_prefetch_recent(Relation index, const BlockNumber *blocks,
								int count);

#endif							/* VX_RECENT_H */
