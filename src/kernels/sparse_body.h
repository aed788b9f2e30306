/*-------------------------------------------------------------------------
 *
 * sparse_body.h
 *	  The kernels of sparse vectors.
 *
 * Included by each isa_<name>.c after dense_body.h.  Two vectors of like length
 * are merged: each step takes the element of one side, or of both, and zero for
 * the other.  Which it is no predictor can guess, so that blocks of V_WIDTH
 * elements are compared with blocks first, and only the ends are left to the
 * merge.  Where one is much longer, the elements of the short one are looked
 * for in it, and what lies between two of them is summed up as a dense vector.
 *
 * An ISA that compares blocks defines VX_ISA_MATCHES_BLOCKS and
 *
 *	Vm						a set of lanes
 *	vm_none() vm_or(a, b)
 *	vm_equal(a, p)			lanes of a, as int32, that are equal to *p
 *	vm_meet(met, k, e, b, p)	met and the lanes of b equal to *p, or met and lane
 *							k if the set e is not empty: whichever is cheaper
 *	vf_drop_lanes(a, m)		zero in these lanes
 *	vf_put_lanes(a, m, b)	b in lanes of a that are zero
 *
 * Differences are summed as such and never as norms less a product, which
 * would cancel for vectors that are near each other.
 *
 *-------------------------------------------------------------------------
 */

/* From this ratio of lengths on, look up instead of merging. */
#define SPARSE_SKEW 16

VX_INLINE double
sparse_term(DenseOp op, float x, float y)
{
	double		difference = (double) x - (double) y;

	if (op == DENSE_DOT)
		return (double) x * (double) y;
	return op == DENSE_L2SQ ? difference * difference : (difference < 0 ? -difference : difference);
}

/* The terms of elements that only one side has. */
VX_INLINE double
sparse_run(DenseOp op, const float *value, size_t count)
{
	Vf			sum = vf_zero();
	size_t		i = 0;

	if (op == DENSE_DOT || count == 0)
		return 0;
	if (op == DENSE_L2SQ)
		return dense_sum_f32(DENSE_DOT, value, value, count);
	for (; i + V_WIDTH <= count; i += V_WIDTH)
		sum = vf_add(sum, vf_abs(vf_load(value + i)));
	if (i < count)
		sum = vf_add(sum, vf_abs(vf_load_partial(value + i, count - i)));
	return vf_sum(sum);
}

#ifdef VX_ISA_MATCHES_BLOCKS

/* From this many elements on both sides, blocks are compared with blocks. */
#define SPARSE_BLOCKS (2 * V_WIDTH)

/*
 * What comparing blocks has found so far of the two at hand: for each lane of
 * a's the value of its equal among b's, and the lanes of b's that have one.
 */
typedef struct SparseMatch
{
	Vf			partner;
	Vm			matched;
} SparseMatch;

/*
 * Compare each index of a block with all of the other.  Loads that broadcast
 * leave the shuffle unit free; rotating would shuffle indices, values and the
 * result.  A product has no term for elements without an equal, so that
 * the compiler drops `matched` there.
 */
VX_INLINE void
sparse_match(SparseMatch *match, const int32_t *index_a, const int32_t *index_b, const float *value_b)
{
	Vf			block_a = vf_load((const float *) index_a);
	Vf			block_b = vf_load((const float *) index_b);
	Vm			met = vm_none();

	for (int k = 0; k < V_WIDTH; k++)
	{
		Vm			equal = vm_equal(block_a, index_b + k);

		match->partner = vf_put_lanes(match->partner, equal, vf_set1(value_b + k));
		met = vm_meet(met, k, equal, block_b, index_a + k);
	}
	match->matched = vm_or(match->matched, met);
}

/*
 * When whole blocks of one side have run out: the values of the other's block
 * as far as the last of those reached, zero in the lanes behind.  *at moves
 * past them.  One lane at least was not reached, or the block would be done.
 */
VX_INLINE Vf
sparse_settled(const VxSparse *side, size_t *at, int32_t limit)
{
	const float *value = side->value + *at;
	size_t		count = 0;

	Assert(side->index[*at + V_WIDTH - 1] > limit);
	while (side->index[*at + count] <= limit)
		count++;
	*at += count;
	return count > 0 ? vf_load_partial(value, count) : vf_zero();
}

/*
 * The same sums over whole blocks of both sides; leaves in *i and *j how far
 * it came.  Of the two blocks at hand the one that ends first is done: each of
 * its elements has met its equal on the other side, or has none.  A branch says
 * which one that is, once a block: adding zeros for the other was no faster,
 * with pairs that no predictor knows either.
 */
VX_INLINE double
sparse_merge_blocks(DenseOp op, const VxSparse *a, const VxSparse *b, size_t *i, size_t *j)
{
	SparseMatch match = {vf_zero(), vm_none()};
	Vf			sum_a = vf_zero();
	Vf			sum_b = vf_zero();

	for (*i = *j = 0; *i + V_WIDTH <= a->count && *j + V_WIDTH <= b->count;)
	{
		const int32_t *end_a = a->index + *i + V_WIDTH - 1;
		const int32_t *end_b = b->index + *j + V_WIDTH - 1;
		int32_t		last_a = *end_a;
		int32_t		last_b = *end_b;

		sparse_match(&match, a->index + *i, b->index + *j, b->value + *j);
		if (last_a <= last_b)
		{
			sum_a = dense_step(op, sum_a, vf_load(a->value + *i), match.partner);
			match.partner = vf_zero();
			*i += V_WIDTH;
		}
		if (last_b <= last_a)
		{
			sum_b = dense_step(op, sum_b, vf_drop_lanes(vf_load(b->value + *j), match.matched), vf_zero());
			match.matched = vm_none();
			*j += V_WIDTH;
		}
	}
	if (*i + V_WIDTH <= a->count && *j > 0)
		sum_a = dense_step(op, sum_a, sparse_settled(a, i, b->index[*j - 1]), match.partner);
	else if (*j + V_WIDTH <= b->count && *i > 0)
		sum_b = dense_step(op, sum_b, vf_drop_lanes(sparse_settled(b, j, a->index[*i - 1]), match.matched), vf_zero());
	return vf_sum(vf_add(sum_a, sum_b));
}

#endif

/*
 * Both sides in the order of their indices, summed in double, which costs
 * nothing beside the chain of loads and comparisons.
 */
VX_INLINE double
sparse_merge(DenseOp op, const VxSparse *a, const VxSparse *b)
{
	double		sum = 0;
	size_t		i = 0;
	size_t		j = 0;

#ifdef VX_ISA_MATCHES_BLOCKS
	if (a->count >= SPARSE_BLOCKS && b->count >= SPARSE_BLOCKS)
		sum = sparse_merge_blocks(op, a, b, &i, &j);
#endif
	while (i < a->count && j < b->count)
	{
		int32_t		at_a = a->index[i];
		int32_t		at_b = b->index[j];
		float		x = at_a <= at_b ? a->value[i] : 0.0f;
		float		y = at_b <= at_a ? b->value[j] : 0.0f;

		i += at_a <= at_b;
		j += at_b <= at_a;
		sum += sparse_term(op, x, y);
	}
	sum += sparse_run(op, a->value + i, a->count - i);
	return sum + sparse_run(op, b->value + j, b->count - j);
}

/* The first place from `from` on whose index is at least `wanted`. */
VX_INLINE size_t
sparse_find(const VxSparse *in, size_t from, int32_t wanted)
{
	size_t		step = 1;
	size_t		low = from;
	size_t		high;

	/* double the step until it is passed, then halve what is left */
	while (low + step < in->count && in->index[low + step] < wanted)
	{
		low += step;
		step *= 2;
	}
	high = low + step < in->count ? low + step : in->count;
	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (in->index[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(low >= from && low <= in->count);
	return low;
}

/* The elements of `few` among those of `many`; no term depends on the side. */
VX_INLINE double
sparse_look_up(DenseOp op, const VxSparse *few, const VxSparse *many)
{
	double		sum = 0;
	size_t		at = 0;
	size_t		i;

	for (i = 0; i < few->count; i++)
	{
		size_t		place = sparse_find(many, at, few->index[i]);
		bool		found = place < many->count && many->index[place] == few->index[i];

		sum += sparse_run(op, many->value + at, place - at);
		sum += sparse_term(op, few->value[i], found ? many->value[place] : 0.0f);
		at = place + found;
	}
	return sum + sparse_run(op, many->value + at, many->count - at);
}

VX_INLINE float
sparse_sum(DenseOp op, const VxSparse *a, const VxSparse *b)
{
	Assert(a != NULL && b != NULL);
	if (a->count / SPARSE_SKEW > b->count)
		return (float) sparse_look_up(op, b, a);
	if (b->count / SPARSE_SKEW > a->count)
		return (float) sparse_look_up(op, a, b);
	return (float) sparse_merge(op, a, b);
}

static float
VXK(l2sq_sparse) (const VxSparse *a, const VxSparse *b)
{
	return sparse_sum(DENSE_L2SQ, a, b);
}

static float
VXK(dot_sparse) (const VxSparse *a, const VxSparse *b)
{
	return sparse_sum(DENSE_DOT, a, b);
}

static float
VXK(l1_sparse) (const VxSparse *a, const VxSparse *b)
{
	return sparse_sum(DENSE_L1, a, b);
}
