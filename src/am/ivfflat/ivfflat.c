/*-------------------------------------------------------------------------
 *
 * ivfflat.c
 *	  Handler of the ivfflat access method.
 *
 * The callbacks are in the file of their phase: ivfflat_build.c,
 * ivfflat_insert.c, ivfflat_scan.c, ivfflat_vacuum.c, ivfflat_cost.c.  README.md
 * describes the method.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "commands/vacuum.h"

#include "compat.h"
#include "am/ivfflat/ivfflat.h"

static bytea *
ivfflatoptions(Datum reloptions, bool validate)
{
	return vxo_ivfflat_reloptions(reloptions, validate);
}

/* Name of a phase, for pg_stat_progress_create_index. */
static char *
ivfflatbuildphasename(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case IVFFLAT_PHASE_KMEANS:
			return "performing k-means";
		case IVFFLAT_PHASE_ASSIGN:
			return "assigning tuples";
		case IVFFLAT_PHASE_LOAD:
			return "loading tuples";
		default:
			return NULL;
	}
}

/*
 * Operator classes are recognised by their support functions when an index is
 * made or opened, which gives an error that names the index.
 */
static bool
ivfflatvalidate(Oid opclassoid)
{
	return true;
}

VX_FUNCTION(vx_ivfflathandler);

Datum
vx_ivfflathandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *amroutine = makeNode(IndexAmRoutine);

	amroutine->amstrategies = 0;
	amroutine->amsupport = 5;
	amroutine->amcanorderbyop = true;
	amroutine->amoptionalkey = true;
	amroutine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
	amroutine->amkeytype = InvalidOid;
	vx_am_set_canbuildparallel(amroutine, true);

	amroutine->ambuild = ivfflatbuild;
	amroutine->ambuildempty = ivfflatbuildempty;
	amroutine->aminsert = ivfflatinsert;
	amroutine->ambulkdelete = ivfflatbulkdelete;
	amroutine->amvacuumcleanup = ivfflatvacuumcleanup;
	amroutine->amcostestimate = ivfflatcostestimate;
	amroutine->amoptions = ivfflatoptions;
	amroutine->ambuildphasename = ivfflatbuildphasename;
	amroutine->amvalidate = ivfflatvalidate;
	amroutine->ambeginscan = ivfflatbeginscan;
	amroutine->amrescan = ivfflatrescan;
	amroutine->amgettuple = ivfflatgettuple;
	amroutine->amendscan = ivfflatendscan;

	PG_RETURN_POINTER(amroutine);
}

/* What vectorx_check() and the like have to know. */
const VxMethod ivfflat_method = {
	.handler = vx_ivfflathandler,
	.check = ivfflatcheck,
	.inspect = ivfflatinspect,
	.range_cost = ivfflatcostestimate
};
