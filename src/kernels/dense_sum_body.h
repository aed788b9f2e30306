/*-------------------------------------------------------------------------
 *
 * dense_sum_body.h
 *	  The sums over dense vectors, for elements of one width.
 *
 * Included by dense_body.h, on purpose without an include guard, with
 *
 *	DENSE_ELEMENT			C type of an element
 *	DENSE_NAME(name)		name of a helper for this element
 *	DENSE_KERNEL(name)		name of a kernel for this element
 *	DENSE_LOAD(p) DENSE_LOAD_PARTIAL(p, n)	elements as Vf
 *	DENSE_DOT_PAIR DENSE_COSINE_PAIR	or not: two steps of products at once
 *
 * The order of the terms depends on n alone, so that vectors of halves give
 * the bits that the same numbers give as float32.
 *
 *-------------------------------------------------------------------------
 */

/*
 * The three distances in one body: `op` is a constant in each caller.  Term i
 * goes to the same sum at every address, hence equal bits for equal numbers; no
 * load is aligned first, which would make the order depend on the pointer.
 */
VX_INLINE float
DENSE_NAME(dense_sum) (DenseOp op, const DENSE_ELEMENT *a, const DENSE_ELEMENT *b, size_t n)
{
	Vf			sum0 = vf_zero();
	Vf			sum1 = vf_zero();
	Vf			sum2 = vf_zero();
	Vf			sum3 = vf_zero();
	size_t		i = 0;

	Assert(n == 0 || (a != NULL && b != NULL));
	for (; i + 4 * V_WIDTH <= n; i += 4 * V_WIDTH)
	{
#ifdef DENSE_DOT_PAIR
		if (op == DENSE_DOT)
		{
			DENSE_DOT_PAIR(&sum0, &sum1, a + i, b + i);
			DENSE_DOT_PAIR(&sum2, &sum3, a + i + 2 * V_WIDTH, b + i + 2 * V_WIDTH);
			continue;
		}
#endif
		sum0 = dense_step(op, sum0, DENSE_LOAD(a + i), DENSE_LOAD(b + i));
		sum1 = dense_step(op, sum1, DENSE_LOAD(a + i + V_WIDTH), DENSE_LOAD(b + i + V_WIDTH));
		sum2 = dense_step(op, sum2, DENSE_LOAD(a + i + 2 * V_WIDTH), DENSE_LOAD(b + i + 2 * V_WIDTH));
		sum3 = dense_step(op, sum3, DENSE_LOAD(a + i + 3 * V_WIDTH), DENSE_LOAD(b + i + 3 * V_WIDTH));
	}

	Assert(n - i < 4 * V_WIDTH);

	/* what is left goes to four different sums, so that none waits */
	if (n & (2 * V_WIDTH))
	{
		sum0 = dense_step(op, sum0, DENSE_LOAD(a + i), DENSE_LOAD(b + i));
		sum1 = dense_step(op, sum1, DENSE_LOAD(a + i + V_WIDTH), DENSE_LOAD(b + i + V_WIDTH));
		i += 2 * V_WIDTH;
	}
	if (n & V_WIDTH)
	{
		sum2 = dense_step(op, sum2, DENSE_LOAD(a + i), DENSE_LOAD(b + i));
		i += V_WIDTH;
	}
	Assert(i <= n && n - i < V_WIDTH);
	if (i < n)
		sum3 = dense_step(op, sum3, DENSE_LOAD_PARTIAL(a + i, n - i), DENSE_LOAD_PARTIAL(b + i, n - i));
	return vf_sum(vf_add(vf_add(sum0, sum1), vf_add(sum2, sum3)));
}

/*
 * The entries of the table; their contracts are at VxKernels in kernels.h.
 * Overflow gives infinity and a NaN spreads: nothing is checked here, because
 * a test would cost the loop more than it saves whoever meets one.
 */
static float
DENSE_KERNEL(l2sq) (const DENSE_ELEMENT *a, const DENSE_ELEMENT *b, size_t n)
{
	return DENSE_NAME(dense_sum) (DENSE_L2SQ, a, b, n);
}

static float
DENSE_KERNEL(dot) (const DENSE_ELEMENT *a, const DENSE_ELEMENT *b, size_t n)
{
	return DENSE_NAME(dense_sum) (DENSE_DOT, a, b, n);
}

static float
DENSE_KERNEL(l1) (const DENSE_ELEMENT *a, const DENSE_ELEMENT *b, size_t n)
{
	return DENSE_NAME(dense_sum) (DENSE_L1, a, b, n);
}

/*
 * Twelve sums of one pass, three times the four of dense_sum() and in the same
 * order: the contract promises the bits of dot_f32 and of dot_f32(a, a).
 */
static void
DENSE_KERNEL(cosine) (const DENSE_ELEMENT *a, const DENSE_ELEMENT *b, size_t n, VxCosineParts *parts)
{
	CosineSums	sums0 = cosine_zero();
	CosineSums	sums1 = cosine_zero();
	CosineSums	sums2 = cosine_zero();
	CosineSums	sums3 = cosine_zero();
	size_t		i = 0;

	Assert(parts != NULL && (n == 0 || (a != NULL && b != NULL)));
	for (; i + 4 * V_WIDTH <= n; i += 4 * V_WIDTH)
	{
#ifdef DENSE_COSINE_PAIR
		DENSE_COSINE_PAIR(&sums0, &sums1, a + i, b + i);
		DENSE_COSINE_PAIR(&sums2, &sums3, a + i + 2 * V_WIDTH, b + i + 2 * V_WIDTH);
#else
		cosine_step(&sums0, DENSE_LOAD(a + i), DENSE_LOAD(b + i));
		cosine_step(&sums1, DENSE_LOAD(a + i + V_WIDTH), DENSE_LOAD(b + i + V_WIDTH));
		cosine_step(&sums2, DENSE_LOAD(a + i + 2 * V_WIDTH), DENSE_LOAD(b + i + 2 * V_WIDTH));
		cosine_step(&sums3, DENSE_LOAD(a + i + 3 * V_WIDTH), DENSE_LOAD(b + i + 3 * V_WIDTH));
#endif
	}
	if (n & (2 * V_WIDTH))
	{
		cosine_step(&sums0, DENSE_LOAD(a + i), DENSE_LOAD(b + i));
		cosine_step(&sums1, DENSE_LOAD(a + i + V_WIDTH), DENSE_LOAD(b + i + V_WIDTH));
		i += 2 * V_WIDTH;
	}
	if (n & V_WIDTH)
	{
		cosine_step(&sums2, DENSE_LOAD(a + i), DENSE_LOAD(b + i));
		i += V_WIDTH;
	}
	Assert(i <= n && n - i < V_WIDTH);
	if (i < n)
		cosine_step(&sums3, DENSE_LOAD_PARTIAL(a + i, n - i), DENSE_LOAD_PARTIAL(b + i, n - i));
	parts->dot = cosine_total(sums0.dot, sums1.dot, sums2.dot, sums3.dot);
	parts->norm_a = cosine_total(sums0.norm_a, sums1.norm_a, sums2.norm_a, sums3.norm_a);
	parts->norm_b = cosine_total(sums0.norm_b, sums1.norm_b, sums2.norm_b, sums3.norm_b);
}

/*
 * In double, for normalising and for cosines whose float sums overflowed: no
 * float32 input overflows here, nor does any product underflow.  The widening
 * conversions, one a cycle, are what it takes its time for.
 */
static double
DENSE_KERNEL(norm2) (const DENSE_ELEMENT *a, size_t n)
{
	Vd			sum0 = vd_zero();
	Vd			sum1 = vd_zero();
	Vd			sum2 = vd_zero();
	Vd			sum3 = vd_zero();
	size_t		i = 0;

	Assert(n == 0 || a != NULL);
	for (; i + 4 * V_WIDTH <= n; i += 4 * V_WIDTH)
	{
		sum0 = vd_fma_square(DENSE_LOAD(a + i), sum0);
		sum1 = vd_fma_square(DENSE_LOAD(a + i + V_WIDTH), sum1);
		sum2 = vd_fma_square(DENSE_LOAD(a + i + 2 * V_WIDTH), sum2);
		sum3 = vd_fma_square(DENSE_LOAD(a + i + 3 * V_WIDTH), sum3);
	}
	if (n & (2 * V_WIDTH))
	{
		sum0 = vd_fma_square(DENSE_LOAD(a + i), sum0);
		sum1 = vd_fma_square(DENSE_LOAD(a + i + V_WIDTH), sum1);
		i += 2 * V_WIDTH;
	}
	if (n & V_WIDTH)
	{
		sum2 = vd_fma_square(DENSE_LOAD(a + i), sum2);
		i += V_WIDTH;
	}
	Assert(i <= n && n - i < V_WIDTH);
	if (i < n)
		sum3 = vd_fma_square(DENSE_LOAD_PARTIAL(a + i, n - i), sum3);
	return vd_sum(vd_add(vd_add(sum0, sum1), vd_add(sum2, sum3)));
}

#undef DENSE_ELEMENT
#undef DENSE_NAME
#undef DENSE_KERNEL
#undef DENSE_LOAD
#undef DENSE_LOAD_PARTIAL
#undef DENSE_DOT_PAIR
#undef DENSE_COSINE_PAIR
