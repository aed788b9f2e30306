/*-------------------------------------------------------------------------
 *
 * memgraph_repair.c
 *	  Making every node of the build graph reachable.
 *
 * Heuristic pruning leaves some nodes without an edge into them.  Followers
 * are no concern of the graph: packing puts them beside their leader.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "graph/memgraph_internal.h"

/*
 * reached	a bit a node
 * queue	the nodes reached, in the order they were; [0, done) have been
 *			looked at
 */
typedef struct Reach
{
	VxMemGraph *graph;
	int			layer;
	uint8_t    *reached;
	uint32_t   *queue;
	uint32_t	done;
	uint32_t	count;
	size_t		added;
} Reach;

/* One bit a node: a build is short of memory at its end, if ever. */
static bool
is_reached(const Reach *reach, uint32_t node)
{
	return (reach->reached[node / 8] >> (node % 8) & 1) != 0;
}

/* Nodes between two checks for interrupts: well below a millisecond. */
#define NODES_A_CHECK	4096

/* Marks the node and whatever can be reached from it (breadth first). */
static void
reach_from(Reach *reach, uint32_t node)
{
	Assert(!is_reached(reach, node));
	reach->reached[node / 8] |= (uint8_t) (1 << node % 8);
	reach->queue[reach->count++] = node;
	while (reach->done < reach->count)
	{
		const uint32_t *list = vxg_list(reach->graph, reach->layer,
										reach->queue[reach->done++]);

		if (reach->done % NODES_A_CHECK == 0)
			vxh_check_interrupts(reach->graph->host);
		for (uint32_t i = 1; i <= list[0]; i++)
		{
			if (is_reached(reach, list[i]))
				continue;
			reach->reached[list[i] / 8] |= (uint8_t) (1 << list[i] % 8);
			reach->queue[reach->count++] = list[i];
		}
	}
}

/*
 * The nearest reached node whose list has room.  The search may come down from
 * the layer above on a node that is not reached on this one, and so meet others
 * like it: they are passed over.  Up to `capacity` edges are as good as any;
 * should all lists found be full, the last node reached has its spare place,
 * because it is used at most once and makes another node the last.
 */
static uint32_t
find_host(Reach *reach, uint32_t node)
{
	VxMemGraph *graph = reach->graph;

	Assert(reach->count > 0 && reach->done == reach->count);
	vxg_query_node(graph, node, graph->query);
	vxg_search_from(graph, graph->query, vxg_entry(graph));
	for (int layer = vxg_top_layer(graph); layer > reach->layer; layer--)
		vxg_search_layer(graph, graph->query, layer, 1);
	vxg_search_layer(graph, graph->query, reach->layer, graph->beam_room);
	for (int i = 0; i < graph->beam_count; i++)
	{
		uint32_t	host = NEAR_NODE(graph->beam[i]);

		if (is_reached(reach, host) &&
			vxg_list(graph, reach->layer, host)[0] < (uint32_t) graph->capacity)
			return host;
	}
	return reach->queue[reach->count - 1];
}

/* The list has room, by what find_host() promises. */
static void
attach(Reach *reach, uint32_t node)
{
	uint32_t   *list;

	vxh_check_interrupts(reach->graph->host);
	list = vxg_list(reach->graph, reach->layer, find_host(reach, node));
	Assert(list[0] <= (uint32_t) reach->graph->capacity);
	list[++list[0]] = node;
	reach->added++;
	reach_from(reach, node);
}

/* One pass is enough: an attached node stays reached, as no edge is removed. */
static void
repair_layer(Reach *reach)
{
	VxMemGraph *graph = reach->graph;
	const VxUpperLists *upper = &graph->upper;
	uint32_t	nodes = vxg_node_count(graph);
	uint32_t	candidates = reach->layer == 0 ? nodes : upper->count;

	memset(reach->reached, 0, nodes / 8 + 1);
	reach->done = 0;
	reach->count = 0;
	reach_from(reach, vxg_entry(graph));
	for (uint32_t i = 0; i < candidates; i++)
	{
		uint32_t	node = reach->layer == 0 ? i : upper->nodes[i];

		if (node < nodes && !vxg_is_follower(graph, node) && vxg_node_level(graph, node) >= reach->layer &&
			!is_reached(reach, node))
			attach(reach, node);
	}
}

/* From the top, because repairing a layer searches the layers above it. */
size_t
vxg_finish(VxMemGraph *graph)
{
	const VxHost *host = graph->host;
	uint32_t	nodes = vxg_node_count(graph);
	Reach		reach;

	if (nodes == 0)
		return 0;
	memset(&reach, 0, sizeof(reach));
	reach.graph = graph;
	reach.reached = vxh_allocate(host, nodes / 8 + 1);
	reach.queue = vxh_allocate(host, nodes * sizeof(uint32_t));
	for (reach.layer = vxg_top_layer(graph); reach.layer >= 0; reach.layer--)
		repair_layer(&reach);
	vxh_release(host, reach.queue);
	vxh_release(host, reach.reached);
	return reach.added;
}
