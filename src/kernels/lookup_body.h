/*-------------------------------------------------------------------------
 *
 * lookup_body.h
 *	  Sums of table entries that the half bytes of sixteen rows select, written
 *	  once over the byte primitives of an ISA ("FastScan").
 *
 * Included by each isa_<name>.c after code_body.h and after it has defined
 *
 *	vb_lookup(table, index)		for each byte of index, which is below 16, the entry
 *								of the 16-byte table in the same 16 bytes
 *	vb_low_halves(a) vb_high_halves(a)	the lower, the upper 4 bits of each byte
 *	vb_zero() vb_store(p, a) vb_add8(a, b) vb_add16(a, b)
 *	vb_odd_bytes(a)				the upper byte of each 16-bit lane, in the lane
 *	vb_even_bytes(whole, odd)	what is left of 16-bit sums of bytes without the odd
 *								ones: whole - 256 odd
 *	vb_add_rows(even, odd, out)	sums over all 16-byte parts of a vector: of 16-bit
 *								lane j of even added to out[2 j], of odd to
 *								out[2 j + 1]
 *
 * or VX_ISA_LOOKS_UP is not defined: then there is no instruction that looks up,
 * and the loops are plain.
 *
 * A vector holds one to four columns: byte j of sixteen rows each.  The entries
 * are small enough for those of four half bytes to be added in 8 bits; then even
 * and odd bytes are added apart in 16 bits.  To save a mask, whole lanes are
 * added, and what the odd bytes put into them is taken off at the end.
 *
 *-------------------------------------------------------------------------
 */

/* columns whose sums fit 16 bits */
#define LOOKUP_CHUNK 512

StaticAssertKernel(4 * VXK_MAX_ENTRY <= UINT8_MAX, "entries of four half bytes must fit 8 bits");
StaticAssertKernel(2 * VXK_MAX_ENTRY * LOOKUP_CHUNK <= UINT16_MAX, "sums must fit 16 bits");

#ifdef VX_ISA_LOOKS_UP

StaticAssertKernel(8 * VXK_STRIP % (2 * V_BYTES) == 0, "eight columns must be pairs of vectors");

/* The entries that low and high half bytes of one vector of columns select, added. */
VX_INLINE Vb
lookup_vector(const uint8_t *strip, const uint8_t *low_tables, const uint8_t *high_tables)
{
	Vb			code = vb_load(strip);

	v_keep(code);
	return vb_add8(vb_lookup(vb_load(low_tables), vb_low_halves(code)),
				   vb_lookup(vb_load(high_tables), vb_high_halves(code)));
}

/* Columns at .. end - 1, in bytes of the strip, at most LOOKUP_CHUNK of them. */
VX_INLINE void
lookup_chunk(const uint8_t *strip, size_t columns, const uint8_t *tables, size_t first, size_t last,
			 uint32_t *out)
{
	const uint8_t *high_tables = tables + columns * VXK_STRIP;
	Vb			whole = vb_zero();
	Vb			odd = vb_zero();

	for (size_t at = first * VXK_STRIP; at < last * VXK_STRIP; at += 2 * V_BYTES)
	{
		Vb			four = vb_add8(lookup_vector(strip + at, tables + at, high_tables + at),
								   lookup_vector(strip + at + V_BYTES, tables + at + V_BYTES,
												 high_tables + at + V_BYTES));

		whole = vb_add16(whole, four);
		odd = vb_add16(odd, vb_odd_bytes(four));
	}
	vb_add_rows(vb_even_bytes(whole, odd), odd, out);
}

#else							/* no instruction that looks up */

/* Columns first .. last - 1, one byte at a time. */
VX_INLINE void
lookup_chunk(const uint8_t *strip, size_t columns, const uint8_t *tables, size_t first, size_t last,
			 uint32_t *out)
{
	for (size_t s = first; s < last; s++)
	{
		const uint8_t *low = tables + s * VXK_STRIP;
		const uint8_t *high = low + columns * VXK_STRIP;

		for (int i = 0; i < VXK_STRIP; i++)
			out[i] += (uint32_t) low[strip[s * VXK_STRIP + i] & 15] + high[strip[s * VXK_STRIP + i] >> 4];
	}
}

#endif							/* VX_ISA_LOOKS_UP */

/* The entry of the table; its contract is at VxKernels in kernels.h. */
static void
VXK(lookup_u4) (const uint8_t *strip, size_t columns, const uint8_t *tables, uint32_t *out)
{
	Assert(columns % 8 == 0);
	Assert(strip != NULL && tables != NULL && out != NULL);
	memset(out, 0, VXK_STRIP * sizeof(uint32_t));
	for (size_t first = 0; first < columns; first += LOOKUP_CHUNK)
		lookup_chunk(strip, columns, tables, first,
					 columns - first < LOOKUP_CHUNK ? columns : first + LOOKUP_CHUNK, out);
}

/*
 * Where entry m of a table finds its term for bit b among the 16 parts of a column,
 * of which `first` is the first of the four that the table is of: the positive part
 * if the bit is set, which it then adds, else the negative one, which it does not
 * take off.
 */
#define TERM(m, b, first) ((first) + ((m) >> (b) & 1 ? (b) : 8 + (b)))
#define TERMS(b, first) \
	TERM(0, b, first), TERM(1, b, first), TERM(2, b, first), TERM(3, b, first), \
	TERM(4, b, first), TERM(5, b, first), TERM(6, b, first), TERM(7, b, first), \
	TERM(8, b, first), TERM(9, b, first), TERM(10, b, first), TERM(11, b, first), \
	TERM(12, b, first), TERM(13, b, first), TERM(14, b, first), TERM(15, b, first)

/* once for each column of a vector */
#if V_BYTES == 64
#define VECTOR_TERMS(b, first) {TERMS(b, first), TERMS(b, first), TERMS(b, first), TERMS(b, first)}
#elif V_BYTES == 32
#define VECTOR_TERMS(b, first) {TERMS(b, first), TERMS(b, first)}
#else
#define VECTOR_TERMS(b, first) {TERMS(b, first)}
#endif

static const uint8_t table_terms[8][V_BYTES < VXK_STRIP ? VXK_STRIP : V_BYTES] = {
	VECTOR_TERMS(0, 0), VECTOR_TERMS(1, 0), VECTOR_TERMS(2, 0), VECTOR_TERMS(3, 0),
	VECTOR_TERMS(0, 4), VECTOR_TERMS(1, 4), VECTOR_TERMS(2, 4), VECTOR_TERMS(3, 4)
};

#undef TERM
#undef TERMS
#undef VECTOR_TERMS

#ifdef VX_ISA_LOOKS_UP

/* The tables of as many columns as a vector holds: their terms are looked up, too. */
VX_INLINE Vb
tables_vector(Vb parts, const Vb *terms)
{
	return vb_add8(vb_add8(vb_lookup(parts, terms[0]), vb_lookup(parts, terms[1])),
				   vb_add8(vb_lookup(parts, terms[2]), vb_lookup(parts, terms[3])));
}

/* see the contract at VxKernels in kernels.h */
static void
VXK(tables_u4) (const uint8_t *parts, size_t columns, uint8_t *tables)
{
	uint8_t    *high_tables = tables + columns * VXK_STRIP;
	Vb			terms[8];

	Assert(columns % 8 == 0);
	for (int b = 0; b < 8; b++)
		terms[b] = vb_load(table_terms[b]);
	for (size_t at = 0; at < columns * VXK_STRIP; at += V_BYTES)
	{
		Vb			column = vb_load(parts + at);

		vb_store(tables + at, tables_vector(column, terms));
		vb_store(high_tables + at, tables_vector(column, terms + 4));
	}
}

#else							/* no instruction that looks up */

static void
VXK(tables_u4) (const uint8_t *parts, size_t columns, uint8_t *tables)
{
	Assert(columns % 8 == 0);
	for (size_t i = 0; i < 2 * columns * VXK_STRIP; i++)
	{
		const uint8_t *column = parts + i % (columns * VXK_STRIP) / VXK_STRIP * VXK_STRIP;
		size_t		first = i < columns * VXK_STRIP ? 0 : 4;
		unsigned	sum = 0;

		for (size_t b = 0; b < 4; b++)
			sum += column[table_terms[first + b][i % VXK_STRIP]];
		tables[i] = (uint8_t) sum;
	}
}

#endif							/* VX_ISA_LOOKS_UP */
