/*-------------------------------------------------------------------------
 *
 * ivfflat_check_vectors.c
 *	  Checks the vectors of an ivfflat index: their places, and their codes.
 *
 * Invariants I11 - I13 of the list in ivfflat_check.c.  A slot that was used again
 * meanwhile is left alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "compat.h"
#include "am/common/exact.h"
#include "am/ivfflat/ivfflat_check.h"
#include "base/slot.h"

/* Bytes of the stream of vectors that the build filled for a page. */
typedef struct IvfflatRun
{
	uint64		start;
	uint64		end;
	BlockNumber block;			/* of the list page */
} IvfflatRun;

typedef struct IvfflatVectorCheck
{
	IvfflatCheck *state;
	VxReader	reader;
	IvfflatRun *runs;
	int			run_count;
	uint8	   *centre;			/* coded, of the list of the page at hand */
	uint8	   *stored;			/* rows, with their codes */
	uint8	   *fresh;
	void	   *vector;
	VxListQuery *query;
} IvfflatVectorCheck;

static int
ivfflat_compare_runs(const void *a, const void *b)
{
	uint64		x = ((const IvfflatRun *) a)->start;
	uint64		y = ((const IvfflatRun *) b)->start;

	return (x > y) - (x < y);
}

/*
 * I12: no run of the build reaches into another one; all are of one stream of
 * vectors.
 */
static void
ivfflat_check_runs(IvfflatVectorCheck *vectors)
{
	qsort(vectors->runs, vectors->run_count, sizeof(IvfflatRun), ivfflat_compare_runs);
	for (int i = 1; i < vectors->run_count; i++)
	{
		uint64		apart = vectors->runs[i].start - vectors->runs[i - 1].start;

		if (vectors->runs[i].start < vectors->runs[i - 1].end ||
			apart % vectors->state->index->meta.data.vector_bytes != 0)
			vxc_report(vectors->state->check, "I12", vectors->runs[i].block, VXC_NO_SLOT,
					   "the page has vectors where block %u has some",
					   vectors->runs[i - 1].block);
	}
}

/*
 * I11: note the run of vectors that the build wrote for the list page in
 * state->page, and look at its pages.
 */
static bool
ivfflat_check_run(IvfflatVectorCheck *vectors, BlockNumber block)
{
	IvfflatCheck *state = vectors->state;
	const VxPageOpaqueData *opaque = vxp_opaque(ivfflat_check_image(state));
	IvfflatRun *run = &vectors->runs[vectors->run_count];
	PGAlignedBlock copy;

	if (opaque->built_slots == 0)
		return true;
	run->start = (uint64) opaque->vector_start * VX_PAGE_CONTENTS + opaque->vector_offset;
	run->end = run->start +
		(uint64) opaque->built_slots * state->index->meta.data.vector_bytes;
	run->block = block;
	vectors->run_count++;
	for (uint64 at = run->start / VX_PAGE_CONTENTS; at <= (run->end - 1) / VX_PAGE_CONTENTS; at++)
	{
		bool		sound = at < state->nblocks;

		if (sound)
		{
			vxc_copy_page(state->check, (BlockNumber) at, copy.data);
			sound = vxp_page_is_valid((Page) copy.data, VX_PAGE_VECTOR);
		}
		/* VACUUM gives a page that it took out back before its vectors */
		if (!sound && !ivfflat_check_copy(state, block))
			return false;
		if (!sound)
		{
			vxc_report(state->check, "I11", block, VXC_NO_SLOT,
					   "block %llu, which is to hold vectors of the page, is no page of vectors",
					   (unsigned long long) at);
			return false;
		}
	}
	return true;
}

/*
 * I11, I12: whether an added vector is where its slot says.  A slot gets its place
 * with its first row and keeps it.
 */
static bool
ivfflat_check_added(IvfflatVectorCheck *vectors, const VxVectorPlace *place)
{
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;

	if (vxp_reader_in_range(&vectors->reader, place->block[0]))
	{
		vxc_copy_page(vectors->state->check, place->block[0], copy.data);
		if (vxp_page_is_valid(page, VX_PAGE_ADDED) &&
			vxp_added_is_sane(page, place->bytes) &&
			vxp_added_find(page, place->owner, place->slot) >= 0)
			return true;
	}
	vxc_report(vectors->state->check, "I12", place->owner, place->slot,
			   "the vector of the slot is not at block %u", place->block[0]);
	return false;
}

/*
 * Whether the code in vectors->stored says of its vector that it is where it is.
 */
static bool
ivfflat_estimates_itself(IvfflatVectorCheck *vectors, const void *image)
{
	IvfflatCheck *state = vectors->state;
	const VxListCodec *codec = &state->index->codec;
	const VxOperatorClass *opclass = state->index->opclass;
	uint8	   *strip = palloc0(codec->strip_bytes);
	float		estimate[VX_STRIP_SLOTS];
	float		error[VX_STRIP_SLOTS];
	double		key = opclass->type->key(opclass->metric, vectors->vector, vectors->vector,
										 (int) state->index->meta.data.dimensions);

	vxq_strip_put(codec, strip, 0, vectors->stored);
	vxq_list_query_prepare(codec, image, state->index->scratch, vectors->query);
	vxq_list_query_enter(vectors->query, vectors->centre);
	vxq_list_query_score(vectors->query, strip, codec->strip_bytes, 1, estimate, error);
	pfree(strip);
	return isnan(key) || fabs(estimate[0] - key) <= VXS_BOUND_SCALE * error[0];
}

/*
 * Bits in which two codes differ.
 */
static uint64
ivfflat_code_difference(IvfflatVectorCheck *vectors)
{
	uint64		difference = 0;

	for (Size i = 0; i < vectors->state->index->codec.code_bytes; i++)
		difference += pg_number_of_ones[vectors->stored[i] ^ vectors->fresh[i]];
	return difference;
}

/*
 * Whether the factors of two codes that differ in a few bits are about the same.
 */
static bool
ivfflat_factors_agree(IvfflatVectorCheck *vectors)
{
	const VxListCodec *codec = &vectors->state->index->codec;

	for (int i = 0; i < codec->factors; i++)
	{
		Size		at = codec->code_bytes + i * sizeof(float);
		float		stored;
		float		fresh;

		memcpy(&stored, vectors->stored + at, sizeof(float));
		memcpy(&fresh, vectors->fresh + at, sizeof(float));
		/* written so that NaN disagrees */
		if (!(fabsf(stored - fresh) <= 0.1f * fabsf(fresh) + FLT_MIN))
			return false;
	}
	return true;
}

/*
 * Whether the code in vectors->stored is that of a vector: to the bit, or as near
 * as the sums of another instruction set come.
 */
static bool
ivfflat_code_agrees(IvfflatVectorCheck *vectors, const void *image)
{
	const IvfflatIndex *index = vectors->state->index;

	vxq_list_encode(&index->codec, vectors->centre, image, index->scratch, vectors->fresh);
	return memcmp(vectors->stored, vectors->fresh, index->codec.row_bytes) == 0 ||
		(ivfflat_code_difference(vectors) <= index->meta.data.code_dimensions / 64 + 2 &&
		 ivfflat_factors_agree(vectors) && ivfflat_estimates_itself(vectors, image));
}

/*
 * I13: a live slot of the page in state->page.
 */
static void
ivfflat_check_code(IvfflatVectorCheck *vectors, BlockNumber block, int slot)
{
	IvfflatCheck *state = vectors->state;
	const IvfflatIndex *index = state->index;
	const VxListGeometry *geometry = &index->meta.geometry;
	Page		page = ivfflat_check_image(state);
	uint64		tid = vxi_tid_to_uint64(vxp_list_tid(page, geometry, slot));
	VxVectorPlace place;
	const void *image;

	if (!vxp_vector_locate(page, &geometry->vectors, block, slot, &place))
	{
		vxc_report(state->check, "I11", block, slot, "the vector of a live slot has no page");
		return;
	}
	if (place.added && !ivfflat_check_added(vectors, &place))
		return;
	vxp_vector_read(&vectors->reader, &place, vectors->vector);
	ivfflat_take_code(index, page, slot, vectors->stored);
	image = index->opclass->type->image(index->opclass->metric, vectors->vector,
										(int) index->meta.data.dimensions);
	if (vxc_image_is_finite(&index->codec.rows, image) &&
		ivfflat_code_agrees(vectors, image))
		return;

	/* unless the slot was used again since the page was copied */
	if (ivfflat_check_copy(state, block) && slot < vxp_opaque(page)->used_slots &&
		vxi_tid_to_uint64(vxp_list_tid(page, geometry, slot)) == tid &&
		vxp_list_state(page, geometry)[slot] == VX_SLOT_LIVE)
		vxc_report(state->check, "I13", block, slot, "the code is not that of the vector");
}

/*
 * I11: slots that the build filled, or nobody, name no block of an added vector;
 * others do.
 */
static void
ivfflat_check_no_place(IvfflatCheck *state, BlockNumber block)
{
	Page		page = ivfflat_check_image(state);
	const VxListGeometry *geometry = &state->index->meta.geometry;
	const BlockNumber *blocks = vxp_vector_blocks(page, &geometry->vectors);

	for (int slot = 0; slot < geometry->slots; slot++)
	{
		bool		added = slot >= vxp_opaque(page)->built_slots &&
			slot < vxp_opaque(page)->used_slots;

		if (added != (blocks[slot] != InvalidBlockNumber))
			vxc_report(state->check, "I11", block, slot,
					   "the slot names block %u for a vector that was %s",
					   blocks[slot], added ? "added" : "not added");
	}
}

/*
 * I12: whether the slot that an added vector belongs to names its page.
 */
static bool
ivfflat_owner_agrees(IvfflatCheck *state, BlockNumber block, const VxVectorOwnerData *owner)
{
	const VxListGeometry *geometry = &state->index->meta.geometry;
	Page		page = ivfflat_check_image(state);

	return owner->unused == 0 && ivfflat_check_copy(state, owner->block) &&
		owner->slot < vxp_opaque(page)->used_slots &&
		vxp_vector_blocks(page, &geometry->vectors)[owner->slot] == block;
}

/*
 * I12: the owners of the vectors on a page of added ones.  VACUUM drops vectors of
 * pages that it took out of their lists, so look again before saying no.
 */
static void
ivfflat_check_owners(IvfflatVectorCheck *vectors, BlockNumber block)
{
	IvfflatCheck *state = vectors->state;
	uint32		vector_bytes = state->index->meta.data.vector_bytes;
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;

	vxc_copy_page(state->check, block, copy.data);
	if (!vxp_page_is_valid(page, VX_PAGE_ADDED))
		return;
	if (!vxp_added_is_sane(page, vector_bytes))
	{
		vxc_report(state->check, "I3", block, VXC_NO_SLOT,
				   "the counters of a page of vectors are out of range");
		return;
	}
	for (int i = 0; i < vxp_added_count(page); i++)
	{
		VxVectorOwnerData owner = *vxp_added_owner(page, i);

		if (ivfflat_owner_agrees(state, block, &owner))
			continue;
		vxc_copy_page(state->check, block, copy.data);
		if (!vxp_page_is_valid(page, VX_PAGE_ADDED) || i >= vxp_added_count(page))
			return;
		if (memcmp(vxp_added_owner(page, i), &owner, sizeof(owner)) == 0)
			vxc_report(state->check, "I12", block, VXC_NO_SLOT,
					   "a vector is of block %u slot %d, which has none here",
					   owner.block, owner.slot);
	}
}

/*
 * I11 - I13: the vectors of a list page.
 */
static void
ivfflat_check_page_vectors(IvfflatVectorCheck *vectors, BlockNumber block)
{
	IvfflatCheck *state = vectors->state;
	Page		page = ivfflat_check_image(state);
	const VxListGeometry *geometry = &state->index->meta.geometry;

	if (!ivfflat_check_copy(state, block) || !ivfflat_check_run(vectors, block) ||
		vxp_list_header(page)->retired != 0)
		return;
	ivfflat_check_no_place(state, block);
	ivfflat_directory_entry(state->index, &vectors->reader, vxp_list_header(page)->list,
							vectors->centre);
	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		if (vxp_list_state(page, geometry)[slot] == VX_SLOT_LIVE)
			ivfflat_check_code(vectors, block, slot);
	}
}

/*
 * I11 - I13: the vectors of all list pages.  An index whose codes are the vectors has
 * none.
 */
void
ivfflat_check_vectors(IvfflatCheck *state)
{
	const IvfflatIndex *index = state->index;
	IvfflatVectorCheck vectors;

	if (index->meta.data.vector_bytes == 0)
		return;
	memset(&vectors, 0, sizeof(vectors));
	vectors.state = state;
	vxp_reader_init(&vectors.reader, index->relation);
	vectors.runs = palloc_extended(Max(state->nblocks, 1) * sizeof(IvfflatRun),
								   MCXT_ALLOC_HUGE);
	vectors.centre = palloc(index->meta.data.centre_bytes);
	vectors.stored = palloc(index->codec.row_bytes);
	vectors.fresh = palloc(index->codec.row_bytes);
	vectors.vector = palloc(index->meta.data.vector_bytes);
	vectors.query = (VxListQuery *) palloc(vxq_list_query_size(&index->codec));
	for (BlockNumber block = state->first_block; block < state->nblocks; block++)
	{
		if (state->blocks[block] & IVFFLAT_BLOCK_SOUND)
			ivfflat_check_page_vectors(&vectors, block);
		ivfflat_check_owners(&vectors, block);
	}
	ivfflat_check_runs(&vectors);
}
