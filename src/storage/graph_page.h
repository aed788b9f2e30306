/*-------------------------------------------------------------------------
 *
 * graph_page.h
 *	  Layout of a graph page: fixed-size slots, stored as arrays.
 *
 * Offsets are from the start of the page.  n = geometry->slots.
 *
 *	  chain		u32[2]		  pages of further heap TIDs (base layer)
 *	  place		u32[n]		  page of a vector that an insert added (base)
 *	  down		u32[n]		  a page one layer below (upper layers)
 *	  add		f32[n]		  factors of the code, see quantize/README.md
 *	  scale		f32[n]
 *	  error		f32[n]
 *	  edges		u32[n][m]	  target pages, VX_NO_EDGE terminated
 *	  tid		6 B[n]		  heap TID
 *	  state		u8[n]		  VX_SLOT_*
 *	  code		B[n]		  navigation code, up to pd_lower for those in use
 *	  further	8 B[]		  further heap TIDs, from pd_upper (base layer)
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_PAGE_H
#define VX_GRAPH_PAGE_H

#include "storage/itemptr.h"

#include "storage/vector_page.h"

/* Blocks above this cannot be named by an edge (16 TB of 8 kB pages). */
#define VX_MAX_GRAPH_BLOCK		0x7FFFFFFEU

/*
 * A heap TID of a node beyond its first one, on the node's page or on a page of
 * its chain (tid_list.h).
 */
typedef struct VxTidEntryData
{
	ItemPointerData tid;
	uint16		slot;
} VxTidEntryData;

/* Where the further heap TIDs of a page's nodes go on: VX_PAGE_TIDS, linked. */
typedef struct VxTidChainData
{
	BlockNumber head;			/* InvalidBlockNumber: none */
	BlockNumber room;			/* where to look for room first */
} VxTidChainData;

typedef struct VxGraphShape
{
	uint32		code_bytes;
	uint32		max_edges;
	uint32		vector_bytes;	/* 0: no full vectors */
	bool		upper;			/* has down pointers */
} VxGraphShape;

typedef struct VxGraphGeometry
{
	uint32		code_bytes;
	VxVectorLayout vectors;
	uint16		slots;			/* n */
	uint16		max_edges;		/* m */
	uint16		chain_at;		/* 0: none, as on upper layers */
	uint16		down_at;		/* 0: none */
	uint16		add_at;
	uint16		scale_at;
	uint16		error_at;
	uint16		edges_at;
	uint16		tid_at;
	uint16		state_at;
	uint16		code_at;
} VxGraphGeometry;

/* What is written into a slot. */
typedef struct VxSlotContents
{
	ItemPointerData tid;
	const uint8 *code;
	float		add;
	float		scale;
	float		error;
	BlockNumber down;			/* upper layers only */
	const uint32 *edges;
	int			edge_count;
} VxSlotContents;

static inline float *
vxp_graph_floats(Page page, uint16 at)
{
	return (float *) ((char *) page + at);
}

static inline uint32 *
vxp_graph_edges(Page page, const VxGraphGeometry *geometry, int slot)
{
	Assert(slot < geometry->slots);
	return (uint32 *) ((char *) page + geometry->edges_at) +
		slot * geometry->max_edges;
}

static inline uint8 *
vxp_graph_state(Page page, const VxGraphGeometry *geometry)
{
	return (uint8 *) page + geometry->state_at;
}

static inline ItemPointerData *
vxp_graph_tid(Page page, const VxGraphGeometry *geometry, int slot)
{
	Assert(slot < geometry->slots);
	return (ItemPointerData *) ((char *) page + geometry->tid_at) + slot;
}

extern bool vxp_graph_shape_fits(uint32 code_bytes, uint32 max_edges,
								 uint32 vector_bytes);
extern void vxp_graph_geometry(VxGraphGeometry *geometry,
							   const VxGraphShape *shape);
extern void vxp_graph_init(Page page, const VxGraphGeometry *geometry);
extern bool vxp_graph_counters_are_sane(Page page, const VxGraphGeometry *geometry);
extern void vxp_graph_verify(Relation index, Buffer buffer, int layer,
							 const VxGraphGeometry *geometry);
extern int	vxp_graph_free_slot(Page page, const VxGraphGeometry *geometry);
extern void vxp_graph_put(Page page, const VxGraphGeometry *geometry, int slot,
						  const VxSlotContents *contents);
extern bool vxp_graph_add_edge(uint32 *edges, int max_edges, uint32 edge,
							   uint32 random);
extern int	vxp_graph_edge_count(const uint32 *edges, int max_edges);

#endif							/* VX_GRAPH_PAGE_H */
