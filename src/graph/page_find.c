/*-------------------------------------------------------------------------
 *
 * page_find.c
 *	  Finding the node that has a given code.
 *
 * The node is at no distance from the query, so every step towards it shows in
 * the estimates, and pages can be read one at a time: always the next that the
 * nearest node names.  A search that is to find all neighbours reads what a
 * node names at once, most of it for nothing here.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/page_search_internal.h"

/* Reads a page that was not read before; false if it was. */
static bool
read_once(VxPageSearch *search, uint32_t block)
{
	vxg_page_set_reserve(&search->met, 1);
	if (!vxg_page_set_vote(&search->met, block, VXG_VOTES_NEEDED))
		return false;
	search->batch[0] = block;
	vxg_read_batch(search, 1);
	return true;
}

/*
 * Reads the first page that the member names and that was not read before;
 * false if there is none, and the member counts as expanded.
 */
static bool
follow_next_edge(VxPageSearch *search, uint32_t member)
{
	int			max = search->options.max_edges;
	const uint32_t *edges = search->edges + (size_t) member * max;

	Assert(!search->members[member].expanded);
	while (search->followed[member] < max &&
		   edges[search->followed[member]] != VX_NO_EDGE)
	{
		/* counted before reading, which may give the record to another node */
		uint32_t	block = VX_EDGE_BLOCK(edges[search->followed[member]++]);

		if (read_once(search, block))
			return true;
	}
	search->members[member].expanded = 1;
	search->counters.expanded++;
	return false;
}

/*
 * Follows the nearest node that has pages left until the code is found or
 * nothing is left.  An admission moves the cursor back to the node admitted.
 */
static void
follow_beam(VxPageSearch *search, uint64_t last_page)
{
	const VxPageSource *source = search->source;

	while (search->cursor < search->count && !search->found &&
		   search->counters.pages_read < last_page)
	{
		uint32_t	member = search->beam[search->cursor].member;

		if (source->check_interrupts != NULL)
			source->check_interrupts(source->context);
		if (search->members[member].expanded || !follow_next_edge(search, member))
			search->cursor++;
	}
}

/*
 * Leaves in search->found whether a page has the code that is wanted.  The run is
 * clear when it begins.
 */
void
vxg_find_from(VxPageSearch *search, const uint32_t *entry_blocks, int entry_count)
{
	uint64_t	last_page = search->counters.pages_read + VXG_FIND_PAGES;

	Assert(search->wanted != NULL && entry_count >= 0);
	for (int i = 0; i < entry_count && !search->found &&
		 search->counters.pages_read < last_page; i++)
	{
		if (read_once(search, entry_blocks[i]))
			follow_beam(search, last_page);
	}
}
