/*-------------------------------------------------------------------------
 *
 * ivfflat_build.c
 *	  CREATE INDEX ... USING ivfflat.
 *
 * Centroids come from k-means over a sample; then the table is read once more,
 * each row is assigned to its list and encoded, and a sort by list gives the
 * rows in the order in which they are written.  See "Build" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/column.h"
#include "am/ivfflat/ivfflat_build.h"
#include "am/ivfflat/ivfflat_team.h"
#include "storage/stop.h"

/*
 * Rows of a list where WITH (lists = 0) leaves the number to us, and from how
 * many rows on the number grows with their root instead.
 */
#define IVFFLAT_ROWS_PER_LIST	1000.0
#define IVFFLAT_ROOT_ROWS		1e6

/*
 * How many lists suit the table as it is now.
 */
static int
ivfflat_lists_for(Relation heap)
{
	BlockNumber pages;
	double		rows;
	double		all_visible;
	double		lists;

	estimate_rel_size(heap, NULL, &pages, &rows, &all_visible);
	lists = rows <= IVFFLAT_ROOT_ROWS ? rows / IVFFLAT_ROWS_PER_LIST : sqrt(rows);
	return (int) Max(1.0, Min(lists, VX_MAX_LISTS));
}

/*
 * The codec around a mean, NULL for zero, and what follows from it of the layout.
 */
static void
ivfflat_set_codes(IvfflatIndex *index, const float *mean)
{
	VxListMetaData *data = &index->meta.data;

	if (index->scratch != NULL)
	{
		vxq_list_codec_release(&index->codec, &index->host);
		pfree(index->scratch);
	}
	ivfflat_codec_init(index, mean);
	data->code_kind = (uint8) index->codec.kind;
	data->code_bits = (uint8) index->codec.bits;
	data->row_bytes = (uint32) index->codec.row_bytes;
	data->centre_bytes = (uint32) index->codec.centre_bytes;
	data->vector_bytes = index->codec.exact ? 0 :
		(uint32) index->opclass->type->fixed_bytes((int) data->dimensions);
	if (!vxp_list_shape_fits(data->row_bytes, data->vector_bytes) ||
		vxp_directory_per_page(data->centre_bytes) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index tuple too large"),
				 errhint("Index fewer dimensions.")));
}

/*
 * Begin an index: check the column and fill in the fields of the metapage that
 * do not depend on the rows.  The codec is set up for the shape of its codes only.
 * heap is NULL for the init fork.
 */
static IvfflatIndex *
ivfflat_new_index(Relation relation, Relation heap)
{
	IvfflatIndex *index = ivfflat_new(relation);
	VxListMetaData *data = &index->meta.data;
	const VxElementType *type = index->opclass->type;
	VxIvfflatOptions options;

	vxo_ivfflat_options(relation, &options);
	data->dimensions = vxi_column_dimensions(relation, type, "ivfflat", 0,
											 type->max_dimensions);
	if (data->dimensions == 1 && (index->opclass->metric == VX_METRIC_IP ||
								  index->opclass->metric == VX_METRIC_COSINE))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions must be greater than one for this opclass"),
				 errhint("Vectors of one dimension have no angle; use %s_l2_ops.",
						 type->name)));
	data->code_dimensions = (uint32) type->code_dimensions((int) data->dimensions);
	data->opclass_id = type->id;
	data->metric = (uint8) index->opclass->metric;
	data->seed = (uint64) vxo_seed;
	data->lists = (uint32) (options.lists > 0 ? options.lists :
							heap == NULL ? 1 : ivfflat_lists_for(heap));
	ivfflat_set_codes(index, NULL);
	return index;
}

/*
 * Mean of the centroids, zero for bit strings, which have none.
 */
static void
ivfflat_centre_mean(const IvfflatIndex *index, const VxClusterState *clusters,
					float *mean)
{
	const VxListMetaData *data = &index->meta.data;

	memset(mean, 0, data->code_dimensions * sizeof(float));
	if (vx_metric_is_of_bits((VxMetric) data->metric))
		return;
	for (uint32 list = 0; list < data->lists; list++)
	{
		const float *centroid = vxc_centroid(clusters, (int) list);

		for (uint32 j = 0; j < data->code_dimensions; j++)
			mean[j] += centroid[j] / data->lists;
	}
}

/*
 * Code the centroids, lists * centre_bytes bytes.  Under the inner product they are
 * given the length that the vectors of their list have: what is coded then is
 * the rest of a vector, not its length.
 */
static void
ivfflat_code_centres(const IvfflatIndex *index, const VxClusterState *clusters,
					 uint8 *coded)
{
	const VxListMetaData *data = &index->meta.data;
	float	   *scaled = palloc_array(float, data->code_dimensions);

	for (uint32 list = 0; list < data->lists; list++)
	{
		const void *centroid = vxc_centroid(clusters, (int) list);

		if (data->metric == VX_METRIC_IP)
		{
			float		reach = vxc_reach(clusters, (int) list);

			for (uint32 j = 0; j < data->code_dimensions; j++)
				scaled[j] = ((const float *) centroid)[j] * reach;
			centroid = scaled;
		}
		vxq_list_centre(&index->codec, centroid, index->scratch,
						coded + (Size) list * data->centre_bytes);
	}
	pfree(scaled);
}

/*
 * Room for what participants share, in this process.
 */
static void
ivfflat_own_workspace(const IvfflatIndex *index, const VxClusterParameters *parameters,
					  IvfflatWorkspace *workspace)
{
	const VxListMetaData *data = &index->meta.data;
	MemoryContext context = CurrentMemoryContext;

	workspace->clusters = MemoryContextAllocHuge(context, vxc_state_size(parameters));
	workspace->mean = palloc_array(float, data->code_dimensions);
	workspace->coded = MemoryContextAllocHuge(context, (Size) data->lists * data->centre_bytes);
	workspace->centroids =
		MemoryContextAllocHuge(context,
							   vxc_centroids_size((VxMetric) data->metric,
												  (int) data->code_dimensions,
												  (int) data->lists));
	workspace->counts = palloc0_array(uint32, data->lists);
}

/*
 * From finished k-means: the codec around the mean of the centroids, and the centres
 * coded by it.
 */
static void
ivfflat_adopt_centres(IvfflatIndex *index, IvfflatWorkspace *workspace)
{
	const VxListMetaData *data = &index->meta.data;

	ivfflat_centre_mean(index, workspace->clusters, workspace->mean);
	ivfflat_set_codes(index, workspace->mean);
	ivfflat_code_centres(index, workspace->clusters, workspace->coded);
	vxc_centroids_init(workspace->centroids, (VxMetric) data->metric,
					   (int) data->code_dimensions, (int) data->lists);
	vxc_centroids_from(workspace->centroids, workspace->clusters);
}

/* What is kept of the mean: nothing for bit strings. */
static const float *
ivfflat_kept_mean(const IvfflatIndex *index, const IvfflatWorkspace *workspace)
{
	return vx_metric_is_of_bits(index->opclass->metric) ? NULL : workspace->mean;
}

/* One CREATE INDEX, in its leader. */
typedef struct IvfflatBuild
{
	Relation	heap;
	struct IndexInfo *index_info;
	IvfflatIndex *index;
	IvfflatTeam *team;			/* NULL: this process alone */
	IvfflatWorkspace workspace;
} IvfflatBuild;

/*
 * Find the centres of the lists: phase "performing k-means".
 */
static void
ivfflat_train(IvfflatBuild *build, const VxClusterParameters *parameters)
{
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFFLAT_PHASE_KMEANS);
	ivfflat_take_samples(build->index, build->heap, build->index_info, parameters,
						 build->workspace.clusters);
	ivfflat_team_train(build->team, build->workspace.clusters, &build->index->host);
	ivfflat_adopt_centres(build->index, &build->workspace);
	ivfflat_team_announce(build->team, &build->index->meta.data);
	if (build->team == NULL)
		pfree(build->workspace.clusters);
}

/*
 * Assign all rows of the table, phase "assigning tuples", and write them, phase
 * "loading tuples".
 */
static void
ivfflat_fill(IvfflatBuild *build, IndexBuildResult *result)
{
	IvfflatIndex *index = build->index;
	IvfflatWorkspace *workspace = &build->workspace;
	Tuplesortstate *sort = ivfflat_team_sort(build->team);
	IvfflatAssigner assigner;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFFLAT_PHASE_ASSIGN);
	ivfflat_assigner_init(&assigner, index, workspace->centroids, workspace->coded, sort);
	result->heap_tuples = table_index_build_scan(build->heap, index->relation,
												 build->index_info, true, true,
												 ivfflat_assign_row, &assigner,
												 ivfflat_team_scan(build->team, build->heap));
	ivfflat_assigner_finish(&assigner);
	sort = ivfflat_team_merge(build->team, sort, &assigner, workspace,
							  &result->heap_tuples, build->index_info);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFFLAT_PHASE_LOAD);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, (int64) assigner.rows);
	index->meta.data.built_rows = (uint32) Min(assigner.rows, (double) PG_UINT32_MAX);
	ivfflat_write_directory(index, MAIN_FORKNUM, workspace->coded,
							ivfflat_kept_mean(index, workspace), workspace->counts);
	result->index_tuples = ivfflat_write_lists(index, workspace->counts, sort);
	tuplesort_end(sort);
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
ivfflatbuild(Relation heap, Relation index, struct IndexInfo *index_info)
{
	IndexBuildResult *result = palloc0_object(IndexBuildResult);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "ivfflat build",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	VxClusterParameters parameters;
	IvfflatBuild build;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data",
			 RelationGetRelationName(index));

	memset(&build, 0, sizeof(build));
	build.heap = heap;
	build.index_info = index_info;
	build.index = ivfflat_new_index(index, heap);
	ivfflat_cluster_parameters(build.index, heap, &parameters);
	build.team = ivfflat_team_begin(build.index, heap, index_info->ii_Concurrent,
									&parameters, &build.workspace);
	if (build.team == NULL)
		ivfflat_own_workspace(build.index, &parameters, &build.workspace);
	ivfflat_train(&build, &parameters);
	ivfflat_fill(&build, result);
	ivfflat_team_end(build.team);
	VX_STOP("build-written");
	if (RelationNeedsWAL(index))
		vxp_log_fork(index, MAIN_FORKNUM);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

/*
 * Write the init fork of an unlogged index: an empty index, logged so that a
 * standby has it as well.  Its centres are what k-means makes of no rows.
 */
void
ivfflatbuildempty(Relation index)
{
	IvfflatIndex *empty = ivfflat_new_index(index, NULL);
	VxClusterParameters parameters;
	IvfflatWorkspace workspace;

	ivfflat_cluster_parameters(empty, NULL, &parameters);
	ivfflat_own_workspace(empty, &parameters, &workspace);
	ivfflat_take_samples(empty, NULL, NULL, &parameters, workspace.clusters);
	ivfflat_team_train(NULL, workspace.clusters, &empty->host);
	ivfflat_adopt_centres(empty, &workspace);
	ivfflat_write_directory(empty, INIT_FORKNUM, workspace.coded,
							ivfflat_kept_mean(empty, &workspace), NULL);
	vxp_log_fork(index, INIT_FORKNUM);
}
