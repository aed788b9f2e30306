/*-------------------------------------------------------------------------
 *
 * recall.c
 *	  vectorx_recall(): how many of the true neighbours an index finds, and
 *	  how fast, measured on the user's own rows.
 *
 * Everything is read by SQL statements as the caller, with the caller's
 * privileges, row security and snapshot; the function itself reads neither
 * table nor index, and returns no value of any row.
 *
 * See "Recall" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/plancat.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "am/common/index.h"
#include "am/common/method.h"
#include "am/common/options.h"
#include "base/rng.h"

/* Rows of the pass over the table that are fetched at a time. */
#define VXR_FETCH_ROWS		1000

/* A sampled row, whose vector is a query. */
typedef struct VxRecallSample
{
	ItemPointerData tid;
	Datum		query;
	bool		usable;			/* has a distance to other rows */
	double		farthest;		/* of its true neighbours */
	uint64		neighbours;		/* k, or fewer if the table has fewer */
	uint64		found;			/* by the index */
	double		exact_ms;
	double		index_ms;
} VxRecallSample;

typedef struct VxRecall
{
	Relation	heap;
	Relation	index;
	int			k;
	int			wanted;			/* samples asked for */
	Oid			type;			/* of the indexed expression */
	char	   *table;			/* all as SQL */
	char	   *expression;
	char	   *operator;
	char	   *condition;		/* that rows of the index fulfil */
	VxRecallSample *samples;
	int			count;
	uint64		rows;			/* that the index covers and the caller sees */
} VxRecall;

/* While index searches are planned: the only index to be considered. */
static Oid	recall_index = InvalidOid;
static Oid	recall_heap = InvalidOid;
static get_relation_info_hook_type previous_relation_info_hook;

/*
 * Planner hook that hides the other indexes of the table, any of which might
 * be as good.
 */
static void
vxr_relation_info(PlannerInfo *root, Oid relation, bool inhparent, RelOptInfo *info)
{
	ListCell   *cell;

	if (previous_relation_info_hook != NULL)
		previous_relation_info_hook(root, relation, inhparent, info);
	if (relation != recall_heap)
		return;
	foreach(cell, info->indexlist)
	{
		if (((IndexOptInfo *) lfirst(cell))->indexoid != recall_index)
			info->indexlist = foreach_delete_current(info->indexlist, cell);
	}
}

/*
 * The operator that the index orders by, qualified.
 */
static char *
vxr_operator(Relation index)
{
	Oid			number = get_opfamily_member(index->rd_opfamily[0],
											 index->rd_opcintype[0],
											 index->rd_opcintype[0], 1);
	RegProcedure function = get_opcode(number);

	Assert(OidIsValid(number) && OidIsValid(function));
	return psprintf("OPERATOR(%s.%s)",
					quote_identifier(get_namespace_name(get_func_namespace(function))),
					get_opname(number));
}

/*
 * Write down as SQL what the index covers.
 */
static void
vxr_describe(VxRecall *recall)
{
	Relation	heap = recall->heap;
	List	   *predicate = RelationGetIndexPredicate(recall->index);

	/* of several columns the first is the vector */
	Datum		column = DirectFunctionCall3(pg_get_indexdef_ext,
											 ObjectIdGetDatum(RelationGetRelid(recall->index)),
											 Int32GetDatum(1), BoolGetDatum(false));

	recall->type = recall->index->rd_opcintype[0];
	recall->table = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(heap)),
											   RelationGetRelationName(heap));
	recall->expression = psprintf("(%s)", TextDatumGetCString(column));
	recall->operator = vxr_operator(recall->index);
	recall->condition = psprintf("%s IS NOT NULL", recall->expression);
	if (predicate != NIL)
		recall->condition =
			psprintf("%s AND (%s)", recall->condition,
					 deparse_expression((Node *) make_ands_explicit(predicate),
										deparse_context_for(RelationGetRelationName(heap),
															RelationGetRelid(heap)),
										false, false));
}

/*
 * Prepare a statement with at most one parameter.
 */
static SPIPlanPtr
vxr_prepare(const char *query, int nargs, Oid argument)
{
	SPIPlanPtr	plan = SPI_prepare(query, nargs, &argument);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for \"%s\": %s", query,
			 SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * Run a statement with one parameter, in the snapshot of the caller; rows are
 * left in SPI_tuptable.
 */
static void
vxr_execute(SPIPlanPtr plan, Datum argument)
{
	int			result = SPI_execute_plan(plan, &argument, NULL, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
}

/*
 * Consider one more row for the sample (Vitter 1985, algorithm R: each row is
 * in it with equal probability, whatever their number).
 */
static void
vxr_offer(VxRecall *recall, VxRandom *random, const ItemPointerData *tid)
{
	uint64		at = recall->rows++;

	Assert(recall->wanted > 0 && ItemPointerIsValid(tid));
	if (at >= (uint64) recall->wanted)
		at = vxr_below(random, at + 1);
	if (at >= (uint64) recall->wanted)
		return;
	recall->samples[at].tid = *tid;
	recall->count = (int) Min(recall->rows, (uint64) recall->wanted);
}

/*
 * Choose the sample in one pass over the table.
 */
static void
vxr_sample(VxRecall *recall)
{
	SPIPlanPtr	plan = vxr_prepare(psprintf("SELECT ctid FROM ONLY %s WHERE %s",
											recall->table, recall->condition),
								   0, InvalidOid);
	Portal		portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	VxRandom	random;

	vxr_seed(&random, (uint64) vxo_seed);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, VXR_FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			bool		isnull;
			Datum		tid = SPI_getbinval(SPI_tuptable->vals[i],
											SPI_tuptable->tupdesc, 1, &isnull);

			Assert(!isnull);
			vxr_offer(recall, &random, (ItemPointer) DatumGetPointer(tid));
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
}

/*
 * Fetch the vectors of the sample.  Those without a distance to others, which
 * the index leaves out, are no queries.
 */
static void
vxr_fetch_queries(VxRecall *recall)
{
	const VxOperatorClass *opclass = vxi_operator_class(recall->index);
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr	plan;

	plan = vxr_prepare(psprintf("SELECT %s FROM ONLY %s WHERE ctid = $1",
								recall->expression, recall->table), 1, TIDOID);
	for (int i = 0; i < recall->count; i++)
	{
		VxRecallSample *sample = &recall->samples[i];
		VxIndexValue value;
		bool		isnull = true;
		Datum		datum = 0;

		vxr_execute(plan, PointerGetDatum(&sample->tid));
		if (SPI_processed == 1)
			datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		if (!isnull)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			sample->query = PointerGetDatum(PG_DETOAST_DATUM_COPY(datum));
			vxi_value(opclass, opclass->type->dimensions(sample->query),
					  sample->query, &value);
			sample->usable = value.indexed;
			MemoryContextSwitchTo(old);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freeplan(plan);
}

/*
 * The search, exact or not: which of the two the planner's settings decide.
 */
static char *
vxr_search_text(const VxRecall *recall)
{
	return psprintf("SELECT (%s %s $1)::pg_catalog.float8 FROM ONLY %s"
					" WHERE %s ORDER BY %s %s $1 LIMIT %d",
					recall->expression, recall->operator, recall->table,
					recall->condition, recall->expression, recall->operator,
					recall->k);
}

/*
 * Run one search; returns its duration in milliseconds and leaves the
 * distances in SPI_tuptable.
 */
static double
vxr_search(SPIPlanPtr plan, Datum query)
{
	instr_time	start;
	instr_time	end;

	INSTR_TIME_SET_CURRENT(start);
	vxr_execute(plan, query);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	return INSTR_TIME_GET_MILLISEC(end);
}

/*
 * The distance in a row of SPI_tuptable.
 */
static double
vxr_distance(uint64 row)
{
	bool		isnull;
	Datum		distance;

	Assert(row < SPI_processed);
	distance = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1,
							 &isnull);
	return isnull ? NAN : DatumGetFloat8(distance);
}

/*
 * Set the planner's choice for the searches that follow, until the end of the
 * nest level.  One plan does for all searches, so that none is timed with its
 * planning.
 */
static void
vxr_set_planner(bool use_index)
{
	static const char *const scans[] = {
		"enable_seqscan", "enable_bitmapscan", "enable_indexscan", "enable_indexonlyscan"
	};

	for (Size i = 0; i < lengthof(scans); i++)
		(void) set_config_option(scans[i], (i < 2) != use_index ? "on" : "off",
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	(void) set_config_option("plan_cache_mode", "force_generic_plan",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
}

/*
 * Exact searches.  Rows without a distance come last and do not count.
 */
static void
vxr_search_exactly(VxRecall *recall)
{
	int			nest_level = NewGUCNestLevel();
	SPIPlanPtr	plan;

	vxr_set_planner(false);
	plan = vxr_prepare(vxr_search_text(recall), 1, recall->type);
	for (int i = 0; i < recall->count; i++)
	{
		VxRecallSample *sample = &recall->samples[i];

		if (!sample->usable)
			continue;
		sample->exact_ms = vxr_search(plan, sample->query);
		sample->neighbours = SPI_processed;
		while (sample->neighbours > 0 && isnan(vxr_distance(sample->neighbours - 1)))
			sample->neighbours--;
		sample->usable = sample->neighbours > 0;
		if (sample->usable)
			sample->farthest = vxr_distance(sample->neighbours - 1);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freeplan(plan);
	AtEOXact_GUC(true, nest_level);
}

/*
 * Whether a plan tree, of the shape that a search has, scans the index.
 */
static bool
vxr_plan_uses_index(Plan *plan, Oid index)
{
	for (; plan != NULL; plan = outerPlan(plan))
	{
		if (IsA(plan, IndexScan))
			return ((IndexScan *) plan)->indexid == index;
	}
	return false;
}

/*
 * Error unless the searches will go through the index.
 */
static void
vxr_require_index_plan(VxRecall *recall, SPIPlanPtr plan)
{
	CachedPlan *cached = SPI_plan_get_cached_plan(plan);
	bool		uses_index = false;

	if (cached != NULL)
	{
		PlannedStmt *statement = linitial_node(PlannedStmt, cached->stmt_list);

		uses_index = vxr_plan_uses_index(statement->planTree,
										 RelationGetRelid(recall->index));
		ReleaseCachedPlan(cached, NULL);
	}
	if (!uses_index)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the planner does not use index \"%s\"",
						RelationGetRelationName(recall->index)),
				 errdetail("The search was: %s", vxr_search_text(recall)),
				 errhint("A row security policy or a setting may keep it from doing so.")));
}

/*
 * Whether there is anything to search for.  Where the caller may see no row,
 * the planner may see that too, and plan without any scan.
 */
static bool
vxr_has_usable_sample(const VxRecall *recall)
{
	for (int i = 0; i < recall->count; i++)
	{
		if (recall->samples[i].usable)
			return true;
	}
	return false;
}

/*
 * Searches through the index.  A row no farther than the farthest of the true
 * neighbours is one of them, or as good as one.
 */
static void
vxr_search_index(VxRecall *recall)
{
	int			nest_level = NewGUCNestLevel();
	SPIPlanPtr	plan;

	vxr_set_planner(true);
	plan = vxr_prepare(vxr_search_text(recall), 1, recall->type);
	vxr_require_index_plan(recall, plan);
	for (int i = 0; i < recall->count; i++)
	{
		VxRecallSample *sample = &recall->samples[i];

		if (!sample->usable)
			continue;
		sample->index_ms = vxr_search(plan, sample->query);
		for (uint64 row = 0; row < SPI_processed && row < sample->neighbours; row++)
			sample->found += vxr_distance(row) <= sample->farthest;
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freeplan(plan);
	AtEOXact_GUC(true, nest_level);
}

/*
 * Search through the index with the other indexes hidden.  A function that a
 * search calls may come here again, when the hook is in place already.
 */
static void
vxr_search_index_only(VxRecall *recall)
{
	Oid			outer_heap = recall_heap;
	Oid			outer_index = recall_index;
	bool		nested = OidIsValid(outer_index);

	if (!nested)
	{
		previous_relation_info_hook = get_relation_info_hook;
		get_relation_info_hook = vxr_relation_info;
	}
	recall_heap = RelationGetRelid(recall->heap);
	recall_index = RelationGetRelid(recall->index);
	PG_TRY();
	{
		vxr_search_index(recall);
	}
	PG_FINALLY();
	{
		if (!nested)
			get_relation_info_hook = previous_relation_info_hook;
		recall_heap = outer_heap;
		recall_index = outer_index;
	}
	PG_END_TRY();
}

static int
vxr_compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
vxr_median(double *values, int count)
{
	Assert(count > 0);
	qsort(values, count, sizeof(double), vxr_compare_doubles);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/*
 * The result: k, samples used, recall, milliseconds, rows.  Without a sample
 * there is no recall.
 */
static Datum
vxr_result(const VxRecall *recall, TupleDesc descriptor)
{
	Datum		values[6];
	bool		nulls[6] = {false};
	double	   *exact_ms = palloc_array(double, recall->count + 1);
	double	   *index_ms = palloc_array(double, recall->count + 1);
	uint64		neighbours = 0;
	uint64		found = 0;
	int			used = 0;

	for (int i = 0; i < recall->count; i++)
	{
		const VxRecallSample *sample = &recall->samples[i];

		if (!sample->usable)
			continue;
		Assert(sample->found <= sample->neighbours);
		neighbours += sample->neighbours;
		found += sample->found;
		exact_ms[used] = sample->exact_ms;
		index_ms[used++] = sample->index_ms;
	}
	values[0] = Int32GetDatum(recall->k);
	values[1] = Int32GetDatum(used);
	nulls[2] = nulls[3] = nulls[4] = used == 0;
	values[2] = Float8GetDatum(used == 0 ? 0 : (double) found / neighbours);
	values[3] = Float8GetDatum(used == 0 ? 0 : vxr_median(index_ms, used));
	values[4] = Float8GetDatum(used == 0 ? 0 : vxr_median(exact_ms, used));
	values[5] = Int64GetDatum((int64) recall->rows);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

/*
 * Open table and index, the table first.  Whether the caller may read the
 * table the statements will tell.
 */
static void
vxr_open(VxRecall *recall, Oid index_oid)
{
	Oid			heap_oid = IndexGetRelation(index_oid, true);

	if (OidIsValid(heap_oid))
		recall->heap = table_open(heap_oid, AccessShareLock);

	/* errors if this is no index */
	recall->index = index_open(index_oid, AccessShareLock);
	vxm_require_vector_index(recall->index);
	Assert(recall->heap != NULL);
}

static void
vxr_check_arguments(int k, int samples)
{
	if (k < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must be at least 1, not %d", k),
				 errhint("k is the number of nearest rows that a query asks for, its LIMIT.")));
	if (samples < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("samples must be at least 1, not %d", samples),
				 errhint("samples is the number of rows whose vectors are searched for.")));
}

VX_FUNCTION(vx_recall);

/*
 * vectorx_recall(index, k, samples) -- recall and speed of an index, with the
 * settings of the session, against exact search.
 */
Datum
vx_recall(PG_FUNCTION_ARGS)
{
	VxRecall	recall;
	TupleDesc	descriptor;
	Datum		result;

	memset(&recall, 0, sizeof(recall));
	recall.k = PG_GETARG_INT32(1);
	recall.wanted = PG_GETARG_INT32(2);
	vxr_check_arguments(recall.k, recall.wanted);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	descriptor = BlessTupleDesc(descriptor);

	vxr_open(&recall, PG_GETARG_OID(0));
	vxr_describe(&recall);
	recall.samples = (VxRecallSample *)
		palloc_extended((Size) recall.wanted * sizeof(VxRecallSample),
						MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	vxr_sample(&recall);
	vxr_fetch_queries(&recall);
	vxr_search_exactly(&recall);
	if (vxr_has_usable_sample(&recall))
		vxr_search_index_only(&recall);
	SPI_finish();

	result = vxr_result(&recall, descriptor);
	index_close(recall.index, AccessShareLock);
	table_close(recall.heap, AccessShareLock);
	return result;
}
