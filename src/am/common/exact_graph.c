/*-------------------------------------------------------------------------
 *
 * exact_graph.c
 *	  Where the exact stage finds what a graph index keeps of its rows.
 *
 * Beside the code of a slot lies its full vector, or a refine code.  The slot's
 * page says where, so it is looked at again; it was read by the search.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/exact.h"
#include "base/slot.h"
#include "storage/vector_page.h"

/*
 * Read what a graph index keeps of a candidate beside its code into
 * stage->vector, and the factors of the code.
 */
static void
vxs_read_stored(VxExactStage *stage, const VxCandidate *candidate, VxFactors *factors)
{
	const VxGraphGeometry *geometry = &stage->index->meta.geometry[0];
	VxVectorPlace place;
	Buffer		buffer;
	Page		page;
	bool		complete;

	Assert(VX_SLOT_IS_LIVE(candidate->state));
	buffer = vxp_reader_open(stage->reader, candidate->block, VX_PAGE_GRAPH);
	vxp_graph_verify(stage->index->relation, buffer, 0, geometry);
	page = BufferGetPage(buffer);
	complete = vxp_vector_locate(page, &geometry->vectors, candidate->block,
								 candidate->slot, &place);
	factors->add = vxp_graph_floats(page, geometry->add_at)[candidate->slot];
	factors->scale = vxp_graph_floats(page, geometry->scale_at)[candidate->slot];
	factors->error = vxp_graph_floats(page, geometry->error_at)[candidate->slot];
	UnlockReleaseBuffer(buffer);
	if (!complete)
		vxp_report_damage(stage->index->relation, candidate->block,
						  "A live slot has no page for its vector.");

	vxp_vector_read(stage->reader, &place, stage->vector);
}

/*
 * Narrow the estimate of a candidate by its refine code.
 */
static void
vxs_graph_refine(VxExactStage *stage, VxCandidate *candidate)
{
	VxFactors	factors;

	Assert(stage->base_query != NULL && stage->refine_query != NULL);
	vxs_read_stored(stage, candidate, &factors);
	vxq_refine_estimate(stage->index->refine, stage->base_query, stage->refine_query,
						&factors, (const uint8 *) stage->vector,
						&candidate->estimate, &candidate->error);
	stage->refined++;
}

/*
 * The exact key of a candidate of a graph, from its full vector.
 */
static double
vxs_graph_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const VxExactColumn *column = &stage->column;
	VxFactors	factors;

	if (column->vector_bytes == 0)
		return candidate->estimate;
	vxs_read_stored(stage, candidate, &factors);
	stage->vectors_read++;
	return column->opclass->type->key(column->opclass->metric, stage->query,
									  stage->vector, column->dimensions);
}

/*
 * Tell the server of the vector pages of the candidates that are likely to be
 * read.  The first places of a heap hold the least bounds, if not in order; their
 * graph pages have just been read.
 */
static void
vxs_graph_announce(VxExactStage *stage)
{
	const VxGraphGeometry *geometry = &stage->index->meta.geometry[0];
	BlockNumber blocks[2 * VXS_ANNOUNCED];
	int			count = 0;

	for (int i = 0; i < Min(stage->pending_count, VXS_ANNOUNCED); i++)
	{
		const VxCandidate *candidate = &stage->pending[i].candidate;
		VxVectorPlace place;
		Buffer		buffer = vxp_reader_open(stage->reader, candidate->block, VX_PAGE_GRAPH);

		vxp_graph_verify(stage->index->relation, buffer, 0, geometry);
		if (vxp_vector_locate(BufferGetPage(buffer), &geometry->vectors, candidate->block,
							  candidate->slot, &place))
		{
			blocks[count++] = place.block[0];
			if (place.first_bytes < place.bytes)
				blocks[count++] = place.block[1];
		}
		UnlockReleaseBuffer(buffer);
	}
	vxp_reader_prefetch(stage->reader, blocks, count);
}

/*
 * Refine candidates of an index that has refine codes: of the query that was
 * prepared as base_query, for its codes.
 */
void
vxs_exact_refine_by(VxExactStage *stage, const VxCodeQuery *base_query,
					const void *image)
{
	const VxRefineCodec *refine = stage->index->refine;

	Assert(refine != NULL);
	stage->base_query = base_query;
	if (stage->refine_query == NULL)
		stage->refine_query = (VxCodeQuery *)
			MemoryContextAlloc(stage->index->context, vxq_refine_query_size(refine));
	vxq_refine_query_prepare(refine, image, stage->index->refine_scratch,
							 stage->refine_query);
}

/*
 * Prepare to order rows of a graph index.
 */
void
vxs_exact_init(VxExactStage *stage, VxIndex *index, VxReader *reader)
{
	VxExactColumn column;

	column.relation = index->relation;
	column.context = index->context;
	column.opclass = index->opclass;
	column.dimensions = (int) index->meta.data.dimensions;
	column.vector_bytes = index->meta.data.vector_bytes;
	column.read_key = vxs_graph_key;
	vxs_exact_create(stage, &column, reader);
	stage->index = index;
	stage->refine = vxs_graph_refine;
	stage->announce = column.vector_bytes == 0 ? NULL : vxs_graph_announce;
}

