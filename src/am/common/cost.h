/*-------------------------------------------------------------------------
 *
 * cost.h
 *	  What a scan of a vector index costs: the arithmetic that access methods
 *	  share.
 *
 * A method says how much work it is to return a number of rows, and cost.c
 * makes the planner's figures of it.  See "Cost" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_COST_H
#define VX_COST_H

#include "nodes/pathnodes.h"

/*
 * Cost of scanning a file that cannot be read: more than any plan that works,
 * less than one that is switched off, so that whoever insists on the index is told
 * what is the matter with it.
 */
#define VXE_OUT_OF_REACH		1.0e10

/* Work of a scan from its begin until it has returned a number of rows. */
typedef struct VxScanWork
{
	double		random_pages;	/* read one by one */
	double		sequential_pages;	/* read in the order of blocks */
	double		operators;		/* CPU, in units of cpu_operator_cost */
} VxScanWork;

/*
 * An index as the planner sees it.
 *
 * work fills *work for a scan that returns `rows` rows, 1 .. tuples; it may
 * not fall when rows rise.  shape is the method's own.
 *
 * limit is the most rows that a scan returns, 0 if it returns all.  Such a
 * scan does not answer a query for more, so the planner is told that the rest
 * has to be found by a sort of the table; unless may_truncate is set, when the
 * user has asked for scans that end early: then a query with LIMIT costs what
 * such a scan does, and only one without is treated so.
 */
typedef struct VxCostModel
{
	double		tuples;
	double		pages;
	double		limit;
	bool		may_truncate;
	const void *shape;
	void		(*work) (const void *shape, double rows, VxScanWork *work);
} VxCostModel;

/* The results of amcostestimate. */
typedef struct VxCostEstimate
{
	Cost	   *startup;
	Cost	   *total;
	Selectivity *selectivity;
	double	   *correlation;
	double	   *pages;
} VxCostEstimate;

extern bool vxe_begin(IndexPath *path, VxCostModel *model,
					  const VxCostEstimate *estimate);
extern void vxe_finish(PlannerInfo *root, IndexPath *path,
					   const VxCostModel *model,
					   const VxCostEstimate *estimate);

#endif							/* VX_COST_H */
