/*-------------------------------------------------------------------------
 *
 * graph_cost.h
 *	  How much work a scan of a graph index is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_COST_H
#define VX_GRAPH_COST_H

#include "am/common/cost.h"
#include "am/common/graph_scan.h"

extern void vxe_graph_cost(PlannerInfo *root, IndexPath *path,
						   VxScanLimitsOf limits_of,
						   const VxCostEstimate *estimate);

#endif							/* VX_GRAPH_COST_H */
