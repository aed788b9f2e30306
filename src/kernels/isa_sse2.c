/*-------------------------------------------------------------------------
 *
 * isa_sse2.c
 *	  The kernels for every x86-64 CPU: 16-byte vectors, no FMA.
 *
 * SSE2 multiplies no bytes, so that codes and query are taken apart into 16-bit
 * lanes, even bytes and odd bytes, and multiplied by pmaddwd.  The query's
 * halves are made once for four rows.  See README.md.
 *
 * Without FMA every product is rounded before it is added.  Without the masked
 * loads and lane-crossing conversions of later sets, ends of vectors come in
 * through general registers and bytes are widened by shifts.
 *
 *-------------------------------------------------------------------------
 */
#define VX_ISA_NAME sse2

#include "kernel_internal.h"

#if !defined(VX_NO_SIMD) && defined(__x86_64__)

#include <immintrin.h>

VX_TARGET_BEGIN("sse2")

/* "x" is any vector register: the value is pinned, but not to which */
#define v_keep(vector) __asm__("" : "+x" (vector))
#define V_WIDTH 4
#define VX_ISA_MATCHES_BLOCKS
#define PANEL_ROWS 2
typedef __m128 Vf;

/* Twice as wide as Vf: the lower half of its elements and the upper half. */
typedef struct Vd
{
	__m128d		low;
	__m128d		high;
} Vd;

VX_INLINE Vf
vf_zero(void)
{
	return _mm_setzero_ps();
}

/* a heap tuple aligns its floats to 4 bytes only, so never movaps */
VX_INLINE Vf
vf_load(const float *p)
{
	return _mm_loadu_ps(p);
}

/*
 * By words through general registers: nothing behind p + n may be read, and
 * there is no masked load.  Runs once a vector, so its latency does not count.
 */
VX_INLINE Vf
vf_load_partial(const float *p, size_t n)
{
	const uint8_t *bytes = (const uint8_t *) p;
	uint64_t	low = load_partial8(bytes, n > 1 ? 8 : 4);
	uint64_t	high = n > 2 ? load_partial8(bytes + 8, 4) : 0;

	Assert(n > 0 && n < V_WIDTH);
	return _mm_castsi128_ps(_mm_set_epi64x((long long) high, (long long) low));
}

/* one element, at any address, in all lanes */
VX_INLINE Vf
vf_set1(const float *p)
{
	return _mm_set1_ps(*(const unaligned_float *) p);
}

/* one by one: this CPU has no instruction for halves */
VX_INLINE Vf
vf_load_f16(const uint16_t *p)
{
	uint16_t	half[V_WIDTH];

	memcpy(half, p, sizeof(half));
	return _mm_setr_ps(vx_half_to_float(half[0]), vx_half_to_float(half[1]),
					   vx_half_to_float(half[2]), vx_half_to_float(half[3]));
}

VX_INLINE void
vf_store(float *p, Vf a)
{
	_mm_storeu_ps(p, a);
}

VX_INLINE void
vf_store_f16(uint16_t *p, Vf a)
{
	float		value[V_WIDTH];
	uint16_t	half[V_WIDTH];

	vf_store(value, a);
	for (int i = 0; i < V_WIDTH; i++)
		half[i] = vx_float_to_half(value[i]);
	memcpy(p, half, sizeof(half));
}

VX_INLINE void
vf_keep_less(Vf v, float *least, uint32_t number, uint32_t *owners)
{
	Vf			before = vf_load(least);
	Vf			less = _mm_cmplt_ps(v, before);
	Vf			numbers = _mm_castsi128_ps(_mm_set1_epi32((int) number));
	Vf			owned = vf_load((float *) owners);

	vf_store(least, _mm_or_ps(_mm_and_ps(less, v), _mm_andnot_ps(less, before)));
	vf_store((float *) owners, _mm_or_ps(_mm_and_ps(less, numbers), _mm_andnot_ps(less, owned)));
}

VX_INLINE Vf
vf_add(Vf a, Vf b)
{
	return _mm_add_ps(a, b);
}

VX_INLINE Vf
vf_sub(Vf a, Vf b)
{
	return _mm_sub_ps(a, b);
}

/* the sign bit is cleared, of a NaN too */
VX_INLINE Vf
vf_abs(Vf a)
{
	return _mm_andnot_ps(_mm_set1_ps(-0.0f), a);
}

/* rounds twice where FMA rounds once; bound 1 of README.md covers both */
VX_INLINE Vf
vf_fma(Vf a, Vf b, Vf c)
{
	return _mm_add_ps(_mm_mul_ps(a, b), c);
}

/* pairwise, by halves: as few roundings as there are levels */
VX_INLINE float
vf_sum(Vf a)
{
	Vf			pairs = _mm_add_ps(a, _mm_movehl_ps(a, a));

	return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
}

/* Which lanes of a vector.  All bits of a lane, or none. */
typedef __m128 Vm;

VX_INLINE Vm
vm_none(void)
{
	return _mm_setzero_ps();
}

/* lanes of int32 that are equal to this one */
VX_INLINE Vm
vm_equal(Vf a, const int32_t *one)
{
	return _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_castps_si128(a), _mm_set1_epi32(*one)));
}

VX_INLINE Vm
vm_or(Vm a, Vm b)
{
	return _mm_or_ps(a, b);
}

/* comparing the other way round, where a set of lanes is a vector */
VX_INLINE Vm
vm_meet(Vm met, int k, Vm equal, Vf block, const int32_t *one)
{
	(void) k;
	(void) equal;
	return vm_or(met, vm_equal(block, one));
}

/* zero in these lanes */
VX_INLINE Vf
vf_drop_lanes(Vf a, Vm lanes)
{
	return _mm_andnot_ps(lanes, a);
}

/* b in lanes of a that are zero so far */
VX_INLINE Vf
vf_put_lanes(Vf a, Vm lanes, Vf b)
{
	return _mm_or_ps(a, _mm_and_ps(lanes, b));
}

VX_INLINE Vd
vd_zero(void)
{
	Vd			zero = {_mm_setzero_pd(), _mm_setzero_pd()};

	return zero;
}

VX_INLINE Vd
vd_add(Vd a, Vd b)
{
	a.low = _mm_add_pd(a.low, b.low);
	a.high = _mm_add_pd(a.high, b.high);
	return a;
}

/* squares of float32 are exact in double; only the additions round */
VX_INLINE Vd
vd_fma_square(Vf x, Vd sum)
{
	__m128d		low = _mm_cvtps_pd(x);
	__m128d		high = _mm_cvtps_pd(_mm_movehl_ps(x, x));

	sum.low = _mm_add_pd(sum.low, _mm_mul_pd(low, low));
	sum.high = _mm_add_pd(sum.high, _mm_mul_pd(high, high));
	return sum;
}

/* the halves first: one addition takes four partial sums to two */
VX_INLINE double
vd_sum(Vd a)
{
	__m128d		sum = _mm_add_pd(a.low, a.high);

	return _mm_cvtsd_f64(_mm_add_sd(sum, _mm_unpackhi_pd(sum, sum)));
}

#include "dense_body.h"
#include "bits_body.h"
#include "sparse_body.h"
#include "panel_body.h"

#define V_BYTES 16
typedef __m128i Vb;
typedef __m128i Vi;

/* Partial sums of one row; parts that a kernel does not use cost nothing. */
typedef struct CodeSums
{
	Vi			part0;
	Vi			part1;
} CodeSums;

/* rows stand at any byte of a page */
VX_INLINE Vb
vb_load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *) p);
}

/* as code_partial_mask() expects: below 8 bytes the upper word is zero */
VX_INLINE Vb
vb_load_partial(const uint8_t *p, size_t n)
{
	Assert(n > 0 && n < V_BYTES);
	return _mm_set_epi64x((long long) load_partial_high(p, n), (long long) load_partial_low(p, n));
}

VX_INLINE Vb
vb_and(Vb a, Vb b)
{
	return _mm_and_si128(a, b);
}

VX_INLINE CodeSums
code_sums_zero(void)
{
	StaticAssertKernel(sizeof(CodeSums) == 2 * V_BYTES, "a row's sums must fit two registers");
	CodeSums	sums = {_mm_setzero_si128(), _mm_setzero_si128()};

	return sums;
}

/*
 * The even bytes of a query vector, sign-extended to 16 bits: up and down again,
 * since pmovsxbw comes with SSE4.1.  The compiler hoists this and query_odd()
 * out of the four rows of a group, which all get the same query.
 */
VX_INLINE Vb
query_even(Vb query)
{
	return _mm_srai_epi16(_mm_slli_epi16(query, 8), 8);
}

/* an odd byte is the upper one of its lane: one arithmetic shift extends it */
VX_INLINE Vb
query_odd(Vb query)
{
	return _mm_srai_epi16(query, 8);
}

/*
 * Codes are unsigned and at most 255, so they stay positive in 16-bit lanes, and
 * pmaddwd's pair of products, at most 2 * 255 * 128, is exact in 32 bits.  The
 * halves go to sums of their own: two short chains instead of a long one.
 */
VX_INLINE void
code_step_u8(CodeSums *sums, Vb code, Vb query)
{
	Vb			even = _mm_and_si128(code, _mm_set1_epi16(0xff));
	Vb			odd = _mm_srli_epi16(code, 8);

	sums->part0 = _mm_add_epi32(sums->part0, _mm_madd_epi16(even, query_even(query)));
	sums->part1 = _mm_add_epi32(sums->part1, _mm_madd_epi16(odd, query_odd(query)));
}

/*
 * Add the fields of `code` from bit `shift` of each 16-bit lane, as `mask` says.
 * One shift and one mask take out a field and separate even from odd bytes, so
 * codes need no widening step of their own.  `shift` is a constant once inlined.
 */
VX_INLINE Vi
add_field(Vi sum, Vb code, int shift, int mask, Vb query)
{
	Vb			field = _mm_and_si128(_mm_srli_epi16(code, shift), _mm_set1_epi16((short) mask));

	return _mm_add_epi32(sum, _mm_madd_epi16(field, query));
}

/*
 * In a lane of two bytes the nibbles from bit 0 on are plane 0 and plane 1 of the
 * even byte, then plane 0 and plane 1 of the odd one.
 */
VX_INLINE void
code_step_u4(CodeSums *sums, Vb code, Vb query0, Vb query1)
{
	sums->part0 = add_field(sums->part0, code, 0, 15, query_even(query0));
	sums->part1 = add_field(sums->part1, code, 8, 15, query_odd(query0));
	sums->part0 = add_field(sums->part0, code, 4, 15, query_even(query1));
	sums->part1 = add_field(sums->part1, code, 12, 15, query_odd(query1));
}

/*
 * Four planes, two bits each: eight multiplications a vector, because with no
 * product of bytes each plane needs one for its even and one for its odd bytes.
 */
VX_INLINE void
code_step_u2(CodeSums *sums, Vb code, Vb query0, Vb query1, Vb query2, Vb query3)
{
	sums->part0 = add_field(sums->part0, code, 0, 3, query_even(query0));
	sums->part1 = add_field(sums->part1, code, 8, 3, query_odd(query0));
	sums->part0 = add_field(sums->part0, code, 2, 3, query_even(query1));
	sums->part1 = add_field(sums->part1, code, 10, 3, query_odd(query1));
	sums->part0 = add_field(sums->part0, code, 4, 3, query_even(query2));
	sums->part1 = add_field(sums->part1, code, 12, 3, query_odd(query2));
	sums->part0 = add_field(sums->part0, code, 6, 3, query_even(query3));
	sums->part1 = add_field(sums->part1, code, 14, 3, query_odd(query3));
}

/* psadbw leaves sums in 64-bit lanes, far too small to reach the upper half */
VX_INLINE void
code_step_l1(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 = _mm_add_epi32(sums->part0, _mm_sad_epu8(code, query));
}

/* 32-bit lanes: VXK_MAX_CODE_BYTES keeps even the sum of both parts in range */
VX_INLINE Vi
code_total_u8(const CodeSums *sums)
{
	return _mm_add_epi32(sums->part0, sums->part1);
}

#define code_total_u4 code_total_u8
#define code_total_u2 code_total_u8

/* part1 is never touched by code_step_l1() */
VX_INLINE Vi
code_total_l1(const CodeSums *sums)
{
	return sums->part0;
}

/* exact in any order: no lane can wrap */
VX_INLINE int32_t
vi_sum(Vi v)
{
	Vi			pairs = _mm_add_epi32(v, _mm_unpackhi_epi64(v, v));

	return _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, 1)));
}

/* transposes by halves while adding: six shuffles for four rows, and one store */
VX_INLINE void
vi_sum4(Vi a, Vi b, Vi c, Vi d, int32_t *out)
{
	Vi			ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
	Vi			cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));

	Assert(out != NULL);
	_mm_storeu_si128((__m128i *) out,
					 _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd)));
}

/* bytes are multiplied as they are, so nothing is missing from the sums */
VX_INLINE int32_t
code_bias_u8(const uint8_t *query, size_t n)
{
	(void) query;
	(void) n;
	return 0;
}

#include "code_body.h"
#include "lookup_body.h"
#include "isa_table.h"

VX_TARGET_END

#endif							/* x86-64 */
