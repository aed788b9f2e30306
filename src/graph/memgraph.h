/*-------------------------------------------------------------------------
 *
 * memgraph.h
 *	  The graph that an index build keeps in memory: codes and edges.
 *
 * Nodes are numbered 0, 1, 2, ... in the order they are added, edges lead from
 * node to node, and layers are those of HNSW.  No float vector is kept.  It
 * knows nothing of pages: pack.h turns a finished graph into pages.  Explained
 * in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_MEMGRAPH_H
#define VECTORX_GRAPH_MEMGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "quantize/codec.h"

#define VXG_NO_NODE		UINT32_MAX

/* Layers above the first; more nodes than promote ^ -VXG_MAX_LEVEL never come. */
#define VXG_MAX_LEVEL	15

/*
 * m				edges wanted a node: a list is filled to 2 * m.
 * ef_construction	floor for the width of the search that an insertion makes;
 *					the width used is vxg_build_effort() of it.
 * seed				decides the layers; equal seeds and rows give equal graphs.
 * promote			probability that a node of one layer is in the next as well;
 *					0 gives a single layer.
 * slack			how far a list may outgrow 2 * m before it is pruned (1.3).
 * max_nodes		room reserved at creation; more nodes are refused.
 *
 * The rest is for measurements; zeros mean the defaults in graph/README.md.
 *
 * degree			length a list is filled to, instead of 2 * m.
 * effort			width of an insertion's search, whatever ef_construction says.
 * alpha			of the selection rule, see select.h.
 * leave_gaps		do not fill lists up with candidates that gave way.
 */
typedef struct VxBuildOptions
{
	int			m;
	int			ef_construction;
	uint64_t	seed;
	double		promote;
	float		slack;
	size_t		max_nodes;
	int			degree;
	int			effort;
	float		alpha;
	bool		leave_gaps;
} VxBuildOptions;

/*
 * One participant's hold of a graph.  The graph itself lies in an arena, one
 * piece of memory without pointers, which several threads or processes may
 * have mapped at different addresses and add to at the same time, each with a
 * handle of its own; see "Building in parallel" in graph/README.md.
 */
typedef struct VxMemGraph VxMemGraph;

/* The width of search that an ef_construction of the user stands for. */
extern int	vxg_build_effort(int ef_construction);

/* The highest layer that the node of a number is drawn for. */
extern int	vxg_drawn_level(const VxBuildOptions *options, uint32_t node);

/*
 * vxg_create -- an empty graph with room for options->max_nodes, of one's own
 *
 * The codec and the host must outlive it.  The arena is allocated at once,
 * vxg_memory() bytes with all else, though untouched pages of it cost nothing.
 */
extern VxMemGraph *vxg_create(const VxCodec *codec, const VxBuildOptions *options,
							  const VxHost *host);

/*
 * vxg_create_shared -- an empty graph in an arena of the caller
 *
 * arena is vxg_arena_size() bytes, aligned to 8.  Others join with vxg_attach(), giving equal codecs and
 * options, once this has returned.  The arena stays the caller's.
 */
extern VxMemGraph *vxg_create_shared(void *arena, const VxCodec *codec,
									 const VxBuildOptions *options, const VxHost *host);
extern VxMemGraph *vxg_attach(void *arena, const VxCodec *codec,
							  const VxBuildOptions *options, const VxHost *host);
extern void vxg_free(VxMemGraph *graph);

/* Bytes of an arena for options->max_nodes. */
extern size_t vxg_arena_size(const VxCodec *codec, const VxBuildOptions *options);

/* Bytes that a graph of so many nodes takes, working memory included. */
extern size_t vxg_memory(const VxCodec *codec, const VxBuildOptions *options, size_t nodes);

/* Of these, what each participant needs for itself. */
extern size_t vxg_handle_memory(const VxCodec *codec, const VxBuildOptions *options,
								size_t nodes);

/*
 * vxg_add -- encode a vector and link it into the graph
 *
 * x has codec->dims finite elements.  Returns the new node, or VXG_NO_NODE
 * when the graph is full.  A vector whose code and factors equal those of the
 * nearest node becomes that node's follower: it gets a number but no edges.
 */
extern uint32_t vxg_add(VxMemGraph *graph, const void *input);

/*
 * vxg_add_node -- the same, as the node of a given number
 *
 * For participants that add to one graph at the same time: who adds which
 * number is the caller's business, but each below max_nodes must be added once
 * before vxg_finish.  Layers depend on seed and number alone.
 */
extern void vxg_add_node(VxMemGraph *graph, uint32_t node, const void *input);

/*
 * vxg_finish -- make every node reachable from the entry point, layer by layer
 *
 * To be called once and by one participant, after the last node was added.
 * Returns the number of edges that had to be added.
 */
extern size_t vxg_finish(VxMemGraph *graph);

/* Nodes added so far, by all participants. */
extern uint32_t vxg_node_count(const VxMemGraph *graph);

/* The node every search starts from, in all layers; VXG_NO_NODE if empty. */
extern uint32_t vxg_entry(const VxMemGraph *graph);

/* The highest layer in use, 0 for a graph of one layer or of no node. */
extern int	vxg_top_layer(const VxMemGraph *graph);

/* The highest layer that the node is in; followers are in layer 0. */
extern int	vxg_node_level(const VxMemGraph *graph, uint32_t node);

extern bool vxg_is_follower(const VxMemGraph *graph, uint32_t node);

/* The next node with the same code, or VXG_NO_NODE; a chain starts at its leader. */
extern uint32_t vxg_next_follower(const VxMemGraph *graph, uint32_t node);

/* The node's code, codec->code_bytes long, and its factors; valid until vxg_free. */
extern const uint8_t *vxg_code(const VxMemGraph *graph, uint32_t node);
extern VxFactors vxg_factors(const VxMemGraph *graph, uint32_t node);

/*
 * The codes of all nodes as vxq_estimate and vxg_select_neighbours want them:
 * node i is row i * vxg_code_scale() of the array.  Code and factors of a node
 * lie side by side in memory, which is why rows are counted in small units.
 */
extern const VxCodeArray *vxg_code_array(const VxMemGraph *graph);
extern uint32_t vxg_code_scale(const VxMemGraph *graph);

/* The node's edges in a layer that it is in; valid until the next change. */
extern const uint32_t *vxg_neighbours(const VxMemGraph *graph, int layer, uint32_t node,
									  int *count);

/*
 * vxg_nearest -- search the graph (for measurements and tests)
 *
 * Fills nodes[] and distance[] with up to ef nodes nearest to the query,
 * ascending, and returns their number.  Followers are not reported.
 */
extern int	vxg_nearest(VxMemGraph *graph, const VxCodeQuery *query, int ef,
						uint32_t *nodes, float *distance);

#endif							/* VECTORX_GRAPH_MEMGRAPH_H */
