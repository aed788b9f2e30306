/*-------------------------------------------------------------------------
 *
 * graph_build.h
 *	  CREATE INDEX for access methods whose pages form a graph.
 *
 * An access method describes itself by a VxGraphMethod; its ambuild is one
 * call.  The algorithm is in am/common/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_BUILD_H
#define VX_GRAPH_BUILD_H

#include "access/genam.h"
#include "nodes/execnodes.h"
#include "storage/dsm.h"
#include "storage/shm_toc.h"

#include "am/common/graph_create.h"

/* Phases of CREATE INDEX, as pg_stat_progress_create_index shows them. */
#define VXB_PHASE_LOAD			2
#define VXB_PHASE_GRAPH			3
#define VXB_PHASE_WRITE			4

extern IndexBuildResult *vxb_build(const VxGraphMethod *method, Relation heap,
								   Relation index, struct IndexInfo *index_info);
extern void vxb_build_worker(const VxGraphMethod *method, dsm_segment *segment,
							 shm_toc *toc);
extern char *vxb_phase_name(int64 phase);

#endif							/* VX_GRAPH_BUILD_H */
