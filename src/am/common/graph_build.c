/*-------------------------------------------------------------------------
 *
 * graph_build.c
 *	  CREATE INDEX for access methods whose pages form a graph.
 *
 * The rows are spooled to temporary files, which gives the mean; then they are
 * encoded and linked into a graph in memory, and the graph is packed and
 * written in order.  Workers take part in the first two.  If the graph would
 * exceed maintenance_work_mem, it is built in shards (graph_build_shards.c).
 *
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/index.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_build_internal.h"
#include "am/common/graph_write.h"
#include "graph/pack.h"
#include "storage/stop.h"

/* Half width of the L1 grid, in standard deviations of a dimension. */
#define VXB_SPREAD_DEVIATIONS	4.0

/* Share of sparse vectors that codes are made large enough for. */
#define VXB_SHARE_CODED_WHOLE	0.98

/* Rows that a shard has at least, whatever maintenance_work_mem says. */
#define VXB_LEAST_SHARD			1000

/* How far a list may outgrow its degree before it is pruned. */
#define VXB_SLACK				1.3f

/*
 * Put together what the participants found: all rows and sums are the leader's
 * then.
 */
static void
vxb_gather(VxGraphBuild *build)
{
	int			participants = vxb_team_size(build->team);
	uint32	   *counts = palloc_array(uint32, participants);

	counts[0] = build->share->rows;
	for (int i = 1; i < participants; i++)
	{
		const VxBuildShare *share = vxb_team_share(build->team, i);
		const double *sums = vxb_team_sums(build->team, i);

		counts[i] = share->rows;
		build->share->heap_tuples += share->heap_tuples;
		build->share->squares += share->squares;
		build->index_info->ii_BrokenHotChain |= share->broken_hot_chain;
		for (int k = 0; k < vxb_sum_count(build->index); k++)
			build->sums[k] += sums[k];
	}
	vxb_spool_join(build->spool, counts);
	pfree(counts);
}

/*
 * How many elements a code of sparse vectors needs so that nearly all of the
 * rows are coded whole.
 */
static int
vxb_code_elements(const VxGraphBuild *build)
{
	double		longer = build->spool->count - build->sums[0];
	int			elements = 0;

	Assert(build->index->opclass->type->is_sparse);
	while (elements < VXQ_SPARSE_MOST_ELEMENTS &&
		   longer > build->spool->count * (1.0 - VXB_SHARE_CODED_WHOLE))
		longer -= build->sums[++elements];
	return elements;
}

/*
 * Set up the codec around the mean of the rows.  Returns the mean, palloc'd.
 *
 * The mean is exact, over all rows; without rows it is zero.  The L1 grid is as
 * wide as the deviation of the rows from their mean says, over all dimensions
 * together, since it has one step for all.
 */
static float *
vxb_centre_codes(VxGraphBuild *build)
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
		variance = (variance + build->share->squares / rows) / dimensions;
	index->meta.data.spread =
		variance > 0 && variance < FLT_MAX ?
		(float) (VXB_SPREAD_DEVIATIONS * sqrt(variance)) : 1.0f;

	vxq_codec_release(&index->codec, &index->host);
	pfree(index->scratch);
	vxi_codec_init(index, mean);
	return mean;
}

/*
 * Set up the codec for the rows and write the first pages.  Without rows no page
 * is spent on a mean of zero.
 */
static void
vxb_start_index(VxGraphBuild *build)
{
	VxIndex    *index = build->index;
	bool		empty = build->spool->count == 0;
	float	   *mean = NULL;

	if (vxq_codes_have_mean(index->codec.kind))
		mean = vxb_centre_codes(build);
	else if (index->opclass->type->is_sparse && !empty)
		vxb_set_code_elements(index, vxb_code_elements(build));
	vxb_size_directory(index, build->spool->count);
	vxp_meta_create(index->relation, MAIN_FORKNUM, &index->meta, empty ? NULL : mean);
	if (mean != NULL)
		pfree(mean);
}

/*
 * Bytes that a build of so many rows needs: the graph and the heap TIDs, a
 * handle for each participant, and the placing of nodes on pages.
 */
static Size
vxb_memory(const VxGraphBuild *build, uint32 rows)
{
	const VxCodec *codec = &build->index->codec;
	VxPackOptions pack = {0};

	pack.slots_per_page = vxp_geometry(&build->index->meta, 0)->slots;
	return vxg_memory(codec, &build->options, rows) +
		(vxb_team_size(build->team) - 1) * vxg_handle_memory(codec, &build->options, rows) +
		vxg_packing_memory(rows, &pack) + rows * sizeof(uint64);
}

/* Bytes that the build may take. */
static Size
vxb_memory_limit(const VxGraphBuild *build)
{
	return Min((Size) maintenance_work_mem * 1024, vxb_team_arena_limit(build->team));
}

/*
 * How many rows a shard may have: with it, two words of each row of the table
 * are in memory, and another of each row of the shard.  If these words alone
 * take half of maintenance_work_mem, that is exceeded rather than the build
 * refused.  Memory is nearly linear in the rows, so the first guess is close;
 * the loop takes a little off until it holds.
 */
static uint32
vxb_shard_capacity(const VxGraphBuild *build)
{
	Size		limit = vxb_memory_limit(build);
	Size		all_rows = (Size) build->spool->count * 2 * sizeof(uint32);
	uint32		rows = Min(build->spool->count, PG_INT32_MAX - 1);
	Size		needed = vxb_memory(build, rows) + rows * sizeof(uint32);

	limit -= Min(all_rows, limit / 2);
	while (rows > VXB_LEAST_SHARD && needed > limit)
	{
		uint32		fewer = (uint32) ((double) rows * limit / needed);

		rows = Min(fewer, rows - rows / 64 - 1);
		needed = vxb_memory(build, rows) + rows * sizeof(uint32);
	}
	return Max(rows, VXB_LEAST_SHARD);
}

/*
 * Tell at the beginning of what takes time that more memory would save it, in
 * the words of pgvector.
 */
static void
vxb_tell_memory(const VxGraphBuild *build, uint32 capacity, Size needed)
{
	bool		in_shm = vxb_memory_limit(build) < (Size) maintenance_work_mem * 1024;

	ereport(NOTICE,
			(errmsg("%s graph no longer fits into %s after %lld tuples",
					build->method->name,
					in_shm ? "shared memory" : "maintenance_work_mem", (long long) capacity),
			 errdetail("Building will take significantly more time. All of the graph takes %zu MB.",
					   needed / (1024 * 1024) + 1),
			 in_shm ?
			 errhint("Enlarge /dev/shm, or set max_parallel_maintenance_workers = 0, to speed up builds.") :
			 errhint("Increase maintenance_work_mem to speed up builds.")));
}

/* The options of the graph, as the access method wants it. */
static void
vxb_set_options(VxGraphBuild *build)
{
	VxIndex    *index = build->index;
	VxBuildOptions *options = &build->options;

	memset(options, 0, sizeof(*options));
	options->m = index->meta.data.m;
	options->ef_construction = index->meta.data.ef_construction;
	options->seed = index->meta.data.seed;
	options->slack = VXB_SLACK;
	options->max_nodes = build->spool->count;
	if (build->method->graph_options != NULL)
		build->method->graph_options(index, options);
	build->promote = options->promote;
}

/* Memory for graphs of up to so many nodes, of which there is one or many. */
static void
vxb_create_arena(VxGraphBuild *build, uint32 nodes, bool shards)
{
	Size		bytes = vxb_arena_size(build, nodes, shards);

	build->arena = build->team != NULL ?
		vxb_team_create_arena(build->team, bytes, !shards) :
		palloc_extended(bytes, MCXT_ALLOC_HUGE);
}

/*
 * Link all rows and write all pages.  The team is in VX_TEAM_START.
 */
static void
vxb_build_graph(VxGraphBuild *build)
{
	uint32		rows = build->spool->count;
	Size		needed;
	uint32		capacity;

	vxb_set_options(build);
	needed = vxb_memory(build, rows);
	if ((needed <= vxb_memory_limit(build) && rows < PG_INT32_MAX) ||
		rows <= VXB_LEAST_SHARD)
	{
		vxb_create_arena(build, rows, false);
		vxb_begin_graph(build, rows, NULL);
		vxb_team_wait(build->team);
		vxb_link(build, true);
		vxb_team_wait(build->team);
		vxg_finish(build->graph);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_WRITE);
		vxb_write_graph(build->index, build->graph, build->spool, build->tids);
		vxg_free(build->graph);
		vxb_release_arena(build);
		return;
	}
	build->options.promote = 0;
	capacity = vxb_shard_capacity(build);
	vxb_tell_memory(build, capacity, needed);
	vxb_create_arena(build, capacity, true);
	vxb_build_shards(build, capacity);
}

/*
 * What all participants do before they read the table.
 */
static void
vxb_prepare(VxGraphBuild *build, const VxGraphMethod *method, Relation heap,
			Relation index, struct IndexInfo *index_info)
{
	memset(build, 0, sizeof(*build));
	build->method = method;
	build->heap = heap;
	build->index_info = index_info;
	build->tuple_context = AllocSetContextCreate(CurrentMemoryContext,
												 "vectorx graph build row",
												 ALLOCSET_DEFAULT_SIZES);
	build->index = vxb_new_index(method, index);
	pg_atomic_init_u32(&build->own_next_node, 0);
	build->next_node = &build->own_next_node;
}

/* Where a participant puts what it loads. */
static void
vxb_prepare_share(VxGraphBuild *build)
{
	if (build->team == NULL)
	{
		build->share = palloc0_object(VxBuildShare);
		build->sums = palloc0_array(double, vxb_sum_count(build->index));
		return;
	}
	build->share = vxb_team_share(build->team, vxb_team_number(build->team));
	build->sums = vxb_team_sums(build->team, vxb_team_number(build->team));
	build->next_node = vxb_team_next_node(build->team);
}

/*
 * The steps of the leader, or of the only process.  Those in which workers take
 * part end with a wait for them.
 */
static void
vxb_lead(VxGraphBuild *build)
{
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_LOAD);
	vxb_load(build, build->team == NULL ? NULL : vxb_team_scan(build->team, build->heap),
			 true);
	vxb_team_wait(build->team);

	vxb_gather(build);
	vxb_start_index(build);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_GRAPH);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, build->spool->count);
	vxb_build_graph(build);
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

	vxb_prepare(&build, method, heap, index, index_info);
	build.team = vxb_team_begin(method, heap, index, index_info->ii_Concurrent,
								vxb_sum_count(build.index));
	vxb_prepare_share(&build);
	vxb_lead(&build);
	result->heap_tuples = build.share->heap_tuples;
	result->index_tuples = build.spool->count;
	vxb_spool_close(build.spool);
	if (build.team != NULL)
		vxb_team_end(build.team);
	VX_STOP("build-written");
	if (RelationNeedsWAL(index))
		vxp_log_fork(index, MAIN_FORKNUM);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

/* All counts of rows, for the spool of a worker. */
static void
vxb_join_spool(VxGraphBuild *build)
{
	int			participants = vxb_team_size(build->team);
	uint32	   *counts = palloc_array(uint32, participants);
	const VxElementType *type = build->index->opclass->type;

	for (int i = 0; i < participants; i++)
		counts[i] = vxb_team_share(build->team, i)->rows;
	if (build->spool == NULL)
		build->spool = vxb_spool_create(type->fixed_bytes == NULL ? 0 :
										type->fixed_bytes((int) build->index->meta.data.dimensions),
										vxb_team_files(build->team), participants,
										vxb_team_number(build->team));
	vxb_spool_join(build->spool, counts);
	pfree(counts);
}

/*
 * What a worker does from the step given on: link rows of one graph after the
 * other, with a step between in which the leader empties the graph.
 */
static void
vxb_work(VxGraphBuild *build, int step)
{
	bool		ready = false;

	for (;; step++)
	{
		bool		linking = (step - VX_TEAM_LINK) % 2 == 0;

		if (vxb_team_dismissed(build->team) ||
			(!linking && vxb_team_only_graph(build->team)))
			break;
		if (linking)
		{
			if (!ready)
			{
				/* the metapage is there now, and with it the codec */
				build->index = vxi_open(build->index->relation);
				vxb_join_spool(build);
				ready = true;
			}
			vxb_attach_graph(build);
			vxb_link(build, false);
			vxg_free(build->graph);
			if (vxb_team_only_graph(build->team))
				break;
		}
		vxb_team_wait(build->team);
	}
	if (build->spool != NULL)
		vxb_spool_close(build->spool);
}

/*
 * A worker of the build: the function that the access method names in
 * VxGraphMethod.worker calls this with its method.
 *
 * A worker that was started late joins in whatever step the others are.
 */
void
vxb_build_worker(const VxGraphMethod *method, dsm_segment *segment, shm_toc *toc)
{
	VxGraphBuild build;
	Relation	heap;
	Relation	index;
	VxBuildTeam *team = vxb_team_attach(segment, toc, &heap, &index);
	struct IndexInfo *index_info = BuildIndexInfo(index);
	VxTeamStep	step = vxb_team_join(team);

	index_info->ii_Concurrent = vxb_team_concurrent(team);
	vxb_prepare(&build, method, heap, index, index_info);
	build.team = team;
	vxb_prepare_share(&build);
	if (step == VX_TEAM_LOAD)
	{
		vxb_load(&build, vxb_team_scan(team, heap), false);
		vxb_team_wait(team);
	}
	if (step <= VX_TEAM_START)
		vxb_team_wait(team);
	vxb_work(&build, Max(step, VX_TEAM_LINK));
	vxb_team_detach(team);
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
