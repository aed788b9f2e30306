/*-------------------------------------------------------------------------
 *
 * page_set.h
 *	  The set of pages that a search has read.
 *
 * An open-addressing hash table of block numbers that only grows.  It holds
 * no other fact about a page.  Explained in graph/README.md.
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

/*
 * The table has 2^bits places and is at most half full, so that a probe
 * sequence ends after a place or two.
 */
typedef struct VxPageSet
{
	uint32_t   *places;
	uint32_t	count;
	int			bits;
	const VxHost *host;
} VxPageSet;

extern void vxg_page_set_init(VxPageSet *set, const VxHost *host);
extern void vxg_page_set_free(VxPageSet *set);

/* Forgets all pages and keeps the memory. */
extern void vxg_page_set_clear(VxPageSet *set);

/* Makes room for more pages, so that the next adds do not allocate. */
extern void vxg_page_set_reserve(VxPageSet *set, uint32_t more);

extern size_t vxg_page_set_memory(const VxPageSet *set);

/* Where the probe sequence of a block starts: the top bits of a product (Fibonacci hashing). */
static inline uint32_t
vxg_page_set_home(const VxPageSet *set, uint32_t block)
{
	return (block * UINT32_C(2654435769)) >> (32 - set->bits);
}

/* Adds a page; false if it was there.  Room must have been reserved. */
static inline bool
vxg_page_set_add(VxPageSet *set, uint32_t block)
{
	uint32_t	mask = (UINT32_C(1) << set->bits) - 1;
	uint32_t	place = vxg_page_set_home(set, block);

	Assert(block != VXG_PAGE_SET_EMPTY);
	Assert(set->count <= mask / 2);
	while (set->places[place] != VXG_PAGE_SET_EMPTY)
	{
		if (set->places[place] == block)
			return false;
		place = (place + 1) & mask;
	}
	set->places[place] = block;
	set->count++;
	return true;
}

#endif							/* VECTORX_GRAPH_PAGE_SET_H */
