/*-------------------------------------------------------------------------
 *
 * centroids.h
 *	  The arrangement of a set of centroids, which the files of cluster/ share;
 *	  nobody else includes it.
 *
 * See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CLUSTER_CENTROIDS_H
#define VX_CLUSTER_CENTROIDS_H

#include <stdbool.h>

#include "cluster/assign.h"
#include "kernels/kernels.h"

/*
 * Up to so many dimensions differences are summed and not products: with many
 * lists in few dimensions, neighbouring centroids are closer than what
 * |x|^2 - 2<x,c> + |c|^2 would leave of them.
 */
#define VXC_DIRECT_DIMENSIONS 32

/* everything in a flat piece of memory begins at a multiple of this */
#define VXC_ALIGNMENT 64

/* Parts are found by offsets, since a set may lie anywhere. */
struct VxCentroids
{
	VxMetric	metric;
	int			dims;
	int			lists;
	size_t		panels;			/* of VXK_PANEL centroids; 0 for bit strings */
	size_t		shift_offset;	/* dims floats taken off each input */
	size_t		bias_offset;	/* a float a centroid: |c|^2 / 2, infinite for none */
	size_t		data_offset;	/* panels of dims * VXK_PANEL floats, or rows of bytes */
	size_t		row_bytes;		/* bit strings: of a row */
};

static inline size_t
vxc_align(size_t size)
{
	return (size + VXC_ALIGNMENT - 1) / VXC_ALIGNMENT * VXC_ALIGNMENT;
}

/* Is the nearest centroid that of the largest cosine? */
static inline bool
vxc_is_spherical(VxMetric metric)
{
	return metric == VX_METRIC_COSINE || metric == VX_METRIC_IP;
}

/* Are differences summed? */
static inline bool
vxc_is_direct(const VxCentroids *set)
{
	return !vxc_is_spherical(set->metric) && set->dims <= VXC_DIRECT_DIMENSIONS;
}

static inline float *
vxc_shift(const VxCentroids *set)
{
	return (float *) ((char *) set + set->shift_offset);
}

static inline float *
vxc_bias(const VxCentroids *set)
{
	return (float *) ((char *) set + set->bias_offset);
}

static inline float *
vxc_panel(const VxCentroids *set, size_t panel)
{
	return (float *) ((char *) set + set->data_offset) + panel * VXK_PANEL * set->dims;
}

static inline uint8_t *
vxc_bits(const VxCentroids *set, size_t i)
{
	return (uint8_t *) set + set->data_offset + i * set->row_bytes;
}

/* Bytes of an input or centroid. */
static inline size_t
vxc_row_bytes(VxMetric metric, int dims)
{
	return vx_metric_is_of_bits(metric) ? ((size_t) dims + 7) / 8 : (size_t) dims * sizeof(float);
}

/* The centroid of panel p that is nearest, lane by lane, for `count` rows. */
typedef struct VxTile
{
	const float *rows;			/* count rows of dims floats, shifted or normalised */
	size_t		count;			/* at most VXC_BATCH */
	float	   *products;		/* room for count * VXK_PANEL */
	VxNearest  *nearest;		/* one a row */
} VxTile;

/* Start over: nothing is near yet. */
extern void vxc_tile_clear(VxTile *tile);

/* Compare the rows of a tile with the centroids of panels first .. last - 1. */
extern void vxc_tile_panels(const VxCentroids *set, VxTile *tile, size_t first, size_t last);

/*
 * The nearest centroid of row i of the tile.  *key is what the panels compared:
 * the squared distance if vxc_is_direct(), half of it without the row's own part
 * otherwise, or minus the inner product.
 */
extern uint32_t vxc_tile_nearest(const VxTile *tile, size_t i, float *key);

/* Rows of a tile that fit the caches. */
extern size_t vxc_tile_rows(int dims);

#endif							/* VX_CLUSTER_CENTROIDS_H */
