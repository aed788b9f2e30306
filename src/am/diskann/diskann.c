/*-------------------------------------------------------------------------
 *
 * diskann.c
 *	  Handler of the diskann access method.
 *
 * The callbacks are in the file of their phase: diskann_build.c, diskann_insert.c,
 * diskann_scan.c, diskann_cost.c.  Scans and VACUUM are those of all graphs, in
 * am/common/graph_scan.c and graph_vacuum.c.  README.md describes the method.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/vacuum.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "compat.h"
#include "am/common/graph_build.h"
#include "am/common/graph_scan.h"
#include "am/common/graph_vacuum.h"
#include "am/common/inspect.h"
#include "am/diskann/diskann.h"

static bytea *
diskannoptions(Datum reloptions, bool validate)
{
	return vxo_diskann_reloptions(reloptions, validate);
}

/*
 * Operator classes are recognised by their support functions when an index is
 * made or opened, which gives an error that names the index.
 */
static bool
diskannvalidate(Oid opclassoid)
{
	return true;
}

VX_FUNCTION(vx_diskannhandler);

Datum
vx_diskannhandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *amroutine = makeNode(IndexAmRoutine);

	amroutine->amstrategies = 0;
	amroutine->amsupport = 3;
	amroutine->amcanorderbyop = true;
	amroutine->amoptionalkey = true;
	amroutine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
	amroutine->amkeytype = InvalidOid;
	vx_am_set_canbuildparallel(amroutine, true);

	amroutine->ambuild = diskannbuild;
	amroutine->ambuildempty = diskannbuildempty;
	amroutine->aminsert = diskanninsert;
	amroutine->ambulkdelete = vxv_bulk_delete;
	amroutine->amvacuumcleanup = vxv_cleanup;
	amroutine->amcostestimate = diskanncostestimate;
	amroutine->amoptions = diskannoptions;
	amroutine->ambuildphasename = vxb_phase_name;
	amroutine->amvalidate = diskannvalidate;
	amroutine->ambeginscan = diskannbeginscan;
	amroutine->amrescan = vxs_rescan;
	amroutine->amgettuple = vxs_gettuple;
	amroutine->amendscan = vxs_end;

	PG_RETURN_POINTER(amroutine);
}

/* What vectorx_check() and the like have to know. */
const VxMethod diskann_method = {
	.handler = vx_diskannhandler,
	.check = diskanncheck,
	.inspect = vxn_inspect_graph,
	.range_cost = diskanncostestimate
};

VX_FUNCTION(vx_upgrade_diskann_index);

/*
 * upgrade_diskann_index(index) -- bring an index to the format of this version
 *
 * There is one format so far; an index that is not in it is refused with a hint
 * when it is read, which is done here.  Only who may maintain the table may ask.
 */
Datum
vx_upgrade_diskann_index(PG_FUNCTION_ARGS)
{
	Relation	index = index_open(PG_GETARG_OID(0), AccessShareLock);
	VxMeta		meta;

	if (!vx_may_maintain(index->rd_index->indrelid))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, RelationGetRelationName(index));
	vxm_require_vector_index(index);
	vxp_meta_read(index, &meta);
	index_close(index, AccessShareLock);
	PG_RETURN_VOID();
}
