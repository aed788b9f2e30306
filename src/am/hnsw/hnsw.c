/*-------------------------------------------------------------------------
 *
 * hnsw.c
 *	  Handler of the hnsw access method.
 *
 * The callbacks are in the file of their phase: hnsw_build.c, hnsw_insert.c,
 * hnsw_scan.c, hnsw_cost.c.  Scans and VACUUM are those of all graphs, in
 * am/common/graph_scan.c and graph_vacuum.c.  README.md describes the method.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/vacuum.h"

#include "compat.h"
#include "am/common/graph_build.h"
#include "am/common/graph_scan.h"
#include "am/common/graph_vacuum.h"
#include "am/common/inspect.h"
#include "am/hnsw/hnsw.h"

static bytea *
hnswoptions(Datum reloptions, bool validate)
{
	return vxo_hnsw_reloptions(reloptions, validate);
}

/*
 * Operator classes are recognised by their support functions when an index is
 * made or opened, which gives an error that names the index.
 */
static bool
hnswvalidate(Oid opclassoid)
{
	return true;
}

VX_FUNCTION(vx_hnswhandler);

Datum
vx_hnswhandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *amroutine = makeNode(IndexAmRoutine);

	amroutine->amstrategies = 0;
	amroutine->amsupport = 3;
	amroutine->amcanorderbyop = true;
	amroutine->amoptionalkey = true;
	amroutine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
	amroutine->amkeytype = InvalidOid;
	vx_am_set_canbuildparallel(amroutine, true);

	amroutine->ambuild = hnswbuild;
	amroutine->ambuildempty = hnswbuildempty;
	amroutine->aminsert = hnswinsert;
	amroutine->ambulkdelete = vxv_bulk_delete;
	amroutine->amvacuumcleanup = vxv_cleanup;
	amroutine->amcostestimate = hnswcostestimate;
	amroutine->amoptions = hnswoptions;
	amroutine->ambuildphasename = vxb_phase_name;
	amroutine->amvalidate = hnswvalidate;
	amroutine->ambeginscan = hnswbeginscan;
	amroutine->amrescan = vxs_rescan;
	amroutine->amgettuple = vxs_gettuple;
	amroutine->amendscan = vxs_end;

	PG_RETURN_POINTER(amroutine);
}

/* What vectorx_check() and the like have to know. */
const VxMethod hnsw_method = {
	.handler = vx_hnswhandler,
	.check = hnswcheck,
	.inspect = vxn_inspect_graph,
	.range_cost = hnswcostestimate
};
