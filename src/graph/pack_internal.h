/*-------------------------------------------------------------------------
 *
 * pack_internal.h
 *	  What the files of packing share; see pack.h for its users.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_PACK_INTERNAL_H
#define VECTORX_GRAPH_PACK_INTERNAL_H

#include "graph/memgraph_internal.h"
#include "graph/pack.h"

/*
 * order, page_of	the placement, both ways
 * parent			node whose list has the pinned edge into the page
 * first_child, next_sibling
 *					pages whose pinned edge starts on a page, as a list
 * frontier			nodes met but not placed, oldest first
 * met				page number + 1 of the last page whose filling met the node
 * queued			whether the node has been in the frontier
 *
 * The last three are only there while nodes are being placed.
 */
struct VxPacking
{
	VxMemGraph *graph;
	const VxHost *host;
	VxPackOptions options;
	uint32_t	node_count;
	uint32_t	page_count;
	uint32_t	placed;
	uint32_t   *order;
	uint32_t   *page_of;

	uint32_t   *parent;
	uint32_t   *first_child;
	uint32_t   *next_sibling;

	uint32_t   *frontier;
	uint32_t	frontier_head;
	uint32_t	frontier_tail;
	uint32_t	next_node;
	uint32_t	next_follower;
	uint32_t   *met;
	uint8_t    *queued;
	uint32_t   *local;			/* queue of the page being filled */
	uint32_t	local_room;

	/* working memory of vxg_page_edges */
	VxSelector *selector;
	VxCodeQuery *query;
	VxNearNode *near;
	uint32_t   *neighbours;
	uint32_t   *rows;
	float	   *distance;
	uint32_t   *pages;
	int		   *chosen;
};

#endif							/* VECTORX_GRAPH_PACK_INTERNAL_H */
