/*-------------------------------------------------------------------------
 *
 * means.c
 *	  The centroid of a list out of its samples: the mean, its direction, or the
 *	  majority of each bit.
 *
 * Samples are sorted by list first, and summed in the order of their numbers by
 * one process a list: equal samples give equal centroids, however many processes
 * there are.  See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "cluster/kmeans_internal.h"

/* A counting sort: stable, so that samples of a list stay in order. */
void
vxc_sort_samples(VxClusterState *state)
{
	const uint32_t *list = VXC_PART(state, uint32_t, list);
	uint32_t   *starts = VXC_PART(state, uint32_t, starts);
	uint32_t   *order = VXC_PART(state, uint32_t, order);
	uint32_t	before = 0;

	memset(starts, 0, (state->seeds + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < state->count; i++)
		starts[list[i]]++;
	for (int c = 0; c <= state->seeds; c++)
	{
		uint32_t	members = starts[c];

		starts[c] = before;
		before += members;
	}
	for (size_t i = 0; i < state->count; i++)
		order[starts[list[i]]++] = (uint32_t) i;
	/* each start has moved on to the next one */
	memmove(starts + 1, starts, state->seeds * sizeof(uint32_t));
	starts[0] = 0;
}

/* The sums become a centroid; a list whose directions cancel keeps its old one. */
static void
finish_mean(const VxClusterState *state, const double *sums, size_t members, float *row)
{
	int			dims = state->parameters.dims;
	double		divisor = (double) members;

	if (vxc_is_spherical(state->parameters.metric))
	{
		double		norm2 = 0.0;

		for (int k = 0; k < dims; k++)
			norm2 += sums[k] * sums[k];
		divisor = sqrt(norm2);
		if (!(divisor > 1e-6 * members))
			return;
	}
	for (int k = 0; k < dims; k++)
		row[k] = (float) (sums[k] / divisor);
}

/* How long the vectors of a list are along its centroid; see vxc_reach(). */
static float
mean_reach(const VxClusterState *state, const uint32_t *order, size_t members, const float *row)
{
	double		sum = 0.0;

	for (size_t i = 0; i < members; i++)
	{
		const float *sample = (const float *) vxc_sample(state, order[i]);

		sum += (double) VXC_PART(state, float, length)[order[i]] *
			vxk->dot_f32(sample, row, state->parameters.dims);
	}
	return (float) (sum / members);
}

/* The majority of each bit; where it is a tie, the bit is not set. */
static void
majority(const VxClusterState *state, const uint32_t *order, size_t members, uint32_t *counts, uint8_t *row)
{
	int			dims = state->parameters.dims;

	memset(counts, 0, dims * sizeof(uint32_t));
	for (size_t i = 0; i < members; i++)
	{
		const uint8_t *sample = vxc_sample(state, order[i]);

		for (int k = 0; k < dims; k++)
			counts[k] += (sample[k / 8] >> (7 - k % 8)) & 1;
	}
	memset(row, 0, state->row_bytes);
	for (int k = 0; k < dims; k++)
	{
		if (counts[k] > members / 2)
			row[k / 8] |= (uint8_t) (0x80 >> k % 8);
	}
}

void
vxc_mean(VxClusterState *state, size_t list, void *scratch)
{
	const uint32_t *starts = VXC_PART(state, uint32_t, starts);
	const uint32_t *order = VXC_PART(state, uint32_t, order) + starts[list];
	size_t		members = starts[list + 1] - starts[list];
	uint8_t    *row = vxc_centroid_row(state, list);
	double	   *sums = scratch;

	Assert(list < (size_t) state->seeds);
	if (members == 0)
		return;
	if (vx_metric_is_of_bits(state->parameters.metric))
	{
		majority(state, order, members, scratch, row);
		return;
	}
	memset(sums, 0, state->parameters.dims * sizeof(double));
	for (size_t i = 0; i < members; i++)
	{
		const float *sample = (const float *) vxc_sample(state, order[i]);

		for (int k = 0; k < state->parameters.dims; k++)
			sums[k] += sample[k];
	}
	finish_mean(state, sums, members, (float *) row);
	if (state->parameters.metric == VX_METRIC_IP)
		VXC_PART(state, float, reach)[list] = mean_reach(state, order, members, (const float *) row);
	vxc_centroids_set(VXC_PART(state, VxCentroids, set), (int) list, row);
}
