/*-------------------------------------------------------------------------
 *
 * ivfflat_team.c
 *	  The processes that build one ivfflat index together.
 *
 * The leader samples the table and leads k-means, of which workers do units
 * (cluster/kmeans.h); then all read the table, assign rows to lists and sort them,
 * and the leader merges and writes.
 *
 * A barrier joins them.  In its even phases the leader works alone: it takes
 * samples, chooses the next step of k-means, and in the end announces the codec.  In
 * its odd phases all do units, until shared->training is false; then they go on to
 * the table.  A worker that starts late joins in the phase that the others are in.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/barrier.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "am/common/build_team.h"
#include "am/common/server_host.h"
#include "am/ivfflat/ivfflat_team.h"

/* Keys of the table of contents of the shared memory. */
#define IVFFLAT_KEY_SHARED		UINT64CONST(0x4956000000000001)
#define IVFFLAT_KEY_SCAN		UINT64CONST(0x4956000000000002)
#define IVFFLAT_KEY_SORT		UINT64CONST(0x4956000000000003)
#define IVFFLAT_KEY_CLUSTERS	UINT64CONST(0x4956000000000004)
#define IVFFLAT_KEY_MEAN		UINT64CONST(0x4956000000000005)
#define IVFFLAT_KEY_CODED		UINT64CONST(0x4956000000000006)
#define IVFFLAT_KEY_CENTROIDS	UINT64CONST(0x4956000000000007)
#define IVFFLAT_KEY_COUNTS		UINT64CONST(0x4956000000000008)
#define IVFFLAT_KEY_QUERY		UINT64CONST(0x4956000000000009)
#define IVFFLAT_KEYS			9

/* Units of k-means that a process takes at a time. */
#define IVFFLAT_UNITS			1

typedef struct IvfflatShared
{
	Oid			heap;
	Oid			index;
	bool		concurrent;
	int			participants;
	Barrier		barrier;
	bool		training;		/* written in even phases, read in odd ones */
	pg_atomic_uint64 next_unit;
	VxClusterParameters parameters;
	VxListMetaData data;		/* of the index, from ivfflat_team_announce() on */

	/* what participants found in the table, under the mutex */
	slock_t		mutex;
	ConditionVariable done;
	int			participants_done;
	double		heap_tuples;
	double		rows;
	bool		broken_hot_chain;
} IvfflatShared;

struct IvfflatTeam
{
	ParallelContext *context;
	Snapshot	snapshot;		/* registered by the leader, or NULL */
	IvfflatShared *shared;
	ParallelTableScanDesc scan;
	Sharedsort *sort;
	int			participants;	/* that take part, the leader included */
};

/* Sizes of what is shared, in the order of the keys from CLUSTERS on. */
static void
ivfflat_shared_sizes(const VxListMetaData *data, const VxClusterParameters *parameters,
					 int participants, Size sizes[5])
{
	sizes[0] = vxc_state_size(parameters);
	sizes[1] = data->code_dimensions * sizeof(float);
	sizes[2] = mul_size(data->lists, data->centre_bytes);
	sizes[3] = vxc_centroids_size((VxMetric) data->metric, (int) data->code_dimensions,
								  (int) data->lists);
	sizes[4] = mul_size(mul_size(participants, data->lists), sizeof(uint32));
}

/* Point at what the table of contents lists. */
static void
ivfflat_find_workspace(shm_toc *toc, IvfflatWorkspace *workspace)
{
	workspace->clusters = shm_toc_lookup(toc, IVFFLAT_KEY_CLUSTERS, false);
	workspace->mean = shm_toc_lookup(toc, IVFFLAT_KEY_MEAN, false);
	workspace->coded = shm_toc_lookup(toc, IVFFLAT_KEY_CODED, false);
	workspace->centroids = shm_toc_lookup(toc, IVFFLAT_KEY_CENTROIDS, false);
	workspace->counts = shm_toc_lookup(toc, IVFFLAT_KEY_COUNTS, false);
}

static void *
ivfflat_add_chunk(shm_toc *toc, uint64 key, Size bytes)
{
	void	   *chunk = shm_toc_allocate(toc, bytes);

	shm_toc_insert(toc, key, chunk);
	return chunk;
}

/* Ask for the shared memory that ivfflat_fill_segment() fills. */
static void
ivfflat_estimate_segment(ParallelContext *context, Relation heap, Snapshot snapshot,
						 const Size sizes[5])
{
	shm_toc_estimator *estimator = &context->estimator;

	shm_toc_estimate_chunk(estimator, sizeof(IvfflatShared));
	shm_toc_estimate_chunk(estimator, table_parallelscan_estimate(heap, snapshot));
	shm_toc_estimate_chunk(estimator, tuplesort_estimate_shared(context->nworkers + 1));
	for (int i = 0; i < 5; i++)
		shm_toc_estimate_chunk(estimator, sizes[i]);
	if (debug_query_string != NULL)
		shm_toc_estimate_chunk(estimator, strlen(debug_query_string) + 1);
	shm_toc_estimate_keys(estimator, IVFFLAT_KEYS);
}

static void
ivfflat_fill_segment(IvfflatTeam *team, Relation heap, Snapshot snapshot,
					 const Size sizes[5])
{
	ParallelContext *context = team->context;
	shm_toc    *toc = context->toc;
	IvfflatShared *shared = ivfflat_add_chunk(toc, IVFFLAT_KEY_SHARED, sizeof(IvfflatShared));

	memset(shared, 0, sizeof(*shared));
	BarrierInit(&shared->barrier, 0);
	pg_atomic_init_u64(&shared->next_unit, 0);
	SpinLockInit(&shared->mutex);
	ConditionVariableInit(&shared->done);
	shared->training = true;
	shared->participants = context->nworkers + 1;
	team->shared = shared;

	team->scan = ivfflat_add_chunk(toc, IVFFLAT_KEY_SCAN,
								   table_parallelscan_estimate(heap, snapshot));
	table_parallelscan_initialize(heap, team->scan, snapshot);
	team->sort = ivfflat_add_chunk(toc, IVFFLAT_KEY_SORT,
								   tuplesort_estimate_shared(shared->participants));
	tuplesort_initialize_shared(team->sort, shared->participants, context->seg);
	for (int i = 0; i < 5; i++)
		ivfflat_add_chunk(toc, IVFFLAT_KEY_CLUSTERS + i, sizes[i]);
	if (debug_query_string != NULL)
		strcpy(ivfflat_add_chunk(toc, IVFFLAT_KEY_QUERY, strlen(debug_query_string) + 1),
			   debug_query_string);
}

/* Leave the parallel mode that ivfflat_team_begin() entered. */
static void
ivfflat_end_context(ParallelContext *context, Snapshot snapshot)
{
	DestroyParallelContext(context);
	if (snapshot != NULL)
		UnregisterSnapshot(snapshot);
	ExitParallelMode();
}

/*
 * Start workers for a build, and be their leader; workspace is then in shared
 * memory.  NULL if there are none, because the server plans none or has none to
 * give: the build then goes on in this process.
 */
IvfflatTeam *
ivfflat_team_begin(const IvfflatIndex *index, Relation heap, bool concurrent,
				   const VxClusterParameters *parameters, IvfflatWorkspace *workspace)
{
	int			workers = vxb_plan_workers(heap, index->relation);
	IvfflatTeam *team;
	Snapshot	snapshot;
	Size		sizes[5];

	if (workers == 0)
		return NULL;
	EnterParallelMode();
	team = palloc0_object(IvfflatTeam);
	team->context = CreateParallelContext("$libdir/vectorx", "vx_ivfflat_team_work", workers);
	snapshot = concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
	team->snapshot = concurrent ? snapshot : NULL;
	ivfflat_shared_sizes(&index->meta.data, parameters, team->context->nworkers + 1, sizes);
	ivfflat_estimate_segment(team->context, heap, snapshot, sizes);
	InitializeParallelDSM(team->context);
	if (team->context->seg != NULL)
	{
		ivfflat_fill_segment(team, heap, snapshot, sizes);
		ivfflat_find_workspace(team->context->toc, workspace);
		team->shared->heap = RelationGetRelid(heap);
		team->shared->index = RelationGetRelid(index->relation);
		team->shared->concurrent = concurrent;
		team->shared->parameters = *parameters;
		BarrierAttach(&team->shared->barrier);
		elog(DEBUG1, "using %d parallel workers", workers);
		LaunchParallelWorkers(team->context);
		team->participants = team->context->nworkers_launched + 1;
		if (team->participants > 1)
			return team;
	}
	ivfflat_end_context(team->context, team->snapshot);
	pfree(team);
	return NULL;
}

/* How many processes take part. */
int
ivfflat_team_size(const IvfflatTeam *team)
{
	return team == NULL ? 1 : team->participants;
}

/*
 * Do units of the current step of k-means until none is left.
 */
static void
ivfflat_do_units(IvfflatShared *shared, VxClusterState *clusters, void *scratch,
				 const VxHost *host)
{
	uint64		units = vxc_units(clusters);

	for (;;)
	{
		uint64		unit = pg_atomic_fetch_add_u64(&shared->next_unit, IVFFLAT_UNITS);

		if (unit >= units)
			break;
		CHECK_FOR_INTERRUPTS();
		vxc_work(clusters, unit, Min(unit + IVFFLAT_UNITS, units), scratch, host);
	}
}

static void
ivfflat_wait(IvfflatShared *shared)
{
	BarrierArriveAndWait(&shared->barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
}

/*
 * Run k-means over the samples that were given (vxc_start).  Ends in an even phase,
 * while workers wait for ivfflat_team_announce().
 */
void
ivfflat_team_train(IvfflatTeam *team, VxClusterState *clusters, const VxHost *host)
{
	void	   *scratch;

	if (team == NULL)
	{
		vxc_run(clusters, host);
		return;
	}
	scratch = MemoryContextAllocHuge(CurrentMemoryContext,
									 vxc_scratch_size(&team->shared->parameters));
	while (vxc_next(clusters, host))
	{
		pg_atomic_write_u64(&team->shared->next_unit, 0);
		ivfflat_wait(team->shared);
		ivfflat_do_units(team->shared, clusters, scratch, host);
		ivfflat_wait(team->shared);
	}
	pfree(scratch);
}

/*
 * Let workers read the table: the workspace is complete.
 */
void
ivfflat_team_announce(IvfflatTeam *team, const VxListMetaData *data)
{
	if (team == NULL)
		return;
	team->shared->data = *data;
	team->shared->training = false;
	ivfflat_wait(team->shared);
}

/* The leader's part of the table scan; NULL if it scans alone. */
TableScanDesc
ivfflat_team_scan(IvfflatTeam *team, Relation heap)
{
	return team == NULL ? NULL : table_beginscan_parallel(heap, team->scan);
}

/*
 * A sort of this participant's rows.
 */
static Tuplesortstate *
ivfflat_begin_own_sort(Sharedsort *sort, int participants)
{
	SortCoordinate coordinate = palloc0_object(SortCoordinateData);

	coordinate->isWorker = true;
	coordinate->nParticipants = -1;
	coordinate->sharedsort = sort;
	return ivfflat_sort_begin(maintenance_work_mem / participants, coordinate);
}

/*
 * The leader's sort.
 */
Tuplesortstate *
ivfflat_team_sort(IvfflatTeam *team)
{
	if (team == NULL)
		return ivfflat_sort_begin(maintenance_work_mem, NULL);
	return ivfflat_begin_own_sort(team->sort, team->participants);
}

/*
 * Hand in what this participant found, with its rows sorted.  number is 0 for the
 * leader.
 */
static void
ivfflat_hand_in(IvfflatShared *shared, int number, const IvfflatAssigner *assigner,
				uint32 *counts, double heap_tuples, bool broken_hot_chain)
{
	uint32		lists = shared->data.lists;

	Assert(number >= 0 && number < shared->participants);
	memcpy(counts + (Size) number * lists, assigner->counts, lists * sizeof(uint32));
	SpinLockAcquire(&shared->mutex);
	shared->rows += assigner->rows;
	shared->heap_tuples += heap_tuples;
	shared->broken_hot_chain = shared->broken_hot_chain || broken_hot_chain;
	shared->participants_done++;
	SpinLockRelease(&shared->mutex);
	ConditionVariableSignal(&shared->done);
}

/*
 * Wait until all participants have handed in their rows.
 */
static void
ivfflat_wait_for_all(IvfflatTeam *team)
{
	IvfflatShared *shared = team->shared;
	bool		complete = false;

	/* errors if one that was launched does not start */
	WaitForParallelWorkersToAttach(team->context);
	for (;;)
	{
		SpinLockAcquire(&shared->mutex);
		complete = shared->participants_done == team->participants;
		SpinLockRelease(&shared->mutex);
		if (complete)
			break;
		ConditionVariableSleep(&shared->done, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
	}
	ConditionVariableCancelSleep();
}

/*
 * Put the rows of all participants into one sort, which has been performed; own is
 * the leader's.  Counts are those of all then.
 */
Tuplesortstate *
ivfflat_team_merge(IvfflatTeam *team, Tuplesortstate *own, IvfflatAssigner *assigner,
				   IvfflatWorkspace *workspace, double *heap_tuples,
				   struct IndexInfo *index_info)
{
	uint32		lists = assigner->index->meta.data.lists;
	SortCoordinate coordinate;
	Tuplesortstate *merged;

	tuplesort_performsort(own);
	if (team == NULL)
	{
		memcpy(workspace->counts, assigner->counts, lists * sizeof(uint32));
		return own;
	}
	tuplesort_end(own);
	ivfflat_hand_in(team->shared, 0, assigner, workspace->counts, *heap_tuples,
					index_info->ii_BrokenHotChain);
	ivfflat_wait_for_all(team);
	for (int i = 1; i < team->participants; i++)
	{
		for (uint32 list = 0; list < lists; list++)
			workspace->counts[list] += workspace->counts[(Size) i * lists + list];
	}
	*heap_tuples = team->shared->heap_tuples;
	assigner->rows = team->shared->rows;
	index_info->ii_BrokenHotChain = team->shared->broken_hot_chain;

	coordinate = palloc0_object(SortCoordinateData);
	coordinate->isWorker = false;
	coordinate->nParticipants = team->participants;
	coordinate->sharedsort = team->sort;
	merged = ivfflat_sort_begin(maintenance_work_mem, coordinate);
	tuplesort_performsort(merged);
	return merged;
}

/*
 * Wait until the workers are gone, and free what was shared.
 */
void
ivfflat_team_end(IvfflatTeam *team)
{
	if (team == NULL)
		return;
	BarrierDetach(&team->shared->barrier);
	WaitForParallelWorkersToFinish(team->context);
	ivfflat_end_context(team->context, team->snapshot);
	pfree(team);
}

/*
 * In a worker: help with k-means until it is done.
 */
static void
ivfflat_help_training(IvfflatShared *shared, VxClusterState *clusters)
{
	VxHost		host;
	void	   *scratch;

	vxi_host_init(&host, CurrentMemoryContext);
	scratch = MemoryContextAllocHuge(CurrentMemoryContext,
									 vxc_scratch_size(&shared->parameters));
	if (BarrierAttach(&shared->barrier) % 2 == 0)
		ivfflat_wait(shared);
	while (shared->training)
	{
		ivfflat_do_units(shared, clusters, scratch, &host);
		ivfflat_wait(shared);
		ivfflat_wait(shared);
	}
	pfree(scratch);
}

/*
 * In a worker: read a part of the table, assign its rows and sort them.
 */
static void
ivfflat_help_assigning(IvfflatShared *shared, shm_toc *toc, Relation heap,
					   Relation relation, Sharedsort *sort)
{
	struct IndexInfo *index_info = BuildIndexInfo(relation);
	ParallelTableScanDesc scan = shm_toc_lookup(toc, IVFFLAT_KEY_SCAN, false);
	IvfflatIndex *index = ivfflat_new(relation);
	Tuplesortstate *own = ivfflat_begin_own_sort(sort, shared->participants);
	IvfflatWorkspace workspace;
	IvfflatAssigner assigner;
	double		heap_tuples;

	ivfflat_find_workspace(toc, &workspace);
	index->meta.data = shared->data;
	ivfflat_codec_init(index, workspace.mean);
	index_info->ii_Concurrent = shared->concurrent;
	ivfflat_assigner_init(&assigner, index, workspace.centroids, workspace.coded, own);
	heap_tuples = table_index_build_scan(heap, relation, index_info, true, false,
										 ivfflat_assign_row, &assigner,
										 table_beginscan_parallel(heap, scan));
	ivfflat_assigner_finish(&assigner);
	tuplesort_performsort(own);
	tuplesort_end(own);
	ivfflat_hand_in(shared, ParallelWorkerNumber + 1, &assigner, workspace.counts,
					heap_tuples, index_info->ii_BrokenHotChain);
	elog(DEBUG1, "worker processed %lld tuples", (long long) assigner.rows);
}

/*
 * A worker of a build: found by its name.  It opens table and index with the locks
 * that the leader holds.
 */
void
vx_ivfflat_team_work(dsm_segment *segment, shm_toc *toc)
{
	IvfflatShared *shared = shm_toc_lookup(toc, IVFFLAT_KEY_SHARED, false);
	Sharedsort *sort = shm_toc_lookup(toc, IVFFLAT_KEY_SORT, false);
	LOCKMODE	heap_lock = shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	LOCKMODE	index_lock = shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
	Relation	heap;
	Relation	index;

	debug_query_string = shm_toc_lookup(toc, IVFFLAT_KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	tuplesort_attach_shared(sort, segment);
	heap = table_open(shared->heap, heap_lock);
	index = index_open(shared->index, index_lock);
	ivfflat_help_training(shared, shm_toc_lookup(toc, IVFFLAT_KEY_CLUSTERS, false));
	ivfflat_help_assigning(shared, toc, heap, index, sort);
	BarrierDetach(&shared->barrier);
	index_close(index, index_lock);
	table_close(heap, heap_lock);
}
