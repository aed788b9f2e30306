/*-------------------------------------------------------------------------
 *
 * diskann_build.c
 *	  CREATE INDEX ... USING diskann.
 *
 * The work is in am/common/graph_build.c; this file says what is particular to
 * diskann: its options, how it prunes, and that it keeps refine codes instead of
 * vectors.
 *
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_build.h"
#include "am/diskann/diskann.h"

/* Most edges of a node, whatever max_neighbors says: a page has to hold some nodes. */
#define DISKANN_MAX_EDGES	100

/* Bits a dimension of code and refine code together, see README.md. */
#define DISKANN_TOTAL_BITS	6

/*
 * Bits a dimension that so many bytes for a vector leave, in the even numbers that
 * codes come in; at least what the graph pages need, at most what adds anything.
 */
static int
diskann_bits_of_bytes(Relation index, int bytes)
{
	int			dimensions = TupleDescAttr(RelationGetDescr(index), 0)->atttypmod;
	int			padded = vxq_padded_dimensions(Max(dimensions, 1));
	int			bits = 8 * bytes / padded / 2 * 2;

	return Max(2, Min(bits, 8));
}

static void
diskann_read_options(Relation index, const VxElementType *type,
					 VxGraphOptions *options)
{
	VxDiskannOptions diskann;

	vxo_diskann_options(index, &diskann);
	/* an edge names a page, and leads to all the neighbours on it */
	options->m = Min((diskann.max_neighbors + 1) / 2, DISKANN_MAX_EDGES);
	options->ef_construction = diskann.l_value_ib;
	options->fillfactor = diskann.fillfactor;
	options->total_bits = DISKANN_TOTAL_BITS;
	if (diskann.product_quantized && diskann.pq_param_num_chunks > 0)
		options->total_bits = diskann_bits_of_bytes(index, diskann.pq_param_num_chunks);
}

/* As pg_diskann has it: what goes with product_quantized is refused without. */
static void
diskann_check_options(Relation index, const VxElementType *type)
{
	VxDiskannOptions diskann;

	vxo_diskann_options(index, &diskann);
	if (diskann.product_quantized)
		return;
	if (diskann.pq_param_num_chunks > 0 || diskann.pq_param_training_samples > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s requires product_quantized",
						diskann.pq_param_num_chunks > 0 ? "pq_param_num_chunks" :
						"pq_param_training_samples"),
				 errhint("Add product_quantized = true to WITH (...).")));
}

static int
diskann_max_dimensions(const VxElementType *type)
{
	return VXI_MAX_REFINED_DIMENSIONS;
}

/*
 * The graph in memory that pages are made of.  m of a list's edges are kept, as
 * pages, so that half as many again to choose from do as well as twice as many; and
 * half of l_value_ib.  README.md, "Building", has the measurements.
 */
static void
diskann_graph_options(const VxIndex *index, VxBuildOptions *options)
{
	options->promote = vxi_promotion();
	options->alpha = DISKANN_ALPHA;
	options->degree = options->m + (options->m + 1) / 2;
	options->effort = Max(options->ef_construction / 2, options->degree);
	Assert(options->m >= 1 && options->effort >= options->degree);
}

static const VxGraphMethod diskann_graph_method = {
	.name = "diskann",
	.worker = "vx_diskann_build_worker",
	.read_options = diskann_read_options,
	.check_options = diskann_check_options,
	.max_dimensions = diskann_max_dimensions,
	.graph_options = diskann_graph_options
};

/* Where the workers of a parallel build start. */
PGDLLEXPORT void vx_diskann_build_worker(dsm_segment *segment, shm_toc *toc);

void
vx_diskann_build_worker(dsm_segment *segment, shm_toc *toc)
{
	vxb_build_worker(&diskann_graph_method, segment, toc);
}

/* ambuild */
IndexBuildResult *
diskannbuild(Relation heap, Relation index, struct IndexInfo *index_info)
{
	return vxb_build(&diskann_graph_method, heap, index, index_info);
}

/* ambuildempty */
void
diskannbuildempty(Relation index)
{
	vxb_build_empty(&diskann_graph_method, index);
}
