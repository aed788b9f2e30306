/*-------------------------------------------------------------------------
 *
 * page_search_internal.h
 *	  What the two files of the page search share; see page_search.h for its
 *	  users.
 *
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_PAGE_SEARCH_INTERNAL_H
#define VECTORX_GRAPH_PAGE_SEARCH_INTERNAL_H

#include "graph/overflow.h"
#include "graph/page_search.h"
#include "graph/page_set.h"

/*
 * A place in the beam: what the sort moves, kept small.  member is the index
 * of the node's record.
 */
typedef struct VxBeamEntry
{
	float		estimate;
	uint32_t	member;
} VxBeamEntry;

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
	VxWantedCode *wanted;		/* NULL except in vxg_search_find() */
	bool		found;			/* then the search ends */
	uint16_t   *followed;		/* edges of each member read, in such a search */
	int			ef;
	VxBeamEntry *beam;
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
	uint16_t   *entering;		/* slots that may enter the beam */
	uint32_t   *batch;			/* pages to read next */
	VxPageSet	met;
	VxOverflow	overflow;
	size_t		fixed_memory;
};

/* Entry pages are taken in chunks of the batch, which holds at least this many. */
#define MIN_BATCH	16

/* Pages that the batch has room for. */
static inline int
vxg_batch_capacity(const VxPageSearch *search)
{
	return search->options.max_edges > MIN_BATCH ? search->options.max_edges : MIN_BATCH;
}

/* page_find.c */
extern void vxg_find_from(VxPageSearch *search, const uint32_t *entry_blocks,
						  int entry_count);

/* page_expand.c */
extern void vxg_read_batch(VxPageSearch *search, int count);
extern void vxg_expand_beam(VxPageSearch *search);

#endif							/* VECTORX_GRAPH_PAGE_SEARCH_INTERNAL_H */
