/*-------------------------------------------------------------------------
 *
 * exact_graph.c
 *	  Where the exact stage finds what a graph index keeps of its rows.
 *
 * Beside the code of a slot lies its full vector, or a refine code.  The slot's
 * page says where; the search has noted it of the pages it read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/exact.h"
#include "base/slot.h"
#include "storage/vector_page.h"

/*
 * Where what a graph index keeps of a candidate beside its code lies; false if
 * nowhere.  Looks at the page of the slot only where the search has not told: of
 * vectors that were added after the build, and of pages met long ago.
 */
static bool
vxs_locate_stored(VxExactStage *stage, VxCandidate *candidate, VxVectorPlace *place)
{
	const VxGraphGeometry *geometry = &stage->index->meta.geometry[0];
	Buffer		buffer;
	Page		page;
	bool		complete;

	Assert(VX_SLOT_IS_LIVE(candidate->state));
	if (stage->runs != NULL &&
		(stage->refine_query == NULL || candidate->add >= 0) &&
		vxp_runs_locate(stage->runs, &geometry->vectors, candidate->block,
						candidate->slot, place))
		return true;
	buffer = vxp_reader_open(stage->reader, candidate->block, VX_PAGE_GRAPH);
	vxp_graph_verify(stage->index->relation, buffer, 0, geometry);
	page = BufferGetPage(buffer);
	complete = vxp_vector_locate(page, &geometry->vectors, candidate->block,
								 candidate->slot, place);
	candidate->add = vxp_graph_floats(page, geometry->add_at)[candidate->slot];
	UnlockReleaseBuffer(buffer);
	return complete;
}

/*
 * Read what a graph index keeps of a candidate beside its code into
 * stage->vector.  Leaves the factor add of the code in the candidate.
 */
static void
vxs_read_stored(VxExactStage *stage, VxCandidate *candidate)
{
	VxVectorPlace place;

	if (!vxs_locate_stored(stage, candidate, &place))
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
	Assert(stage->base_query != NULL && stage->refine_query != NULL);
	vxs_read_stored(stage, candidate);
	vxq_refine_estimate(stage->base_query, stage->refine_query, candidate->add,
						(const uint8 *) stage->vector,
						&candidate->estimate, &candidate->error);
	stage->refined++;
}

/*
 * The exact key of a candidate of a graph whose codes are the vectors themselves.
 */
static double
vxs_graph_code_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const VxGraphGeometry *geometry = &stage->index->meta.geometry[0];
	uint8		code[VXQ_RAW_BYTES];
	Buffer		buffer;

	Assert(geometry->code_bytes <= sizeof(code));
	buffer = vxp_reader_open(stage->reader, candidate->block, VX_PAGE_GRAPH);
	vxp_graph_verify(stage->index->relation, buffer, 0, geometry);
	memcpy(code, (const uint8 *) BufferGetPage(buffer) + geometry->code_at +
		   candidate->slot * geometry->code_bytes, geometry->code_bytes);
	UnlockReleaseBuffer(buffer);
	return vxs_code_key(stage, code);
}

/*
 * The exact key of a candidate of a graph: the estimate where that is exact, else
 * from its code or full vector.
 */
static double
vxs_graph_key(VxExactStage *stage, const VxCandidate *candidate)
{
	const VxExactColumn *column = &stage->column;
	VxCandidate copy = *candidate;

	if (column->vector_bytes == 0)
		return candidate->error == 0 ? candidate->estimate :
			vxs_graph_code_key(stage, candidate);
	vxs_read_stored(stage, &copy);
	stage->vectors_read++;
	return vxs_elements_key(stage, stage->vector);
}

/*
 * Tell the server of the vector pages of the candidates that are likely to be
 * read.  The first places of a heap hold the least bounds, if not in order.
 */
static void
vxs_graph_announce(VxExactStage *stage)
{
	BlockNumber blocks[2 * VXS_ANNOUNCED];
	int			count = 0;

	for (int i = 0; i < Min(stage->pending_count, VXS_ANNOUNCED); i++)
	{
		VxVectorPlace place;

		if (!vxs_locate_stored(stage, &stage->pending[i].candidate, &place))
			continue;
		blocks[count++] = place.block[0];
		if (place.first_bytes < place.bytes)
			blocks[count++] = place.block[1];
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

