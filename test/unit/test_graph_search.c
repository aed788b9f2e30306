/*-------------------------------------------------------------------------
 *
 * test_graph_search.c
 *	  Search over pages, its parts, and the choice of neighbours.
 *
 * Recall floors are well under what the seeds give, and far over what a
 * broken search would.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "graph/overflow.h"
#include "graph/page_set.h"
#include "graph/select.h"
#include "graph_fixture.h"

#define SEED 20240702
#define QUERIES 40

/* One more column than a recipe: slots of a page, and the recall to reach. */
typedef struct SearchCase
{
	GraphRecipe recipe;
	int			slots;
	int			max_edges;
	double		recall;
} SearchCase;

static const SearchCase cases[] = {
	{{VX_METRIC_L2, 48, 4, 3000, 30, 1, SEED, 12, 0.01}, 20, 12, 0.95},
	{{VX_METRIC_COSINE, 64, 4, 3000, 30, 1, SEED + 1, 12, 0.01}, 20, 12, 0.95},
	{{VX_METRIC_IP, 64, 4, 3000, 30, 1, SEED + 2, 12, 0.01}, 20, 12, 0.85},
	{{VX_METRIC_L1, 32, 8, 3000, 30, 1, SEED + 3, 12, 0.01}, 20, 12, 0.95},
	{{VX_METRIC_L2, 3, 4, 3000, 0, 1, SEED + 4, 12, 0.01}, 40, 12, 0.99},
	{{VX_METRIC_L2, 96, 2, 3000, 30, 1, SEED + 5, 12, 0.01}, 20, 12, 0.90},
	{{VX_METRIC_L2, 96, 8, 3000, 30, 1, SEED + 6, 12, 0.1}, 3, 12, 0.95},
	{{VX_METRIC_L2, 48, 4, 3000, 30, 5, SEED + 7, 12, 0.01}, 20, 12, 0.95},
	{{VX_METRIC_L2, 48, 4, 500, 0, 500, SEED + 8, 12, 0.01}, 20, 12, 0.99},
	{{VX_METRIC_L2, 48, 4, 2, 0, 1, SEED + 9, 12, 0.01}, 20, 12, 0.15},
	{{VX_METRIC_L2, 48, 4, 1, 0, 1, SEED + 10, 12, 0.01}, 20, 12, 0.05}
};

#define CASES ((int) (sizeof(cases) / sizeof(cases[0])))

static void
start(GraphFixture *fixture, const SearchCase *search_case)
{
	fixture_build(fixture, &search_case->recipe);
	fixture_lay_out(fixture, search_case->slots, search_case->max_edges);
}

static VxPageSearch *
new_search(GraphFixture *fixture, int max_ef, size_t memory_limit)
{
	VxPageSearchOptions options = {max_ef, fixture->store->max_edges, fixture->store->slots,
	memory_limit, true, false};

	return vxg_search_create(&fixture->codec, &fixture->source, &options, vxh_malloc_host());
}

START_TEST(recall_is_reached)
{
	GraphFixture fixture;
	VxPageSearch *search;
	int			hits = 0;

	start(&fixture, &cases[_i]);
	search = new_search(&fixture, 100, 0);
	for (int q = 0; q < QUERIES; q++)
	{
		const VxCandidate *found;
		int			count;

		fixture_draw_query(&fixture, SEED + 100 + q);
		fixture_search(&fixture, search, 100);
		found = vxg_search_results(search, &count);
		ck_assert_int_le(count, 100);
		for (int i = 1; i < count; i++)
			ck_assert(found[i - 1].estimate <= found[i].estimate);
		hits += fixture_hits(&fixture, found, count, 10);
	}
	printf("case %d: recall %.3f\n", _i, hits / (10.0 * QUERIES));
	ck_assert_double_ge(hits / (10.0 * QUERIES), cases[_i].recall);
	vxg_search_free(search);
	fixture_free(&fixture);
}
END_TEST

/* Marks the candidates of a batch, each for the first time. */
static int
mark_returned(const VxPageSearch *search, uint8_t *returned)
{
	int			count;
	const VxCandidate *found = vxg_search_results(search, &count);

	for (int i = 0; i < count; i++)
	{
		uint32_t	node = candidate_node(&found[i]);

		ck_assert_int_eq(returned[node], 0);
		ck_assert_int_eq(found[i].expanded, 1);
		returned[node] = 1 + (found[i].state == VX_SLOT_DEAD);
	}
	return count;
}

START_TEST(resumption_returns_every_node_once)
{
	GraphFixture fixture;
	VxPageSearch *search;
	uint8_t    *returned;
	int			rows = cases[_i].recipe.rows;
	int			total;

	start(&fixture, &cases[_i]);
	returned = calloc(rows, 1);
	search = new_search(&fixture, 37, 0);
	fixture_draw_query(&fixture, SEED + 1000);
	fixture_search(&fixture, search, 37);
	total = mark_returned(search, returned);
	while (vxg_search_resume(search) > 0)
		total += mark_returned(search, returned);
	ck_assert_int_eq(total, rows);
	ck_assert_int_eq(vxg_search_resume(search), 0);
	ck_assert(!vxg_search_truncated(search));
	vxg_search_free(search);
	free(returned);
	fixture_free(&fixture);
}
END_TEST

/* Half the nodes die: they are reported as dead, and still lead to the others. */
START_TEST(dead_nodes_route)
{
	GraphFixture fixture;
	VxPageSearch *search;
	uint8_t    *returned;
	int			dead = 0;
	int			rows = cases[1].recipe.rows;

	start(&fixture, &cases[1]);
	for (uint32_t block = 0; block < fixture.store->first_block[1]; block++)
	{
		uint8_t    *state = (uint8_t *) fixture.store->pages[block].state;

		for (int slot = 0; slot < fixture.store->slots; slot += 2)
		{
			dead += state[slot] == VX_SLOT_LIVE;
			if (state[slot] == VX_SLOT_LIVE)
				state[slot] = VX_SLOT_DEAD;
		}
	}
	returned = calloc(rows, 1);
	search = new_search(&fixture, 50, 0);
	fixture_draw_query(&fixture, SEED + 2000);
	fixture_search(&fixture, search, 50);
	do
		mark_returned(search, returned);
	while (vxg_search_resume(search) > 0);
	for (int row = 0; row < rows; row++)
	{
		ck_assert_int_ne(returned[row], 0);
		dead -= returned[row] == 2;
	}
	ck_assert_int_eq(dead, 0);
	vxg_search_free(search);
	free(returned);
	fixture_free(&fixture);
}
END_TEST

START_TEST(pages_are_read_once)
{
	GraphFixture fixture;
	VxPageSearch *search;
	const VxPageSearchCounters *counters;

	start(&fixture, &cases[0]);
	search = new_search(&fixture, 64, 0);
	counters = vxg_search_counters(search);
	fixture_draw_query(&fixture, SEED + 3000);
	fixture_search(&fixture, search, 64);
	ck_assert_uint_eq(counters->pages_reopened, 0);
	while (vxg_search_resume(search) > 0)
		;
	ck_assert_uint_le(counters->pages_read, fixture.store->blocks);
	ck_assert_uint_ge(counters->slots_scored, (uint64_t) fixture.recipe.rows);
	vxg_search_free(search);
	fixture_free(&fixture);
}
END_TEST

/* Under a limit the farthest are given up, and the search says so. */
START_TEST(memory_limit_holds)
{
	static const SearchCase large = {{VX_METRIC_L2, 8, 4, 12000, 0, 1, SEED, 8, 0.01}, 30, 8, 0};
	GraphFixture fixture;
	VxPageSearch *search;
	uint8_t    *returned;
	int			total = 0;

	start(&fixture, &large);
	returned = calloc(fixture.recipe.rows, 1);
	search = new_search(&fixture, 20, 1);
	fixture_draw_query(&fixture, SEED + 4000);
	fixture_search(&fixture, search, 20);
	do
		total += mark_returned(search, returned);
	while (vxg_search_resume(search) > 0);
	ck_assert(vxg_search_truncated(search));
	ck_assert_int_gt(total, 500);
	ck_assert_int_lt(total, fixture.recipe.rows);
	vxg_search_free(search);
	free(returned);
	fixture_free(&fixture);
}
END_TEST

/* The kept codes are those of the results: they give the same estimates again. */
START_TEST(kept_codes_belong_to_the_results)
{
	GraphFixture fixture;
	VxPageSearch *search;
	VxCodeArray codes;
	const uint32_t *rows;
	const VxCandidate *found;
	float		estimate[60];
	int			count;

	start(&fixture, &cases[1]);
	search = new_search(&fixture, 60, 0);
	fixture_draw_query(&fixture, SEED + 5000);
	fixture_search(&fixture, search, 60);
	found = vxg_search_results(search, &count);
	rows = vxg_search_codes(search, &codes);
	ck_assert_int_eq(count, 60);
	vxq_estimate(fixture.query, &codes, rows, count, estimate, NULL);
	for (int i = 0; i < count; i++)
		ck_assert(estimate[i] == found[i].estimate);
	vxg_search_free(search);
	fixture_free(&fixture);
}
END_TEST

/*
 * The node with a code is found, at a part of the pages, and a run after that is
 * as if there had been none.  A code that no node has is not.
 */
START_TEST(a_code_is_found)
{
	GraphFixture fixture;
	VxPageSearch *search;
	VxWantedCode wanted;
	uint64_t	found_pages;
	uint64_t	pages;
	int			missed = 0;
	int			count;

	start(&fixture, &cases[1]);
	search = new_search(&fixture, 24, 0);
	for (uint32_t node = 0; node < 200; node++)
	{
		VxFactors	factors = vxg_factors(fixture.graph, node);
		uint32_t	entry = fixture.store->first_block[0];

		vxq_query_prepare(&fixture.codec, fixture_vector(&fixture, node), VX_QUERY_LINK,
						  fixture.scratch, fixture.query);
		wanted.code = vxg_code(fixture.graph, node);
		wanted.add = factors.add;
		wanted.scale = factors.scale;
		if (vxg_search_find(search, fixture.query, &wanted, &entry, 1))
		{
			const VxGraphPage *page = &fixture.store->pages[wanted.block];

			ck_assert(vxq_code_equal(&fixture.codec, wanted.code,
									 page->codes.codes + wanted.slot * page->codes.stride));
		}
		else
			missed++;
	}
	found_pages = vxg_search_counters(search)->pages_read / 200;
	ck_assert_int_le(missed, 4);

	wanted.scale = -1;
	pages = vxg_search_counters(search)->pages_read;
	fixture_search(&fixture, search, 24);
	pages = vxg_search_counters(search)->pages_read - pages;
	ck_assert_uint_lt(found_pages, pages);
	vxg_search_results(search, &count);
	ck_assert_int_eq(count, 24);
	ck_assert(!vxg_search_find(search, fixture.query, &wanted,
							   &fixture.store->first_block[0], 1));
	vxg_search_results(search, &count);
	ck_assert_int_eq(count, 0);
	vxg_search_free(search);
	fixture_free(&fixture);
}
END_TEST

/* A page of garbage may yield any estimate; order and termination survive. */
START_TEST(damaged_factors_do_no_harm)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY, 1e38f};
	GraphFixture fixture;
	VxPageSearch *search;
	const VxCandidate *found;
	int			count;

	start(&fixture, &cases[0]);
	for (uint32_t block = 0; block < fixture.store->blocks; block++)
	{
		float	   *add = (float *) fixture.store->pages[block].codes.add;

		add[block % fixture.store->used_slots] = bad[block % 4];
	}
	search = new_search(&fixture, 100, 0);
	fixture_draw_query(&fixture, SEED + 6000);
	fixture_search(&fixture, search, 100);
	found = vxg_search_results(search, &count);
	ck_assert_int_eq(count, 100);
	for (int i = 0; i < count; i++)
		ck_assert(!isnan(found[i].estimate));
	for (int i = 1; i < count; i++)
		ck_assert(found[i - 1].estimate <= found[i].estimate);
	vxg_search_free(search);
	fixture_free(&fixture);
}
END_TEST

START_TEST(no_entry_no_result)
{
	GraphFixture fixture;
	VxPageSearch *search;
	uint32_t	beyond = 1000000;
	int			count;

	start(&fixture, &cases[9]);
	search = new_search(&fixture, 10, 0);
	fixture_draw_query(&fixture, SEED + 7000);
	vxg_search_run(search, fixture.query, &beyond, 0);
	vxg_search_results(search, &count);
	ck_assert_int_eq(count, 0);
	vxg_search_run(search, fixture.query, &beyond, 1);
	vxg_search_results(search, &count);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(vxg_search_resume(search), 0);
	vxg_search_free(search);
	fixture_free(&fixture);
}
END_TEST

/* What comes out is sorted, and under a limit it is the nearest that remain. */
START_TEST(overflow_gives_back_in_order)
{
	VxOverflow	overflow;
	VxOverflowItem item;
	VxRandom	random;
	float		last = -1;
	int			taken = 0;

	vxr_seed(&random, SEED);
	vxg_overflow_init(&overflow, vxh_malloc_host());
	for (int i = 0; i < 20000; i++)
	{
		/* every kind of order: random, equal, falling, rising */
		float		value = i < 5000 ? (float) vxr_double(&random) :
			i < 10000 ? 0.5f : i < 15000 ? 1.0f / (float) i : 1.0f + (float) i;

		vxg_overflow_reserve(&overflow, 1, _i == 0 ? SIZE_MAX : 100000);
		vxg_overflow_append(&overflow)->estimate = value;
		if (i % 3000 == 2999)
		{
			ck_assert(vxg_overflow_take(&overflow, &item));
			taken++;
		}
	}
	while (vxg_overflow_take(&overflow, &item))
	{
		ck_assert(last <= item.estimate);
		last = item.estimate;
		taken++;
	}
	ck_assert_int_eq(overflow.truncated, _i == 1);
	if (_i == 0)
		ck_assert_int_eq(taken, 20000);
	else
		ck_assert_uint_le(vxg_overflow_memory(&overflow), 100000);
	vxg_overflow_free(&overflow);
}
END_TEST

/* Every third page gets all votes at once, the others one. */
START_TEST(pages_are_read_by_votes)
{
	VxPageSet	set;
	uint32_t	blocks[64];
	int			count;
	int			taken = 0;

	vxg_page_set_init(&set, vxh_malloc_host());
	for (uint32_t block = 0; block < 3000; block++)
	{
		int			votes = block % 3 == 0 ? VXG_VOTES_NEEDED : 1;

		vxg_page_set_reserve(&set, 1);
		ck_assert_int_eq(vxg_page_set_vote(&set, block * 1024, votes), block % 3 == 0);
	}
	ck_assert_uint_eq(set.count, 3000);
	ck_assert_uint_eq(set.pending, 2000);
	ck_assert(vxg_page_set_vote(&set, 4 * 1024, VXG_VOTES_NEEDED - 1));
	ck_assert(!vxg_page_set_vote(&set, 4 * 1024, VXG_VOTES_NEEDED));
	ck_assert(vxg_page_set_vote(&set, 5 * 1024, VXG_VOTES_NEEDED));
	ck_assert_uint_eq(set.pending, 1998);
	while ((count = vxg_page_set_take_pending(&set, blocks, 64)) > 0)
	{
		for (int i = 0; i < count; i++)
		{
			ck_assert_uint_ne(blocks[i] / 1024 % 3, 0);
			ck_assert(!vxg_page_set_vote(&set, blocks[i], 1));
		}
		taken += count;
	}
	ck_assert_int_eq(taken, 1998);
	ck_assert_uint_eq(set.pending, 0);
	vxg_page_set_clear(&set);
	ck_assert(vxg_page_set_vote(&set, 7 * 1024, VXG_VOTES_NEEDED));
	vxg_page_set_free(&set);
}
END_TEST

/* Points on a line through the base: the rule is easy to follow by hand. */
START_TEST(selection_follows_the_rule)
{
	static const float line[] = {1.0f, 1.5f, -2.0f, 4.0f, -4.5f, 9.0f};
	static const uint32_t groups[] = {3, 3, 1, 5, 1, 7};
	VxCodecParameters parameters = {VX_METRIC_L2, 1, 4, SEED, NULL, 0, 0.0f};
	float		factors[6] = {0};
	float		distance[6];
	VxCodec		codec;
	VxSelector *selector;
	VxSelectInput input;
	VxSelectRule rule = {4, 1.0f, false};
	int			chosen[6];

	vxq_codec_init(&codec, &parameters, vxh_malloc_host());
	for (int i = 0; i < 6; i++)
		distance[i] = line[i] * line[i];
	memset(&input, 0, sizeof(input));
	input.codes.codes = (const uint8_t *) line;
	input.codes.stride = sizeof(float);
	input.codes.add = input.codes.scale = input.codes.error = factors;
	input.distance = distance;
	input.excluded = VXG_NO_GROUP;
	input.count = 6;
	selector = vxg_selector_create(&codec, 6, vxh_malloc_host());

	/* one on each side: all others are nearer to one of these than to the base */
	ck_assert_int_eq(vxg_select_neighbours(selector, &input, &rule, chosen), 2);
	ck_assert_int_eq(chosen[0], 0);
	ck_assert_int_eq(chosen[1], 2);

	/* filled up with the nearest that gave way */
	rule.fill = true;
	ck_assert_int_eq(vxg_select_neighbours(selector, &input, &rule, chosen), 4);
	ck_assert_int_eq(chosen[2], 1);
	ck_assert_int_eq(chosen[3], 3);

	/* an alpha so large that nothing gives way */
	rule.alpha = 1e6f;
	ck_assert_int_eq(vxg_select_neighbours(selector, &input, &rule, chosen), 4);
	ck_assert_int_eq(chosen[3], 3);

	/* one of a page, none of the page excluded, in the fill as well */
	rule.alpha = 1.0f;
	rule.max = 6;
	input.groups = groups;
	input.excluded = 5;
	ck_assert_int_eq(vxg_select_neighbours(selector, &input, &rule, chosen), 3);
	ck_assert_int_eq(chosen[0], 0);
	ck_assert_int_eq(chosen[1], 2);
	ck_assert_int_eq(chosen[2], 5);

	input.count = 0;
	ck_assert_int_eq(vxg_select_neighbours(selector, &input, &rule, chosen), 0);
	vxg_selector_free(selector);
	vxq_codec_release(&codec, vxh_malloc_host());
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("graph search");
	TCase	   *tcase = tcase_create("search");
	SRunner    *runner = srunner_create(suite);
	int			failed;

	printf("seed %d\n", SEED);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, recall_is_reached, 0, CASES);
	tcase_add_loop_test(tcase, resumption_returns_every_node_once, 0, CASES);
	tcase_add_test(tcase, dead_nodes_route);
	tcase_add_test(tcase, pages_are_read_once);
	tcase_add_test(tcase, memory_limit_holds);
	tcase_add_test(tcase, kept_codes_belong_to_the_results);
	tcase_add_test(tcase, a_code_is_found);
	tcase_add_test(tcase, damaged_factors_do_no_harm);
	tcase_add_test(tcase, no_entry_no_result);
	tcase_add_loop_test(tcase, overflow_gives_back_in_order, 0, 2);
	tcase_add_test(tcase, pages_are_read_by_votes);
	tcase_add_test(tcase, selection_follows_the_rule);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
