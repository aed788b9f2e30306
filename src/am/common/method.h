/*-------------------------------------------------------------------------
 *
 * method.h
 *	  The access methods of this library, as the functions that work on any of
 *	  their indexes know them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_METHOD_H
#define VX_METHOD_H

#include "access/amapi.h"
#include "fmgr.h"
#include "utils/rel.h"

struct VxCheck;
struct VxInspection;

/*
 * An access method.  It is known by its handler: the name is the user's to
 * choose.  The opaque of its scans begins with a VxScanCounters.
 *
 * check	reports violated invariants, see check.h.
 * inspect	fills in the figures of an index, see inspect.h; may be NULL.
 * range_cost	its cost estimate, by which the planner's side of range.h knows
 *			its indexes; NULL if its scans do not ask for the range of a query.
 */
typedef struct VxMethod
{
	PGFunction	handler;
	void		(*check) (struct VxCheck *check);
	void		(*inspect) (struct VxInspection *inspection);
	amcostestimate_function range_cost;
} VxMethod;

extern const VxMethod *vxm_method(Relation index);
extern bool vxm_takes_range(amcostestimate_function cost);
extern bool vxm_is_vector_index(Relation index);
extern void vxm_require_vector_index(Relation index);

#endif							/* VX_METHOD_H */
