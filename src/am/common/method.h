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
 */
typedef struct VxMethod
{
	PGFunction	handler;
	void		(*check) (struct VxCheck *check);
	void		(*inspect) (struct VxInspection *inspection);
} VxMethod;

extern const VxMethod *vxm_method(Relation index);
extern bool vxm_is_vector_index(Relation index);
extern void vxm_require_vector_index(Relation index);

#endif							/* VX_METHOD_H */
