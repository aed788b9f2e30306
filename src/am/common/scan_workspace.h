/*-------------------------------------------------------------------------
 *
 * scan_workspace.h
 *	  What a scan of a graph index works with, kept from scan to scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SCAN_WORKSPACE_H
#define VX_SCAN_WORKSPACE_H

#include "am/common/exact.h"
#include "am/common/index.h"

/*
 * The open index, and the memory of a search, a query and an exact stage.  All
 * of it is in `context`.
 */
typedef struct VxScanWorkspace
{
	MemoryContext context;
	Oid			relation;		/* of the index */
	uint64		serial;			/* of its relation cache entry, see take */
	VxIndex    *index;
	VxLayerSource source;
	VxVectorRuns *runs;			/* of pages met by any scan; NULL without vectors */
	VxPageSearchOptions options;	/* of the search */
	VxPageSearch *search;
	VxCodeQuery *query;
	VxExactStage exact;
} VxScanWorkspace;

extern VxScanWorkspace *vxs_workspace_take(Relation relation, MemoryContext owner);
extern void vxs_workspace_fit(VxScanWorkspace *workspace, int beam,
							  Size memory_limit);
extern void vxs_workspace_give(VxScanWorkspace *workspace);

#endif							/* VX_SCAN_WORKSPACE_H */
