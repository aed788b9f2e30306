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

#include "base/atomic.h"
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
 * The first word of a list is the number of its edges; the top bit is the
 * list's lock, which everybody who changes it holds, and nobody who reads it.
 */
#define LIST_LOCKED			UINT32_C(0x80000000)
#define LIST_COUNT(word)	((word) & ~LIST_LOCKED)

/* Entry point and top layer in one word, so that both change at once. */
#define ENTRY_WORD(node, top)	((uint64_t) (top) << 32 | (node))
#define ENTRY_NODE(word)		((uint32_t) (word))
#define ENTRY_TOP(word)			((int) ((word) >> 32))

/*
 * The head of an arena.  The arrays follow it, at places that depend on the
 * codec, the options and these counts only (memgraph.c).
 *
 * entry		ENTRY_WORD; VXG_NO_NODE while there is no node
 * entry_lock	list word without edges: held while a node is added that will
 *				become the entry point
 * count		nodes added
 * upper_count	nodes drawn for layers above the base
 * list_count	lists that these have there
 */
typedef struct VxArenaHead
{
	uint64_t	entry;
	uint32_t	entry_lock;
	uint32_t	count;
	uint32_t	upper_count;
	uint32_t	list_count;
} VxArenaHead;

/*
 * The nodes of the upper layers, ascending; drawn when the graph is created.
 * Node nodes[i] of level l owns l lists from number first[i] on, layer 1 first.
 */
typedef struct VxUpperLists
{
	uint32_t   *nodes;
	uint32_t   *first;
	uint32_t   *lists;
	uint32_t	count;
} VxUpperLists;

/*
 * A list is `capacity` + 2 words: the number of edges, room for a list that
 * has outgrown its degree by the slack, and one place that only vxg_finish
 * uses, so that it always finds one.
 *
 * In the arena, shared by all participants:
 *
 * codes		node i is row i * code_scale, see vxg_code_array
 * lists		of the base layer
 * level		highest layer of a node, LEVEL_FOLLOWER; written before others
 *				can see the node, or under its leader's lock
 *
 * This participant's:
 *
 * seen			a bit for each node that the current search has met
 * met			these nodes, for clearing their bits; met_count may be more
 *				than there is room for, and then all bits are cleared
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

	VxArenaHead *head;
	bool		owns_arena;
	VxCodeArray codes;
	uint32_t	code_scale;
	uint32_t   *lists;
	uint32_t   *next_follower;
	uint8_t    *level;
	VxUpperLists upper;

	uint8_t    *seen;
	uint32_t   *met;
	uint32_t	met_count;
	uint32_t	met_room;
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
	uint32_t   *pruned;			/* one list */
};

static inline size_t
vxg_list_words(const VxMemGraph *graph)
{
	return (size_t) graph->capacity + 2;
}

/* memgraph.c; a list is the node's in a layer, count first */
extern uint32_t *vxg_list(const VxMemGraph *graph, int layer, uint32_t node);
extern void vxg_lock_list(const VxMemGraph *graph, uint32_t *list);

/* Publishes what was changed under the lock, the number of edges included. */
static inline void
vxg_unlock_list(uint32_t *list, uint32_t count)
{
	vxa_store_release(list, count);
}

/* memgraph_search.c */
extern void vxg_search_from(VxMemGraph *graph, const VxCodeQuery *query, uint32_t node);
extern void vxg_search_layer(VxMemGraph *graph, const VxCodeQuery *query, int layer, int ef);
extern void vxg_score(const VxMemGraph *graph, const VxCodeQuery *query,
					  const uint32_t *nodes, int count, VxNearNode *result);
extern void vxg_sort_near(VxNearNode *nodes, int count);
extern void vxg_query_node(const VxMemGraph *graph, uint32_t node, VxCodeQuery *query);

#endif							/* VECTORX_GRAPH_MEMGRAPH_INTERNAL_H */
