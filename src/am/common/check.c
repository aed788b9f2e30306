/*-------------------------------------------------------------------------
 *
 * check.c
 *	  vectorx_check(): the function, and the reporting of findings.
 *
 * What is checked is up to the access method.  Nothing is changed, and a
 * finding is a row, not an error; only what the server itself refuses to read
 * (a page header that cannot be one, a checksum, an I/O error) raises.
 *
 * Locks: AccessShareLock on table and index, as for a query, so inserts and
 * VACUUM go on meanwhile.  A check that another session could have made fail
 * looks again before it reports.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "am/common/check.h"
#include "am/common/method.h"

#define VXC_COLUMNS		4

/*
 * Add a finding to the result.  block may be InvalidBlockNumber and slot
 * VXC_NO_SLOT where they do not apply.  No page may be locked.
 */
void
vxc_report(VxCheck *check, const char *invariant, BlockNumber block, int slot,
		   const char *format,...)
{
	Datum		values[VXC_COLUMNS] = {0};
	bool		nulls[VXC_COLUMNS] = {false};
	StringInfoData problem;

	Assert(invariant != NULL && check->result->setResult != NULL);
	Assert(block != InvalidBlockNumber || slot == VXC_NO_SLOT);
	initStringInfo(&problem);
	for (;;)
	{
		va_list		arguments;
		int			needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(&problem, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&problem, needed);
	}

	values[0] = CStringGetTextDatum(invariant);
	values[1] = Int64GetDatum((int64) block);
	nulls[1] = block == InvalidBlockNumber;
	values[2] = Int32GetDatum(slot);
	nulls[2] = slot == VXC_NO_SLOT;
	values[3] = CStringGetTextDatum(problem.data);
	tuplestore_putvalues(check->result->setResult, check->result->setDesc,
						 values, nulls);
	check->findings++;
	pfree(problem.data);
}

/*
 * Copy a page (BLCKSZ bytes), of whatever kind.  The block must be inside the
 * index.  Lets the statement be cancelled.
 */
void
vxc_copy_page(VxCheck *check, BlockNumber block, char *copy)
{
	Buffer		buffer;

	Assert(BlockNumberIsValid(block));
	CHECK_FOR_INTERRUPTS();
	buffer = vxp_read_any(check->index, block, check->strategy);
	memcpy(copy, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
}

/*
 * Whether there is nothing on a page behind the first bytes of its contents.
 */
bool
vxc_rest_is_zero(Page page, Size used)
{
	Assert(used <= VX_PAGE_CONTENTS);
	return vxp_bytes_are_zero(PageGetContents(page) + used, VX_PAGE_CONTENTS - used);
}

/*
 * Whether an image has finite elements: every vector that was indexed does, and
 * codecs count on it, but what was read from a page need not be one.
 */
bool
vxc_image_is_finite(const VxCodec *codec, const void *image)
{
	if (codec->kind != VX_CODE_LATTICE)
		return true;
	for (int i = 0; i < codec->dims; i++)
	{
		if (!isfinite(((const float *) image)[i]))
			return false;
	}
	return true;
}

/*
 * Whether a heap TID is what VACUUM leaves of one, to the last bit.
 */
bool
vxc_tid_is_none(const ItemPointerData *tid)
{
	return ItemPointerGetBlockNumberNoCheck(tid) == InvalidBlockNumber &&
		ItemPointerGetOffsetNumberNoCheck(tid) == InvalidOffsetNumber;
}

/*
 * I2: read one page of the mean; count floats go to mean.
 */
static bool
vxc_check_mean_page(VxCheck *check, BlockNumber block, float *mean, uint32 count)
{
	PGAlignedBlock copy;
	const char *problem = NULL;

	Assert(count > 0 && count <= VX_PAGE_CONTENTS / sizeof(float));
	if (block >= RelationGetNumberOfBlocks(check->index))
		problem = "a page of the mean is beyond the end of the index";
	else
	{
		vxc_copy_page(check, block, copy.data);
		if (!vxp_page_is_valid((Page) copy.data, VX_PAGE_MEAN))
			problem = "a page of the mean is not one";
		else if (vxp_frame_problem((Page) copy.data) != NULL)
			problem = vxp_frame_problem((Page) copy.data);
		else if (!vxc_rest_is_zero((Page) copy.data, count * sizeof(float)))
			problem = "there is something behind the mean";
	}
	if (problem == NULL)
	{
		memcpy(mean, PageGetContents((Page) copy.data), count * sizeof(float));
		for (uint32 i = 0; i < count && problem == NULL; i++)
		{
			if (!isfinite(mean[i]))
				problem = "the mean is not finite";
		}
	}
	if (problem != NULL)
		vxc_report(check, "I2", block, VXC_NO_SLOT, "%s", problem);
	return problem == NULL;
}

/*
 * I2: read the pages of the mean, which follow the metapage; false, and reported,
 * if they are not sound.
 */
bool
vxc_check_mean(VxCheck *check, uint32 pages, uint32 dimensions, float *mean)
{
	uint32		room = VX_PAGE_CONTENTS / sizeof(float);
	bool		sound = true;

	Assert(pages == 0 || pages == (dimensions + room - 1) / room);
	for (uint32 i = 0; i < pages; i++)
		sound = vxc_check_mean_page(check, VX_META_BLOCK + 1 + i, mean + i * room,
									Min(room, dimensions - i * room)) && sound;
	return sound;
}

/*
 * Open table and index, the table first, as everybody does.
 */
static void
vxc_open(VxCheck *check, Oid index_oid)
{
	Oid			heap_oid = IndexGetRelation(index_oid, true);

	if (OidIsValid(heap_oid) && !vx_may_maintain(heap_oid))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, get_rel_name(index_oid));
	if (OidIsValid(heap_oid))
		check->heap = table_open(heap_oid, AccessShareLock);

	/* errors if this is no index */
	check->index = index_open(index_oid, AccessShareLock);
	if (check->heap == NULL || heap_oid != IndexGetRelation(index_oid, false))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("could not open the table of index \"%s\"",
						RelationGetRelationName(check->index))));
}

/*
 * The snapshot that says which rows have to be in the index.  Every row it
 * sees was in the index before its transaction ended, that is, before now;
 * unless the transaction's snapshot is older than the index.
 */
static Snapshot
vxc_snapshot(Relation index)
{
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());

	if (IsolationUsesXactSnapshot() && index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   snapshot->xmin))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("index \"%s\" cannot be compared with its table in the snapshot of this transaction",
						RelationGetRelationName(index)),
				 errhint("Run vectorx_check() in a new transaction.")));
	return snapshot;
}

/*
 * Run the check as the owner of the table, as maintenance does: it may call
 * the functions of an index expression.
 */
static void
vxc_run(VxCheck *check)
{
	Oid			user;
	int			security;
	int			nest_level;

	Assert(check->heap != NULL && check->index != NULL);
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(check->heap->rd_rel->relowner,
						   security | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	vx_restrict_search_path();

	if (check->heapallindexed)
		check->snapshot = vxc_snapshot(check->index);
	vxm_method(check->index)->check(check);
	if (check->snapshot != NULL)
		UnregisterSnapshot(check->snapshot);

	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, security);
}

VX_FUNCTION(vx_check);

/*
 * vectorx_check(index, heapallindexed) -- a row for each violated invariant.
 *
 * heapallindexed also looks for rows of the table that the index lacks.
 */
Datum
vx_check(PG_FUNCTION_ARGS)
{
	VxCheck		check;

	memset(&check, 0, sizeof(check));
	InitMaterializedSRF(fcinfo, 0);
	check.result = (ReturnSetInfo *) fcinfo->resultinfo;
	check.heapallindexed = PG_GETARG_BOOL(1);
	vxc_open(&check, PG_GETARG_OID(0));
	vxm_require_vector_index(check.index);

	if (RecoveryInProgress() &&
		check.index->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED)
		ereport(NOTICE,
				(errmsg("unlogged index \"%s\" has no contents on a standby",
						RelationGetRelationName(check.index))));
	else
	{
		check.strategy = GetAccessStrategy(BAS_BULKREAD);
		vxc_run(&check);
		FreeAccessStrategy(check.strategy);
	}

	index_close(check.index, AccessShareLock);
	table_close(check.heap, AccessShareLock);
	return (Datum) 0;
}
