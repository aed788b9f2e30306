/*-------------------------------------------------------------------------
 *
 * graph_fixture.c
 *	  Vectors, graphs and pages for the tests of src/graph.
 *
 *-------------------------------------------------------------------------
 */
#include "graph_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/kernels.h"

/* Random points around random centres; neighbours among them are well defined. */
static void
draw_vector(VxRandom *random, const GraphRecipe *recipe, const float *centres, float *x)
{
	const float *centre = NULL;

	if (recipe->clusters > 0)
		centre = centres + vxr_below(random, recipe->clusters) * recipe->dims;
	for (int j = 0; j < recipe->dims; j++)
		x[j] = (float) vxr_normal(random) * (centre != NULL ? 0.5f : 1.0f) +
			(centre != NULL ? centre[j] : 0.1f);
}

static float *
draw_centres(VxRandom *random, const GraphRecipe *recipe)
{
	size_t		count = (size_t) recipe->clusters * recipe->dims;
	float	   *centres = malloc((count + 1) * sizeof(float));

	for (size_t i = 0; i < count; i++)
		centres[i] = (float) vxr_normal(random);
	return centres;
}

static void
draw_vectors(GraphFixture *fixture)
{
	const GraphRecipe *recipe = &fixture->recipe;
	size_t		dims = (size_t) recipe->dims;
	VxRandom	random;
	float	   *centres;

	vxr_seed(&random, recipe->seed);
	centres = draw_centres(&random, recipe);
	fixture->vectors = malloc((recipe->rows + 1) * dims * sizeof(float));
	for (int row = 0; row < recipe->rows; row++)
	{
		float	   *x = fixture->vectors + row * dims;

		if (recipe->copies > 1 && row % recipe->copies != 0)
			memcpy(x, x - dims, dims * sizeof(float));
		else
			draw_vector(&random, recipe, centres, x);
	}
	free(centres);
}

static void
make_codec(GraphFixture *fixture)
{
	const GraphRecipe *recipe = &fixture->recipe;
	VxCodecParameters parameters = {recipe->metric, recipe->dims, recipe->bits,
	recipe->seed, NULL, 4.0f, 0.0f};

	vxq_codec_init(&fixture->codec, &parameters, vxh_malloc_host());
	fixture->scratch = malloc(vxq_scratch_size(&fixture->codec));
	fixture->query = malloc(vxq_query_size(&fixture->codec));
}

void
fixture_options(const GraphRecipe *recipe, VxBuildOptions *options)
{
	memset(options, 0, sizeof(*options));
	options->m = recipe->m;
	options->ef_construction = 64;
	options->effort = 64;
	options->seed = recipe->seed;
	options->promote = recipe->promote;
	options->slack = 1.3f;
	options->max_nodes = recipe->rows > 0 ? recipe->rows : 1;
}

void
fixture_build(GraphFixture *fixture, const GraphRecipe *recipe)
{
	VxBuildOptions options;

	vxk_init();
	memset(fixture, 0, sizeof(*fixture));
	fixture->recipe = *recipe;
	draw_vectors(fixture);
	make_codec(fixture);
	fixture->query_vector = malloc(recipe->dims * sizeof(float));
	fixture_options(recipe, &options);
	fixture->graph = vxg_create(&fixture->codec, &options, vxh_malloc_host());
	for (int row = 0; row < recipe->rows; row++)
		vxg_add(fixture->graph, fixture_vector(fixture, row));
	fixture->repaired = vxg_finish(fixture->graph);
}

static bool
in_layer(const VxMemGraph *graph, uint32_t node, int layer)
{
	return vxg_node_level(graph, node) >= layer && !vxg_is_follower(graph, node);
}

/* No self edge, no duplicate, no edge out of the layer; returns the degree. */
static int
check_list(const VxMemGraph *graph, int layer, uint32_t node)
{
	int			count;
	const uint32_t *list = vxg_neighbours(graph, layer, node, &count);

	for (int i = 0; i < count; i++)
	{
		ck_assert_uint_lt(list[i], vxg_node_count(graph));
		ck_assert_uint_ne(list[i], node);
		ck_assert(in_layer(graph, list[i], layer));
		for (int k = 0; k < i; k++)
			ck_assert_uint_ne(list[i], list[k]);
	}
	return count;
}

static void
check_layer_reachable(const VxMemGraph *graph, int layer)
{
	uint32_t	nodes = vxg_node_count(graph);
	uint8_t    *reached = calloc(nodes, 1);
	uint32_t   *queue = malloc(nodes * sizeof(uint32_t));
	uint32_t	count = 1;

	queue[0] = vxg_entry(graph);
	reached[queue[0]] = 1;
	for (uint32_t done = 0; done < count; done++)
	{
		int			edges;
		const uint32_t *list = vxg_neighbours(graph, layer, queue[done], &edges);

		for (int i = 0; i < edges; i++)
		{
			if (!reached[list[i]])
				queue[count++] = list[i];
			reached[list[i]] = 1;
		}
	}
	for (uint32_t node = 0; node < nodes; node++)
		ck_assert_int_eq(reached[node], in_layer(graph, node, layer));
	free(queue);
	free(reached);
}

void
fixture_check_graph(const VxMemGraph *graph, int longest_list)
{
	for (int layer = 0; layer <= vxg_top_layer(graph); layer++)
	{
		for (uint32_t node = 0; node < vxg_node_count(graph); node++)
		{
			if (in_layer(graph, node, layer))
				ck_assert_int_le(check_list(graph, layer, node), longest_list);
		}
		check_layer_reachable(graph, layer);
	}
	ck_assert_int_eq(vxg_node_level(graph, vxg_entry(graph)), vxg_top_layer(graph));
}

void
fixture_lay_out(GraphFixture *fixture, int slots, int max_edges)
{
	StoreOptions options = {max_edges, 0.9, false, slots};

	fixture->store = store_create(fixture->graph, &fixture->codec, &options);
	fixture->source = store_source(fixture->store);
}

void
fixture_free(GraphFixture *fixture)
{
	if (fixture->store != NULL)
		store_free(fixture->store);
	vxg_free(fixture->graph);
	vxq_codec_release(&fixture->codec, vxh_malloc_host());
	free(fixture->query_vector);
	free(fixture->query);
	free(fixture->scratch);
	free(fixture->vectors);
}

void
fixture_draw_query(GraphFixture *fixture, uint64_t seed)
{
	const GraphRecipe *recipe = &fixture->recipe;
	VxRandom	random;
	const float *near;

	vxr_seed(&random, seed);
	near = fixture_vector(fixture, (uint32_t) vxr_below(&random, recipe->rows));
	for (int j = 0; j < recipe->dims; j++)
		fixture->query_vector[j] = near[j] + 0.2f * (float) vxr_normal(&random);
	vxq_query_prepare(&fixture->codec, fixture->query_vector, VX_QUERY_SEARCH,
					  fixture->scratch, fixture->query);
}

void
fixture_search(GraphFixture *fixture, VxPageSearch *search, int ef)
{
	const PageStore *store = fixture->store;
	uint32_t	entry = store->first_block[store->layers - 1];

	vxg_search_set_ef(search, 1);
	for (int layer = store->layers - 1; layer > 0; layer--)
	{
		int			count;

		vxg_search_run(search, fixture->query, &entry, 1);
		entry = vxg_search_results(search, &count)->down;
	}
	vxg_search_set_ef(search, ef);
	vxg_search_run(search, fixture->query, &entry, 1);
}

int
fixture_hits(const GraphFixture *fixture, const VxCandidate *found, int count, int k)
{
	const GraphRecipe *recipe = &fixture->recipe;
	float	   *keys = malloc(recipe->rows * sizeof(float));
	int			hits = 0;

	for (int row = 0; row < recipe->rows; row++)
		keys[row] = vxq_exact(recipe->metric, fixture->query_vector,
							  fixture_vector(fixture, row), recipe->dims);
	for (int i = 0; i < count; i++)
	{
		float		key = keys[candidate_node(&found[i])];
		int			nearer = 0;

		for (int row = 0; row < recipe->rows; row++)
			nearer += keys[row] < key;
		hits += nearer < k;
	}
	free(keys);
	return hits < k ? hits : k;
}
