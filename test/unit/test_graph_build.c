/*-------------------------------------------------------------------------
 *
 * test_graph_build.c
 *	  The build graph and its packing into pages: invariants of lists,
 *	  reachability, followers, determinism, the tree of pinned edges.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/pack.h"
#include "graph/page_check.h"
#include "graph_fixture.h"

#define SEED 20240701

static const GraphRecipe recipes[] = {
	{VX_METRIC_L2, 48, 4, 1500, 0, 1, SEED, 8, 0.1},
	{VX_METRIC_COSINE, 64, 4, 1500, 12, 1, SEED + 1, 8, 0.06},
	{VX_METRIC_IP, 64, 4, 1200, 12, 1, SEED + 2, 8, 0.06},
	{VX_METRIC_L1, 32, 8, 1200, 5, 1, SEED + 3, 8, 0.06},
	{VX_METRIC_L2, 3, 4, 1500, 0, 1, SEED + 4, 8, 0.06},
	{VX_METRIC_L2, 100, 2, 800, 3, 4, SEED + 5, 16, 0.06},
	{VX_METRIC_L2, 24, 4, 600, 3, 1, SEED + 6, 2, 0},
	{VX_METRIC_COSINE, 24, 8, 2, 0, 1, SEED + 7, 16, 0.5},
	{VX_METRIC_COSINE, 24, 8, 1, 0, 1, SEED + 8, 16, 0.5}
};

#define RECIPES ((int) (sizeof(recipes) / sizeof(recipes[0])))

START_TEST(lists_keep_their_invariants)
{
	GraphFixture fixture;

	fixture_build(&fixture, &recipes[_i]);
	ck_assert_uint_eq(vxg_node_count(fixture.graph), recipes[_i].rows);
	fixture_check_graph(fixture.graph, (int) (2 * recipes[_i].m * 1.3f) + 1);
	fixture_free(&fixture);
}
END_TEST

START_TEST(equal_seeds_give_equal_graphs)
{
	GraphFixture a;
	GraphFixture b;

	fixture_build(&a, &recipes[1]);
	fixture_build(&b, &recipes[1]);
	ck_assert_uint_eq(vxg_entry(a.graph), vxg_entry(b.graph));
	for (uint32_t node = 0; node < vxg_node_count(a.graph); node++)
	{
		int			count_a;
		int			count_b;
		const uint32_t *list_a = vxg_neighbours(a.graph, 0, node, &count_a);
		const uint32_t *list_b = vxg_neighbours(b.graph, 0, node, &count_b);

		ck_assert_int_eq(count_a, count_b);
		ck_assert_mem_eq(list_a, list_b, count_a * sizeof(uint32_t));
		ck_assert_int_eq(vxg_node_level(a.graph, node), vxg_node_level(b.graph, node));
	}
	fixture_free(&b);
	fixture_free(&a);
}
END_TEST

START_TEST(a_full_graph_refuses)
{
	GraphFixture fixture;

	fixture_build(&fixture, &recipes[7]);
	ck_assert_uint_eq(vxg_add(fixture.graph, fixture.vectors), VXG_NO_NODE);
	ck_assert_uint_eq(vxg_node_count(fixture.graph), 2);
	fixture_free(&fixture);
}
END_TEST

START_TEST(copies_follow_their_original)
{
	GraphFixture fixture;
	uint32_t	followers = 0;

	fixture_build(&fixture, &recipes[5]);
	for (uint32_t node = 0; node < vxg_node_count(fixture.graph); node++)
	{
		uint32_t	next = vxg_next_follower(fixture.graph, node);

		followers += vxg_is_follower(fixture.graph, node);
		if (next == VXG_NO_NODE)
			continue;
		ck_assert(vxg_is_follower(fixture.graph, next));
		ck_assert_mem_eq(vxg_code(fixture.graph, node), vxg_code(fixture.graph, next),
						 fixture.codec.code_bytes);
		ck_assert(memcmp(fixture_vector(&fixture, node), fixture_vector(&fixture, next),
						 fixture.recipe.dims * sizeof(float)) == 0);
	}

	/* three of four rows are copies, and nearly all of them are recognised */
	ck_assert_uint_ge(followers, 590);
	ck_assert_uint_le(followers, 600);
	fixture_free(&fixture);
}
END_TEST

/* Each node once, followers behind their leader, all pages full but the last. */
static void
check_placement(const VxMemGraph *graph, const VxPacking *packing, const VxPackOptions *options)
{
	uint32_t	count = vxg_packed_nodes(packing);
	const uint32_t *order = vxg_packed_order(packing);
	uint8_t    *placed = calloc(vxg_node_count(graph), 1);
	uint32_t	expected = 0;

	for (uint32_t node = 0; node < vxg_node_count(graph); node++)
		expected += vxg_node_level(graph, node) >= options->layer;
	ck_assert_uint_eq(count, expected);
	ck_assert_uint_eq(vxg_packed_pages(packing),
					  (count + options->slots_per_page - 1) / options->slots_per_page);
	ck_assert_uint_eq(order[0], vxg_entry(graph));
	for (uint32_t i = 0; i < count; i++)
	{
		ck_assert_int_eq(placed[order[i]], 0);
		placed[order[i]] = 1;
		ck_assert_uint_eq(vxg_packed_page(packing, order[i]), i / options->slots_per_page);
		if (options->layer == 0 && vxg_next_follower(graph, order[i]) != VXG_NO_NODE)
			ck_assert_uint_eq(order[i + 1], vxg_next_follower(graph, order[i]));
	}
	free(placed);
}

/* Lists name distinct pages, never their own; pinned edges span all pages. */
static void
check_page_lists(VxPacking *packing, const VxPackOptions *options)
{
	uint32_t	pages = vxg_packed_pages(packing);
	uint8_t    *pinned = calloc(pages, 1);
	uint32_t   *list = malloc(options->max_edges * sizeof(uint32_t));

	for (uint32_t i = 0; i < vxg_packed_nodes(packing); i++)
	{
		uint32_t	node = vxg_packed_order(packing)[i];
		int			count = vxg_page_edges(packing, node, list);

		ck_assert_int_le(count, options->max_edges);
		for (int e = 0; e < count; e++)
		{
			uint32_t	page = VX_EDGE_BLOCK(list[e]);

			ck_assert_uint_lt(page, pages);
			ck_assert_uint_ne(page, vxg_packed_page(packing, node));
			for (int k = 0; k < e; k++)
				ck_assert_uint_ne(VX_EDGE_BLOCK(list[k]), page);
			if ((list[e] & VX_EDGE_PINNED) != 0)
				ck_assert_int_eq(pinned[page]++, 0);
		}
	}
	for (uint32_t page = 1; page < pages; page++)
		ck_assert_int_eq(pinned[page], 1);
	if (pages > 0)
		ck_assert_int_eq(pinned[0], 0);
	free(list);
	free(pinned);
}

START_TEST(packing_is_a_permutation)
{
	static const int shapes[][2] = {{29, 16}, {7, 4}, {1, 2}, {2000, 8}};
	GraphFixture fixture;

	fixture_build(&fixture, &recipes[_i]);
	for (int layer = 0; layer <= vxg_top_layer(fixture.graph); layer++)
	{
		for (int shape = 0; shape < 4; shape++)
		{
			VxPackOptions options = {layer, shapes[shape][0], shapes[shape][1], NULL};
			VxPacking  *packing = vxg_pack(fixture.graph, &options, vxh_malloc_host());

			check_placement(fixture.graph, packing, &options);
			check_page_lists(packing, &options);
			vxg_packing_free(packing);
		}
	}
	fixture_free(&fixture);
}
END_TEST

/* Guests lead to others and are not placed; pinned edges still reach every page. */
START_TEST(guests_have_no_place)
{
	GraphFixture fixture;
	uint8_t		guests[200];
	VxPackOptions options = {0, 9, 6, guests};
	VxPacking  *packing;
	uint32_t	list[6];
	uint32_t   *queue;
	uint32_t	total;
	uint32_t	placed = 0;
	uint32_t	reached = 1;

	fixture_build(&fixture, &recipes[_i]);
	total = vxg_node_count(fixture.graph);
	ck_assert_uint_le(total, 8 * sizeof(guests));
	memset(guests, 0, sizeof(guests));
	for (uint32_t node = 0; node + 1 < total; node++)
	{
		if (node % 3 == 0 || node == vxg_entry(fixture.graph))
			guests[node / 8] |= (uint8_t) (1 << node % 8);
	}
	packing = vxg_pack(fixture.graph, &options, vxh_malloc_host());
	queue = calloc(vxg_packed_pages(packing), sizeof(uint32_t));
	for (uint32_t i = 0; i < vxg_packed_nodes(packing); i++)
	{
		uint32_t	node = vxg_packed_order(packing)[i];

		ck_assert((guests[node / 8] >> node % 8 & 1) == 0);
		ck_assert_uint_eq(vxg_packed_page(packing, node), i / 9);
	}
	for (uint32_t node = 0; node < total; node++)
	{
		placed += (guests[node / 8] >> node % 8 & 1) == 0;
		ck_assert_int_le(vxg_choose_neighbours(packing, node, list), 6);
	}
	ck_assert_uint_eq(placed, vxg_packed_nodes(packing));
	for (uint32_t done = 0; done < reached; done++)
	{
		for (uint32_t i = queue[done] * 9; i < queue[done] * 9 + 9 && i < placed; i++)
		{
			int			pins = vxg_pinned_pages(packing, vxg_packed_order(packing)[i], list);

			for (int k = 0; k < pins; k++)
			{
				ck_assert_uint_lt(reached, vxg_packed_pages(packing));
				queue[reached++] = VX_EDGE_BLOCK(list[k]);
			}
		}
	}
	ck_assert_uint_eq(reached, vxg_packed_pages(packing));
	free(queue);
	vxg_packing_free(packing);
	fixture_free(&fixture);
}
END_TEST

static void
no_finding(void *context, const VxPageFinding *finding)
{
	(void) context;
	ck_abort_msg("block %u slot %u: %s (%u)", finding->block, finding->slot,
				 vxg_problem_name(finding->problem), finding->edge);
}

static size_t
check_store(const PageStore *store, const VxPageSource *source,
			void (*report) (void *, const VxPageFinding *), void *context)
{
	size_t		findings = 0;

	for (int layer = 0; layer < store->layers; layer++)
	{
		uint32_t	first = store->first_block[layer];
		uint32_t	count = store->first_block[layer + 1] - first;
		uint32_t   *blocks = malloc(count * sizeof(uint32_t));
		VxPageCheck check = {source, blocks, count, first, report, context};

		for (uint32_t i = 0; i < count; i++)
			blocks[i] = first + i;
		findings += vxg_check_pages(&check, vxh_malloc_host());
		free(blocks);
	}
	return findings;
}

START_TEST(laid_out_pages_pass_the_check)
{
	GraphFixture fixture;

	fixture_build(&fixture, &recipes[_i]);
	fixture_lay_out(&fixture, 10, 6);
	ck_assert_uint_eq(check_store(fixture.store, &fixture.source, no_finding, NULL), 0);
	fixture_free(&fixture);
}
END_TEST

static void
count_finding(void *context, const VxPageFinding *finding)
{
	((int *) context)[finding->problem]++;
}

/* Each kind of damage is found, as what it is. */
START_TEST(the_check_finds_damage)
{
	GraphFixture fixture;
	int			found[VX_PAGE_HOLE + 1] = {0};
	uint32_t   *list;
	uint8_t    *state;

	fixture_build(&fixture, &recipes[0]);
	fixture_lay_out(&fixture, 10, 6);
	list = (uint32_t *) fixture.store->pages[5].edges;
	state = (uint8_t *) fixture.store->pages[5].state;
	list[0] = 5;
	list[1] = 7;
	list[2] = 7;
	list[3] = 0x7000000;
	list[4] = VX_NO_EDGE;
	list[5] = 9;
	state[1] = 77;
	state[9] = VX_SLOT_FREE;
	list[9 * 6] = 3;
	for (uint32_t page = 0; page < fixture.store->first_block[1]; page++)
	{
		uint32_t   *edges = (uint32_t *) fixture.store->pages[page].edges;

		for (int i = 0; i < 60; i++)
		{
			if (edges[i] == (VX_EDGE_PINNED | 11))
				edges[i] = 11;
		}
	}
	list[6] = VX_EDGE_PINNED | 13;
	ck_assert_uint_gt(check_store(fixture.store, &fixture.source, count_finding, found), 0);
	for (int problem = 0; problem <= VX_PAGE_HOLE; problem++)
		ck_assert_msg(found[problem] > 0, "not found: %s", vxg_problem_name(problem));
	fixture_free(&fixture);
}
END_TEST

/* Equal rows must not make the build quadratic: each costs a search of one node. */
START_TEST(all_rows_equal)
{
	GraphRecipe recipe = {VX_METRIC_COSINE, 32, 4, 100000, 0, 100000, SEED, 16, 0.02};
	GraphFixture fixture;

	fixture_build(&fixture, &recipe);
	for (uint32_t node = 1; node < 100000; node++)
		ck_assert(vxg_is_follower(fixture.graph, node));
	fixture_lay_out(&fixture, 20, 8);
	ck_assert_uint_eq(check_store(fixture.store, &fixture.source, no_finding, NULL), 0);
	fixture_free(&fixture);
}
END_TEST

START_TEST(an_empty_graph)
{
	GraphRecipe recipe = {VX_METRIC_L2, 32, 4, 0, 0, 1, SEED, 16, 0.02};
	VxPackOptions options = {0, 10, 8, NULL};
	GraphFixture fixture;
	VxPacking  *packing;

	fixture_build(&fixture, &recipe);
	ck_assert_uint_eq(vxg_entry(fixture.graph), VXG_NO_NODE);
	ck_assert_int_eq(vxg_top_layer(fixture.graph), 0);
	packing = vxg_pack(fixture.graph, &options, vxh_malloc_host());
	ck_assert_uint_eq(vxg_packed_pages(packing), 0);
	vxg_packing_free(packing);
	fixture_free(&fixture);
}
END_TEST

/* The estimate of memory is an upper bound, and not a wild one. */
static size_t allocated;
static size_t peak;

static void *
counting_allocate(void *context, size_t size)
{
	size_t	   *block = malloc(size + 16);

	(void) context;
	*block = size;
	allocated += size;
	peak = allocated > peak ? allocated : peak;
	return block + 2;
}

static void
counting_release(void *context, void *pointer)
{
	size_t	   *block = pointer;

	(void) context;
	if (pointer == NULL)
		return;
	allocated -= block[-2];
	free(block - 2);
}

static void
never_interrupted(void *context)
{
	(void) context;
}

START_TEST(memory_is_foretold)
{
	VxHost		host = {counting_allocate, counting_release, never_interrupted, NULL, NULL};
	VxBuildOptions options = {16, 64, SEED, 1.0 / 16, 1.3f, 5000, 0, 0, 0, false};
	GraphRecipe recipe = {VX_METRIC_L2, 64, 4, 0, 0, 1, SEED, 16, 0};
	GraphFixture fixture;
	VxMemGraph *graph;
	size_t		foretold;

	recipe.rows = 5000;
	fixture_build(&fixture, &recipe);
	allocated = peak = 0;
	foretold = vxg_memory(&fixture.codec, &options, options.max_nodes);
	graph = vxg_create(&fixture.codec, &options, &host);
	for (uint32_t row = 0; row < options.max_nodes; row++)
		vxg_add(graph, fixture_vector(&fixture, row));
	vxg_finish(graph);
	ck_assert_uint_le(peak, foretold);
	ck_assert_uint_ge(peak, foretold / 10 * 9);
	vxg_free(graph);
	ck_assert_uint_eq(allocated, 0);
	fixture_free(&fixture);
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("graph build");
	TCase	   *tcase = tcase_create("build");
	SRunner    *runner = srunner_create(suite);
	int			failed;

	printf("seed %d\n", SEED);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, lists_keep_their_invariants, 0, RECIPES);
	tcase_add_loop_test(tcase, packing_is_a_permutation, 0, RECIPES);
	tcase_add_loop_test(tcase, laid_out_pages_pass_the_check, 0, RECIPES);
	tcase_add_loop_test(tcase, guests_have_no_place, 0, RECIPES);
	tcase_add_test(tcase, equal_seeds_give_equal_graphs);
	tcase_add_test(tcase, a_full_graph_refuses);
	tcase_add_test(tcase, copies_follow_their_original);
	tcase_add_test(tcase, the_check_finds_damage);
	tcase_add_test(tcase, all_rows_equal);
	tcase_add_test(tcase, an_empty_graph);
	tcase_add_test(tcase, memory_is_foretold);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
