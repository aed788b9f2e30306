/*-------------------------------------------------------------------------
 *
 * graph_vacuum.h
 *	  VACUUM of an index whose pages form a graph.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_VACUUM_H
#define VX_GRAPH_VACUUM_H

#include "access/genam.h"

extern IndexBulkDeleteResult *vxv_bulk_delete(IndexVacuumInfo *info,
											  IndexBulkDeleteResult *stats,
											  IndexBulkDeleteCallback callback,
											  void *callback_state);
extern IndexBulkDeleteResult *vxv_cleanup(IndexVacuumInfo *info,
										  IndexBulkDeleteResult *stats);

#endif							/* VX_GRAPH_VACUUM_H */
