/*-------------------------------------------------------------------------
 *
 * graph_cost.c
 *	  How much work a scan of a graph index is.
 *
 * The planner's figures are made of it by cost.c.  See "Cost" in
 * am/hnsw/README.md for the model and what it was fitted to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "optimizer/cost.h"

#include "compat.h"
#include "am/common/directory.h"
#include "am/common/graph_cost.h"
#include "am/common/graph_insert.h"

/* Pages of the base layer that a search meets for each candidate it loads. */
#define VXE_PAGES_PER_CANDIDATE	3.0

/*
 * Candidates loaded for each row returned, once the first beam is used up, and
 * full vectors read; at least so many for each place of the beam.
 */
#define VXE_LOADED_PER_ROW		3.0
#define VXE_VECTORS_PER_ROW		3.0
#define VXE_VECTORS_PER_PLACE	0.25

/*
 * CPU cost of a page in units of cpu_operator_cost: pin, lock, and score some
 * thirty slots.
 */
#define VXE_OPERATORS_PER_PAGE	40.0

/* Pages of the table that an exact distance takes: the row, TOAST and its index. */
#define VXE_PAGES_PER_ROW		3.0

/* What is known of an index at planning time. */
typedef struct VxGraphCostShape
{
	double		tuples;
	double		base_pages;		/* graph pages of layer 0 */
	double		entry_pages;	/* read in the layers above and in the entry
								 * directory */
	double		vector_pages;	/* read for one vector, or refine code: the
								 * node's page, which says where it is, and its own */
	double		row_pages;		/* read in the table for an exact distance */
	VxScanLimits limits;
	double		beam;			/* candidates of the first search */
} VxGraphCostShape;

/* Of an index that does not exist: some thirty nodes a page. */
#define VXE_HYPOTHETICAL_SLOTS	30

/*
 * Read from the metapage what the catalog does not tell.  False if the file has
 * to be rebuilt before it can be read: that is no reason for an error while
 * another plan will do.
 */
static bool
vxe_graph_shape(const IndexOptInfo *info, const VxCostModel *model,
				VxScanLimitsOf limits_of, VxGraphCostShape *shape)
{
	VxMeta		meta;
	double		slots;

	if (info->hypothetical)
	{
		memset(&meta, 0, sizeof(meta));
		meta.geometry[0].slots = VXE_HYPOTHETICAL_SLOTS;
		meta.data.fillfactor = 100;
		limits_of(NULL, &shape->limits);
	}
	else
	{
		Relation	relation = index_open(info->indexoid, NoLock);

		if (vxp_meta_needs_reindex(relation))
		{
			index_close(relation, NoLock);
			return false;
		}
		vxp_meta_read(relation, &meta);
		limits_of(relation, &shape->limits);
		index_close(relation, NoLock);
	}
	slots = Max(1.0, meta.geometry[0].slots * meta.data.fillfactor / 100.0);
	shape->tuples = model->tuples;
	shape->base_pages = ceil(model->tuples / slots);
	shape->entry_pages = shape->base_pages > 1.0 ?
		VXI_DESCENT_BEAM * log(shape->base_pages) / -log(vxi_promotion()) : 0.0;
	if (meta.terms.bits > 0)
		shape->entry_pages += VXI_QUERY_TERMS;
	shape->vector_pages = meta.data.vector_bytes == 0 ? 0.0 :
		1.0 + (double) meta.data.vector_bytes / VX_PAGE_CONTENTS;
	shape->row_pages = meta.data.total_bits == 0 ? 0.0 : VXE_PAGES_PER_ROW;
	shape->beam = shape->limits.beam;
	return true;
}

/*
 * Work until a number of rows is returned: a few pages a layer above the base, a
 * page of the entry directory for each term looked up, the pages that the candidates loaded by then lie on or lead to, and full
 * vectors of the rows and of those that might have been nearer.
 *
 * The first candidates lead to new pages, the later ones increasingly to pages
 * met before: of c page references at random, base * (1 - exp(-c / base))
 * are distinct.
 */
static void
vxe_graph_work(const void *opaque, double rows, VxScanWork *work)
{
	const VxGraphCostShape *shape = (const VxGraphCostShape *) opaque;
	double		loaded = Max(shape->beam, VXE_LOADED_PER_ROW * rows);
	double		met = VXE_PAGES_PER_CANDIDATE * loaded;
	double		graph;
	double		vectors;

	Assert(shape->base_pages >= 1.0 && shape->beam >= 1.0);
	graph = shape->entry_pages +
		shape->base_pages * (1.0 - exp(-met / shape->base_pages));
	vectors = Min(shape->tuples, Max(VXE_VECTORS_PER_ROW * rows,
									 VXE_VECTORS_PER_PLACE * shape->beam));
	work->random_pages = graph + vectors * (shape->vector_pages + shape->row_pages);
	work->operators = VXE_OPERATORS_PER_PAGE * work->random_pages;
}

/*
 * Cost of a scan of an index by vxs_gettuple, within the limits that its access
 * method tells of it.
 */
void
vxe_graph_cost(PlannerInfo *root, IndexPath *path, VxScanLimitsOf limits_of,
			   const VxCostEstimate *estimate)
{
	VxCostModel model;
	VxGraphCostShape shape;

	if (!vxe_begin(path, &model, estimate))
		return;
	vxo_refresh();
	if (!vxe_graph_shape(path->indexinfo, &model, limits_of, &shape))
	{
		*estimate->startup = *estimate->total = VXE_OUT_OF_REACH;
		return;
	}
	model.shape = &shape;
	model.work = vxe_graph_work;
	model.may_truncate = shape.limits.iterative == VX_ITERATIVE_OFF;
	model.limit = model.may_truncate ? shape.limits.rows : shape.limits.max_tuples;
	vxe_finish(root, path, &model, estimate);
}
