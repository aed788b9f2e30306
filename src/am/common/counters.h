/*-------------------------------------------------------------------------
 *
 * counters.h
 *	  What scans and inserts of vector indexes count.
 *
 * Counted by the scan drivers and the insert, kept by stats.c for all
 * sessions, and shown of one query by explain.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_COUNTERS_H
#define VX_COUNTERS_H

#include "utils/rel.h"

/* In the order in which pg_stat_vectorx shows them. */
typedef enum VxCount
{
	VX_COUNT_SCANS,				/* searches begun; a rescan is another */
	VX_COUNT_RESUMES,			/* times that a search was resumed */
	VX_COUNT_ROWS,				/* returned to the executor */
	VX_COUNT_PAGES,				/* of codes, scored */
	VX_COUNT_NODES,				/* scored by their codes */
	VX_COUNT_EXACT,				/* distances computed from full vectors */
	VX_COUNT_HEAP_FETCHES,		/* those of them read from the table */
	VX_COUNT_TOAST_FETCHES,		/* and from its TOAST table */
	VX_COUNT_INSERTS,			/* rows */
	VX_COUNT_EDGES,				/* written by inserts, to and from the row */
	VX_COUNTS
} VxCount;

/*
 * What the scans of one index descriptor have done since ambeginscan, kept up
 * to date whenever a row is returned.  First member of every scan's opaque.
 */
typedef struct VxScanCounters
{
	uint64		counts[VX_COUNTS];
	Size		memory;			/* most bytes that one scan has used */
	const char *effort_name;	/* of the setting that bounds the effort */
	int			effort;			/* its value in the last scan */
} VxScanCounters;

extern void vxn_count(Relation index, const uint64 *counts);
extern void vxn_count_insert(Relation index, uint64 edges);

#endif							/* VX_COUNTERS_H */
