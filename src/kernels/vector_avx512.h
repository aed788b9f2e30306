/*-------------------------------------------------------------------------
 *
 * vector_avx512.h
 *	  The primitives over 64-byte vectors that isa_avx512.c and isa_avx512vnni.c
 *	  share.
 *
 * Does not switch the instruction set on and does not multiply codes: that is
 * where the two differ.  The meaning of each primitive is in dense_body.h and
 * code_body.h.
 *
 *-------------------------------------------------------------------------
 */

/* "v" admits all thirty-two registers, "x" would leave half of them unused */
#define v_keep(vector) __asm__("" : "+v" (vector))
#define V_WIDTH 16
#define VX_ISA_COUNTS_BITS
#define VX_ISA_MATCHES_BLOCKS
#define VX_ISA_LOOKS_UP
#define PANEL_ROWS 8
typedef __m512 Vf;

/* Twice as wide as Vf: the lower half of its elements and the upper half. */
typedef struct Vd
{
	__m512d		low;
	__m512d		high;
} Vd;

VX_INLINE Vf
vf_zero(void)
{
	return _mm512_setzero_ps();
}

/*
 * Unaligned by contract.  A vector fills a cache line, so off its alignment every
 * load touches two: what README.md measures under "Unaligned rows".
 */
VX_INLINE Vf
vf_load(const float *p)
{
	return _mm512_loadu_ps(p);
}

/*
 * Lanes left out by the mask cannot fault.  Once a vector this is the cheapest
 * way; for short rows of codes out of memory it was not, see vb_load_partial().
 */
VX_INLINE Vf
vf_load_partial(const float *p, size_t n)
{
	Assert(n > 0 && n < V_WIDTH);
	return _mm512_maskz_loadu_ps((__mmask16) ((1U << n) - 1), p);
}

/* one element, at any address, in all lanes */
VX_INLINE Vf
vf_set1(const float *p)
{
	return _mm512_set1_ps(*(const unaligned_float *) p);
}

/*
 * The arithmetic of AVX512-FP16 would round every product and sum to eleven
 * bits; widening on load costs one instruction and keeps float32's.
 */
VX_INLINE Vf
vf_load_f16(const uint16_t *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p));
}

VX_INLINE void
vf_store(float *p, Vf a)
{
	_mm512_storeu_ps(p, a);
}

VX_INLINE void
vf_store_f16(uint16_t *p, Vf a)
{
	_mm256_storeu_si256((__m256i *) p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/* a mask register says which lanes to store */
VX_INLINE void
vf_keep_less(Vf v, float *least, uint32_t number, uint32_t *owners)
{
	__mmask16	less = _mm512_cmp_ps_mask(v, vf_load(least), _CMP_LT_OQ);

	_mm512_mask_storeu_ps(least, less, v);
	_mm512_mask_storeu_epi32(owners, less, _mm512_set1_epi32((int) number));
}

VX_INLINE Vf
vf_add(Vf a, Vf b)
{
	return _mm512_add_ps(a, b);
}

VX_INLINE Vf
vf_sub(Vf a, Vf b)
{
	return _mm512_sub_ps(a, b);
}

/* the sign bit is cleared, of a NaN too */
VX_INLINE Vf
vf_abs(Vf a)
{
	return _mm512_abs_ps(a);
}

/* one rounding; four cycles of latency, which the four sums of a body hide */
VX_INLINE Vf
vf_fma(Vf a, Vf b, Vf c)
{
	return _mm512_fmadd_ps(a, b, c);
}

/* pairwise, by halves: as few roundings as there are levels */
VX_INLINE float
vf_sum(Vf a)
{
	__m256		eights = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
	__m128		fours = _mm_add_ps(_mm256_castps256_ps128(eights), _mm256_extractf128_ps(eights, 1));
	__m128		pairs = _mm_add_ps(fours, _mm_movehl_ps(fours, fours));

	return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}

/* Which lanes of a vector: a bit for each. */
typedef unsigned Vm;

VX_INLINE Vm
vm_none(void)
{
	return 0;
}

/* lanes of int32 that are equal to this one */
VX_INLINE Vm
vm_equal(Vf a, const int32_t *one)
{
	return _mm512_cmpeq_epi32_mask(_mm512_castps_si512(a), _mm512_set1_epi32(*one));
}

VX_INLINE Vm
vm_or(Vm a, Vm b)
{
	return a | b;
}

/* from the comparison made already: mask instructions are few a cycle */
VX_INLINE Vm
vm_meet(Vm met, int k, Vm equal, Vf block, const int32_t *one)
{
	(void) block;
	(void) one;
	return met | (Vm) (equal != 0) << k;
}

/* zero in these lanes */
VX_INLINE Vf
vf_drop_lanes(Vf a, Vm lanes)
{
	return _mm512_maskz_mov_ps((__mmask16) ~lanes, a);
}

/* b in lanes of a that are zero so far */
VX_INLINE Vf
vf_put_lanes(Vf a, Vm lanes, Vf b)
{
	return _mm512_mask_mov_ps(a, (__mmask16) lanes, b);
}

VX_INLINE Vd
vd_zero(void)
{
	Vd			zero = {_mm512_setzero_pd(), _mm512_setzero_pd()};

	return zero;
}

VX_INLINE Vd
vd_add(Vd a, Vd b)
{
	a.low = _mm512_add_pd(a.low, b.low);
	a.high = _mm512_add_pd(a.high, b.high);
	return a;
}

/* squares of float32 are exact in double; only the additions round */
VX_INLINE Vd
vd_fma_square(Vf x, Vd sum)
{
	__m512d		low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
	__m512d		high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));

	sum.low = _mm512_fmadd_pd(low, low, sum.low);
	sum.high = _mm512_fmadd_pd(high, high, sum.high);
	return sum;
}

/* by halves of the register down to 128 bits, where no step crosses lanes */
VX_INLINE double
vd_sum(Vd a)
{
	__m512d		eights = _mm512_add_pd(a.low, a.high);
	__m256d		fours = _mm256_add_pd(_mm512_castpd512_pd256(eights), _mm512_extractf64x4_pd(eights, 1));
	__m128d		pairs = _mm_add_pd(_mm256_castpd256_pd128(fours), _mm256_extractf128_pd(fours, 1));

	return _mm_cvtsd_f64(_mm_add_sd(pairs, _mm_unpackhi_pd(pairs, pairs)));
}

#define V_BYTES 64
/* a cache line: an aligned row costs one line a load */
typedef __m512i Vb;
typedef __m512i Vi;

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
	return _mm512_loadu_si512(p);
}

/*
 * Overlapping halves, quarters or words, though AVX-512 BW has byte masks: a
 * masked load whose unused part lay in an absent line made short rows out of
 * memory five times as slow ("Codes" in README.md).  code_partial_mask()
 * mirrors these cases.  The casts leave upper parts undefined where an insert
 * fills them, and zero where none does.
 */
VX_INLINE Vb
vb_load_partial(const uint8_t *p, size_t n)
{
	__m256i		low;
	__m256i		high = _mm256_setzero_si256();

	Assert(n > 0 && n < V_BYTES);
	if (n >= 32)
	{
		low = _mm256_loadu_si256((const __m256i *) p);
		high = _mm256_loadu_si256((const __m256i *) (p + n - 32));
	}
	else if (n >= 16)
		low = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *) p)),
									  _mm_loadu_si128((const __m128i *) (p + n - 16)), 1);
	else
		low = _mm256_zextsi128_si256(_mm_set_epi64x((long long) load_partial_high(p, n),
													(long long) load_partial_low(p, n)));
	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

VX_INLINE Vb
vb_and(Vb a, Vb b)
{
	return _mm512_and_si512(a, b);
}

/* parts that a kernel leaves alone are dead here and vanish when inlined */
StaticAssertKernel(sizeof(Vi) == V_BYTES, "sums must be as wide as codes");
StaticAssertKernel(VXK_MAX_CODE_BYTES <= INT32_MAX / 255, "vpsadbw's sums must leave upper halves zero");
VX_INLINE CodeSums
code_sums_zero(void)
{
	CodeSums	sums;

	sums.part0 = sums.part1 = sums.part2 = sums.part3 = _mm512_setzero_si512();
	return sums;
}

/* vpsadbw leaves sums in 64-bit lanes, far too small to reach the upper half */
VX_INLINE void
code_step_l1(CodeSums *sums, Vb code, Vb query)
{
	sums->part0 = _mm512_add_epi32(sums->part0, _mm512_sad_epu8(code, query));
}

/* one sum takes all of l1: vpsadbw is one instruction, the chain one addition */
VX_INLINE Vi
code_total_l1(const CodeSums *sums)
{
	return sums->part0;
}

/* The four 16-byte quarters added up. */
VX_INLINE __m128i
vi_fold(Vi v)
{
	__m256i		eights = _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));

	return _mm_add_epi32(_mm256_castsi256_si128(eights), _mm256_extracti128_si256(eights, 1));
}

/* of one row, for what does not fill a group of four */
VX_INLINE int32_t
vi_sum(Vi v)
{
	__m128i		fours = vi_fold(v);
	__m128i		pairs = _mm_add_epi32(fours, _mm_unpackhi_epi64(fours, fours));

	return _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, 1)));
}

/* a transposition and a sum in one: cheaper than four sums one by one */
VX_INLINE void
vi_sum4(Vi a, Vi b, Vi c, Vi d, int32_t *out)
{
	Vi			ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
	Vi			cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
	Vi			abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));

	Assert(out != NULL);
	_mm_storeu_si128((__m128i *) out, vi_fold(abcd));
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
	_mm512_storeu_si512(p, a);
}

VX_INLINE Vb
vb_zero(void)
{
	return _mm512_setzero_si512();
}

VX_INLINE Vb
vb_low_halves(Vb a)
{
	return _mm512_and_si512(a, _mm512_set1_epi8(15));
}

VX_INLINE Vb
vb_high_halves(Vb a)
{
	return _mm512_and_si512(_mm512_srli_epi16(a, 4), _mm512_set1_epi8(15));
}

VX_INLINE Vb
vb_lookup(Vb table, Vb index)
{
	return _mm512_shuffle_epi8(table, index);
}

VX_INLINE Vb
vb_add8(Vb a, Vb b)
{
	return _mm512_add_epi8(a, b);
}

VX_INLINE Vb
vb_add16(Vb a, Vb b)
{
	return _mm512_add_epi16(a, b);
}

VX_INLINE Vb
vb_odd_bytes(Vb a)
{
	return _mm512_srli_epi16(a, 8);
}

VX_INLINE Vb
vb_even_bytes(Vb whole, Vb odd)
{
	return _mm512_sub_epi16(whole, _mm512_slli_epi16(odd, 8));
}

/* sums of a chunk fit 16 bits over all parts of a vector together */
VX_INLINE __m128i
fold16(Vb v)
{
	__m256i		halves = _mm256_add_epi16(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));

	return _mm_add_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

VX_INLINE void
vb_add_rows(Vb even, Vb odd, uint32_t *out)
{
	add_rows(fold16(even), fold16(odd), out);
}
