/*-------------------------------------------------------------------------
 *
 * slot.h
 *	  What slots and edges of a graph page can be: the few constants that
 *	  the search (graph/) and the page layout (storage/) must agree on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SLOT_H
#define VX_SLOT_H

/* States of a slot, one byte each. */
#define VX_SLOT_FREE			0	/* never used */
#define VX_SLOT_LIVE			1	/* a node with a heap TID */
#define VX_SLOT_DEAD			2	/* its rows are gone; still routes, may be
									 * reused */
#define VX_SLOT_SHARED			3	/* live; rows with an equal vector have put
									 * further heap TIDs beside its own */

/* Whether a node in this state has rows. */
#define VX_SLOT_IS_LIVE(state) \
	((state) == VX_SLOT_LIVE || (state) == VX_SLOT_SHARED)

/*
 * An edge is the block number of a page.  The top bit marks the one edge that
 * keeps its target reachable from the root of the layer: an insert may not
 * replace it.
 */
#define VX_EDGE_PINNED			0x80000000U
#define VX_EDGE_BLOCK(edge)		((edge) & ~VX_EDGE_PINNED)

/* Ends a list of edges that is not full. */
#define VX_NO_EDGE				0xFFFFFFFFU

#endif							/* VX_SLOT_H */
