/*-------------------------------------------------------------------------
 *
 * vector_avx2.h
 *	  The primitives over 32-byte vectors that isa_avx2.c and isa_avxvnni.c share.
 *
 * Does not switch the instruction set on and does not multiply codes: that is
 * where the two differ.  The meaning of each primitive is in dense_body.h and
 * code_body.h.
 *
 *-------------------------------------------------------------------------
 */

/* "x" is one of the sixteen registers that VEX instructions can name */
#define v_keep(vector) __asm__("" : "+x" (vector))
#define V_WIDTH 8
#define VX_ISA_MATCHES_BLOCKS
#define VX_ISA_COUNTS_BITS
#define VX_ISA_LOOKS_UP
#define PANEL_ROWS 6
typedef __m256 Vf;

/* Twice as wide as Vf: the lower half of its elements and the upper half. */
typedef struct Vd
{
	__m256d		low;
	__m256d		high;
} Vd;

/*
 * Load from 8 - n to get n lanes of ones, then zeros: a load is cheaper than
 * making the mask by comparison, and the table is 64 bytes.
 */
static const int32_t lane_mask[2 * V_WIDTH] = {-1, -1, -1, -1, -1, -1, -1, -1};

VX_INLINE Vf
vf_zero(void)
{
	return _mm256_setzero_ps();
}

/*
 * Unaligned by contract.  It costs nothing within a cache line; a vector off
 * its 32 bytes makes every second load touch two ("Unaligned rows", README.md).
 */
VX_INLINE Vf
vf_load(const float *p)
{
	return _mm256_loadu_ps(p);
}

/* vmaskmovps faults on no lane that its mask leaves out */
VX_INLINE Vf
vf_load_partial(const float *p, size_t n)
{
	Assert(n > 0 && n < V_WIDTH);
	return _mm256_maskload_ps(p, _mm256_loadu_si256((const __m256i *) (lane_mask + V_WIDTH - n)));
}

/* one element, at any address, in all lanes */
VX_INLINE Vf
vf_set1(const float *p)
{
	return _mm256_set1_ps(*(const unaligned_float *) p);
}

VX_INLINE Vf
vf_load_f16(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p));
}

VX_INLINE void
vf_store(float *p, Vf a)
{
	_mm256_storeu_ps(p, a);
}

VX_INLINE void
vf_store_f16(uint16_t *p, Vf a)
{
	_mm_storeu_si128((__m128i *) p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

VX_INLINE void
vf_keep_less(Vf v, float *least, uint32_t number, uint32_t *owners)
{
	Vf			before = vf_load(least);
	Vf			less = _mm256_cmp_ps(v, before, _CMP_LT_OQ);
	Vf			numbers = _mm256_castsi256_ps(_mm256_set1_epi32((int) number));

	vf_store(least, _mm256_blendv_ps(before, v, less));
	vf_store((float *) owners, _mm256_blendv_ps(vf_load((float *) owners), numbers, less));
}

VX_INLINE Vf
vf_add(Vf a, Vf b)
{
	return _mm256_add_ps(a, b);
}

VX_INLINE Vf
vf_sub(Vf a, Vf b)
{
	return _mm256_sub_ps(a, b);
}

/* the sign bit is cleared, of a NaN too */
VX_INLINE Vf
vf_abs(Vf a)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* one rounding; four cycles of latency, which the four sums of a body hide */
VX_INLINE Vf
vf_fma(Vf a, Vf b, Vf c)
{
	return _mm256_fmadd_ps(a, b, c);
}

/* pairwise, by halves: as few roundings as there are levels */
VX_INLINE float
vf_sum(Vf a)
{
	__m128		fours = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	__m128		pairs = _mm_add_ps(fours, _mm_movehl_ps(fours, fours));

	return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}

/* Which lanes of a vector.  All bits of a lane, or none. */
typedef __m256 Vm;

VX_INLINE Vm
vm_none(void)
{
	return _mm256_setzero_ps();
}

/* lanes of int32 that are equal to this one */
VX_INLINE Vm
vm_equal(Vf a, const int32_t *one)
{
	return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_castps_si256(a), _mm256_set1_epi32(*one)));
}

VX_INLINE Vm
vm_or(Vm a, Vm b)
{
	return _mm256_or_ps(a, b);
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
	return _mm256_andnot_ps(lanes, a);
}

/* b in lanes of a that are zero so far */
VX_INLINE Vf
vf_put_lanes(Vf a, Vm lanes, Vf b)
{
	return _mm256_or_ps(a, _mm256_and_ps(lanes, b));
}

VX_INLINE Vd
vd_zero(void)
{
	Vd			zero = {_mm256_setzero_pd(), _mm256_setzero_pd()};

	return zero;
}

VX_INLINE Vd
vd_add(Vd a, Vd b)
{
	a.low = _mm256_add_pd(a.low, b.low);
	a.high = _mm256_add_pd(a.high, b.high);
	return a;
}

/* squares of float32 are exact in double; only the additions round */
VX_INLINE Vd
vd_fma_square(Vf x, Vd sum)
{
	__m256d		low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
	__m256d		high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));

	sum.low = _mm256_fmadd_pd(low, low, sum.low);
	sum.high = _mm256_fmadd_pd(high, high, sum.high);
	return sum;
}

/* across the 128-bit halves once, then within: crossing is the slow step */
VX_INLINE double
vd_sum(Vd a)
{
	__m256d		fours = _mm256_add_pd(a.low, a.high);
	__m128d		pairs = _mm_add_pd(_mm256_castpd256_pd128(fours), _mm256_extractf128_pd(fours, 1));

	return _mm_cvtsd_f64(_mm_add_sd(pairs, _mm_unpackhi_pd(pairs, pairs)));
}

#define V_BYTES 32
/* bytes of codes and int32 sums share the register type: no conversion between */
typedef __m256i Vb;
typedef __m256i Vi;

/* Partial sums of one row; parts that a kernel does not use cost nothing. */
typedef struct CodeSums
{
	Vi			part0;
	Vi			part1;
	Vi			part2;
	Vi			part3;
} CodeSums;

/* rows stand at any byte of a page */
VX_INLINE Vb
vb_load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *) p);
}

/*
 * Overlapping halves, not a mask: vpmaskmov knows lanes of 4 bytes and rows end
 * at any byte.  What overlaps is counted once, by code_partial_mask(); both must
 * change together.  The upper half is zero below 16 bytes.
 */
VX_INLINE Vb
vb_load_partial(const uint8_t *p, size_t n)
{
	__m128i		low;
	__m128i		high = _mm_setzero_si128();

	Assert(n > 0 && n < V_BYTES);
	if (n >= 16)
	{
		low = _mm_loadu_si128((const __m128i *) p);
		high = _mm_loadu_si128((const __m128i *) (p + n - 16));
	}
	else
		low = _mm_set_epi64x((long long) load_partial_high(p, n), (long long) load_partial_low(p, n));
	return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

VX_INLINE Vb
vb_and(Vb a, Vb b)
{
	return _mm256_and_si256(a, b);
}

/* parts that a kernel leaves alone are dead here and vanish when inlined */
StaticAssertKernel(sizeof(Vi) == V_BYTES, "sums must be as wide as codes");
StaticAssertKernel(VXK_MAX_CODE_BYTES <= INT32_MAX / 255, "vpsadbw's sums must leave upper halves zero");
VX_INLINE CodeSums
code_sums_zero(void)
{
	CodeSums	sums;

	sums.part0 = sums.part1 = sums.part2 = sums.part3 = _mm256_setzero_si256();
	return sums;
}

/* psadbw leaves sums in 64-bit lanes, far too small to reach the upper half */
VX_INLINE void
code_step_l1(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 = _mm256_add_epi32(sums->part0, _mm256_sad_epu8(code, query));
}

/* one sum takes all of l1: vpsadbw is one instruction, the chain one addition */
VX_INLINE Vi
code_total_l1(const CodeSums *sums)
{
	return sums->part0;
}

/* of one row, for what does not fill a group of four */
VX_INLINE int32_t
vi_sum(Vi v)
{
	__m128i		fours = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
	__m128i		pairs = _mm_add_epi32(fours, _mm_unpackhi_epi64(fours, fours));

	return _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, 1)));
}

/* a transposition and a sum in one: cheaper than four sums one by one */
VX_INLINE void
vi_sum4(Vi a, Vi b, Vi c, Vi d, int32_t *out)
{
	Vi			ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
	Vi			cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
	Vi			abcd = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));

	Assert(out != NULL);
	_mm_storeu_si128((__m128i *) out,
					 _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1)));
}

/* bytes are multiplied as they are, so nothing is missing from the sums */
VX_INLINE int32_t
code_bias_u8(const uint8_t *query, size_t n)
{
	(void) query;
	(void) n;
	return 0;
}

#include "add_rows.h"

VX_INLINE void
vb_store(uint8_t *p, Vb a)
{
	_mm256_storeu_si256((__m256i *) p, a);
}

VX_INLINE Vb
vb_zero(void)
{
	return _mm256_setzero_si256();
}

VX_INLINE Vb
vb_low_halves(Vb a)
{
	return _mm256_and_si256(a, _mm256_set1_epi8(15));
}

VX_INLINE Vb
vb_high_halves(Vb a)
{
	return _mm256_and_si256(_mm256_srli_epi16(a, 4), _mm256_set1_epi8(15));
}

VX_INLINE Vb
vb_lookup(Vb table, Vb index)
{
	return _mm256_shuffle_epi8(table, index);
}

VX_INLINE Vb
vb_add8(Vb a, Vb b)
{
	return _mm256_add_epi8(a, b);
}

VX_INLINE Vb
vb_add16(Vb a, Vb b)
{
	return _mm256_add_epi16(a, b);
}

VX_INLINE Vb
vb_odd_bytes(Vb a)
{
	return _mm256_srli_epi16(a, 8);
}

VX_INLINE Vb
vb_even_bytes(Vb whole, Vb odd)
{
	return _mm256_sub_epi16(whole, _mm256_slli_epi16(odd, 8));
}

/* sums of a chunk fit 16 bits over both parts of a vector together */
VX_INLINE __m128i
fold16(Vb v)
{
	return _mm_add_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

VX_INLINE void
vb_add_rows(Vb even, Vb odd, uint32_t *out)
{
	add_rows(fold16(even), fold16(odd), out);
}
