/*-------------------------------------------------------------------------
 *
 * bits_body.h
 *	  The kernels of bit strings, over 64-bit words.
 *
 * Included by each isa_<name>.c inside its target.  A string of an embedding
 * is a few dozen bytes, 6 words at 384 bits, so a loop of POPCNT over words
 * takes less time than a vector needs to be summed up; four sums hide its
 * latency.  An ISA with an instruction for it defines VX_ISA_COUNTS_BITS; the
 * others count by masks and shifts.
 *
 *-------------------------------------------------------------------------
 */

typedef enum BitsOp
{
	BITS_XOR,
	BITS_AND,
	BITS_OR
} BitsOp;

#define BITS_AHEAD 16			/* rows prefetched before their turn */
#define BITS_VECTORS 256		/* bytes from which on vectors pay */

VX_INLINE uint64_t
bits_count(uint64_t word)
{
#if defined(VX_ISA_COUNTS_BITS)
	return (uint64_t) __builtin_popcountll(word);
#else
	/* pairs, nibbles, bytes; the product sums the bytes in the highest */
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
	return word * UINT64_C(0x0101010101010101) >> 56;
#endif
}

VX_INLINE uint64_t
bits_word(BitsOp op, uint64_t a, uint64_t b)
{
	return bits_count(op == BITS_XOR ? a ^ b : (op == BITS_AND ? a & b : a | b));
}

VX_INLINE uint64_t
bits_load(const uint8_t *p)
{
	uint64_t	word;

	memcpy(&word, p, sizeof(word));
	return word;
}

#ifdef VX_ISA_COUNTS_VECTORS

/* The same over n bytes, a multiple of 64, by VPOPCNTQ. */
VX_INLINE uint64_t
vb_count_bits(BitsOp op, const uint8_t *a, const uint8_t *b, size_t n)
{
	__m512i		sum = _mm512_setzero_si512();
	size_t		i;

	Assert(n % 64 == 0);
	for (i = 0; i < n; i += 64)
	{
		__m512i		x = _mm512_loadu_si512(a + i);
		__m512i		y = _mm512_loadu_si512(b + i);
		__m512i		word = op == BITS_XOR ? _mm512_xor_si512(x, y) :
			(op == BITS_AND ? _mm512_and_si512(x, y) : _mm512_or_si512(x, y));

		sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(word));
	}
	return (uint64_t) _mm512_reduce_add_epi64(sum);
}

#endif

/* The bits of a op b over n bytes; reads no byte behind them. */
VX_INLINE uint64_t
bits_sum(BitsOp op, const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t	sum0 = 0;
	uint64_t	sum1 = 0;
	uint64_t	sum2 = 0;
	uint64_t	sum3 = 0;
	size_t		i = 0;

	Assert(n == 0 || (a != NULL && b != NULL));
#ifdef VX_ISA_COUNTS_VECTORS
	if (n >= BITS_VECTORS)
	{
		i = n / 64 * 64;
		sum3 = vb_count_bits(op, a, b, i);
	}
#endif
	for (; i + 32 <= n; i += 32)
	{
		sum0 += bits_word(op, bits_load(a + i), bits_load(b + i));
		sum1 += bits_word(op, bits_load(a + i + 8), bits_load(b + i + 8));
		sum2 += bits_word(op, bits_load(a + i + 16), bits_load(b + i + 16));
		sum3 += bits_word(op, bits_load(a + i + 24), bits_load(b + i + 24));
	}
	for (; i + 8 <= n; i += 8)
		sum0 += bits_word(op, bits_load(a + i), bits_load(b + i));
	if (i < n)
		sum1 += bits_word(op, load_partial8(a + i, n - i), load_partial8(b + i, n - i));
	return sum0 + sum1 + sum2 + sum3;
}

static uint64_t
VXK(hamming_bits) (const uint8_t *a, const uint8_t *b, size_t n)
{
	return bits_sum(BITS_XOR, a, b, n);
}

static void
VXK(jaccard_bits) (const uint8_t *a, const uint8_t *b, size_t n, VxBitCounts *counts)
{
	Assert(counts != NULL);
	counts->both = bits_sum(BITS_AND, a, b, n);
	counts->either = bits_sum(BITS_OR, a, b, n);
}

static uint64_t
VXK(popcount_bits) (const uint8_t *a, size_t n)
{
	return bits_sum(BITS_AND, a, a, n);
}

/* One query against the rows, as the kernels of code_body.h. */
VX_INLINE void
bits_scan(BitsOp op, const VxCodeRows *rows, const uint8_t *query, int32_t *out)
{
	bool		prefetch = rows->ids != NULL || rows->cold;
	size_t		i;
	size_t		j;

	Assert(rows->count == 0 || (rows->codes != NULL && query != NULL && out != NULL));
	for (i = 0; i < rows->count; i++)
	{
		const uint8_t *row = rows->codes + (rows->ids != NULL ? rows->ids[i] : i) * rows->stride;

		if (prefetch && i + BITS_AHEAD < rows->count)
		{
			size_t		ahead = i + BITS_AHEAD;
			const uint8_t *next = rows->codes +
				(rows->ids != NULL ? rows->ids[ahead] : ahead) * rows->stride;

			for (j = 0; j < rows->bytes; j += 64)
				__builtin_prefetch(next + j);
		}
		out[i] = (int32_t) bits_sum(op, row, query, rows->bytes);
	}
}

static void
VXK(hamming_u1) (const VxCodeRows *rows, const uint8_t *query, int32_t *out)
{
	bits_scan(BITS_XOR, rows, query, out);
}

static void
VXK(and_u1) (const VxCodeRows *rows, const uint8_t *query, int32_t *out)
{
	bits_scan(BITS_AND, rows, query, out);
}
