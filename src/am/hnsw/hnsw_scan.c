/*-------------------------------------------------------------------------
 *
 * hnsw_scan.c
 *	  What is particular to scans of an hnsw index.
 *
 * The way down through the layers, and the settings.  The scan itself is
 * shared with other graphs, in am/common/graph_scan.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_scan.h"
#include "am/hnsw/hnsw.h"

/* Places of the beam for each of hnsw.ef_search. */
#define HNSW_BEAM_PER_EF	2

/*
 * How far a scan goes by the settings of the moment and the options of the index;
 * NULL for one that does not exist.
 */
void
hnsw_scan_limits(Relation index, VxScanLimits *limits)
{
	limits->rows = index == NULL ? vxo_ef_search :
		vxo_hnsw_ef_search(index, vxi_operator_class(index)->type->is_array);
	limits->beam = HNSW_BEAM_PER_EF * limits->rows;
	limits->iterative = (VxIterativeScan) vxo_iterative_scan;
	limits->max_tuples = vxo_max_scan_tuples;
	limits->memory = vxs_memory(vxo_scan_mem_multiplier);
}

/* Down through the layers, to where the nearest node of layer 1 points. */
static int
hnsw_scan_enter(VxGraphScan *scan, uint32 *entries)
{
	return vxi_descend(scan->index, scan->source, scan->search, scan->query, 0,
					   entries);
}

static const VxGraphScanMethod hnsw_scan_method = {
	.name = "hnsw",
	.effort_name = "ef_search",
	.limits = hnsw_scan_limits,
	.enter = hnsw_scan_enter
};

/*
 * Begin a scan: ambeginscan.
 */
IndexScanDesc
hnswbeginscan(Relation index, int nkeys, int norderbys)
{
	return vxs_begin(index, nkeys, norderbys, &hnsw_scan_method);
}
