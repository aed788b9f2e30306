/*
 * graph_page_store.h
 *	  Graph pages in memory, as an index would lay them out on disk.
 *
 * Built from a finished graph; searched through a VxPageSource.  Serves unit
 * tests and the study of the page format.
 */
#ifndef VECTORX_TEST_GRAPH_PAGE_STORE_H
#define VECTORX_TEST_GRAPH_PAGE_STORE_H

#include "graph/memgraph.h"
#include "graph/page_search.h"

#define BLOCK_SIZE		8192
#define PAGE_OVERHEAD	(24 + 64)	/* page header and special area */
#define SLOT_OVERHEAD	(6 + 1 + 12)	/* heap TID, state, factors */

/*
 * fill_factor	part of a page's slots that the build fills
 * node_edges	take the first max_edges edges of the graph and name their pages
 *				(what a list of node numbers would lead to), instead of choosing
 *				max_edges distinct pages
 */
typedef struct StoreOptions
{
	int			max_edges;
	double		fill_factor;
	bool		node_edges;
	int			slots;			/* 0: as many as a block holds */
} StoreOptions;

typedef struct PageStore
{
	int			slots;			/* of a page */
	int			used_slots;		/* that the build fills */
	int			max_edges;
	int			layers;
	uint32_t	first_block[VXG_MAX_LEVEL + 2];	/* of each layer */
	uint32_t	blocks;
	VxGraphPage *pages;
	void	   *storage;
} PageStore;

extern int	store_slots(const VxCodec *codec, int max_edges);
extern PageStore *store_create(VxMemGraph *graph, const VxCodec *codec,
							   const StoreOptions *options);
extern void store_free(PageStore *store);

/* The context of the source is the store. */
extern VxPageSource store_source(PageStore *store);

/* The node in a slot, which is stored as its TID. */
static inline uint32_t
candidate_node(const VxCandidate *candidate)
{
	return (uint32_t) candidate->tid;
}

#endif							/* VECTORX_TEST_GRAPH_PAGE_STORE_H */
