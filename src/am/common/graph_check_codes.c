/*-------------------------------------------------------------------------
 *
 * graph_check_codes.c
 *	  Checks whether codes and refine codes are those of their vectors.
 *
 * Invariant I13 of the list in am/hnsw/hnsw_check.c: codes are made again and
 * compared.  An index that keeps no vectors has them in its table.
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

/*
 * Factors of equal vectors may differ by this much (relative) between
 * instruction sets, whose sums round differently.
 */
#define VXC_FACTOR_TOLERANCE	1e-3

/* The same for the squared cosine of a vector and its code. */
#define VXC_COSINE_TOLERANCE	1e-5

/* Squared length of what rounding leaves of a unit vector less itself. */
#define VXC_NOISE_NORM2			1e-10

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
vxc_code_of_other_set(VxGraphCheck *graph, const void *image, const uint8 *code)
{
	VxIndex		other = *graph->index;
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
			vxq_encode(&other.codec, image, other.scratch, graph->code, &factors);
			equal = vxq_code_equal(&other.codec, graph->code, code);
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
bool
vxc_code_is_of_image(VxGraphCheck *graph, int slot, const void *image)
{
	const VxIndex *index = graph->index;
	const VxCodec *codec = &index->codec;
	Page		page = vxc_page(graph);
	const VxGraphGeometry *geometry = &index->meta.geometry[0];
	const uint8 *code = (const uint8 *) page + geometry->code_at +
		slot * geometry->code_bytes;
	const float *add = vxp_graph_floats(page, geometry->add_at) + slot;
	const float *scale = vxp_graph_floats(page, geometry->scale_at) + slot;
	const float *error = vxp_graph_floats(page, geometry->error_at) + slot;
	VxFactors	stored = {*add, *scale, *error};
	VxCodeArray row = {code, geometry->code_bytes, add, scale, error};
	VxFactors	fresh;

	Assert(graph->has_codec && slot < geometry->slots);
	if (!vxc_image_is_finite(codec, image))
		return false;
	vxq_encode(codec, image, index->scratch, graph->code, &fresh);
	if (vxq_code_equal(codec, graph->code, code))
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
		return vxc_codes_agree(codec, graph->code, code) ||
			vxc_code_of_other_set(graph, image, code);
	return vxc_estimates_itself(index, &row, (const float *) image);
}

/* The factors of a refine code, which follow its levels. */
static VxFactors
vxc_refine_factors(const VxRefineCodec *refine, const uint8 *refine_code)
{
	VxFactors	factors;

	memcpy(&factors, refine_code + refine->codec.code_bytes, sizeof(factors));
	return factors;
}

/*
 * Whether a refine code is one that an encoder may have written.
 */
static bool
vxc_refine_code_is_sane(const VxRefineCodec *refine, const uint8 *refine_code)
{
	VxFactors	factors = vxc_refine_factors(refine, refine_code);

	return isfinite(factors.add) && isfinite(factors.scale) && isfinite(factors.error) &&
		factors.add >= 0 && factors.scale >= 0 && factors.error >= 0;
}

/*
 * Whether a refine code is that of an image and of the code of a slot of the page
 * at hand.  Of two scales that are equally good, another instruction set may have
 * taken the other.
 */
static bool
vxc_refine_code_is_of_image(VxGraphCheck *graph, int slot, const uint8 *refine_code,
							const void *image)
{
	const VxIndex *index = graph->index;
	const VxRefineCodec *refine = index->refine;
	Page		page = vxc_page(graph);
	const VxGraphGeometry *geometry = &index->meta.geometry[0];
	const uint8 *code = (const uint8 *) page + geometry->code_at +
		slot * geometry->code_bytes;
	VxFactors	factors;
	VxFactors	stored = vxc_refine_factors(refine, refine_code);
	VxFactors	fresh;
	uint8	   *fresh_code = (uint8 *) palloc(refine->bytes);
	bool		agrees;

	factors.add = vxp_graph_floats(page, geometry->add_at)[slot];
	factors.scale = vxp_graph_floats(page, geometry->scale_at)[slot];
	factors.error = vxp_graph_floats(page, geometry->error_at)[slot];
	vxq_refine_encode(refine, image, code, &factors, index->refine_scratch, fresh_code);
	fresh = vxc_refine_factors(refine, fresh_code);
	agrees = memcmp(fresh_code, refine_code, refine->bytes) == 0 ||
		(vxc_near(fresh.add, stored.add) &&
		 vxc_errors_agree(&refine->codec, &fresh, &stored) &&
		 (!vxc_near(fresh.scale, stored.scale) ||
		  vxc_codes_agree(&refine->codec, fresh_code, refine_code)));
	return agrees || vxc_is_noise(&index->codec, &factors, &factors);
}

/*
 * Whether code and refine code of a slot of the page at hand are those of its row.
 *
 * heap_values have a snapshot that is older than the page.  As long as it sees a
 * row no VACUUM gives that row's heap TID to another.
 */
static bool
vxc_codes_are_of_row(VxGraphCheck *graph, int slot, const uint8 *refine_code,
					 VxHeapValues *heap_values)
{
	const VxIndex *index = graph->index;
	int			dimensions = (int) index->meta.data.dimensions;
	ItemPointer tid = vxp_graph_tid(vxc_page(graph), &index->meta.geometry[0], slot);
	VxIndexValue value;
	Datum		datum;

	/* what has no row, or none of these dimensions, is for other checks to say */
	if (!vxc_tid_is_sane(graph, tid) || !vxs_heap_value(heap_values, tid, &datum) ||
		index->opclass->type->dimensions(datum) != dimensions)
		return true;
	vxi_value(index->opclass, dimensions, datum, &value);
	return value.indexed && vxc_code_is_of_image(graph, slot, value.image) &&
		vxc_refine_code_is_of_image(graph, slot, refine_code, value.image);
}

/*
 * I13 of a slot of the page at hand in an index without vectors: whether its refine
 * code can be one; with heap_values, which may be NULL, whether it and the code are
 * those of the row.
 */
bool
vxc_refine_code_agrees(VxGraphCheck *graph, int slot, const uint8 *refine_code,
					   VxHeapValues *heap_values)
{
	const uint8 *state = vxp_graph_state(vxc_page(graph), &graph->index->meta.geometry[0]);
	MemoryContext old;
	bool		agrees;

	Assert(graph->index->refine->bytes == graph->index->meta.data.vector_bytes);
	if (!vxc_refine_code_is_sane(graph->index->refine, refine_code))
		return false;
	if (heap_values == NULL || state[slot] != VX_SLOT_LIVE)
		return true;
	old = MemoryContextSwitchTo(graph->row_context);
	agrees = vxc_codes_are_of_row(graph, slot, refine_code, heap_values);
	MemoryContextSwitchTo(old);
	MemoryContextReset(graph->row_context);
	return agrees;
}

/*
 * I13 with heapallindexed, of an index whose vector pages hold nothing: whether the
 * code of the node that has a row is that of the row's value.  Callback for each row
 * of the table that is in the index, with the node's place; the row may have left the
 * node since.
 */
void
vxc_check_code_of_row(void *context, uint64 tid, VxTidPlace place, const VxIndexValue *value)
{
	VxGraphCheck *graph = (VxGraphCheck *) context;

	if (!vxc_copy_graph_page(graph, place.block, 0) ||
		place.slot >= vxp_opaque(vxc_page(graph))->used_slots ||
		vxc_code_is_of_image(graph, place.slot, value->image) ||
		!vxc_node_has_tid(graph, place, 0, tid))
		return;
	vxc_report(graph->check, "I13", place.block, place.slot,
			   "the code of the slot is not that of its row");
}
