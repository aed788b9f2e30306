/*-------------------------------------------------------------------------
 *
 * metric.h
 *	  The distances an index can be built for.
 *
 * Every metric has a key, a float that orders rows as the metric does; it is
 * what codes estimate and what scans sort by:
 *
 *	  VX_METRIC_L2		squared Euclidean distance
 *	  VX_METRIC_IP		minus the inner product
 *	  VX_METRIC_COSINE	1 - cosine
 *	  VX_METRIC_L1		sum of absolute differences
 *	  VX_METRIC_HAMMING	number of bits that differ
 *	  VX_METRIC_JACCARD	1 - share of bits set in both among those set in
 *						either; 1 if no bit is set in both
 *
 * The last two are of bit strings, the others of vectors of numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_METRIC_H
#define VX_METRIC_H

#include <stdbool.h>

typedef enum VxMetric
{
	VX_METRIC_L2,
	VX_METRIC_IP,
	VX_METRIC_COSINE,
	VX_METRIC_L1,
	VX_METRIC_HAMMING,
	VX_METRIC_JACCARD
} VxMetric;

/* Whether the metric is of bit strings. */
static inline bool
vx_metric_is_of_bits(VxMetric metric)
{
	return metric == VX_METRIC_HAMMING || metric == VX_METRIC_JACCARD;
}

#endif							/* VX_METRIC_H */
