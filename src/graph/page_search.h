/*-------------------------------------------------------------------------
 *
 * page_search.h
 *	  Best-first search over a graph whose edges name pages.
 *
 * Knows pages only through the callbacks of a VxPageSource, so that the same
 * code searches the index, the pages of a test and those of a simulation.  It
 * takes no exact distances and does not decide which nodes are visible.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_PAGE_SEARCH_H
#define VECTORX_GRAPH_PAGE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/slot.h"
#include "quantize/codec.h"

/*
 * A page as the search sees it, in the arrays of the page itself.
 *
 * The list of slot s is edges + s * max_edges and ends at VX_NO_EDGE.
 * tids (6 bytes a slot: block high, block low, offset, as ItemPointerData) and
 * down (a block one layer below) may be NULL.
 */
typedef struct VxGraphPage
{
	int			nslots;
	int			max_edges;
	const uint8_t *state;
	VxCodeArray codes;
	const uint32_t *edges;
	const uint8_t *tids;
	const uint32_t *down;
} VxGraphPage;

/*
 * Where pages come from.  open pins and locks a block and returns it, or NULL
 * for a block to be passed over; it stays valid until close, which precedes
 * the next open.  prefetch announces blocks about to be opened and may be
 * NULL.  Interrupts are checked with no page open.  open and
 * check_interrupts may leave by a long jump.
 */
typedef struct VxPageSource
{
	void	   *context;
	const VxGraphPage *(*open) (void *context, uint32_t block);
	void		(*close) (void *context);
	void		(*prefetch) (void *context, const uint32_t *blocks, int count);
	void		(*check_interrupts) (void *context);
} VxPageSource;

/* A node that a search found. */
typedef struct VxCandidate
{
	float		estimate;		/* of the metric's key */
	float		error;			/* half width of the estimate's bound */
	uint32_t	block;
	uint16_t	slot;
	uint8_t		state;			/* VX_SLOT_LIVE or VX_SLOT_DEAD */
	uint8_t		expanded;		/* whether its edges have been followed */
	uint32_t	down;			/* 0 where the page has none */
	float		add;			/* factor of the code; -1 if not known any more */
	uint64_t	tid;			/* the page's 6 bytes, first one lowest */
} VxCandidate;

/*
 * max_ef		room of the beam; vxg_search_set_ef() chooses within it.
 * max_edges	the longest list that a page may have.
 * max_slots	the most slots that a page may have.
 * memory_limit	bytes that the search may take in all; 0 for no limit.  What it
 *				always needs it takes even beyond that.
 * keep_codes	keep code and factors of the beam's nodes beyond their page.
 * eager		for measurements: read every page that an expanded node names.
 */
typedef struct VxPageSearchOptions
{
	int			max_ef;
	int			max_edges;
	int			max_slots;
	size_t		memory_limit;
	bool		keep_codes;
	bool		eager;
} VxPageSearchOptions;

typedef struct VxPageSearchCounters
{
	uint64_t	pages_read;		/* distinct pages scored */
	uint64_t	pages_reopened; /* pages opened again for edges, on resuming */
	uint64_t	slots_scored;
	uint64_t	expanded;		/* nodes whose edges were followed */
} VxPageSearchCounters;

typedef struct VxPageSearch VxPageSearch;

/* Pages that vxg_search_find() reads before it gives up. */
#define VXG_FIND_PAGES	64

/* A code to be found; block and slot are filled in. */
typedef struct VxWantedCode
{
	const uint8_t *code;
	float		add;
	float		scale;
	uint32_t	block;
	int			slot;
} VxWantedCode;

/*
 * vxg_search_create -- working memory for searches with one codec and source
 *
 * Codec, source and host must outlive it.  After this only the set of pages
 * met and the store of candidates beyond the beam grow.
 */
extern VxPageSearch *vxg_search_create(const VxCodec *codec, const VxPageSource *source,
									   const VxPageSearchOptions *options,
									   const VxHost *host);
extern void vxg_search_free(VxPageSearch *search);

/* The width of the next run's beam, 1 .. max_ef. */
extern void vxg_search_set_ef(VxPageSearch *search, int ef);

/*
 * vxg_search_run -- find the nodes nearest to the query
 *
 * Forgets any earlier run.  Reads the entry pages, then pages that the edges
 * of the nearest unexpanded node name, each page once, until every node in the
 * beam is expanded.  A page that only far nodes name waits until several do.
 * The query must stay valid while the run is resumed.
 */
extern void vxg_search_run(VxPageSearch *search, const VxCodeQuery *query,
						   const uint32_t *entry_blocks, int entry_count);

/*
 * vxg_search_find -- find a node by its code
 *
 * The query is that of the vector whose code and factors are given.  Ends when
 * a page has a node, live or dead, with the code and the factors but for the
 * error; false if VXG_FIND_PAGES pages have none.  Entry pages are read in the
 * order given, the next one when the ones before lead nowhere.  There are no
 * results of such a run.
 */
extern bool vxg_search_find(VxPageSearch *search, const VxCodeQuery *query,
							VxWantedCode *wanted,
							const uint32_t *entry_blocks, int entry_count);

/* The beam of the last run or resumption, by ascending estimate. */
extern const VxCandidate *vxg_search_results(const VxPageSearch *search, int *count);

/*
 * vxg_search_resume -- go on to the next batch
 *
 * The best candidates not yet returned become the beam, and the search goes
 * on from them.  Returns the number of results, none of which was returned
 * before; 0 when there are no more.
 */
extern int	vxg_search_resume(VxPageSearch *search);

/* Whether candidates had to be dropped for want of memory. */
extern bool vxg_search_truncated(const VxPageSearch *search);

/*
 * With keep_codes: the codes of the results.  Result i is row rows[i] of the
 * array.  Valid after vxg_search_run, until the next run or resumption: nodes
 * that a resumption brings back have left their codes behind.
 */
extern const uint32_t *vxg_search_codes(const VxPageSearch *search, VxCodeArray *array);

/* Counters since creation, or since they were reset. */
extern void vxg_search_reset_counters(VxPageSearch *search);
extern const VxPageSearchCounters *vxg_search_counters(const VxPageSearch *search);

#endif							/* VECTORX_GRAPH_PAGE_SEARCH_H */
