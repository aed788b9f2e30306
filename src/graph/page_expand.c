/*-------------------------------------------------------------------------
 *
 * page_expand.c
 *	  The inner part of a page search: reading pages, scoring their slots,
 *	  keeping the beam.
 *
 * This is the path of every query.  It allocates only to grow the set of pages
 * met and the store of leftover candidates, and never while a page is open.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "graph/page_search_internal.h"

/* Bytes that the overflow may take beside everything else. */
static size_t
overflow_limit(const VxPageSearch *search)
{
	size_t		used = search->fixed_memory + vxg_page_set_memory(&search->met);

	if (search->options.memory_limit == 0)
		return SIZE_MAX;
	return search->options.memory_limit > used ? search->options.memory_limit - used : 0;
}

/*
 * A node that leaves the beam leaves its edges behind: should a resumption want
 * them, it fetches them again.  Room was reserved before the page was opened.
 */
static void
append_to_overflow(VxPageSearch *search, const VxCandidate *candidate)
{
	VxOverflowItem *item = vxg_overflow_append(&search->overflow);

	item->estimate = candidate->estimate;
	item->error = candidate->error;
	item->block = candidate->block;
	item->slot = candidate->slot;
	item->state = candidate->state;
	item->expanded = candidate->expanded;
	item->tid = candidate->tid;
}

/*
 * Gives a candidate of this estimate a place in the beam and returns its
 * member, whose record the caller fills.  If the beam is full its last entry,
 * which must be farther, moves to the overflow.  Of equal estimates the one
 * found first stays first.
 */
static uint32_t
enter_beam(VxPageSearch *search, float estimate)
{
	VxBeamEntry *beam = search->beam;
	uint32_t	member;
	int			low = 0;
	int			high = search->count;

	if (search->count < search->ef)
		member = (uint32_t) search->count++;
	else
	{
		high = search->count - 1;
		Assert(estimate < beam[high].estimate);
		member = beam[high].member;
		append_to_overflow(search, &search->members[member]);
	}
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (beam[middle].estimate <= estimate)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(&beam[low + 1], &beam[low], (search->count - 1 - low) * sizeof(VxBeamEntry));
	beam[low].estimate = estimate;
	beam[low].member = member;
	if (low < search->cursor)
		search->cursor = low;
	Assert(member < (uint32_t) search->ef);
	return member;
}

/* Spelt so that compilers see a load of four bytes and one of two. */
static inline uint64_t
read_tid(const uint8_t *tid)
{
	uint32_t	low = tid[0] | (uint32_t) tid[1] << 8 | (uint32_t) tid[2] << 16 |
		(uint32_t) tid[3] << 24;
	uint32_t	high = tid[4] | (uint32_t) tid[5] << 8;

	return low | (uint64_t) high << 32;
}

/*
 * Edges are copied while the page is open: it will not be read again when the
 * node's turn comes.  A list as long as the record has no end mark, a shorter one
 * gets one; a page with longer lists than announced is cut, not trusted.
 */
static void
copy_edges(VxPageSearch *search, const VxGraphPage *page, int slot, uint32_t member)
{
	int			max = search->options.max_edges;
	int			count = page->max_edges < max ? page->max_edges : max;
	uint32_t   *edges = search->edges + (size_t) member * max;

	Assert(slot >= 0 && slot < page->nslots && count >= 0);
	memcpy(edges, page->edges + (size_t) slot * page->max_edges, count * sizeof(uint32_t));
	if (count < max)
		edges[count] = VX_NO_EDGE;
	search->edges_known[member] = true;
}

/*
 * For inserts, which choose among the beam when its pages are long closed.  Rows
 * follow members, so a node that takes over a record takes over its row as well.
 */
static void
copy_code(VxPageSearch *search, const VxGraphPage *page, int slot, uint32_t member)
{
	size_t		bytes = search->codec->code_bytes;

	memcpy(search->codes + member * bytes,
		   page->codes.codes + (size_t) slot * page->codes.stride, bytes);
	search->add[member] = page->codes.add[slot];
	search->scale[member] = page->codes.scale[slot];
	search->error[member] = page->codes.error[slot];
}

/*
 * Puts a scored slot of the open page into the beam.  Every field is written: the
 * record may be that of the node which has just dropped out.
 */
static void
admit_slot(VxPageSearch *search, const VxGraphPage *page, uint32_t block, int slot)
{
	uint32_t	member = enter_beam(search, search->estimates[slot]);
	VxCandidate *candidate = &search->members[member];

	candidate->estimate = search->estimates[slot];
	candidate->error = search->errors[slot];
	candidate->block = block;
	candidate->slot = (uint16_t) slot;
	candidate->state = page->state[slot];
	candidate->expanded = 0;
	candidate->down = page->down != NULL ? page->down[slot] : 0;
	candidate->add = page->codes.add[slot];
	candidate->tid = page->tids != NULL ? read_tid(page->tids + 6 * (size_t) slot) : 0;
	copy_edges(search, page, slot, member);
	search->followed[member] = 0;
	if (search->options.keep_codes)
		copy_code(search, page, slot, member);
}

/* Nine in ten slots end here, so it writes straight into the store. */
static inline void
leave_slot(VxPageSearch *search, const VxGraphPage *page, uint32_t block, int slot)
{
	VxOverflowItem *item = vxg_overflow_append(&search->overflow);

	item->estimate = search->estimates[slot];
	item->error = search->errors[slot];
	item->block = block;
	item->slot = (uint16_t) slot;
	item->state = page->state[slot];
	item->expanded = 0;
	item->tid = page->tids != NULL ? read_tid(page->tids + 6 * (size_t) slot) : 0;
}

/* Whether a candidate of this estimate has no place in the beam as it stands. */
static inline bool
too_far(const VxPageSearch *search, float estimate)
{
	return search->count == search->ef &&
		!(estimate < search->beam[search->ef - 1].estimate);
}

/*
 * Parts the scored slots of the open page: those too far are left behind at
 * once, the others are noted, and their edges, which nothing has touched yet,
 * are prefetched.  An estimate that is not a number, which only a damaged page
 * yields, is taken as infinitely far: comparisons must stay a total order.
 * Returns the number of slots noted.
 */
static int
part_slots(VxPageSearch *search, const VxGraphPage *page, uint32_t block, int nslots)
{
	int			entering = 0;

	for (int slot = 0; slot < nslots; slot++)
	{
		if (page->state[slot] == VX_SLOT_FREE)
			continue;
		search->counters.slots_scored++;
		if (isnan(search->estimates[slot]))
			search->estimates[slot] = INFINITY;
		if (too_far(search, search->estimates[slot]))
			leave_slot(search, page, block, slot);
		else
		{
			search->entering[entering++] = (uint16_t) slot;
			__builtin_prefetch(page->edges + (size_t) slot * page->max_edges);
		}
	}
	return entering;
}

/*
 * Whether a slot of the open page has the code that is wanted.  Factors come
 * first: hardly ever are they equal when the codes are not.
 */
static bool
find_wanted(VxPageSearch *search, const VxGraphPage *page, uint32_t block, int nslots)
{
	VxWantedCode *wanted = search->wanted;

	for (int slot = 0; slot < nslots && !search->found; slot++)
	{
		if (page->codes.add[slot] != wanted->add ||
			page->codes.scale[slot] != wanted->scale ||
			page->state[slot] == VX_SLOT_FREE ||
			!vxq_code_equal(search->codec, wanted->code,
							page->codes.codes + (size_t) slot * page->codes.stride))
			continue;
		wanted->block = block;
		wanted->slot = slot;
		search->found = true;
	}
	return search->found;
}

/*
 * Scores all slots of a page in one call.  Admitting the first of those that
 * may enter can make the later ones too far.
 */
static void
score_page(VxPageSearch *search, const VxGraphPage *page, uint32_t block)
{
	int			nslots = page->nslots;
	int			entering;

	Assert(nslots <= search->options.max_slots);
	if (nslots > search->options.max_slots)
		nslots = search->options.max_slots;
	if (search->wanted != NULL && find_wanted(search, page, block, nslots))
		return;
	vxq_estimate(search->query, &page->codes, NULL, nslots,
				 search->estimates, search->errors);
	entering = part_slots(search, page, block, nslots);
	for (int i = 0; i < entering; i++)
	{
		int			slot = search->entering[i];

		if (too_far(search, search->estimates[slot]))
			leave_slot(search, page, block, slot);
		else
			admit_slot(search, page, block, slot);
	}
	search->counters.pages_read++;
}

/* Few numbers, nearly always below a dozen: insertion sort. */
static void
sort_batch(uint32_t *batch, int count)
{
	for (int i = 1; i < count; i++)
	{
		uint32_t	moving = batch[i];
		int			place = i;

		for (; place > 0 && batch[place - 1] > moving; place--)
			batch[place] = batch[place - 1];
		batch[place] = moving;
	}
}

/*
 * Reads the pages of the batch in block order.  All of them are announced
 * first, so that a cold index waits once for a batch, not once a page.
 */
void
vxg_read_batch(VxPageSearch *search, int count)
{
	const VxPageSource *source = search->source;

	Assert(count <= vxg_batch_capacity(search));
	sort_batch(search->batch, count);
	if (source->prefetch != NULL && count > 1)
		source->prefetch(source->context, search->batch, count);
	for (int i = 0; i < count && !search->found; i++)
	{
		const VxGraphPage *page;

		/* a page adds at most its slots: each enters, and one leaves for it */
		vxg_overflow_reserve(&search->overflow, search->options.max_slots,
							 overflow_limit(search));
		page = source->open(source->context, search->batch[i]);
		if (page == NULL)
			continue;
		score_page(search, page, search->batch[i]);
		source->close(source->context);
	}
}

/*
 * A member that came from the overflow has no edges here: fetches them from
 * its page.  If the page is gone, or the slot is not there, it has none.
 */
static void
fetch_edges(VxPageSearch *search, uint32_t member)
{
	const VxPageSource *source = search->source;
	VxCandidate *candidate = &search->members[member];
	const VxGraphPage *page = source->open(source->context, candidate->block);

	Assert(!search->edges_known[member]);
	search->edges[(size_t) member * search->options.max_edges] = VX_NO_EDGE;
	search->edges_known[member] = true;
	if (page == NULL)
		return;
	search->counters.pages_reopened++;
	if (candidate->slot < page->nslots)
	{
		copy_edges(search, page, candidate->slot, member);
		candidate->down = page->down != NULL ? page->down[candidate->slot] : 0;
		candidate->add = page->codes.add[candidate->slot];
	}
	source->close(source->context);
}

/*
 * The votes that an entry of this rank has for each page it names.  The very
 * nearest read their pages at once, which is what leads the search home; a
 * page that others name must be named by two.  Measured: see "Votes" in
 * graph/README.md.
 */
static int
votes_of_rank(const VxPageSearch *search, int rank)
{
	Assert(rank < search->ef);
	if (rank * 8 < search->ef || search->options.eager)
		return VXG_VOTES_NEEDED;
	return 1;
}

/*
 * Votes for the pages of the member's edges; those to be read become the batch.  A
 * page comes out of the set once at most, which is what makes a search read each
 * page once and end.
 */
static int
collect_batch(VxPageSearch *search, uint32_t member, int votes)
{
	const uint32_t *edges = search->edges + (size_t) member * search->options.max_edges;
	int			count = 0;

	vxg_page_set_reserve(&search->met, search->options.max_edges);
	for (int i = 0; i < search->options.max_edges && edges[i] != VX_NO_EDGE; i++)
	{
		uint32_t	block = VX_EDGE_BLOCK(edges[i]);

		if (vxg_page_set_vote(&search->met, block, votes))
			search->batch[count++] = block;
	}
	return count;
}

/*
 * Follows the edges of a beam entry.  It counts as expanded before its pages are
 * read, since reading may move it out of the beam and into the overflow.
 * Interrupts are checked here because no page is open.
 */
static void
expand_entry(VxPageSearch *search, int rank)
{
	const VxPageSource *source = search->source;
	uint32_t	member = search->beam[rank].member;

	Assert(!search->members[member].expanded);
	if (source->check_interrupts != NULL)
		source->check_interrupts(source->context);
	if (!search->edges_known[member])
		fetch_edges(search, member);
	search->members[member].expanded = 1;
	search->counters.expanded++;
	vxg_read_batch(search, collect_batch(search, member, votes_of_rank(search, rank)));
}

/*
 * Expands the nearest unexpanded entry until there is none: each pass of the
 * inner loop moves the cursor past an entry, and an admission moves it back to
 * the entry admitted.  While that leaves the beam short of ef nodes, the
 * pages with the most votes are read after all; so, in the end, is every page
 * that can be reached.
 */
void
vxg_expand_beam(VxPageSearch *search)
{
	int			count;

	do
	{
		while (search->cursor < search->count && !search->found)
		{
			int			rank = search->cursor++;

			if (!search->members[search->beam[rank].member].expanded)
				expand_entry(search, rank);
		}
		Assert(search->cursor == search->count || search->found);
		count = 0;
		if (search->count < search->ef && !search->found)
			count = vxg_page_set_take_pending(&search->met, search->batch,
											  vxg_batch_capacity(search));
		vxg_read_batch(search, count);
	} while (count > 0);
}
