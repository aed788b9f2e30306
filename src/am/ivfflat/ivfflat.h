/*-------------------------------------------------------------------------
 *
 * ivfflat.h
 *	  The ivfflat access method: callbacks, and what they share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_IVFFLAT_H
#define VX_IVFFLAT_H

#include "access/amapi.h"
#include "access/genam.h"
#include "nodes/pathnodes.h"

#include "am/common/index.h"
#include "am/common/method.h"
#include "am/common/options.h"
#include "base/host.h"
#include "quantize/list_codec.h"
#include "storage/list_meta.h"
#include "types/element.h"

/* Phases of CREATE INDEX, as pg_stat_progress_create_index shows them. */
#define IVFFLAT_PHASE_KMEANS	2
#define IVFFLAT_PHASE_ASSIGN	3
#define IVFFLAT_PHASE_LOAD		4

/* Times that a list is begun again because VACUUM changed it meanwhile. */
#define IVFFLAT_MAX_RESTARTS	100

/*
 * Everything a statement needs to know of an index.  Lives in the memory
 * context that was current when it was opened.
 */
typedef struct IvfflatIndex
{
	Relation	relation;
	MemoryContext context;
	VxHost		host;
	const VxOperatorClass *opclass;
	VxListMeta	meta;
	VxListCodec codec;
	void	   *scratch;		/* vxq_list_scratch_size() bytes */
} IvfflatIndex;

/* ivfflat.c */
extern const VxMethod ivfflat_method;

/* ivfflat_check.c */
extern void ivfflatcheck(struct VxCheck *check);

/* ivfflat_inspect.c */
extern void ivfflatinspect(struct VxInspection *inspection);

/* ivfflat_index.c */
extern IvfflatIndex *ivfflat_open(Relation relation);
extern IvfflatIndex *ivfflat_new(Relation relation);
extern void ivfflat_codec_init(IvfflatIndex *index, const float *mean);
extern const char *ivfflat_meta_problem(const IvfflatIndex *index);
extern const char *ivfflat_codec_problem(const IvfflatIndex *index);
extern void ivfflat_put_code(const IvfflatIndex *index, Page page, int slot,
							 const uint8 *row);
extern void ivfflat_take_code(const IvfflatIndex *index, Page page, int slot,
							  uint8 *row);
extern void ivfflat_score_codes(const IvfflatIndex *index, const VxListQuery *query,
								Page page, uint8 *strip, float *estimate,
								float *error);
extern void ivfflat_centre_keys(const IvfflatIndex *index, VxReader *reader,
								const VxListQuery *query, bool by_angle,
								float *keys);
extern BlockNumber ivfflat_directory_entry(const IvfflatIndex *index,
										   VxReader *reader, uint32 list,
										   uint8 *centre);

/* ivfflat_build.c */
extern IndexBuildResult *ivfflatbuild(Relation heap, Relation index,
									  struct IndexInfo *index_info);
extern void ivfflatbuildempty(Relation index);

/* ivfflat_insert.c */
extern bool ivfflatinsert(Relation index, Datum *values, bool *isnull,
						  ItemPointer heap_tid, Relation heap,
						  IndexUniqueCheck check_unique, bool index_unchanged,
						  struct IndexInfo *index_info);

/* ivfflat_scan.c */
extern IndexScanDesc ivfflatbeginscan(Relation index, int nkeys, int norderbys);
extern void ivfflatrescan(IndexScanDesc scan, ScanKey keys, int nkeys,
						  ScanKey orderbys, int norderbys);
extern bool ivfflatgettuple(IndexScanDesc scan, ScanDirection direction);
extern void ivfflatendscan(IndexScanDesc scan);

/* ivfflat_vacuum.c */
extern IndexBulkDeleteResult *ivfflatbulkdelete(IndexVacuumInfo *info,
												IndexBulkDeleteResult *stats,
												IndexBulkDeleteCallback callback,
												void *callback_state);
extern IndexBulkDeleteResult *ivfflatvacuumcleanup(IndexVacuumInfo *info,
												   IndexBulkDeleteResult *stats);

/* ivfflat_cost.c */
extern void ivfflatcostestimate(PlannerInfo *root, IndexPath *path,
								double loop_count, Cost *startup_cost,
								Cost *total_cost, Selectivity *selectivity,
								double *correlation, double *pages);

#endif							/* VX_IVFFLAT_H */
