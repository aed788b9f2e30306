/*-------------------------------------------------------------------------
 *
 * range_plan.c
 *	  Noticing conditions on the distance that an index orders by.
 *
 * When the planner has made the paths of a table, those that scan an index of
 * ours in the order of a distance are looked at again: if a condition of the
 * table bounds the same distance, the query vector in the path's ORDER BY is
 * wrapped in a call of vectorx_within() with the bound, which the executor
 * evaluates when the scan begins, like any query vector: bounds may be
 * parameters.  The condition itself stays and is tested on every row.
 *
 * Costs are left as they are, so no choice between paths changes.
 *
 * See "Ranges" in README.md for the conditions that are recognised.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "am/common/method.h"
#include "am/common/range.h"

/* A comparison of floats. */
typedef enum VxComparison
{
	VX_COMPARE_NONE,
	VX_COMPARE_LESS,			/* or equal */
	VX_COMPARE_GREATER			/* or equal */
} VxComparison;

/* sign * distance + offset. */
typedef struct VxLinear
{
	int			sign;			/* 1 or -1 */
	double		offset;
} VxLinear;

/* What a condition says about a distance. */
typedef struct VxBound
{
	Expr	   *bound;			/* float8 */
	bool		similarity;		/* origin - distance >= bound */
	double		origin;
} VxBound;

static set_rel_pathlist_hook_type previous_pathlist_hook;

/* The value of a float8 constant. */
static bool
vxs_float_constant(Node *node, double *value)
{
	Const	   *constant = (Const *) node;

	if (!IsA(node, Const) || constant->consttype != FLOAT8OID || constant->constisnull)
		return false;
	*value = DatumGetFloat8(constant->constvalue);
	return true;
}

/*
 * Whether an expression is the distance that the path orders by.  Distances are
 * symmetric: the operators are their own commutators.
 */
static bool
vxs_is_distance(const OpExpr *expression, const OpExpr *distance)
{
	Node	   *left;
	Node	   *right;

	if (expression->opno != distance->opno || list_length(expression->args) != 2)
		return false;
	left = (Node *) linitial(expression->args);
	right = (Node *) lsecond(expression->args);
	return (equal(left, linitial(distance->args)) && equal(right, lsecond(distance->args))) ||
		(equal(right, linitial(distance->args)) && equal(left, lsecond(distance->args)));
}

/*
 * Takes an expression apart that is plus or minus the distance, plus a
 * constant.
 */
static bool
vxs_linear(Node *node, const OpExpr *distance, VxLinear *linear)
{
	OpExpr	   *expression = (OpExpr *) node;
	double		constant;

	check_stack_depth();
	if (!IsA(node, OpExpr))
		return false;
	if (vxs_is_distance(expression, distance))
	{
		linear->sign = 1;
		linear->offset = 0;
		return true;
	}
	set_opfuncid(expression);
	switch (expression->opfuncid)
	{
		case F_FLOAT8UM:
			if (!vxs_linear((Node *) linitial(expression->args), distance, linear))
				return false;
			linear->sign = -linear->sign;
			linear->offset = -linear->offset;
			return true;
		case F_FLOAT8MI:
			if (!vxs_float_constant((Node *) linitial(expression->args), &constant) ||
				!vxs_linear((Node *) lsecond(expression->args), distance, linear))
				return false;
			linear->sign = -linear->sign;
			linear->offset = constant - linear->offset;
			return true;
		case F_FLOAT8MUL:
			for (int i = 0; i < 2; i++)
			{
				if (!vxs_float_constant((Node *) list_nth(expression->args, i), &constant) ||
					constant != -1 ||
					!vxs_linear((Node *) list_nth(expression->args, 1 - i), distance, linear))
					continue;
				linear->sign = -linear->sign;
				linear->offset = -linear->offset;
				return true;
			}
			return false;
		default:
			return false;
	}
}

/* What a function compares, if it compares floats and one is a float8. */
static VxComparison
vxs_comparison(Oid function)
{
	switch (function)
	{
		case F_FLOAT8LT:
		case F_FLOAT8LE:
		case F_FLOAT84LT:
		case F_FLOAT84LE:
		case F_FLOAT48LT:
		case F_FLOAT48LE:
			return VX_COMPARE_LESS;
		case F_FLOAT8GT:
		case F_FLOAT8GE:
		case F_FLOAT84GT:
		case F_FLOAT84GE:
		case F_FLOAT48GT:
		case F_FLOAT48GE:
			return VX_COMPARE_GREATER;
		default:
			return VX_COMPARE_NONE;
	}
}

/*
 * The bound as a float8 that can be evaluated once, when the scan begins;
 * NULL if it cannot.
 */
static Expr *
vxs_bound_expression(Node *node)
{
	if (contain_var_clause(node) || contain_volatile_functions(node) ||
		contain_subplans(node))
		return NULL;
	switch (exprType(node))
	{
		case FLOAT8OID:
			return (Expr *) copyObject(node);
		case FLOAT4OID:
			return (Expr *) makeFuncExpr(F_FLOAT8_FLOAT4, FLOAT8OID,
										 list_make1(copyObject(node)),
										 InvalidOid, InvalidOid, COERCE_IMPLICIT_CAST);
		default:
			return NULL;
	}
}

/*
 * Whether a condition bounds the distance from above: distance < r, and
 * c - distance > s, also with <=, >=, and either side first.
 */
static bool
vxs_bound(Expr *clause, const OpExpr *distance, VxBound *bound)
{
	OpExpr	   *comparison = (OpExpr *) clause;
	VxComparison kind;

	if (!IsA(clause, OpExpr) || list_length(comparison->args) != 2)
		return false;
	set_opfuncid(comparison);
	kind = vxs_comparison(comparison->opfuncid);
	for (int side = 0; kind != VX_COMPARE_NONE && side < 2; side++)
	{
		VxLinear	linear;
		bool		less = (kind == VX_COMPARE_LESS) == (side == 0);

		if (!vxs_linear((Node *) list_nth(comparison->args, side), distance, &linear) ||
			less != (linear.sign > 0) || (linear.sign > 0 && linear.offset != 0))
			continue;
		bound->bound = vxs_bound_expression((Node *) list_nth(comparison->args, 1 - side));
		bound->similarity = linear.sign < 0;
		bound->origin = linear.offset + 0.0;	/* no -0 */
		return bound->bound != NULL;
	}
	return false;
}

/*
 * vectorx_within() of so many arguments, beside the operator's function;
 * InvalidOid if the extension's script is older than it.
 */
static Oid
vxs_within_function(Oid operator, int arguments)
{
	Oid			types[3] = {INTERNALOID, FLOAT8OID, FLOAT8OID};
	Oid			schema = get_func_namespace(get_opcode(operator));
	Oid			function;
	FmgrInfo	info;

	Assert(arguments == 2 || arguments == 3);
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum("vectorx_within"),
							   PointerGetDatum(buildoidvector(types, arguments)),
							   ObjectIdGetDatum(schema));
	if (!OidIsValid(function))
		return InvalidOid;
	fmgr_info(function, &info);
	return info.fn_addr == vx_within ? function : InvalidOid;
}

/*
 * The distance of a path with a bound wrapped around its query; NULL if the
 * extension has no function to do it.
 */
static OpExpr *
vxs_wrap(const OpExpr *distance, const VxBound *bound)
{
	OpExpr	   *result = (OpExpr *) copyObject(distance);
	Node	   *query = (Node *) lsecond(result->args);
	Oid			function = vxs_within_function(distance->opno, bound->similarity ? 3 : 2);
	List	   *arguments = list_make2(query, bound->bound);

	if (!OidIsValid(function))
		return NULL;
	if (bound->similarity)
		arguments = lappend(arguments,
							makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8),
									  Float8GetDatum(bound->origin), false,
									  FLOAT8PASSBYVAL));

	/* to whoever looks, the result is still a query of the operator's type */
	lsecond(result->args) = makeFuncExpr(function, exprType(query), arguments,
										 InvalidOid, InvalidOid,
										 COERCE_EXPLICIT_CALL);
	return result;
}

/*
 * Look for a condition that bounds the distance of a path, and wrap it.  The
 * first one counts.
 */
static void
vxs_bound_path(IndexPath *path, List *conditions)
{
	OpExpr	   *distance = (OpExpr *) linitial(path->indexorderbys);
	ListCell   *cell;

	if (!IsA(distance, OpExpr) || list_length(distance->args) != 2)
		return;
	foreach(cell, conditions)
	{
		RestrictInfo *condition = lfirst_node(RestrictInfo, cell);
		OpExpr	   *wrapped;
		VxBound		bound;

		if (!vxs_bound(condition->clause, distance, &bound))
			continue;
		wrapped = vxs_wrap(distance, &bound);
		if (wrapped != NULL)
			path->indexorderbys = list_make1(wrapped);
		return;
	}
}

/*
 * set_rel_pathlist_hook: looks at the index paths of a table.
 */
static void
vxs_range_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
				   RangeTblEntry *rte)
{
	ListCell   *cell;

	if (previous_pathlist_hook != NULL)
		previous_pathlist_hook(root, rel, rti, rte);
	foreach(cell, rel->pathlist)
	{
		IndexPath  *path = (IndexPath *) lfirst(cell);

		if (IsA(path, IndexPath) && list_length(path->indexorderbys) == 1 &&
			vxm_takes_range((amcostestimate_function) path->indexinfo->amcostestimate))
			vxs_bound_path(path, rel->baserestrictinfo);
	}
}

/*
 * Install the hook, when the library is loaded.
 */
void
vxs_range_init(void)
{
	previous_pathlist_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = vxs_range_pathlist;
}
