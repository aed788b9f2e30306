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
 * guests			a bit for each node that is in the graph to lead to others
 *					and is not placed; NULL if all are.
 */
typedef struct VxPackOptions
{
	int			layer;
	int			slots_per_page;
	int			max_edges;
	const uint8_t *guests;
} VxPackOptions;

typedef struct VxPacking VxPacking;

/*
 * vxg_pack -- place the nodes of one layer on pages
 *
 * vxg_finish must have been called.  All pages but the last are full.  Page 0
 * holds vxg_entry(), unless that is a guest, and is the root of the tree of
 * pinned edges.
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

/* The pages that pinned edges of the node lead to; returns their number. */
extern int	vxg_pinned_pages(const VxPacking *packing, uint32_t node, uint32_t *pages);

/*
 * vxg_choose_neighbours -- nodes whose pages the list of a node should name
 *
 * As vxg_page_edges, of a node that may be a guest and with neighbours that may
 * be: writes up to max_edges nodes, the most useful first, of which no two are
 * known to share a page.  Pages already pinned are left out.
 */
extern int	vxg_choose_neighbours(VxPacking *packing, uint32_t node, uint32_t *nodes);

#endif							/* VECTORX_GRAPH_PACK_H */
