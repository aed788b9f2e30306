/*-------------------------------------------------------------------------
 *
 * page_check.c
 *	  Verifies the invariants of a page graph.
 *
 * Written from the list of invariants in graph/README.md, not from the code
 * that keeps them.  It repairs nothing and judges no vectors.
 *
 * Every page is read once; memory is a copy of one page and a few words a page of
 * the layer, so an index of any size can be checked.  Nothing a page holds is
 * trusted: no edge is used as an index before it has been looked up.
 *
 * Inserts may run meanwhile.  Each page is consistent in itself when copied; what
 * changes between two copies can make findings about the tree, so who wants a
 * verdict keeps writers out.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/page_check.h"

#include <stdbool.h>
#include <string.h>

/*
 * Pages are numbered here by their place in check->blocks.
 *
 * state, edges		copy of the page under examination
 * pinned_in		whether a pinned edge into the page was met
 * targets			targets of pinned edges, in the order of their source pages;
 *					those of page p are targets[first[p] .. first[p + 1] - 1]
 */
typedef struct Checker
{
	const VxPageCheck *check;
	const VxHost *host;
	size_t		findings;

	uint8_t    *state;
	uint32_t   *edges;
	int			nslots;
	int			max_edges;
	size_t		room;			/* bytes behind `edges` */

	uint8_t    *pinned_in;
	size_t	   *first;
	uint32_t   *targets;
	size_t		target_count;
	size_t		target_room;
} Checker;

/* Findings are counted even if the caller stops listening to them. */
static void
found(Checker *checker, VxPageProblem problem, uint32_t block, int slot, uint32_t edge)
{
	VxPageFinding finding = {problem, block, (uint16_t) slot, edge};

	Assert(slot >= 0 && slot <= UINT16_MAX);

	checker->findings++;
	checker->check->report(checker->check->context, &finding);
}

/*
 * The number of a block, or check->count if it is not of this layer.  By binary
 * search, since vxg_check_pages() has its blocks ascending: memory stays in
 * proportion to the layer even where block numbers are sparse.
 */
static size_t
number_of(const VxPageCheck *check, uint32_t block)
{
	size_t		low = 0;
	size_t		high = check->count;

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (check->blocks[middle] < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < check->count && check->blocks[low] == block ? low : check->count;
}

/*
 * Room for a page's copy; allocated with no page open, because the host may leave
 * by a long jump and a page is locked while it is open.  The old contents are not
 * kept: nothing was copied yet.
 */
static void
reserve_copy(Checker *checker, size_t bytes)
{
	if (bytes <= checker->room)
		return;
	vxh_release(checker->host, checker->edges);
	checker->edges = NULL;
	checker->room = 0;
	checker->edges = vxh_allocate(checker->host, bytes);
	checker->room = bytes;
}

/*
 * Copies states and edges of a page, so that findings can be reported with no
 * page open.  A page whose copy has no room is closed and opened again, and may
 * have changed by then, hence the loop.  False for a block that the source passes
 * over, which thereby counts as a page without edges.
 */
static bool
copy_page(Checker *checker, uint32_t block)
{
	const VxPageSource *source = checker->check->source;

	for (;;)
	{
		const VxGraphPage *page = source->open(source->context, block);
		size_t		edge_bytes;
		size_t		bytes;

		if (page == NULL)
			return false;
		edge_bytes = (size_t) page->nslots * page->max_edges * sizeof(uint32_t);
		/* more than none, also for a damaged page that has no slots */
		bytes = edge_bytes + page->nslots + 1;
		if (bytes <= checker->room)
		{
			Assert(page->nslots >= 0 && page->max_edges >= 0);
			checker->nslots = page->nslots;
			checker->max_edges = page->max_edges;
			checker->state = (uint8_t *) checker->edges + edge_bytes;
			memcpy(checker->edges, page->edges, edge_bytes);
			memcpy(checker->state, page->state, page->nslots);
			source->close(source->context);
			return true;
		}
		source->close(source->context);
		reserve_copy(checker, bytes);
	}
}

/*
 * Sources are examined in order, so targets come sorted by source and first[]
 * delimits them: adjacency without a list for each page.  A sound layer has one
 * target a page; a damaged one has more and grows the array further.
 */
static void
note_pinned(Checker *checker, uint32_t target)
{
	if (checker->target_count == checker->target_room)
	{
		size_t		room = checker->target_room > 0 ? 2 * checker->target_room : 1024;
		uint32_t   *targets = vxh_allocate(checker->host, room * sizeof(uint32_t));

		if (checker->targets != NULL)
			memcpy(targets, checker->targets, checker->target_count * sizeof(uint32_t));
		vxh_release(checker->host, checker->targets);
		checker->targets = targets;
		checker->target_room = room;
	}
	checker->targets[checker->target_count++] = target;
}

/*
 * One edge of a list (P2 to P5); earlier ones are at list[0 .. place - 1].  Looking
 * through them is quadratic in the length of a list, which is tens.  An edge is
 * reported for all that is wrong with it, but one out of the layer goes no
 * further: it has no number to note.
 */
static void
check_edge(Checker *checker, uint32_t block, int slot, int place)
{
	const uint32_t *list = checker->edges + (size_t) slot * checker->max_edges;
	uint32_t	edge = list[place];
	uint32_t	target = VX_EDGE_BLOCK(edge);
	size_t		number = number_of(checker->check, target);

	Assert(place >= 0 && place < checker->max_edges);
	Assert(edge != VX_NO_EDGE);

	if (target == block)
		found(checker, VX_PAGE_SELF_EDGE, block, slot, edge);
	for (int i = 0; i < place; i++)
	{
		if (list[i] != VX_NO_EDGE && VX_EDGE_BLOCK(list[i]) == target)
			found(checker, VX_PAGE_DUPLICATE_EDGE, block, slot, edge);
	}
	if (number == checker->check->count)
	{
		found(checker, VX_PAGE_FOREIGN_EDGE, block, slot, edge);
		return;
	}
	if ((edge & VX_EDGE_PINNED) == 0)
		return;
	if (checker->pinned_in[number])
		found(checker, VX_PAGE_PINNED_TWICE, block, slot, edge);
	Assert(number < checker->check->count);
	checker->pinned_in[number] = 1;
	note_pinned(checker, (uint32_t) number);
}

/*
 * One slot (P6 to P8).  The place of an edge matters only behind the end of a
 * list: readers stop there, so an edge behind a hole is lost to them.  It is still
 * checked like any other, for what it says about how the list was damaged.
 */
static void
check_slot(Checker *checker, uint32_t block, int slot)
{
	const uint32_t *list = checker->edges + (size_t) slot * checker->max_edges;
	uint8_t		state = checker->state[slot];
	bool		ended = false;

	Assert(slot >= 0 && slot < checker->nslots);
	if (state != VX_SLOT_FREE && !VX_SLOT_IS_LIVE(state) && state != VX_SLOT_DEAD)
		found(checker, VX_PAGE_BAD_STATE, block, slot, 0);
	if (state == VX_SLOT_FREE)
	{
		if (checker->max_edges > 0 && list[0] != VX_NO_EDGE)
			found(checker, VX_PAGE_FREE_EDGES, block, slot, list[0]);
		return;
	}
	for (int place = 0; place < checker->max_edges; place++)
	{
		if (list[place] == VX_NO_EDGE)
		{
			ended = true;
			continue;
		}
		if (ended)
			found(checker, VX_PAGE_HOLE, block, slot, list[place]);
		check_edge(checker, block, slot, place);
	}
}

/*
 * Follows pinned edges from the root page, breadth first, and reports the pages
 * not reached (P1).  Every page enters the queue once, so damage that closes a
 * circle cannot keep this busy.  A root that is not of the layer reaches nothing.
 */
static void
check_tree(Checker *checker)
{
	const VxPageCheck *check = checker->check;
	uint8_t    *reached = vxh_allocate(checker->host, check->count);
	uint32_t   *queue = vxh_allocate(checker->host, check->count * sizeof(uint32_t));
	size_t		root = number_of(check, check->root);
	size_t		count = 0;

	memset(reached, 0, check->count);
	if (root < check->count)
	{
		reached[root] = 1;
		queue[count++] = (uint32_t) root;
	}
	for (size_t done = 0; done < count; done++)
	{
		uint32_t	page = queue[done];

		for (size_t i = checker->first[page]; i < checker->first[page + 1]; i++)
		{
			if (reached[checker->targets[i]])
				continue;
			reached[checker->targets[i]] = 1;
			queue[count++] = checker->targets[i];
		}
	}
	Assert(count <= check->count);
	for (size_t page = 0; page < check->count; page++)
	{
		if (!reached[page])
			found(checker, VX_PAGE_UNREACHED, check->blocks[page], 0, 0);
	}
	vxh_release(checker->host, queue);
	vxh_release(checker->host, reached);
}

/*
 * One pass over the pages, then the tree from what that has noted.  Interrupts are
 * checked once a page, with none open.
 */
size_t
vxg_check_pages(const VxPageCheck *check, const VxHost *host)
{
	Checker		checker;

	memset(&checker, 0, sizeof(checker));
	checker.check = check;
	checker.host = host;
	checker.pinned_in = vxh_allocate(host, check->count + 1);
	checker.first = vxh_allocate(host, (check->count + 1) * sizeof(size_t));
	memset(checker.pinned_in, 0, check->count + 1);
	/* the root needs no pinned edge, so it has none; if it is of the layer */
	checker.pinned_in[number_of(check, check->root)] = 1;
	for (size_t page = 0; page < check->count; page++)
	{
		Assert(page == 0 || check->blocks[page - 1] < check->blocks[page]);
		vxh_check_interrupts(host);
		checker.first[page] = checker.target_count;
		if (!copy_page(&checker, check->blocks[page]))
			continue;
		for (int slot = 0; slot < checker.nslots; slot++)
			check_slot(&checker, check->blocks[page], slot);
	}
	checker.first[check->count] = checker.target_count;
	check_tree(&checker);
	vxh_release(host, checker.targets);
	vxh_release(host, checker.edges);
	vxh_release(host, checker.first);
	vxh_release(host, checker.pinned_in);
	return checker.findings;
}

/* No default: a compiler warns when a problem has no name. */
const char *
vxg_problem_name(VxPageProblem problem)
{
	switch (problem)
	{
		case VX_PAGE_UNREACHED:
			return "page not reached by pinned edges";
		case VX_PAGE_SELF_EDGE:
			return "edge to its own page";
		case VX_PAGE_DUPLICATE_EDGE:
			return "page named twice in a list";
		case VX_PAGE_FOREIGN_EDGE:
			return "edge out of the layer";
		case VX_PAGE_PINNED_TWICE:
			return "second pinned edge into a page";
		case VX_PAGE_FREE_EDGES:
			return "free slot with edges";
		case VX_PAGE_BAD_STATE:
			return "unknown slot state";
		case VX_PAGE_HOLE:
			return "edge behind the end of a list";
	}
	return "unknown problem";
}
