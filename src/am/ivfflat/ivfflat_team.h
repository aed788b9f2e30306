/*-------------------------------------------------------------------------
 *
 * ivfflat_team.h
 *	  The processes that build one ivfflat index together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_IVFFLAT_TEAM_H
#define VX_IVFFLAT_TEAM_H

#include "access/parallel.h"
#include "access/relscan.h"

#include "am/ivfflat/ivfflat_build.h"

/*
 * What participants share: k-means, and what it leaves behind.  In shared memory, or
 * of the only process.
 */
typedef struct IvfflatWorkspace
{
	VxClusterState *clusters;
	float	   *mean;			/* of the centroids; unused for bit strings */
	uint8	   *coded;			/* centres, one behind the other */
	VxCentroids *centroids;		/* for vxc_assign() */
	uint32	   *counts;			/* rows of each list: in the end of all, before that of
								 * one participant after the other */
} IvfflatWorkspace;

/* The leader's view; NULL stands for a leader alone. */
typedef struct IvfflatTeam IvfflatTeam;

extern IvfflatTeam *ivfflat_team_begin(const IvfflatIndex *index, Relation heap,
									   bool concurrent,
									   const VxClusterParameters *parameters,
									   IvfflatWorkspace *workspace);
extern void ivfflat_team_train(IvfflatTeam *team, VxClusterState *clusters,
							   const VxHost *host);
extern void ivfflat_team_announce(IvfflatTeam *team, const VxListMetaData *data);
extern int	ivfflat_team_size(const IvfflatTeam *team);
extern TableScanDesc ivfflat_team_scan(IvfflatTeam *team, Relation heap);
extern Tuplesortstate *ivfflat_team_sort(IvfflatTeam *team);
extern Tuplesortstate *ivfflat_team_merge(IvfflatTeam *team, Tuplesortstate *own,
										  IvfflatAssigner *assigner,
										  IvfflatWorkspace *workspace,
										  double *heap_tuples,
										  struct IndexInfo *index_info);
extern void ivfflat_team_end(IvfflatTeam *team);

extern PGDLLEXPORT void vx_ivfflat_team_work(dsm_segment *segment, shm_toc *toc);

#endif							/* VX_IVFFLAT_TEAM_H */
