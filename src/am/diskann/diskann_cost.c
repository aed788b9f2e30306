/*-------------------------------------------------------------------------
 *
 * diskann_cost.c
 *	  What a scan of a diskann index costs.
 *
 * The model is that of all graphs, in am/common/graph_cost.c, fed with the limits
 * of diskann's scans.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_cost.h"
#include "am/diskann/diskann.h"

/*
 * Cost of a scan: amcostestimate.
 */
void
diskanncostestimate(PlannerInfo *root, IndexPath *path, double loop_count,
					Cost *startup_cost, Cost *total_cost,
					Selectivity *selectivity, double *correlation, double *pages)
{
	VxCostEstimate estimate = {startup_cost, total_cost, selectivity, correlation, pages};

	vxe_graph_cost(root, path, diskann_scan_limits, &estimate);
}
