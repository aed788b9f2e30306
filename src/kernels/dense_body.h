/*-------------------------------------------------------------------------
 *
 * dense_body.h
 *	  The kernels of dense vectors, written once over the vector primitives of an
 *	  ISA: what the elements of both widths share, and the conversions.
 *
 * Included by each isa_<name>.c after it has defined
 *
 *	V_WIDTH					float32 elements in a vector
 *	Vf						a vector of float32
 *	v_keep(v)				hold a vector in a register: gcc otherwise repeats the
 *							load in each instruction that uses it, and the load
 *							ports are what we are short of
 *	vf_zero() vf_load(p) vf_load_partial(p, n)	(n < V_WIDTH, rest zero)
 *	vf_load_f16(p)			V_WIDTH halves, widened
 *	vf_store(p, v) vf_store_f16(p, v)	the latter rounds to nearest even
 *	vf_add(a, b) vf_sub(a, b) vf_abs(a) vf_fma(a, b, c) = a * b + c
 *	vf_sum(a)				sum of the elements, pairwise
 *	VX_ISA_MULTIPLIES_HALVES	with vh_load(p), vf_fmlal_low(sum, a, b) and
 *							vf_fmlal_high(): products of 2 * V_WIDTH halves, where
 *							the ISA adds them in float32
 *	Vd, vd_zero() vd_add() vd_sum() vd_fma_square(x, sum)
 *							a pair of double vectors, sum + x * x of a Vf x
 *
 * The sums themselves are in dense_sum_body.h, included once for float32 and
 * once for half precision, whose elements are widened as they are loaded.
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

#ifdef VX_ISA_MULTIPLIES_HALVES

/* Two steps of a dot product of halves that nobody widens. */
VX_INLINE void
dot_halves(Vf *sum0, Vf *sum1, const uint16_t *a, const uint16_t *b)
{
	*sum0 = vf_fmlal_low(*sum0, vh_load(a), vh_load(b));
	*sum1 = vf_fmlal_high(*sum1, vh_load(a), vh_load(b));
}

/* The same for the three sums of cosine distance. */
VX_INLINE void
cosine_halves(CosineSums *sums0, CosineSums *sums1, const uint16_t *a, const uint16_t *b)
{
	dot_halves(&sums0->dot, &sums1->dot, a, b);
	dot_halves(&sums0->norm_a, &sums1->norm_a, a, a);
	dot_halves(&sums0->norm_b, &sums1->norm_b, b, b);
}

#endif

/* in the shape of dense_sum(), so that the bits agree with dot_f32 */
VX_INLINE float
cosine_total(Vf sum0, Vf sum1, Vf sum2, Vf sum3)
{
	return vf_sum(vf_add(vf_add(sum0, sum1), vf_add(sum2, sum3)));
}

/* the end of a vector of halves, through a buffer: once a vector */
VX_INLINE Vf
vf_load_partial_f16(const uint16_t *p, size_t n)
{
	uint16_t	buffer[V_WIDTH] = {0};

	Assert(n < V_WIDTH);
	memcpy(buffer, p, n * sizeof(uint16_t));
	return vf_load_f16(buffer);
}

#define DENSE_ELEMENT float
#define DENSE_NAME(name) name##_f32
#define DENSE_KERNEL(name) VXK(name##_f32)
#define DENSE_LOAD(p) vf_load(p)
#define DENSE_LOAD_PARTIAL(p, n) vf_load_partial(p, n)
#include "dense_sum_body.h"

#define DENSE_ELEMENT uint16_t
#define DENSE_NAME(name) name##_f16
#define DENSE_KERNEL(name) VXK(name##_f16)
#define DENSE_LOAD(p) vf_load_f16(p)
#define DENSE_LOAD_PARTIAL(p, n) vf_load_partial_f16(p, n)
#ifdef VX_ISA_MULTIPLIES_HALVES
#define DENSE_DOT_PAIR dot_halves
#define DENSE_COSINE_PAIR cosine_halves
#endif
#include "dense_sum_body.h"

/* exact: every half is a float32 */
static void
VXK(f16_to_f32) (const uint16_t *in, float *out, size_t n)
{
	float		rest[V_WIDTH];
	size_t		i = 0;

	Assert(n == 0 || (in != NULL && out != NULL));
	for (; i + V_WIDTH <= n; i += V_WIDTH)
		vf_store(out + i, vf_load_f16(in + i));
	if (i < n)
	{
		vf_store(rest, vf_load_partial_f16(in + i, n - i));
		memcpy(out + i, rest, (n - i) * sizeof(float));
	}
}

/* to the nearest half, ties to even; too large a number becomes infinite */
static void
VXK(f32_to_f16) (const float *in, uint16_t *out, size_t n)
{
	uint16_t	rest[V_WIDTH];
	size_t		i = 0;

	Assert(n == 0 || (in != NULL && out != NULL));
	for (; i + V_WIDTH <= n; i += V_WIDTH)
		vf_store_f16(out + i, vf_load(in + i));
	if (i < n)
	{
		vf_store_f16(rest, vf_load_partial(in + i, n - i));
		memcpy(out + i, rest, (n - i) * sizeof(uint16_t));
	}
}
