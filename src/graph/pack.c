/*-------------------------------------------------------------------------
 *
 * pack.c
 *	  From a finished graph in memory to pages.
 *
 * First every node gets a place, then pages are joined by a tree of pinned
 * edges, then lists of target pages are made node by node as the caller asks.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "graph/pack_internal.h"

/*
 * Pinned edges that a node may carry: half its list, so that later inserts
 * find something to replace.
 */
static uint32_t
pin_limit(const VxPacking *packing)
{
	return packing->options.max_edges > 1 ? (uint32_t) packing->options.max_edges / 2 : 1;
}

/* Nodes of other layers count as not placed: nobody asks for their page. */
static bool
is_placed(const VxPacking *packing, uint32_t node)
{
	return packing->page_of[node] != VX_NO_EDGE;
}

/* Whether the node is here only to lead to others, and has its place elsewhere. */
static bool
is_guest(const VxPacking *packing, uint32_t node)
{
	return packing->options.guests != NULL &&
		(packing->options.guests[node / 8] >> node % 8 & 1) != 0;
}

/* Followers are of level 0, so upper layers never see them. */
static bool
in_layer(const VxPacking *packing, uint32_t node)
{
	return !is_guest(packing, node) &&
		vxg_node_level(packing->graph, node) >= packing->options.layer;
}

/* Places go up one by one; a page is full when the next begins. */
static void
place_node(VxPacking *packing, uint32_t node)
{
	Assert(!is_placed(packing, node));
	Assert(packing->placed < packing->node_count);
	packing->page_of[node] = packing->placed / packing->options.slots_per_page;
	packing->order[packing->placed++] = node;
}

/*
 * Followers go right behind their leader, over as many pages as they fill.  Those
 * of a guest begin with any of them, so that some of the chain may have a place.
 */
static void
place_with_followers(VxPacking *packing, uint32_t node)
{
	place_node(packing, node);
	if (packing->options.layer > 0)
		return;
	for (uint32_t follower = vxg_next_follower(packing->graph, node);
		 follower != VXG_NO_NODE;
		 follower = vxg_next_follower(packing->graph, follower))
	{
		if (!is_guest(packing, follower) && !is_placed(packing, follower))
			place_node(packing, follower);
	}
}

/*
 * Where filling goes on when a page begins or its own queue has run dry: the
 * node that has waited longest in the frontier.  Only if nothing waits, which
 * a reachable graph without guests allows at the start and the end alone, by
 * number; followers whose leader is a guest come last of all.
 */
static uint32_t
next_seed(VxPacking *packing)
{
	while (packing->frontier_head < packing->frontier_tail)
	{
		uint32_t	node = packing->frontier[packing->frontier_head++];

		if (!is_placed(packing, node))
			return node;
	}
	for (; packing->next_node < vxg_node_count(packing->graph); packing->next_node++)
	{
		uint32_t	node = packing->next_node;

		if (!is_placed(packing, node) && in_layer(packing, node) &&
			!vxg_is_follower(packing->graph, node))
			return node;
	}
	for (; packing->next_follower < vxg_node_count(packing->graph); packing->next_follower++)
	{
		if (!is_placed(packing, packing->next_follower) &&
			in_layer(packing, packing->next_follower))
			return packing->next_follower;
	}
	return VXG_NO_NODE;
}

/*
 * Appends the unplaced neighbours of a node, most useful first, to the page's
 * queue.  `met` holds stamps instead of bits so that it need not be cleared for
 * each page.  A full queue drops what is left: the nodes are found again as
 * neighbours of others, or by number.
 */
static uint32_t
queue_neighbours(VxPacking *packing, uint32_t node, uint32_t stamp, uint32_t tail)
{
	int			count;
	const uint32_t *list = vxg_neighbours(packing->graph, packing->options.layer, node,
										  &count);

	for (int i = 0; i < count && tail < packing->local_room; i++)
	{
		Assert(list[i] < vxg_node_count(packing->graph));
		if (is_placed(packing, list[i]) || packing->met[list[i]] == stamp ||
			is_guest(packing, list[i]))
			continue;
		packing->met[list[i]] = stamp;
		packing->local[tail++] = list[i];
	}
	return tail;
}

/*
 * Fills from the next seed, breadth first, to the end of a page.  What the
 * page's queue still holds then waits in the frontier, each node once: `queued`
 * bounds the frontier by the number of nodes.  Followers may carry the filling
 * past several pages; the loop ends where a page does.
 */
static void
fill_page(VxPacking *packing)
{
	uint32_t	slots = (uint32_t) packing->options.slots_per_page;
	uint32_t	stamp = packing->placed / slots + 1;
	uint32_t	head = 0;
	uint32_t	tail = 0;

	do
	{
		uint32_t	node;

		if (head < tail)
			node = packing->local[head++];
		else
			node = next_seed(packing);
		if (node == VXG_NO_NODE)
			break;
		if (is_placed(packing, node))
			continue;
		place_with_followers(packing, node);
		tail = queue_neighbours(packing, node, stamp, tail);
	} while (packing->placed % slots != 0);
	for (; head < tail; head++)
	{
		uint32_t	node = packing->local[head];

		if (is_placed(packing, node) || (packing->queued[node / 8] >> node % 8 & 1) != 0)
			continue;
		Assert(packing->frontier_tail < packing->node_count);
		packing->queued[node / 8] |= (uint8_t) (1 << node % 8);
		packing->frontier[packing->frontier_tail++] = node;
	}
}

/*
 * The arrays that only placing needs go back before the tree is grown: with the
 * build's graph still there, this is the peak of its memory.
 */
static void
place_all(VxPacking *packing)
{
	const VxHost *host = packing->host;
	uint32_t	nodes = vxg_node_count(packing->graph);
	int			capacity = packing->graph->capacity + 1;

	packing->frontier = vxh_allocate(host, packing->node_count * sizeof(uint32_t));
	packing->met = vxh_allocate(host, nodes * sizeof(uint32_t));
	packing->queued = vxh_allocate(host, nodes / 8 + 1);
	packing->local_room = (uint32_t) (2 * packing->options.slots_per_page * capacity);
	packing->local = vxh_allocate(host, packing->local_room * sizeof(uint32_t));
	memset(packing->met, 0, nodes * sizeof(uint32_t));
	memset(packing->queued, 0, nodes / 8 + 1);

	/* the entry point comes first of all, which makes page 0 the root */
	if (in_layer(packing, vxg_entry(packing->graph)))
		packing->frontier[packing->frontier_tail++] = vxg_entry(packing->graph);
	while (packing->placed < packing->node_count)
	{
		vxh_check_interrupts(host);
		fill_page(packing);
	}
	packing->page_count = (packing->placed - 1) / packing->options.slots_per_page + 1;
	Assert(is_guest(packing, vxg_entry(packing->graph)) ||
		   packing->page_of[vxg_entry(packing->graph)] == 0);

	vxh_release(host, packing->local);
	vxh_release(host, packing->queued);
	vxh_release(host, packing->met);
	vxh_release(host, packing->frontier);
	packing->local = packing->met = packing->frontier = NULL;
	packing->queued = NULL;
}

/* Pinned edges that start from a node; at most half its list, see pin_limit(). */
static uint32_t
pins_of(const VxPacking *packing, uint32_t node)
{
	uint32_t	pins = 0;

	for (uint32_t page = packing->first_child[packing->page_of[node]];
		 page != VX_NO_EDGE; page = packing->next_sibling[page])
		pins += packing->parent[page] == node;
	return pins;
}

/*
 * Children of a page are kept as a list, for pins_of() and list_pins(): a page
 * has one on average, so walking it costs nothing.  One parent for each page is
 * what makes invariant P5 hold, and a parent reached before is P1.
 */
static void
pin(VxPacking *packing, uint32_t node, uint32_t page)
{
	uint32_t	from = packing->page_of[node];

	Assert(from != page);
	Assert(packing->parent[page] == VXG_NO_NODE);
	packing->parent[page] = node;
	packing->next_sibling[page] = packing->first_child[from];
	packing->first_child[from] = page;
}

/* Whether the tree has the page; the root has no parent. */
static bool
page_reached(const VxPacking *packing, uint32_t page)
{
	return page == 0 || packing->parent[page] != VXG_NO_NODE;
}

/*
 * Pins an edge from a node to every page its neighbours are on and none reached
 * yet: edges the list would like to have anyway, so the tree costs little room.
 */
static void
pin_neighbours(VxPacking *packing, uint32_t node)
{
	uint32_t	limit = pin_limit(packing);
	uint32_t	pins = pins_of(packing, node);
	int			count;
	const uint32_t *list = vxg_neighbours(packing->graph, packing->options.layer, node,
										  &count);

	for (int i = 0; i < count && pins < limit; i++)
	{
		uint32_t	page = packing->page_of[list[i]];

		if (page == VX_NO_EDGE || page_reached(packing, page))
			continue;
		pin(packing, node, page);
		pins++;
	}
}

/* All pages are full but the last. */
static uint32_t
nodes_on(const VxPacking *packing, uint32_t page)
{
	uint32_t	slots = (uint32_t) packing->options.slots_per_page;
	uint32_t	start = page * slots;

	Assert(page < packing->page_count && start < packing->node_count);
	return packing->node_count - start < slots ? packing->node_count - start : slots;
}

/*
 * All pages that one page reaches; followers that overflow it, on the next page,
 * first: they have no edges, so no other page would ever lead to theirs.
 */
static void
pin_from_page(VxPacking *packing, uint32_t page)
{
	uint32_t	slots = (uint32_t) packing->options.slots_per_page;
	const uint32_t *node = packing->order + (size_t) page * slots;
	uint32_t	count = nodes_on(packing, page);

	if (page + 1 < packing->page_count && packing->options.layer == 0 &&
		!page_reached(packing, page + 1) && vxg_is_follower(packing->graph, node[slots]))
		pin(packing, node[slots - 1], page + 1);
	for (uint32_t i = 0; i < count; i++)
		pin_neighbours(packing, node[i]);
}

/*
 * A node to pin an unreached page to: a neighbour of one of its nodes, if one
 * is reached and has room, else a node of the page reached last, which has
 * pinned nothing yet.
 */
static uint32_t
find_parent(const VxPacking *packing, uint32_t page, uint32_t last_reached)
{
	uint32_t	slots = (uint32_t) packing->options.slots_per_page;
	const uint32_t *node = packing->order + (size_t) page * slots;
	uint32_t	limit = pin_limit(packing);

	Assert(!page_reached(packing, page) && page_reached(packing, last_reached));
	for (uint32_t i = 0; i < nodes_on(packing, page); i++)
	{
		int			count;
		const uint32_t *list = vxg_neighbours(packing->graph, packing->options.layer,
											  node[i], &count);

		for (int k = 0; k < count; k++)
		{
			if (is_placed(packing, list[k]) &&
				page_reached(packing, packing->page_of[list[k]]) &&
				pins_of(packing, list[k]) < limit)
				return list[k];
		}
	}
	return packing->order[(size_t) last_reached * slots];
}

/*
 * Joins all pages to the root page: breadth first along the edges of the
 * graph, which makes a shallow tree, then whatever that leaves.  Pages are
 * looked at in the order they are reached, so `reached` is the queue.
 */
static void
grow_tree(VxPacking *packing)
{
	uint32_t   *reached = vxh_allocate(packing->host, packing->page_count * sizeof(uint32_t));
	uint32_t	count = 1;
	uint32_t	done = 0;

	reached[0] = 0;
	for (uint32_t unreached = 1;;)
	{
		for (; done < count; done++)
		{
			pin_from_page(packing, reached[done]);
			for (uint32_t page = packing->first_child[reached[done]];
				 page != VX_NO_EDGE; page = packing->next_sibling[page])
				reached[count++] = page;
		}
		while (unreached < packing->page_count && page_reached(packing, unreached))
			unreached++;
		if (unreached == packing->page_count)
			break;
		/* the queue has run dry; one page more may open the way to many */
		pin(packing, find_parent(packing, unreached, reached[count - 1]), unreached);
		reached[count++] = unreached;
	}
	Assert(count == packing->page_count);
	vxh_release(packing->host, reached);
}

/* VX_NO_EDGE and VXG_NO_NODE are all ones, which memset can write. */
static void
join_pages(VxPacking *packing)
{
	size_t		bytes = packing->page_count * sizeof(uint32_t);

	packing->parent = vxh_allocate(packing->host, bytes);
	packing->first_child = vxh_allocate(packing->host, bytes);
	packing->next_sibling = vxh_allocate(packing->host, bytes);
	memset(packing->parent, 0xFF, bytes);
	memset(packing->first_child, 0xFF, bytes);
	memset(packing->next_sibling, 0xFF, bytes);
	grow_tree(packing);
}

/* For one list at a time: a node has at most capacity + 1 neighbours. */
static void
allocate_working_memory(VxPacking *packing)
{
	const VxHost *host = packing->host;
	const VxCodec *codec = packing->graph->codec;
	size_t		most = (size_t) packing->graph->capacity + 1;

	packing->selector = vxg_selector_create(codec, (int) most, host);
	packing->query = vxh_allocate(host, vxq_query_size(codec));
	packing->near = vxh_allocate(host, most * sizeof(VxNearNode));
	packing->neighbours = vxh_allocate(host, most * sizeof(uint32_t));
	packing->rows = vxh_allocate(host, most * sizeof(uint32_t));
	packing->distance = vxh_allocate(host, most * sizeof(float));
	packing->pages = vxh_allocate(host, most * sizeof(uint32_t));
	packing->chosen = vxh_allocate(host, most * sizeof(int));
}

/* Nodes to be placed, followers included. */
static uint32_t
count_layer(const VxPacking *packing)
{
	const VxMemGraph *graph = packing->graph;
	uint32_t	nodes = vxg_node_count(graph);
	uint32_t	count = 0;

	if (packing->options.layer == 0)
	{
		for (uint32_t node = 0; node < nodes; node++)
			count += !is_guest(packing, node);
		return count;
	}
	for (uint32_t i = 0; i < graph->upper.count && graph->upper.nodes[i] < nodes; i++)
		count += in_layer(packing, graph->upper.nodes[i]);
	return count;
}

/*
 * Placing and joining are done here; lists are made on demand, because all of
 * them at once would take as much memory as the graph.
 */
VxPacking *
vxg_pack(VxMemGraph *graph, const VxPackOptions *options, const VxHost *host)
{
	VxPacking  *packing = vxh_allocate(host, sizeof(VxPacking));

	Assert(options->slots_per_page > 0);
	Assert(options->max_edges >= 2);
	Assert(options->layer <= vxg_top_layer(graph));
	memset(packing, 0, sizeof(*packing));
	packing->graph = graph;
	packing->host = host;
	packing->options = *options;
	packing->node_count = count_layer(packing);
	packing->order = vxh_allocate(host, packing->node_count * sizeof(uint32_t));
	packing->page_of = vxh_allocate(host, vxg_node_count(graph) * sizeof(uint32_t));
	memset(packing->page_of, 0xFF, vxg_node_count(graph) * sizeof(uint32_t));
	if (packing->node_count > 0)
	{
		place_all(packing);
		join_pages(packing);
	}
	allocate_working_memory(packing);
	return packing;
}

/* Releases only what vxg_pack() left behind; the graph is the caller's. */
void
vxg_packing_free(VxPacking *packing)
{
	const VxHost *host = packing->host;
	void	   *arrays[] = {
		packing->order, packing->page_of, packing->parent, packing->first_child,
		packing->next_sibling, packing->query, packing->near, packing->neighbours,
		packing->rows, packing->distance, packing->pages, packing->chosen
	};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		vxh_release(host, arrays[i]);
	vxg_selector_free(packing->selector);
	vxh_release(host, packing);
}

/* At its peak, while nodes are being placed. */
size_t
vxg_packing_memory(size_t nodes, const VxPackOptions *options)
{
	/* order, page_of, frontier, met, a bit; four words a page */
	return nodes * (4 * sizeof(uint32_t) + 1) +
		(nodes / options->slots_per_page + 1) * 4 * sizeof(uint32_t);
}

uint32_t
vxg_packed_pages(const VxPacking *packing)
{
	return packing->page_count;
}

uint32_t
vxg_packed_nodes(const VxPacking *packing)
{
	return packing->node_count;
}

const uint32_t *
vxg_packed_order(const VxPacking *packing)
{
	return packing->order;
}

uint32_t
vxg_packed_page(const VxPacking *packing, uint32_t node)
{
	Assert(node < vxg_node_count(packing->graph));
	Assert(is_placed(packing, node));
	return packing->page_of[node];
}
