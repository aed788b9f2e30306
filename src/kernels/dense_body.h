/*-------------------------------------------------------------------------
 *
 * dense_body.h
 *	  The float32 kernels, written once over the vector primitives of an ISA.
 *
 * Included by each isa_<name>.c after it has defined
 *
 *	V_WIDTH					float32 elements in a vector
 *	Vf						a vector of float32
 *	v_keep(v)				hold a vector in a register: gcc otherwise repeats the
 *							load in each instruction that uses it, and the load
 *							ports are what we are short of
 *	vf_zero() vf_load(p) vf_load_partial(p, n)	(n < V_WIDTH, rest zero)
 *	vf_add(a, b) vf_sub(a, b) vf_abs(a) vf_fma(a, b, c) = a * b + c
 *	vf_sum(a)				sum of the elements, pairwise
 *	Vd, vd_zero() vd_add() vd_sum() vd_fma_square(x, sum)
 *							a pair of double vectors, sum + x * x of a Vf x
 *
 * Holds no instruction-set specific code.  Four independent sums hide the
 * latency of the addition: two vectors are loaded for each, so four sums at a
 * latency of four cycles keep two load ports busy.  See README.md for the error
 * bound that follows from the shape of the summation.
 *
 *-------------------------------------------------------------------------
 */

/* what is left after full rounds of four vectors is read off the bits of n */
StaticAssertKernel((V_WIDTH & (V_WIDTH - 1)) == 0, "V_WIDTH must be a power of two");
StaticAssertKernel(sizeof(Vf) == V_WIDTH * sizeof(float), "Vf must hold V_WIDTH elements");
StaticAssertKernel(sizeof(Vd) == V_WIDTH * sizeof(double), "Vd must hold V_WIDTH elements");

typedef enum DenseOp
{
	DENSE_L2SQ,
	DENSE_DOT,
	DENSE_L1
} DenseOp;

/* sum + term(x, y); zero elements in both x and y add nothing */
VX_INLINE Vf
dense_step(DenseOp op, Vf sum, Vf x, Vf y)
{
	Vf			difference;

	if (op == DENSE_DOT)
		return vf_fma(x, y, sum);
	difference = vf_sub(x, y);
	if (op == DENSE_L2SQ)
		return vf_fma(difference, difference, sum);
	return vf_add(sum, vf_abs(difference));
}

/*
 * The three distances in one body: `op` is a constant in each caller.  Term i
 * goes to the same sum at every address, hence equal bits for equal numbers; no
 * load is aligned first, which would make the order depend on the pointer.
 */
VX_INLINE float
dense_sum(DenseOp op, const float *a, const float *b, size_t n)
{
	Vf			sum0 = vf_zero();
	Vf			sum1 = vf_zero();
	Vf			sum2 = vf_zero();
	Vf			sum3 = vf_zero();
	size_t		i = 0;

	Assert(n == 0 || (a != NULL && b != NULL));
	for (; i + 4 * V_WIDTH <= n; i += 4 * V_WIDTH)
	{
		sum0 = dense_step(op, sum0, vf_load(a + i), vf_load(b + i));
		sum1 = dense_step(op, sum1, vf_load(a + i + V_WIDTH), vf_load(b + i + V_WIDTH));
		sum2 = dense_step(op, sum2, vf_load(a + i + 2 * V_WIDTH), vf_load(b + i + 2 * V_WIDTH));
		sum3 = dense_step(op, sum3, vf_load(a + i + 3 * V_WIDTH), vf_load(b + i + 3 * V_WIDTH));
	}

	Assert(n - i < 4 * V_WIDTH);

	/* what is left goes to four different sums, so that none waits */
	if (n & (2 * V_WIDTH))
	{
		sum0 = dense_step(op, sum0, vf_load(a + i), vf_load(b + i));
		sum1 = dense_step(op, sum1, vf_load(a + i + V_WIDTH), vf_load(b + i + V_WIDTH));
		i += 2 * V_WIDTH;
	}
	if (n & V_WIDTH)
	{
		sum2 = dense_step(op, sum2, vf_load(a + i), vf_load(b + i));
		i += V_WIDTH;
	}
	Assert(i <= n && n - i < V_WIDTH);
	if (i < n)
		sum3 = dense_step(op, sum3, vf_load_partial(a + i, n - i), vf_load_partial(b + i, n - i));
	return vf_sum(vf_add(vf_add(sum0, sum1), vf_add(sum2, sum3)));
}

/*
 * The entries of the table; their contracts are at VxKernels in kernels.h.
 * Overflow gives infinity and a NaN spreads: nothing is checked here, because
 * a test would cost the loop more than it saves whoever meets one.
 */
static float
VXK(l2sq_f32) (const float *a, const float *b, size_t n)
{
	return dense_sum(DENSE_L2SQ, a, b, n);
}

static float
VXK(dot_f32) (const float *a, const float *b, size_t n)
{
	return dense_sum(DENSE_DOT, a, b, n);
}

static float
VXK(l1_f32) (const float *a, const float *b, size_t n)
{
	return dense_sum(DENSE_L1, a, b, n);
}

/* The three sums of cosine distance, one vector of partial sums each. */
typedef struct CosineSums
{
	Vf			dot;
	Vf			norm_a;
	Vf			norm_b;
} CosineSums;

VX_INLINE CosineSums
cosine_zero(void)
{
	CosineSums	sums = {vf_zero(), vf_zero(), vf_zero()};

	return sums;
}

/*
 * Three multiply-adds for two loads: the arithmetic, not the loads, bounds this
 * one.  Without v_keep() gcc loads x and y three times over and loses a third.
 */
VX_INLINE void
cosine_step(CosineSums *sums, Vf x, Vf y)
{
	v_keep(x);
	v_keep(y);
	sums->dot = vf_fma(x, y, sums->dot);
	sums->norm_a = vf_fma(x, x, sums->norm_a);
	sums->norm_b = vf_fma(y, y, sums->norm_b);
}

/* in the shape of dense_sum(), so that the bits agree with dot_f32 */
VX_INLINE float
cosine_total(Vf sum0, Vf sum1, Vf sum2, Vf sum3)
{
	return vf_sum(vf_add(vf_add(sum0, sum1), vf_add(sum2, sum3)));
}

/*
 * Twelve sums of one pass, three times the four of dense_sum() and in the same
 * order: the contract promises the bits of dot_f32 and of dot_f32(a, a).
 */
static void
VXK(cosine_f32) (const float *a, const float *b, size_t n, VxCosineParts *parts)
{
	CosineSums	sums0 = cosine_zero();
	CosineSums	sums1 = cosine_zero();
	CosineSums	sums2 = cosine_zero();
	CosineSums	sums3 = cosine_zero();
	size_t		i = 0;

	Assert(parts != NULL && (n == 0 || (a != NULL && b != NULL)));
	for (; i + 4 * V_WIDTH <= n; i += 4 * V_WIDTH)
	{
		cosine_step(&sums0, vf_load(a + i), vf_load(b + i));
		cosine_step(&sums1, vf_load(a + i + V_WIDTH), vf_load(b + i + V_WIDTH));
		cosine_step(&sums2, vf_load(a + i + 2 * V_WIDTH), vf_load(b + i + 2 * V_WIDTH));
		cosine_step(&sums3, vf_load(a + i + 3 * V_WIDTH), vf_load(b + i + 3 * V_WIDTH));
	}
	if (n & (2 * V_WIDTH))
	{
		cosine_step(&sums0, vf_load(a + i), vf_load(b + i));
		cosine_step(&sums1, vf_load(a + i + V_WIDTH), vf_load(b + i + V_WIDTH));
		i += 2 * V_WIDTH;
	}
	if (n & V_WIDTH)
	{
		cosine_step(&sums2, vf_load(a + i), vf_load(b + i));
		i += V_WIDTH;
	}
	Assert(i <= n && n - i < V_WIDTH);
	if (i < n)
		cosine_step(&sums3, vf_load_partial(a + i, n - i), vf_load_partial(b + i, n - i));
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
VXK(norm2_f32) (const float *a, size_t n)
{
	Vd			sum0 = vd_zero();
	Vd			sum1 = vd_zero();
	Vd			sum2 = vd_zero();
	Vd			sum3 = vd_zero();
	size_t		i = 0;

	Assert(n == 0 || a != NULL);
	for (; i + 4 * V_WIDTH <= n; i += 4 * V_WIDTH)
	{
		sum0 = vd_fma_square(vf_load(a + i), sum0);
		sum1 = vd_fma_square(vf_load(a + i + V_WIDTH), sum1);
		sum2 = vd_fma_square(vf_load(a + i + 2 * V_WIDTH), sum2);
		sum3 = vd_fma_square(vf_load(a + i + 3 * V_WIDTH), sum3);
	}
	if (n & (2 * V_WIDTH))
	{
		sum0 = vd_fma_square(vf_load(a + i), sum0);
		sum1 = vd_fma_square(vf_load(a + i + V_WIDTH), sum1);
		i += 2 * V_WIDTH;
	}
	if (n & V_WIDTH)
	{
		sum2 = vd_fma_square(vf_load(a + i), sum2);
		i += V_WIDTH;
	}
	Assert(i <= n && n - i < V_WIDTH);
	if (i < n)
		sum3 = vd_fma_square(vf_load_partial(a + i, n - i), sum3);
	return vd_sum(vd_add(vd_add(sum0, sum1), vd_add(sum2, sum3)));
}
