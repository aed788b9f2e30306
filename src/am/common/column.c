/*-------------------------------------------------------------------------
 *
 * column.c
 *	  The column of a vector index: what may be indexed, and its queries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/float.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "am/common/column.h"

/*
 * The dimensions of the column of an index that is to be built.
 *
 * Refuses what cannot be indexed, in the order and with the messages of
 * pgvector, which clients match.  method is the name of the access method, most
 * the most dimensions that it takes of the type, given the dimensions of an
 * array, which its column does not have.
 */
int
vxi_column_dimensions(Relation index, const VxElementType *type,
					  const char *method, int given, int most)
{
	const FormData_pg_attribute *column = TupleDescAttr(RelationGetDescr(index), 0);
	int			dimensions = type->is_array ? Max(given, 1) : column->atttypmod;

	Assert(most >= 1);
	if (OidIsValid(type->only_type) && getBaseType(column->atttypid) != type->only_type)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type not supported for %s index", method),
				 errhint("Index the expression (column::%s(n)).", type->name)));
	if (dimensions < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions"),
				 errhint("Run ALTER TABLE ... ALTER COLUMN ... TYPE %s(n) with the number of dimensions, or index the expression (column::%s(n)).",
						 type->name, type->name)));
	if (dimensions > most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %d dimensions for %s index",
						most, method),
				 errdetail("The column has %d dimensions.", dimensions),
				 type->cut == NULL ? 0 :
				 errhint("Index an expression of fewer dimensions, such as (%s).",
						 psprintf(type->cut, most))));
	return dimensions;
}

/*
 * The value that a scan is to order by.  value->indexed is false for a NULL, and
 * for a zero vector under an operator class that normalises: they have no distance
 * to anything.  range is of the rows that are wanted, infinite if nothing says so;
 * scans may ignore it.  Errors as the operator would if the dimensions are others.
 * A query of another type than the column's may have an image alone: its elements
 * are NULL then.
 */
void
vxi_query_value(const VxOperatorClass *opclass, int dimensions,
				const ScanKeyData *orderby, VxIndexValue *value,
				VxRange *range)
{
	VxOperatorClass asked = *opclass;
	const VxElementType *type;
	Datum		datum;
	int			given;

	Assert(dimensions >= 1);
	asked.type = type = vxt_query_type(opclass->type, orderby->sk_func.fn_addr);
	memset(value, 0, sizeof(*value));
	range->limit = get_float8_infinity();
	range->nan_passes = false;
	if (orderby->sk_flags & SK_ISNULL)
		return;
	datum = vxs_range_query(orderby->sk_argument, range);
	if (type->check != NULL)
		type->check(datum);
	given = type->dimensions(datum);
	if (given != dimensions)
		vxt_refuse_query(opclass->type, dimensions, given);
	vxi_value(&asked, dimensions, datum, value);
	if (type != opclass->type)
		value->elements = vxt_elements_of_image(opclass->type, value->image);
}
