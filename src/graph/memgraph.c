/*-------------------------------------------------------------------------
 *
 * memgraph.c
 *	  The graph that an index build keeps in memory: its storage.
 *
 * Allocation, layout of rows and lists, and the accessors.  Searching,
 * linking and repair are in the memgraph_*.c files.  Explained in
 * graph/README.md.
 *
 * Arrays are made for max_nodes at once and never moved: a build is refused for
 * want of memory at its beginning (vxg_memory), not after hours, and pointers to
 * rows and lists stay good.  One thread owns a graph; nothing here locks.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "graph/memgraph_internal.h"

/* More buys nothing that pages do not give already: see "Measurements" in graph/README.md. */
#define EFFORT_FLOOR	64

/*
 * Nodes that vxg_finish looks at to link an unreached one; also a least beam, so
 * that the working memory of insertions serves the repair as well.
 */
#define MIN_BEAM		64

/* add, scale and error of VxFactors, side by side in this order */
#define FACTOR_BYTES	(3 * sizeof(float))

/*
 * The width is a floor: users who leave ef_construction alone must not get a
 * worse graph than the study found worth its time.
 */
int
vxg_build_effort(int ef_construction)
{
	return ef_construction > EFFORT_FLOOR ? ef_construction : EFFORT_FLOOR;
}

/*
 * Fills in the sizes that follow from the options; needs neither codec nor host,
 * because vxg_memory() asks for a graph that is not there.
 *
 * A search narrower than the list it shall fill could not fill it, hence the
 * effort's lower bound.  A batch is at most one list with its spare place.
 */
static void
derive_sizes(VxMemGraph *graph)
{
	const VxBuildOptions *options = &graph->options;
	float		slack = options->slack > 1.0f ? options->slack : 1.0f;

	graph->degree = options->degree > 0 ? options->degree : 2 * options->m;
	graph->effort = options->effort > 0 ? options->effort
		: vxg_build_effort(options->ef_construction);
	if (graph->effort < graph->degree)
		graph->effort = graph->degree;
	graph->capacity = (int) (graph->degree * slack);
	graph->beam_room = graph->effort > MIN_BEAM ? graph->effort : MIN_BEAM;
	graph->batch_room = graph->capacity + 2;
	if (graph->options.alpha <= 0)
		graph->options.alpha = 1.0f;
	Assert(graph->degree > 0);
	Assert(graph->capacity >= graph->degree);
}

/* Bytes of a node's code and factors, in whole floats so that factors are aligned. */
static size_t
row_bytes(const VxCodec *codec)
{
	return (codec->code_bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float) +
		FACTOR_BYTES;
}

/*
 * Lays out codes and factors.  The estimator takes factors as arrays of
 * floats and multiplies row numbers by the stride for codes.  With rows
 * counted in floats and a stride of one float, both fall into one row, so a
 * neighbour's factors come with the cache lines of its code.  Row numbers are
 * 32 bits, which ends this at 16 GB of rows; larger graphs use plain arrays.
 */
static void
lay_out_rows(VxMemGraph *graph)
{
	size_t		nodes = graph->options.max_nodes;
	size_t		bytes = row_bytes(graph->codec);
	size_t		code_bytes = bytes - FACTOR_BYTES;
	float	   *factors;

	Assert(bytes % sizeof(float) == 0 && code_bytes >= graph->codec->code_bytes);
	graph->rows = vxh_allocate(graph->host, nodes * bytes);
	graph->codes.codes = graph->rows;
	if (nodes * (bytes / sizeof(float)) <= UINT32_MAX)
	{
		graph->code_scale = (uint32_t) (bytes / sizeof(float));
		graph->codes.stride = sizeof(float);
		factors = (float *) (graph->rows + code_bytes);
		graph->codes.add = factors;
		graph->codes.scale = factors + 1;
		graph->codes.error = factors + 2;
	}
	else
	{
		graph->code_scale = 1;
		graph->codes.stride = code_bytes;
		factors = (float *) (graph->rows + nodes * code_bytes);
		graph->codes.add = factors;
		graph->codes.scale = factors + nodes;
		graph->codes.error = factors + 2 * nodes;
	}
}

/*
 * Arrays with an element a row.  Only `seen` must be cleared: everything else is
 * written when a row is added, so memory that is never used is never touched.
 */
static void
allocate_rows(VxMemGraph *graph)
{
	const VxHost *host = graph->host;
	size_t		nodes = graph->options.max_nodes;

	Assert(nodes > 0 && nodes < NODE_EXPANDED);
	lay_out_rows(graph);
	graph->lists = vxh_allocate(host, nodes * vxg_list_words(graph) * sizeof(uint32_t));
	graph->next_follower = vxh_allocate(host, nodes * sizeof(uint32_t));
	graph->level = vxh_allocate(host, nodes);
	graph->seen = vxh_allocate(host, nodes * sizeof(uint32_t));
	memset(graph->seen, 0, nodes * sizeof(uint32_t));
}

/*
 * Memory of one insertion, reused by the next: after creation only the upper
 * layers allocate.  The pool of a selection is at most a full beam with as many
 * evicted, or a list that has just overflowed.  Planned lists are kept apart from
 * the graph's until the search is over, for it may be interrupted.
 */
static void
allocate_working_memory(VxMemGraph *graph)
{
	const VxHost *host = graph->host;
	size_t		beam = (size_t) graph->beam_room;
	size_t		batch = (size_t) graph->batch_room;
	size_t		pool = 2 * beam + batch;

	graph->scratch = vxh_allocate(host, vxq_scratch_size(graph->codec));
	graph->query = vxh_allocate(host, vxq_query_size(graph->codec));
	graph->link_query = vxh_allocate(host, vxq_query_size(graph->codec));
	graph->selector = vxg_selector_create(graph->codec, (int) pool, host);
	graph->beam = vxh_allocate(host, beam * sizeof(VxNearNode));
	graph->evicted = vxh_allocate(host, beam * sizeof(VxNearNode));
	graph->batch = vxh_allocate(host, batch * sizeof(uint32_t));
	graph->batch_rows = vxh_allocate(host, batch * sizeof(uint32_t));
	graph->estimates = vxh_allocate(host, batch * sizeof(float));
	graph->pool = vxh_allocate(host, pool * sizeof(VxNearNode));
	graph->pool_rows = vxh_allocate(host, pool * sizeof(uint32_t));
	graph->pool_distance = vxh_allocate(host, pool * sizeof(float));
	graph->chosen = vxh_allocate(host, pool * sizeof(int));
	graph->planned = vxh_allocate(host, (VXG_MAX_LEVEL + 1) * vxg_list_words(graph) *
								  sizeof(uint32_t));
}

/*
 * The host may leave by a long jump from any of these allocations; what was
 * allocated before then goes with its memory context.
 */
VxMemGraph *
vxg_create(const VxCodec *codec, const VxBuildOptions *options, const VxHost *host)
{
	VxMemGraph *graph = vxh_allocate(host, sizeof(VxMemGraph));

	Assert(options->promote >= 0 && options->promote < 1);
	memset(graph, 0, sizeof(*graph));
	graph->codec = codec;
	graph->host = host;
	graph->options = *options;
	graph->entry = VXG_NO_NODE;
	derive_sizes(graph);
	allocate_rows(graph);
	allocate_working_memory(graph);
	vxr_seed(&graph->random, options->seed);
	return graph;
}

/* NULL stands for what was never allocated. */
void
vxg_free(VxMemGraph *graph)
{
	const VxHost *host = graph->host;
	void	   *arrays[] = {
		graph->rows, graph->lists, graph->next_follower, graph->level, graph->seen,
		graph->upper.nodes, graph->upper.first, graph->upper.chunks,
		graph->scratch, graph->query, graph->link_query, graph->beam, graph->evicted,
		graph->batch, graph->batch_rows, graph->estimates, graph->pool,
		graph->pool_rows, graph->pool_distance, graph->chosen, graph->planned
	};

	for (uint32_t i = 0; i < graph->upper.chunk_count; i++)
		vxh_release(host, graph->upper.chunks[i]);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		vxh_release(host, arrays[i]);
	vxg_selector_free(graph->selector);
	vxh_release(host, graph);
}

/*
 * Follows allocate_rows() and allocate_working_memory(), and rounds up where
 * chance has a part: a build is refused or begun on the strength of this.
 */
size_t
vxg_memory(const VxCodec *codec, const VxBuildOptions *options, size_t nodes)
{
	VxMemGraph	sizes;
	size_t		list_bytes;
	size_t		row;
	double		upper;

	memset(&sizes, 0, sizeof(sizes));
	sizes.options = *options;
	derive_sizes(&sizes);
	list_bytes = vxg_list_words(&sizes) * sizeof(uint32_t);

	/* code and factors, list, follower, seen, level, and the queue of vxg_finish */
	row = row_bytes(codec) + list_bytes + 3 * sizeof(uint32_t) + 1 + 1;

	/* promoted nodes, with a margin for chance and for half-filled chunks */
	upper = 1.1 * (double) nodes * options->promote / (1 - options->promote);
	return sizeof(VxMemGraph) + nodes * row +
		(size_t) upper * (list_bytes + 4 * sizeof(uint32_t)) + LISTS_PER_CHUNK * list_bytes +
		vxg_selector_memory(codec, 3 * sizes.beam_room) + vxq_scratch_size(codec) +
		2 * vxq_query_size(codec) + (size_t) sizes.beam_room * 80 +
		(VXG_MAX_LEVEL + 1) * list_bytes;
}

/*
 * Moves an array of words to one of `room` places.  The old one is released only
 * after the copy, so a failed allocation leaves the graph as it was.
 */
static void
grow_words(const VxHost *host, uint32_t **words, uint32_t used, uint32_t room)
{
	uint32_t   *bigger = vxh_allocate(host, (size_t) room * sizeof(uint32_t));

	Assert(used < room);
	if (*words != NULL)
	{
		memcpy(bigger, *words, (size_t) used * sizeof(uint32_t));
		vxh_release(host, *words);
	}
	*words = bigger;
}

/*
 * A chunk never moves, since planned and linked lists are pointed into while
 * others are made.  Only the array of pointers to chunks grows.
 */
static void
add_list_chunk(VxMemGraph *graph)
{
	VxUpperLists *upper = &graph->upper;

	if (upper->chunk_count == upper->chunk_room)
	{
		uint32_t	room = upper->chunk_room > 0 ? 2 * upper->chunk_room : 16;
		uint32_t  **chunks = vxh_allocate(graph->host, room * sizeof(uint32_t *));

		if (upper->chunks != NULL)
			memcpy(chunks, upper->chunks, upper->chunk_count * sizeof(uint32_t *));
		vxh_release(graph->host, upper->chunks);
		upper->chunks = chunks;
		upper->chunk_room = room;
	}
	upper->chunks[upper->chunk_count] =
		vxh_allocate(graph->host, LISTS_PER_CHUNK * vxg_list_words(graph) * sizeof(uint32_t));
	upper->chunk_count++;
}

/*
 * Gives a node its empty lists in layers 1 .. level.  Nodes come in ascending
 * order, which is what find_upper() searches by.  The lists of one node may lie in
 * two chunks, a single list never does.
 */
void
vxg_make_upper_lists(VxMemGraph *graph, uint32_t node, int level)
{
	VxUpperLists *upper = &graph->upper;

	if (level == 0)
		return;
	Assert(level > 0 && level <= VXG_MAX_LEVEL);
	Assert(upper->count == 0 || upper->nodes[upper->count - 1] < node);
	if (upper->count == upper->room)
	{
		uint32_t	room = upper->room > 0 ? 2 * upper->room : 256;

		grow_words(graph->host, &upper->nodes, upper->count, room);
		grow_words(graph->host, &upper->first, upper->count, room);
		upper->room = room;
	}
	upper->nodes[upper->count] = node;
	upper->first[upper->count] = upper->list_count;
	upper->count++;
	upper->list_count += level;
	while (upper->list_count > upper->chunk_count * LISTS_PER_CHUNK)
		add_list_chunk(graph);
	for (int layer = 1; layer <= level; layer++)
		vxg_list(graph, layer, node)[0] = 0;
}

/* Where a node is among those of the upper layers (binary search: they are ascending). */
static uint32_t
find_upper(const VxUpperLists *upper, uint32_t node)
{
	uint32_t	low = 0;
	uint32_t	high = upper->count;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (upper->nodes[middle] < node)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(low < upper->count && upper->nodes[low] == node);
	return low;
}

/*
 * The base layer is an array.  Upper layers hold one node in hundreds, and a
 * search reads a handful of their lists, so looking them up costs nothing.
 */
uint32_t *
vxg_list(const VxMemGraph *graph, int layer, uint32_t node)
{
	size_t		words = vxg_list_words(graph);
	uint32_t	number;

	Assert(node < graph->options.max_nodes);
	if (layer == 0)
		return graph->lists + node * words;
	Assert(layer <= VXG_MAX_LEVEL);
	number = graph->upper.first[find_upper(&graph->upper, node)] + (uint32_t) layer - 1;
	return graph->upper.chunks[number / LISTS_PER_CHUNK] + number % LISTS_PER_CHUNK * words;
}

uint32_t
vxg_node_count(const VxMemGraph *graph)
{
	return graph->count;
}

uint32_t
vxg_entry(const VxMemGraph *graph)
{
	return graph->entry;
}

int
vxg_top_layer(const VxMemGraph *graph)
{
	return graph->top;
}

int
vxg_node_level(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < graph->count);
	return graph->level[node] & ~LEVEL_FOLLOWER;
}

bool
vxg_is_follower(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < graph->count);
	return (graph->level[node] & LEVEL_FOLLOWER) != 0;
}

uint32_t
vxg_next_follower(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < graph->count);
	return graph->next_follower[node];
}

/*
 * See lay_out_rows() for what row numbers count.  The product is taken in size_t:
 * rows may pass 4 GB long before their numbers pass 32 bits.
 */
const uint8_t *
vxg_code(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < graph->options.max_nodes);
	return graph->codes.codes + (size_t) node * graph->code_scale * graph->codes.stride;
}

VxFactors
vxg_factors(const VxMemGraph *graph, uint32_t node)
{
	size_t		row = (size_t) node * graph->code_scale;
	VxFactors	factors;

	factors.add = graph->codes.add[row];
	factors.scale = graph->codes.scale[row];
	factors.error = graph->codes.error[row];
	return factors;
}

const VxCodeArray *
vxg_code_array(const VxMemGraph *graph)
{
	return &graph->codes;
}

uint32_t
vxg_code_scale(const VxMemGraph *graph)
{
	return graph->code_scale;
}

/*
 * Followers have no list in any layer, not even an empty one: their words of the
 * base array are never written, so nothing may read them.
 */
const uint32_t *
vxg_neighbours(const VxMemGraph *graph, int layer, uint32_t node, int *count)
{
	const uint32_t *list;

	Assert(layer <= vxg_node_level(graph, node));
	if (vxg_is_follower(graph, node))
	{
		*count = 0;
		return NULL;
	}
	list = vxg_list(graph, layer, node);
	*count = (int) list[0];
	Assert(*count >= 0 && *count <= graph->capacity + 1);
	return list + 1;
}
