/*-------------------------------------------------------------------------
 *
 * graph_scan.h
 *	  Rows of a graph index in the order of their distance from a query.
 *
 * The callbacks of a scan that an access method gives to the server, but for
 * ambeginscan, where it says with a VxGraphScanMethod what is its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_SCAN_H
#define VX_GRAPH_SCAN_H

#include "access/genam.h"
#include "access/relscan.h"

#include "am/common/counters.h"
#include "am/common/exact.h"
#include "am/common/index.h"
#include "am/common/options.h"
#include "am/common/range.h"
#include "am/common/scan_workspace.h"

/*
 * How far a scan may go, from the settings of the moment and the options of
 * the index.
 *
 * rows			what a scan that is not iterative returns at most.
 * beam			places of the beam; the search loads so many candidates at a time.
 * iterative	whether to resume the search, and what becomes of late rows.
 * max_tuples	candidates loaded before the search is resumed no more.
 * memory		bytes, half of them for the search, half for waiting rows.
 */
typedef struct VxScanLimits
{
	int			rows;
	int			beam;
	VxIterativeScan iterative;
	int64		max_tuples;
	Size		memory;
} VxScanLimits;

/* Fills in the limits of scans of an index; NULL for one that does not exist. */
typedef void (*VxScanLimitsOf) (Relation index, VxScanLimits *limits);

typedef struct VxGraphScan VxGraphScan;

/*
 * What is particular to an access method.
 *
 * name		of the method, for messages.
 * effort_name	of the setting that limits.rows is the value of, for EXPLAIN.
 * limits	fills in the limits of a scan that begins; vxo_refresh() was called.
 * enter	leaves in entries (room for VXI_MAX_ENTRIES) the pages of the base
 *			layer from which to search; returns their number, 0 if the index is
 *			empty.  May use scan->search for a search of its own.
 */
typedef struct VxGraphScanMethod
{
	const char *name;
	const char *effort_name;
	VxScanLimitsOf limits;
	int			(*enter) (VxGraphScan *scan, uint32 *entries);
} VxGraphScanMethod;

struct VxGraphScan
{
	VxScanCounters counters;	/* must be first, see counters.h */
	const VxGraphScanMethod *method;
	MemoryContext context;		/* of one scan, with the workspace below it */
	VxScanWorkspace *workspace; /* NULL before the first row */
	VxIndex    *index;			/* this and the next are the workspace's */
	VxLayerSource *source;
	VxPageSearch *search;
	VxCodeQuery *query;
	VxExactStage *exact;
	VxScanLimits limits;
	bool		started;
	bool		exhausted;		/* the search has no more, or may not go on */
	int64		loaded;			/* candidates taken from the search so far */
	int64		distinct;		/* those of them that are no copies */
	int64		returned;		/* rows */
	double		last_key;		/* of the row returned last */
	VxRange		range;			/* of rows that are wanted */
	double		range_key;		/* its limit; farther rows end the scan */

	/* what of the search under way is in the counters */
	int64		tallied_loaded;
	VxPageSearchCounters tallied_search;
	uint64		tallied_vectors;
	uint64		tallied_toasted;
};

extern IndexScanDesc vxs_begin(Relation index, int nkeys, int norderbys,
							   const VxGraphScanMethod *method);
extern void vxs_rescan(IndexScanDesc scan, ScanKey keys, int nkeys,
					   ScanKey orderbys, int norderbys);
extern bool vxs_gettuple(IndexScanDesc scan, ScanDirection direction);
extern void vxs_end(IndexScanDesc scan);

extern Size vxs_memory(double multiplier);

#endif							/* VX_GRAPH_SCAN_H */
