/*-------------------------------------------------------------------------
 *
 * graph_write.c
 *	  Write a graph built in memory to the pages of an index.
 *
 * Blocks are written in order: the pages of the base layer, of each layer
 * above it, then the vectors in the order of the base layer's slots, as one
 * stream.  All in build mode; the caller logs the relation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "am/common/graph_write.h"
#include "base/slot.h"
#include "graph/pack.h"
#include "storage/vector_page.h"

typedef struct VxGraphWriter
{
	VxIndex    *index;
	VxMemGraph *graph;
	VxSpool    *spool;
	const uint64 *tids;			/* heap TID of each node */
	int			layers;
	int			slots[VX_MAX_LAYERS];	/* filled on each page of a layer */
	VxPacking  *packing[VX_MAX_LAYERS];
	BlockNumber first[VX_MAX_LAYERS];	/* block of a layer's page 0 */
	BlockNumber vectors;		/* block where the vectors begin */
	uint32	   *edges;			/* room for one list */
} VxGraphWriter;

/*
 * Pack all layers and decide where each begins.  Known block numbers make it
 * possible to write every page once, in order, though edges and down pointers
 * lead both ways.
 */
static void
vxb_plan(VxGraphWriter *writer)
{
	VxIndex    *index = writer->index;
	uint64		block = RelationGetNumberOfBlocks(index->relation);

	writer->layers = vxg_top_layer(writer->graph) + 1;
	Assert(writer->layers <= VX_MAX_LAYERS);
	for (int layer = 0; layer < writer->layers; layer++)
	{
		const VxGraphGeometry *geometry = vxp_geometry(&index->meta, layer);
		VxPackOptions options;

		options.layer = layer;
		options.slots_per_page =
			Max(1, geometry->slots * index->meta.data.fillfactor / 100);
		options.max_edges = geometry->max_edges;
		writer->slots[layer] = options.slots_per_page;
		writer->packing[layer] = vxg_pack(writer->graph, &options, &index->host);
		writer->first[layer] = (BlockNumber) block;
		block += vxg_packed_pages(writer->packing[layer]);
	}
	writer->vectors = (BlockNumber) block;
	if (block + (uint64) vxg_node_count(writer->graph) *
		index->meta.data.vector_bytes / VX_PAGE_CONTENTS + 1 > VX_MAX_GRAPH_BLOCK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index \"%s\" would exceed %u blocks",
						RelationGetRelationName(index->relation), VX_MAX_GRAPH_BLOCK),
				 errhint("Partition the table, or create partial indexes.")));
}

/*
 * Fill one slot of a graph page.  Packing numbers pages from 0 in each layer;
 * adding the layer's first block leaves the pinned bit of an edge alone.
 */
static void
vxb_write_slot(VxGraphWriter *writer, Page page, int layer, int slot, uint32 node)
{
	VxSlotContents contents;
	VxFactors	factors = vxg_factors(writer->graph, node);

	contents.tid = vxi_tid_from_uint64(writer->tids[node]);
	contents.code = vxg_code(writer->graph, node);
	contents.add = factors.add;
	contents.scale = factors.scale;
	contents.error = factors.error;
	contents.down = layer == 0 ? InvalidBlockNumber :
		writer->first[layer - 1] + vxg_packed_page(writer->packing[layer - 1], node);
	contents.edge_count = vxg_page_edges(writer->packing[layer], node, writer->edges);
	for (int i = 0; i < contents.edge_count; i++)
		writer->edges[i] += writer->first[layer];
	Assert(contents.edge_count <= writer->index->meta.data.m);
	contents.edges = writer->edges;
	vxp_graph_put(page, vxp_geometry(&writer->index->meta, layer), slot, &contents);
}

/*
 * Write one graph page.  Slots of the base layer find their vectors in the
 * stream at the place of their number in the packed order.
 */
static void
vxb_write_page(VxGraphWriter *writer, int layer, uint32 number)
{
	const VxMeta *meta = &writer->index->meta;
	const uint32 *order = vxg_packed_order(writer->packing[layer]);
	uint32		first = number * writer->slots[layer];
	uint32		count = Min(writer->slots[layer],
							vxg_packed_nodes(writer->packing[layer]) - first);
	VxPageTransaction transaction;
	BlockNumber block;
	Page		page;

	Assert(number < vxg_packed_pages(writer->packing[layer]));
	Assert(count >= 1 && count <= (uint32) vxp_geometry(meta, layer)->slots);

	vxp_begin(&transaction, writer->index->relation, VX_PAGES_BUILD);
	page = vxp_edit_new(&transaction, VX_PAGE_GRAPH, layer, &block);
	if (block != writer->first[layer] + number)
		elog(ERROR, "block %u written where block %u belongs", block,
			 writer->first[layer] + number);
	vxp_graph_init(page, vxp_geometry(meta, layer));
	for (uint32 slot = 0; slot < count; slot++)
		vxb_write_slot(writer, page, layer, (int) slot, order[first + slot]);
	if (layer == 0 && meta->data.vector_bytes > 0)
	{
		uint64		position = (uint64) first * meta->data.vector_bytes;

		vxp_opaque(page)->vector_start =
			writer->vectors + (BlockNumber) (position / VX_PAGE_CONTENTS);
		vxp_opaque(page)->vector_offset = (uint16) (position % VX_PAGE_CONTENTS);
		vxp_opaque(page)->built_slots = (uint16) count;
	}
	vxp_commit(&transaction);
}

/*
 * Write the vectors as a stream over as many pages as they need.  They are read
 * from the spool in the order of packing, which is random; its pages are in
 * the kernel's cache unless the table is larger than memory.
 */
static void
vxb_write_vectors(VxGraphWriter *writer)
{
	const uint32 *order = vxg_packed_order(writer->packing[0]);
	uint32		count = vxg_packed_nodes(writer->packing[0]);
	Size		bytes = writer->index->meta.data.vector_bytes;
	VxVectorStream stream;

	Assert(bytes > 0 && count == vxg_node_count(writer->graph));
	vxp_stream_begin(&stream, writer->index->relation, writer->vectors);
	for (uint32 i = 0; i < count; i++)
	{
		const char *vector = vxi_stored(writer->index,
										vxb_spool_read(writer->spool, order[i], NULL));

		vxp_stream_put(&stream, vector, (uint32) bytes);
		CHECK_FOR_INTERRUPTS();
	}
	vxp_stream_end(&stream);
}

/*
 * Record where the graph pages and the vector pages end, for VACUUM to know
 * which pages it need not read.
 */
static void
vxb_record_extent(VxGraphWriter *writer)
{
	VxIndex    *index = writer->index;
	VxPageTransaction transaction;
	Buffer		buffer = vxp_meta_lock(index->relation, &index->meta);

	Assert(writer->vectors > VX_META_BLOCK);
	vxp_begin(&transaction, index->relation, VX_PAGES_BUILD);
	vxp_meta_set_built(&transaction, buffer, writer->vectors,
					   RelationGetNumberOfBlocks(index->relation));
	vxp_commit(&transaction);
}

/*
 * Write a finished graph (vxg_finish) to an index that holds no more than its
 * metapage and mean, and record its layers in the metapage.
 *
 * Node n of the graph is row n of the spool and has heap TID tids[n].
 */
void
vxb_write_graph(VxIndex *index, VxMemGraph *graph, VxSpool *spool,
				const uint64 *tids)
{
	VxGraphWriter writer;

	if (vxg_node_count(graph) == 0)
		return;
	memset(&writer, 0, sizeof(writer));
	writer.index = index;
	writer.graph = graph;
	writer.spool = spool;
	writer.tids = tids;
	writer.edges = palloc_array(uint32, index->meta.data.m);

	vxb_plan(&writer);
	for (int layer = 0; layer < writer.layers; layer++)
	{
		for (uint32 i = 0; i < vxg_packed_pages(writer.packing[layer]); i++)
		{
			vxb_write_page(&writer, layer, i);
			CHECK_FOR_INTERRUPTS();
		}
	}
	if (index->meta.data.vector_bytes > 0)
		vxb_write_vectors(&writer);

	for (int layer = 0; layer < writer.layers; layer++)
	{
		VxPageTransaction transaction;
		Buffer		buffer = vxp_meta_lock(index->relation, &index->meta);

		vxp_begin(&transaction, index->relation, VX_PAGES_BUILD);
		vxp_meta_add_layer(&transaction, buffer, layer, writer.first[layer]);
		vxp_commit(&transaction);
		vxg_packing_free(writer.packing[layer]);
	}
	vxb_record_extent(&writer);
	vxp_meta_read(index->relation, &index->meta);
	pfree(writer.edges);
}
