/*-------------------------------------------------------------------------
 *
 * memgraph.c
 *	  The graph that an index build keeps in memory: its storage.
 *
 * Allocation, layout of rows and lists, and the accessors.  Searching,
 * linking and repair are in the memgraph_*.c files.  Explained in
 * graph/README.md.
 *
 * The arena is made for max_nodes at once and never moved: a build is refused for
 * want of memory at its beginning (vxg_memory), not after hours, and pointers to
 * rows and lists stay good.  It holds no pointer, so that processes may map it
 * anywhere; a handle (VxMemGraph) has the addresses of one of them.
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

/* Nodes met for each place of the beam, beyond which all bits are wiped. */
#define MET_PER_PLACE	32

/* Attempts to get a lock before the processor is given away. */
#define LOCK_ATTEMPTS	200

/* Where the arrays of an arena begin, in bytes from its start. */
typedef struct ArenaLayout
{
	size_t		rows;
	size_t		lists;
	size_t		next_follower;
	size_t		level;
	size_t		upper_nodes;
	size_t		upper_first;
	size_t		upper_lists;
	size_t		size;
} ArenaLayout;

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

/* Arrays start on cache lines. */
static size_t
align_line(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

/* Needs derive_sizes() to have been called, and nothing else of the graph. */
static void
lay_out_arena(const VxMemGraph *graph, const VxCodec *codec, uint32_t upper_count,
			  uint32_t list_count, ArenaLayout *layout)
{
	size_t		nodes = graph->options.max_nodes;
	size_t		list_bytes = vxg_list_words(graph) * sizeof(uint32_t);

	layout->rows = align_line(sizeof(VxArenaHead));
	layout->lists = align_line(layout->rows + nodes * row_bytes(codec));
	layout->next_follower = align_line(layout->lists + nodes * list_bytes);
	layout->level = align_line(layout->next_follower + nodes * sizeof(uint32_t));
	layout->upper_nodes = align_line(layout->level + nodes);
	layout->upper_first = align_line(layout->upper_nodes + upper_count * sizeof(uint32_t));
	layout->upper_lists = align_line(layout->upper_first + upper_count * sizeof(uint32_t));
	layout->size = layout->upper_lists + list_count * list_bytes;
}

/*
 * [MY18] draws floor(-ln(u) * mL); repeated promotion is the same distribution,
 * and says in which layers the node is without a logarithm.  The draw depends on
 * the node's number, not on when it is added, nor by whom.
 */
int
vxg_drawn_level(const VxBuildOptions *options, uint32_t node)
{
	VxRandom	random;
	int			level = 0;

	if (options->promote <= 0)
		return 0;
	vxr_seed(&random, options->seed + (uint64_t) (node + 1) * UINT64_C(0x9e3779b97f4a7c15));
	while (level < VXG_MAX_LEVEL && vxr_double(&random) < options->promote)
		level++;
	return level;
}

/* How many nodes will be in upper layers, and how many lists they need there. */
static void
count_upper(const VxBuildOptions *options, uint32_t *nodes, uint32_t *lists)
{
	*nodes = 0;
	*lists = 0;
	if (options->promote <= 0)
		return;
	for (uint32_t node = 0; node < options->max_nodes; node++)
	{
		int			level = vxg_drawn_level(options, node);

		*nodes += level > 0;
		*lists += (uint32_t) level;
	}
}

/*
 * Points the handle into the arena.  The estimator takes factors as arrays of
 * floats and multiplies row numbers by the stride for codes.  With rows
 * counted in floats and a stride of one float, both fall into one row, so a
 * neighbour's factors come with the cache lines of its code.  Row numbers are
 * 32 bits, which ends this at 16 GB of rows; larger graphs use plain arrays.
 */
static void
point_at_rows(VxMemGraph *graph, uint8_t *rows)
{
	size_t		nodes = graph->options.max_nodes;
	size_t		bytes = row_bytes(graph->codec);
	size_t		code_bytes = bytes - FACTOR_BYTES;
	float	   *factors;

	Assert(bytes % sizeof(float) == 0 && code_bytes >= graph->codec->code_bytes);
	graph->codes.codes = rows;
	if (nodes * (bytes / sizeof(float)) <= UINT32_MAX)
	{
		graph->code_scale = (uint32_t) (bytes / sizeof(float));
		graph->codes.stride = sizeof(float);
		factors = (float *) (rows + code_bytes);
		graph->codes.add = factors;
		graph->codes.scale = factors + 1;
		graph->codes.error = factors + 2;
	}
	else
	{
		graph->code_scale = 1;
		graph->codes.stride = code_bytes;
		factors = (float *) (rows + nodes * code_bytes);
		graph->codes.add = factors;
		graph->codes.scale = factors + nodes;
		graph->codes.error = factors + 2 * nodes;
	}
}

static void
point_at_arena(VxMemGraph *graph, void *arena)
{
	uint8_t    *base = arena;
	ArenaLayout layout;

	graph->head = arena;
	lay_out_arena(graph, graph->codec, graph->head->upper_count, graph->head->list_count,
				  &layout);
	point_at_rows(graph, base + layout.rows);
	graph->lists = (uint32_t *) (base + layout.lists);
	graph->next_follower = (uint32_t *) (base + layout.next_follower);
	graph->level = base + layout.level;
	graph->upper.nodes = (uint32_t *) (base + layout.upper_nodes);
	graph->upper.first = (uint32_t *) (base + layout.upper_first);
	graph->upper.lists = (uint32_t *) (base + layout.upper_lists);
	graph->upper.count = graph->head->upper_count;
}

/*
 * Fills in the head and draws the upper layers.  Rows and lists are written when
 * their node is added, so memory that is never used is never touched; only the
 * lists of upper layers begin empty, since their nodes are seen layer by layer.
 */
static void
init_arena(VxMemGraph *graph, void *arena, uint32_t upper_count, uint32_t list_count)
{
	VxArenaHead *head = arena;
	uint32_t	place = 0;
	uint32_t	list = 0;

	head->entry = ENTRY_WORD(VXG_NO_NODE, 0);
	head->entry_lock = 0;
	head->count = 0;
	head->upper_count = upper_count;
	head->list_count = list_count;
	point_at_arena(graph, arena);
	for (uint32_t node = 0; place < upper_count; node++)
	{
		int			level = vxg_drawn_level(&graph->options, node);

		Assert(node < graph->options.max_nodes);
		if (level == 0)
			continue;
		graph->upper.nodes[place] = node;
		graph->upper.first[place] = list;
		place++;
		for (int layer = 0; layer < level; layer++, list++)
			graph->upper.lists[list * vxg_list_words(graph)] = 0;
	}
	Assert(list == list_count);
}

/*
 * Memory of one insertion, reused by the next: after creation nothing is
 * allocated, so nothing can fail under a lock.  The pool of a selection is at most a full beam with as many
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

	graph->seen = vxh_allocate(host, graph->options.max_nodes / 8 + 1);
	memset(graph->seen, 0, graph->options.max_nodes / 8 + 1);
	graph->met_room = (uint32_t) beam * MET_PER_PLACE;
	graph->met = vxh_allocate(host, graph->met_room * sizeof(uint32_t));
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
	graph->pruned = vxh_allocate(host, vxg_list_words(graph) * sizeof(uint32_t));
}

/* A handle without an arena. */
static VxMemGraph *
make_handle(const VxCodec *codec, const VxBuildOptions *options, const VxHost *host)
{
	VxMemGraph *graph = vxh_allocate(host, sizeof(VxMemGraph));

	Assert(options->promote >= 0 && options->promote < 1);
	Assert(options->max_nodes > 0 && options->max_nodes < NODE_EXPANDED);
	memset(graph, 0, sizeof(*graph));
	graph->codec = codec;
	graph->host = host;
	graph->options = *options;
	derive_sizes(graph);
	return graph;
}

VxMemGraph *
vxg_create_shared(void *arena, const VxCodec *codec, const VxBuildOptions *options,
				  const VxHost *host)
{
	VxMemGraph *graph = make_handle(codec, options, host);
	uint32_t	upper_count;
	uint32_t	list_count;

	count_upper(options, &upper_count, &list_count);
	init_arena(graph, arena, upper_count, list_count);
	allocate_working_memory(graph);
	return graph;
}

VxMemGraph *
vxg_attach(void *arena, const VxCodec *codec, const VxBuildOptions *options,
		   const VxHost *host)
{
	VxMemGraph *graph = make_handle(codec, options, host);

	point_at_arena(graph, arena);
	allocate_working_memory(graph);
	return graph;
}

/*
 * The host may leave by a long jump from any of these allocations; what was
 * allocated before then goes with its memory context.
 */
VxMemGraph *
vxg_create(const VxCodec *codec, const VxBuildOptions *options, const VxHost *host)
{
	void	   *arena = vxh_allocate(host, vxg_arena_size(codec, options));
	VxMemGraph *graph = vxg_create_shared(arena, codec, options, host);

	graph->owns_arena = true;
	return graph;
}

void
vxg_free(VxMemGraph *graph)
{
	const VxHost *host = graph->host;
	void	   *arrays[] = {
		graph->seen, graph->met,
		graph->scratch, graph->query, graph->link_query, graph->beam, graph->evicted,
		graph->batch, graph->batch_rows, graph->estimates, graph->pool,
		graph->pool_rows, graph->pool_distance, graph->chosen, graph->planned, graph->pruned
	};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		vxh_release(host, arrays[i]);
	vxg_selector_free(graph->selector);
	if (graph->owns_arena)
		vxh_release(host, graph->head);
	vxh_release(host, graph);
}

size_t
vxg_arena_size(const VxCodec *codec, const VxBuildOptions *options)
{
	VxMemGraph	sizes;
	ArenaLayout layout;
	uint32_t	upper_count;
	uint32_t	list_count;

	memset(&sizes, 0, sizeof(sizes));
	sizes.options = *options;
	derive_sizes(&sizes);
	count_upper(options, &upper_count, &list_count);
	lay_out_arena(&sizes, codec, upper_count, list_count, &layout);
	return layout.size;
}

/* Follows allocate_working_memory(). */
size_t
vxg_handle_memory(const VxCodec *codec, const VxBuildOptions *options, size_t nodes)
{
	VxMemGraph	sizes;
	size_t		beam;

	memset(&sizes, 0, sizeof(sizes));
	sizes.options = *options;
	derive_sizes(&sizes);
	beam = (size_t) sizes.beam_room;
	return sizeof(VxMemGraph) + nodes / 8 + 1 + beam * MET_PER_PLACE * sizeof(uint32_t) +
		vxg_selector_memory(codec, 3 * sizes.beam_room) + vxq_scratch_size(codec) +
		2 * vxq_query_size(codec) + beam * 80 +
		(VXG_MAX_LEVEL + 2) * vxg_list_words(&sizes) * sizeof(uint32_t);
}

/*
 * Foretells vxg_arena_size() without drawing every level, and adds one handle and
 * the queue of vxg_finish.  It rounds up where chance has a part: a build is
 * refused or begun on the strength of this.
 */
size_t
vxg_memory(const VxCodec *codec, const VxBuildOptions *options, size_t nodes)
{
	VxMemGraph	sizes;
	ArenaLayout layout;
	double		upper = (double) nodes * options->promote / (1 - options->promote);

	memset(&sizes, 0, sizeof(sizes));
	sizes.options = *options;
	sizes.options.max_nodes = nodes;
	derive_sizes(&sizes);
	upper = 1.1 * upper + 256;
	lay_out_arena(&sizes, codec, (uint32_t) upper, (uint32_t) upper, &layout);
	return layout.size + vxg_handle_memory(codec, options, nodes) +
		nodes * sizeof(uint32_t) + nodes / 8 + 1;
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
	return graph->upper.lists + number * words;
}

/*
 * Takes the lock of a list.  Its holder works for microseconds and cannot be
 * interrupted, so it is waited for without looking up.
 */
void
vxg_lock_list(const VxMemGraph *graph, uint32_t *list)
{
	for (int attempt = 1;; attempt++)
	{
		uint32_t	word = vxa_load_acquire(list);

		if ((word & LIST_LOCKED) == 0 &&
			vxa_replace_acquire(list, word, word | LIST_LOCKED))
			return;
		if (attempt % LOCK_ATTEMPTS == 0)
			vxh_pause(graph->host);
	}
}

uint32_t
vxg_node_count(const VxMemGraph *graph)
{
	return vxa_load_acquire(&graph->head->count);
}

uint32_t
vxg_entry(const VxMemGraph *graph)
{
	return ENTRY_NODE(vxa_load_acquire_64(&graph->head->entry));
}

int
vxg_top_layer(const VxMemGraph *graph)
{
	return ENTRY_TOP(vxa_load_acquire_64(&graph->head->entry));
}

int
vxg_node_level(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < vxg_node_count(graph));
	return graph->level[node] & ~LEVEL_FOLLOWER;
}

bool
vxg_is_follower(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < vxg_node_count(graph));
	return (graph->level[node] & LEVEL_FOLLOWER) != 0;
}

uint32_t
vxg_next_follower(const VxMemGraph *graph, uint32_t node)
{
	Assert(node < vxg_node_count(graph));
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
