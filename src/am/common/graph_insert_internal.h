/*-------------------------------------------------------------------------
 *
 * graph_insert_internal.h
 *	  What placing a node and linking its neighbours share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_INSERT_INTERNAL_H
#define VX_GRAPH_INSERT_INTERNAL_H

#include "am/common/graph_insert.h"
#include "graph/select.h"

/*
 * What one insertion needs, kept from row to row.  Arrays hold a beam of `ef`
 * candidates or a list of m + 1 chosen ones; nothing is allocated per row but
 * by the codec and the search themselves.
 */
struct VxGraphInsert
{
	VxIndex    *index;
	VxPageMode	mode;
	VxInsertOptions options;
	VxLayerSource source;
	VxPageSearch *search;
	VxSelector *selector;
	VxCodeQuery *query;
	uint64		edges_written;	/* by the row at hand */
	uint8	   *code;
	VxFactors	factors;

	/* of the layer at hand: what the search found, and what was chosen */
	const VxCandidate *candidates;
	int			candidate_count;
	int		   *chosen;			/* indexes of candidates, of distinct pages */
	int			chosen_count;
	float	   *distances;		/* of the candidates from the new node */
	uint32	   *blocks;
	uint32	   *edges;
	VxCodeArray codes;			/* candidate i is row rows[i] */
	const uint32 *rows;
	VxCodeQuery *neighbour_query;
	float	   *neighbour_distances;	/* of the candidates from a neighbour */
};

/* graph_join.c */
extern int	vxi_find_twin(const VxGraphInsert *insert, int from);
extern bool vxi_join(VxGraphInsert *insert, const VxIndexValue *value,
					 const ItemPointerData *tid);
extern bool vxi_join_unchanged(VxGraphInsert *insert, const VxIndexValue *value,
							   const ItemPointerData *tid);

/* graph_link.c */
extern void vxi_add_back_edges(VxGraphInsert *insert, int layer,
							   BlockNumber block);

#endif							/* VX_GRAPH_INSERT_INTERNAL_H */
