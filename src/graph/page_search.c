/*-------------------------------------------------------------------------
 *
 * page_search.c
 *	  Best-first search over a graph whose edges name pages.
 *
 * Creation, the start of a search, its resumption and its results; what
 * happens in between is in page_expand.c, the search for a code in page_find.c.  It does not order by exact
 * distance; the caller does.  Explained in graph/README.md.
 *
 * All memory whose size is known is taken at creation and used by every run, so
 * that nothing is allocated while a page is open: the host may leave an
 * allocation by a long jump, and would leave the page locked.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "graph/page_search_internal.h"

/*
 * Counts what is allocated once, as part of the memory limit: the overflow gets
 * what this leaves of it.
 */
static void *
take_memory(VxPageSearch *search, size_t size)
{
	search->fixed_memory += size;
	return vxh_allocate(search->host, size);
}

/*
 * Rows of codes by member, as vxq_estimate takes them.  Only inserts want them,
 * to choose among the nodes found without reading their pages again.
 */
static void
create_code_rows(VxPageSearch *search)
{
	size_t		ef = (size_t) search->options.max_ef;

	Assert(search->options.keep_codes && search->codec->code_bytes > 0);
	search->codes = take_memory(search, ef * search->codec->code_bytes);
	search->add = take_memory(search, ef * sizeof(float));
	search->scale = take_memory(search, ef * sizeof(float));
	search->error = take_memory(search, ef * sizeof(float));
	search->result_rows = take_memory(search, ef * sizeof(uint32_t));
}

/*
 * Everything that depends on max_ef is allocated here, whatever ef a run uses.
 * The record is cleared, so that arrays not wanted are NULL to vxg_search_free().
 */
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
	search->beam = take_memory(search, ef * sizeof(VxBeamEntry));
	search->members = take_memory(search, ef * sizeof(VxCandidate));
	search->results = take_memory(search, ef * sizeof(VxCandidate));
	search->edges_known = take_memory(search, ef * sizeof(bool));
	search->followed = take_memory(search, ef * sizeof(uint16_t));
	search->edges = take_memory(search, ef * options->max_edges * sizeof(uint32_t));
	search->estimates = take_memory(search, slots * sizeof(float));
	search->errors = take_memory(search, slots * sizeof(float));
	search->entering = take_memory(search, slots * sizeof(uint16_t));
	search->batch = take_memory(search, vxg_batch_capacity(search) * sizeof(uint32_t));
	if (options->keep_codes)
		create_code_rows(search);
	vxg_page_set_init(&search->met, host);
	vxg_overflow_init(&search->overflow, host);
	return search;
}

/* Searches that end by an error are not freed: their memory context is. */
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
	vxh_release(host, search->entering);
	vxh_release(host, search->errors);
	vxh_release(host, search->estimates);
	vxh_release(host, search->edges);
	vxh_release(host, search->followed);
	vxh_release(host, search->edges_known);
	vxh_release(host, search->results);
	vxh_release(host, search->members);
	vxh_release(host, search->beam);
	vxh_release(host, search);
}

/* Takes effect with the next run; members beyond ef are simply not used. */
void
vxg_search_set_ef(VxPageSearch *search, int ef)
{
	Assert(ef > 0);
	Assert(ef <= search->options.max_ef);
	search->ef = ef;
}

/*
 * Lays the beam out in order, for the caller to read.  A copy, because members
 * stand in the order they came and a resumption overwrites them.
 */
static void
arrange_results(VxPageSearch *search)
{
	for (int i = 0; i < search->count; i++)
	{
		uint32_t	member = search->beam[i].member;

		Assert(member < (uint32_t) search->ef);
		Assert(i == 0 || search->beam[i - 1].estimate <= search->beam[i].estimate);
		search->results[i] = search->members[member];
		if (search->options.keep_codes)
			search->result_rows[i] = member;
	}
}

/* Forgets the run before. */
static void
clear_run(VxPageSearch *search)
{
	search->count = 0;
	search->cursor = 0;
	search->found = false;
	vxg_page_set_clear(&search->met);
	vxg_overflow_clear(&search->overflow);
}

/*
 * Entry pages get all the votes they need at once; the caller has chosen them.
 * They are taken in chunks of the batch, however many there are, and a block
 * named twice is read once.  Room in the set of pages met is reserved before
 * each chunk, because a vote must not allocate.
 */
static void
search_from(VxPageSearch *search, const uint32_t *entry_blocks, int entry_count)
{
	int			capacity = vxg_batch_capacity(search);

	Assert(entry_count >= 0);
	clear_run(search);
	for (int start = 0; start < entry_count; start += capacity)
	{
		int			count = 0;

		vxg_page_set_reserve(&search->met, capacity);
		for (int i = start; i < entry_count && i < start + capacity; i++)
		{
			if (vxg_page_set_vote(&search->met, entry_blocks[i], VXG_VOTES_NEEDED))
				search->batch[count++] = entry_blocks[i];
		}
		vxg_read_batch(search, count);
	}
	vxg_expand_beam(search);
}

/* Results point into the search. */
void
vxg_search_run(VxPageSearch *search, const VxCodeQuery *query,
			   const uint32_t *entry_blocks, int entry_count)
{
	search->query = query;
	search->wanted = NULL;
	search_from(search, entry_blocks, entry_count);
	arrange_results(search);
}

/* What was found in the beam until then is of no interest. */
bool
vxg_search_find(VxPageSearch *search, const VxCodeQuery *query,
				VxWantedCode *wanted, const uint32_t *entry_blocks, int entry_count)
{
	Assert(wanted->code != NULL);
	search->query = query;
	search->wanted = wanted;
	clear_run(search);
	vxg_find_from(search, entry_blocks, entry_count);
	search->wanted = NULL;
	search->count = 0;
	search->cursor = 0;
	return search->found;
}

/* Points into the search: valid until the next run or resumption. */
const VxCandidate *
vxg_search_results(const VxPageSearch *search, int *count)
{
	Assert(search->count <= search->ef);
	*count = search->count;
	return search->results;
}

/*
 * What the heap gives comes in order, so the beam is made by appending.  These
 * nodes were in no earlier batch: each left the beam, or never entered it.
 *
 * The overflow keeps no edges, so a node not yet expanded fetches them from its
 * page when its turn comes; one expanded before is not expanded again.  The set of
 * pages met is kept: no page is scored twice, hence no node returned twice.
 */
int
vxg_search_resume(VxPageSearch *search)
{
	VxOverflowItem item;

	Assert(search->cursor == search->count);
	search->count = 0;
	search->cursor = 0;
	while (search->count < search->ef && vxg_overflow_take(&search->overflow, &item))
	{
		uint32_t	member = (uint32_t) search->count;
		VxCandidate *candidate = &search->members[member];

		Assert(member == 0 || search->beam[member - 1].estimate <= item.estimate);

		candidate->estimate = item.estimate;
		candidate->error = item.error;
		candidate->block = item.block;
		candidate->slot = item.slot;
		candidate->state = item.state;
		candidate->expanded = item.expanded;
		candidate->down = 0;
		candidate->add = -1.0f;
		candidate->tid = item.tid;
		search->edges_known[member] = false;
		search->beam[member].estimate = item.estimate;
		search->beam[member].member = member;
		search->count++;
	}
	vxg_expand_beam(search);
	arrange_results(search);
	return search->count;
}

/* Then an empty resumption does not mean that the layer has no more nodes. */
bool
vxg_search_truncated(const VxPageSearch *search)
{
	return search->overflow.truncated;
}

/* Rows stay where their members are; only the row numbers follow the order. */
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

/* For a search that is used again by another scan. */
void
vxg_search_reset_counters(VxPageSearch *search)
{
	memset(&search->counters, 0, sizeof(search->counters));
}

const VxPageSearchCounters *
vxg_search_counters(const VxPageSearch *search)
{
	return &search->counters;
}
