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

struct IndexInfo;

/*
 * How an access method inserts.
 *
 * effort		candidates that the search for neighbours keeps.
 * max_layers	1 for a graph without upper layers, at most VX_MAX_LAYERS.
 * alpha		of the selection rule, see graph/select.h.
 */
typedef struct VxInsertOptions
{
	int			effort;
	int			max_layers;
	float		alpha;
} VxInsertOptions;

/* Working state for any number of inserts into one index. */
typedef struct VxGraphInsert VxGraphInsert;

extern double vxi_promotion(void);
extern VxGraphInsert *vxi_insert_begin(VxIndex *index, VxPageMode mode,
									   const VxInsertOptions *options);
extern void vxi_insert(VxGraphInsert *insert, const VxIndexValue *value,
					   const ItemPointerData *tid, bool unchanged);

/* insert_statement.c */

/* What a statement that inserts many rows keeps between them. */
typedef struct VxInsertStatement VxInsertStatement;

/* Reads the options of an index that was just opened. */
typedef void (*VxInsertOptionsOf) (const VxIndex *index, VxInsertOptions *options);

extern VxInsertStatement *vxi_insert_statement(Relation relation,
											   struct IndexInfo *index_info,
											   VxInsertOptionsOf options_of);
extern void vxi_insert_datum(VxInsertStatement *statement, Datum datum,
							 const ItemPointerData *tid, bool unchanged);

#endif							/* VX_GRAPH_INSERT_H */
