/*-------------------------------------------------------------------------
 *
 * memgraph_internal.h
 *	  What the files of the build graph share; see memgraph.h for its users.
 *
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_MEMGRAPH_INTERNAL_H
#define VECTORX_GRAPH_MEMGRAPH_INTERNAL_H

#include "base/rng.h"
#include "graph/memgraph.h"
#include "graph/select.h"

/* A node of the beam or of a candidate list; 8 bytes, because it is moved a lot. */
typedef struct VxNearNode
{
	float		distance;
	uint32_t	node;			/* top bit: expanded */
} VxNearNode;

#define NODE_EXPANDED		UINT32_C(0x80000000)
#define NEAR_NODE(entry)	((entry).node & ~NODE_EXPANDED)

/* Top bit of a node's level: it follows another node. */
#define LEVEL_FOLLOWER		0x80

/*
 * Lists of the upper layers come in chunks, since their number is not known
 * beforehand and nothing of this size should ever be copied.
 */
#define LISTS_PER_CHUNK		256

/*
 * The nodes of the upper layers, ascending as they were added.  Node nodes[i]
 * of level l owns l lists from number first[i] on, layer 1 first.
 */
typedef struct VxUpperLists
{
	uint32_t   *nodes;
	uint32_t   *first;
	uint32_t	count;
	uint32_t	room;
	uint32_t  **chunks;
	uint32_t	chunk_count;
	uint32_t	chunk_room;
	uint32_t	list_count;
} VxUpperLists;

/*
 * A list is `capacity` + 2 words: the number of edges, room for a list that
 * has outgrown its degree by the slack, and one place that only vxg_finish
 * uses, so that it always finds one.
 *
 * codes		node i is row i * code_scale, see vxg_code_array
 * seen			epoch of the last search that met the node
 * beam			the search's result, ascending; evicted holds nodes that were
 *				expanded and then dropped out of it
 */
struct VxMemGraph
{
	const VxCodec *codec;
	const VxHost *host;
	VxBuildOptions options;
	int			effort;
	int			degree;
	int			capacity;
	uint32_t	count;
	uint32_t	entry;
	int			top;

	uint8_t    *rows;
	VxCodeArray codes;
	uint32_t	code_scale;
	uint32_t   *lists;
	uint32_t   *next_follower;
	uint8_t    *level;
	uint32_t   *seen;
	uint32_t	epoch;
	VxUpperLists upper;

	VxRandom	random;
	void	   *scratch;
	VxCodeQuery *query;
	VxCodeQuery *link_query;
	VxSelector *selector;

	VxNearNode *beam;
	int			beam_count;
	int			beam_room;
	int			batch_room;
	VxNearNode *evicted;
	int			evicted_count;
	uint32_t   *batch;			/* nodes to score */
	uint32_t   *batch_rows;
	float	   *estimates;
	uint32_t   *pool_rows;		/* candidates of a selection */
	float	   *pool_distance;
	VxNearNode *pool;
	int		   *chosen;
	uint32_t   *planned;		/* the new node's lists, one a layer */
};

static inline size_t
vxg_list_words(const VxMemGraph *graph)
{
	return (size_t) graph->capacity + 2;
}

/* memgraph.c: the node's list in a layer, count first */
extern uint32_t *vxg_list(const VxMemGraph *graph, int layer, uint32_t node);
extern void vxg_make_upper_lists(VxMemGraph *graph, uint32_t node, int level);

/* memgraph_search.c */
extern void vxg_search_from(VxMemGraph *graph, const VxCodeQuery *query, uint32_t node);
extern void vxg_search_layer(VxMemGraph *graph, const VxCodeQuery *query, int layer, int ef);
extern void vxg_score(const VxMemGraph *graph, const VxCodeQuery *query,
					  const uint32_t *nodes, int count, VxNearNode *result);
extern void vxg_sort_near(VxNearNode *nodes, int count);
extern void vxg_query_node(const VxMemGraph *graph, uint32_t node, VxCodeQuery *query);

#endif							/* VECTORX_GRAPH_MEMGRAPH_INTERNAL_H */
