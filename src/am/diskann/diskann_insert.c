/*-------------------------------------------------------------------------
 *
 * diskann_insert.c
 *	  Insert a row into a diskann index.
 *
 * What is done is in am/common/graph_insert.c; here is with what options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/diskann/diskann.h"

/*
 * How rows are inserted, as the index's options say now: ALTER INDEX ... SET
 * (l_value_ib = ...) takes effect with the next statement.
 */
void
diskann_insert_options(const VxIndex *index, VxInsertOptions *options)
{
	VxDiskannOptions reloptions;

	vxo_diskann_options(index->relation, &reloptions);
	options->effort = reloptions.l_value_ib;
	options->max_layers = VX_MAX_LAYERS;
	options->alpha = DISKANN_ALPHA;
	Assert(options->effort >= 1);
}

/*
 * Insert a row: aminsert.  NULLs are left out.
 *
 * Always false: the index enforces no uniqueness.
 */
bool
diskanninsert(Relation relation, Datum *values, bool *isnull,
			  ItemPointer heap_tid, Relation heap,
			  IndexUniqueCheck check_unique, bool index_unchanged,
			  struct IndexInfo *index_info)
{
	if (!isnull[0])
		vxi_insert_datum(vxi_insert_statement(relation, index_info,
											  diskann_insert_options),
						 values[0], heap_tid, index_unchanged);
	return false;
}
