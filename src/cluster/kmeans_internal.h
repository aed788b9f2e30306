/*-------------------------------------------------------------------------
 *
 * kmeans_internal.h
 *	  The state of a clustering, which kmeans.c, seed.c and means.c share; nobody
 *	  else includes it.
 *
 * See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CLUSTER_KMEANS_INTERNAL_H
#define VX_CLUSTER_KMEANS_INTERNAL_H

#include "base/rng.h"
#include "cluster/centroids.h"
#include "cluster/kmeans.h"

typedef enum VxClusterStep
{
	VXC_STEP_NONE,
	VXC_STEP_CENTRE,			/* units are tiles of samples: subtract the middle */
	VXC_STEP_SEED,				/* tiles: distances from new seeds */
	VXC_STEP_ASSIGN,			/* tiles: nearest centroid */
	VXC_STEP_MEANS,				/* lists: new centroid */
	VXC_STEP_DONE
} VxClusterStep;

/*
 * Parts are found by offsets from the state, so that it may lie anywhere.  While a
 * step is worked on, each sample's list and distance are written by the worker of
 * its tile, each list's centroid by the worker of that list, and all else is only
 * read.
 */
struct VxClusterState
{
	VxClusterParameters parameters;
	VxClusterStep step;
	size_t		count;			/* samples */
	size_t		row_bytes;		/* of a sample */
	size_t		tile_rows;
	size_t		units;
	int			seeds;			/* centroids there are so far */
	int			new_seeds;		/* the first of those that SEED has not seen */
	bool		last;			/* end with the means of this assignment */
	double		error;			/* mean distance at the last assignment */
	VxClusterReport report;
	VxRandom	random;

	size_t		samples_offset; /* rows of row_bytes */
	size_t		length_offset;	/* a float a sample: length before normalising */
	size_t		list_offset;	/* a uint32 a sample: nearest centroid */
	size_t		distance_offset;	/* a float a sample: from there */
	size_t		order_offset;	/* a uint32 a sample: samples by list */
	size_t		starts_offset;	/* a uint32 a list and one: its first in order */
	size_t		centroids_offset;	/* rows of row_bytes, a list each */
	size_t		reach_offset;	/* a float a list */
	size_t		middle_offset;	/* dims floats subtracted from the samples */
	size_t		set_offset;		/* VxCentroids */
};

#define VXC_PART(state, type, part) ((type *) ((char *) (state) + (state)->part##_offset))

static inline uint8_t *
vxc_sample(const VxClusterState *state, size_t i)
{
	return VXC_PART(state, uint8_t, samples) + i * state->row_bytes;
}

static inline uint8_t *
vxc_centroid_row(const VxClusterState *state, size_t i)
{
	return VXC_PART(state, uint8_t, centroids) + i * state->row_bytes;
}

/* seed.c: leader: the first seed, and more of them; false if there are enough */
extern void vxc_first_seed(VxClusterState *state);
extern bool vxc_more_seeds(VxClusterState *state);

/* seed.c: leader: give samples to lists that have none */
extern void vxc_reseed(VxClusterState *state);

/* seed.c: leader: random centroids for lists that no sample was left for */
extern void vxc_scatter(VxClusterState *state);

/* means.c: leader: samples by list */
extern void vxc_sort_samples(VxClusterState *state);

/* means.c: the centroid of a list out of its samples */
extern void vxc_mean(VxClusterState *state, size_t list, void *scratch);

#endif							/* VX_CLUSTER_KMEANS_INTERNAL_H */
