/*-------------------------------------------------------------------------
 *
 * assign.h
 *	  Which of many centroids is nearest to each of many vectors, and the nearest
 *	  lists in order.
 *
 * The centroids of a set are kept in one flat piece of memory without
 * pointers, arranged for the kernels: it may be made once and shared by
 * processes that map it at different addresses.  See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CLUSTER_ASSIGN_H
#define VX_CLUSTER_ASSIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/metric.h"

/* vectors that vxc_assign() takes at a time without losing speed */
#define VXC_BATCH	64

struct VxClusterState;

typedef struct VxCentroids VxCentroids;

/* Bytes of a set of that many centroids, and of working memory for a process
 * that assigns; both want alignment for double. */
extern size_t vxc_centroids_size(VxMetric metric, int dims, int lists);
extern size_t vxc_assign_scratch_size(VxMetric metric, int dims, int lists);

/*
 * Make a set for `lists` centroids and then give each of them, 0 .. lists - 1 in
 * any order and from any process: dims floats or dims bits.  Those for COSINE and
 * IP are normalised.
 */
extern void vxc_centroids_init(VxCentroids *set, VxMetric metric, int dims, int lists);
extern void vxc_centroids_set(VxCentroids *set, int i, const void *centroid);

/*
 * Make a set out of the centroids of a finished clustering (kmeans.h) of the same
 * metric, dimensions and lists.  Better than giving them one by one: distances are
 * then taken about the mean of the samples, where they are most precise.
 */
extern void vxc_centroids_from(VxCentroids *set, const struct VxClusterState *state);

/*
 * Vectors to assign: input i begins `stride` bytes after input i - 1 and is dims
 * finite floats, or dims bits.
 */
typedef struct VxInputs
{
	const void *first;
	size_t		stride;
	size_t		count;
} VxInputs;

/*
 * The nearest centroid of each vector, by squared distance (L2, L1),
 * cosine (COSINE, IP) or Hamming distance; the lower number where equal.
 *
 * distance[i] is the squared distance, 1 - cosine or number of bits; distance may
 * be NULL.  Does not check for interrupts: a batch of VXC_BATCH vectors takes
 * milliseconds even for ten thousand lists.
 */
extern void vxc_assign(const VxCentroids *set, const VxInputs *inputs, void *scratch,
					   uint32_t *list, float *distance);

/*
 * The same with a second list for each vector, chosen so that what its centroid
 * leaves of the vector is small and at a wide angle to what the first one leaves:
 * argmin |r'|^2 + lambda <r', r>^2 / |r|^2 ([SOAR], README.md) among the nearest
 * centroids.  UINT32_MAX if there is only one list.  Not for bit strings.
 */
extern void vxc_assign_two(const VxCentroids *set, const VxInputs *inputs, float lambda,
						   void *scratch, uint32_t *list, uint32_t *second);

/*
 * Lists in order of their key, as far as they are asked for: of n lists the first k
 * cost O(n + k log n), and more can be had later.  Equal keys come in order of
 * number, NaN last.
 */
typedef struct VxListOrder
{
	uint32_t   *lists;			/* the caller's array: a heap of those left */
	const float *keys;
	size_t		left;			/* not given yet */
} VxListOrder;

/* keys[i] is the key of list i; both arrays have count entries and must last. */
extern void vxc_order_init(VxListOrder *order, const float *keys, uint32_t *lists, size_t count);

/* The next list, or UINT32_MAX when all have been given. */
extern uint32_t vxc_order_next(VxListOrder *order);

#endif							/* VX_CLUSTER_ASSIGN_H */
