/*-------------------------------------------------------------------------
 *
 * page_search.c
 *	  Best-first search over a graph whose edges name pages.
 *
 * This is the path of every query: past creation it allocates only to grow
 * the set of pages met and the store of leftover candidates, and never while
 * a page is open.  It does not order by exact distance; the caller does.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/page_search.h"

#include <math.h>
#include <string.h>

#include "graph/overflow.h"
#include "graph/page_set.h"

/*
 * A place in the beam: what the sort moves, kept small.  member is the index
 * of the node's record.
 */
typedef struct BeamEntry
{
	float		estimate;
	uint32_t	member;
} BeamEntry;

/*
 * Members are the records behind the beam: candidate, edges and, if wanted,
 * code.  There are ef of them; a node that drops out of the full beam leaves
 * its record to the one that drops it.
 *
 * Entries before `cursor` are all expanded.
 */
struct VxPageSearch
{
	const VxCodec *codec;
	const VxPageSource *source;
	const VxHost *host;
	VxPageSearchOptions options;
	VxPageSearchCounters counters;

	const VxCodeQuery *query;
	int			ef;
	BeamEntry  *beam;
	int			count;
	int			cursor;
	VxCandidate *members;
	uint32_t   *edges;			/* max_edges a member */
	bool	   *edges_known;	/* false for members taken from the overflow */
	VxCandidate *results;

	/* rows of the members' codes, only with keep_codes */
	uint8_t    *codes;
	float	   *add;
	float	   *scale;
	float	   *error;
	uint32_t   *result_rows;

	float	   *estimates;		/* of the slots of the open page */
	float	   *errors;
	uint32_t   *batch;			/* pages to read next */
	VxPageSet	met;
	VxOverflow	overflow;
	size_t		fixed_memory;
};

/* Entry pages are taken in chunks of the batch, which holds at least this many. */
#define MIN_BATCH	16

static void *
take_memory(VxPageSearch *search, size_t size)
{
	search->fixed_memory += size;
	return vxh_allocate(search->host, size);
}

static int
batch_capacity(const VxPageSearch *search)
{
	return search->options.max_edges > MIN_BATCH ? search->options.max_edges : MIN_BATCH;
}

static void
create_code_rows(VxPageSearch *search)
{
	size_t		ef = (size_t) search->options.max_ef;

	search->codes = take_memory(search, ef * search->codec->code_bytes);
	search->add = take_memory(search, ef * sizeof(float));
	search->scale = take_memory(search, ef * sizeof(float));
	search->error = take_memory(search, ef * sizeof(float));
	search->result_rows = take_memory(search, ef * sizeof(uint32_t));
}

VxPageSearch *
vxg_search_create(const VxCodec *codec, const VxPageSource *source,
				  const VxPageSearchOptions *options, const VxHost *host)
{
	VxPageSearch *search = vxh_allocate(host, sizeof(VxPageSearch));
	size_t		ef = (size_t) options->max_ef;
	size_t		slots = (size_t) options->max_slots;

	Assert(options->max_ef > 0);
	Assert(options->max_edges > 0);
	Assert(options->max_slots > 0 && options->max_slots <= UINT16_MAX);
	memset(search, 0, sizeof(*search));
	search->codec = codec;
	search->source = source;
	search->host = host;
	search->options = *options;
	search->ef = options->max_ef;
	search->fixed_memory = sizeof(VxPageSearch);
	search->beam = take_memory(search, ef * sizeof(BeamEntry));
	search->members = take_memory(search, ef * sizeof(VxCandidate));
	search->results = take_memory(search, ef * sizeof(VxCandidate));
	search->edges_known = take_memory(search, ef * sizeof(bool));
	search->edges = take_memory(search, ef * options->max_edges * sizeof(uint32_t));
	search->estimates = take_memory(search, slots * sizeof(float));
	search->errors = take_memory(search, slots * sizeof(float));
	search->batch = take_memory(search, batch_capacity(search) * sizeof(uint32_t));
	if (options->keep_codes)
		create_code_rows(search);
	vxg_page_set_init(&search->met, host);
	vxg_overflow_init(&search->overflow, host);
	return search;
}

void
vxg_search_free(VxPageSearch *search)
{
	const VxHost *host = search->host;

	vxg_overflow_free(&search->overflow);
	vxg_page_set_free(&search->met);
	vxh_release(host, search->result_rows);
	vxh_release(host, search->error);
	vxh_release(host, search->scale);
	vxh_release(host, search->add);
	vxh_release(host, search->codes);
	vxh_release(host, search->batch);
	vxh_release(host, search->errors);
	vxh_release(host, search->estimates);
	vxh_release(host, search->edges);
	vxh_release(host, search->edges_known);
	vxh_release(host, search->results);
	vxh_release(host, search->members);
	vxh_release(host, search->beam);
	vxh_release(host, search);
}

void
vxg_search_set_ef(VxPageSearch *search, int ef)
{
	Assert(ef > 0);
	Assert(ef <= search->options.max_ef);
	search->ef = ef;
}

/* Bytes that the overflow may take beside everything else. */
static size_t
overflow_limit(const VxPageSearch *search)
{
	size_t		used = search->fixed_memory + vxg_page_set_memory(&search->met);

	if (search->options.memory_limit == 0)
		return SIZE_MAX;
	return search->options.memory_limit > used ? search->options.memory_limit - used : 0;
}

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
	BeamEntry  *beam = search->beam;
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
	memmove(&beam[low + 1], &beam[low], (search->count - 1 - low) * sizeof(BeamEntry));
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

static void
copy_edges(VxPageSearch *search, const VxGraphPage *page, int slot, uint32_t member)
{
	int			max = search->options.max_edges;
	int			count = page->max_edges < max ? page->max_edges : max;
	uint32_t   *edges = search->edges + (size_t) member * max;

	memcpy(edges, page->edges + (size_t) slot * page->max_edges, count * sizeof(uint32_t));
	if (count < max)
		edges[count] = VX_NO_EDGE;
	search->edges_known[member] = true;
}

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

/* Puts a scored slot of the open page into the beam. */
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
	candidate->tid = page->tids != NULL ? read_tid(page->tids + 6 * (size_t) slot) : 0;
	copy_edges(search, page, slot, member);
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

/*
 * Scores all slots of a page in one call.  An estimate that is not a number,
 * which only a damaged page yields, is taken as infinitely far: comparisons
 * must stay a total order.
 */
static void
score_page(VxPageSearch *search, const VxGraphPage *page, uint32_t block)
{
	int			nslots = page->nslots;
	int			scored = 0;

	Assert(nslots <= search->options.max_slots);
	if (nslots > search->options.max_slots)
		nslots = search->options.max_slots;
	vxq_estimate(search->query, &page->codes, NULL, nslots,
				 search->estimates, search->errors);
	for (int slot = 0; slot < nslots; slot++)
	{
		if (page->state[slot] == VX_SLOT_FREE)
			continue;
		scored++;
		if (isnan(search->estimates[slot]))
			search->estimates[slot] = INFINITY;
		if (search->count == search->ef &&
			!(search->estimates[slot] < search->beam[search->ef - 1].estimate))
			leave_slot(search, page, block, slot);
		else
			admit_slot(search, page, block, slot);
	}
	search->counters.pages_read++;
	search->counters.slots_scored += scored;
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
static void
read_batch(VxPageSearch *search, int count)
{
	const VxPageSource *source = search->source;

	Assert(count <= batch_capacity(search));
	sort_batch(search->batch, count);
	if (source->prefetch != NULL && count > 0)
		source->prefetch(source->context, search->batch, count);
	for (int i = 0; i < count; i++)
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

	search->edges[(size_t) member * search->options.max_edges] = VX_NO_EDGE;
	search->edges_known[member] = true;
	if (page == NULL)
		return;
	search->counters.pages_reopened++;
	if (candidate->slot < page->nslots)
	{
		copy_edges(search, page, candidate->slot, member);
		candidate->down = page->down != NULL ? page->down[candidate->slot] : 0;
	}
	source->close(source->context);
}

/*
 * The votes that an entry of this rank has for each page it names.  The very
 * nearest read their pages at once, which is what leads the search home; pages
 * that only farther ones name must be named by several.
 */
static int
votes_of_rank(const VxPageSearch *search, int rank)
{
	if (rank * 10 < search->ef)
		return VXG_VOTES_NEEDED;
	return rank * 4 < search->ef ? VXG_VOTES_NEEDED / 2 : VXG_VOTES_NEEDED / 4;
}

/* Votes for the pages of the member's edges; those to be read become the batch. */
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

/* Follows the edges of a beam entry. */
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
	read_batch(search, collect_batch(search, member, votes_of_rank(search, rank)));
}

/*
 * Expands the nearest unexpanded entry until there is none: each pass of the
 * inner loop moves the cursor past an entry, and an admission moves it back to
 * the entry admitted.  While that leaves the beam short of ef nodes, the
 * pages with the most votes are read after all; so, in the end, is every page
 * that can be reached.
 */
static void
expand_beam(VxPageSearch *search)
{
	int			count;

	do
	{
		while (search->cursor < search->count)
		{
			int			rank = search->cursor++;

			if (!search->members[search->beam[rank].member].expanded)
				expand_entry(search, rank);
		}
		count = 0;
		if (search->count < search->ef)
			count = vxg_page_set_take_pending(&search->met, search->batch,
											  batch_capacity(search));
		read_batch(search, count);
	} while (count > 0);
}

/* Lays the beam out in order, for the caller to read. */
static void
arrange_results(VxPageSearch *search)
{
	for (int i = 0; i < search->count; i++)
	{
		uint32_t	member = search->beam[i].member;

		Assert(i == 0 || search->beam[i - 1].estimate <= search->beam[i].estimate);
		search->results[i] = search->members[member];
		if (search->options.keep_codes)
			search->result_rows[i] = member;
	}
}

void
vxg_search_run(VxPageSearch *search, const VxCodeQuery *query,
			   const uint32_t *entry_blocks, int entry_count)
{
	int			capacity = batch_capacity(search);

	search->query = query;
	search->count = 0;
	search->cursor = 0;
	vxg_page_set_clear(&search->met);
	vxg_overflow_clear(&search->overflow);
	for (int start = 0; start < entry_count; start += capacity)
	{
		int			count = 0;

		vxg_page_set_reserve(&search->met, capacity);
		for (int i = start; i < entry_count && i < start + capacity; i++)
		{
			if (vxg_page_set_vote(&search->met, entry_blocks[i], VXG_VOTES_NEEDED))
				search->batch[count++] = entry_blocks[i];
		}
		read_batch(search, count);
	}
	expand_beam(search);
	arrange_results(search);
}

const VxCandidate *
vxg_search_results(const VxPageSearch *search, int *count)
{
	*count = search->count;
	return search->results;
}

int
vxg_search_resume(VxPageSearch *search)
{
	VxOverflowItem item;

	search->count = 0;
	search->cursor = 0;
	while (search->count < search->ef && vxg_overflow_take(&search->overflow, &item))
	{
		uint32_t	member = (uint32_t) search->count;
		VxCandidate *candidate = &search->members[member];

		candidate->estimate = item.estimate;
		candidate->error = item.error;
		candidate->block = item.block;
		candidate->slot = item.slot;
		candidate->state = item.state;
		candidate->expanded = item.expanded;
		candidate->down = 0;
		candidate->tid = item.tid;
		search->edges_known[member] = false;
		search->beam[member].estimate = item.estimate;
		search->beam[member].member = member;
		search->count++;
	}
	expand_beam(search);
	arrange_results(search);
	return search->count;
}

bool
vxg_search_truncated(const VxPageSearch *search)
{
	return search->overflow.truncated;
}

const uint32_t *
vxg_search_codes(const VxPageSearch *search, VxCodeArray *array)
{
	Assert(search->options.keep_codes);
	array->codes = search->codes;
	array->stride = search->codec->code_bytes;
	array->add = search->add;
	array->scale = search->scale;
	array->error = search->error;
	return search->result_rows;
}

const VxPageSearchCounters *
vxg_search_counters(const VxPageSearch *search)
{
	return &search->counters;
}
