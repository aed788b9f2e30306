/*-------------------------------------------------------------------------
 *
 * graph_page.c
 *	  Geometry of graph pages, and reading and filling their slots.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "base/slot.h"
#include "storage/graph_page.h"
#include "storage/tid_list.h"

StaticAssertDecl(sizeof(ItemPointerData) == 6, "slots keep 6-byte heap TIDs");

/* Codes begin on a cache line where that costs no slot. */
#define VX_CODE_ALIGNMENT	64

/*
 * Lay out the arrays for n slots; returns the offset where the page would end.
 */
static uint32
vxp_graph_layout(VxGraphGeometry *geometry, const VxGraphShape *shape, uint32 n)
{
	uint32		at = MAXALIGN(SizeOfPageHeaderData);

	Assert(n >= 1 && n <= VX_PAGE_CONTENTS);

	geometry->slots = (uint16) n;
	geometry->chain_at = shape->upper ? 0 : (uint16) at;
	at += shape->upper ? 0 : sizeof(VxTidChainData);
	geometry->vectors.slots = (uint16) n;
	geometry->vectors.blocks_at = (uint16) at;
	at += shape->vector_bytes == 0 ? 0 : n * sizeof(BlockNumber);
	geometry->down_at = shape->upper ? (uint16) at : 0;
	at += shape->upper ? n * sizeof(uint32) : 0;
	geometry->add_at = (uint16) at;
	at += n * sizeof(float);
	geometry->scale_at = (uint16) at;
	at += n * sizeof(float);
	geometry->error_at = (uint16) at;
	at += n * sizeof(float);
	geometry->edges_at = (uint16) at;
	at += n * shape->max_edges * sizeof(uint32);
	geometry->tid_at = (uint16) at;
	at += n * sizeof(ItemPointerData);
	geometry->state_at = (uint16) at;
	at += n;

	/* align the codes if they still fit, else take what is there */
	if (TYPEALIGN(VX_CODE_ALIGNMENT, at) + n * shape->code_bytes <=
		MAXALIGN(SizeOfPageHeaderData) + VX_PAGE_CONTENTS)
		at = TYPEALIGN(VX_CODE_ALIGNMENT, at);
	geometry->code_at = (uint16) at;
	return at + n * shape->code_bytes;
}

/*
 * Whether at least one slot of this shape fits a page.
 */
bool
vxp_graph_shape_fits(uint32 code_bytes, uint32 max_edges, uint32 vector_bytes)
{
	uint32		limit = MAXALIGN(SizeOfPageHeaderData) + VX_PAGE_CONTENTS;
	VxGraphGeometry geometry;
	VxGraphShape base = {code_bytes, max_edges, vector_bytes, false};
	VxGraphShape upper = {code_bytes, max_edges, 0, true};

	if (code_bytes > VX_PAGE_CONTENTS || max_edges > VX_PAGE_CONTENTS)
		return false;
	return vxp_graph_layout(&geometry, &base, 1) <= limit &&
		vxp_graph_layout(&geometry, &upper, 1) <= limit;
}

/*
 * Compute the layout with the most slots a page can hold.  The shape must fit
 * (vxp_graph_shape_fits).
 */
void
vxp_graph_geometry(VxGraphGeometry *geometry, const VxGraphShape *shape)
{
	uint32		limit = MAXALIGN(SizeOfPageHeaderData) + VX_PAGE_CONTENTS;
	uint32		slot_bytes = shape->code_bytes + shape->max_edges * sizeof(uint32) +
		3 * sizeof(float) + sizeof(ItemPointerData) + 1;
	uint32		n = VX_PAGE_CONTENTS / slot_bytes;

	memset(geometry, 0, sizeof(*geometry));
	geometry->code_bytes = shape->code_bytes;
	geometry->vectors.vector_bytes = shape->vector_bytes;
	geometry->max_edges = (uint16) shape->max_edges;
	while (n > 1 && vxp_graph_layout(geometry, shape, n) > limit)
		n--;
	if (vxp_graph_layout(geometry, shape, n) > limit)
		elog(ERROR, "a graph page cannot hold one slot");
	Assert(geometry->slots >= 1);
}

/*
 * Prepare the contents of a freshly initialised graph page: no slots in use.
 */
void
vxp_graph_init(Page page, const VxGraphGeometry *geometry)
{
	Assert(vxp_opaque(page)->kind == VX_PAGE_GRAPH);
	vxp_open_page(page, geometry->code_at);
	if (geometry->chain_at != 0)
		memset((char *) page + geometry->chain_at, 0xFF, sizeof(VxTidChainData));
	vxp_vector_init(page, &geometry->vectors);
	memset((char *) page + geometry->edges_at, 0xFF,
		   (Size) geometry->slots * geometry->max_edges * sizeof(uint32));
	memset(vxp_graph_state(page, geometry), VX_SLOT_FREE, geometry->slots);
}

/*
 * Whether the counters of a graph page agree with each other and with the
 * geometry, so that no array reaches beyond where it may.
 */
bool
vxp_graph_counters_are_sane(Page page, const VxGraphGeometry *geometry)
{
	const VxPageOpaqueData *opaque = vxp_opaque(page);
	const PageHeaderData *header = (const PageHeaderData *) page;

	return opaque->used_slots <= geometry->slots &&
		opaque->built_slots <= opaque->used_slots &&
		header->pd_lower == geometry->code_at + opaque->used_slots * geometry->code_bytes &&
		(header->pd_special - header->pd_upper) % sizeof(VxTidEntryData) == 0 &&
		(geometry->chain_at != 0 || header->pd_upper == header->pd_special) &&
		(opaque->built_slots == 0 ||
		 (geometry->vectors.vector_bytes > 0 && opaque->vector_start != InvalidBlockNumber &&
		  opaque->vector_offset < VX_PAGE_CONTENTS));
}

/*
 * Check that a locked graph page (vxp_verify) is of the given layer and that its
 * counters are in range.  What a slot holds is data: any code and any factor is safe
 * to score, and edges are checked when they are followed.
 */
void
vxp_graph_verify(Relation index, Buffer buffer, int layer,
				 const VxGraphGeometry *geometry)
{
	Page		page = BufferGetPage(buffer);

	Assert(vxp_opaque(page)->kind == VX_PAGE_GRAPH);
	if (vxp_opaque(page)->layer != layer)
		vxp_report_damage(index, BufferGetBlockNumber(buffer),
						  "It belongs to another layer of the graph.");
	if (!vxp_graph_counters_are_sane(page, geometry))
		vxp_report_damage(index, BufferGetBlockNumber(buffer),
						  "Its slot counters are out of range.");
}

/*
 * The first slot a new node may take: one whose node is dead, else one never
 * used whose code further heap TIDs have left room for; -1 if there is none.
 */
int
vxp_graph_free_slot(Page page, const VxGraphGeometry *geometry)
{
	const PageHeaderData *header = (const PageHeaderData *) page;
	const uint8 *state = vxp_graph_state(page, geometry);
	int			used = vxp_opaque(page)->used_slots;

	Assert(used <= geometry->slots);

	for (int slot = 0; slot < used; slot++)
	{
		if (!VX_SLOT_IS_LIVE(state[slot]))
			return slot;
	}
	return used < geometry->slots &&
		header->pd_lower + geometry->code_bytes <= header->pd_upper ? used : -1;
}

/*
 * Edges in a list of room for max_edges.
 */
int
vxp_graph_edge_count(const uint32 *edges, int max_edges)
{
	int			count = 0;

	while (count < max_edges && edges[count] != VX_NO_EDGE)
		count++;
	return count;
}

/*
 * Add an edge to a slot's list, in place.
 *
 * An edge already there stays (and becomes pinned if the new one is).  In a
 * full list the new edge replaces one of the unpinned edges of the second
 * half, where a build puts the less useful ones; `random` says which.  False
 * if every edge that could go is pinned.
 */
bool
vxp_graph_add_edge(uint32 *edges, int max_edges, uint32 edge, uint32 random)
{
	int			count = vxp_graph_edge_count(edges, max_edges);

	Assert(edge != VX_NO_EDGE && max_edges >= 1);
	for (int i = 0; i < count; i++)
	{
		if (VX_EDGE_BLOCK(edges[i]) == VX_EDGE_BLOCK(edge))
		{
			edges[i] |= edge & VX_EDGE_PINNED;
			return true;
		}
	}
	if (count < max_edges)
	{
		edges[count] = edge;
		return true;
	}
	for (int i = 0; i < max_edges; i++)
	{
		int			half = max_edges / 2;
		int			upper = max_edges - half;
		int			at = i < upper ?
			half + (int) ((random + (uint32) i) % (uint32) upper) :
			max_edges - 1 - i;

		Assert(at >= 0 && at < max_edges);
		if (!(edges[at] & VX_EDGE_PINNED))
		{
			edges[at] = edge;
			return true;
		}
	}
	return false;
}

/*
 * Put a node into a slot.
 *
 * The pinned edges of the slot's former node stay: they keep other pages
 * reachable.  Edges to the page itself must not be in contents->edges.
 */
void
vxp_graph_put(Page page, const VxGraphGeometry *geometry, int slot,
			  const VxSlotContents *contents)
{
	VxPageOpaqueData *opaque = vxp_opaque(page);
	uint32	   *edges = vxp_graph_edges(page, geometry, slot);
	int			kept = 0;

	Assert(opaque->kind == VX_PAGE_GRAPH);
	Assert(!VX_SLOT_IS_LIVE(vxp_graph_state(page, geometry)[slot]));
	Assert(ItemPointerIsValid(&contents->tid));
	Assert((geometry->down_at != 0) == (contents->down != InvalidBlockNumber));

	for (int i = 0; i < geometry->max_edges; i++)
	{
		if (edges[i] != VX_NO_EDGE && (edges[i] & VX_EDGE_PINNED))
			edges[kept++] = edges[i];
	}
	for (int i = kept; i < geometry->max_edges; i++)
		edges[i] = VX_NO_EDGE;
	for (int i = 0; i < contents->edge_count && kept < geometry->max_edges; i++)
	{
		vxp_graph_add_edge(edges, geometry->max_edges, contents->edges[i], 0);
		kept = vxp_graph_edge_count(edges, geometry->max_edges);
	}

	vxp_graph_floats(page, geometry->add_at)[slot] = contents->add;
	vxp_graph_floats(page, geometry->scale_at)[slot] = contents->scale;
	vxp_graph_floats(page, geometry->error_at)[slot] = contents->error;
	if (geometry->down_at != 0)
		((uint32 *) ((char *) page + geometry->down_at))[slot] = contents->down;
	*vxp_graph_tid(page, geometry, slot) = contents->tid;
	memcpy((char *) page + geometry->code_at + slot * geometry->code_bytes,
		   contents->code, geometry->code_bytes);
	vxp_graph_state(page, geometry)[slot] = VX_SLOT_LIVE;
	if (slot >= opaque->used_slots)
	{
		Assert(slot == opaque->used_slots);
		opaque->used_slots = (uint16) (slot + 1);
		((PageHeader) page)->pd_lower =
			(LocationIndex) (geometry->code_at + (slot + 1) * geometry->code_bytes);
	}
	Assert(vxp_graph_counters_are_sane(page, geometry) || opaque->built_slots == 0);
}
