/*-------------------------------------------------------------------------
 *
 * assign.c
 *	  Sets of centroids, and the nearest of them for many vectors at a time.
 *
 * Finding centroids is kmeans.c's task.  Vectors go through in tiles, centroids
 * in panels, so that both stay in the caches while all pairs of them are
 * multiplied.  See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "cluster/assign.h"

#include <math.h>
#include <string.h>

#include "cluster/centroids.h"

/* rows of a tile whose products with all centroids are kept, for second lists */
#define PAIR_ROWS 16

/* where the parts of the working memory are */
typedef struct Scratch
{
	VxTile		tile;
	float	   *rows;
	float	   *residuals;		/* second lists only, from here on */
	float	   *first_products;
	float	   *second_products;
} Scratch;

/* parts of the caches: a tile and a panel's chunk together fit a second level */
size_t
vxc_tile_rows(int dims)
{
	size_t		rows = (size_t) 131072 / (size_t) dims;

	Assert(dims >= 1);
	rows = rows < 8 ? 8 : rows;
	return rows > VXC_BATCH ? VXC_BATCH : rows;
}

static size_t
panel_count(int lists)
{
	return ((size_t) lists + VXK_PANEL - 1) / VXK_PANEL;
}

size_t
vxc_centroids_size(VxMetric metric, int dims, int lists)
{
	size_t		size = vxc_align(sizeof(VxCentroids));

	Assert(dims >= 1 && lists >= 1);
	if (vx_metric_is_of_bits(metric))
		return size + (size_t) lists * vxc_row_bytes(metric, dims);
	size += vxc_align(dims * sizeof(float));
	size += vxc_align(panel_count(lists) * VXK_PANEL * sizeof(float));
	return size + panel_count(lists) * VXK_PANEL * dims * sizeof(float);
}

/* A tile, its products and, for second lists, all products of PAIR_ROWS rows twice. */
size_t
vxc_assign_scratch_size(VxMetric metric, int dims, int lists)
{
	size_t		rows = vxc_tile_rows(dims);

	if (vx_metric_is_of_bits(metric))
		return (size_t) lists * sizeof(int32_t);
	return vxc_align(rows * dims * sizeof(float)) +
		vxc_align(VXC_BATCH * VXK_PANEL * sizeof(float)) +
		vxc_align(VXC_BATCH * sizeof(VxNearest)) +
		vxc_align(PAIR_ROWS * dims * sizeof(float)) +
		2 * PAIR_ROWS * panel_count(lists) * VXK_PANEL * sizeof(float);
}

static void
scratch_parts(const VxCentroids *set, void *memory, Scratch *scratch)
{
	char	   *at = memory;
	size_t		rows = vxc_tile_rows(set->dims);

	scratch->rows = (float *) at;
	at += vxc_align(rows * set->dims * sizeof(float));
	scratch->tile.rows = scratch->rows;
	scratch->tile.products = (float *) at;
	at += vxc_align(VXC_BATCH * VXK_PANEL * sizeof(float));
	scratch->tile.nearest = (VxNearest *) at;
	at += vxc_align(VXC_BATCH * sizeof(VxNearest));
	scratch->residuals = (float *) at;
	at += vxc_align(PAIR_ROWS * set->dims * sizeof(float));
	scratch->first_products = (float *) at;
	scratch->second_products = scratch->first_products + PAIR_ROWS * set->panels * VXK_PANEL;
}

/* All centroids are infinitely far until they are given. */
void
vxc_centroids_init(VxCentroids *set, VxMetric metric, int dims, int lists)
{
	size_t		at = vxc_align(sizeof(VxCentroids));
	size_t		i;

	Assert(dims >= 1 && lists >= 1);
	memset(set, 0, vxc_centroids_size(metric, dims, lists));
	set->metric = metric;
	set->dims = dims;
	set->lists = lists;
	if (vx_metric_is_of_bits(metric))
	{
		set->row_bytes = vxc_row_bytes(metric, dims);
		set->data_offset = at;
		return;
	}
	set->panels = panel_count(lists);
	set->shift_offset = at;
	at += vxc_align(dims * sizeof(float));
	set->bias_offset = at;
	at += vxc_align(set->panels * VXK_PANEL * sizeof(float));
	set->data_offset = at;
	for (i = 0; i < set->panels * VXK_PANEL; i++)
		vxc_bias(set)[i] = INFINITY;
}

/* 1 / length of a vector, in the range of float, or 0 if it has none. */
static float
inverse_length(const float *x, int dims)
{
	double		norm2 = vxk->norm2_f32(x, dims);

	return norm2 > 1e-70 ? (float) (1.0 / sqrt(norm2)) : 0.0f;
}

/* What is kept of a centroid: shifted or normalised, spread over its panel. */
void
vxc_centroids_set(VxCentroids *set, int i, const void *centroid)
{
	const float *c = centroid;
	float	   *lane;
	float		multiplier = 1.0f;
	double		norm2 = 0.0;
	int			k;

	Assert(i >= 0 && i < set->lists && centroid != NULL);
	if (vx_metric_is_of_bits(set->metric))
	{
		memcpy(vxc_bits(set, i), centroid, set->row_bytes);
		return;
	}
	if (vxc_is_spherical(set->metric))
		multiplier = inverse_length(c, set->dims);
	lane = vxc_panel(set, (size_t) i / VXK_PANEL) + i % VXK_PANEL;
	for (k = 0; k < set->dims; k++)
	{
		float		x = c[k] * multiplier - vxc_shift(set)[k];

		lane[(size_t) k * VXK_PANEL] = x;
		norm2 += (double) x * x;
	}
	vxc_bias(set)[i] = vxc_is_spherical(set->metric) || vxc_is_direct(set) ? 0.0f : (float) (norm2 / 2);
}

void
vxc_tile_clear(VxTile *tile)
{
	size_t		i;
	int			j;

	for (i = 0; i < tile->count; i++)
		for (j = 0; j < VXK_PANEL; j++)
		{
			tile->nearest[i].key[j] = INFINITY;
			tile->nearest[i].panel[j] = 0;
		}
}

void
vxc_tile_panels(const VxCentroids *set, VxTile *tile, size_t first, size_t last)
{
	bool		direct = vxc_is_direct(set);
	size_t		p;

	Assert(tile->count <= VXC_BATCH && last <= set->panels);
	for (p = first; p < last; p++)
	{
		if (direct)
			vxk->l2sq_panel_f32(tile->rows, tile->count, set->dims, vxc_panel(set, p), tile->products);
		else
			vxk->dot_panel_f32(tile->rows, tile->count, set->dims, vxc_panel(set, p), tile->products);
		vxk->nearest_panel_f32(tile->products, tile->count, direct ? 1.0f : -1.0f,
							   vxc_bias(set) + p * VXK_PANEL, (uint32_t) p, tile->nearest);
	}
}

/* The lanes' winners against each other; the lower number where they are equal. */
uint32_t
vxc_tile_nearest(const VxTile *tile, size_t i, float *key)
{
	const VxNearest *nearest = &tile->nearest[i];
	uint32_t	best = nearest->panel[0] * VXK_PANEL;
	uint32_t	j;

	*key = nearest->key[0];
	for (j = 1; j < VXK_PANEL; j++)
	{
		uint32_t	number = nearest->panel[j] * VXK_PANEL + j;

		if (nearest->key[j] < *key || (nearest->key[j] == *key && number < best))
		{
			*key = nearest->key[j];
			best = number;
		}
	}
	return best;
}

/* Shift or normalise an input into a row of a tile. */
static void
prepare_row(const VxCentroids *set, const float *x, float *row)
{
	const float *shift = vxc_shift(set);
	float		multiplier = vxc_is_spherical(set->metric) ? inverse_length(x, set->dims) : 1.0f;
	int			k;

	for (k = 0; k < set->dims; k++)
		row[k] = x[k] * multiplier - shift[k];
}

/* The distance that vxc_assign() reports, from the key of the panels. */
static float
distance_of_key(const VxCentroids *set, const float *row, float key)
{
	float		distance;

	if (vxc_is_spherical(set->metric))
		return 1.0f + key;
	distance = vxc_is_direct(set) ? key : (float) (vxk->norm2_f32(row, set->dims) + 2.0 * key);
	return distance > 0.0f ? distance : 0.0f;
}

/* One bit string against all centroids. */
static uint32_t
nearest_bits(const VxCentroids *set, const uint8_t *input, int32_t *counts, float *distance)
{
	VxCodeRows	rows;
	uint32_t	best = 0;
	int			i;

	rows.codes = vxc_bits(set, 0);
	rows.stride = rows.bytes = set->row_bytes;
	rows.ids = NULL;
	rows.count = (size_t) set->lists;
	rows.cold = false;
	vxk->hamming_u1(&rows, input, counts);
	for (i = 1; i < set->lists; i++)
	{
		if (counts[i] < counts[best])
			best = (uint32_t) i;
	}
	if (distance != NULL)
		*distance = (float) counts[best];
	return best;
}

static const uint8_t *
input_at(const VxInputs *inputs, size_t i)
{
	Assert(i < inputs->count);
	return (const uint8_t *) inputs->first + i * inputs->stride;
}

/* Inputs first .. first + tile count - 1 as rows of the tile. */
static void
fill_tile(const VxCentroids *set, const VxInputs *inputs, size_t first, Scratch *scratch)
{
	size_t		i;

	for (i = 0; i < scratch->tile.count; i++)
		prepare_row(set, (const float *) input_at(inputs, first + i),
					scratch->rows + i * set->dims);
}

void
vxc_assign(const VxCentroids *set, const VxInputs *inputs, void *memory,
		   uint32_t *list, float *distance)
{
	size_t		count = inputs->count;
	Scratch		scratch;
	size_t		first;
	size_t		i;

	Assert(count == 0 || (inputs->first != NULL && memory != NULL && list != NULL));
	if (vx_metric_is_of_bits(set->metric))
	{
		for (i = 0; i < count; i++)
			list[i] = nearest_bits(set, input_at(inputs, i), memory,
								   distance == NULL ? NULL : &distance[i]);
		return;
	}
	scratch_parts(set, memory, &scratch);
	for (first = 0; first < count; first += scratch.tile.count)
	{
		scratch.tile.count = vxc_tile_rows(set->dims);
		if (scratch.tile.count > count - first)
			scratch.tile.count = count - first;
		fill_tile(set, inputs, first, &scratch);
		vxc_tile_clear(&scratch.tile);
		vxc_tile_panels(set, &scratch.tile, 0, set->panels);
		for (i = 0; i < scratch.tile.count; i++)
		{
			float		key;

			list[first + i] = vxc_tile_nearest(&scratch.tile, i, &key);
			if (distance != NULL)
				distance[first + i] = distance_of_key(set, scratch.rows + i * set->dims, key);
		}
	}
}

/* Inner products of `count` rows with all centroids, panel after panel. */
static void
all_products(const VxCentroids *set, const float *rows, size_t count, float *products)
{
	size_t		p;

	for (p = 0; p < set->panels; p++)
		vxk->dot_panel_f32(rows, count, set->dims, vxc_panel(set, p), products + p * count * VXK_PANEL);
}

/* Half the squared length of a centroid. */
static float
half_norm2(const VxCentroids *set, size_t i)
{
	const float *lane = vxc_panel(set, i / VXK_PANEL) + i % VXK_PANEL;
	double		norm2 = 0.0;
	int			k;

	if (vxc_is_spherical(set->metric))
		return 0.5f;
	if (!vxc_is_direct(set))
		return vxc_bias(set)[i];
	for (k = 0; k < set->dims; k++)
		norm2 += (double) lane[(size_t) k * VXK_PANEL] * lane[(size_t) k * VXK_PANEL];
	return (float) (norm2 / 2);
}

/*
 * The second list of row i of `count`, whose first one left the residual r: with
 * r' = x - c', <r', r> = <x, r> - <c', r>, and both products are at hand.
 */
static uint32_t
second_list(const VxCentroids *set, const Scratch *scratch, size_t i, size_t count,
			uint32_t first, float lambda)
{
	const float *row = scratch->rows + i * set->dims;
	const float *residual = scratch->residuals + i * set->dims;
	float		norm2 = (float) vxk->norm2_f32(row, set->dims);
	float		residual2 = (float) vxk->norm2_f32(residual, set->dims);
	float		along = vxk->dot_f32(row, residual, set->dims);
	float		weight = residual2 > 0.0f ? lambda / residual2 : 0.0f;
	float		least = INFINITY;
	uint32_t	best = UINT32_MAX;
	size_t		c;

	for (c = 0; c < (size_t) set->lists; c++)
	{
		size_t		at = (c / VXK_PANEL * count + i) * VXK_PANEL + c % VXK_PANEL;
		float		across = along - scratch->second_products[at];
		float		cost = norm2 + 2.0f * (half_norm2(set, c) - scratch->first_products[at]) +
			weight * across * across;

		if (c != first && cost < least)
		{
			least = cost;
			best = (uint32_t) c;
		}
	}
	return best;
}

/* Two passes over the centroids: with the vectors, then with their residuals. */
void
vxc_assign_two(const VxCentroids *set, const VxInputs *inputs, float lambda,
			   void *memory, uint32_t *list, uint32_t *second)
{
	size_t		count = inputs->count;
	Scratch		scratch;
	size_t		first;
	size_t		i;
	int			k;

	Assert(!vx_metric_is_of_bits(set->metric) && lambda >= 0.0f);
	vxc_assign(set, inputs, memory, list, NULL);
	scratch_parts(set, memory, &scratch);
	for (first = 0; first < count; first += scratch.tile.count)
	{
		size_t		rows = vxc_tile_rows(set->dims);

		rows = rows < PAIR_ROWS ? rows : PAIR_ROWS;
		scratch.tile.count = rows < count - first ? rows : count - first;
		fill_tile(set, inputs, first, &scratch);
		for (i = 0; i < scratch.tile.count; i++)
		{
			const float *lane = vxc_panel(set, list[first + i] / VXK_PANEL) + list[first + i] % VXK_PANEL;
			const float *row = scratch.rows + i * set->dims;

			for (k = 0; k < set->dims; k++)
				scratch.residuals[i * set->dims + k] = row[k] - lane[(size_t) k * VXK_PANEL];
		}
		all_products(set, scratch.rows, scratch.tile.count, scratch.first_products);
		all_products(set, scratch.residuals, scratch.tile.count, scratch.second_products);
		for (i = 0; i < scratch.tile.count; i++)
			second[first + i] = second_list(set, &scratch, i, scratch.tile.count, list[first + i], lambda);
	}
}
