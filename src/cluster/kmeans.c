/*-------------------------------------------------------------------------
 *
 * kmeans.c
 *	  The steps of k-means over a sample, in a state that processes can share.
 *
 * Lloyd's iterations: seeds (seed.c), then the nearest centroid of each sample and
 * the mean of each list (means.c) in turn.  Steps write to places of their own
 * for each unit and sum nothing across units, so that the outcome does not
 * depend on how units were shared.  See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "cluster/kmeans.h"

#include <math.h>
#include <string.h>

#include "cluster/kmeans_internal.h"

/* another iteration has to take this share off the error, or it was the last */
#define WORTHWHILE 0.002

/* samples whose mean distances are taken about */
#define MIDDLE_SAMPLES 4096

/* below this share of the row's squared length a distance is taken again exactly */
#define CANCELLED 1e-4f

/* bytes beside each sample: length, list, distance, order */
#define SAMPLE_EXTRA (3 * sizeof(float) + sizeof(uint32_t))

static bool
is_bits(const VxClusterState *state)
{
	return vx_metric_is_of_bits(state->parameters.metric);
}

/* Are samples kept relative to their middle? */
static bool
is_centred(const VxClusterParameters *parameters)
{
	return !vx_metric_is_of_bits(parameters->metric) && !vxc_is_spherical(parameters->metric);
}

/* all but what depends on the number of samples */
static size_t
fixed_size(const VxClusterParameters *parameters)
{
	size_t		lists = parameters->lists;
	size_t		row = vxc_row_bytes(parameters->metric, parameters->dims);

	return vxc_align(sizeof(VxClusterState)) + vxc_align((lists + 1) * sizeof(uint32_t)) +
		vxc_align(lists * row) + vxc_align(lists * sizeof(float)) +
		vxc_align(is_centred(parameters) ? row : 0) +
		vxc_align(vxc_centroids_size(parameters->metric, parameters->dims, parameters->lists));
}

size_t
vxc_state_size(const VxClusterParameters *parameters)
{
	size_t		sample = vxc_row_bytes(parameters->metric, parameters->dims) + SAMPLE_EXTRA;

	Assert(parameters->dims >= 1 && parameters->lists >= 1);
	if (parameters->rows > (SIZE_MAX - fixed_size(parameters)) / sample - 5 * VXC_ALIGNMENT)
		return SIZE_MAX;
	/* each of the five parts may be rounded up */
	return fixed_size(parameters) + parameters->rows * sample + 5 * VXC_ALIGNMENT;
}

size_t
vxc_sample_rows(const VxClusterParameters *parameters, size_t wanted, size_t memory)
{
	size_t		fixed = fixed_size(parameters) + 5 * VXC_ALIGNMENT;
	size_t		rows;

	if (memory < fixed)
		return 0;
	rows = (memory - fixed) / (vxc_row_bytes(parameters->metric, parameters->dims) + SAMPLE_EXTRA);
	return rows < wanted ? rows : wanted;
}

/* A tile for SEED and ASSIGN, or sums for MEANS. */
size_t
vxc_scratch_size(const VxClusterParameters *parameters)
{
	size_t		tile = vxc_align(VXC_BATCH * VXK_PANEL * sizeof(float)) +
		vxc_align(VXC_BATCH * sizeof(VxNearest));
	size_t		sums = (size_t) parameters->dims * sizeof(double);
	size_t		counts = (size_t) parameters->lists * sizeof(int32_t);

	if (vx_metric_is_of_bits(parameters->metric))
		tile = counts;
	return tile > sums ? tile : sums;
}

/* The next part, of `size` bytes; returns its offset. */
static size_t
take(size_t *end, size_t size)
{
	size_t		offset = *end;

	*end += vxc_align(size);
	return offset;
}

void
vxc_init(VxClusterState *state, const VxClusterParameters *parameters)
{
	size_t		rows = parameters->rows;
	size_t		lists = parameters->lists;
	size_t		end = vxc_align(sizeof(VxClusterState));

	Assert(parameters->dims >= 1 && lists >= 1 && rows < UINT32_MAX);
	memset(state, 0, sizeof(VxClusterState));
	state->parameters = *parameters;
	if (parameters->iterations <= 0)
		state->parameters.iterations = VXC_ITERATIONS;
	state->row_bytes = vxc_row_bytes(parameters->metric, parameters->dims);
	state->tile_rows = is_bits(state) ? VXC_BATCH : vxc_tile_rows(parameters->dims);
	vxr_seed(&state->random, parameters->seed);

	state->starts_offset = take(&end, (lists + 1) * sizeof(uint32_t));
	state->centroids_offset = take(&end, lists * state->row_bytes);
	state->reach_offset = take(&end, lists * sizeof(float));
	state->middle_offset = take(&end, is_centred(parameters) ? state->row_bytes : 0);
	state->set_offset = take(&end, vxc_centroids_size(parameters->metric, parameters->dims, parameters->lists));
	state->length_offset = take(&end, rows * sizeof(float));
	state->list_offset = take(&end, rows * sizeof(uint32_t));
	state->distance_offset = take(&end, rows * sizeof(float));
	state->order_offset = take(&end, rows * sizeof(uint32_t));
	state->samples_offset = take(&end, rows * state->row_bytes);
	Assert(end <= vxc_state_size(parameters));
	memset(vxc_centroid_row(state, 0), 0, lists * state->row_bytes);
	for (size_t i = 0; i < lists; i++)
		VXC_PART(state, float, reach)[i] = 1.0f;
	if (is_centred(parameters))
		memset(VXC_PART(state, float, middle), 0, state->row_bytes);
	vxc_centroids_init(VXC_PART(state, VxCentroids, set), parameters->metric, parameters->dims, parameters->lists);
}

bool
vxc_set_sample(VxClusterState *state, size_t i, const void *input)
{
	int			dims = state->parameters.dims;
	const float *x = input;
	float	   *row = (float *) vxc_sample(state, i);
	double		length;

	Assert(i < state->parameters.rows && input != NULL);
	if (!vxc_is_spherical(state->parameters.metric))
	{
		memcpy(row, input, state->row_bytes);
		return true;
	}
	length = sqrt(vxk->norm2_f32(x, dims));
	if (!(length > 1e-35))
		return false;
	for (int k = 0; k < dims; k++)
		row[k] = (float) (x[k] / length);
	VXC_PART(state, float, length)[i] = length < 1e38 ? (float) length : 1e38f;
	return true;
}

/*
 * Products of vectors lose what they have in common: the mean of some samples,
 * spread over all, is near enough to it.
 */
static void
find_middle(VxClusterState *state)
{
	size_t		used = state->count < MIDDLE_SAMPLES ? state->count : MIDDLE_SAMPLES;
	float	   *middle = VXC_PART(state, float, middle);

	for (size_t i = 0; i < used; i++)
	{
		const float *row = (const float *) vxc_sample(state, i * state->count / used);

		for (int k = 0; k < state->parameters.dims; k++)
			middle[k] += row[k] / used;
	}
}

void
vxc_start(VxClusterState *state, size_t rows)
{
	Assert(rows <= state->parameters.rows && state->step == VXC_STEP_NONE);
	state->count = rows;
	if (is_centred(&state->parameters) && rows > 0)
		find_middle(state);
}

/* A step over samples. */
static bool
choose_tiles(VxClusterState *state, VxClusterStep step)
{
	state->step = step;
	state->units = (state->count + state->tile_rows - 1) / state->tile_rows;
	return true;
}

/* Lists of their samples, empty ones getting some, and then their means. */
static bool
choose_means(VxClusterState *state)
{
	vxc_reseed(state);
	vxc_sort_samples(state);
	state->step = VXC_STEP_MEANS;
	state->units = (size_t) state->seeds;
	return true;
}

/* What was subtracted from the samples comes back. */
static bool
finish(VxClusterState *state)
{
	const float *middle = VXC_PART(state, float, middle);
	int			lists = state->parameters.lists;

	vxc_scatter(state);
	for (int i = 0; is_centred(&state->parameters) && i < lists; i++)
	{
		float	   *row = (float *) vxc_centroid_row(state, i);

		for (int k = 0; k < state->parameters.dims; k++)
			row[k] += middle[k];
	}
	state->step = VXC_STEP_DONE;
	state->units = 0;
	return false;
}

/* Whether the assignment that was made is good enough to end with its means. */
static bool
is_last(VxClusterState *state)
{
	double		before = state->error;
	double		error = 0.0;

	for (size_t i = 0; i < state->count; i++)
		error += VXC_PART(state, float, distance)[i];
	state->error = error / state->count;
	state->report.error = state->error;
	return state->report.iterations > 0 && state->error > before * (1.0 - WORTHWHILE);
}

bool
vxc_next(VxClusterState *state, const VxHost *host)
{
	vxh_check_interrupts(host);
	switch (state->step)
	{
		case VXC_STEP_NONE:
			if (state->count == 0)
				return finish(state);
			if (is_centred(&state->parameters))
				return choose_tiles(state, VXC_STEP_CENTRE);
			vxc_first_seed(state);
			return choose_tiles(state, VXC_STEP_SEED);
		case VXC_STEP_CENTRE:
			vxc_first_seed(state);
			return choose_tiles(state, VXC_STEP_SEED);
		case VXC_STEP_SEED:
			if (vxc_more_seeds(state))
				return choose_tiles(state, VXC_STEP_SEED);
			is_last(state);
			return choose_means(state);
		case VXC_STEP_ASSIGN:
			state->last = is_last(state);
			return choose_means(state);
		case VXC_STEP_MEANS:
			if (state->last || state->report.iterations >= state->parameters.iterations)
				return finish(state);
			state->report.iterations++;
			return choose_tiles(state, VXC_STEP_ASSIGN);
		case VXC_STEP_DONE:
			break;
	}
	return false;
}

size_t
vxc_units(const VxClusterState *state)
{
	return state->units;
}

/*
 * Distance of sample i from list `list` given the key of a tile.  Where the product
 * form has cancelled most digits it is taken again, so that equal vectors are at a
 * distance of zero.
 */
static float
sample_distance(const VxClusterState *state, size_t i, uint32_t list, float key)
{
	const float *row = (const float *) vxc_sample(state, i);
	int			dims = state->parameters.dims;
	float		norm2 = 1.0f;
	float		distance;

	if (vxc_is_direct(VXC_PART(state, VxCentroids, set)))
		return key;
	if (vxc_is_spherical(state->parameters.metric))
		distance = 2.0f + 2.0f * key;
	else
	{
		norm2 = (float) vxk->norm2_f32(row, dims);
		distance = norm2 + 2.0f * key;
	}
	if (distance < CANCELLED * norm2)
		distance = vxk->l2sq_f32(row, (const float *) vxc_centroid_row(state, list), dims);
	return distance;
}

/* Keep the nearest of centroids first_list .. as the list of the samples of a tile. */
static void
search_tile(VxClusterState *state, size_t first, size_t last, int first_list, void *scratch)
{
	const VxCentroids *set = VXC_PART(state, VxCentroids, set);
	uint32_t   *list = VXC_PART(state, uint32_t, list);
	float	   *distance = VXC_PART(state, float, distance);
	VxTile		tile;

	tile.rows = (const float *) vxc_sample(state, first);
	tile.count = last - first;
	tile.products = scratch;
	tile.nearest = (VxNearest *) ((char *) scratch + vxc_align(VXC_BATCH * VXK_PANEL * sizeof(float)));
	vxc_tile_clear(&tile);
	vxc_tile_panels(set, &tile, (size_t) first_list / VXK_PANEL,
					((size_t) state->seeds + VXK_PANEL - 1) / VXK_PANEL);
	for (size_t i = first; i < last; i++)
	{
		float		key;
		uint32_t	nearest = vxc_tile_nearest(&tile, i - first, &key);
		float		away = sample_distance(state, i, nearest, key);

		if (first_list == 0 || away < distance[i])
		{
			list[i] = nearest;
			distance[i] = away;
		}
	}
}

/* The same for bit strings. */
static void
search_bits(VxClusterState *state, size_t first, size_t last, int first_list, int32_t *counts)
{
	uint32_t   *list = VXC_PART(state, uint32_t, list);
	float	   *distance = VXC_PART(state, float, distance);
	VxCodeRows	rows;

	rows.codes = vxc_centroid_row(state, first_list);
	rows.stride = rows.bytes = state->row_bytes;
	rows.ids = NULL;
	rows.count = (size_t) (state->seeds - first_list);
	rows.cold = false;
	for (size_t i = first; i < last; i++)
	{
		if (first_list == 0)
			distance[i] = INFINITY;
		vxk->hamming_u1(&rows, vxc_sample(state, i), counts);
		for (size_t c = 0; c < rows.count; c++)
		{
			if (counts[c] < distance[i])
			{
				distance[i] = (float) counts[c];
				list[i] = (uint32_t) (first_list + c);
			}
		}
	}
}

/* Subtract the middle from the samples of a tile. */
static void
centre_tile(VxClusterState *state, size_t first, size_t last)
{
	const float *middle = VXC_PART(state, float, middle);

	for (size_t i = first; i < last; i++)
	{
		float	   *row = (float *) vxc_sample(state, i);

		for (int k = 0; k < state->parameters.dims; k++)
			row[k] -= middle[k];
	}
}

static void
work_unit(VxClusterState *state, size_t unit, void *scratch)
{
	size_t		first = unit * state->tile_rows;
	size_t		last = first + state->tile_rows < state->count ? first + state->tile_rows : state->count;
	int			first_list = state->step == VXC_STEP_SEED ? state->new_seeds : 0;

	if (state->step == VXC_STEP_MEANS)
		vxc_mean(state, unit, scratch);
	else if (state->step == VXC_STEP_CENTRE)
		centre_tile(state, first, last);
	else if (is_bits(state))
		search_bits(state, first, last, first_list, scratch);
	else
		search_tile(state, first, last, first_list, scratch);
}

void
vxc_work(VxClusterState *state, size_t first, size_t last, void *scratch, const VxHost *host)
{
	Assert(first <= last && last <= state->units);
	for (size_t unit = first; unit < last; unit++)
	{
		vxh_check_interrupts(host);
		work_unit(state, unit, scratch);
	}
}

void
vxc_run(VxClusterState *state, const VxHost *host)
{
	void	   *scratch = vxh_allocate(host, vxc_scratch_size(&state->parameters));

	while (vxc_next(state, host))
		vxc_work(state, 0, state->units, scratch, host);
	vxh_release(host, scratch);
}

const void *
vxc_centroid(const VxClusterState *state, int i)
{
	Assert(state->step == VXC_STEP_DONE && i >= 0 && i < state->parameters.lists);
	return vxc_centroid_row(state, i);
}

float
vxc_reach(const VxClusterState *state, int i)
{
	Assert(state->step == VXC_STEP_DONE && i >= 0 && i < state->parameters.lists);
	return VXC_PART(state, float, reach)[i];
}

void
vxc_cluster_report(const VxClusterState *state, VxClusterReport *report)
{
	const uint32_t *starts = VXC_PART(state, uint32_t, starts);

	*report = state->report;
	report->occupied = 0;
	for (int i = 0; state->count > 0 && i < state->seeds; i++)
		report->occupied += starts[i + 1] > starts[i];
}

/* The shift comes first: centroids are kept relative to it. */
void
vxc_centroids_from(VxCentroids *set, const VxClusterState *state)
{
	const VxClusterParameters *parameters = &state->parameters;

	Assert(state->step == VXC_STEP_DONE);
	vxc_centroids_init(set, parameters->metric, parameters->dims, parameters->lists);
	if (is_centred(parameters))
		memcpy(vxc_shift(set), VXC_PART(state, float, middle), parameters->dims * sizeof(float));
	for (int i = 0; i < parameters->lists; i++)
		vxc_centroids_set(set, i, vxc_centroid_row(state, i));
}
