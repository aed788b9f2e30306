/*-------------------------------------------------------------------------
 *
 * memgraph_add.c
 *	  Adding nodes to the build graph.
 *
 * [MY18] alg. 1 with the slack of [Vam19]-style builds.  It neither searches
 * (memgraph_search.c) nor chooses (select.c).  Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "graph/memgraph_internal.h"

/* Encodes x as the row of a node. */
static void
encode_row(VxMemGraph *graph, uint32_t node, const void *input)
{
	size_t		row = (size_t) node * graph->code_scale;
	VxFactors	factors;

	vxq_encode(graph->codec, input, graph->scratch, (uint8_t *) vxg_code(graph, node), &factors);

	/* the arrays are const for their readers, the memory is the graph's own */
	((float *) graph->codes.add)[row] = factors.add;
	((float *) graph->codes.scale)[row] = factors.scale;
	((float *) graph->codes.error)[row] = factors.error;
}

/*
 * [MY18] draws floor(-ln(u) * mL); repeated promotion is the same distribution,
 * and says in which layers the node is without a logarithm.
 */
static int
draw_level(VxMemGraph *graph)
{
	int			level = 0;

	while (level < VXG_MAX_LEVEL && vxr_double(&graph->random) < graph->options.promote)
		level++;
	return level;
}

/*
 * Chooses up to `degree` of the candidates in graph->pool, which is sorted,
 * and writes them as a list, count first.
 */
static void
choose_into(VxMemGraph *graph, int count, uint32_t *list)
{
	VxSelectInput input = {graph->codes, graph->pool_rows, graph->pool_distance,
	NULL, VXG_NO_GROUP, count};
	VxSelectRule rule = {graph->degree, graph->options.alpha, !graph->options.leave_gaps};
	int			chosen;

	for (int i = 0; i < count; i++)
	{
		graph->pool_rows[i] = NEAR_NODE(graph->pool[i]) * graph->code_scale;
		graph->pool_distance[i] = graph->pool[i].distance;
	}
	chosen = vxg_select_neighbours(graph->selector, &input, &rule, graph->chosen);
	Assert(chosen <= graph->degree);
	for (int i = 0; i < chosen; i++)
		list[1 + i] = NEAR_NODE(graph->pool[graph->chosen[i]]);
	list[0] = (uint32_t) chosen;
}

/*
 * Plans the new node's list in a layer from all nodes that the search there
 * expanded.  The evicted are farther than any node still in the beam, so they
 * go behind it.
 */
static void
plan_list(VxMemGraph *graph, int layer)
{
	int			count = graph->beam_count;

	Assert(count > 0);
	memcpy(graph->pool, graph->beam, count * sizeof(VxNearNode));
	vxg_sort_near(graph->evicted, graph->evicted_count);
	memcpy(graph->pool + count, graph->evicted, graph->evicted_count * sizeof(VxNearNode));
	choose_into(graph, count + graph->evicted_count,
				graph->planned + layer * vxg_list_words(graph));
}

/* A node in the beam whose code and factors are those of the new one. */
static uint32_t
find_equal(const VxMemGraph *graph, uint32_t node)
{
	VxFactors	factors = vxg_factors(graph, node);

	for (int i = 0; i < graph->beam_count; i++)
	{
		uint32_t	other = NEAR_NODE(graph->beam[i]);
		VxFactors	others = vxg_factors(graph, other);

		if (factors.add == others.add && factors.scale == others.scale &&
			factors.error == others.error &&
			vxq_code_equal(graph->codec, vxg_code(graph, node), vxg_code(graph, other)))
			return other;
	}
	return VXG_NO_NODE;
}

/*
 * Puts the new node right behind its leader, which takes no walk along the
 * chain however long it is.
 */
static void
become_follower(VxMemGraph *graph, uint32_t node, uint32_t leader)
{
	Assert((graph->level[leader] & LEVEL_FOLLOWER) == 0);
	graph->level[node] = LEVEL_FOLLOWER;
	graph->next_follower[node] = graph->next_follower[leader];
	graph->next_follower[leader] = node;
}

/*
 * Prunes a list, with one more node than it can hold, back to its degree ([MY18]
 * algorithm 4).  Estimates between two codes are symmetrical, so whichever end of
 * an edge prunes judges it alike.  The slack makes this rare: once in ten edges.
 */
static void
prune_list(VxMemGraph *graph, uint32_t *list, uint32_t node, uint32_t newcomer)
{
	int			count = (int) list[0];

	Assert(count == graph->capacity);
	memcpy(graph->batch, list + 1, count * sizeof(uint32_t));
	graph->batch[count++] = newcomer;
	vxg_query_node(graph, node, graph->link_query);
	vxg_score(graph, graph->link_query, graph->batch, count, graph->pool);
	vxg_sort_near(graph->pool, count);
	choose_into(graph, count, list);
}

/*
 * Edges to the new node from those that it chose.  A full list may give the new edge
 * up at once, so edges need not be mutual.
 */
static void
add_back_edges(VxMemGraph *graph, int layer, uint32_t node)
{
	const uint32_t *list = vxg_list(graph, layer, node);

	for (uint32_t i = 1; i <= list[0]; i++)
	{
		uint32_t   *other = vxg_list(graph, layer, list[i]);

		Assert(list[i] != node);
		Assert(other[0] <= (uint32_t) graph->capacity);
		if (other[0] < (uint32_t) graph->capacity)
			other[++other[0]] = node;
		else
			prune_list(graph, other, list[i], node);
	}
}

/*
 * Searches all layers from the top and plans the lists of the layers that the
 * node will be in.  Returns the node that it equals, if there is one.  Nothing of
 * the graph is changed, so an interruption leaves it whole; the beam of one layer
 * is where the next begins.
 */
static uint32_t
plan_lists(VxMemGraph *graph, uint32_t node, int level)
{
	vxg_search_from(graph, graph->query, graph->entry);
	for (int layer = graph->top; layer >= 0; layer--)
	{
		if (layer > level)
		{
			vxg_search_layer(graph, graph->query, layer, 1);
			continue;
		}
		vxg_search_layer(graph, graph->query, layer, graph->effort);
		if (layer == 0)
		{
			uint32_t	leader = find_equal(graph, node);

			if (leader != VXG_NO_NODE)
				return leader;
		}
		plan_list(graph, layer);
	}
	return VXG_NO_NODE;
}

/*
 * Makes the planned lists real; layers above the old top have none.  The first node,
 * and any that is higher than all before, becomes the entry point (G3).
 */
static void
link_node(VxMemGraph *graph, uint32_t node, int level)
{
	size_t		words = vxg_list_words(graph);

	Assert(level >= 0 && level <= VXG_MAX_LEVEL);
	vxg_make_upper_lists(graph, node, level);
	vxg_list(graph, 0, node)[0] = 0;
	for (int layer = 0; layer <= level && layer <= graph->top; layer++)
	{
		if (graph->entry == VXG_NO_NODE)
			break;
		memcpy(vxg_list(graph, layer, node), graph->planned + layer * words,
			   words * sizeof(uint32_t));
		add_back_edges(graph, layer, node);
	}
	if (graph->entry == VXG_NO_NODE || level > graph->top)
	{
		graph->entry = node;
		graph->top = level;
	}
}

/*
 * A node is counted, and so visible to its own search, only after it has been
 * planned: until then nothing refers to it.
 */
uint32_t
vxg_add(VxMemGraph *graph, const void *input)
{
	uint32_t	node = graph->count;
	uint32_t	leader = VXG_NO_NODE;
	int			level;

	if (node >= graph->options.max_nodes)
		return VXG_NO_NODE;
	vxh_check_interrupts(graph->host);
	encode_row(graph, node, input);
	level = draw_level(graph);
	if (graph->entry != VXG_NO_NODE)
	{
		vxq_query_prepare(graph->codec, input, VX_QUERY_LINK, graph->scratch, graph->query);
		leader = plan_lists(graph, node, level);
	}
	graph->next_follower[node] = VXG_NO_NODE;
	graph->count++;
	if (leader != VXG_NO_NODE)
		become_follower(graph, node, leader);
	else
	{
		graph->level[node] = (uint8_t) level;
		link_node(graph, node, level);
	}
	return node;
}
