/*-------------------------------------------------------------------------
 *
 * graph_write.h
 *	  Write a graph built in memory to the pages of an index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_WRITE_H
#define VX_GRAPH_WRITE_H

#include "am/common/index.h"
#include "am/common/spool.h"
#include "graph/memgraph.h"

extern void vxb_write_graph(VxIndex *index, VxMemGraph *graph, VxSpool *spool,
							const uint64 *tids);

#endif							/* VX_GRAPH_WRITE_H */
