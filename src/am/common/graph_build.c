/*-------------------------------------------------------------------------
 *
 * graph_build.c
 *	  CREATE INDEX for access methods whose pages form a graph.
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
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_build.h"
#include "am/common/graph_insert.h"
#include "am/common/graph_write.h"

/* Half width of the L1 grid, in standard deviations of a dimension. */
#define VXB_SPREAD_DEVIATIONS	4.0

/* How far a list may outgrow its degree before it is pruned. */
#define VXB_SLACK				1.3f

/*
 * State of one CREATE INDEX.  Memory that grows with the table is the graph
 * and the TIDs, both within maintenance_work_mem; the spool is on disk.
 */
typedef struct VxGraphBuild
{
	const VxGraphMethod *method;
	Relation	heap;
	struct IndexInfo *index_info;
	VxIndex    *index;
	VxSpool    *spool;
	MemoryContext tuple_context;	/* reset after each row */
	double	   *sums;			/* of each dimension, over the spooled rows */
	double		squares;		/* over all dimensions */
	double		heap_tuples;
	double		index_tuples;
	VxMemGraph *graph;
	uint64	   *tids;
	uint32		in_memory;		/* rows that the graph holds */
} VxGraphBuild;

/*
 * Add a row to the sums that the mean is made of: of the vector, or of its
 * direction where the operator class normalises.  Bit strings have no mean.
 */
static void
vxb_sum_row(VxGraphBuild *build, const float *floats)
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
vxb_spool_row(Relation relation, ItemPointer tid, Datum *values, bool *isnull,
			   bool tuple_is_alive, void *state)
{
	VxGraphBuild  *build = (VxGraphBuild *) state;
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
		vxb_spool_append(build->spool, tid, value.elements, value.bytes);
		vxb_sum_row(build, (const float *) value.image);
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
vxb_spool_heap(VxGraphBuild *build)
{
	const VxMetaPageData *data = &build->index->meta.data;
	const VxElementType *type = build->index->opclass->type;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_LOAD);
	build->spool = vxb_spool_create(type->fixed_bytes == NULL ? 0 :
									type->fixed_bytes((int) data->dimensions));
	build->sums = palloc0_array(double, build->index->codec.dims);
	build->heap_tuples = table_index_build_scan(build->heap,
												build->index->relation,
												build->index_info, true, true,
												vxb_spool_row, build, NULL);
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
vxb_start_index(VxGraphBuild *build)
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
		(float) (VXB_SPREAD_DEVIATIONS * sqrt(variance)) : 1.0f;

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
vxb_rows_in_memory(VxGraphBuild *build, const VxBuildOptions *options)
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
vxb_image(const VxIndex *index, const void *elements)
{
	Assert(elements != NULL);
	return index->opclass->type->image(index->opclass->metric, elements,
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
vxb_build_graph(VxGraphBuild *build)
{
	VxIndex    *index = build->index;
	VxBuildOptions options;

	memset(&options, 0, sizeof(options));
	options.m = index->meta.data.m;
	options.ef_construction = index->meta.data.ef_construction;
	options.seed = index->meta.data.seed;
	options.slack = VXB_SLACK;
	options.max_nodes = build->spool->count;
	if (build->method->graph_options != NULL)
		build->method->graph_options(index, &options);
	build->in_memory = vxb_rows_in_memory(build, &options);
	options.max_nodes = Max(build->in_memory, 1);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_GRAPH);
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
		if (vxg_add(build->graph, vxb_image(index, elements)) != i)
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
vxb_insert_rest(VxGraphBuild *build)
{
	VxInsertOptions options;
	VxGraphInsert *insert;

	/* values of varying length are not written, so the spool is where it was */
	bool		in_order = build->index->opclass->type->fixed_bytes == NULL;

	Assert(build->in_memory <= build->spool->count);
	if (build->in_memory == build->spool->count)
		return;
	ereport(NOTICE,
			(errmsg("%s graph no longer fits into maintenance_work_mem after %lld tuples",
					build->method->name, (long long) build->in_memory),
			 errdetail("Building will take significantly more time."),
			 errhint("Increase maintenance_work_mem to speed up builds.")));

	build->method->insert_options(build->index, &options);
	insert = vxi_insert_begin(build->index, VX_PAGES_BUILD, &options);
	for (uint32 i = build->in_memory; i < build->spool->count; i++)
	{
		ItemPointerData tid;
		const void *elements = in_order ? vxb_spool_next(build->spool, &tid) :
			vxb_spool_read(build->spool, i, &tid);
		MemoryContext old = MemoryContextSwitchTo(build->tuple_context);
		VxIndexValue value;

		value.elements = elements;
		value.bytes = vxt_elements_bytes(build->index->opclass->type, elements,
										 (int) build->index->meta.data.dimensions);
		value.image = vxb_image(build->index, elements);
		value.indexed = true;
		vxi_insert(insert, &value, &tid, false);
		MemoryContextSwitchTo(old);
		MemoryContextReset(build->tuple_context);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, i);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Build an index: ambuild of an access method.
 *
 * The caller holds the locks that CREATE INDEX and REINDEX take; nobody else
 * reads the relation before they commit.  Everything but the result lives in
 * one memory context that is deleted at the end.  An error leaves the relation
 * to be removed by the transaction's abort.
 */
IndexBuildResult *
vxb_build(const VxGraphMethod *method, Relation heap, Relation index,
		  struct IndexInfo *index_info)
{
	IndexBuildResult *result = palloc0_object(IndexBuildResult);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "vectorx graph build",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	VxGraphBuild build;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data",
			 RelationGetRelationName(index));

	memset(&build, 0, sizeof(build));
	build.method = method;
	build.heap = heap;
	build.index_info = index_info;
	build.tuple_context = AllocSetContextCreate(context, "vectorx graph build row",
												ALLOCSET_DEFAULT_SIZES);
	build.index = vxb_new_index(method, index);

	vxb_spool_heap(&build);
	vxb_start_index(&build);
	vxb_build_graph(&build);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_WRITE);
	vxb_write_graph(build.index, build.graph, build.spool, build.tids);
	vxg_free(build.graph);
	vxb_insert_rest(&build);
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
 * Name of a phase, for pg_stat_progress_create_index; NULL for other numbers.
 */
char *
vxb_phase_name(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case VXB_PHASE_LOAD:
			return "loading tuples";
		case VXB_PHASE_GRAPH:
			return "building graph";
		case VXB_PHASE_WRITE:
			return "writing pages";
		default:
			return NULL;
	}
}
