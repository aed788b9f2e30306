/*-------------------------------------------------------------------------
 *
 * hnsw_build.c
 *	  CREATE INDEX ... USING hnsw.
 *
 * The rows are spooled to a temporary file, which gives the mean; then they
 * are encoded and linked into a graph in memory, and the graph is packed and
 * written in order.  Rows beyond what maintenance_work_mem holds are inserted
 * into the written index one by one.
 *
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/backend_progress.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_write.h"
#include "am/hnsw/hnsw.h"

/*
 * Bits a dimension: the finer codes while a page holds so many of them, see
 * graph/README.md.
 */
#define HNSW_FINE_CODE_BITS		4
#define HNSW_COARSE_CODE_BITS	2
#define HNSW_FINE_CODE_SLOTS	12

/* Half width of the L1 grid, in standard deviations of a dimension. */
#define HNSW_SPREAD_DEVIATIONS	4.0

/*
 * State of one CREATE INDEX.  Memory that grows with the table is the graph
 * and the TIDs, both within maintenance_work_mem; the spool is on disk.
 */
typedef struct HnswBuild
{
	Relation	heap;
	struct IndexInfo *index_info;
	VxIndex    *index;
	VxSpool    *spool;
	bool		spool_images;	/* what the codec is given, not the values */
	MemoryContext tuple_context;	/* reset after each row */
	double	   *sums;			/* of each dimension, over the spooled rows */
	double		squares;		/* over all dimensions */
	double		heap_tuples;
	double		index_tuples;
	VxMemGraph *graph;
	uint64	   *tids;
	uint32		in_memory;		/* rows that the graph holds */
} HnswBuild;

/*
 * Refuse what cannot be indexed, in the order and with the messages of
 * pgvector, which clients match.  Returns the dimensions of the column.
 */
static int
hnsw_check_column(Relation index, const VxOperatorClass *opclass,
				  const VxHnswOptions *options)
{
	const VxElementType *type = opclass->type;
	const FormData_pg_attribute *column = TupleDescAttr(RelationGetDescr(index), 0);
	int			dimensions = type->is_array ? Max(options->dims, 1) : column->atttypmod;

	if (OidIsValid(type->only_type) && getBaseType(column->atttypid) != type->only_type)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type not supported for hnsw index"),
				 errhint("Index the expression (column::%s(n)).", type->name)));
	if (dimensions < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions"),
				 errhint("Run ALTER TABLE ... ALTER COLUMN ... TYPE %s(n) with the number of dimensions, or index the expression (column::%s(n)).",
						 type->name, type->name)));
	if (dimensions > type->max_dimensions)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %d dimensions for hnsw index",
						type->max_dimensions),
				 errdetail("The column has %d dimensions.", dimensions),
				 type->cut == NULL ? 0 :
				 errhint("Index an expression of fewer dimensions, such as (%s).",
						 psprintf(type->cut, type->max_dimensions))));
	vxo_hnsw_check_options(options, type->is_array);
	return dimensions;
}

/* Whether a page can hold a node with the codes at hand. */
static bool
hnsw_codes_fit(const VxIndex *index)
{
	const VxMetaPageData *data = &index->meta.data;

	return vxp_graph_shape_fits(data->code_bytes, data->m, data->vector_bytes);
}

/*
 * Set up codes of the given bits, and what follows from them of the layout.
 */
static void
hnsw_set_codes(VxIndex *index, int bits)
{
	VxMetaPageData *data = &index->meta.data;

	if (index->scratch != NULL)
	{
		vxq_codec_release(&index->codec, &index->host);
		pfree(index->scratch);
	}
	data->code_bits = (uint8) bits;
	vxi_codec_init(index, NULL);
	data->code_kind = (uint8) index->codec.kind;
	data->code_bytes = (uint32) index->codec.code_bytes;
	data->vector_bytes = vxi_vector_bytes(index->opclass, index->codec.kind,
										  (int) data->dimensions);
	Assert(data->code_bytes > 0);
	if (hnsw_codes_fit(index))
		vxp_meta_derive(&index->meta);
}

/*
 * Begin an index: check the column and fill in the fixed fields of the
 * metapage.  The codec is set up for the shape of its codes only.
 */
static VxIndex *
hnsw_new_index(Relation relation)
{
	VxIndex    *index = vxi_new(relation);
	VxMetaPageData *data = &index->meta.data;
	VxHnswOptions options;

	vxo_hnsw_options(relation, index->opclass->type->is_array, &options);
	data->dimensions = hnsw_check_column(relation, index->opclass, &options);
	data->code_dimensions = (uint32) index->opclass->type->code_dimensions((int) data->dimensions);
	data->m = (uint16) options.m;
	data->ef_construction = (uint16) options.ef_construction;
	data->fillfactor = (uint16) options.fillfactor;
	data->metric = (uint8) index->opclass->metric;
	data->opclass_id = index->opclass->type->id;
	data->seed = (uint64) vxo_seed;
	if (options.code_bits > 0)
		hnsw_set_codes(index, options.code_bits);
	else
	{
		hnsw_set_codes(index, HNSW_FINE_CODE_BITS);
		if (index->codec.kind == VX_CODE_LATTICE &&
			(!hnsw_codes_fit(index) ||
			 index->meta.geometry[0].slots < HNSW_FINE_CODE_SLOTS))
			hnsw_set_codes(index, HNSW_COARSE_CODE_BITS);
	}
	if (!hnsw_codes_fit(index))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index tuple too large"),
				 errhint("Use a smaller m or code_bits.")));
	return index;
}

/*
 * Add a row to the sums that the mean is made of: of the vector, or of its
 * direction where the operator class normalises.  Bit strings have no mean.
 */
static void
hnsw_sum_row(HnswBuild *build, const float *floats)
{
	int			dimensions = build->index->codec.dims;
	double		scale = 1.0;
	double		norm2 = 0;

	Assert(dimensions >= 1);
	if (vx_metric_is_of_bits(build->index->opclass->metric))
		return;
	for (int i = 0; i < dimensions; i++)
		norm2 += (double) floats[i] * floats[i];
	if (build->index->opclass->normalised)
	{
		scale = norm2 > 0 ? 1.0 / sqrt(norm2) : 0.0;
		norm2 = 1.0;
	}
	for (int i = 0; i < dimensions; i++)
		build->sums[i] += floats[i] * scale;
	build->squares += norm2;
}

/*
 * Callback of the heap scan: spool a row.
 */
static void
hnsw_spool_row(Relation relation, ItemPointer tid, Datum *values, bool *isnull,
			   bool tuple_is_alive, void *state)
{
	HnswBuild  *build = (HnswBuild *) state;
	MemoryContext old;
	VxIndexValue value;

	Assert(build->spool != NULL && build->sums != NULL);
	if (isnull[0])
		return;

	old = MemoryContextSwitchTo(build->tuple_context);
	vxi_value(build->index->opclass, (int) build->index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(values[0])), &value);
	if (value.indexed)
	{
		vxb_spool_append(build->spool, tid, build->spool_images ? value.image : value.elements);
		hnsw_sum_row(build, (const float *) value.image);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->tuple_context);
}

/*
 * Read the table: all rows that an index must have, as the server's scan gives
 * them, which takes care of HOT chains, predicates and expressions, reports
 * blocks done and checks for interrupts.
 */
static void
hnsw_spool_heap(HnswBuild *build)
{
	const VxMetaPageData *data = &build->index->meta.data;
	const VxElementType *type = build->index->opclass->type;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_LOAD);
	build->spool_images = type->fixed_bytes == NULL;
	build->spool = vxb_spool_create(build->spool_images ? data->code_dimensions * sizeof(float) :
									type->fixed_bytes((int) data->dimensions));
	build->sums = palloc0_array(double, build->index->codec.dims);
	build->heap_tuples = table_index_build_scan(build->heap,
												build->index->relation,
												build->index_info, true, true,
												hnsw_spool_row, build, NULL);
	build->index_tuples = build->spool->count;
}

/*
 * Set up the codec around the mean of the rows and write the first pages.
 *
 * The mean is exact, over all rows; without rows it is zero, and no page is
 * spent on it.  The L1 grid is as wide as the deviation of the rows from their
 * mean says, over all dimensions together, since it has one step for all.
 */
static void
hnsw_start_index(HnswBuild *build)
{
	VxIndex    *index = build->index;
	int			dimensions = index->codec.dims;
	uint32		rows = build->spool->count;
	float	   *mean = palloc_array(float, dimensions);
	double		variance = 0;

	for (int i = 0; i < dimensions; i++)
	{
		double		average = rows == 0 ? 0 : build->sums[i] / rows;

		mean[i] = (float) average;
		variance -= average * average;
	}
	if (rows > 0)
		variance = (variance + build->squares / rows) / dimensions;
	index->meta.data.spread =
		variance > 0 && variance < FLT_MAX ?
		(float) (HNSW_SPREAD_DEVIATIONS * sqrt(variance)) : 1.0f;

	vxq_codec_release(&index->codec, &index->host);
	pfree(index->scratch);
	vxi_codec_init(index, mean);
	vxp_meta_create(index->relation, MAIN_FORKNUM, &index->meta,
					rows == 0 || index->codec.kind == VX_CODE_BITS ? NULL : mean);
	pfree(mean);
}

/*
 * How many of the rows a graph within maintenance_work_mem can hold.  Memory
 * is nearly linear in the rows, so the first guess is close; the loop takes a
 * little off until it holds.
 */
static uint32
hnsw_rows_in_memory(HnswBuild *build, const VxBuildOptions *options)
{
	Size		limit = (Size) maintenance_work_mem * 1024;
	uint32		rows = Min(build->spool->count, PG_INT32_MAX);

	while (rows > 0 &&
		   vxg_memory(&build->index->codec, options, rows) + rows * sizeof(uint64) > limit)
	{
		Size		needed = vxg_memory(&build->index->codec, options, rows) +
			rows * sizeof(uint64);
		uint32		fewer = (uint32) ((double) rows * limit / needed);

		rows = Min(fewer, rows - rows / 64 - 1);
	}
	return rows;
}

/* What the codec is given of a spooled row; may be palloc'd. */
static const void *
hnsw_image(const HnswBuild *build, const void *spooled)
{
	const VxIndex *index = build->index;

	Assert(spooled != NULL);
	return build->spool_images ? spooled :
		index->opclass->type->image(index->opclass->metric, spooled,
									(int) index->meta.data.dimensions);
}

/*
 * Link the rows into a graph, as many as memory holds.
 *
 * Node n of the graph is row n of the spool.  Rows are linked in the order of
 * the table and layers drawn from vectorx.seed, so equal tables give equal
 * graphs.
 */
static void
hnsw_build_graph(HnswBuild *build)
{
	VxIndex    *index = build->index;
	VxBuildOptions options;

	memset(&options, 0, sizeof(options));
	options.m = index->meta.data.m;
	options.ef_construction = index->meta.data.ef_construction;
	options.seed = index->meta.data.seed;
	options.promote = vxi_promotion();
	options.slack = 1.3f;
	options.max_nodes = build->spool->count;
	build->in_memory = hnsw_rows_in_memory(build, &options);
	options.max_nodes = Max(build->in_memory, 1);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_GRAPH);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, build->spool->count);
	build->tids = (uint64 *) palloc_extended(Max(build->in_memory, 1) * sizeof(uint64),
											 MCXT_ALLOC_HUGE);
	build->graph = vxg_create(&index->codec, &options, &index->host);
	vxb_spool_rewind(build->spool);
	for (uint32 i = 0; i < build->in_memory; i++)
	{
		ItemPointerData tid;
		const void *elements = vxb_spool_next(build->spool, &tid);
		MemoryContext old = MemoryContextSwitchTo(build->tuple_context);

		build->tids[i] = vxi_tid_to_uint64(&tid);
		if (vxg_add(build->graph, hnsw_image(build, elements)) != i)
			elog(ERROR, "build graph is full after %u rows", i);
		MemoryContextSwitchTo(old);
		MemoryContextReset(build->tuple_context);
		if (i % 64 == 0)
			pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, i);
		CHECK_FOR_INTERRUPTS();
	}
	vxg_finish(build->graph);
}

/*
 * Insert the rows that the graph had no room for, into the pages that are
 * written by now, without WAL: the build logs all pages at its end.
 */
static void
hnsw_insert_rest(HnswBuild *build)
{
	VxInsertOptions options;
	VxGraphInsert *insert;

	Assert(build->in_memory <= build->spool->count);
	if (build->in_memory == build->spool->count)
		return;
	ereport(NOTICE,
			(errmsg("hnsw graph no longer fits into maintenance_work_mem after %lld tuples",
					(long long) build->in_memory),
			 errdetail("Building will take significantly more time."),
			 errhint("Increase maintenance_work_mem to speed up builds.")));

	hnsw_insert_options(build->index, &options);
	insert = vxi_insert_begin(build->index, VX_PAGES_BUILD, &options);
	for (uint32 i = build->in_memory; i < build->spool->count; i++)
	{
		ItemPointerData tid;
		const void *elements = vxb_spool_read(build->spool, i, &tid);
		MemoryContext old = MemoryContextSwitchTo(build->tuple_context);
		VxIndexValue value;

		value.elements = elements;
		value.image = hnsw_image(build, elements);
		value.indexed = true;
		vxi_insert(insert, &value, &tid);
		MemoryContextSwitchTo(old);
		MemoryContextReset(build->tuple_context);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, i);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Build an index: ambuild.
 *
 * The caller holds the locks that CREATE INDEX and REINDEX take; nobody else
 * reads the relation before they commit.  Everything but the result lives in
 * one memory context that is deleted at the end.  An error leaves the relation
 * to be removed by the transaction's abort.
 */
IndexBuildResult *
hnswbuild(Relation heap, Relation index, struct IndexInfo *index_info)
{
	IndexBuildResult *result = palloc0_object(IndexBuildResult);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "hnsw build",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	HnswBuild	build;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data",
			 RelationGetRelationName(index));

	memset(&build, 0, sizeof(build));
	build.heap = heap;
	build.index_info = index_info;
	build.tuple_context = AllocSetContextCreate(context, "hnsw build row",
												ALLOCSET_DEFAULT_SIZES);
	build.index = hnsw_new_index(index);

	hnsw_spool_heap(&build);
	hnsw_start_index(&build);
	hnsw_build_graph(&build);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_WRITE);
	vxb_write_graph(build.index, build.graph, build.spool, build.tids);
	vxg_free(build.graph);
	hnsw_insert_rest(&build);
	vxb_spool_close(build.spool);
	if (RelationNeedsWAL(index))
		vxp_log_fork(index, MAIN_FORKNUM);

	result->heap_tuples = build.heap_tuples;
	result->index_tuples = build.index_tuples;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

/*
 * Write the init fork of an unlogged index: an empty index, logged so that a
 * standby has it as well.
 */
void
hnswbuildempty(Relation index)
{
	VxIndex    *empty = hnsw_new_index(index);

	empty->meta.data.spread = 1.0f;
	vxp_meta_create(index, INIT_FORKNUM, &empty->meta, NULL);
	vxp_log_fork(index, INIT_FORKNUM);
}
