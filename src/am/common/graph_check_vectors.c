/*-------------------------------------------------------------------------
 *
 * graph_check_vectors.c
 *	  Checks where the vectors of a graph index lie, or its refine codes.
 *
 * Invariants I11 and I12 of the list in am/hnsw/hnsw_check.c, and I13 with
 * graph_check_codes.c.  Whether edges are good ones is not checked: a poor graph
 * is not damage.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "am/common/heap_value.h"
#include "base/slot.h"
#include "storage/vector_page.h"

/* The bytes that the built vectors of a page take of the stream of vectors. */
typedef struct VxVectorRun
{
	uint64		start;			/* block * VX_PAGE_CONTENTS + offset */
	uint64		end;
	BlockNumber owner;
} VxVectorRun;

typedef struct VxVectorCheck
{
	VxGraphCheck *graph;
	const VxGraphGeometry *geometry;
	VxVectorRun *runs;
	uint64		run_count;
	uint64		run_room;
	BlockNumber *owners;		/* first graph page with built vectors on a block */
	PGAlignedBlock vector_page; /* the vector page read last */
	BlockNumber vector_block;
	void	   *vector;			/* stored elements of one vector, or its refine code */
	VxHeapValues *heap_values;	/* of heapallindexed, where there are refine codes */
} VxVectorCheck;

static int
vxc_compare_runs(const void *a, const void *b)
{
	const VxVectorRun *x = (const VxVectorRun *) a;
	const VxVectorRun *y = (const VxVectorRun *) b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * Note the run of vectors that the build wrote for a page.
 */
static void
vxc_claim_run(VxVectorCheck *vectors, BlockNumber owner,
			  const VxPageOpaqueData *opaque)
{
	VxVectorRun *run;

	if (vectors->run_count == vectors->run_room)
	{
		vectors->run_room *= 2;
		vectors->runs = (VxVectorRun *)
			repalloc_huge(vectors->runs, vectors->run_room * sizeof(VxVectorRun));
	}
	run = &vectors->runs[vectors->run_count++];
	run->start = (uint64) opaque->vector_start * VX_PAGE_CONTENTS + opaque->vector_offset;
	run->end = run->start + (uint64) opaque->built_slots * vectors->geometry->vectors.vector_bytes;
	run->owner = owner;
	Assert(run->end > run->start);
}

/*
 * I11, I12: the blocks of the runs, and that none overlaps another; all are of one
 * stream of vectors.  Runs of neighbours in it share a block.
 */
static void
vxc_check_runs(VxVectorCheck *vectors)
{
	VxGraphCheck *graph = vectors->graph;

	qsort(vectors->runs, vectors->run_count, sizeof(VxVectorRun), vxc_compare_runs);
	for (uint64 i = 0; i < vectors->run_count; i++)
	{
		const VxVectorRun *run = &vectors->runs[i];
		uint64		last = (run->end - 1) / VX_PAGE_CONTENTS;

		CHECK_FOR_INTERRUPTS();
		if (i > 0 && (run->start < run[-1].end ||
					  (run->start - run[-1].start) % vectors->geometry->vectors.vector_bytes != 0))
			vxc_report(graph->check, "I12", run->owner, VXC_NO_SLOT,
					   "the page has its vectors where the page at block %u has some",
					   run[-1].owner);
		for (uint64 block = run->start / VX_PAGE_CONTENTS; block <= last; block++)
		{
			if (block >= graph->nblocks || graph->kinds[block] != VXC_VECTOR)
				vxc_report(graph->check, "I11", run->owner, VXC_NO_SLOT,
						   "block " UINT64_FORMAT ", where the page has vectors, is not a vector page",
						   block);
			else if (vectors->owners[block] == InvalidBlockNumber)
				vectors->owners[block] = run->owner;
			else if (i == 0 || block > (run[-1].end - 1) / VX_PAGE_CONTENTS)
				vxc_report(graph->check, "I12", run->owner, VXC_NO_SLOT,
						   "the page has vectors on block " UINT64_FORMAT ", and so has the page at block %u",
						   block, vectors->owners[block]);
		}
	}
}

/*
 * Copy part of a vector; false if it is not on a vector page.
 */
static bool
vxc_read_part(VxVectorCheck *vectors, BlockNumber block, uint32 offset,
			  char *part, uint32 bytes)
{
	Assert(offset + bytes <= VX_PAGE_CONTENTS);
	if (vxc_kind_of(vectors->graph, block) != VXC_VECTOR)
		return false;
	if (block != vectors->vector_block)
	{
		vectors->vector_block = block;
		vxc_copy_page(vectors->graph->check, block, vectors->vector_page.data);
	}
	memcpy(part, PageGetContents((Page) vectors->vector_page.data) + offset, bytes);
	return true;
}

/*
 * Copy an added vector; false if it is not where the graph page says.
 */
static bool
vxc_read_added(VxVectorCheck *vectors, const VxVectorPlace *place)
{
	Page		page = (Page) vectors->vector_page.data;
	int			number;

	if (vxc_kind_of(vectors->graph, place->block[0]) != VXC_ADDED)
		return false;
	vectors->vector_block = InvalidBlockNumber;
	vxc_copy_page(vectors->graph->check, place->block[0], vectors->vector_page.data);
	if (!vxp_page_is_valid(page, VX_PAGE_ADDED) || !vxp_added_is_sane(page, place->bytes))
		return false;
	number = vxp_added_find(page, place->owner, place->slot);
	if (number < 0)
		return false;
	memcpy(vectors->vector, PageGetContents(page) + (Size) number * place->bytes,
		   place->bytes);
	return true;
}

/*
 * Copy the vector of a slot of the page at hand, which is that of the block; false
 * if it is nowhere, which I11 reports.
 */
static bool
vxc_read_vector(VxVectorCheck *vectors, BlockNumber block, int slot)
{
	VxVectorPlace place;

	if (!vxp_vector_locate(vxc_page(vectors->graph), &vectors->geometry->vectors,
						   block, slot, &place))
		return false;
	if (place.added)
		return vxc_read_added(vectors, &place);
	return vxc_read_part(vectors, place.block[0], place.offset,
						 (char *) vectors->vector, place.first_bytes) &&
		(place.first_bytes == place.bytes ||
		 vxc_read_part(vectors, place.block[1], 0,
					   (char *) vectors->vector + place.first_bytes,
					   place.bytes - place.first_bytes));
}

/*
 * Whether code and factors of a slot are those of the vector read last.
 */
static bool
vxc_code_is_of_vector(VxVectorCheck *vectors, int slot)
{
	const VxIndex *index = vectors->graph->index;
	const void *image = index->opclass->type->image(index->opclass->metric, vectors->vector,
													(int) index->meta.data.dimensions);
	bool		agrees = vxc_code_is_of_image(vectors->graph, slot, image);

	if (image != vectors->vector)
		pfree(unconstify(void *, image));
	return agrees;
}

/*
 * I13 of a slot, by what the index keeps of its vector, which was read last.
 */
static bool
vxc_code_agrees(VxVectorCheck *vectors, int slot)
{
	const VxIndex *index = vectors->graph->index;

	if (index->refine != NULL)
		return vxc_refine_code_agrees(vectors->graph, slot, (const uint8 *) vectors->vector,
									  vectors->heap_values);
	return vxc_code_is_of_vector(vectors, slot);
}

/*
 * Whether the slot of the page at hand is still the same in the index.  Its heap
 * TID may be damaged.
 */
static bool
vxc_slot_is_unchanged(VxVectorCheck *vectors, BlockNumber block, int slot)
{
	const VxGraphGeometry *geometry = vectors->geometry;
	Page		page = vxc_page(vectors->graph);
	PGAlignedBlock copy;
	Page		now = (Page) copy.data;
	Size		code_at = geometry->code_at + (Size) slot * geometry->code_bytes;

	Assert(slot < geometry->slots);
	vxc_copy_page(vectors->graph->check, block, copy.data);
	return vxp_graph_state(now, geometry)[slot] == vxp_graph_state(page, geometry)[slot] &&
		memcmp(vxp_graph_tid(now, geometry, slot), vxp_graph_tid(page, geometry, slot),
			   sizeof(ItemPointerData)) == 0 &&
		memcmp((char *) now + code_at, (char *) page + code_at,
			   geometry->code_bytes) == 0;
}

/*
 * I11, I13: the vector and the code of a slot of the page at hand.  An insert
 * may have given the slot to another node since the page was copied; then
 * nothing is reported.
 */
static void
vxc_check_code(VxVectorCheck *vectors, BlockNumber block, int slot)
{
	VxGraphCheck *graph = vectors->graph;
	bool		found = vxc_read_vector(vectors, block, slot);

	if (found && vxc_code_agrees(vectors, slot))
		return;
	if (!vxc_slot_is_unchanged(vectors, block, slot))
		return;
	vectors->vector_block = InvalidBlockNumber;
	if (!vxc_read_vector(vectors, block, slot))
		vxc_report(graph->check, "I11", block, slot, "the slot has no place for its vector");
	else if (!vxc_code_agrees(vectors, slot) &&
			 vxc_slot_is_unchanged(vectors, block, slot))
		vxc_report(graph->check, "I13", block, slot,
				   "the code of the slot is not that of its vector");
}

/*
 * I11: slots that the build filled, or nobody, name no block of an added vector;
 * others do.
 */
static void
vxc_check_no_place(VxVectorCheck *vectors, BlockNumber block)
{
	Page		page = vxc_page(vectors->graph);
	const BlockNumber *blocks = vxp_vector_blocks(page, &vectors->geometry->vectors);
	const VxPageOpaqueData *opaque = vxp_opaque(page);

	for (int slot = 0; slot < vectors->geometry->slots; slot++)
	{
		bool		added = slot >= opaque->built_slots && slot < opaque->used_slots;

		if (added != (blocks[slot] != InvalidBlockNumber))
			vxc_report(vectors->graph->check, "I11", block, slot,
					   "the slot names block %u for a vector that was %s",
					   blocks[slot], added ? "added" : "not added");
	}
}

/*
 * I11 - I13: one page of the base layer, copied to graph->page.
 */
static void
vxc_check_page_vectors(VxVectorCheck *vectors, BlockNumber block)
{
	const VxGraphGeometry *geometry = vectors->geometry;
	Page		page = vxc_page(vectors->graph);
	const uint8 *state = vxp_graph_state(page, geometry);
	int			used = vxp_opaque(page)->used_slots;

	Assert(used <= geometry->slots && vxp_opaque(page)->layer == 0);
	if (vxp_opaque(page)->built_slots > 0)
		vxc_claim_run(vectors, block, vxp_opaque(page));
	vxc_check_no_place(vectors, block);
	if (!vectors->graph->has_codec)
		return;
	for (int slot = 0; slot < used; slot++)
	{
		if (VX_SLOT_IS_LIVE(state[slot]) || state[slot] == VX_SLOT_DEAD)
			vxc_check_code(vectors, block, slot);
	}
}

/*
 * I12: whether the slot that an added vector belongs to has it there.  Vector and
 * slot come with one WAL record and stay.
 */
static void
vxc_check_owner(VxVectorCheck *vectors, BlockNumber block, const VxVectorOwnerData *owner)
{
	VxGraphCheck *graph = vectors->graph;
	bool		agrees = false;

	if (vxc_kind_of(graph, owner->block) == VXC_GRAPH &&
		vxc_copy_graph_page(graph, owner->block, 0))
		agrees = owner->slot < vxp_opaque(vxc_page(graph))->used_slots &&
			owner->slot >= vxp_opaque(vxc_page(graph))->built_slots &&
			vxp_vector_blocks(vxc_page(graph), &vectors->geometry->vectors)[owner->slot] == block;
	if (!agrees)
		vxc_report(graph->check, "I12", block, VXC_NO_SLOT,
				   "a vector is of block %u slot %d, which has none here",
				   owner->block, owner->slot);
}

/*
 * I12: the owners of the vectors on a page of added ones.
 */
static void
vxc_check_owners(VxVectorCheck *vectors, BlockNumber block)
{
	VxGraphCheck *graph = vectors->graph;
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;

	vxc_copy_page(graph->check, block, copy.data);
	if (!vxp_page_is_valid(page, VX_PAGE_ADDED) ||
		!vxp_added_is_sane(page, vectors->geometry->vectors.vector_bytes))
		return;
	if (vxp_added_count(page) == 0)
		vxc_report(graph->check, "I12", block, VXC_NO_SLOT, "the vector page has no vector");
	for (int i = 0; i < vxp_added_count(page); i++)
	{
		const VxVectorOwnerData *owner = vxp_added_owner(page, i);

		CHECK_FOR_INTERRUPTS();
		if (owner->unused != 0)
			vxc_report(graph->check, "I12", block, VXC_NO_SLOT,
					   "there is something behind the owner of a vector");
		if (vxp_added_find(page, owner->block, owner->slot) != i)
			vxc_report(graph->check, "I12", block, VXC_NO_SLOT,
					   "block %u slot %d has two vectors", owner->block, owner->slot);
		vxc_check_owner(vectors, block, owner);
	}
}

/*
 * I11 - I13: the vectors of all pages of the base layer.  Indexes whose codes
 * are exact have none.
 */
void
vxc_check_vectors(VxGraphCheck *graph)
{
	VxVectorCheck *vectors;

	if (graph->index->meta.data.vector_bytes == 0)
		return;
	vectors = palloc0_object(VxVectorCheck);
	vectors->graph = graph;
	vectors->geometry = &graph->index->meta.geometry[0];
	vectors->run_room = 1024;
	vectors->runs = palloc_array(VxVectorRun, vectors->run_room);
	vectors->owners = (BlockNumber *)
		MemoryContextAllocHuge(CurrentMemoryContext,
							   graph->nblocks * sizeof(BlockNumber));
	memset(vectors->owners, 0xFF, graph->nblocks * sizeof(BlockNumber));
	vectors->vector_block = InvalidBlockNumber;
	vectors->vector = palloc(graph->index->meta.data.vector_bytes);
	if (graph->index->refine != NULL && graph->check->snapshot != NULL)
		vectors->heap_values = vxs_heap_values_begin(graph->check->heap, graph->check->index,
													 graph->check->snapshot);

	for (BlockNumber block = 0; block < graph->nblocks; block++)
	{
		if (graph->kinds[block] == VXC_GRAPH && vxc_copy_graph_page(graph, block, 0))
			vxc_check_page_vectors(vectors, block);
	}
	vxc_check_runs(vectors);
	for (BlockNumber block = 0; block < graph->nblocks; block++)
	{
		if (graph->kinds[block] == VXC_VECTOR &&
			vectors->owners[block] == InvalidBlockNumber)
			vxc_report(graph->check, "I12", block, VXC_NO_SLOT,
					   "the vector page belongs to no graph page");
		if (graph->kinds[block] == VXC_ADDED)
			vxc_check_owners(vectors, block);
	}
	if (vectors->heap_values != NULL)
		vxs_heap_values_end(vectors->heap_values);
	pfree(vectors->owners);
	pfree(vectors->runs);
	pfree(vectors);
}
