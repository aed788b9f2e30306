/*-------------------------------------------------------------------------
 *
 * ivfflat_cost.c
 *	  How much work a scan of an ivfflat index is.
 *
 * The planner's figures are made of it by am/common/cost.c.  See "Cost" in
 * README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "optimizer/cost.h"

#include "compat.h"
#include "am/common/cost.h"
#include "am/ivfflat/ivfflat.h"

/* Full vectors read for each row returned, and before the first one. */
#define IVFFLAT_VECTORS_PER_ROW		1.5
#define IVFFLAT_FIRST_VECTORS		30.0

/*
 * CPU costs in units of cpu_operator_cost: of a page, to pin and lock it, and of
 * a row or a centre, to score it.
 */
#define IVFFLAT_OPERATORS_PER_PAGE	10.0
#define IVFFLAT_OPERATORS_PER_SCORE	0.1

/* Of an index that does not exist: the default of lists, vectors of 768 floats. */
#define IVFFLAT_HYPOTHETICAL_LISTS	100
#define IVFFLAT_HYPOTHETICAL_SLOTS	64

/* What is known of an index at planning time. */
typedef struct IvfflatShape
{
	double		tuples;
	double		lists;
	double		probes;
	double		directory_pages;
	double		slots;			/* rows on a page */
	double		vector_pages;	/* pages of one vector */
	bool		iterative;
} IvfflatShape;

/*
 * Read from the metapage what the catalog does not tell; false for a file that
 * has to be rebuilt first.
 */
static bool
ivfflat_shape(const IndexOptInfo *info, const VxCostModel *model, IvfflatShape *shape)
{
	memset(shape, 0, sizeof(*shape));
	shape->tuples = model->tuples;
	if (info->hypothetical)
	{
		shape->lists = IVFFLAT_HYPOTHETICAL_LISTS;
		shape->slots = IVFFLAT_HYPOTHETICAL_SLOTS;
		shape->directory_pages = 1.0;
		shape->vector_pages = 1.0;
	}
	else
	{
		Relation	relation = index_open(info->indexoid, NoLock);
		VxListMeta	meta;

		if (vxp_meta_needs_reindex(relation))
		{
			index_close(relation, NoLock);
			return false;
		}
		vxp_list_meta_read(relation, &meta);
		index_close(relation, NoLock);
		shape->lists = meta.data.lists;
		shape->slots = meta.geometry.slots;
		shape->directory_pages = meta.directory_pages;
		shape->vector_pages = meta.data.vector_bytes == 0 ? 0.0 :
			1.0 + (double) meta.data.vector_bytes / VX_PAGE_CONTENTS;
	}
	shape->probes = Min((double) vxo_probes, shape->lists);
	shape->iterative = vxo_ivfflat_iterative_scan != VX_ITERATIVE_OFF;
	return true;
}

/*
 * Work until a number of rows is returned: the directory, the lists that have
 * twice as many rows but no fewer than the probes, and full vectors of the rows
 * and of those that might have been nearer.
 */
static void
ivfflat_work(const void *opaque, double rows, VxScanWork *work)
{
	const IvfflatShape *shape = (const IvfflatShape *) opaque;
	double		per_list = shape->tuples / shape->lists;
	double		lists = shape->probes;
	double		scored;
	double		vectors;

	Assert(shape->lists >= 1.0 && shape->slots >= 1.0);
	if (shape->iterative)
		lists = Min(shape->lists, Max(lists, ceil(2.0 * rows / per_list)));
	scored = lists * per_list;
	vectors = Min(scored, IVFFLAT_VECTORS_PER_ROW * rows + IVFFLAT_FIRST_VECTORS);
	work->sequential_pages = shape->directory_pages + lists * ceil(per_list / shape->slots);
	work->random_pages = vectors * shape->vector_pages;
	work->operators = IVFFLAT_OPERATORS_PER_PAGE * (work->sequential_pages + work->random_pages) +
		IVFFLAT_OPERATORS_PER_SCORE * (scored + shape->lists);
}

/*
 * Cost of a scan: amcostestimate.
 */
void
ivfflatcostestimate(PlannerInfo *root, IndexPath *path, double loop_count,
					Cost *startup_cost, Cost *total_cost,
					Selectivity *selectivity, double *correlation, double *pages)
{
	VxCostEstimate estimate = {startup_cost, total_cost, selectivity, correlation, pages};
	VxCostModel model;
	IvfflatShape shape;
	double		reach;

	if (!vxe_begin(path, &model, &estimate))
		return;
	vxo_refresh();
	if (!ivfflat_shape(path->indexinfo, &model, &shape))
	{
		*startup_cost = *total_cost = VXE_OUT_OF_REACH;
		return;
	}
	model.shape = &shape;
	model.work = ivfflat_work;
	model.may_truncate = !shape.iterative;
	reach = shape.iterative ? Max(vxo_probes, vxo_max_probes) : vxo_probes;
	if (reach < shape.lists)
		model.limit = Max(1.0, model.tuples * reach / shape.lists);
	vxe_finish(root, path, &model, &estimate);
}
