/*-------------------------------------------------------------------------
 *
 * range.c
 *	  A query vector that carries a bound on the distance to the scan.
 *
 * vectorx_within(query, ...) wraps a query value, of whatever type, together
 * with the greatest distance that its statement asks for.  Only the planner
 * (range_plan.c) writes calls of it, into the ORDER BY of index scans, and only
 * our scans read the result; its argument and result are declared internal, so
 * that SQL can neither call it nor get hold of such a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "utils/float.h"

#include "compat.h"
#include "am/common/range.h"

/*
 * A wrapped query.  Where this has its mark, the types that are indexed have a
 * number of dimensions, which is not negative.
 */
typedef struct VxRangeQueryData
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int32		mark;
	VxRange		range;
	char		query[FLEXIBLE_ARRAY_MEMBER];
} VxRangeQueryData;

#define VXS_RANGE_MARK	((int32) 0xA6FF5EA7)
#define VXS_RANGE_HEADER	offsetof(VxRangeQueryData, query)

/*
 * Room for the rounding of what the statement computes from a distance, as in
 * 1 - distance, so that the scan never ends before a row that the condition
 * accepts.
 */
#define VXS_RANGE_SLACK	1e-12

VX_FUNCTION(vx_within);

/*
 * vectorx_within(query, bound) -- the query, with: distance at most bound
 * vectorx_within(query, bound, origin) -- origin - distance at least bound
 *
 * A bound that is NULL accepts no row.  NULL if the query is.
 */
Datum
vx_within(PG_FUNCTION_ARGS)
{
	VxRangeQueryData *result;
	struct varlena *query;
	VxRange		range;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	memset(&range, 0, sizeof(range));
	range.nan_passes = PG_NARGS() == 3;
	if (PG_ARGISNULL(1) || (PG_NARGS() == 3 && PG_ARGISNULL(2)))
		range.limit = -get_float8_infinity();
	else
	{
		double		bound = PG_GETARG_FLOAT8(1);
		double		origin = PG_NARGS() == 3 ? PG_GETARG_FLOAT8(2) : 0;

		range.limit = PG_NARGS() == 3 ? origin - bound : bound;
		range.limit += VXS_RANGE_SLACK * (fabs(origin) + fabs(bound));

		/* everything is less than NaN */
		if (isnan(range.limit))
			range.limit = get_float8_infinity();
	}

	query = PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	result = (VxRangeQueryData *) palloc(VXS_RANGE_HEADER + VARSIZE(query));
	SET_VARSIZE(result, VXS_RANGE_HEADER + VARSIZE(query));
	result->mark = VXS_RANGE_MARK;
	result->range = range;
	memcpy(result->query, query, VARSIZE(query));
	PG_RETURN_POINTER(result);
}

/*
 * The query of a scan, out of the argument of its ORDER BY, detoasted; its
 * range, infinite if the argument carries none.
 */
Datum
vxs_range_query(Datum argument, VxRange *range)
{
	struct varlena *value = PG_DETOAST_DATUM(argument);
	VxRangeQueryData *wrapped = (VxRangeQueryData *) value;

	range->limit = get_float8_infinity();
	range->nan_passes = false;
	if (VARSIZE(value) < VXS_RANGE_HEADER + VARHDRSZ ||
		wrapped->mark != VXS_RANGE_MARK)
		return PointerGetDatum(value);
	Assert(VARSIZE(value) == VXS_RANGE_HEADER + VARSIZE(wrapped->query));
	*range = wrapped->range;
	return PointerGetDatum(wrapped->query);
}

/*
 * The range's limit as a key of the metric.
 */
double
vxs_range_key(const VxRange *range, VxMetric metric)
{
	Assert(!isnan(range->limit));
	if (metric != VX_METRIC_L2)
		return range->limit;
	if (range->limit < 0)
		return -get_float8_infinity();
	return range->limit * range->limit * (1 + VXS_RANGE_SLACK);
}
