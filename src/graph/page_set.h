/*-------------------------------------------------------------------------
 *
 * page_set.h
 *	  The pages that a search has met: read, or named by some edges but not
 *	  yet by enough.
 *
 * An open-addressing hash table of block numbers with a count of votes each,
 * which only grows.  It holds no page.  Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_PAGE_SET_H
#define VECTORX_GRAPH_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"

/* No page has this number, so it marks empty places of the table. */
#define VXG_PAGE_SET_EMPTY	UINT32_MAX

/* Votes that a page needs to be read; a page that has them counts as read. */
#define VXG_VOTES_NEEDED	2

/*
 * The table has 2^bits places and is at most half full, so that a probe
 * sequence ends after a place or two.
 */
typedef struct VxPageSet
{
	uint32_t   *places;
	uint8_t    *votes;			/* one a place, behind the places */
	uint32_t	count;
	uint32_t	pending;		/* pages that have too few votes */
	int			bits;
	const VxHost *host;
} VxPageSet;

extern void vxg_page_set_init(VxPageSet *set, const VxHost *host);
extern void vxg_page_set_free(VxPageSet *set);

/* Forgets all pages and keeps the memory. */
extern void vxg_page_set_clear(VxPageSet *set);

/* Makes room for more pages, so that the next votes do not allocate. */
extern void vxg_page_set_reserve(VxPageSet *set, uint32_t more);

extern size_t vxg_page_set_memory(const VxPageSet *set);

/*
 * vxg_page_set_take_pending -- the pending pages with the most votes
 *
 * Writes up to max pages that have the highest number of votes among the
 * pending to blocks[], counts them as read, and returns their number; 0 if
 * none is pending.
 */
extern int	vxg_page_set_take_pending(VxPageSet *set, uint32_t *blocks, int max);

/* Where the probe sequence of a block starts: the top bits of a product (Fibonacci hashing). */
static inline uint32_t
vxg_page_set_home(const VxPageSet *set, uint32_t block)
{
	return (block * UINT32_C(2654435769)) >> (32 - set->bits);
}

/*
 * Gives a page votes; true if that makes it one to be read now.  Room must
 * have been reserved.
 */
static inline bool
vxg_page_set_vote(VxPageSet *set, uint32_t block, int votes)
{
	uint32_t	mask = (UINT32_C(1) << set->bits) - 1;
	uint32_t	place = vxg_page_set_home(set, block);

	Assert(block != VXG_PAGE_SET_EMPTY);
	Assert(votes > 0 && votes <= VXG_VOTES_NEEDED);
	Assert(set->count <= mask / 2);
	while (set->places[place] != VXG_PAGE_SET_EMPTY)
	{
		if (set->places[place] != block)
		{
			place = (place + 1) & mask;
			continue;
		}
		if (set->votes[place] >= VXG_VOTES_NEEDED)
			return false;
		votes += set->votes[place];
		if (votes < VXG_VOTES_NEEDED)
		{
			set->votes[place] = (uint8_t) votes;
			return false;
		}
		set->votes[place] = VXG_VOTES_NEEDED;
		set->pending--;
		return true;
	}
	set->places[place] = block;
	set->votes[place] = (uint8_t) votes;
	set->count++;
	if (votes >= VXG_VOTES_NEEDED)
		return true;
	set->pending++;
	return false;
}

#endif							/* VECTORX_GRAPH_PAGE_SET_H */
