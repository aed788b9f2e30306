/*-------------------------------------------------------------------------
 *
 * pack_edges.c
 *	  The target pages of a node that was placed.
 *
 * One node at a time, as the caller asks.  Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/pack_internal.h"

/* Stands for the page of a node that is placed elsewhere: one page each. */
#define GUEST_PAGE(node)	((node) | UINT32_C(0x80000000))

/* Pinned edges come first in a list: they must be in it.  A guest has none. */
int
vxg_pinned_pages(const VxPacking *packing, uint32_t node, uint32_t *pages)
{
	int			count = 0;

	if (packing->page_of[node] == VX_NO_EDGE)
		return 0;

	for (uint32_t page = packing->first_child[packing->page_of[node]];
		 page != VX_NO_EDGE; page = packing->next_sibling[page])
	{
		if (packing->parent[page] == node)
			pages[count++] = page | VX_EDGE_PINNED;
	}
	Assert(count <= packing->options.max_edges);
	return count;
}

/*
 * The node's neighbours on pages that its list does not name yet, nearest
 * first, as a selection wants them.  Neither its own page (invariant P2) nor one
 * already pinned (P3) may be named again.
 */
static int
gather_candidates(VxPacking *packing, uint32_t node, const uint32_t *pinned, int pins)
{
	VxMemGraph *graph = packing->graph;
	int			total;
	const uint32_t *list = vxg_neighbours(graph, packing->options.layer, node, &total);
	int			count = 0;

	for (int i = 0; i < total; i++)
	{
		uint32_t	page = packing->page_of[list[i]];
		bool		named = page == packing->page_of[node] && page != VX_NO_EDGE;

		for (int k = 0; k < pins && !named; k++)
			named = VX_EDGE_BLOCK(pinned[k]) == page;
		if (!named)
			packing->neighbours[count++] = list[i];
	}
	vxg_query_node(graph, node, packing->query);
	vxg_score(graph, packing->query, packing->neighbours, count, packing->near);
	vxg_sort_near(packing->near, count);
	for (int i = 0; i < count; i++)
	{
		packing->rows[i] = packing->near[i].node * graph->code_scale;
		packing->distance[i] = packing->near[i].distance;
		packing->pages[i] = packing->page_of[packing->near[i].node];
		if (packing->pages[i] == VX_NO_EDGE)
			packing->pages[i] = GUEST_PAGE(packing->near[i].node);
	}
	return count;
}

/*
 * Chooses among the node's neighbours, behind what is pinned: indexes into
 * packing->near are left in packing->chosen.
 */
static int
choose_pages(VxPacking *packing, uint32_t node, const uint32_t *pinned, int pins)
{
	VxSelectInput input;
	VxSelectRule rule;

	/* a follower has only what is pinned to it: where its chain goes on */
	if (pins == packing->options.max_edges || vxg_is_follower(packing->graph, node))
		return 0;
	input.count = gather_candidates(packing, node, pinned, pins);
	input.codes = packing->graph->codes;
	input.ids = packing->rows;
	input.distance = packing->distance;
	input.groups = packing->pages;
	input.excluded = VXG_NO_GROUP;
	rule.max = packing->options.max_edges - pins;
	rule.alpha = packing->graph->options.alpha;
	rule.fill = true;
	return vxg_select_neighbours(packing->selector, &input, &rule, packing->chosen);
}

int
vxg_page_edges(VxPacking *packing, uint32_t node, uint32_t *pages)
{
	int			pins = vxg_pinned_pages(packing, node, pages);
	int			chosen = choose_pages(packing, node, pages, pins);

	for (int i = 0; i < chosen; i++)
		pages[pins + i] = packing->pages[packing->chosen[i]];
	return pins + chosen;
}

int
vxg_choose_neighbours(VxPacking *packing, uint32_t node, uint32_t *nodes)
{
	int			pins = vxg_pinned_pages(packing, node, nodes);
	int			chosen = choose_pages(packing, node, nodes, pins);

	for (int i = 0; i < chosen; i++)
		nodes[i] = packing->near[packing->chosen[i]].node;
	return chosen;
}
