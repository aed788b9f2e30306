/*-------------------------------------------------------------------------
 *
 * order_plan.c
 *	  Distances that nobody looks at are not computed.
 *
 * SELECT id FROM items ORDER BY embedding <-> $1 LIMIT 10 has the distance as
 * a column of its plan that is dropped at the end ("resjunk"): it would be
 * needed to sort by.  Where an index of ours gives the order nothing sorts, but
 * the executor computes the column all the same, from the row: for a vector
 * that is stored out of line that is the greater part of what the row costs,
 * three pages and several microseconds.
 *
 * So in the finished plan such a column becomes a NULL.  Only where it is sure
 * that no node above reads it: in an index scan that is all of a query, or all
 * but a LIMIT without ties.  A column that the query selects is no junk and
 * stays; a scan below a sort, or below row locks, is left alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "am/common/method.h"
#include "am/common/order_plan.h"

static planner_hook_type previous_planner_hook;

/* Whether a scan takes its order from an index of this library. */
static bool
vxs_orders_rows(const IndexScan *scan)
{
	Relation	index;
	bool		ours;

	if (scan->indexorderbyorig == NIL)
		return false;
	/* planning has locked it */
	index = index_open(scan->indexid, NoLock);
	ours = vxm_is_vector_index(index);
	index_close(index, NoLock);
	return ours;
}

/*
 * Replace the dropped columns of a scan that are the keys of its order.
 */
static void
vxs_blank_order_columns(IndexScan *scan)
{
	ListCell   *cell;

	foreach(cell, scan->scan.plan.targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (entry->resjunk && list_member(scan->indexorderbyorig, entry->expr))
		{
			Oid			type = exprType((Node *) entry->expr);

			entry->expr = (Expr *) makeNullConst(type, -1, get_typcollation(type));
		}
	}
}

/*
 * An index scan that a query, or a LIMIT of it, takes its rows from.
 */
static void
vxs_simplify_scan(Plan *plan)
{
	if (plan != NULL && IsA(plan, IndexScan) && vxs_orders_rows((IndexScan *) plan))
		vxs_blank_order_columns((IndexScan *) plan);
}

/*
 * All scans below a LIMIT that does not compare rows, wherever it is.  A LIMIT is
 * the last step of its query: what is above it belongs to another query, which
 * cannot name dropped columns.
 */
static void
vxs_simplify_limits(Plan *plan)
{
	List	   *children = NIL;
	ListCell   *cell;

	if (plan == NULL)
		return;
	check_stack_depth();
	if (IsA(plan, Limit) && ((Limit *) plan)->limitOption == LIMIT_OPTION_COUNT)
		vxs_simplify_scan(plan->lefttree);
	else if (IsA(plan, SubqueryScan))
		vxs_simplify_limits(((SubqueryScan *) plan)->subplan);
	else if (IsA(plan, Append))
		children = ((Append *) plan)->appendplans;
	else if (IsA(plan, MergeAppend))
		children = ((MergeAppend *) plan)->mergeplans;
	foreach(cell, children)
		vxs_simplify_limits((Plan *) lfirst(cell));
	vxs_simplify_limits(plan->lefttree);
	vxs_simplify_limits(plan->righttree);
}

/*
 * planner_hook: a plan as it would have been, and then looked through.
 */
static PlannedStmt *
vxs_order_planner(Query *parse, const char *query_string, int cursor_options,
				  ParamListInfo parameters)
{
	PlannedStmt *statement = previous_planner_hook != NULL ?
		previous_planner_hook(parse, query_string, cursor_options, parameters) :
		standard_planner(parse, query_string, cursor_options, parameters);
	ListCell   *cell;

	if (statement->commandType == CMD_SELECT)
		vxs_simplify_scan(statement->planTree);
	vxs_simplify_limits(statement->planTree);
	foreach(cell, statement->subplans)
	{
		vxs_simplify_scan((Plan *) lfirst(cell));
		vxs_simplify_limits((Plan *) lfirst(cell));
	}
	return statement;
}

/*
 * Install the hook; called when the library is loaded.  The query that loads it
 * is planned without.
 */
void
vxs_order_plan_init(void)
{
	previous_planner_hook = planner_hook;
	planner_hook = vxs_order_planner;
}
