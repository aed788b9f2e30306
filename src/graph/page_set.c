/*-------------------------------------------------------------------------
 *
 * page_set.c
 *	  The set of pages that a search has read.
 *
 * Lookup is in the header, to be inlined; here is what happens rarely.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/page_set.h"

#include <string.h>

/* Room for 512 pages: most searches never grow the table. */
#define INITIAL_BITS	10

static size_t
table_bytes(int bits)
{
	return sizeof(uint32_t) << bits;
}

void
vxg_page_set_init(VxPageSet *set, const VxHost *host)
{
	set->host = host;
	set->bits = INITIAL_BITS;
	set->places = host->allocate(host->context, table_bytes(set->bits));
	vxg_page_set_clear(set);
}

void
vxg_page_set_free(VxPageSet *set)
{
	set->host->release(set->host->context, set->places);
	set->places = NULL;
}

void
vxg_page_set_clear(VxPageSet *set)
{
	memset(set->places, 0xFF, table_bytes(set->bits));
	set->count = 0;
}

size_t
vxg_page_set_memory(const VxPageSet *set)
{
	return table_bytes(set->bits);
}

void
vxg_page_set_reserve(VxPageSet *set, uint32_t more)
{
	uint32_t   *old = set->places;
	uint32_t	old_size = UINT32_C(1) << set->bits;
	int			bits = set->bits;

	while ((uint64_t) set->count + more > (UINT64_C(1) << bits) / 2 - 1)
		bits++;
	if (bits == set->bits)
		return;
	Assert(bits < 32);

	/* Allocate before touching the set: the host may leave by a long jump. */
	set->places = set->host->allocate(set->host->context, table_bytes(bits));
	set->bits = bits;
	vxg_page_set_clear(set);
	for (uint32_t i = 0; i < old_size; i++)
	{
		if (old[i] != VXG_PAGE_SET_EMPTY)
			vxg_page_set_add(set, old[i]);
	}
	set->host->release(set->host->context, old);
}
