/*-------------------------------------------------------------------------
 *
 * insert_statement.c
 *	  What the inserts of one statement share: aminsert of graph indexes.
 *
 * Opening an index reads its metapage and mean and prepares a codec, which
 * costs more than many an insert; so it is done for the first row and kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_insert.h"

struct VxInsertStatement
{
	VxIndex    *index;
	VxGraphInsert *insert;
	MemoryContext row_context;	/* reset after each row */
};

/*
 * The working state of the statement, set up by its first row.  It lives as
 * long as the IndexInfo, which the executor keeps for the statement.
 */
VxInsertStatement *
vxi_insert_statement(Relation relation, struct IndexInfo *index_info,
					 VxInsertOptionsOf options_of)
{
	VxInsertStatement *statement = (VxInsertStatement *) index_info->ii_AmCache;
	MemoryContext old;
	VxInsertOptions options;

	if (statement == NULL)
	{
		old = MemoryContextSwitchTo(index_info->ii_Context);
		statement = palloc0_object(VxInsertStatement);
		statement->index = vxi_open(relation);
		options_of(statement->index, &options);
		statement->insert = vxi_insert_begin(statement->index, VX_PAGES_LOGGED,
											 &options);
		statement->row_context = AllocSetContextCreate(index_info->ii_Context,
													   "vector index insert row",
													   ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(old);
		index_info->ii_AmCache = statement;
	}
	Assert(statement->index != NULL);
	statement->index->relation = relation;
	return statement;
}

/*
 * Insert the value of a row, which must not be NULL.  Values that have no place
 * in the index, such as those without a direction, are left out.  unchanged is
 * the executor's hint that the row is a new version of one with this value.
 */
void
vxi_insert_datum(VxInsertStatement *statement, Datum datum,
				 const ItemPointerData *tid, bool unchanged)
{
	const VxIndex *index = statement->index;
	MemoryContext old = MemoryContextSwitchTo(statement->row_context);
	VxIndexValue value;

	Assert(ItemPointerIsValid(tid));
	vxi_value(index->opclass, (int) index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(datum)), &value);
	if (value.indexed)
		vxi_insert(statement->insert, &value, tid, unchanged);
	MemoryContextSwitchTo(old);
	MemoryContextReset(statement->row_context);
}
