/*-------------------------------------------------------------------------
 *
 * select.c
 *	  Choosing which of many candidates a node keeps as neighbours.
 *
 * [MY18] alg. 4 and [Vam19] alg. 2 in one: both keep the nearest candidate,
 * strike out those that it covers, and go on with the nearest that is left.
 * Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/select.h"

#include <string.h>

/*
 * alive	candidates not yet decided, by index, nearest first
 * rows		their code rows, in the same order, for vxq_estimate
 * fate		one of the FATE_ values a candidate
 */
struct VxSelector
{
	const VxCodec *codec;
	const VxHost *host;
	int			max_candidates;
	VxCodeQuery *query;
	float	   *estimate;
	int		   *alive;
	uint32_t   *rows;
	uint8_t    *fate;
};

/* What has become of a candidate. */
enum
{
	FATE_OPEN,
	FATE_CHOSEN,
	FATE_COVERED,				/* may come back as fill */
	FATE_BARRED					/* its page is taken or excluded */
};

/*
 * The arrays are as long as there can be candidates, so that a selection
 * allocates nothing.
 */
VxSelector *
vxg_selector_create(const VxCodec *codec, int max_candidates, const VxHost *host)
{
	VxSelector *selector = vxh_allocate(host, sizeof(VxSelector));
	size_t		n = (size_t) max_candidates;

	Assert(max_candidates > 0);
	selector->codec = codec;
	selector->host = host;
	selector->max_candidates = max_candidates;
	selector->query = vxh_allocate(host, vxq_query_size(codec));
	selector->estimate = vxh_allocate(host, n * sizeof(float));
	selector->alive = vxh_allocate(host, n * sizeof(int));
	selector->rows = vxh_allocate(host, n * sizeof(uint32_t));
	selector->fate = vxh_allocate(host, n);
	return selector;
}

void
vxg_selector_free(VxSelector *selector)
{
	const VxHost *host = selector->host;

	vxh_release(host, selector->fate);
	vxh_release(host, selector->rows);
	vxh_release(host, selector->alive);
	vxh_release(host, selector->estimate);
	vxh_release(host, selector->query);
	vxh_release(host, selector);
}

/* The sum of what vxg_selector_create() allocates. */
size_t
vxg_selector_memory(const VxCodec *codec, int max_candidates)
{
	return sizeof(VxSelector) + vxq_query_size(codec) +
		(size_t) max_candidates * (sizeof(float) + sizeof(int) + sizeof(uint32_t) + 1);
}

/* Where the candidate's code lies. */
static uint32_t
row_of(const VxSelectInput *input, int candidate)
{
	return input->ids != NULL ? input->ids[candidate] : (uint32_t) candidate;
}

/* Every candidate starts open but those on the excluded page. */
static int
open_candidates(VxSelector *selector, const VxSelectInput *input)
{
	int			open = 0;

	for (int i = 0; i < input->count; i++)
	{
		Assert(i == 0 || input->distance[i - 1] <= input->distance[i]);
		if (input->groups != NULL && input->groups[i] == input->excluded)
		{
			selector->fate[i] = FATE_BARRED;
			continue;
		}
		selector->fate[i] = FATE_OPEN;
		selector->alive[open] = i;
		selector->rows[open] = row_of(input, i);
		open++;
	}
	return open;
}

/* The chosen becomes the query: one preparation serves all that are left. */
static void
prepare_from_row(VxSelector *selector, const VxCodeArray *codes, uint32_t row)
{
	VxFactors	factors;

	factors.add = codes->add[row];
	factors.scale = codes->scale[row];
	factors.error = codes->error[row];
	vxq_query_from_code(selector->codec, codes->codes + (size_t) row * codes->stride,
						&factors, selector->query);
}

/*
 * Strikes out the open candidates that the chosen one bars or covers, keeping
 * the rest in order, and returns how many are left.  Candidates of the chosen
 * one's group go first: they need no estimate.
 */
static int
strike_covered(VxSelector *selector, const VxSelectInput *input, int chosen,
			   float alpha, int open)
{
	int			left = 0;
	int			kept = 0;

	for (int i = 1; i < open; i++)
	{
		int			candidate = selector->alive[i];

		if (input->groups != NULL && input->groups[candidate] == input->groups[chosen])
		{
			selector->fate[candidate] = FATE_BARRED;
			continue;
		}
		selector->alive[left] = candidate;
		selector->rows[left] = selector->rows[i];
		left++;
	}
	if (left == 0)
		return 0;
	prepare_from_row(selector, &input->codes, row_of(input, chosen));
	vxq_estimate(selector->query, &input->codes, selector->rows, left,
				 selector->estimate, NULL);
	for (int i = 0; i < left; i++)
	{
		int			candidate = selector->alive[i];

		if (alpha * selector->estimate[i] < input->distance[candidate])
		{
			selector->fate[candidate] = FATE_COVERED;
			continue;
		}
		selector->alive[kept] = candidate;
		selector->rows[kept] = selector->rows[i];
		kept++;
	}
	return kept;
}

/*
 * Fills up with covered candidates, nearest first.  Where groups are given a
 * covered candidate may share its page with one filled in before it, which a
 * look through the few chosen tells.
 */
static int
fill_up(const VxSelector *selector, const VxSelectInput *input, int max,
		int *chosen, int count)
{
	for (int i = 0; i < input->count && count < max; i++)
	{
		bool		taken = false;

		if (selector->fate[i] != FATE_COVERED)
			continue;
		if (input->groups != NULL)
		{
			for (int k = 0; k < count && !taken; k++)
				taken = input->groups[chosen[k]] == input->groups[i];
		}
		if (!taken)
			chosen[count++] = i;
	}
	return count;
}

/*
 * Each round chooses one and strikes others, so the work is at most max rounds
 * over ever fewer candidates.
 */
int
vxg_select_neighbours(VxSelector *selector, const VxSelectInput *input,
					  const VxSelectRule *rule, int *chosen)
{
	int			open;
	int			count = 0;

	Assert(input->count <= selector->max_candidates);
	Assert(rule->max > 0);
	open = open_candidates(selector, input);
	while (open > 0 && count < rule->max)
	{
		int			nearest = selector->alive[0];

		selector->fate[nearest] = FATE_CHOSEN;
		chosen[count++] = nearest;
		if (count < rule->max)
			open = strike_covered(selector, input, nearest, rule->alpha, open);
	}
	if (rule->fill && count < rule->max)
		count = fill_up(selector, input, rule->max, chosen, count);
	Assert(count <= rule->max);
	return count;
}
