/*-------------------------------------------------------------------------
 *
 * graph_inspect.c
 *	  vectorx_index_stats() of a graph index: one walk over all its pages.
 *
 * The vector pages of a build lie together, and are counted without being read.
 * A page that is not what it should be is counted as invalid and otherwise
 * passed over; vectorx_check() says what is wrong with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "am/common/inspect.h"
#include "base/slot.h"
#include "storage/meta.h"
#include "storage/tid_list.h"

/* Kinds of pages that are told apart, with their names in the result. */
typedef enum VxGraphPageCount
{
	VXN_PAGES_META,
	VXN_PAGES_MEAN,
	VXN_PAGES_TERMS,
	VXN_PAGES_GRAPH,			/* of the base layer */
	VXN_PAGES_UPPER,			/* of the layers above */
	VXN_PAGES_VECTOR,			/* of a build, and added by inserts */
	VXN_PAGES_TIDS,				/* further heap TIDs of nodes */
	VXN_PAGES_NEW,				/* allocated and never used */
	VXN_PAGES_INVALID,
	VXN_PAGES_KINDS
} VxGraphPageCount;

static const char *const page_names[VXN_PAGES_KINDS] = {
	"meta", "mean", "terms", "graph", "upper", "vector", "tids", "new", "invalid"
};

/* What the walk counts. */
typedef struct VxGraphTally
{
	const VxMeta *meta;
	uint64		pages[VXN_PAGES_KINDS];
	uint64		nodes[VX_MAX_LAYERS];	/* live and dead, by layer */
	uint64		live;			/* nodes of the base layer, like the rest */
	uint64		further;		/* heap TIDs of nodes beyond their first */
	uint64		slots;			/* on pages of the base layer */
	uint64		built;			/* slots filled by the build */
	uint64		edges;
} VxGraphTally;

/*
 * Count the slots of a graph page.  Returns whether it is sound enough for
 * that.  The page is share-locked.
 *
 * Where there are no vectors a page does not say which of its slots a build has
 * filled: those of a page that it wrote, to which inserts add few.
 */
static bool
vxn_tally_slots(VxGraphTally *tally, BlockNumber block, Page page)
{
	const VxPageOpaqueData *opaque = vxp_opaque(page);
	int			layer = opaque->layer;
	const VxGraphGeometry *geometry = vxp_geometry(tally->meta, layer);
	const uint8 *state;

	if (layer >= VX_MAX_LAYERS || !vxp_graph_counters_are_sane(page, geometry))
		return false;
	tally->nodes[layer] += opaque->used_slots;
	if (layer > 0)
		return true;

	state = vxp_graph_state(page, geometry);
	for (int slot = 0; slot < opaque->used_slots; slot++)
	{
		tally->live += VX_SLOT_IS_LIVE(state[slot]);
		tally->edges += vxp_graph_edge_count(vxp_graph_edges(page, geometry, slot),
											 geometry->max_edges);
	}
	tally->slots += geometry->slots;
	tally->further += vxp_further_count(page);
	if (tally->meta->data.vector_bytes > 0)
		tally->built += opaque->built_slots;
	else if (block < tally->meta->data.built_graph)
		tally->built += opaque->used_slots;
	return true;
}

/*
 * Find out what a share-locked page is, and count what it holds.
 */
static VxGraphPageCount
vxn_tally_page(VxGraphTally *tally, BlockNumber block, Page page)
{
	if (PageIsNew(page))
		return VXN_PAGES_NEW;
	if (block == VX_META_BLOCK)
		return VXN_PAGES_META;		/* has been read and verified */
	if (vxp_page_is_valid(page, VX_PAGE_MEAN))
		return VXN_PAGES_MEAN;
	if (vxp_page_is_valid(page, VX_PAGE_TERMS))
		return VXN_PAGES_TERMS;
	if (vxp_page_is_valid(page, VX_PAGE_VECTOR) ||
		vxp_page_is_valid(page, VX_PAGE_ADDED))
		return VXN_PAGES_VECTOR;
	if (vxp_page_is_valid(page, VX_PAGE_TIDS) && vxp_tid_page_is_sane(page))
	{
		tally->further += vxp_tid_count(page);
		return VXN_PAGES_TIDS;
	}
	if (!vxp_page_is_valid(page, VX_PAGE_GRAPH) ||
		!vxn_tally_slots(tally, block, page))
		return VXN_PAGES_INVALID;
	return vxp_opaque(page)->layer == 0 ? VXN_PAGES_GRAPH : VXN_PAGES_UPPER;
}

static void
vxn_tally_all(const VxInspection *inspection, VxGraphTally *tally)
{
	const VxMetaPageData *data = &tally->meta->data;

	for (BlockNumber block = 0; block < inspection->nblocks; block++)
	{
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		if (block == data->built_graph && data->built_end > block &&
			data->built_end <= inspection->nblocks)
		{
			tally->pages[VXN_PAGES_VECTOR] += data->built_end - block;
			block = data->built_end - 1;
			continue;
		}
		buffer = vxp_read_any(inspection->index, block, inspection->strategy);
		tally->pages[vxn_tally_page(tally, block, BufferGetPage(buffer))]++;
		UnlockReleaseBuffer(buffer);
	}
}

/*
 * What was decided when the index was made.  The effort of inserts can be
 * altered since; the rest is as its pages have it.
 */
static void
vxn_describe_options(VxInspection *inspection, const VxMetaPageData *data)
{
	vxn_add_integer(&inspection->options, "m", data->m);
	vxn_add_integer(&inspection->options, "ef_construction", data->ef_construction);
	vxn_add_integer(&inspection->options, "fillfactor", data->fillfactor);
	vxn_add_integer(&inspection->options, "seed", (int64) data->seed);
}

static void
vxn_describe_graph(VxInspection *inspection, const VxGraphTally *tally)
{
	const VxMetaPageData *data = &tally->meta->data;
	uint64		nodes = tally->nodes[0];

	vxn_add_integer(&inspection->detail, "layers", data->layers);
	vxn_add_integer(&inspection->detail, "live_nodes", (int64) tally->live);
	vxn_add_list(&inspection->detail, "nodes_by_layer", tally->nodes, data->layers);
	vxn_add_integer(&inspection->detail, "nodes_per_page",
					tally->meta->geometry[0].slots);
	if (nodes > 0)
		vxn_add_number(&inspection->detail, "edges_per_node",
					   (double) tally->edges / nodes);
	vxn_add_integer(&inspection->detail, "code_bytes", data->code_bytes);
	vxn_add_integer(&inspection->detail, "vector_bytes", data->vector_bytes);
}

/*
 * Inspect a graph index: VxMethod.inspect.
 */
void
vxn_inspect_graph(VxInspection *inspection)
{
	VxGraphTally tally;
	VxMeta		meta;
	uint64		nodes;

	memset(&tally, 0, sizeof(tally));
	vxp_meta_read(inspection->index, &meta);
	tally.meta = &meta;
	vxn_tally_all(inspection, &tally);

	nodes = tally.nodes[0];
	Assert(tally.live <= nodes && nodes <= tally.slots && tally.built <= nodes);
	inspection->version = meta.data.version;
	inspection->dimensions = (int) meta.data.dimensions;
	inspection->code_bits = meta.data.code_bits;
	inspection->rows = tally.live + tally.further;
	inspection->dead_rows = nodes - tally.live;
	inspection->later_rows = nodes - tally.built;
	inspection->free_slots = tally.slots - nodes;
	inspection->search_pages = tally.pages[VXN_PAGES_META] + tally.pages[VXN_PAGES_MEAN] +
		tally.pages[VXN_PAGES_GRAPH] + tally.pages[VXN_PAGES_UPPER];
	for (int kind = 0; kind < VXN_PAGES_KINDS; kind++)
		vxn_add_integer(&inspection->pages, page_names[kind], (int64) tally.pages[kind]);
	vxn_describe_options(inspection, &meta.data);
	vxn_describe_graph(inspection, &tally);
	if (tally.pages[VXN_PAGES_INVALID] > 0)
		vxn_advise(inspection, "Some pages are not valid: SELECT * FROM vectorx_check(%s).",
				   quote_literal_cstr(vxn_index_name(inspection)));
}
