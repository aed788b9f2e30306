/*-------------------------------------------------------------------------
 *
 * diskann.h
 *	  The diskann access method: callbacks, and what they share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_DISKANN_H
#define VX_DISKANN_H

#include "access/amapi.h"
#include "access/genam.h"
#include "nodes/pathnodes.h"

#include "am/common/graph_insert.h"
#include "am/common/graph_scan.h"
#include "am/common/method.h"
#include "am/common/options.h"

/* Of the pruning rule, [Vam19] RobustPrune, by keys: see graph/select.h. */
#define DISKANN_ALPHA	1.1f

/* diskann_build.c */
extern IndexBuildResult *diskannbuild(Relation heap, Relation index,
									  struct IndexInfo *index_info);
extern void diskannbuildempty(Relation index);

/* diskann_insert.c */
extern void diskann_insert_options(const VxIndex *index, VxInsertOptions *options);
extern bool diskanninsert(Relation index, Datum *values, bool *isnull,
						  ItemPointer heap_tid, Relation heap,
						  IndexUniqueCheck check_unique, bool index_unchanged,
						  struct IndexInfo *index_info);

/* diskann_scan.c */
extern void diskann_scan_limits(Relation index, VxScanLimits *limits);
extern IndexScanDesc diskannbeginscan(Relation index, int nkeys, int norderbys);

/* diskann_cost.c */
extern void diskanncostestimate(PlannerInfo *root, IndexPath *path,
								double loop_count, Cost *startup_cost,
								Cost *total_cost, Selectivity *selectivity,
								double *correlation, double *pages);

/* diskann_check.c */
extern void diskanncheck(struct VxCheck *check);

/* diskann.c */
extern const VxMethod diskann_method;

#endif							/* VX_DISKANN_H */
