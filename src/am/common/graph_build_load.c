/*-------------------------------------------------------------------------
 *
 * graph_build_load.c
 *	  Read the table of an index build: rows to the spool, sums for the mean.
 *
 * Each participant reads the blocks that the shared scan gives it and keeps
 * sums of its own; graph_build.c puts them together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/tableam.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_build_internal.h"
#include "kernels/kernels.h"

/*
 * How many sums a build makes of its rows: of each dimension, from which the
 * mean follows, or of sparse vectors how many have so many elements.
 */
int
vxb_sum_count(const VxIndex *index)
{
	return index->opclass->type->is_sparse ? VXQ_SPARSE_MOST_ELEMENTS + 1 :
		index->codec.dims;
}

/*
 * Add a row to the sums that the mean is made of: of the vector, or of its
 * direction where the operator class normalises.
 */
static void
vxb_sum_floats(VxGraphBuild *build, const float *floats)
{
	int			dimensions = build->index->codec.dims;
	double		scale = 1.0;
	double		norm2 = 0;

	Assert(dimensions >= 1);
	for (int i = 0; i < dimensions; i++)
		norm2 += (double) floats[i] * floats[i];
	if (build->index->opclass->normalised)
	{
		scale = norm2 > 0 ? 1.0 / sqrt(norm2) : 0.0;
		norm2 = 1.0;
	}
	for (int i = 0; i < dimensions; i++)
		build->sums[i] += floats[i] * scale;
	build->share->squares += norm2;
}

/* Add a row to the sums.  Bit strings need none. */
static void
vxb_sum_row(VxGraphBuild *build, const void *image)
{
	if (vxq_codes_have_mean(build->index->codec.kind))
		vxb_sum_floats(build, (const float *) image);
	else if (build->index->opclass->type->is_sparse)
		build->sums[((const VxSparse *) image)->count]++;
}

/*
 * Callback of the heap scan: spool a row.
 */
static void
vxb_spool_row(Relation relation, ItemPointer tid, Datum *values, bool *isnull,
			  bool tuple_is_alive, void *state)
{
	VxGraphBuild *build = (VxGraphBuild *) state;
	MemoryContext old;
	VxIndexValue value;

	Assert(build->spool != NULL && build->sums != NULL);
	if (isnull[0])
		return;

	old = MemoryContextSwitchTo(build->tuple_context);
	vxi_value(build->index->opclass, (int) build->index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(values[0])), &value);
	if (value.indexed)
	{
		vxb_spool_append(build->spool, tid, value.elements, value.bytes);
		vxb_sum_row(build, value.image);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->tuple_context);
}

/*
 * Read the table, or this participant's part of it: all rows that an index must
 * have, as the server's scan gives them, which takes care of HOT chains,
 * predicates and expressions, reports blocks done and checks for interrupts.
 *
 * scan is NULL for all of the table.  What was found is in build->share and
 * build->sums.
 */
void
vxb_load(VxGraphBuild *build, TableScanDesc scan, bool progress)
{
	const VxMetaPageData *data = &build->index->meta.data;
	const VxElementType *type = build->index->opclass->type;
	VxBuildShare *share = build->share;

	build->spool = vxb_spool_create(type->fixed_bytes == NULL ? 0 :
									type->fixed_bytes((int) data->dimensions),
									vxb_team_files(build->team),
									vxb_team_size(build->team),
									vxb_team_number(build->team));
	share->heap_tuples = table_index_build_scan(build->heap, build->index->relation,
												build->index_info, true, progress,
												vxb_spool_row, build, scan);
	share->rows = build->spool->parts[build->spool->own].count;
	share->broken_hot_chain = build->index_info->ii_BrokenHotChain;
	vxb_spool_share(build->spool);
}
