/*-------------------------------------------------------------------------
 *
 * build_team.c
 *	  The processes that build one index together.
 *
 * Wraps the server's parallel machinery: workers, the memory they share, the
 * table scan they divide, and a barrier between the steps of a build.  Errors
 * and cancels of a worker reach the leader through the server's error queues
 * while it waits, and an error of the leader ends the workers: nothing of that
 * is done here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/statvfs.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "storage/bufmgr.h"
#include "storage/dsm_impl.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "compat.h"
#include "am/common/build_team.h"

/* Where Linux keeps POSIX shared memory; elsewhere there is no such limit. */
#define VXB_SHM_FOLDER		"/dev/shm"

/* Keys of the table of contents of the shared memory. */
#define VXB_KEY_SHARED		UINT64CONST(0x5658000000000001)
#define VXB_KEY_SCAN		UINT64CONST(0x5658000000000002)
#define VXB_KEY_SHARES		UINT64CONST(0x5658000000000003)
#define VXB_KEY_SUMS		UINT64CONST(0x5658000000000004)
#define VXB_KEY_QUERY		UINT64CONST(0x5658000000000005)

/*
 * Fixed when the team begins, but for next_node, and what the leader writes in
 * VX_TEAM_START or VX_TEAM_FINISH for the others to read in the next step.
 */
typedef struct VxTeamShared
{
	Oid			heap;
	Oid			index;
	bool		concurrent;
	int			dimensions;		/* of the sums */
	int			participants;
	Barrier		barrier;		/* its phase is the VxTeamStep */
	SharedFileSet fileset;
	pg_atomic_uint32 next_node;
	dsm_handle	arena;
	bool		only_graph;		/* nothing to link after this one */
	bool		dismissed;		/* no graph comes any more */
	bool		shard;			/* the graph has rows of its own */
	VxBuildOptions options;		/* of the graph in the arena */
} VxTeamShared;

struct VxBuildTeam
{
	ParallelContext *context;	/* of the leader */
	Snapshot	snapshot;		/* registered by the leader, or NULL */
	VxTeamShared *shared;
	ParallelTableScanDesc scan;
	VxBuildShare *shares;
	double	   *sums;
	int			number;			/* the leader is 0 */
	dsm_segment *arena;
	Relation	heap;			/* opened by a worker */
	Relation	index;
};

/*
 * How many workers the server would give to this build.
 *
 * It goes by the pages that a scan reads, but most of a build is linking, and
 * most of a row may be in the TOAST table.  So the least size of a table that
 * is worth a worker is scaled by the main fork's part in all pages; the rest
 * (limits, the table's parallel_workers, parallel safety, 32 MB of memory for
 * each process) is the server's decision.
 */
int
vxb_plan_workers(Relation heap, Relation index)
{
	double		pages = RelationGetNumberOfBlocks(heap);
	double		toast = 0;
	int			nest = NewGUCNestLevel();
	int			workers;
	char		least[32];

	if (OidIsValid(heap->rd_rel->reltoastrelid))
	{
		Relation	relation = table_open(heap->rd_rel->reltoastrelid, AccessShareLock);

		toast = RelationGetNumberOfBlocks(relation);
		table_close(relation, AccessShareLock);
	}
	if (pages > 0 && toast > 0)
	{
		snprintf(least, sizeof(least), "%d",
				 (int) (min_parallel_table_scan_size * pages / (pages + toast)));
		(void) set_config_option("min_parallel_table_scan_size", least, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}
	workers = plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index));
	AtEOXact_GUC(true, nest);
	return workers;
}

/* Ask for the shared memory that vxb_fill_segment() fills. */
static void
vxb_estimate_segment(ParallelContext *context, Relation heap, Snapshot snapshot,
					 int dimensions)
{
	shm_toc_estimator *estimator = &context->estimator;
	int			participants = context->nworkers + 1;

	shm_toc_estimate_chunk(estimator, sizeof(VxTeamShared));
	shm_toc_estimate_chunk(estimator, table_parallelscan_estimate(heap, snapshot));
	shm_toc_estimate_chunk(estimator, mul_size(participants, sizeof(VxBuildShare)));
	shm_toc_estimate_chunk(estimator, mul_size(mul_size(participants, dimensions),
											   sizeof(double)));
	if (debug_query_string != NULL)
		shm_toc_estimate_chunk(estimator, strlen(debug_query_string) + 1);
	shm_toc_estimate_keys(estimator, 5);
}

/* Point at what the table of contents lists. */
static void
vxb_find_segment(VxBuildTeam *team, shm_toc *toc)
{
	team->shared = shm_toc_lookup(toc, VXB_KEY_SHARED, false);
	team->scan = shm_toc_lookup(toc, VXB_KEY_SCAN, false);
	team->shares = shm_toc_lookup(toc, VXB_KEY_SHARES, false);
	team->sums = shm_toc_lookup(toc, VXB_KEY_SUMS, false);
}

static void *
vxb_add_chunk(shm_toc *toc, uint64 key, Size bytes)
{
	void	   *chunk = shm_toc_allocate(toc, bytes);

	memset(chunk, 0, bytes);
	shm_toc_insert(toc, key, chunk);
	return chunk;
}

static void
vxb_fill_segment(ParallelContext *context, Relation heap, Snapshot snapshot,
				 int dimensions)
{
	shm_toc    *toc = context->toc;
	int			participants = context->nworkers + 1;
	VxTeamShared *shared = vxb_add_chunk(toc, VXB_KEY_SHARED, sizeof(VxTeamShared));
	ParallelTableScanDesc scan;

	shared->heap = RelationGetRelid(heap);
	shared->dimensions = dimensions;
	shared->participants = participants;
	BarrierInit(&shared->barrier, 0);
	SharedFileSetInit(&shared->fileset, context->seg);
	pg_atomic_init_u32(&shared->next_node, 0);
	shared->arena = DSM_HANDLE_INVALID;
	scan = vxb_add_chunk(toc, VXB_KEY_SCAN, table_parallelscan_estimate(heap, snapshot));
	table_parallelscan_initialize(heap, scan, snapshot);
	vxb_add_chunk(toc, VXB_KEY_SHARES, participants * sizeof(VxBuildShare));
	vxb_add_chunk(toc, VXB_KEY_SUMS, (Size) participants * dimensions * sizeof(double));
	if (debug_query_string != NULL)
		strcpy(vxb_add_chunk(toc, VXB_KEY_QUERY, strlen(debug_query_string) + 1),
			   debug_query_string);
}

/* End the parallel mode that vxb_team_begin() entered. */
static void
vxb_end_context(ParallelContext *context, Snapshot snapshot)
{
	DestroyParallelContext(context);
	if (snapshot != NULL)
		UnregisterSnapshot(snapshot);
	ExitParallelMode();
}

/*
 * Start workers for a build, and be their leader.  Returns NULL if there are
 * none, because the server plans none or has none to give: the build then goes
 * on in this process.
 *
 * dimensions is the length of the sums that each participant has room for.
 */
VxBuildTeam *
vxb_team_begin(const VxGraphMethod *method, Relation heap, Relation index,
			   bool concurrent, int dimensions)
{
	int			workers = method->worker == NULL ? 0 : vxb_plan_workers(heap, index);
	ParallelContext *context;
	Snapshot	snapshot;
	VxBuildTeam *team;

	if (workers == 0)
		return NULL;
	EnterParallelMode();
	context = CreateParallelContext("$libdir/vectorx", method->worker, workers);
	snapshot = concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
	vxb_estimate_segment(context, heap, snapshot, dimensions);
	InitializeParallelDSM(context);
	if (context->seg != NULL)
	{
		vxb_fill_segment(context, heap, snapshot, dimensions);
		team = palloc0_object(VxBuildTeam);
		vxb_find_segment(team, context->toc);
		team->context = context;
		team->snapshot = concurrent ? snapshot : NULL;
		team->shared->index = RelationGetRelid(index);
		team->shared->concurrent = concurrent;
		BarrierAttach(&team->shared->barrier);
		LaunchParallelWorkers(context);
		if (context->nworkers_launched > 0)
			return team;
		pfree(team);
	}
	vxb_end_context(context, concurrent ? snapshot : NULL);
	return NULL;
}

/*
 * Wait until the workers are gone, and free what was shared.
 */
void
vxb_team_end(VxBuildTeam *team)
{
	vxb_team_detach(team);
	WaitForParallelWorkersToFinish(team->context);
	vxb_end_context(team->context, team->snapshot);
	pfree(team);
}

/*
 * In a worker: find the team, and open table and index with the locks that the
 * leader holds.
 */
VxBuildTeam *
vxb_team_attach(dsm_segment *segment, shm_toc *toc, Relation *heap, Relation *index)
{
	VxBuildTeam *team = palloc0_object(VxBuildTeam);

	debug_query_string = shm_toc_lookup(toc, VXB_KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	vxb_find_segment(team, toc);
	team->number = ParallelWorkerNumber + 1;
	Assert(team->number > 0 && team->number < team->shared->participants);
	SharedFileSetAttach(&team->shared->fileset, segment);
	team->heap = *heap = table_open(team->shared->heap,
									team->shared->concurrent ? ShareUpdateExclusiveLock : ShareLock);
	team->index = *index = index_open(team->shared->index,
									  team->shared->concurrent ? RowExclusiveLock : AccessExclusiveLock);
	return team;
}

/*
 * Leave the team; a worker closes its relations.
 */
void
vxb_team_detach(VxBuildTeam *team)
{
	BarrierDetach(&team->shared->barrier);
	if (team->arena != NULL)
		dsm_detach(team->arena);
	team->arena = NULL;
	if (team->heap == NULL)
		return;
	index_close(team->index, team->shared->concurrent ? RowExclusiveLock : AccessExclusiveLock);
	table_close(team->heap, team->shared->concurrent ? ShareUpdateExclusiveLock : ShareLock);
}

bool
vxb_team_concurrent(const VxBuildTeam *team)
{
	return team->shared->concurrent;
}

/* This process's number, 0 for the leader. */
int
vxb_team_number(const VxBuildTeam *team)
{
	return team == NULL ? 0 : team->number;
}

/* How many processes there may be, the leader included. */
int
vxb_team_size(const VxBuildTeam *team)
{
	return team == NULL ? 1 : team->shared->participants;
}

SharedFileSet *
vxb_team_files(VxBuildTeam *team)
{
	return team == NULL ? NULL : &team->shared->fileset;
}

/* This process's part of the table scan; the scan of the table is to end it. */
TableScanDesc
vxb_team_scan(VxBuildTeam *team, Relation heap)
{
	return table_beginscan_parallel(heap, team->scan);
}

VxBuildShare *
vxb_team_share(VxBuildTeam *team, int participant)
{
	Assert(participant >= 0 && participant < team->shared->participants);
	return &team->shares[participant];
}

/* As many sums as vxb_team_begin() was given dimensions. */
double *
vxb_team_sums(VxBuildTeam *team, int participant)
{
	Assert(participant >= 0 && participant < team->shared->participants);
	return team->sums + (Size) participant * team->shared->dimensions;
}

pg_atomic_uint32 *
vxb_team_next_node(VxBuildTeam *team)
{
	return &team->shared->next_node;
}

/*
 * In a worker: join the others in the step they are in.
 */
VxTeamStep
vxb_team_join(VxBuildTeam *team)
{
	return (VxTeamStep) BarrierAttach(&team->shared->barrier);
}

/*
 * Wait until all participants are done with the current step.  Interrupts are
 * served meanwhile, errors of workers among them.
 */
void
vxb_team_wait(VxBuildTeam *team)
{
	if (team != NULL)
		BarrierArriveAndWait(&team->shared->barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
}

/*
 * Bytes that an arena may have at most.  POSIX shared memory is a file system
 * with a size of its own, which in containers often is 64 MB; a segment beyond
 * it is an error, so a build divides its rows instead.
 */
Size
vxb_team_arena_limit(const VxBuildTeam *team)
{
	struct statvfs shm;
	Size		available;

	if (team == NULL || dynamic_shared_memory_type != DSM_IMPL_POSIX ||
		statvfs(VXB_SHM_FOLDER, &shm) != 0)
		return MaxAllocHugeSize;
	available = (Size) shm.f_bavail * shm.f_frsize;
	return available - available / 8;
}

/*
 * By the leader in VX_TEAM_START: shared memory for graphs.  Its size is not
 * known before the table has been read, hence a segment of its own.
 */
void *
vxb_team_create_arena(VxBuildTeam *team, Size bytes, bool only_graph)
{
	Assert(team->arena == NULL && team->number == 0);
	team->arena = dsm_create(bytes, 0);
	team->shared->arena = dsm_segment_handle(team->arena);
	team->shared->only_graph = only_graph;
	return dsm_segment_address(team->arena);
}

/* By the leader, before VX_TEAM_LINK: what the others must know of the graph. */
void
vxb_team_announce(VxBuildTeam *team, const VxBuildOptions *options, bool shard)
{
	team->shared->options = *options;
	team->shared->shard = shard;
}

/*
 * By a worker in VX_TEAM_LINK.
 */
void *
vxb_team_map_arena(VxBuildTeam *team, VxBuildOptions *options, bool *shard)
{
	Assert(team->number > 0);
	*options = team->shared->options;
	*shard = team->shared->shard;
	if (team->arena == NULL)
		team->arena = dsm_attach(team->shared->arena);
	if (team->arena == NULL)
		elog(ERROR, "could not map the shared memory of an index build");
	return dsm_segment_address(team->arena);
}

/* By the leader: its mapping; memory goes when the last worker has left. */
void
vxb_team_drop_arena(VxBuildTeam *team)
{
	dsm_detach(team->arena);
	team->arena = NULL;
}

/*
 * By the leader in VX_TEAM_FINISH: let the workers go.
 */
void
vxb_team_dismiss(VxBuildTeam *team)
{
	team->shared->dismissed = true;
	vxb_team_wait(team);
}

bool
vxb_team_dismissed(const VxBuildTeam *team)
{
	return team->shared->dismissed;
}

bool
vxb_team_only_graph(const VxBuildTeam *team)
{
	return team->shared->only_graph;
}
