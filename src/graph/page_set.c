/*-------------------------------------------------------------------------
 *
 * page_set.c
 *	  The pages that a search has met.
 *
 * Voting is in the header, to be inlined; here is what happens rarely.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/page_set.h"

#include <string.h>

/* Room for 512 pages: most searches never grow the table. */
#define INITIAL_BITS	10

/* Places, then votes. */
static size_t
table_bytes(int bits)
{
	return (sizeof(uint32_t) + 1) << bits;
}

/* One piece for both arrays, so that growing allocates once. */
static void
allocate_table(VxPageSet *set, int bits)
{
	uint32_t   *places = vxh_allocate(set->host, table_bytes(bits));

	set->bits = bits;
	set->places = places;
	set->votes = (uint8_t *) (places + ((size_t) 1 << bits));
	vxg_page_set_clear(set);
}

void
vxg_page_set_init(VxPageSet *set, const VxHost *host)
{
	set->host = host;
	allocate_table(set, INITIAL_BITS);
}

void
vxg_page_set_free(VxPageSet *set)
{
	vxh_release(set->host, set->places);
	set->places = NULL;
}

/* Votes of empty places are never read, so they are left. */
void
vxg_page_set_clear(VxPageSet *set)
{
	memset(set->places, 0xFF, sizeof(uint32_t) << set->bits);
	set->count = 0;
	set->pending = 0;
}

/* What counts towards the memory limit. */
size_t
vxg_page_set_memory(const VxPageSet *set)
{
	return table_bytes(set->bits);
}

/* Pages keep their votes; those read keep more than enough. */
void
vxg_page_set_reserve(VxPageSet *set, uint32_t more)
{
	uint32_t   *old = set->places;
	const uint8_t *old_votes = set->votes;
	uint32_t	old_size = UINT32_C(1) << set->bits;
	int			bits = set->bits;

	while ((uint64_t) set->count + more > (UINT64_C(1) << bits) / 2 - 1)
		bits++;
	if (bits == set->bits)
		return;
	Assert(bits < 32);

	/* the host may leave by a long jump: nothing is changed before it returns */
	allocate_table(set, bits);
	for (uint32_t i = 0; i < old_size; i++)
	{
		if (old[i] != VXG_PAGE_SET_EMPTY)
			vxg_page_set_vote(set, old[i], old_votes[i]);
	}
	vxh_release(set->host, old);
}

/*
 * Two passes over the table: rare, when a beam cannot be filled, and short, as
 * the table is of the size of the search.
 */
int
vxg_page_set_take_pending(VxPageSet *set, uint32_t *blocks, int max)
{
	uint32_t	size = UINT32_C(1) << set->bits;
	uint8_t		most = 0;
	int			count = 0;

	if (set->pending == 0)
		return 0;
	for (uint32_t i = 0; i < size; i++)
	{
		if (set->places[i] != VXG_PAGE_SET_EMPTY && set->votes[i] > most &&
			set->votes[i] < VXG_VOTES_NEEDED)
			most = set->votes[i];
	}
	Assert(most > 0);
	for (uint32_t i = 0; i < size && count < max; i++)
	{
		if (set->places[i] == VXG_PAGE_SET_EMPTY || set->votes[i] != most)
			continue;
		blocks[count++] = set->places[i];
		set->votes[i] = VXG_VOTES_NEEDED;
		set->pending--;
	}
	return count;
}
