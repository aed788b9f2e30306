/*-------------------------------------------------------------------------
 *
 * cost.c
 *	  The planner's figures for a scan in the order of distance.
 *
 * The planner knows a path by two numbers, the cost before the first row and
 * the cost of all rows, and takes everything in between to lie on the line
 * that joins them.  The work of a vector index does not: the first rows cost
 * a search, the next ones little, and those beyond the search's beam another
 * share of the index each time it is widened.  But the planner also knows by
 * now how many rows the query is likely to want.  So the startup cost is
 * chosen such that the line passes through the true cost at that point.
 *
 * See "Cost" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"

#include "compat.h"
#include "am/common/cost.h"

/*
 * The least share of a page's cost that is charged, however large the cache:
 * finding a page in it is not free.
 */
#define VXE_CACHED_SHARE	0.05

/*
 * Rows that a LIMIT is taken to ask for whose value is not known when planning.
 */
#define VXE_USUAL_LIMIT		50.0

/*
 * Set what does not depend on the scan.  Returns false, with the path out of
 * the running, if the path asks for no order: a vector index finds nothing by
 * condition alone.
 */
bool
vxe_begin(IndexPath *path, VxCostModel *model, const VxCostEstimate *estimate)
{
	*estimate->selectivity = 1.0;
	*estimate->correlation = 0.0;
	*estimate->pages = path->indexinfo->pages;
	if (path->indexorderbys == NIL)
	{
		*estimate->startup = *estimate->total = get_float8_infinity();
		vx_disable_path(path);
		return false;
	}

	memset(model, 0, sizeof(*model));
	model->tuples = Max(path->indexinfo->tuples, 1.0);
	model->pages = Max(path->indexinfo->pages, 1.0);
	return true;
}

/*
 * The share of a base relation's rows that its conditions let through.
 */
static double
vxe_kept(const RelOptInfo *rel)
{
	return rel->tuples > 1.0 ? Min(1.0, rel->rows / rel->tuples) : 1.0;
}

/*
 * The share of this relation's rows that the other tables of the query are
 * likely to let through.  Joins are not planned yet when paths of base
 * relations are made.  Most follow a foreign key, whence a condition on the
 * referenced table drops as large a share of the referencing rows.
 */
static double
vxe_kept_by_joins(PlannerInfo *root, const RelOptInfo *rel)
{
	double		kept = 1.0;

	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		const RelOptInfo *other = root->simple_rel_array[i];

		if (other == NULL || other == rel || other->reloptkind != RELOPT_BASEREL ||
			other->rtekind != RTE_RELATION || bms_is_member(i, rel->top_parent_relids))
			continue;
		kept *= vxe_kept(other);
	}
	return kept;
}

/*
 * Rows that this relation gives to the query, those of all partitions if it is
 * one: together they are as many as LIMIT chooses from.
 */
static double
vxe_rows_offered(PlannerInfo *root, const RelOptInfo *rel)
{
	int			parent = -1;
	const RelOptInfo *whole = rel;

	if (bms_get_singleton_member(rel->top_parent_relids, &parent) &&
		root->simple_rel_array[parent] != NULL)
		whole = root->simple_rel_array[parent];
	return Max(whole->rows, 1.0);
}

/*
 * Whether the query has a LIMIT that is a parameter of a generic plan.
 */
static bool
vxe_limit_is_unknown(const Query *parse)
{
	return parse->limitCount != NULL && !IsA(parse->limitCount, Const) &&
		parse->groupClause == NIL && parse->groupingSets == NIL &&
		parse->distinctClause == NIL && !parse->hasAggs && !parse->hasWindowFuncs;
}

/*
 * The share of the index's rows, 0 < share <= 1, that the scan has to return
 * before the query has enough: all without LIMIT, and with it those that it
 * takes until so many meet the conditions.
 *
 * A cursor wants a fraction of the rows, by the server's rule.
 */
static double
vxe_share_wanted(PlannerInfo *root, const RelOptInfo *rel)
{
	const Query *parse = root->parse;
	double		wanted;

	if (root->limit_tuples > 0)
		wanted = root->limit_tuples;
	else if (vxe_limit_is_unknown(parse))
		wanted = VXE_USUAL_LIMIT;
	else if (parse->groupClause != NIL || parse->groupingSets != NIL ||
			 parse->distinctClause != NIL || parse->hasAggs ||
			 parse->hasWindowFuncs || root->tuple_fraction <= 0)
		return 1.0;
	else if (root->tuple_fraction < 1)
		return root->tuple_fraction;
	else
		wanted = root->tuple_fraction;

	wanted /= vxe_rows_offered(root, rel) * vxe_kept_by_joins(root, rel);
	return Min(wanted, 1.0);
}

/*
 * Cost of reading pages, of which the cache is unlikely to hold a share: each
 * costs something, and those of them that are distinct cost a read if they are
 * missed.
 */
static Cost
vxe_cost_of_pages(const VxCostModel *model, double pages, double page_cost)
{
	double		missed = 1.0 - Min(1.0, effective_cache_size / model->pages);
	double		distinct = Min(pages, model->pages);

	return page_cost * Max(VXE_CACHED_SHARE * pages, missed * distinct);
}

/*
 * Cost of a scan until it has returned a number of rows.
 */
static Cost
vxe_cost_of_rows(const VxCostModel *model, double rows)
{
	VxScanWork	work;

	Assert(rows >= 1.0 && rows <= model->tuples);
	memset(&work, 0, sizeof(work));
	model->work(model->shape, rows, &work);
	Assert(work.random_pages >= 0 && work.sequential_pages >= 0 && work.operators >= 0);

	return vxe_cost_of_pages(model, work.random_pages, random_page_cost) +
		vxe_cost_of_pages(model, work.sequential_pages, seq_page_cost) +
		work.operators * cpu_operator_cost + rows * cpu_index_tuple_cost;
}

/*
 * Cost of finding by a sort of the table what a scan leaves out that ends
 * before it has returned enough.
 */
static Cost
vxe_cost_of_sort(const RelOptInfo *rel)
{
	double		rows = Max(rel->rows, 2.0);

	return rel->pages * seq_page_cost + rel->tuples * cpu_tuple_cost +
		2.0 * cpu_operator_cost * rows * log2(rows);
}

/*
 * Set startup and total cost such that the planner's interpolation gives
 * `wanted` for a share of the rows.  first is the least that startup can be.
 */
static void
vxe_draw_line(const VxCostEstimate *estimate, double share, Cost first,
			  Cost wanted, Cost total)
{
	*estimate->startup = share == 1.0 ? first :
		Max(first, (wanted - share * total) / (1.0 - share));
	*estimate->startup = Min(*estimate->startup, total);
	*estimate->total = total;
}

/*
 * Startup and total cost for the rows that the query is expected to want.
 */
void
vxe_finish(PlannerInfo *root, IndexPath *path, const VxCostModel *model,
		   const VxCostEstimate *estimate)
{
	const RelOptInfo *rel = path->path.parent;
	double		share = vxe_share_wanted(root, rel);
	double		rows = Max(1.0, share * model->tuples);
	bool		falls_short = model->limit > 0 && rows > model->limit;
	Cost		wanted;
	Cost		total = vxe_cost_of_rows(model, model->tuples);

	Assert(share > 0 && share <= 1.0);
	if (falls_short && model->may_truncate && share < 1.0)
	{
		rows = Max(1.0, Min(model->limit, model->tuples));
		wanted = vxe_cost_of_rows(model, rows);
		total = Min(total, wanted / share);
		*estimate->selectivity = rows / model->tuples;
	}
	else
	{
		wanted = vxe_cost_of_rows(model, rows);
		if (falls_short)
		{
			wanted += vxe_cost_of_sort(rel);
			total += vxe_cost_of_sort(rel);
		}
		if (root->limit_tuples <= 0 && vxe_limit_is_unknown(root->parse))
		{
			/* the planner takes a tenth of the rows, whatever is said here */
			total = wanted;
			*estimate->selectivity = share;
		}
	}
	vxe_draw_line(estimate, share, vxe_cost_of_rows(model, 1.0), wanted, total);
}
