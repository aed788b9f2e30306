/*-------------------------------------------------------------------------
 *
 * pack.h
 *	  From a finished graph in memory to pages: which node goes where, and
 *	  which pages the edges of a node name.
 *
 * It decides, it does not write: pages here are numbered 0, 1, 2, ... within
 * a layer, and the caller maps them to blocks.  Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_PACK_H
#define VECTORX_GRAPH_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/slot.h"
#include "graph/memgraph.h"

/*
 * slots_per_page	nodes to place on a page, fillfactor already taken off.
 * max_edges		places in a node's list of target pages, at least 2.
 */
typedef struct VxPackOptions
{
	int			layer;
	int			slots_per_page;
	int			max_edges;
} VxPackOptions;

typedef struct VxPacking VxPacking;

/*
 * vxg_pack -- place the nodes of one layer on pages
 *
 * vxg_finish must have been called.  All pages but the last are full.  Page 0
 * holds vxg_entry() and is the root of the tree of pinned edges.
 */
extern VxPacking *vxg_pack(VxMemGraph *graph, const VxPackOptions *options,
						   const VxHost *host);
extern void vxg_packing_free(VxPacking *packing);

/* Bytes that a packing of so many nodes takes. */
extern size_t vxg_packing_memory(size_t nodes, const VxPackOptions *options);

extern uint32_t vxg_packed_pages(const VxPacking *packing);

/* Nodes in the layer: page p, slot s holds order[p * slots_per_page + s]. */
extern uint32_t vxg_packed_nodes(const VxPacking *packing);
extern const uint32_t *vxg_packed_order(const VxPacking *packing);

/* The page of a node that is in the layer. */
extern uint32_t vxg_packed_page(const VxPacking *packing, uint32_t node);

/*
 * vxg_page_edges -- the target pages of a node
 *
 * Writes up to options.max_edges distinct pages, the node's own excepted, the
 * most useful first and pinned ones marked with VX_EDGE_PINNED, and returns
 * their number.
 */
extern int	vxg_page_edges(VxPacking *packing, uint32_t node, uint32_t *pages);

#endif							/* VECTORX_GRAPH_PACK_H */
