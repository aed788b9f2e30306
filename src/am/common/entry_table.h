/*-------------------------------------------------------------------------
 *
 * entry_table.h
 *	  The nodes of layer 1, kept by a backend as entries to the base layer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_ENTRY_TABLE_H
#define VX_ENTRY_TABLE_H

#include "am/common/index.h"

extern uint64 vxi_relation_serial(Relation relation);
extern int	vxi_table_entries(VxIndex *index, VxLayerSource *source,
							  const VxCodeQuery *query, uint32 *entries);

#endif							/* VX_ENTRY_TABLE_H */
