/*-------------------------------------------------------------------------
 *
 * sparse_body.h
 *	  The kernels of sparse vectors.
 *
 * Included by each isa_<name>.c after dense_body.h.  Two vectors of like length
 * are merged without a branch on the order of their indices, which no
 * predictor could guess: each step takes the element of one side, or of
 * both, and zero for the other.  AVX-512 compares blocks of sixteen with
 * blocks first, and leaves the ends to the merge.  Where one is much longer, the elements of
 * the short one are looked for in it, and what lies between two of them is
 * summed up as a dense vector.
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

/* How many of a block's indices are at most `limit`: the lower lanes. */
VX_INLINE unsigned
sparse_settled(const int32_t *index, int32_t limit)
{
	unsigned	count = 0;

	while (count < V_WIDTH && index[count] <= limit)
		count++;
	return count;
}

/*
 * The same sums over whole blocks of both sides; leaves in *i and *j how far
 * it came.  Of the two blocks at hand the one that ends first is done: each of
 * its elements has met its equal on the other side, or has none.  `partner`
 * has the values of b for the lanes of a's block, `matched` the bits of b's
 * elements that have been met.  The block that is not done when the loop ends
 * is settled as far as the other side's last block reached.
 */
VX_INLINE double
sparse_merge_blocks(DenseOp op, const VxSparse *a, const VxSparse *b, size_t *i, size_t *j)
{
	const unsigned all = (1U << V_WIDTH) - 1;
	Vf			sum = vf_zero();
	Vf			partner = vf_zero();
	unsigned	matched = 0;
	int32_t		last_a = -1;
	int32_t		last_b = -1;
	unsigned	settled;

	for (*i = *j = 0; *i + V_WIDTH <= a->count && *j + V_WIDTH <= b->count;)
	{
		int32_t		end_a = a->index[*i + V_WIDTH - 1];
		int32_t		end_b = b->index[*j + V_WIDTH - 1];

		matched |= vf_match_block(a->index + *i, b->index + *j, b->value + *j, &partner);
		if (end_a <= end_b)
		{
			sum = dense_step(op, sum, vf_load(a->value + *i), partner);
			partner = vf_zero();
			last_a = end_a;
			*i += V_WIDTH;
		}
		if (end_b <= end_a)
		{
			sum = dense_step(op, sum, vf_keep_lanes(vf_load(b->value + *j), ~matched & all), vf_zero());
			matched = 0;
			last_b = end_b;
			*j += V_WIDTH;
		}
	}
	if (*i + V_WIDTH <= a->count)
	{
		settled = sparse_settled(a->index + *i, last_b);
		sum = dense_step(op, sum, vf_keep_lanes(vf_load(a->value + *i), (1U << settled) - 1), partner);
		*i += settled;
	}
	if (*j + V_WIDTH <= b->count)
	{
		settled = sparse_settled(b->index + *j, last_a);
		sum = dense_step(op, sum, vf_keep_lanes(vf_load(b->value + *j), ~matched & ((1U << settled) - 1)), vf_zero());
		*j += settled;
	}
	return vf_sum(sum);
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
