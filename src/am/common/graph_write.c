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

/* How many slots of a page a build fills. */
int
vxb_slots_filled(const VxIndex *index, int layer)
{
	return Max(1, vxp_geometry(&index->meta, layer)->slots *
			   index->meta.data.fillfactor / 100);
}

/*
 * Pack all layers and decide where each begins, from the given block on.  Known
 * block numbers make it possible to write every page once, in order, though
 * edges and down pointers lead both ways.  Returns the block behind them.
 */
BlockNumber
vxb_plan_layers(VxGraphWriter *writer, BlockNumber block)
{
	VxIndex    *index = writer->index;

	writer->edges = palloc_array(uint32, index->meta.data.m);
	writer->layers = vxg_top_layer(writer->graph) + 1;
	Assert(writer->bottom + writer->layers <= VX_MAX_LAYERS);
	for (int layer = 0; layer < writer->layers; layer++)
	{
		int			index_layer = writer->bottom + layer;
		VxPackOptions options = {0};

		options.layer = layer;
		options.slots_per_page = vxb_slots_filled(index, index_layer);
		options.max_edges = vxp_geometry(&index->meta, index_layer)->max_edges;
		writer->slots[layer] = options.slots_per_page;
		writer->packing[layer] = vxg_pack(writer->graph, &options, &index->host);
		writer->first[layer] = block;
		block += vxg_packed_pages(writer->packing[layer]);
	}
	return block;
}

/*
 * Refuse an index whose vectors would end behind the last block that there can
 * be.
 */
void
vxb_check_extent(VxIndex *index, BlockNumber vectors, uint32 rows)
{
	if (vectors + (uint64) rows * index->meta.data.vector_bytes / VX_PAGE_CONTENTS + 1 >
		VX_MAX_GRAPH_BLOCK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index \"%s\" would exceed %u blocks",
						RelationGetRelationName(index->relation), VX_MAX_GRAPH_BLOCK),
				 errhint("Partition the table, or create partial indexes.")));
}

/*
 * Note on a page of the base layer that the vectors of its `count` slots are
 * numbers first, first + 1, ... of the stream that begins at block vectors.
 */
void
vxb_place_vectors(const VxIndex *index, Page page, BlockNumber vectors,
				  uint32 first, uint32 count)
{
	uint64		position = (uint64) first * index->meta.data.vector_bytes;

	if (index->meta.data.vector_bytes == 0)
		return;
	vxp_opaque(page)->vector_start = vectors + (BlockNumber) (position / VX_PAGE_CONTENTS);
	vxp_opaque(page)->vector_offset = (uint16) (position % VX_PAGE_CONTENTS);
	vxp_opaque(page)->built_slots = (uint16) count;
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
	if (layer > 0)
		contents.down = writer->first[layer - 1] +
			vxg_packed_page(writer->packing[layer - 1], node);
	else
		contents.down = writer->bottom > 0 ? writer->below[node] : InvalidBlockNumber;
	contents.edge_count = vxg_page_edges(writer->packing[layer], node, writer->edges);
	for (int i = 0; i < contents.edge_count; i++)
		writer->edges[i] += writer->first[layer];
	Assert(contents.edge_count <= writer->index->meta.data.m);
	contents.edges = writer->edges;
	vxp_graph_put(page, vxp_geometry(&writer->index->meta, writer->bottom + layer), slot,
				  &contents);
}

/*
 * Write one graph page.  Slots of the base layer find their vectors in the
 * stream at the place of their number in the packed order.
 */
static void
vxb_write_page(VxGraphWriter *writer, int layer, uint32 number, BlockNumber vectors)
{
	const VxGraphGeometry *geometry = vxp_geometry(&writer->index->meta,
												   writer->bottom + layer);
	const uint32 *order = vxg_packed_order(writer->packing[layer]);
	uint32		first = number * writer->slots[layer];
	uint32		count = Min(writer->slots[layer],
							vxg_packed_nodes(writer->packing[layer]) - first);
	VxPageTransaction transaction;
	BlockNumber block;
	Page		page;

	Assert(number < vxg_packed_pages(writer->packing[layer]));
	Assert(count >= 1 && count <= (uint32) geometry->slots);

	vxp_begin(&transaction, writer->index->relation, VX_PAGES_BUILD);
	page = vxp_edit_new(&transaction, VX_PAGE_GRAPH, writer->bottom + layer, &block);
	if (block != writer->first[layer] + number)
		elog(ERROR, "block %u written where block %u belongs", block,
			 writer->first[layer] + number);
	vxp_graph_init(page, geometry);
	for (uint32 slot = 0; slot < count; slot++)
		vxb_write_slot(writer, page, layer, (int) slot, order[first + slot]);
	if (writer->bottom + layer == 0)
		vxb_place_vectors(writer->index, page, vectors, first, count);
	vxp_commit(&transaction);
}

/* Write the planned layers, in order. */
void
vxb_write_layers(VxGraphWriter *writer, BlockNumber vectors)
{
	for (int layer = 0; layer < writer->layers; layer++)
	{
		for (uint32 i = 0; i < vxg_packed_pages(writer->packing[layer]); i++)
		{
			vxb_write_page(writer, layer, i, vectors);
			CHECK_FOR_INTERRUPTS();
		}
	}
}

/*
 * Write the vectors as a stream over as many pages as they need, from the given
 * block on.  They are read from the spool in the order given, which is random;
 * its pages are in the kernel's cache unless the table is larger than memory.
 */
void
vxb_write_vectors(VxIndex *index, VxSpool *spool, BlockNumber block,
				  const uint32 *order, uint32 count)
{
	VxVectorStream stream;

	if (index->meta.data.vector_bytes == 0)
		return;
	vxp_stream_begin(&stream, index->relation, block);
	for (uint32 i = 0; i < count; i++)
	{
		const char *vector = vxi_stored(index, vxb_spool_read(spool, order[i], NULL));

		vxp_stream_put(&stream, vector, index->meta.data.vector_bytes);
		CHECK_FOR_INTERRUPTS();
	}
	vxp_stream_end(&stream);
}

/* Name the root of a layer in the metapage; layers come from the base up. */
void
vxb_record_layer(VxIndex *index, int layer, BlockNumber root)
{
	VxPageTransaction transaction;
	Buffer		buffer = vxp_meta_lock(index->relation, &index->meta);

	vxp_begin(&transaction, index->relation, VX_PAGES_BUILD);
	vxp_meta_add_layer(&transaction, buffer, layer, root);
	vxp_commit(&transaction);
}

/*
 * Record all layers of a graph, and forget how they were packed.
 */
void
vxb_record_layers(VxGraphWriter *writer)
{
	for (int layer = 0; layer < writer->layers; layer++)
	{
		vxb_record_layer(writer->index, writer->bottom + layer, writer->first[layer]);
		vxg_packing_free(writer->packing[layer]);
	}
	pfree(writer->edges);
}

/*
 * Record where the graph pages and the vector pages end, for VACUUM to know
 * which pages it need not read, and read the metapage again.  Then fill the
 * entry directory, if the index has one, from the pages written.
 */
void
vxb_record_extent(VxIndex *index, BlockNumber vectors)
{
	VxPageTransaction transaction;
	Buffer		buffer = vxp_meta_lock(index->relation, &index->meta);

	Assert(vectors > VX_META_BLOCK);
	vxp_begin(&transaction, index->relation, VX_PAGES_BUILD);
	vxp_meta_set_built(&transaction, buffer, vectors,
					   RelationGetNumberOfBlocks(index->relation));
	vxp_commit(&transaction);
	vxp_meta_read(index->relation, &index->meta);
	if (index->meta.terms.bits > 0)
		vxi_directory_fill(index);
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
	BlockNumber vectors;

	if (vxg_node_count(graph) == 0)
		return;
	memset(&writer, 0, sizeof(writer));
	writer.index = index;
	writer.graph = graph;
	writer.tids = tids;
	vectors = vxb_plan_layers(&writer, RelationGetNumberOfBlocks(index->relation));
	vxb_check_extent(index, vectors, vxg_node_count(graph));
	vxb_write_layers(&writer, vectors);
	vxb_write_vectors(index, spool, vectors, vxg_packed_order(writer.packing[0]),
					  vxg_packed_nodes(writer.packing[0]));
	vxb_record_layers(&writer);
	vxb_record_extent(index, vectors);
}
