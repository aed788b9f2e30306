/*-------------------------------------------------------------------------
 *
 * vector_neon.h
 *	  The primitives over 16-byte vectors that the ISAs of aarch64 share.
 *
 * Does not multiply codes: that is where they differ.  The meaning of each
 * primitive is in dense_body.h and code_body.h.
 *
 *-------------------------------------------------------------------------
 */

/* "w" is a SIMD register of aarch64 */
#define v_keep(vector) __asm__("" : "+w" (vector))
#define V_WIDTH 4
#define VX_ISA_MATCHES_BLOCKS
#define VX_ISA_COUNTS_BITS
#define VX_ISA_LOOKS_UP
#define PANEL_ROWS 4
typedef float32x4_t Vf;

/* Twice as wide as Vf: the lower half of its elements and the upper half. */
typedef struct Vd
{
	float64x2_t low;
	float64x2_t high;
} Vd;

VX_INLINE Vf
vf_zero(void)
{
	return vdupq_n_f32(0.0f);
}

/* loaded as bytes, because an element may stand at any address */
VX_INLINE Vf
vf_load(const float *p)
{
	return vreinterpretq_f32_u8(vld1q_u8((const uint8_t *) p));
}

/*
 * By words: NEON has no masked load, and nothing behind p + n may be read.
 * Little endian, as isa_neon.c demands, puts the first element lowest.
 */
VX_INLINE Vf
vf_load_partial(const float *p, size_t n)
{
	const uint8_t *bytes = (const uint8_t *) p;
	uint64_t	low = load_partial8(bytes, n > 1 ? 8 : 4);
	uint64_t	high = n > 2 ? load_partial8(bytes + 8, 4) : 0;

	Assert(n > 0 && n < V_WIDTH);
	return vreinterpretq_f32_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
}

/* one element, at any address, in all lanes */
VX_INLINE Vf
vf_set1(const float *p)
{
	return vdupq_n_f32(*(const unaligned_float *) p);
}

/* FCVTL and FCVTN are in every aarch64; the default rounding is to nearest even */
VX_INLINE Vf
vf_load_f16(const uint16_t *p)
{
	return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8((const uint8_t *) p)));
}

VX_INLINE void
vf_store(float *p, Vf a)
{
	vst1q_u8((uint8_t *) p, vreinterpretq_u8_f32(a));
}

VX_INLINE void
vf_store_f16(uint16_t *p, Vf a)
{
	vst1_u8((uint8_t *) p, vreinterpret_u8_f16(vcvt_f16_f32(a)));
}

VX_INLINE void
vf_keep_less(Vf v, float *least, uint32_t number, uint32_t *owners)
{
	Vf			before = vf_load(least);
	uint32x4_t	less = vcltq_f32(v, before);

	vf_store(least, vbslq_f32(less, v, before));
	vst1q_u32(owners, vbslq_u32(less, vdupq_n_u32(number), vld1q_u32(owners)));
}

VX_INLINE Vf
vf_add(Vf a, Vf b)
{
	return vaddq_f32(a, b);
}

VX_INLINE Vf
vf_sub(Vf a, Vf b)
{
	return vsubq_f32(a, b);
}

/* the sign bit is cleared, of a NaN too */
VX_INLINE Vf
vf_abs(Vf a)
{
	return vabsq_f32(a);
}

/* the instruction's accumulator comes first, ours last */
VX_INLINE Vf
vf_fma(Vf a, Vf b, Vf c)
{
	return vfmaq_f32(c, a, b);
}

#ifdef VX_ISA_MULTIPLIES_HALVES

/*
 * sum += products of the four lower, or the four upper, of eight halves.  The
 * product of two halves is exact in float32, so this rounds once, as widening
 * both and vf_fma() does, and gives the same bits.  Spelled by hand for clang,
 * see vi_dot().
 */
VX_INLINE Vf
vf_fmlal_low(Vf sum, float16x8_t a, float16x8_t b)
{
#if defined(__clang__)
	__asm__("fmlal %0.4s, %1.4h, %2.4h" : "+w" (sum) : "w" (a), "w" (b));
	return sum;
#else
	return vfmlalq_low_f16(sum, a, b);
#endif
}

VX_INLINE Vf
vf_fmlal_high(Vf sum, float16x8_t a, float16x8_t b)
{
#if defined(__clang__)
	__asm__("fmlal2 %0.4s, %1.4h, %2.4h" : "+w" (sum) : "w" (a), "w" (b));
	return sum;
#else
	return vfmlalq_high_f16(sum, a, b);
#endif
}

VX_INLINE float16x8_t
vh_load(const uint16_t *p)
{
	return vreinterpretq_f16_u8(vld1q_u8((const uint8_t *) p));
}

#endif

/* pairwise, by halves: as few roundings as there are levels */
VX_INLINE float
vf_sum(Vf a)
{
	return vaddvq_f32(a);
}

/* Which lanes of a vector.  All bits of a lane, or none. */
typedef uint32x4_t Vm;

VX_INLINE Vm
vm_none(void)
{
	return vdupq_n_u32(0);
}

/* lanes of int32 that are equal to this one */
VX_INLINE Vm
vm_equal(Vf a, const int32_t *one)
{
	return vceqq_s32(vreinterpretq_s32_f32(a), vdupq_n_s32(*one));
}

VX_INLINE Vm
vm_or(Vm a, Vm b)
{
	return vorrq_u32(a, b);
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
	return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), lanes));
}

/* b in lanes of a that are zero so far */
VX_INLINE Vf
vf_put_lanes(Vf a, Vm lanes, Vf b)
{
	return vbslq_f32(lanes, b, a);
}

VX_INLINE Vd
vd_zero(void)
{
	Vd			zero = {vdupq_n_f64(0.0), vdupq_n_f64(0.0)};

	return zero;
}

VX_INLINE Vd
vd_add(Vd a, Vd b)
{
	a.low = vaddq_f64(a.low, b.low);
	a.high = vaddq_f64(a.high, b.high);
	return a;
}

/* squares of float32 are exact in double; only the additions round */
VX_INLINE Vd
vd_fma_square(Vf x, Vd sum)
{
	float64x2_t low = vcvt_f64_f32(vget_low_f32(x));
	float64x2_t high = vcvt_high_f64_f32(x);

	sum.low = vfmaq_f64(sum.low, low, low);
	sum.high = vfmaq_f64(sum.high, high, high);
	return sum;
}

/* the halves first, so that one addition across lanes is left */
VX_INLINE double
vd_sum(Vd a)
{
	return vaddvq_f64(vaddq_f64(a.low, a.high));
}

#define V_BYTES 16
/* codes unsigned, sums signed: the query gives products their sign */
typedef uint8x16_t Vb;
typedef int32x4_t Vi;

/* Partial sums of one row; parts that a kernel does not use cost nothing. */
typedef struct CodeSums
{
	Vi			part0;
	Vi			part1;
} CodeSums;

/* of bytes, which the architecture loads from any address */
VX_INLINE Vb
vb_load(const uint8_t *p)
{
	return vld1q_u8(p);
}

/* as code_partial_mask() expects: below 8 bytes the upper word is zero */
VX_INLINE Vb
vb_load_partial(const uint8_t *p, size_t n)
{
	Assert(n > 0 && n < V_BYTES);
	return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(load_partial_low(p, n)),
											 vcreate_u64(load_partial_high(p, n))));
}

VX_INLINE Vb
vb_and(Vb a, Vb b)
{
	return vandq_u8(a, b);
}

StaticAssertKernel(VXK_MAX_CODE_BYTES <= INT32_MAX / (128 * 128), "the bias must fit int32");
VX_INLINE CodeSums
code_sums_zero(void)
{
	CodeSums	sums = {vdupq_n_s32(0), vdupq_n_s32(0)};

	return sums;
}

/*
 * Differences of at most 255 are paired into 16 bits and accumulated into 32 at
 * once by uadalp: rows of up to VXK_MAX_CODE_BYTES cannot wrap a lane.
 */
VX_INLINE void
code_step_l1(CodeSums *sums, Vb code, Vb query)
{
	uint16x8_t	pairs = vpaddlq_u8(vabdq_u8(code, query));

	sums->part0 = vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(sums->part0), pairs));
}

/* l1 leaves part1 zero; adding it anyway lets all kernels share this */
VX_INLINE Vi
code_total_l1(const CodeSums *sums)
{
	return vaddq_s32(sums->part0, sums->part1);
}

#define code_total_u8 code_total_l1
#define code_total_u4 code_total_l1
#define code_total_u2 code_total_l1

VX_INLINE int32_t
vi_sum(Vi v)
{
	return vaddvq_s32(v);
}

/* pairwise additions are a transposition and a sum in one: three instructions */
VX_INLINE void
vi_sum4(Vi a, Vi b, Vi c, Vi d, int32_t *out)
{
	Assert(out != NULL);
	vst1q_s32(out, vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d)));
}

/*
 * NEON multiplies bytes of one signedness only, so 8-bit codes are taken as
 * c - 128; what that leaves out is the same for every row: 128 times the sum
 * of the query.
 */
VX_INLINE int8x16_t
code_as_signed(Vb code)
{
	return vreinterpretq_s8_u8(veorq_u8(code, vdupq_n_u8(0x80)));
}

/*
 * Once a call and not once a row, so the bytes behind the last whole vector may
 * be taken one by one.
 */
VX_INLINE int32_t
code_bias_u8(const uint8_t *query, size_t n)
{
	int32x4_t	sum = vdupq_n_s32(0);
	size_t		j;

	int32_t		total;

	Assert(query != NULL || n == 0);
	Assert(n <= VXK_MAX_CODE_BYTES);
	for (j = 0; j + V_BYTES <= n; j += V_BYTES)
		sum = vpadalq_s16(sum, vpaddlq_s8(vreinterpretq_s8_u8(vb_load(query + j))));
	for (total = vaddvq_s32(sum); j < n; j++)
		total += (int8_t) query[j];
	return 128 * total;
}

VX_INLINE void
vb_store(uint8_t *p, Vb a)
{
	vst1q_u8(p, a);
}

VX_INLINE Vb
vb_zero(void)
{
	return vdupq_n_u8(0);
}

VX_INLINE Vb
vb_low_halves(Vb a)
{
	return vandq_u8(a, vdupq_n_u8(15));
}

VX_INLINE Vb
vb_high_halves(Vb a)
{
	return vshrq_n_u8(a, 4);
}

VX_INLINE Vb
vb_lookup(Vb table, Vb index)
{
	return vqtbl1q_u8(table, index);
}

VX_INLINE Vb
vb_add8(Vb a, Vb b)
{
	return vaddq_u8(a, b);
}

VX_INLINE Vb
vb_add16(Vb a, Vb b)
{
	return vreinterpretq_u8_u16(vaddq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
}

VX_INLINE Vb
vb_odd_bytes(Vb a)
{
	return vreinterpretq_u8_u16(vshrq_n_u16(vreinterpretq_u16_u8(a), 8));
}

VX_INLINE Vb
vb_even_bytes(Vb whole, Vb odd)
{
	uint16x8_t	shifted = vshlq_n_u16(vreinterpretq_u16_u8(odd), 8);

	return vreinterpretq_u8_u16(vsubq_u16(vreinterpretq_u16_u8(whole), shifted));
}

/* even and odd rows side by side again, and widened */
VX_INLINE void
vb_add_rows(Vb even, Vb odd, uint32_t *out)
{
	uint16x8x2_t rows = vzipq_u16(vreinterpretq_u16_u8(even), vreinterpretq_u16_u8(odd));

	for (int i = 0; i < 2; i++, out += 8)
	{
		vst1q_u32(out, vaddw_u16(vld1q_u32(out), vget_low_u16(rows.val[i])));
		vst1q_u32(out + 4, vaddw_high_u16(vld1q_u32(out + 4), rows.val[i]));
	}
}
