/*-------------------------------------------------------------------------
 *
 * memgraph_add.c
 *	  Adding nodes to the build graph.
 *
 * [MY18] alg. 1 with the slack of [Vam19]-style builds.  It neither searches
 * (memgraph_search.c) nor chooses (select.c).  Several participants may add
 * nodes at once: a list is changed under its lock, one lock at a time, and read
 * without.  Explained in graph/README.md.
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
 * chain however long it is.  The leader's lock guards the start of the chain.
 */
static void
become_follower(VxMemGraph *graph, uint32_t node, uint32_t leader)
{
	uint32_t   *list = vxg_list(graph, 0, leader);

	Assert((graph->level[leader] & LEVEL_FOLLOWER) == 0);
	graph->level[node] = LEVEL_FOLLOWER;
	vxg_lock_list(graph, list);
	graph->next_follower[node] = graph->next_follower[leader];
	graph->next_follower[leader] = node;
	vxg_unlock_list(list, LIST_COUNT(vxa_load_acquire(list)));
}

/*
 * Prunes a list, with one more node than it can hold, back to its degree ([MY18]
 * algorithm 4) and returns the number of edges left.  Its lock is held; a search
 * that reads the list meanwhile sees some old edges and some new.  Estimates between two codes are symmetrical, so whichever end of
 * an edge prunes judges it alike.  The slack makes this rare: once in ten edges.
 */
static uint32_t
prune_list(VxMemGraph *graph, uint32_t *list, uint32_t node, uint32_t newcomer)
{
	int			count = (int) LIST_COUNT(vxa_load_acquire(list));

	Assert(count == graph->capacity);
	memcpy(graph->batch, list + 1, count * sizeof(uint32_t));
	graph->batch[count++] = newcomer;
	vxg_query_node(graph, node, graph->link_query);
	vxg_score(graph, graph->link_query, graph->batch, count, graph->pool);
	vxg_sort_near(graph->pool, count);
	choose_into(graph, count, graph->pruned);
	for (uint32_t i = 1; i <= graph->pruned[0]; i++)
		vxa_store_release(&list[i], graph->pruned[i]);
	return graph->pruned[0];
}

/*
 * Edges to the new node from those that it chose.  A full list may give the new edge
 * up at once, so edges need not be mutual.  Storing the edge makes the node
 * visible to others, its row and its own list with it (release).
 */
static void
add_back_edges(VxMemGraph *graph, int layer, uint32_t node, const uint32_t *chosen)
{
	for (uint32_t i = 1; i <= chosen[0]; i++)
	{
		uint32_t   *list = vxg_list(graph, layer, chosen[i]);
		uint32_t	count;

		Assert(chosen[i] != node);
		vxg_lock_list(graph, list);
		/* others may be trying for the lock: the word is theirs to look at as well */
		count = LIST_COUNT(vxa_load_acquire(list));
		Assert(count <= (uint32_t) graph->capacity);
		if (count < (uint32_t) graph->capacity)
			vxa_store_release(&list[++count], node);
		else
			count = prune_list(graph, list, chosen[i], node);
		vxg_unlock_list(list, count);
	}
}

/*
 * Searches all layers from the entry point and plans the lists of the layers that
 * the node will be in.  Returns the node that it equals, if there is one.  Nothing
 * of the graph is changed; the beam of one layer is where the next begins.
 */
static uint32_t
plan_lists(VxMemGraph *graph, uint32_t node, int level, uint64_t entry)
{
	vxg_search_from(graph, graph->query, ENTRY_NODE(entry));
	for (int layer = ENTRY_TOP(entry); layer >= 0; layer--)
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
 * Makes the planned lists of layers 0 .. planned_top real.  A list is complete
 * before the first back edge lets others see the node in its layer.
 */
static void
link_node(VxMemGraph *graph, uint32_t node, int planned_top)
{
	size_t		words = vxg_list_words(graph);

	for (int layer = 0; layer <= planned_top; layer++)
	{
		const uint32_t *planned = graph->planned + layer * words;
		uint32_t   *list = vxg_list(graph, layer, node);

		memcpy(list + 1, planned + 1, planned[0] * sizeof(uint32_t));
		vxa_store_release(list, planned[0]);
		add_back_edges(graph, layer, node, planned);
	}
}

/* Links a node whose row is there, below or at the top layer of the entry given. */
static void
place_node(VxMemGraph *graph, uint32_t node, int level, uint64_t entry)
{
	uint32_t	leader = plan_lists(graph, node, level, entry);

	if (leader != VXG_NO_NODE)
		become_follower(graph, node, leader);
	else
		link_node(graph, node, level < ENTRY_TOP(entry) ? level : ENTRY_TOP(entry));
}

/*
 * The first node, and any that is higher than all before, becomes the entry point
 * (G3).  One such node at a time: others that would, wait for entry_lock.  It is
 * the only lock under which other locks are taken.
 */
static void
place_entry_node(VxMemGraph *graph, uint32_t node, int level)
{
	VxArenaHead *head = graph->head;
	uint64_t	entry;

	vxg_lock_list(graph, &head->entry_lock);
	entry = vxa_load_acquire_64(&head->entry);
	if (ENTRY_NODE(entry) != VXG_NO_NODE)
		place_node(graph, node, level, entry);
	if (graph->level[node] != LEVEL_FOLLOWER &&
		(ENTRY_NODE(entry) == VXG_NO_NODE || level > ENTRY_TOP(entry)))
		vxa_store_release_64(&head->entry, ENTRY_WORD(node, level));
	vxg_unlock_list(&head->entry_lock, 0);
}

/*
 * A node is seen by others only through edges to it, or as the entry point; until
 * then its row, list and level are this participant's alone.
 */
void
vxg_add_node(VxMemGraph *graph, uint32_t node, const void *input)
{
	uint64_t	entry;
	int			level = vxg_drawn_level(&graph->options, node);

	Assert(node < graph->options.max_nodes);
	vxh_check_interrupts(graph->host);
	encode_row(graph, node, input);
	vxq_query_prepare(graph->codec, input, VX_QUERY_LINK, graph->scratch, graph->query);
	graph->next_follower[node] = VXG_NO_NODE;
	graph->level[node] = (uint8_t) level;
	vxg_list(graph, 0, node)[0] = 0;

	entry = vxa_load_acquire_64(&graph->head->entry);
	if (ENTRY_NODE(entry) == VXG_NO_NODE || level > ENTRY_TOP(entry))
		place_entry_node(graph, node, level);
	else
		place_node(graph, node, level, entry);
	vxa_fetch_add(&graph->head->count, 1);
}

uint32_t
vxg_add(VxMemGraph *graph, const void *input)
{
	uint32_t	node = vxg_node_count(graph);

	if (node >= graph->options.max_nodes)
		return VXG_NO_NODE;
	vxg_add_node(graph, node, input);
	return node;
}
