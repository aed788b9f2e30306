/*-------------------------------------------------------------------------
 *
 * hnsw_insert.c
 *	  Insert a row into an hnsw index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_insert.h"
#include "am/hnsw/hnsw.h"

/* What a statement that inserts many rows keeps between them. */
typedef struct HnswInsertCache
{
	VxIndex    *index;
	VxGraphInsert *insert;
	MemoryContext row_context;	/* reset after each row */
} HnswInsertCache;

/*
 * The working state of the statement, set up by its first row.  It lives as
 * long as the IndexInfo, which the executor keeps for the statement.
 */
static HnswInsertCache *
hnsw_insert_cache(Relation relation, struct IndexInfo *index_info)
{
	MemoryContext old;
	HnswInsertCache *cache;

	if (index_info->ii_AmCache != NULL)
		return (HnswInsertCache *) index_info->ii_AmCache;

	old = MemoryContextSwitchTo(index_info->ii_Context);
	cache = palloc0_object(HnswInsertCache);
	cache->index = vxi_open(relation);
	cache->insert = vxi_insert_begin(cache->index, VX_PAGES_LOGGED);
	cache->row_context = AllocSetContextCreate(index_info->ii_Context,
											   "hnsw insert row",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	index_info->ii_AmCache = cache;
	return cache;
}

/*
 * Insert a row; NULLs and values without a direction are left out.
 *
 * Always false: the index enforces no uniqueness.
 */
bool
hnswinsert(Relation relation, Datum *values, bool *isnull,
		   ItemPointer heap_tid, Relation heap,
		   IndexUniqueCheck check_unique, bool index_unchanged,
		   struct IndexInfo *index_info)
{
	HnswInsertCache *cache;
	MemoryContext old;
	VxIndexValue value;

	if (isnull[0])
		return false;

	cache = hnsw_insert_cache(relation, index_info);
	cache->index->relation = relation;
	old = MemoryContextSwitchTo(cache->row_context);
	vxi_value(cache->index->opclass, (int) cache->index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(values[0])), &value);
	if (value.indexed)
		vxi_insert(cache->insert, &value, heap_tid);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cache->row_context);
	return false;
}
