/*-------------------------------------------------------------------------
 *
 * vector_operations_body.h
 *	  Bodies of the codec's float loops for vectors of VXQ_LANES floats.
 *
 * Included by vector_operations.c once per instruction set with VXQ_LANES and
 * VXQ_NAME(x) defined, on purpose without an include guard.  Written in the
 * vector extension that gcc and clang share, so that the code does not depend
 * on what an optimiser recognises.  See vector_operations.h for the contracts.
 *
 * No fused multiply-add is asked for by name and none is forbidden: sets differ
 * in the last bits of float sums (README.md, invariant Q2), while integer sums
 * come from the kernels and are exact.
 *
 * Longer than files should be, because each width compiles all of it with one set
 * of macros; a second body would have to define and undefine them again.
 *
 *-------------------------------------------------------------------------
 */

#define VF VXQ_NAME(VectorFloat)
#define VI VXQ_NAME(VectorInt)
#define VB VXQ_NAME(VectorByte)

/*
 * Alignment is lowered to that of an element, since arrays stand where the
 * caller's allocator put them; may_alias lets bytes be read as lanes.
 */
typedef float VF __attribute__((vector_size(4 * VXQ_LANES), aligned(4), may_alias));
typedef int32_t VI __attribute__((vector_size(4 * VXQ_LANES), aligned(4), may_alias));
typedef uint8_t VB __attribute__((vector_size(VXQ_LANES), aligned(1), may_alias));

/*
 * Between bytes and lanes by way of 16 bits: gcc 12 takes a vector apart, element
 * by element, if it is to quarter or quadruple it at once.
 */
#define VH VXQ_NAME(VectorHalf)
#define VU VXQ_NAME(VectorUnsigned)
typedef uint16_t VH __attribute__((vector_size(2 * VXQ_LANES)));
typedef uint32_t VU __attribute__((vector_size(4 * VXQ_LANES)));
#define NARROW(lanes) __builtin_convertvector(__builtin_convertvector(lanes, VH), VB)
#define WIDEN(bytes) ((VI) __builtin_convertvector(__builtin_convertvector(bytes, VH), VU))

#define LOAD(pointer) (*(const VF *) (pointer))
#define STORE(pointer, value) (*(VF *) (pointer) = (value))

/*
 * Lanes of `yes` where mask is all ones, of `no` where it is zero.  A comparison
 * with NaN gives zero, so `no` is also what a NaN turns into: callers put there
 * what damaged input may safely become.
 */
VXQ_INLINE VF
VXQ_NAME(choose) (VI mask, VF yes, VF no)
{
	return (VF) ((mask & (VI) yes) | (~mask & (VI) no));
}

/* |x|, by clearing the sign bit */
VXQ_INLINE VF
VXQ_NAME(magnitude) (VF x)
{
	return (VF) ((VI) x & 0x7fffffff);
}

/* compiles to the square root instruction: errno is switched off in the .c file */
VXQ_INLINE VF
VXQ_NAME(square_root) (VF x)
{
	int			i;

	for (i = 0; i < VXQ_LANES; i++)
		x[i] = __builtin_sqrtf(x[i]);
	return x;
}

/*
 * Sum of all lanes, halving first: fewer roundings and fewer instructions
 * than lane after lane.
 */
VXQ_INLINE float
VXQ_NAME(sum) (VF x)
{
#if VXQ_LANES == 16
	x += VXQ_SHUFFLE(VF, VI, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
	x += VXQ_SHUFFLE(VF, VI, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
#elif VXQ_LANES == 8
	x += VXQ_SHUFFLE(VF, VI, x, 4, 5, 6, 7, 0, 1, 2, 3);
#endif
	return (x[0] + x[1]) + (x[2] + x[3]);
}

/* exact in any order; lane after lane is short enough for once a query */
VXQ_INLINE int32_t
VXQ_NAME(sum_int) (VI x)
{
	int32_t		sum = 0;
	int			i;

	for (i = 0; i < VXQ_LANES; i++)
		sum += x[i];
	return sum;
}

/*
 * The only loop here over dimensions that are not padded yet, hence the tail.
 * Lanes are independent, so out may be x itself.
 */
static void
VXQ_NAME(residual) (const float *x, float multiplier, const float *mean,
					size_t n, float *out)
{
	size_t		j = 0;

	for (; j + VXQ_LANES <= n; j += VXQ_LANES)
		STORE(out + j, LOAD(x + j) * multiplier - LOAD(mean + j));
	for (; j < n; j++)
		out[j] = x[j] * multiplier - mean[j];
}

/*
 * Butterflies inside one vector: of each pair of lanes the lower gets the sum,
 * the upper the difference.  `sign` is -1 in the upper lanes.  A shuffle and one
 * multiply-add a stage: cheaper than parting sums from differences and joining
 * them again.
 */
#define BUTTERFLY(x, sign, ...) (VXQ_SHUFFLE(VF, VI, x, __VA_ARGS__) + (x) * (sign))

/*
 * The log2(lanes) stages whose pairs lie in one vector, distances 1, 2, 4, 8.
 * Stages commute, so doing the short distances first changes nothing but
 * rounding, and it lets the caller fuse them with a pass it makes anyway.
 */
VXQ_INLINE VF
VXQ_NAME(hadamard_lanes) (VF x)
{
#if VXQ_LANES == 4
	const VF	sign1 = {1, -1, 1, -1};
	const VF	sign2 = {1, 1, -1, -1};

	x = BUTTERFLY(x, sign1, 1, 0, 3, 2);
	x = BUTTERFLY(x, sign2, 2, 3, 0, 1);
#elif VXQ_LANES == 8
	const VF	sign1 = {1, -1, 1, -1, 1, -1, 1, -1};
	const VF	sign2 = {1, 1, -1, -1, 1, 1, -1, -1};
	const VF	sign4 = {1, 1, 1, 1, -1, -1, -1, -1};

	x = BUTTERFLY(x, sign1, 1, 0, 3, 2, 5, 4, 7, 6);
	x = BUTTERFLY(x, sign2, 2, 3, 0, 1, 6, 7, 4, 5);
	x = BUTTERFLY(x, sign4, 4, 5, 6, 7, 0, 1, 2, 3);
#else
	const VF	sign1 = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1};
	const VF	sign2 = {1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1};
	const VF	sign4 = {1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1};
	const VF	sign8 = {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1};

	x = BUTTERFLY(x, sign1, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
	x = BUTTERFLY(x, sign2, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
	x = BUTTERFLY(x, sign4, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
	x = BUTTERFLY(x, sign8, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
#endif
	return x;
}

/*
 * Stages of the transform that pair whole vectors, three, two or one of them
 * in one pass over memory: 8, 4 or 2 vectors `distance` floats apart are
 * loaded together.  Three stages a pass make a third of the loads and stores, and
 * eight vectors and a temporary still fit the sixteen registers of SSE2 and AVX2.
 *
 * `power` is the length transformed, d the distance of a first pair; both are
 * powers of two, d at least a vector.
 */
#define PAIR(a, b) do { VF t_ = (b); (b) = (a) - t_; (a) = (a) + t_; } while (0)

static void
VXQ_NAME(hadamard_8_rows) (float *x, size_t power, size_t d)
{
	size_t		base;
	float	   *p;

	Assert(d >= VXQ_LANES && power % (8 * d) == 0);
	for (base = 0; base < power; base += 8 * d)
		for (p = x + base; p < x + base + d; p += VXQ_LANES)
		{
			VF			a0 = LOAD(p);
			VF			a1 = LOAD(p + d);
			VF			a2 = LOAD(p + 2 * d);
			VF			a3 = LOAD(p + 3 * d);
			VF			a4 = LOAD(p + 4 * d);
			VF			a5 = LOAD(p + 5 * d);
			VF			a6 = LOAD(p + 6 * d);
			VF			a7 = LOAD(p + 7 * d);

			/* distance d, then 2 d, then 4 d: four independent pairs each */
			PAIR(a0, a1);
			PAIR(a2, a3);
			PAIR(a4, a5);
			PAIR(a6, a7);
			PAIR(a0, a2);
			PAIR(a1, a3);
			PAIR(a4, a6);
			PAIR(a5, a7);
			PAIR(a0, a4);
			PAIR(a1, a5);
			PAIR(a2, a6);
			PAIR(a3, a7);
			STORE(p, a0);
			STORE(p + d, a1);
			STORE(p + 2 * d, a2);
			STORE(p + 3 * d, a3);
			STORE(p + 4 * d, a4);
			STORE(p + 5 * d, a5);
			STORE(p + 6 * d, a6);
			STORE(p + 7 * d, a7);
		}
}

/* Two stages, where two are left at the end. */
static void
VXQ_NAME(hadamard_4_rows) (float *x, size_t power, size_t d)
{
	size_t		base;
	float	   *p;

	Assert(d >= VXQ_LANES && power % (4 * d) == 0);
	for (base = 0; base < power; base += 4 * d)
		for (p = x + base; p < x + base + d; p += VXQ_LANES)
		{
			VF			a0 = LOAD(p);
			VF			a1 = LOAD(p + d);
			VF			a2 = LOAD(p + 2 * d);
			VF			a3 = LOAD(p + 3 * d);

			PAIR(a0, a1);
			PAIR(a2, a3);
			PAIR(a0, a2);
			PAIR(a1, a3);
			STORE(p, a0);
			STORE(p + d, a1);
			STORE(p + 2 * d, a2);
			STORE(p + 3 * d, a3);
		}
}

/* One stage, where one is left. */
static void
VXQ_NAME(hadamard_2_rows) (float *x, size_t power, size_t d)
{
	size_t		base;
	float	   *p;

	Assert(d >= VXQ_LANES && power % (2 * d) == 0);
	for (base = 0; base < power; base += 2 * d)
		for (p = x + base; p < x + base + d; p += VXQ_LANES)
		{
			VF			a0 = LOAD(p);
			VF			a1 = LOAD(p + d);

			PAIR(a0, a1);
			STORE(p, a0);
			STORE(p + d, a1);
		}
}

/*
 * The stages beyond those inside a vector, greedily three at a time, so that at
 * most one pass does fewer.  O(power log power) additions in about a third as
 * many passes as there are stages.  Nothing is scaled: see signs in rotation.c.
 */
static void
VXQ_NAME(hadamard_rows) (float *x, size_t power)
{
	size_t		distance = VXQ_LANES;

	Assert(power >= 4 * VXQ_LANES && (power & (power - 1)) == 0);
	for (; distance * 8 <= power; distance *= 8)
		VXQ_NAME(hadamard_8_rows) (x, power, distance);
	if (distance * 4 <= power)
		VXQ_NAME(hadamard_4_rows) (x, power, distance);
	else if (distance * 2 <= power)
		VXQ_NAME(hadamard_2_rows) (x, power, distance);
}

/*
 * The transform is its own inverse up to a factor of `power`, which is why undoing
 * a round needs this and not a transform of its own.
 */
static void
VXQ_NAME(hadamard) (float *x, size_t power)
{
	size_t		j;

	for (j = 0; j < power; j += VXQ_LANES)
		STORE(x + j, VXQ_NAME(hadamard_lanes) (LOAD(x + j)));
	VXQ_NAME(hadamard_rows) (x, power);
}

/*
 * A turn by 45 degrees in each plane of a lower and an upper coordinate, longer by
 * sqrt(2), which the signs of the same round have taken back.  It reaches what lengths
 * other than powers of two leave apart (README.md, section 3, difference 1).
 */
static void
VXQ_NAME(mix_halves) (float *x, size_t n)
{
	float	   *upper = x + n / 2;
	size_t		j;

	Assert(n % (2 * VXQ_LANES) == 0);
	for (j = 0; j < n / 2; j += VXQ_LANES)
	{
		VF			a = LOAD(x + j);
		VF			b = LOAD(upper + j);

		STORE(x + j, a + b);
		STORE(upper + j, a - b);
	}
}

/*
 * The signs are applied on the way into the stages inside a vector, which saves
 * a pass over memory; coordinates outside the stretch get theirs alone.
 */
static void
VXQ_NAME(rotation_round) (float *x, const float *signs, size_t n,
						  size_t start, size_t power)
{
	size_t		j;

	Assert(n % VXQ_GRANULE == 0 && start % VXQ_GRANULE == 0);
	Assert(start + power <= n);
	for (j = 0; j < start; j += VXQ_LANES)
		STORE(x + j, LOAD(x + j) * LOAD(signs + j));
	for (; j < start + power; j += VXQ_LANES)
		STORE(x + j, VXQ_NAME(hadamard_lanes) (LOAD(x + j) * LOAD(signs + j)));
	for (; j < n; j += VXQ_LANES)
		STORE(x + j, LOAD(x + j) * LOAD(signs + j));
	VXQ_NAME(hadamard_rows) (x + start, power);
}

/*
 * Sums are carried to double every BLOCK floats: one lane then adds few enough
 * terms for the cosine of an 8-bit code, which differs from 1 by 1e-4.
 */
#define BLOCK 1024

/*
 * One walk of the encoder over r at one scale ([GL25]; README.md, section 2).  The
 * grid is symmetric, so magnitudes are quantised and the sign goes to the code
 * alone; conversion truncates, and the half cell is added back.  Magnitudes
 * beyond the grid, NaN among them, become its outermost point.
 */
VXQ_INLINE void
VXQ_NAME(lattice_body) (const float *r, size_t n, float scale, int half,
						uint8_t *k, VxLatticeSums *sums)
{
	const VF	limit = (VF) {0} + ((float) half - 0.5f);
	size_t		start;

	Assert(n % VXQ_GRANULE == 0 && scale > 0.0f);
	Assert(half >= 1 && half <= 128);
	sums->product = sums->lattice_norm2 = sums->vector_norm2 = 0.0;
	for (start = 0; start < n; start += BLOCK)
	{
		size_t		end = start + BLOCK < n ? start + BLOCK : n;
		VF			product = {0};
		VF			lattice_norm2 = {0};
		VF			vector_norm2 = {0};
		size_t		j;

		for (j = start; j < end; j += VXQ_LANES)
		{
			VF			x = LOAD(r + j);
			VF			a = VXQ_NAME(magnitude) (x);
			VF			scaled = a * scale;
			VI			m;
			VF			y;

			scaled = VXQ_NAME(choose) (scaled < limit, scaled, limit);
			m = __builtin_convertvector(scaled, VI);
			y = __builtin_convertvector(m, VF) + 0.5f;
			product += y * a;
			lattice_norm2 += y * y;
			/* known when inlined: trying a scale costs no store and no norm */
			if (k == NULL)
				continue;
			vector_norm2 += a * a;
			/* below zero the magnitudes count downwards from half - 1 */
			*(VB *) (k + j) = NARROW((m ^ ((VI) x >> 31)) + half);
		}
		sums->product += VXQ_NAME(sum) (product);
		sums->lattice_norm2 += VXQ_NAME(sum) (lattice_norm2);
		sums->vector_norm2 += VXQ_NAME(sum) (vector_norm2);
	}
}

/* Two instances, because the test of k must not stay in the loop. */
static void
VXQ_NAME(lattice) (const float *r, size_t n, float scale, int half,
				   uint8_t *k, VxLatticeSums *sums)
{
	VXQ_NAME(lattice_body) (r, n, scale, half, k, sums);
}

static void
VXQ_NAME(lattice_sums) (const float *r, size_t n, float scale, int half,
						VxLatticeSums *sums)
{
	VXQ_NAME(lattice_body) (r, n, scale, half, NULL, sums);
}

/* exact, since a maximum does not round: equal in every set; NaN is passed over */
static float
VXQ_NAME(largest) (const float *x, size_t n)
{
	VF			most = {0};
	float		result = 0.0f;
	size_t		j;
	int			i;

	Assert(n % VXQ_GRANULE == 0);
	for (j = 0; j < n; j += VXQ_LANES)
	{
		VF			a = VXQ_NAME(magnitude) (LOAD(x + j));

		most = VXQ_NAME(choose) (a > most, a, most);
	}
	for (i = 0; i < VXQ_LANES; i++)
		result = most[i] > result ? most[i] : result;
	return result;
}

/*
 * v / step to the nearest integer, halves away from zero, in *rounded; returns
 * what is left of v.  Half with the sign of v is added and the sum truncated: the
 * same in every set, whatever rounding mode a conversion would take.
 */
VXQ_INLINE VF
VXQ_NAME(round_lanes) (VF v, float step, float inverse, VI *rounded)
{
	VF			half = (VF) (((VI) v & INT32_MIN) | 0x3f000000);

	*rounded = __builtin_convertvector(v * inverse + half, VI);
	return v - __builtin_convertvector(*rounded, VF) * step;
}

/*
 * The sums belong to the query's estimate: levels to the offset of unsigned codes,
 * <e, x> to the stretch of the step, |e|^2 to the noise (README.md, section 3,
 * difference 3).  One pass, because a build prepares a query for every row.
 */
static void
VXQ_NAME(round_int8) (const float *x, size_t n, float step, int8_t *p,
					  VxRoundingSums *sums)
{
	const float inverse = 1.0f / step;
	VI			levels = {0};
	VF			norm2 = {0};
	VF			along = {0};
	size_t		j;

	Assert(n % VXQ_GRANULE == 0 && step > 0.0f);
	for (j = 0; j < n; j += VXQ_LANES)
	{
		VF			v = LOAD(x + j);
		VI			rounded;
		VF			e = VXQ_NAME(round_lanes) (v, step, inverse, &rounded);

		levels += rounded;
		norm2 += e * e;
		along += e * v;
		*(VB *) (p + j) = NARROW(rounded);
	}
	sums->levels = VXQ_NAME(sum_int) (levels);
	sums->error_norm2 = VXQ_NAME(sum) (norm2);
	sums->error_along = VXQ_NAME(sum) (along);
}

/*
 * Bytes j, bytes + j, ... share code byte j (README.md, section 8): planes and not
 * neighbouring dimensions, so that packing, unpacking and the kernels need shifts
 * and masks but no shuffle.  For 8 bits the inner loop is empty and this copies.
 */
static void
VXQ_NAME(pack) (const uint8_t *levels, size_t bytes, int bits, uint8_t *code)
{
	size_t		j;
	int			plane;

	Assert(bytes % 16 == 0);
	Assert(bits == 2 || bits == 4 || bits == 8);
	for (j = 0; j < bytes; j += 16)
	{
		VxBytes		packed = *(const VxBytes *) (levels + j);

		for (plane = 1; plane * bits < 8; plane++)
			packed |= *(const VxBytes *) (levels + plane * bytes + j) << (plane * bits);
		*(VxBytes *) (code + j) = packed;
	}
}

/* any byte unpacks to levels below 2^bits, so a damaged code needs no check here */
static void
VXQ_NAME(unpack) (const uint8_t *code, size_t bytes, int bits, uint8_t *levels)
{
	const uint8_t mask = (uint8_t) ((1 << bits) - 1);
	size_t		j;
	int			plane;

	Assert(bytes % 16 == 0);
	Assert(bits == 2 || bits == 4 || bits == 8);
	for (j = 0; j < bytes; j += 16)
	{
		VxBytes		packed = *(const VxBytes *) (code + j);

		for (plane = 0; plane * bits < 8; plane++)
			*(VxBytes *) (levels + plane * bytes + j) = (packed >> (plane * bits)) & mask;
	}
}

/* 256 levels and their centre do not fit int8; 255 do (README.md, section 6) */
static void
VXQ_NAME(join_middle) (uint8_t *levels, size_t n)
{
	size_t		j;

	Assert(n % 16 == 0);
	/* true is -1 in every lane */
	for (j = 0; j < n; j += 16)
	{
		VxBytes		k = *(VxBytes *) (levels + j);

		*(VxBytes *) (levels + j) = k + (VxBytes) (k >= 128);
	}
}

/* modulo 256, which is two's complement for results in -128 .. 127 */
static void
VXQ_NAME(centre) (uint8_t *levels, size_t n, int multiplier, int shift)
{
	size_t		j;

	Assert(n % 16 == 0);
	for (j = 0; j < n; j += 16)
		*(VxBytes *) (levels + j) =
			*(VxBytes *) (levels + j) * (uint8_t) multiplier - (uint8_t) shift;
}

/* what a coded centre stands for is taken off, coordinate by coordinate */
static void
VXQ_NAME(subtract_levels) (float *x, size_t n, const uint8_t *levels, float scale, float centre)
{
	size_t		j;

	Assert(n % VXQ_GRANULE == 0);
	for (j = 0; j < n; j += VXQ_LANES)
	{
		VI			level = WIDEN(*(const VB *) (levels + j));

		STORE(x + j, LOAD(x + j) - (__builtin_convertvector(level, VF) - centre) * scale);
	}
}

/* sums over pairs and pairs of pairs leave the sum of four in each of their lanes */
static float
VXQ_NAME(largest_four) (const float *x, size_t n)
{
	VF			most = {0};
	float		result = 0.0f;
	size_t		j;
	int			i;

	Assert(n % VXQ_GRANULE == 0);
	for (j = 0; j < n; j += VXQ_LANES)
	{
		VF			a = VXQ_NAME(magnitude) (LOAD(x + j));

#if VXQ_LANES == 4
		a += VXQ_SHUFFLE(VF, VI, a, 1, 0, 3, 2);
		a += VXQ_SHUFFLE(VF, VI, a, 2, 3, 0, 1);
#elif VXQ_LANES == 8
		a += VXQ_SHUFFLE(VF, VI, a, 1, 0, 3, 2, 5, 4, 7, 6);
		a += VXQ_SHUFFLE(VF, VI, a, 2, 3, 0, 1, 6, 7, 4, 5);
#else
		a += VXQ_SHUFFLE(VF, VI, a, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
		a += VXQ_SHUFFLE(VF, VI, a, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
#endif
		most = VXQ_NAME(choose) (a > most, a, most);
	}
	for (i = 0; i < VXQ_LANES; i++)
		result = most[i] > result ? most[i] : result;
	return result;
}

/*
 * As round_int8(), but magnitudes of positive and negative numbers apart, eight of
 * each in turn: what the kernel tables_u4 takes.
 */
static void
VXQ_NAME(round_parts) (const float *x, size_t n, float step, uint8_t *parts, VxRoundingSums *sums)
{
	const float inverse = 1.0f / step;
	const size_t piece = VXQ_LANES < 8 ? VXQ_LANES : 8;
	VI			levels = {0};
	VF			norm2 = {0};
	VF			along = {0};
	size_t		j;
	size_t		i;

	Assert(n % VXQ_GRANULE == 0 && step > 0.0f);
	for (j = 0; j < n; j += VXQ_LANES)
	{
		VF			v = LOAD(x + j);
		VI			rounded;
		VF			e = VXQ_NAME(round_lanes) (v, step, inverse, &rounded);
		VI			sign = rounded >> 31;
		VB			positive = NARROW(rounded & ~sign);
		VB			negative = NARROW(-rounded & sign);

		levels += (rounded ^ sign) - sign;
		norm2 += e * e;
		along += e * v;
		for (i = 0; i < VXQ_LANES; i += piece)
		{
			uint8_t    *at = parts + (j + i) / 8 * 16 + (j + i) % 8;

			memcpy(at, (const uint8_t *) &positive + i, piece);
			memcpy(at + 8, (const uint8_t *) &negative + i, piece);
		}
	}
	sums->levels = VXQ_NAME(sum_int) (levels);
	sums->error_norm2 = VXQ_NAME(sum) (norm2);
	sums->error_along = VXQ_NAME(sum) (along);
}

/*
 * The estimate and its error for one vector of rows; README.md, sections
 * 4 and 5, has the derivation.  2 * sums fits: a sum is at most
 * VXQ_MAX_DIMENSIONS * 255 * 127 < 2^30, and it is doubled because the centre of
 * the grid lies between two levels.
 */
VXQ_INLINE VF
VXQ_NAME(fuse_lanes) (const VxFusion *fusion, VI sums, VF add, VF scale,
					  VF *inner)
{
	*inner = __builtin_convertvector(2 * sums - fusion->offset, VF) *
		fusion->inner_step * scale;
	return fusion->base + fusion->weight * add + fusion->coefficient * *inner;
}

/* relative to the query's length, so that short vectors do not underflow */
VXQ_INLINE VF
VXQ_NAME(error_lanes) (const VxFusion *fusion, VF inner, VF add, VF scale_error)
{
	const VF	zero = {0};
	const VF	one = zero + 1.0f;
	const VF	smallest = zero + 1.2e-38f;
	VF			divisor = VXQ_NAME(choose) (add > smallest, add, smallest);
	VF			inverse = one / divisor;
	VF			across = one - inner * (inner * inverse) * fusion->inverse_norm2;
	VF			slack = (VXQ_ACROSS_SLACK * scale_error) * (scale_error * inverse);
	VF			variance;

	across = VXQ_NAME(choose) (across > zero, across, zero) * VXQ_ACROSS_MARGIN +
		VXQ_NAME(choose) (slack < one, slack, one);
	across = VXQ_NAME(choose) (across < one, across, one);
	variance = scale_error * scale_error * (across + fusion->row_noise) +
		add * (across * fusion->noise + fusion->noise_along);
	return VXQ_NAME(square_root) (variance) * fusion->reach +
		fusion->rounding * (add + fusion->norm2) + fusion->common * scale_error +
		fusion->floor;
}

/*
 * Two codes of near vectors have lost nearly the same, which makes their inner
 * product too large: an estimate below what both lost is corrected (README.md,
 * "Nodes as queries").
 */
VXQ_INLINE VF
VXQ_NAME(correct_lanes) (const VxFusion *fusion, VF estimate, VF scale_error)
{
	const VF	zero = {0};
	VF			loss = fusion->own_loss + fusion->row_loss * scale_error * scale_error;
	VF			apart = estimate + loss;

	apart = VXQ_NAME(choose) (apart > zero, apart, zero);
	return VXQ_NAME(choose) (apart < 2.0f * loss, apart * (apart / (4.0f * loss)), estimate);
}

/*
 * The rows from i on, one vector of them.  Factors of a damaged page may be
 * anything; a result that is no number becomes the largest one, since sorting
 * by NaN would not end well.
 */
VXQ_INLINE void
VXQ_NAME(fuse_rows) (const VxFusion *fusion, const int32_t *sums,
					 const float *const factors[3], size_t i, float *results[2])
{
	VF			add = LOAD(factors[0] + i);

	/* NaN and -infinity fail the comparison and become FLT_MAX; an infinite error stays */
	const VF	lowest = (VF) {0} - FLT_MAX;
	VF			scale_error = {0};
	VF			inner;
	VF			estimate = VXQ_NAME(fuse_lanes) (fusion, *(const VI *) (sums + i), add,
												 LOAD(factors[1] + i), &inner);

	if (factors[2] != NULL)
		scale_error = LOAD(factors[2] + i);
	if (fusion->own_loss > 0.0f)
		estimate = VXQ_NAME(correct_lanes) (fusion, estimate, scale_error);
	STORE(results[0] + i, VXQ_NAME(choose) (estimate > lowest, estimate, -lowest));
	if (results[1] != NULL)
	{
		VF			error = VXQ_NAME(error_lanes) (fusion, inner, add, scale_error);

		STORE(results[1] + i, VXQ_NAME(choose) (error > lowest, error, -lowest));
	}
}

/*
 * Rows side by side in lanes: no row waits for another, and the division and the
 * root that an error takes serve as many rows as there are lanes.  factors[2] may
 * be NULL only if neither errors nor corrections are wanted.
 */
static void
VXQ_NAME(fuse) (const VxFusion *fusion, const int32_t *sums,
				const float *const factors[3], size_t count, float *results[2])
{
	size_t		i;

	Assert(count >= VXQ_LANES);
	Assert(factors[2] != NULL || results[1] == NULL);
	for (i = 0; i + VXQ_LANES <= count; i += VXQ_LANES)
		VXQ_NAME(fuse_rows) (fusion, sums, factors, i, results);
	/* the last vector overlaps the one before: the same rows, the same results */
	if (i < count)
		VXQ_NAME(fuse_rows) (fusion, sums, factors, count - VXQ_LANES, results);
}

static const VxVectorOperations VXQ_NAME(operations) = {
	.name = VXQ_SET,
	.lanes = VXQ_LANES,
	.residual = VXQ_NAME(residual),
	.rotation_round = VXQ_NAME(rotation_round),
	.hadamard = VXQ_NAME(hadamard),
	.mix_halves = VXQ_NAME(mix_halves),
	.lattice = VXQ_NAME(lattice),
	.lattice_sums = VXQ_NAME(lattice_sums),
	.largest = VXQ_NAME(largest),
	.round_int8 = VXQ_NAME(round_int8),
	.pack = VXQ_NAME(pack),
	.unpack = VXQ_NAME(unpack),
	.join_middle = VXQ_NAME(join_middle),
	.centre = VXQ_NAME(centre),
	.subtract_levels = VXQ_NAME(subtract_levels),
	.largest_four = VXQ_NAME(largest_four),
	.round_parts = VXQ_NAME(round_parts),
	.fuse = VXQ_NAME(fuse),
};

#undef VF
#undef VI
#undef VB
#undef VH
#undef VU
#undef NARROW
#undef WIDEN
#undef LOAD
#undef STORE
#undef BUTTERFLY
#undef PAIR
#undef BLOCK
