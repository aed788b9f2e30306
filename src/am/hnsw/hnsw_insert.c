/*-------------------------------------------------------------------------
 *
 * hnsw_insert.c
 *	  Insert a row into an hnsw index.
 *
 * What is done is in am/common/graph_insert.c; here is with what options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/hnsw/hnsw.h"

/*
 * How rows are inserted, as the index's options say now: ALTER INDEX ... SET
 * (ef_construction = ...) takes effect with the next statement.
 */
void
hnsw_insert_options(const VxIndex *index, VxInsertOptions *options)
{
	VxHnswOptions reloptions;

	vxo_hnsw_options(index->relation, index->opclass->type->is_array, &reloptions);
	options->effort = reloptions.ef_construction;
	options->max_layers = VX_MAX_LAYERS;
	options->alpha = 1.0f;
	Assert(options->effort >= 1);
}

/*
 * Insert a row: aminsert.  NULLs are left out.
 *
 * Always false: the index enforces no uniqueness.
 */
bool
hnswinsert(Relation relation, Datum *values, bool *isnull,
		   ItemPointer heap_tid, Relation heap,
		   IndexUniqueCheck check_unique, bool index_unchanged,
		   struct IndexInfo *index_info)
{
	if (!isnull[0])
		vxi_insert_datum(vxi_insert_statement(relation, index_info,
											  hnsw_insert_options),
						 values[0], heap_tid, index_unchanged);
	return false;
}
