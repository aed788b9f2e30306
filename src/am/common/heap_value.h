/*-------------------------------------------------------------------------
 *
 * heap_value.h
 *	  The indexed value of a row, fetched from its table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_HEAP_VALUE_H
#define VX_HEAP_VALUE_H

#include "access/relscan.h"
#include "storage/itemptr.h"
#include "utils/snapshot.h"

typedef struct VxHeapValues VxHeapValues;

extern VxHeapValues *vxs_heap_values_begin(Relation heap, Relation index,
										   Snapshot snapshot);
extern bool vxs_heap_value(VxHeapValues *values, ItemPointer tid, Datum *value);
extern uint64 vxs_heap_values_toasted(const VxHeapValues *values);
extern void vxs_heap_announce(VxHeapValues *values, uint64 tid);
extern void vxs_heap_values_end(VxHeapValues *values);

#endif							/* VX_HEAP_VALUE_H */
