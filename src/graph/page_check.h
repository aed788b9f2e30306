/*-------------------------------------------------------------------------
 *
 * page_check.h
 *	  Verifies the invariants of a page graph.
 *
 * Reads one layer through a VxPageSource, as a search would, and reports what
 * is wrong.  It repairs nothing and judges no vectors.  The invariants are
 * numbered in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_PAGE_CHECK_H
#define VECTORX_GRAPH_PAGE_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "graph/page_search.h"

typedef enum VxPageProblem
{
	VX_PAGE_UNREACHED,			/* P1: no pinned path from the root page */
	VX_PAGE_SELF_EDGE,			/* P2: an edge names its own page */
	VX_PAGE_DUPLICATE_EDGE,		/* P3: a list names a page twice */
	VX_PAGE_FOREIGN_EDGE,		/* P4: an edge leaves the layer */
	VX_PAGE_PINNED_TWICE,		/* P5: a second pinned edge into a page,
								 * or one into the root */
	VX_PAGE_FREE_EDGES,			/* P6: a free slot has edges */
	VX_PAGE_BAD_STATE,			/* P7: an unknown slot state */
	VX_PAGE_HOLE				/* P8: an edge behind the end of its list */
} VxPageProblem;

/* One finding; slot and edge are 0 where they do not apply. */
typedef struct VxPageFinding
{
	VxPageProblem problem;
	uint32_t	block;
	uint16_t	slot;
	uint32_t	edge;
} VxPageFinding;

/*
 * blocks	all blocks of the layer, ascending, root among them.
 * report	called for each finding, with no page open.
 */
typedef struct VxPageCheck
{
	const VxPageSource *source;
	const uint32_t *blocks;
	size_t		count;
	uint32_t	root;
	void		(*report) (void *context, const VxPageFinding *finding);
	void	   *context;
} VxPageCheck;

/* vxg_check_pages -- check one layer; returns the number of findings */
extern size_t vxg_check_pages(const VxPageCheck *check, const VxHost *host);

/* What a problem is called, for messages. */
extern const char *vxg_problem_name(VxPageProblem problem);

#endif							/* VECTORX_GRAPH_PAGE_CHECK_H */
