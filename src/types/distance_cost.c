/*-------------------------------------------------------------------------
 *
 * distance_cost.c
 *	  What the planner charges for computing a distance: the support function
 *	  of the functions behind distance operators.
 *
 * The arithmetic is little.  What costs is that a vector of more than 2 kB is
 * stored out of line, where the planner does not look: the cost of a sequential
 * scan has the pages of the table and not those of its TOAST table, so that
 * exact search over long vectors seems to cost a fiftieth of what it does.
 * The pages that fetching an argument reads are therefore charged here, to the
 * call that reads them, which holds for every plan alike.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"

/* Bytes of vector that the kernels take in about the time of one operator. */
#define VXT_BYTES_PER_OPERATOR	512.0

/* Of a column stored out of line that does not say how long its values are. */
#define VXT_UNKNOWN_BYTES		4096.0

/*
 * Descent of the index of a TOAST table: as many operators a level as the
 * server reckons for a btree, and levels.
 */
#define VXT_OPERATORS_PER_LEVEL	50.0
#define VXT_TOAST_LEVELS		3.0

/*
 * Bytes of a value of a type with this modifier, header included; 0 if
 * unknown, as for sparsevec, whose modifier is not its length.
 */
static double
vxt_value_bytes(Oid type, int32 typmod)
{
	HeapTuple	tuple;
	double		element = 0;

	if (typmod <= 0)
		return 0;
	if (type == BITOID)
		return VARHDRSZ + sizeof(int32) + typmod / 8.0;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (HeapTupleIsValid(tuple))
	{
		const char *name = NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname);

		element = strcmp(name, "vector") == 0 ? 4 : strcmp(name, "halfvec") == 0 ? 2 : 0;
		ReleaseSysCache(tuple);
	}
	return element == 0 ? 0 : VARHDRSZ + sizeof(int32) + element * typmod;
}

/*
 * The share of a column's values that are stored out of line: what the average
 * width says that ANALYZE has found, for which a value out of line is as wide
 * as the pointer to it; without it, what their length suggests.
 */
static double
vxt_share_out_of_line(Oid relation, AttrNumber attribute, double bytes)
{
	int32		width = get_attavgwidth(relation, attribute);
	HeapTuple	tuple;
	char		storage;

	if (width > 0 && bytes > TOAST_POINTER_SIZE)
		return Min(1.0, Max(0.0, (bytes - width) / (bytes - TOAST_POINTER_SIZE)));
	if (width > 0)
		return width <= TOAST_POINTER_SIZE ? 1.0 : 0.0;

	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(attribute));
	if (!HeapTupleIsValid(tuple))
		return 0.0;
	storage = ((Form_pg_attribute) GETSTRUCT(tuple))->attstorage;
	ReleaseSysCache(tuple);
	return (storage == TYPSTORAGE_EXTERNAL || storage == TYPSTORAGE_EXTENDED) &&
		bytes > TOAST_TUPLE_THRESHOLD ? 1.0 : 0.0;
}

/*
 * Cost of fetching a value that is out of line.  Rows and their values are
 * mostly written in the same order, so a scan reads the latter in sequence; it
 * finds each through an index.
 */
static Cost
vxt_cost_of_fetch(double bytes)
{
	double		chunks = ceil(bytes / TOAST_MAX_CHUNK_SIZE);

	return bytes / BLCKSZ * seq_page_cost + chunks * cpu_tuple_cost +
		VXT_TOAST_LEVELS * VXT_OPERATORS_PER_LEVEL * cpu_operator_cost;
}

/*
 * Cost of one argument: its arithmetic, and fetching the column that it is
 * made of, if it is.
 */
static Cost
vxt_cost_of_argument(PlannerInfo *root, Node *argument)
{
	double		bytes = vxt_value_bytes(exprType(argument), exprTypmod(argument));
	Cost		arithmetic = bytes / VXT_BYTES_PER_OPERATOR * cpu_operator_cost;
	RangeTblEntry *rte;
	Var		   *var;
	double		share;

	/* casts, subvector() and the like have the column for first argument */
	while (IsA(argument, RelabelType) ||
		   (IsA(argument, FuncExpr) && ((FuncExpr *) argument)->args != NIL))
		argument = IsA(argument, RelabelType) ?
			(Node *) ((RelabelType *) argument)->arg :
			(Node *) linitial(((FuncExpr *) argument)->args);
	if (root == NULL || !IsA(argument, Var))
		return arithmetic;
	var = (Var *) argument;
	if (var->varlevelsup != 0 || IS_SPECIAL_VARNO(var->varno))
		return arithmetic;
	rte = planner_rt_fetch(var->varno, root);
	if (rte->rtekind != RTE_RELATION || var->varattno <= 0)
		return arithmetic;

	bytes = vxt_value_bytes(var->vartype, var->vartypmod);
	share = vxt_share_out_of_line(rte->relid, var->varattno, bytes);
	Assert(share >= 0 && share <= 1);
	return arithmetic +
		share * vxt_cost_of_fetch(bytes > 0 ? bytes : VXT_UNKNOWN_BYTES);
}

VX_FUNCTION(vx_distance_support);

/*
 * vectorx_distance_support(internal) -- planner support of distances: their
 * cost.  NULL, and the function's own cost, for whatever else is asked.
 */
Datum
vx_distance_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestCost *cost;
	List	   *arguments;
	ListCell   *cell;

	if (!IsA(request, SupportRequestCost))
		PG_RETURN_POINTER(NULL);
	cost = (SupportRequestCost *) request;
	if (cost->node != NULL && IsA(cost->node, OpExpr))
		arguments = ((OpExpr *) cost->node)->args;
	else if (cost->node != NULL && IsA(cost->node, FuncExpr))
		arguments = ((FuncExpr *) cost->node)->args;
	else
		PG_RETURN_POINTER(NULL);

	cost->startup = 0;
	cost->per_tuple = cpu_operator_cost;
	foreach(cell, arguments)
		cost->per_tuple += vxt_cost_of_argument(cost->root, (Node *) lfirst(cell));
	PG_RETURN_POINTER(cost);
}
