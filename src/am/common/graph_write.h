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
#include "graph/pack.h"

/*
 * A graph on its way to pages.  Its layers are written to those from `bottom`
 * on of the index.  The caller fills in the first part.
 */
typedef struct VxGraphWriter
{
	VxIndex    *index;
	VxMemGraph *graph;
	const uint64 *tids;			/* heap TID of each node */
	int			bottom;
	const BlockNumber *below;	/* of each node, its page below layer bottom */

	int			layers;
	int			slots[VX_MAX_LAYERS];	/* filled on each page of a layer */
	VxPacking  *packing[VX_MAX_LAYERS];
	BlockNumber first[VX_MAX_LAYERS];	/* block of a layer's page 0 */
	uint32	   *edges;			/* room for one list */
} VxGraphWriter;

extern int	vxb_slots_filled(const VxIndex *index, int layer);
extern BlockNumber vxb_plan_layers(VxGraphWriter *writer, BlockNumber block);
extern void vxb_write_layers(VxGraphWriter *writer, BlockNumber vectors);
extern void vxb_write_vectors(VxIndex *index, VxSpool *spool, BlockNumber block,
							  const uint32 *order, uint32 count);
extern void vxb_record_layer(VxIndex *index, int layer, BlockNumber root);
extern void vxb_record_layers(VxGraphWriter *writer);
extern void vxb_record_extent(VxIndex *index, BlockNumber vectors);
extern void vxb_check_extent(VxIndex *index, BlockNumber vectors, uint32 rows);
extern void vxb_place_vectors(const VxIndex *index, Page page, BlockNumber vectors,
							  uint32 first, uint32 count);
extern void vxb_write_graph(VxIndex *index, VxMemGraph *graph, VxSpool *spool,
							const uint64 *tids);

#endif							/* VX_GRAPH_WRITE_H */
