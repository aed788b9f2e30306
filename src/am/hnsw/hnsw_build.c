/*-------------------------------------------------------------------------
 *
 * hnsw_build.c
 *	  CREATE INDEX ... USING hnsw.
 *
 * The work is in am/common/graph_build.c; this file says what is particular
 * to hnsw: its options, and its layers.
 *
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_build.h"
#include "am/common/graph_insert.h"
#include "am/hnsw/hnsw.h"

static void
hnsw_read_options(Relation index, const VxElementType *type,
				  VxGraphOptions *options)
{
	VxHnswOptions hnsw;

	vxo_hnsw_options(index, type->is_array, &hnsw);
	options->m = hnsw.m;
	options->ef_construction = hnsw.ef_construction;
	options->fillfactor = hnsw.fillfactor;
	options->code_bits = hnsw.code_bits;
	options->dims = hnsw.dims;
}

static void
hnsw_check_options(Relation index, const VxElementType *type)
{
	VxHnswOptions hnsw;

	vxo_hnsw_options(index, type->is_array, &hnsw);
	vxo_hnsw_check_options(&hnsw, type->is_array);
}

/* Layers are few, see "promote" in graph/README.md. */
static void
hnsw_graph_options(const VxIndex *index, VxBuildOptions *options)
{
	options->promote = vxi_promotion();
}

static const VxGraphMethod hnsw_graph_method = {
	.name = "hnsw",
	.worker = "vx_hnsw_build_worker",
	.read_options = hnsw_read_options,
	.check_options = hnsw_check_options,
	.graph_options = hnsw_graph_options
};

/* Where the workers of a parallel build start. */
PGDLLEXPORT void vx_hnsw_build_worker(dsm_segment *segment, shm_toc *toc);

void
vx_hnsw_build_worker(dsm_segment *segment, shm_toc *toc)
{
	vxb_build_worker(&hnsw_graph_method, segment, toc);
}

/* ambuild */
IndexBuildResult *
hnswbuild(Relation heap, Relation index, struct IndexInfo *index_info)
{
	return vxb_build(&hnsw_graph_method, heap, index, index_info);
}

/* ambuildempty */
void
hnswbuildempty(Relation index)
{
	vxb_build_empty(&hnsw_graph_method, index);
}
