/*-------------------------------------------------------------------------
 *
 * diskann_scan.c
 *	  What is particular to scans of a diskann index: the settings.
 *
 * The scan itself is shared with other graphs, in am/common/graph_scan.c, and
 * so are refine codes and exact distances from the table, in exact.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/diskann/diskann.h"

/*
 * Places in the beam at least: a narrower one is used up by LIMIT 10, and to resume
 * reads more pages than to search a little wider.
 */
#define DISKANN_LEAST_BEAM	20

/*
 * How far a scan goes by the settings of the moment, which are the same for all
 * indexes.
 */
void
diskann_scan_limits(Relation index, VxScanLimits *limits)
{
	limits->rows = vxo_l_value_is;
	limits->beam = Max(vxo_l_value_is, DISKANN_LEAST_BEAM);
	limits->iterative = (VxIterativeScan) vxo_iterative_search;
	limits->max_tuples = vxo_diskann_max_scan_tuples;
	limits->memory = vxs_memory(vxo_diskann_scan_mem_multiplier);
}

/* Through the entry table, to where its nearest nodes point. */
static int
diskann_scan_enter(VxGraphScan *scan, uint32 *entries)
{
	return vxi_descend(scan->index, scan->source, scan->search, scan->query, 0,
					   entries);
}

static const VxGraphScanMethod diskann_scan_method = {
	.name = "diskann",
	.effort_name = "l_value_is",
	.limits = diskann_scan_limits,
	.enter = diskann_scan_enter
};

/*
 * Begin a scan: ambeginscan.
 */
IndexScanDesc
diskannbeginscan(Relation index, int nkeys, int norderbys)
{
	return vxs_begin(index, nkeys, norderbys, &diskann_scan_method);
}
