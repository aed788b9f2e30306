/*-------------------------------------------------------------------------
 *
 * hnsw.h
 *	  The hnsw access method: callbacks, and what they share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_HNSW_H
#define VX_HNSW_H

#include "access/amapi.h"
#include "access/genam.h"
#include "nodes/pathnodes.h"

#include "am/common/graph_insert.h"
#include "am/common/method.h"
#include "am/common/options.h"

struct VxScanLimits;

/* hnsw_build.c */
extern IndexBuildResult *hnswbuild(Relation heap, Relation index,
								   struct IndexInfo *index_info);
extern void hnswbuildempty(Relation index);

/* hnsw_insert.c */
extern void hnsw_insert_options(const VxIndex *index, VxInsertOptions *options);
extern bool hnswinsert(Relation index, Datum *values, bool *isnull,
					   ItemPointer heap_tid, Relation heap,
					   IndexUniqueCheck check_unique, bool index_unchanged,
					   struct IndexInfo *index_info);

/* hnsw_scan.c */
extern void hnsw_scan_limits(Relation index, struct VxScanLimits *limits);
extern IndexScanDesc hnswbeginscan(Relation index, int nkeys, int norderbys);

/* hnsw_cost.c */
extern void hnswcostestimate(PlannerInfo *root, IndexPath *path,
							 double loop_count, Cost *startup_cost,
							 Cost *total_cost, Selectivity *selectivity,
							 double *correlation, double *pages);

/* hnsw_check.c */
extern void hnswcheck(struct VxCheck *check);

/* hnsw.c */
extern const VxMethod hnsw_method;

#endif							/* VX_HNSW_H */
