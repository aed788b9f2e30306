/*-------------------------------------------------------------------------
 *
 * kmeans.h
 *	  Finding the centroids of lists: k-means over a sample, in steps that any
 *	  number of processes can share.
 *
 * All there is lies in one flat piece of memory that holds no pointers, so it
 * may be mapped at a different address in each process.  One process, the
 * leader, decides what comes next; the work of a step is a number of units, each
 * done by whoever takes it, in any order and at the same time.  The result
 * depends on the sample and the seed alone, not on who did what.
 *
 *		size = vxc_state_size(&parameters);
 *		vxc_init(state, &parameters);
 *		vxc_set_sample(state, i, input)			for each i < parameters.rows
 *		vxc_start(state, rows)
 *		while (vxc_next(state, host))			leader, while nobody works
 *			vxc_work(state, 0, vxc_units(state), scratch, host);
 *		vxc_centroid(state, i)					for each i < parameters.lists
 *
 * It knows nothing of pages, tables or PostgreSQL.  Algorithm, memory and
 * measurements: src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CLUSTER_KMEANS_H
#define VX_CLUSTER_KMEANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/metric.h"

/* dimensions of vectors, and bits of strings, that can be clustered */
#define VXC_MAX_DIMENSIONS	16384
#define VXC_MAX_BITS		64000

/* iterations unless the caller wants another bound */
#define VXC_ITERATIONS		20

/*
 * metric	L2: centroids are means, distances squared Euclidean.
 *			COSINE, IP: spherical; samples and centroids are of length one and
 *			the nearest centroid is that of the largest cosine.
 *			HAMMING, JACCARD: inputs are strings of dims bits, first bit highest
 *			in the first byte, bits behind the last zero; centroids by majority,
 *			distances Hamming.
 *			L1: as L2.
 * rows		samples there is room for; see vxc_sample_rows().
 * iterations	at most so many; 0 for VXC_ITERATIONS.
 */
typedef struct VxClusterParameters
{
	VxMetric	metric;
	int			dims;
	int			lists;			/* centroids wanted, at least 1 */
	size_t		rows;
	int			iterations;
	uint64_t	seed;
} VxClusterParameters;

typedef struct VxClusterState VxClusterState;

/*
 * How many samples fit: the largest number of rows, at most `wanted`, for which
 * vxc_state_size() is within `memory` bytes.  Fewer than `lists` is for the caller
 * to complain about.  parameters->rows is not looked at.
 */
extern size_t vxc_sample_rows(const VxClusterParameters *parameters, size_t wanted,
							  size_t memory);

/* Bytes of a state: samples, centroids and 16 bytes a sample beside; SIZE_MAX
 * if that is no size. */
extern size_t vxc_state_size(const VxClusterParameters *parameters);

/* Bytes of working memory that one process needs for vxc_work(); aligned for
 * double. */
extern size_t vxc_scratch_size(const VxClusterParameters *parameters);

/* Make a state out of vxc_state_size() bytes aligned for double. */
extern void vxc_init(VxClusterState *state, const VxClusterParameters *parameters);

/*
 * Give sample i: dims finite floats, or dims bits.  It is copied, normalised
 * where the metric wants it.  May be given again, as a reservoir does; several
 * processes may give different ones at once.  A zero vector has no direction: for
 * COSINE and IP false is returned and nothing is kept.
 */
extern bool vxc_set_sample(VxClusterState *state, size_t i, const void *input);

/* Begin with samples 0 .. rows - 1, all of which have been given. */
extern void vxc_start(VxClusterState *state, size_t rows);

/*
 * Conclude the step that was worked on, and choose the next; false when there is
 * none left.  Nobody else may touch the state meanwhile.
 */
extern bool vxc_next(VxClusterState *state, const VxHost *host);

/* Units of the step that vxc_next() chose. */
extern size_t vxc_units(const VxClusterState *state);

/*
 * Do units first .. last - 1 of the step.  Every unit has to be done once before
 * vxc_next() is called again.  Checks for interrupts after some milliseconds.
 */
extern void vxc_work(VxClusterState *state, size_t first, size_t last, void *scratch,
					 const VxHost *host);

/* All of the above steps in one process. */
extern void vxc_run(VxClusterState *state, const VxHost *host);

/*
 * Centroid i of a finished state: dims floats, or a string of dims bits.  If
 * there were fewer distinct samples than lists, the later ones are random points
 * about the samples (about zero without any), so that rows that come later
 * spread over them.
 */
extern const void *vxc_centroid(const VxClusterState *state, int i);

/*
 * COSINE and IP: the mean inner product of the samples of list i, before they
 * were normalised, with its centroid: the centroid times it is what lies in their
 * midst.  1 for other metrics and for lists without samples.
 */
extern float vxc_reach(const VxClusterState *state, int i);

/* What is worth knowing of a finished run. */
typedef struct VxClusterReport
{
	int			iterations;		/* done */
	int			occupied;		/* lists that have samples */
	int			reseeded;		/* times an empty list was given a new centroid */
	double		error;			/* mean distance of a sample from its centroid */
} VxClusterReport;

extern void vxc_cluster_report(const VxClusterState *state, VxClusterReport *report);

#endif							/* VX_CLUSTER_KMEANS_H */
