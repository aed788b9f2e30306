/*
 * graph_page_store.c
 *	  Graph pages in memory, as an index would lay them out on disk.
 */
#include "graph_page_store.h"

#include <stdlib.h>
#include <string.h>

#include "graph/pack.h"

int
store_slots(const VxCodec *codec, int max_edges)
{
	size_t		slot = SLOT_OVERHEAD + 4 * (size_t) max_edges + codec->code_bytes;

	return (int) ((BLOCK_SIZE - PAGE_OVERHEAD) / slot);
}

/* Arrays of one page, in one piece of memory. */
static void
lay_out_page(PageStore *store, VxGraphPage *page, uint8_t *body, size_t code_bytes)
{
	size_t		n = (size_t) store->slots;
	float	   *add = (float *) body;
	uint32_t   *edges = (uint32_t *) (add + 3 * n);
	uint32_t   *down = edges + n * store->max_edges;
	uint8_t    *tids = (uint8_t *) (down + n);
	uint8_t    *state = tids + 6 * n;

	memset(body, 0, 12 * n);
	memset(edges, 0xFF, 4 * n * store->max_edges);
	memset(down, 0, 4 * n + 7 * n + n * code_bytes);
	page->nslots = store->slots;
	page->max_edges = store->max_edges;
	page->codes.add = add;
	page->codes.scale = add + n;
	page->codes.error = add + 2 * n;
	page->codes.codes = state + n;
	page->codes.stride = code_bytes;
	page->edges = edges;
	page->down = down;
	page->tids = tids;
	page->state = state;
}

/* Pages of the node's first edges, as a search over node numbers would read them. */
static int
pages_of_nodes(VxMemGraph *graph, VxPacking *packing, int layer, uint32_t node,
			   uint32_t *pages, int max)
{
	int			count;
	int			found = 0;
	const uint32_t *list = vxg_neighbours(graph, layer, node, &count);

	for (int i = 0; i < count && i < max; i++)
	{
		uint32_t	page = vxg_packed_page(packing, list[i]);
		bool		named = page == vxg_packed_page(packing, node);

		for (int k = 0; k < found && !named; k++)
			named = pages[k] == page;
		if (!named)
			pages[found++] = page;
	}
	return found;
}

typedef struct LayerWriter
{
	PageStore  *store;
	VxMemGraph *graph;
	const VxCodec *codec;
	VxPacking  *packing;
	const VxPacking *below;
	int			layer;
	bool		node_edges;
} LayerWriter;

static void
write_node(LayerWriter *writer, uint32_t place)
{
	PageStore  *store = writer->store;
	uint32_t	node = vxg_packed_order(writer->packing)[place];
	uint32_t	first = store->first_block[writer->layer];
	VxGraphPage *page = &store->pages[first + place / store->used_slots];
	int			slot = (int) (place % store->used_slots);
	VxFactors	factors = vxg_factors(writer->graph, node);
	uint32_t   *edges = (uint32_t *) page->edges + slot * store->max_edges;
	uint32_t	list[1024];
	int			count;

	((uint8_t *) page->state)[slot] = VX_SLOT_LIVE;
	((float *) page->codes.add)[slot] = factors.add;
	((float *) page->codes.scale)[slot] = factors.scale;
	((float *) page->codes.error)[slot] = factors.error;
	memcpy((uint8_t *) page->codes.codes + slot * page->codes.stride,
		   vxg_code(writer->graph, node), writer->codec->code_bytes);
	memcpy((uint8_t *) page->tids + 6 * slot, &node, 4);
	if (writer->layer > 0)
		((uint32_t *) page->down)[slot] = store->first_block[writer->layer - 1] +
			vxg_packed_page(writer->below, node);
	if (writer->node_edges)
		count = pages_of_nodes(writer->graph, writer->packing, writer->layer, node,
							   list, store->max_edges);
	else
		count = vxg_page_edges(writer->packing, node, list);
	for (int i = 0; i < count; i++)
		edges[i] = list[i] + first;
}

PageStore *
store_create(VxMemGraph *graph, const VxCodec *codec, const StoreOptions *options)
{
	PageStore  *store = calloc(1, sizeof(PageStore));
	VxPacking  *packings[VXG_MAX_LEVEL + 1];
	size_t		body;

	store->max_edges = options->max_edges;
	store->slots = options->slots > 0 ? options->slots : store_slots(codec, options->max_edges);
	store->used_slots = (int) (store->slots * options->fill_factor);
	if (store->used_slots < 1)
		store->used_slots = 1;
	store->layers = vxg_top_layer(graph) + 1;
	for (int layer = 0; layer < store->layers; layer++)
	{
		VxPackOptions pack = {layer, store->used_slots, options->max_edges, NULL};

		packings[layer] = vxg_pack(graph, &pack, vxh_malloc_host());
		store->first_block[layer] = store->blocks;
		store->blocks += vxg_packed_pages(packings[layer]);
	}
	store->first_block[store->layers] = store->blocks;
	body = (size_t) store->slots * (SLOT_OVERHEAD + 4 + 4 * (size_t) store->max_edges +
									codec->code_bytes);
	body = (body + 63) / 64 * 64 + 64;
	store->pages = calloc(store->blocks, sizeof(VxGraphPage));
	store->storage = malloc(body * store->blocks);
	for (uint32_t block = 0; block < store->blocks; block++)
		lay_out_page(store, &store->pages[block], (uint8_t *) store->storage + body * block,
					 codec->code_bytes);
	for (int layer = 0; layer < store->layers; layer++)
	{
		LayerWriter writer = {store, graph, codec, packings[layer],
		layer > 0 ? packings[layer - 1] : NULL, layer, options->node_edges};

		for (uint32_t place = 0; place < vxg_packed_nodes(packings[layer]); place++)
			write_node(&writer, place);
	}
	for (int layer = 0; layer < store->layers; layer++)
		vxg_packing_free(packings[layer]);
	return store;
}

void
store_free(PageStore *store)
{
	free(store->storage);
	free(store->pages);
	free(store);
}

static const VxGraphPage *
open_page(void *context, uint32_t block)
{
	PageStore  *store = context;

	return block < store->blocks ? &store->pages[block] : NULL;
}

static void
close_page(void *context)
{
	(void) context;
}

VxPageSource
store_source(PageStore *store)
{
	VxPageSource source = {store, open_page, close_page, NULL, NULL};

	return source;
}
