/*-------------------------------------------------------------------------
 *
 * graph_insert.h
 *	  Insert rows into a graph index, one at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_INSERT_H
#define VX_GRAPH_INSERT_H

#include "am/common/index.h"
#include "storage/page_transaction.h"

/* Working state for any number of inserts into one index. */
typedef struct VxGraphInsert VxGraphInsert;

extern double vxi_promotion(void);
extern VxGraphInsert *vxi_insert_begin(VxIndex *index, VxPageMode mode);
extern void vxi_insert(VxGraphInsert *insert, const VxIndexValue *value,
					   const ItemPointerData *tid);

#endif							/* VX_GRAPH_INSERT_H */
