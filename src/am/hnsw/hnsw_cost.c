/*-------------------------------------------------------------------------
 *
 * hnsw_cost.c
 *	  What a scan of an hnsw index costs.
 *
 * The planner compares this with a sequential scan and a sort.  What a scan
 * does before its first row is counted in pages; see "Cost" in README.md for
 * the model and what it was fitted to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"
#include "utils/selfuncs.h"

#include "compat.h"
#include "am/common/graph_insert.h"
#include "am/hnsw/hnsw.h"

/*
 * Pages of the base layer read for each place of the beam, and full vectors
 * read for it.
 */
#define HNSW_PAGES_PER_EF		6.0
#define HNSW_VECTORS_PER_EF		0.5

/*
 * CPU cost of a page in units of cpu_operator_cost: pin, lock, and score some
 * thirty slots.
 */
#define HNSW_OPERATORS_PER_PAGE	40.0

/* What is known of an index at planning time. */
typedef struct HnswShape
{
	double		tuples;
	double		pages;
	double		slots;			/* nodes on a page */
	double		vector_pages;	/* pages of one vector */
} HnswShape;

/* Of an index that does not exist: some thirty nodes a page. */
#define HNSW_HYPOTHETICAL_SLOTS	30

/*
 * Read from the metapage what the catalog does not tell.
 */
static void
hnsw_shape(const IndexOptInfo *info, HnswShape *shape)
{
	VxMeta		meta;

	if (info->hypothetical)
	{
		memset(&meta, 0, sizeof(meta));
		meta.geometry[0].slots = HNSW_HYPOTHETICAL_SLOTS;
		meta.data.fillfactor = 100;
	}
	else
	{
		Relation	relation = index_open(info->indexoid, NoLock);

		vxp_meta_read(relation, &meta);
		index_close(relation, NoLock);
	}
	shape->tuples = Max(info->tuples, 1.0);
	shape->pages = Max(info->pages, 1.0);
	shape->slots = Max(1.0, meta.geometry[0].slots * meta.data.fillfactor / 100.0);
	shape->vector_pages = meta.data.vector_bytes == 0 ? 0.0 :
		1.0 + (double) meta.data.vector_bytes / VX_PAGE_CONTENTS;
}

/*
 * Pages read before the first row: a few a layer above the base, the base
 * layer in proportion to the beam, and vectors for the nearest of it.
 */
static double
hnsw_startup_pages(const HnswShape *shape)
{
	double		base = ceil(shape->tuples / shape->slots);
	double		layers = base > 1.0 ? log(base) / -log(vxi_promotion()) : 0.0;
	double		visited = Min(base, 1.0 + HNSW_PAGES_PER_EF * vxo_ef_search);
	double		vectors = Min(shape->tuples, HNSW_VECTORS_PER_EF * vxo_ef_search);

	return Min(shape->pages,
			   VXI_MAX_ENTRIES * layers + visited + vectors * shape->vector_pages);
}

/*
 * Cost of reading one page of the index: the share of it that the cache is
 * unlikely to hold, and the work on it.
 */
static double
hnsw_page_cost(const HnswShape *shape)
{
	double		cached = Min(1.0, effective_cache_size / shape->pages);
	double		missed = Max(0.05, 1.0 - cached);

	return missed * random_page_cost + HNSW_OPERATORS_PER_PAGE * cpu_operator_cost;
}

/*
 * Cost of a scan: amcostestimate.
 *
 * Startup is what comes before the first row.  The total is that of returning
 * every row, for which the scan would read the whole index bit by bit; LIMIT
 * takes the share of it that it needs, and a condition of selectivity s takes
 * 1 / s times as much.
 */
void
hnswcostestimate(PlannerInfo *root, IndexPath *path, double loop_count,
				 Cost *startup_cost, Cost *total_cost,
				 Selectivity *selectivity, double *correlation, double *pages)
{
	HnswShape	shape;
	double		startup_pages;
	double		page_cost;

	*selectivity = 1.0;
	*correlation = 0.0;
	*pages = path->indexinfo->pages;

	/* the index gives nothing but an order */
	if (path->indexorderbys == NIL)
	{
		*startup_cost = *total_cost = get_float8_infinity();
		vx_disable_path(path);
		return;
	}

	vxo_refresh();
	hnsw_shape(path->indexinfo, &shape);
	startup_pages = hnsw_startup_pages(&shape);
	page_cost = hnsw_page_cost(&shape);
	*startup_cost = startup_pages * page_cost;
	Assert(startup_pages >= 0 && page_cost > 0);
	*total_cost = *startup_cost +
		Max(0.0, shape.pages - startup_pages) * Max(page_cost, random_page_cost) +
		shape.tuples * cpu_index_tuple_cost;
}
