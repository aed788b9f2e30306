/*-------------------------------------------------------------------------
 *
 * hnsw_cost.c
 *	  How much work a scan of an hnsw index is.
 *
 * The planner's figures are made of it by am/common/cost.c.  See "Cost" in
 * README.md for the model and what it was fitted to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "optimizer/cost.h"

#include "compat.h"
#include "am/common/cost.h"
#include "am/common/graph_insert.h"
#include "am/hnsw/hnsw.h"

/* Pages of the base layer that a search meets for each candidate it loads. */
#define HNSW_PAGES_PER_CANDIDATE	3.0

/* Full vectors read for each row returned, and for each place of ef_search. */
#define HNSW_VECTORS_PER_ROW	1.0
#define HNSW_VECTORS_PER_EF		0.5

/* Candidates loaded for each row returned, once the first beam is used up. */
#define HNSW_LOADED_PER_ROW		3.0

/*
 * CPU cost of a page in units of cpu_operator_cost: pin, lock, and score some
 * thirty slots.
 */
#define HNSW_OPERATORS_PER_PAGE	40.0

/* What is known of an index at planning time. */
typedef struct HnswShape
{
	double		tuples;
	double		pages;			/* of all kinds */
	double		base_pages;		/* graph pages of layer 0 */
	double		upper_pages;	/* read in the layers above */
	double		vector_pages;	/* pages of one vector */
	int			ef_search;
	double		beam;			/* candidates of the first search */
} HnswShape;

/* Of an index that does not exist: some thirty nodes a page. */
#define HNSW_HYPOTHETICAL_SLOTS	30

/*
 * Read from the metapage what the catalog does not tell.
 */
static void
hnsw_shape(const IndexOptInfo *info, const VxCostModel *model, HnswShape *shape)
{
	VxMeta		meta;
	double		slots;

	if (info->hypothetical)
	{
		memset(&meta, 0, sizeof(meta));
		meta.geometry[0].slots = HNSW_HYPOTHETICAL_SLOTS;
		meta.data.fillfactor = 100;
		shape->ef_search = vxo_ef_search;
	}
	else
	{
		Relation	relation = index_open(info->indexoid, NoLock);

		vxp_meta_read(relation, &meta);
		shape->ef_search = vxo_hnsw_ef_search(relation,
											  vxi_operator_class(relation)->type->is_array);
		index_close(relation, NoLock);
	}
	slots = Max(1.0, meta.geometry[0].slots * meta.data.fillfactor / 100.0);
	shape->tuples = model->tuples;
	shape->pages = model->pages;
	shape->base_pages = ceil(model->tuples / slots);
	shape->upper_pages = shape->base_pages > 1.0 ?
		VXI_MAX_ENTRIES * log(shape->base_pages) / -log(vxi_promotion()) : 0.0;
	shape->vector_pages = meta.data.vector_bytes == 0 ? 0.0 :
		1.0 + (double) meta.data.vector_bytes / VX_PAGE_CONTENTS;
	shape->beam = 2.0 * shape->ef_search;
}

/*
 * Work until a number of rows is returned: a few pages a layer above the base,
 * the pages that the candidates loaded by then lie on or lead to, and full
 * vectors of the rows and of those that might have been nearer.
 *
 * The first candidates lead to new pages, the later ones increasingly to pages
 * met before: of c page references at random, base * (1 - exp(-c / base))
 * are distinct.
 */
static void
hnsw_work(const void *opaque, double rows, VxScanWork *work)
{
	const HnswShape *shape = (const HnswShape *) opaque;
	double		loaded = Max(shape->beam, HNSW_LOADED_PER_ROW * rows);
	double		met = HNSW_PAGES_PER_CANDIDATE * loaded;
	double		graph;
	double		vectors;

	Assert(shape->base_pages >= 1.0 && shape->beam >= 1.0);
	graph = shape->upper_pages +
		shape->base_pages * (1.0 - exp(-met / shape->base_pages));
	vectors = Min(shape->tuples, Max(HNSW_VECTORS_PER_ROW * rows,
									 HNSW_VECTORS_PER_EF * shape->beam / 2.0));
	work->random_pages = Min(shape->pages, graph + vectors * shape->vector_pages);
	work->operators = HNSW_OPERATORS_PER_PAGE * work->random_pages;
}

/*
 * Cost of a scan: amcostestimate.
 */
void
hnswcostestimate(PlannerInfo *root, IndexPath *path, double loop_count,
				 Cost *startup_cost, Cost *total_cost,
				 Selectivity *selectivity, double *correlation, double *pages)
{
	VxCostEstimate estimate = {startup_cost, total_cost, selectivity, correlation, pages};
	VxCostModel model;
	HnswShape	shape;

	if (!vxe_begin(path, &model, &estimate))
		return;
	vxo_refresh();
	hnsw_shape(path->indexinfo, &model, &shape);
	model.shape = &shape;
	model.work = hnsw_work;
	model.may_truncate = vxo_iterative_scan == VX_ITERATIVE_OFF;
	model.limit = model.may_truncate ? shape.ef_search : vxo_max_scan_tuples;
	vxe_finish(root, path, &model, &estimate);
}
