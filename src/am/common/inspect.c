/*-------------------------------------------------------------------------
 *
 * inspect.c
 *	  vectorx_index_stats(): what an index holds, how it lies on disk, and what
 *	  might be done about it.
 *
 * The access method reads the pages; here is what all have in common: who may
 * ask, the row that is returned, and the advice that follows from its figures
 * whatever the method.  No value of any row is shown.
 *
 * Locks: AccessShareLock on the index.  Pages are share-locked one at a time,
 * so the figures are not those of one moment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/index.h"
#include "catalog/pg_authid.h"
#include "commands/defrem.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "am/common/inspect.h"
#include "am/common/method.h"
#include "storage/page.h"

#define VXN_STATS_COLUMNS	15

/* From this share of the places on, that many make it worth while to rebuild. */
#define VXN_MANY_DEAD		0.2
#define VXN_MANY_FREE		0.5
#define VXN_MANY_LATER		0.5

/* In smaller indexes it hardly matters. */
#define VXN_FEW_ROWS		1000

static void
vxn_add_name(StringInfo object, const char *name)
{
	Assert(strpbrk(name, "\"\\") == NULL);
	appendStringInfo(object, "%s\"%s\": ", object->len == 0 ? "" : ", ", name);
}

/*
 * Add a member to a JSON object, which is made without its braces.
 */
void
vxn_add_integer(StringInfo object, const char *name, int64 value)
{
	vxn_add_name(object, name);
	appendStringInfo(object, INT64_FORMAT, value);
}

void
vxn_add_number(StringInfo object, const char *name, double value)
{
	Assert(isfinite(value));
	vxn_add_name(object, name);
	appendStringInfo(object, "%.2f", value);
}

void
vxn_add_list(StringInfo object, const char *name, const uint64 *values, int count)
{
	vxn_add_name(object, name);
	appendStringInfoChar(object, '[');
	for (int i = 0; i < count; i++)
		appendStringInfo(object, "%s" UINT64_FORMAT, i == 0 ? "" : ", ", values[i]);
	appendStringInfoChar(object, ']');
}

/*
 * Add a sentence of advice.
 */
void
vxn_advise(VxInspection *inspection, const char *format,...)
{
	StringInfo	advice = &inspection->advice;

	if (advice->len > 0)
		appendStringInfoChar(advice, '\n');
	for (;;)
	{
		va_list		arguments;
		int			needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(advice, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(advice, needed);
	}
}

/*
 * The name of the index as SQL.
 */
const char *
vxn_index_name(const VxInspection *inspection)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(inspection->index)),
									  RelationGetRelationName(inspection->index));
}

static Datum
vxn_json(StringInfo members)
{
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum(psprintf("{%s}", members->data)));
}

static char *
vxn_size(double bytes)
{
	return TextDatumGetCString(DirectFunctionCall1(pg_size_pretty,
												   Int64GetDatum((int64) bytes)));
}

/*
 * Advice that follows from the figures, whatever the method.
 */
static void
vxn_advise_generally(VxInspection *inspection)
{
	uint64		used = inspection->rows + inspection->dead_rows;
	double		search_size = (double) inspection->search_pages * BLCKSZ;
	double		buffers = (double) NBuffers * BLCKSZ;
	const char *index = vxn_index_name(inspection);

	if (search_size > buffers)
		vxn_advise(inspection, "Searches walk over %s of pages, more than shared_buffers (%s) holds: raise it.",
				   vxn_size(search_size), vxn_size(buffers));
	if (used < VXN_FEW_ROWS)
		return;
	if (inspection->dead_rows > VXN_MANY_DEAD * used)
		vxn_advise(inspection, "%.0f %% of the rows that searches meet are gone from the table: REINDEX INDEX CONCURRENTLY %s.",
				   100.0 * inspection->dead_rows / used, index);
	else if (inspection->free_slots > VXN_MANY_FREE * (used + inspection->free_slots))
		vxn_advise(inspection, "Pages are filled to %.0f %% only: REINDEX INDEX CONCURRENTLY %s.",
				   100.0 * used / (used + inspection->free_slots), index);
	if (inspection->later_rows > VXN_MANY_LATER * used)
		vxn_advise(inspection, "%.0f %% of the rows came after the index was built, which its codes were fitted to: REINDEX INDEX CONCURRENTLY %s.",
				   100.0 * inspection->later_rows / used, index);
}

/*
 * Open an index if the caller may: who maintains the table, and who may scan
 * any table for statistics, as pgstattuple has it.
 */
static Relation
vxn_open(Oid index_oid)
{
	Oid			heap_oid = IndexGetRelation(index_oid, true);
	Relation	index;

	if (OidIsValid(heap_oid) && !vx_may_maintain(heap_oid) &&
		!has_privs_of_role(GetUserId(), ROLE_PG_STAT_SCAN_TABLES))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_INDEX, get_rel_name(index_oid));

	/* errors if this is no index */
	index = index_open(index_oid, AccessShareLock);
	vxm_require_vector_index(index);
	if (vxm_method(index)->inspect == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("there are no statistics of indexes of access method \"%s\"",
						get_am_name(index->rd_rel->relam))));
	return index;
}

static Datum
vxn_form_row(VxInspection *inspection, TupleDesc descriptor)
{
	Datum		values[VXN_STATS_COLUMNS];
	bool		nulls[VXN_STATS_COLUMNS] = {false};
	int			at = 0;

	values[at++] = CStringGetTextDatum(get_am_name(inspection->index->rd_rel->relam));
	values[at++] = Int32GetDatum((int32) inspection->version);
	values[at++] = Int32GetDatum(inspection->dimensions);
	values[at++] = Int32GetDatum(inspection->code_bits);
	values[at++] = Int64GetDatum((int64) inspection->rows);
	values[at++] = Int64GetDatum((int64) inspection->dead_rows);
	values[at++] = Int64GetDatum((int64) inspection->later_rows);
	values[at++] = Int64GetDatum((int64) inspection->free_slots);
	values[at++] = Int64GetDatum((int64) inspection->nblocks * BLCKSZ);
	values[at++] = Int64GetDatum((int64) inspection->search_pages * BLCKSZ);
	nulls[at] = inspection->rows == 0;
	values[at++] = Float8GetDatum((double) inspection->nblocks * BLCKSZ /
								  Max(inspection->rows, 1));
	values[at++] = vxn_json(&inspection->pages);
	values[at++] = vxn_json(&inspection->options);
	values[at++] = vxn_json(&inspection->detail);
	nulls[at] = inspection->advice.len == 0;
	values[at++] = CStringGetTextDatum(inspection->advice.data);
	Assert(at == VXN_STATS_COLUMNS && descriptor->natts == at);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

VX_FUNCTION(vx_index_stats);

/*
 * vectorx_index_stats(index) -- one row about an index; reads all its pages.
 */
Datum
vx_index_stats(PG_FUNCTION_ARGS)
{
	VxInspection inspection;
	TupleDesc	descriptor;
	Datum		result;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(&inspection, 0, sizeof(inspection));
	inspection.index = vxn_open(PG_GETARG_OID(0));
	if (RecoveryInProgress() &&
		inspection.index->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("unlogged index \"%s\" has no contents on a standby",
						RelationGetRelationName(inspection.index)),
				 errhint("Call vectorx_index_stats() on the primary server.")));

	initStringInfo(&inspection.pages);
	initStringInfo(&inspection.options);
	initStringInfo(&inspection.detail);
	initStringInfo(&inspection.advice);
	inspection.nblocks = RelationGetNumberOfBlocks(inspection.index);
	inspection.strategy = GetAccessStrategy(BAS_BULKREAD);
	vxm_method(inspection.index)->inspect(&inspection);
	vxn_advise_generally(&inspection);
	result = vxn_form_row(&inspection, BlessTupleDesc(descriptor));
	FreeAccessStrategy(inspection.strategy);
	index_close(inspection.index, AccessShareLock);
	return result;
}
