/*-------------------------------------------------------------------------
 *
 * seed.c
 *	  Which samples become the first centroids, and where lists without samples go.
 *
 * k-means++ in rounds: a quarter as many seeds are drawn at once as there are
 * already, with probabilities in proportion to the squared distance from those, so
 * that the distances are a matrix product a round instead of one pass over the
 * samples a seed.  All of this is the leader's work and linear in the samples.
 * See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "cluster/kmeans_internal.h"

/* A round adds one seed for so many that there are, in so many draws each. */
#define ROUND_SHARE 4
#define MOST_DRAWS 4

/* Sample i becomes the centroid of a list. */
static void
place(VxClusterState *state, int list, size_t i)
{
	Assert(list < state->parameters.lists && i < state->count);
	memcpy(vxc_centroid_row(state, list), vxc_sample(state, i), state->row_bytes);
	vxc_centroids_set(VXC_PART(state, VxCentroids, set), list, vxc_centroid_row(state, list));
}

void
vxc_first_seed(VxClusterState *state)
{
	Assert(state->count > 0 && state->seeds == 0);
	place(state, 0, (size_t) vxr_below(&state->random, state->count));
	state->new_seeds = 0;
	state->seeds = 1;
}

/* Sum of all distances; what is not finite counts as nothing. */
static double
total_distance(const VxClusterState *state)
{
	const float *distance = VXC_PART(state, float, distance);
	double		total = 0.0;

	for (size_t i = 0; i < state->count; i++)
		total += distance[i] <= 3e38f ? distance[i] : 0.0;
	return total;
}

/* Samples in a block of the sums that draws begin with. */
#define BLOCK 64

/*
 * Running sums over blocks of distances, in the part that will hold the order of the
 * samples, which is not in use yet: 8 bytes a block take less than 4 bytes a sample.
 */
static const double *
sum_blocks(const VxClusterState *state)
{
	const float *distance = VXC_PART(state, float, distance);
	double	   *sums = VXC_PART(state, double, order);
	double		sum = 0.0;

	for (size_t i = 0; i < state->count; i++)
	{
		sum += distance[i] <= 3e38f ? distance[i] : 0.0;
		sums[i / BLOCK] = sum;
	}
	return sums;
}

/* The sample at which the distances, laid end to end, reach `mark`. */
static size_t
sample_at(const VxClusterState *state, const double *sums, double mark)
{
	const float *distance = VXC_PART(state, float, distance);
	size_t		low = 0;
	size_t		high = (state->count - 1) / BLOCK;
	size_t		chosen = state->count;
	double		sum;

	while (low < high)
	{
		size_t		middle = (low + high) / 2;

		if (sums[middle] > mark)
			high = middle;
		else
			low = middle + 1;
	}
	sum = low > 0 ? sums[low - 1] : 0.0;
	for (size_t i = low * BLOCK; i < (low + 1) * BLOCK && i < state->count; i++)
	{
		if (!(distance[i] > 0.0f && distance[i] <= 3e38f))
			continue;
		chosen = i;
		sum += distance[i];
		if (sum > mark)
			break;
	}
	return chosen;
}

/* Distance between two rows, in the measure of the samples' distances. */
static double
row_distance(const VxClusterState *state, const uint8_t *a, const uint8_t *b)
{
	if (vx_metric_is_of_bits(state->parameters.metric))
		return (double) vxk->hamming_bits(a, b, state->row_bytes);
	return vxk->l2sq_f32((const float *) a, (const float *) b, state->parameters.dims);
}

/*
 * Would sample i still be drawn, now that there are the seeds of this round?  Its
 * chance was in proportion to its distance from the earlier ones; it keeps the
 * share of that which the new ones leave.  So the round draws what k-means++ would.
 */
static bool
is_still_far(VxClusterState *state, size_t i)
{
	double		distance = VXC_PART(state, float, distance)[i];
	double		mark = vxr_double(&state->random) * distance;

	for (int c = state->new_seeds; c < state->seeds; c++)
	{
		if (row_distance(state, vxc_sample(state, i), vxc_centroid_row(state, c)) <= mark)
			return false;
	}
	return true;
}

/*
 * A round: draws from the distances, of which those are refused that the round's
 * other seeds have come near to.
 */
bool
vxc_more_seeds(VxClusterState *state)
{
	const double *sums = sum_blocks(state);
	double		total = sums[(state->count - 1) / BLOCK];
	int			wanted = state->parameters.lists - state->seeds;

	if (wanted > state->seeds / ROUND_SHARE + 1)
		wanted = state->seeds / ROUND_SHARE + 1;
	state->new_seeds = state->seeds;
	if (!(total > 0.0))
		return false;
	for (int draw = 0; draw < MOST_DRAWS * wanted && state->seeds < state->new_seeds + wanted; draw++)
	{
		size_t		i = sample_at(state, sums, vxr_double(&state->random) * total);

		if (i < state->count && is_still_far(state, i))
			place(state, state->seeds++, i);
	}
	return state->seeds > state->new_seeds;
}

/*
 * Give each list without samples one that lies far from its centroid, again by
 * marks over the distances.  No list is emptied for it.
 */
void
vxc_reseed(VxClusterState *state)
{
	uint32_t   *list = VXC_PART(state, uint32_t, list);
	float	   *distance = VXC_PART(state, float, distance);
	uint32_t   *members = VXC_PART(state, uint32_t, starts);
	double		total = total_distance(state);
	double		spacing;
	double		mark;
	double		sum = 0.0;
	int			wanted = 0;
	int			empty = 0;

	memset(members, 0, (state->seeds + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < state->count; i++)
		members[list[i]]++;
	for (int c = 0; c < state->seeds; c++)
		wanted += members[c] == 0;
	if (wanted == 0 || !(total > 0.0))
		return;
	spacing = total / wanted;
	mark = vxr_double(&state->random) * spacing;
	for (size_t i = 0; i < state->count; i++)
	{
		if (!(distance[i] > 0.0f && distance[i] <= 3e38f))
			continue;
		sum += distance[i];
		if (sum <= mark || members[list[i]] < 2)
			continue;
		while (empty < state->seeds && members[empty] > 0)
			empty++;
		if (empty == state->seeds)
			break;
		members[list[i]]--;
		members[empty]++;
		list[i] = (uint32_t) empty;
		distance[i] = 0.0f;
		state->report.reseeded++;
		while (mark < sum)
			mark += spacing;
	}
}

/* A random point about the samples: their middle is zero, `spread` is per dimension. */
static void
scatter_floats(VxClusterState *state, float *row, double spread)
{
	double		norm2 = 0.0;
	int			dims = state->parameters.dims;

	for (int k = 0; k < dims; k++)
	{
		row[k] = (float) (vxr_normal(&state->random) * spread);
		norm2 += (double) row[k] * row[k];
	}
	for (int k = 0; vxc_is_spherical(state->parameters.metric) && k < dims; k++)
		row[k] = (float) (row[k] / sqrt(norm2));
}

/*
 * Bits beyond the last one stay zero.
 */
static void
scatter_bits(VxClusterState *state, uint8_t *row)
{
	int			rest = state->parameters.dims % 8;

	for (size_t j = 0; j < state->row_bytes; j++)
		row[j] = (uint8_t) vxr_uint64(&state->random);
	if (rest > 0)
		row[state->row_bytes - 1] &= (uint8_t) (0xff << (8 - rest));
}

void
vxc_scatter(VxClusterState *state)
{
	double		norm2 = 0.0;
	double		spread = 1.0;

	if (vx_metric_is_of_bits(state->parameters.metric))
	{
		for (int c = state->seeds; c < state->parameters.lists; c++)
			scatter_bits(state, vxc_centroid_row(state, c));
		return;
	}
	for (size_t i = 0; state->seeds < state->parameters.lists && i < state->count; i++)
		norm2 += vxk->norm2_f32((const float *) vxc_sample(state, i), state->parameters.dims);
	if (norm2 > 0.0 && norm2 < 1e70 && !vxc_is_spherical(state->parameters.metric))
		spread = sqrt(norm2 / state->count / state->parameters.dims);
	for (int c = state->seeds; c < state->parameters.lists; c++)
		scatter_floats(state, (float *) vxc_centroid_row(state, c), spread);
}
