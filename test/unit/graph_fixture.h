/*-------------------------------------------------------------------------
 *
 * graph_fixture.h
 *	  Vectors, graphs and pages for the tests of src/graph.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_TEST_GRAPH_FIXTURE_H
#define VECTORX_TEST_GRAPH_FIXTURE_H

#include "graph/memgraph.h"
#include "graph/page_search.h"
#include "graph_page_store.h"

/*
 * seed		printed by every test, decides the vectors and the layers
 * clusters	0 for independent normal coordinates
 * copies	each vector is repeated this often, at least once
 */
typedef struct GraphRecipe
{
	VxMetric	metric;
	int			dims;
	int			bits;
	int			rows;
	int			clusters;
	int			copies;
	uint64_t	seed;
	int			m;
	double		promote;
} GraphRecipe;

typedef struct GraphFixture
{
	GraphRecipe recipe;
	float	   *vectors;
	float	   *query_vector;
	VxCodec		codec;
	VxMemGraph *graph;
	size_t		repaired;
	PageStore  *store;
	VxPageSource source;
	VxCodeQuery *query;
	void	   *scratch;
} GraphFixture;

extern void fixture_build(GraphFixture *fixture, const GraphRecipe *recipe);
extern void fixture_lay_out(GraphFixture *fixture, int slots, int max_edges);
extern void fixture_free(GraphFixture *fixture);

/* The build options of fixture_build. */
extern void fixture_options(const GraphRecipe *recipe, VxBuildOptions *options);

/* Fails the test unless the graph, finished, keeps invariants G1 to G3 of src/graph/README.md. */
extern void fixture_check_graph(const VxMemGraph *graph, int longest_list);

/* Draws a query near the data and prepares it. */
extern void fixture_draw_query(GraphFixture *fixture, uint64_t seed);

/* Searches all layers and leaves the base layer's run done. */
extern void fixture_search(GraphFixture *fixture, VxPageSearch *search, int ef);

/* How many of the k nearest by exact key are among the candidates. */
extern int	fixture_hits(const GraphFixture *fixture, const VxCandidate *found, int count, int k);

static inline const float *
fixture_vector(const GraphFixture *fixture, uint32_t row)
{
	return fixture->vectors + (size_t) row * fixture->recipe.dims;
}

#endif							/* VECTORX_TEST_GRAPH_FIXTURE_H */
