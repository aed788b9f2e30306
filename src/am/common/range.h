/*-------------------------------------------------------------------------
 *
 * range.h
 *	  Conditions on the distance that an index orders by.
 *
 * The planner's side notices a condition such as embedding <-> $1 < 0.5 beside
 * ORDER BY embedding <-> $1 and hands the bound to the scan along with the
 * query vector; the scan then ends where the distance passes the bound.  See
 * "Ranges" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_RANGE_H
#define VX_RANGE_H

#include "fmgr.h"

#include "base/metric.h"

/*
 * limit		rows farther than this distance need not be returned.
 * nan_passes	the condition accepts a distance that is not a number.
 */
typedef struct VxRange
{
	double		limit;
	bool		nan_passes;
} VxRange;

extern Datum vx_within(PG_FUNCTION_ARGS);
extern void vxs_range_init(void);
extern Datum vxs_range_query(Datum argument, VxRange *range);
extern double vxs_range_key(const VxRange *range, VxMetric metric);

#endif							/* VX_RANGE_H */
