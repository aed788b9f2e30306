/*-------------------------------------------------------------------------
 *
 * graph_check_vectors.c
 *	  Checks where the vectors of a graph index lie and whether the codes are
 *	  theirs.
 *
 * Invariants I11 - I13 of the list in am/hnsw/hnsw_check.c.  Whether edges are
 * good ones is not checked: a poor graph is not damage.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "base/slot.h"
#include "kernels/kernels.h"
#include "storage/vector_page.h"

/*
 * Factors of equal vectors may differ by this much (relative) between
 * instruction sets, whose sums round differently.
 */
#define VXC_FACTOR_TOLERANCE	1e-3

/* The same for the squared cosine of a vector and its code. */
#define VXC_COSINE_TOLERANCE	1e-5

/* Squared length of what rounding leaves of a unit vector less itself. */
#define VXC_NOISE_NORM2			1e-10

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
	void	   *vector;			/* stored elements of one vector */
	uint8	   *code;			/* what the vector's code should be */
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
 * I11, I12: the blocks of the runs, and that none overlaps another.  Runs of
 * neighbours in the stream share a block.
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
		if (i > 0 && run->start < run[-1].end)
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

static bool
vxc_near(double a, double b)
{
	return fabs(a - b) <= VXC_FACTOR_TOLERANCE * Max(fabs(a), fabs(b)) + FLT_MIN;
}

/*
 * Whether two error factors are of one vector.  The factor comes of 1 minus a
 * cosine of almost 1 (quantize/lattice.c), so what rounding does to the cosine
 * is compared.
 */
static bool
vxc_errors_agree(const VxCodec *codec, const VxFactors *a, const VxFactors *b)
{
	double		difference = (double) a->error * a->error - (double) b->error * b->error;

	return vxc_near(a->error, b->error) ||
		fabs(difference) * (codec->padded_dims - 1) <= VXC_COSINE_TOLERANCE * b->add;
}

static bool
vxc_factors_agree(const VxCodec *codec, const VxFactors *a, const VxFactors *b)
{
	return vxc_near(a->add, b->add) && vxc_near(a->scale, b->scale) &&
		vxc_errors_agree(codec, a, b);
}

/*
 * Whether a vector is the mean but for the rounding of its normalisation: its
 * code is then that of noise.
 */
static bool
vxc_is_noise(const VxCodec *codec, const VxFactors *a, const VxFactors *b)
{
	return codec->metric == VX_METRIC_COSINE &&
		a->add < VXC_NOISE_NORM2 && b->add < VXC_NOISE_NORM2;
}

/*
 * Whether two codes differ by no more than a level in few dimensions, as
 * codes of one vector by different instruction sets do.
 */
static bool
vxc_codes_agree(const VxCodec *codec, const uint8 *a, const uint8 *b)
{
	int			bits = codec->stored_bits;
	int			mask = (1 << bits) - 1;
	int			differences = 0;

	Assert(codec->kind == VX_CODE_LATTICE && bits >= 1 && bits <= 8);
	for (Size i = 0; i < codec->code_bytes; i++)
	{
		for (int shift = 0; shift < 8; shift += bits)
		{
			int			difference = abs((a[i] >> shift & mask) - (b[i] >> shift & mask));

			if (difference > 1)
				return false;
			differences += difference;
		}
	}
	return differences <= codec->padded_dims / 64 + 1;
}

/*
 * Whether the code of a slot is as good a code of a vector as another: its
 * estimate of the vector's distance to itself is within its bound.  For codes
 * that another instruction set made with another of two scales that are
 * equally good.
 */
static bool
vxc_estimates_itself(const VxIndex *index, const VxCodeArray *row, const float *floats)
{
	VxCodeQuery *query = (VxCodeQuery *) palloc(vxq_query_size(&index->codec));
	float		key = vxq_exact(index->codec.metric, floats, floats, index->codec.dims);
	float		estimate;
	float		error;

	vxq_query_prepare(&index->codec, floats, VX_QUERY_SEARCH, index->scratch, query);
	vxq_estimate(query, row, NULL, 1, &estimate, &error);
	pfree(query);
	return fabsf(estimate - key) <= error;
}

/*
 * Encode with every instruction set that this machine has and see whether one
 * of them makes the code.
 */
static bool
vxc_code_of_other_set(VxVectorCheck *vectors, const void *image, const uint8 *code)
{
	VxIndex		other = *vectors->graph->index;
	VxCodecParameters parameters = {0};
	const VxKernels *const *tables;
	const char *saved = vxk->name;
	size_t		count = vxk_available(&tables);
	volatile bool equal = false;

	parameters.metric = (VxMetric) other.meta.data.metric;
	parameters.dims = other.codec.dims;
	parameters.bits = other.meta.data.code_bits;
	parameters.seed = other.meta.data.seed;
	parameters.mean = other.meta.data.mean_pages > 0 ? other.codec.mean : NULL;
	parameters.spread = other.meta.data.spread;
	PG_TRY();
	{
		for (size_t i = 0; i < count && !equal; i++)
		{
			VxFactors	factors;

			vxk_select(tables[i]->name);
			vxq_codec_init(&other.codec, &parameters, &other.host);
			vxq_encode(&other.codec, image, other.scratch, vectors->code, &factors);
			equal = vxq_code_equal(&other.codec, vectors->code, code);
			vxq_codec_release(&other.codec, &other.host);
		}
	}
	PG_FINALLY();
	{
		vxk_select(saved);
	}
	PG_END_TRY();
	return equal;
}

/*
 * I13: whether code and factors of a slot of the page at hand are those of a
 * vector.
 */
static bool
vxc_code_is_of_image(VxVectorCheck *vectors, int slot, const void *image)
{
	const VxIndex *index = vectors->graph->index;
	const VxCodec *codec = &index->codec;
	Page		page = vxc_page(vectors->graph);
	const VxGraphGeometry *geometry = vectors->geometry;
	const uint8 *code = (const uint8 *) page + geometry->code_at +
		slot * geometry->code_bytes;
	const float *add = vxp_graph_floats(page, geometry->add_at) + slot;
	const float *scale = vxp_graph_floats(page, geometry->scale_at) + slot;
	const float *error = vxp_graph_floats(page, geometry->error_at) + slot;
	VxFactors	stored = {*add, *scale, *error};
	VxCodeArray row = {code, geometry->code_bytes, add, scale, error};
	VxFactors	fresh;

	Assert(vectors->graph->has_codec && slot < geometry->slots);
	vxq_encode(codec, image, index->scratch, vectors->code, &fresh);
	if (vxq_code_equal(codec, vectors->code, code))
		return vxc_factors_agree(codec, &fresh, &stored) ||
			vxc_is_noise(codec, &fresh, &stored);
	if (codec->kind != VX_CODE_LATTICE)
		return false;
	if (vxc_is_noise(codec, &fresh, &stored))
		return true;
	if (!vxc_near(fresh.add, stored.add) ||
		!vxc_errors_agree(codec, &fresh, &stored))
		return false;
	if (vxc_near(fresh.scale, stored.scale))
		return vxc_codes_agree(codec, vectors->code, code) ||
			vxc_code_of_other_set(vectors, image, code);
	return vxc_estimates_itself(index, &row, (const float *) image);
}

/*
 * I13 of an index without vectors: whether the refine code read last is one that
 * an encoder may have written.
 */
static bool
vxc_refine_code_is_sane(const VxVectorCheck *vectors)
{
	const VxRefineCodec *refine = vectors->graph->index->refine;
	VxFactors	factors;

	Assert(refine->bytes == vectors->geometry->vectors.vector_bytes);
	memcpy(&factors, (const char *) vectors->vector + refine->codec.code_bytes, sizeof(factors));
	return isfinite(factors.add) && isfinite(factors.scale) && isfinite(factors.error) &&
		factors.add >= 0 && factors.scale >= 0 && factors.error >= 0;
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
	bool		agrees = vxc_code_is_of_image(vectors, slot, image);

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
		return vxc_refine_code_is_sane(vectors);
	return vxc_code_is_of_vector(vectors, slot);
}

/*
 * Whether the slot of the page at hand is still the same in the index.
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
		ItemPointerEquals(vxp_graph_tid(now, geometry, slot),
						  vxp_graph_tid(page, geometry, slot)) &&
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
	vectors->code = palloc(graph->index->meta.data.code_bytes);

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
	pfree(vectors->owners);
	pfree(vectors->runs);
	pfree(vectors);
}
