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
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_METRIC_H
#define VX_METRIC_H

typedef enum VxMetric
{
	VX_METRIC_L2,
	VX_METRIC_IP,
	VX_METRIC_COSINE,
	VX_METRIC_L1
} VxMetric;

#endif							/* VX_METRIC_H */
