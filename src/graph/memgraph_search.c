/*-------------------------------------------------------------------------
 *
 * memgraph_search.c
 *	  Beam search in the build graph.
 *
 * [MY18] alg. 2 with codes for vectors and one estimate call for all new
 * neighbours of a node.  It changes no edge.  Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "graph/memgraph_internal.h"

/*
 * Starts a new set of seen nodes, in time that depends on the last search alone:
 * the bits it set are cleared one by one, or all if it met too many to remember.
 * A bit a node stays in the processor's cache where a stamp a node would not.
 */
static void
forget_seen(VxMemGraph *graph)
{
	if (graph->met_count > graph->met_room)
		memset(graph->seen, 0, graph->options.max_nodes / 8 + 1);
	else
	{
		for (uint32_t i = 0; i < graph->met_count; i++)
			graph->seen[graph->met[i] / 8] = 0;
	}
	graph->met_count = 0;
}

/* Marks the node as seen; false if it was already. */
static inline bool
see_node(VxMemGraph *graph, uint32_t node)
{
	uint8_t    *byte = &graph->seen[node / 8];
	uint8_t		bit = (uint8_t) (1 << node % 8);

	if ((*byte & bit) != 0)
		return false;
	*byte |= bit;
	if (graph->met_count < graph->met_room)
		graph->met[graph->met_count] = node;
	graph->met_count++;
	return true;
}

/*
 * The node as a query for its neighbours: no rotation, so it is cheap enough for
 * every pruning.
 */
void
vxg_query_node(const VxMemGraph *graph, uint32_t node, VxCodeQuery *query)
{
	VxFactors	factors = vxg_factors(graph, node);

	vxq_query_from_code(graph->codec, vxg_code(graph, node), &factors, query);
}

/* Distances of some nodes in their order, for callers outside the search loop. */
void
vxg_score(const VxMemGraph *graph, const VxCodeQuery *query,
		  const uint32_t *nodes, int count, VxNearNode *result)
{
	Assert(count <= graph->batch_room);
	for (int i = 0; i < count; i++)
		graph->batch_rows[i] = nodes[i] * graph->code_scale;
	vxq_estimate(query, &graph->codes, graph->batch_rows, count, graph->estimates, NULL);
	for (int i = 0; i < count; i++)
	{
		result[i].distance = graph->estimates[i];
		result[i].node = nodes[i];
	}
}

/*
 * Ascending by distance.  Insertion sort: stable, so that equal seeds give equal
 * graphs (G4), and the input is a list, or a beam that is sorted already.
 */
void
vxg_sort_near(VxNearNode *nodes, int count)
{
	for (int i = 1; i < count; i++)
	{
		VxNearNode	moving = nodes[i];
		int			place = i;

		for (; place > 0 && nodes[place - 1].distance > moving.distance; place--)
			nodes[place] = nodes[place - 1];
		nodes[place] = moving;
	}
}

/* The beam becomes this one node, as the start of a descent. */
void
vxg_search_from(VxMemGraph *graph, const VxCodeQuery *query, uint32_t node)
{
	Assert(node != VXG_NO_NODE);
	vxg_score(graph, query, &node, 1, graph->beam);
	graph->beam_count = 1;
}

/*
 * Puts a node into the beam in order and returns its place, or ef if it is
 * too far.  A node that drops out goes to the evicted if it was expanded: it
 * lies on the way to the query, and such far nodes make the long edges.
 */
static int
enter_beam(VxMemGraph *graph, VxNearNode node, int ef)
{
	VxNearNode *beam = graph->beam;
	int			low = 0;
	int			high = graph->beam_count;

	Assert(graph->beam_count <= ef);
	if (graph->beam_count == ef)
	{
		VxNearNode	last = beam[ef - 1];

		if (!(node.distance < last.distance))
			return ef;
		if ((last.node & NODE_EXPANDED) != 0 && graph->evicted_count < graph->beam_room)
			graph->evicted[graph->evicted_count++] = last;
		high = ef - 1;
	}
	else
		graph->beam_count++;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (beam[middle].distance <= node.distance)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(&beam[low + 1], &beam[low], (graph->beam_count - 1 - low) * sizeof(VxNearNode));
	beam[low] = node;
	return low;
}

/*
 * The neighbours of a node that the search has not met become the batch.  They are
 * marked before they are scored: whether they enter the beam or not, once is enough.
 * Reading without the lock: what an edge leads to was complete before the edge was
 * stored (acquire), and a list that is pruned meanwhile is old in part.
 */
static int
collect_unseen(VxMemGraph *graph, int layer, uint32_t node)
{
	const uint32_t *list = vxg_list(graph, layer, node);
	uint32_t	edges = LIST_COUNT(vxa_load_acquire(list));
	int			count = 0;

	Assert(edges <= (uint32_t) graph->capacity + 1);
	for (uint32_t i = 1; i <= edges; i++)
	{
		uint32_t	neighbour = vxa_load_acquire(&list[i]);

		Assert(neighbour < graph->options.max_nodes);
		if (see_node(graph, neighbour))
			graph->batch[count++] = neighbour;
	}
	return count;
}

/* The list of the node that will probably be expanded next, while others are scored. */
static inline void
prefetch_list(const VxMemGraph *graph, uint32_t node)
{
	const char *list = (const char *) (graph->lists + node * vxg_list_words(graph));
	size_t		bytes = vxg_list_words(graph) * sizeof(uint32_t);

	for (size_t i = 0; i < bytes; i += 64)
		__builtin_prefetch(list + i);
}

/*
 * Widens the search in one layer from the nodes now in the beam, which is cut
 * to ef and leaves holding the nearest found, each expanded ([MY18] algorithm 2;
 * README.md, section 2, says where this differs).  Entries before the cursor are
 * expanded; one that enters before it takes the cursor back.  One call of the
 * estimator a node, with rows prefetched, instead of one a neighbour.
 */
void
vxg_search_layer(VxMemGraph *graph, const VxCodeQuery *query, int layer, int ef)
{
	int			cursor = 0;

	Assert(ef > 0 && ef <= graph->beam_room);
	Assert(graph->beam_count > 0);
	forget_seen(graph);
	graph->evicted_count = 0;
	if (graph->beam_count > ef)
		graph->beam_count = ef;
	for (int i = 0; i < graph->beam_count; i++)
	{
		graph->beam[i].node = NEAR_NODE(graph->beam[i]);
		see_node(graph, graph->beam[i].node);
	}
	while (cursor < graph->beam_count)
	{
		uint32_t	node = graph->beam[cursor].node;
		int			count;

		if ((node & NODE_EXPANDED) != 0)
		{
			cursor++;
			continue;
		}
		graph->beam[cursor].node |= NODE_EXPANDED;
		if (layer == 0 && cursor + 1 < graph->beam_count)
			prefetch_list(graph, NEAR_NODE(graph->beam[cursor + 1]));
		count = collect_unseen(graph, layer, node);
		Assert(count <= graph->batch_room);
		for (int i = 0; i < count; i++)
			graph->batch_rows[i] = graph->batch[i] * graph->code_scale;
		vxq_estimate(query, &graph->codes, graph->batch_rows, count, graph->estimates, NULL);
		for (int i = 0; i < count; i++)
		{
			VxNearNode	found = {graph->estimates[i], graph->batch[i]};
			int			place = enter_beam(graph, found, ef);

			if (place < cursor)
				cursor = place;
		}
	}
}

/*
 * Layers above the base are searched with a beam of one: they only have to find
 * a place to start.
 */
int
vxg_nearest(VxMemGraph *graph, const VxCodeQuery *query, int ef,
			uint32_t *nodes, float *distance)
{
	if (vxg_node_count(graph) == 0)
		return 0;
	Assert(nodes != NULL && distance != NULL);
	if (ef > graph->beam_room)
		ef = graph->beam_room;
	vxg_search_from(graph, query, vxg_entry(graph));
	for (int layer = vxg_top_layer(graph); layer > 0; layer--)
		vxg_search_layer(graph, query, layer, 1);
	vxg_search_layer(graph, query, 0, ef);
	for (int i = 0; i < graph->beam_count; i++)
	{
		nodes[i] = NEAR_NODE(graph->beam[i]);
		distance[i] = graph->beam[i].distance;
	}
	return graph->beam_count;
}
