/*-------------------------------------------------------------------------
 *
 * graph_check.h
 *	  What the checks of a graph index share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_CHECK_H
#define VX_GRAPH_CHECK_H

#include "am/common/check.h"
#include "am/common/heap_value.h"
#include "am/common/index.h"

/* What a block was found to be, one byte each; graph pages: VXC_GRAPH + layer */
#define VXC_NEW			0		/* allocated by a change that never happened */
#define VXC_BAD			1		/* has been reported */
#define VXC_META		2
#define VXC_MEAN		3
#define VXC_VECTOR		4
#define VXC_ADDED		5
#define VXC_TIDS		6
#define VXC_TERMS	7
#define VXC_GRAPH		16

typedef struct VxGraphCheck
{
	VxCheck    *check;
	VxIndex    *index;
	bool		has_codec;		/* index->codec is that of the index */
	BlockNumber nblocks;		/* when the check began */
	BlockNumber heap_blocks;	/* when last asked */
	uint8	   *kinds;			/* of each block */
	uint64		live;			/* heap TIDs of the base layer */
	PGAlignedBlock page;		/* copy of the page under examination */
	uint8	   *code;			/* room for what the code of a slot should be */
	MemoryContext row_context;	/* reset after each row of the table */
} VxGraphCheck;

extern void vxc_check_graph_index(VxCheck *check);

static inline Page
vxc_page(VxGraphCheck *graph)
{
	return (Page) graph->page.data;
}

extern uint8 vxc_kind_of(VxGraphCheck *graph, BlockNumber block);
extern bool vxc_copy_graph_page(VxGraphCheck *graph, BlockNumber block,
								int layer);

/* graph_check_vectors.c */
extern void vxc_check_vectors(VxGraphCheck *graph);

/* graph_check_codes.c */
extern bool vxc_code_is_of_image(VxGraphCheck *graph, int slot, const void *image);
extern bool vxc_refine_code_agrees(VxGraphCheck *graph, int slot,
								   const uint8 *refine_code,
								   VxHeapValues *heap_values);
extern void vxc_check_code_of_row(void *context, uint64 tid, VxTidPlace place,
								  const VxIndexValue *value);

/* graph_check_tids.c */
extern void vxc_check_tid_lists(VxGraphCheck *graph);
extern bool vxc_node_has_tid(VxGraphCheck *graph, VxTidPlace place, int layer,
							 uint64 tid);
extern bool vxc_tid_is_sane(VxGraphCheck *graph, ItemPointer tid);

/* graph_check_edges.c */
extern void vxc_check_rows(VxGraphCheck *graph);
extern void vxc_check_edges(VxGraphCheck *graph);

#endif							/* VX_GRAPH_CHECK_H */
