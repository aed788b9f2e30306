/*-------------------------------------------------------------------------
 *
 * inspect.h
 *	  vectorx_index_stats(): what access methods say of an index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_INSPECT_H
#define VX_INSPECT_H

#include "lib/stringinfo.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/*
 * One call of vectorx_index_stats().  A method fills in the figures of its
 * index, which begin as 0, and adds members to the JSON objects; what it
 * leaves empty is shown as NULL.
 */
typedef struct VxInspection
{
	Relation	index;
	BlockNumber nblocks;		/* when the call began */
	BufferAccessStrategy strategy;	/* to read all pages with */

	uint32		version;		/* of the page format */
	int			dimensions;		/* of the column */
	int			code_bits;		/* a dimension */
	uint64		rows;			/* that the index returns */
	uint64		dead_rows;		/* places of rows that are gone, not reused yet */
	uint64		later_rows;		/* places taken since the index was built */
	uint64		free_slots;		/* places for rows on pages that exist */
	uint64		search_pages;	/* that searches walk over */

	StringInfoData pages;		/* number of pages by kind */
	StringInfoData options;		/* by which it was built */
	StringInfoData detail;		/* what is particular to the method */
	StringInfoData advice;		/* a sentence a line */
} VxInspection;

extern void vxn_add_number(StringInfo object, const char *name, double value);
extern void vxn_add_integer(StringInfo object, const char *name, int64 value);
extern void vxn_add_list(StringInfo object, const char *name,
						 const uint64 *values, int count);
extern const char *vxn_index_name(const VxInspection *inspection);
extern void vxn_advise(VxInspection *inspection, const char *format,...) pg_attribute_printf(2, 3);

/* graph_inspect.c */
extern void vxn_inspect_graph(VxInspection *inspection);

#endif							/* VX_INSPECT_H */
