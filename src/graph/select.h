/*-------------------------------------------------------------------------
 *
 * select.h
 *	  Choosing which of many candidates a node keeps as neighbours.
 *
 * Works on codes alone.  It does not search, and it does not know where the
 * codes lie: build graph and page graph both use it.  The rule and its
 * papers are explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_SELECT_H
#define VECTORX_GRAPH_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "quantize/codec.h"

/* A group number that no candidate has. */
#define VXG_NO_GROUP	UINT32_MAX

/*
 * The candidates of one choice, nearest to the base first.
 *
 * Candidate i has the code row ids[i] of codes, or row i where ids is NULL.
 * groups, where given, name the page of each candidate: at most one candidate
 * of a group is chosen, because an edge names a page and a second one would
 * say nothing new, and none of group excluded (the base's own page).
 */
typedef struct VxSelectInput
{
	VxCodeArray codes;
	const uint32_t *ids;
	const float *distance;		/* dissimilarity to the base, ascending */
	const uint32_t *groups;
	uint32_t	excluded;		/* VXG_NO_GROUP for none */
	int			count;
} VxSelectInput;

/*
 * max		most candidates to choose.
 * alpha	a candidate gives way to a chosen one that is alpha times nearer to
 *			it than the base is; 1.0 is the rule of HNSW, 1.1 - 1.2 of Vamana.
 *			It multiplies the keys that the codec estimates, so squared
 *			distances want it squared.
 * fill		whether places left over go to the nearest candidates that gave way.
 */
typedef struct VxSelectRule
{
	int			max;
	float		alpha;
	bool		fill;
} VxSelectRule;

typedef struct VxSelector VxSelector;

/*
 * vxg_selector_create -- working memory for choices among up to max_candidates
 *
 * The codec must outlive the selector.  Memory comes from the host and goes
 * back with vxg_selector_free.
 */
extern VxSelector *vxg_selector_create(const VxCodec *codec, int max_candidates,
									   const VxHost *host);
extern void vxg_selector_free(VxSelector *selector);
extern size_t vxg_selector_memory(const VxCodec *codec, int max_candidates);

/*
 * vxg_select_neighbours -- choose diverse neighbours
 *
 * Writes the indexes (into the input's arrays) of the chosen to chosen[], at
 * most rule->max of them, and returns their number.  Those that the rule
 * prefers come first, nearest first, then the fill, nearest first, so a caller
 * that can only keep a part keeps the first.
 */
extern int	vxg_select_neighbours(VxSelector *selector, const VxSelectInput *input,
								  const VxSelectRule *rule, int *chosen);

#endif							/* VECTORX_GRAPH_SELECT_H */
