/*-------------------------------------------------------------------------
 *
 * build_team.h
 *	  The processes that build one index together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_BUILD_TEAM_H
#define VX_BUILD_TEAM_H

#include "access/parallel.h"
#include "access/relscan.h"
#include "port/atomics.h"
#include "storage/barrier.h"
#include "storage/sharedfileset.h"

#include "am/common/graph_create.h"

/*
 * The steps of a parallel build.  All participants leave a step together; one
 * that starts late begins with the step that the others are in.
 *
 * In VX_TEAM_START and VX_TEAM_FINISH the leader works alone.  If there are
 * several graphs, VX_TEAM_LINK and VX_TEAM_FINISH repeat.
 */
typedef enum VxTeamStep
{
	VX_TEAM_LOAD,
	VX_TEAM_START,
	VX_TEAM_LINK,
	VX_TEAM_FINISH
} VxTeamStep;

/* What one participant found in the table. */
typedef struct VxBuildShare
{
	double		heap_tuples;
	double		squares;		/* over all dimensions of its rows */
	uint32		rows;
	bool		broken_hot_chain;
} VxBuildShare;

/* One process's view of the team. */
typedef struct VxBuildTeam VxBuildTeam;

extern int	vxb_plan_workers(Relation heap, Relation index);
extern VxBuildTeam *vxb_team_begin(const VxGraphMethod *method, Relation heap,
								   Relation index, bool concurrent, int dimensions);
extern void vxb_team_end(VxBuildTeam *team);
extern VxBuildTeam *vxb_team_attach(dsm_segment *segment, shm_toc *toc,
									Relation *heap, Relation *index);
extern void vxb_team_detach(VxBuildTeam *team);
extern bool vxb_team_concurrent(const VxBuildTeam *team);

extern int	vxb_team_number(const VxBuildTeam *team);
extern int	vxb_team_size(const VxBuildTeam *team);
extern SharedFileSet *vxb_team_files(VxBuildTeam *team);
extern TableScanDesc vxb_team_scan(VxBuildTeam *team, Relation heap);
extern VxBuildShare *vxb_team_share(VxBuildTeam *team, int participant);
extern double *vxb_team_sums(VxBuildTeam *team, int participant);
extern pg_atomic_uint32 *vxb_team_next_node(VxBuildTeam *team);

extern VxTeamStep vxb_team_join(VxBuildTeam *team);
extern void vxb_team_wait(VxBuildTeam *team);

/* Memory for graphs, made by the leader, and what else the others must know. */
extern Size vxb_team_arena_limit(const VxBuildTeam *team);
extern void *vxb_team_create_arena(VxBuildTeam *team, Size bytes, bool only_graph);
extern void vxb_team_announce(VxBuildTeam *team, const VxBuildOptions *options, bool shard);
extern void *vxb_team_map_arena(VxBuildTeam *team, VxBuildOptions *options, bool *shard);
extern void vxb_team_drop_arena(VxBuildTeam *team);
extern void vxb_team_dismiss(VxBuildTeam *team);
extern bool vxb_team_dismissed(const VxBuildTeam *team);
extern bool vxb_team_only_graph(const VxBuildTeam *team);

#endif							/* VX_BUILD_TEAM_H */
