/*-------------------------------------------------------------------------
 *
 * code_body.h
 *	  The code kernels, written once over the byte primitives of an ISA.
 *
 * Included by each isa_<name>.c after it has defined
 *
 *	V_BYTES					bytes in a vector
 *	Vb						a vector of bytes
 *	vb_load(p)				load V_BYTES bytes
 *	vb_load_partial(p, n)	load n < V_BYTES bytes, as said at code_partial_mask()
 *	vb_and(a, b)
 *	Vi						a vector of int32
 *	CodeSums				the partial sums of one row, part0 .. part3 of Vi
 *	code_sums_zero()
 *	code_step_u8(sums, code, query), code_step_u4(sums, code, q0, q1),
 *	code_step_u2(sums, code, q0, q1, q2, q3), code_step_l1(sums, code, query)
 *							add the products of one vector of code bytes
 *	code_total_u8(sums) code_total_u4() code_total_u2() code_total_l1()
 *							the partial sums as one Vi
 *	vi_sum(v) vi_sum4(a, b, c, d, out)	sums of the elements
 *	code_bias_u8(query, n)	constant to add to each result of dot_u8_i8
 *
 * Holds no instruction-set specific code.  Four rows go together, so that a
 * vector of the query is loaded once for four rows and their sums wait for
 * nothing.  The end of a row is read as its last V_BYTES bytes, overlapping
 * bytes done already; those are cancelled by zeros in the query, made once for
 * all rows.  See README.md.
 *
 *-------------------------------------------------------------------------
 */

typedef enum CodeOp
{
	CODE_U8,
	CODE_U4,
	CODE_U2,
	CODE_L1
} CodeOp;

#define CODE_GROUP 4			/* rows done together */
#define CODE_AHEAD 16			/* rows prefetched before their turn */
#define CODE_CACHE_LINE 64

StaticAssertKernel(sizeof(Vb) == V_BYTES, "Vb must hold V_BYTES bytes");
StaticAssertKernel(VXK_MAX_CODE_BYTES <= INT32_MAX / (255 * 128), "a sum could pass int32");

/* One vector of each plane of the query; planes not used are plane 0 again. */
typedef struct CodeQuery
{
	Vb			plane0;
	Vb			plane1;
	Vb			plane2;
	Vb			plane3;
} CodeQuery;

/* What a kernel was called with, and how its rows split into vectors. */
typedef struct CodeScan
{
	const uint8_t *query;
	size_t		n;				/* bytes of a row and of a plane */
	size_t		full;			/* bytes in whole vectors */
	size_t		rest;			/* n - full */
	int32_t		bias;
	Vb			tail_mask;		/* which of the last V_BYTES bytes are left to do */
	CodeQuery	tail;			/* the query for those, zero elsewhere */
} CodeScan;

/* Load from r to get 0 in the first V_BYTES - r bytes, all ones in the rest. */
static const uint8_t code_tail_mask[2 * V_BYTES] = {
	[V_BYTES ... 2 * V_BYTES - 1] = 0xff
};

/* planes of the query, each as long as a row: one for each field of a code byte */
VX_INLINE int
code_planes(CodeOp op)
{
	return op == CODE_U2 ? 4 : op == CODE_U4 ? 2 : 1;
}

/*
 * `op` is a constant in every caller, so the chain of tests vanishes and one
 * body serves four kernels without a call inside the loop.
 */
VX_INLINE void
code_step(CodeOp op, CodeSums *sums, Vb code, const CodeQuery *query)
{
	v_keep(code);
	if (op == CODE_U8)
		code_step_u8(sums, code, query->plane0);
	else if (op == CODE_U4)
		code_step_u4(sums, code, query->plane0, query->plane1);
	else if (op == CODE_U2)
		code_step_u2(sums, code, query->plane0, query->plane1, query->plane2, query->plane3);
	else
		code_step_l1(sums, code, query->plane0);
}

/* the only place where partial sums of an ISA become plain int32 lanes */
VX_INLINE Vi
code_total(CodeOp op, const CodeSums *sums)
{
	if (op == CODE_U8)
		return code_total_u8(sums);
	if (op == CODE_U4)
		return code_total_u4(sums);
	if (op == CODE_U2)
		return code_total_u2(sums);
	return code_total_l1(sums);
}

/* The query vectors that belong to row bytes j .. j + V_BYTES - 1. */
VX_INLINE CodeQuery
code_query_at(CodeOp op, const CodeScan *scan, size_t j)
{
	const uint8_t *at = scan->query + j;
	CodeQuery	query;

	Assert(j + V_BYTES <= scan->n);
	query.plane0 = vb_load(at);
	query.plane1 = code_planes(op) < 2 ? query.plane0 : vb_load(at + scan->n);
	query.plane2 = code_planes(op) < 4 ? query.plane0 : vb_load(at + 2 * scan->n);
	query.plane3 = code_planes(op) < 4 ? query.plane0 : vb_load(at + 3 * scan->n);
	return query;
}

/*
 * Ones for the bytes of vb_load_partial() that count.  It fills the two halves
 * of a vector by loads that overlap: the first n / 2 or more bytes and, up to
 * the end, the last ones.  If half a vector holds them all, the same is done
 * within the first half, and so on; fewer than 8 bytes simply come first.
 */
static Vb
code_partial_mask(size_t n)
{
	uint8_t		mask[V_BYTES] = {0};
	size_t		half = V_BYTES / 2;

	Assert(n < V_BYTES && (half & (half - 1)) == 0);
	while (half > 8 && n < half)
		half /= 2;
	memset(mask, 0xff, n < half ? n : half);
	if (n > half)
		memset(mask + 2 * half - (n - half), 0xff, n - half);
	return vb_load(mask);
}

/* no byte outside the row, however short it is: pages may end where a row does */
VX_INLINE Vb
code_load_tail(const CodeScan *scan, const uint8_t *start)
{
	if (scan->n < V_BYTES)
		return vb_load_partial(start, scan->n);
	return vb_load(start + scan->n - V_BYTES);
}

/*
 * The query's last vector of each plane, zero where a row's overlapping load
 * repeats bytes: made once a call, so that rows need no masking of their own.
 */
VX_INLINE CodeQuery
code_query_tail(CodeOp op, const CodeScan *scan)
{
	const uint8_t *at = scan->query;
	Vb			mask = scan->tail_mask;
	CodeQuery	query;

	Assert(scan->rest > 0 && scan->rest < V_BYTES);
	query.plane0 = vb_and(code_load_tail(scan, at), mask);
	query.plane1 = code_planes(op) < 2 ? query.plane0 : vb_and(code_load_tail(scan, at + scan->n), mask);
	query.plane2 = code_planes(op) < 4 ? query.plane0 : vb_and(code_load_tail(scan, at + 2 * scan->n), mask);
	query.plane3 = code_planes(op) < 4 ? query.plane0 : vb_and(code_load_tail(scan, at + 3 * scan->n), mask);
	return query;
}

/* A zero query byte cancels a product but not a difference. */
VX_INLINE void
code_step_tail(CodeOp op, CodeSums *sums, const CodeScan *scan, const uint8_t *row)
{
	Vb			code = code_load_tail(scan, row);

	Assert(scan->rest > 0);
	code_step(op, sums, op == CODE_L1 ? vb_and(code, scan->tail_mask) : code, &scan->tail);
}

/*
 * Four rows; the pointers may be equal.  Sums are named one by one and not kept
 * in an array, which a compiler may put into memory.
 */
VX_INLINE void
code_rows4(CodeOp op, const CodeScan *scan, const uint8_t *const *row, int32_t *out)
{
	CodeSums	sums0 = code_sums_zero();
	CodeSums	sums1 = code_sums_zero();
	CodeSums	sums2 = code_sums_zero();
	CodeSums	sums3 = code_sums_zero();
	CodeQuery	query;
	size_t		j;

	Assert(row != NULL && out != NULL);
	Assert(scan->full % V_BYTES == 0 && scan->full + scan->rest == scan->n);
	for (j = 0; j < scan->full; j += V_BYTES)
	{
		query = code_query_at(op, scan, j);
		code_step(op, &sums0, vb_load(row[0] + j), &query);
		code_step(op, &sums1, vb_load(row[1] + j), &query);
		code_step(op, &sums2, vb_load(row[2] + j), &query);
		code_step(op, &sums3, vb_load(row[3] + j), &query);
	}
	if (scan->rest > 0)
	{
		code_step_tail(op, &sums0, scan, row[0]);
		code_step_tail(op, &sums1, scan, row[1]);
		code_step_tail(op, &sums2, scan, row[2]);
		code_step_tail(op, &sums3, scan, row[3]);
	}
	vi_sum4(code_total(op, &sums0), code_total(op, &sums1),
			code_total(op, &sums2), code_total(op, &sums3), out);
	out[0] += scan->bias;
	out[1] += scan->bias;
	out[2] += scan->bias;
	out[3] += scan->bias;
}

/* One row, for what does not fill a group. */
VX_INLINE int32_t
code_row1(CodeOp op, const CodeScan *scan, const uint8_t *row)
{
	CodeSums	sums = code_sums_zero();
	CodeQuery	query;
	size_t		j;

	Assert(scan->full % V_BYTES == 0 && scan->full + scan->rest == scan->n);
	for (j = 0; j < scan->full; j += V_BYTES)
	{
		query = code_query_at(op, scan, j);
		code_step(op, &sums, vb_load(row + j), &query);
	}
	if (scan->rest > 0)
		code_step_tail(op, &sums, scan, row);
	return vi_sum(code_total(op, &sums)) + scan->bias;
}

/* 64-bit arithmetic throughout: ids * stride may pass 4 GB in a build's graph */
VX_INLINE const uint8_t *
code_row_at(const VxCodeRows *rows, size_t i)
{
	Assert(i < rows->count);
	return rows->codes + (rows->ids ? rows->ids[i] : i) * rows->stride;
}

/*
 * Ask for the four rows from `first` on, or what there is of them.  The last byte
 * is asked for apart: a row off a line boundary ends in a line more than counted.
 */
VX_INLINE void
code_prefetch(const VxCodeRows *rows, size_t first)
{
	size_t		end = first + CODE_GROUP < rows->count ? first + CODE_GROUP : rows->count;
	size_t		i;
	size_t		j;

	Assert(rows->bytes > 0);
	for (i = first; i < end; i++)
	{
		const uint8_t *row = code_row_at(rows, i);

		for (j = 0; j < rows->bytes; j += CODE_CACHE_LINE)
			__builtin_prefetch(row + j);
		__builtin_prefetch(row + rows->bytes - 1);
	}
}

/*
 * What all kernels do: set the call up once, then groups of four, then the rest.
 * Rows in storage order are prefetched only if they are said to be cold: those in
 * L1 would pay about 1 ns each for it (README.md, "Prefetch").
 */
VX_INLINE void
code_scan(CodeOp op, const VxCodeRows *rows, const uint8_t *query, int32_t *out)
{
	bool		prefetch = (rows->ids != NULL || rows->cold) && rows->bytes > 0;
	CodeScan	scan;
	size_t		i;

	Assert(rows != NULL && rows->bytes <= VXK_MAX_CODE_BYTES);
	Assert(rows->count == 0 || (rows->codes != NULL && query != NULL && out != NULL));
	scan.query = query;
	scan.n = rows->bytes;
	scan.rest = rows->bytes % V_BYTES;
	scan.full = rows->bytes - scan.rest;
	scan.bias = op == CODE_U8 ? code_bias_u8(query, rows->bytes) : 0;
	scan.tail_mask = rows->bytes < V_BYTES ? code_partial_mask(rows->bytes) : vb_load(code_tail_mask + scan.rest);
	memset(&scan.tail, 0, sizeof(scan.tail));
	if (scan.rest > 0)
		scan.tail = code_query_tail(op, &scan);

	for (i = 0; prefetch && i < CODE_AHEAD; i += CODE_GROUP)
		code_prefetch(rows, i);
	for (i = 0; i + CODE_GROUP <= rows->count; i += CODE_GROUP)
	{
		const uint8_t *row[CODE_GROUP];

		row[0] = code_row_at(rows, i);
		row[1] = code_row_at(rows, i + 1);
		row[2] = code_row_at(rows, i + 2);
		row[3] = code_row_at(rows, i + 3);
		if (prefetch)
			code_prefetch(rows, i + CODE_AHEAD);
		code_rows4(op, &scan, row, out + i);
	}
	for (; i < rows->count; i++)
		out[i] = code_row1(op, &scan, code_row_at(rows, i));
}

/*
 * The entries of the table.  Each instantiates code_scan() with a constant
 * operation; their contracts are at VxKernels in kernels.h.
 */
static void
VXK(dot_u8_i8) (const VxCodeRows *rows, const int8_t *query, int32_t *out)
{
	code_scan(CODE_U8, rows, (const uint8_t *) query, out);
}

static void
VXK(dot_u4_i8) (const VxCodeRows *rows, const int8_t *query, int32_t *out)
{
	code_scan(CODE_U4, rows, (const uint8_t *) query, out);
}

static void
VXK(dot_u2_i8) (const VxCodeRows *rows, const int8_t *query, int32_t *out)
{
	code_scan(CODE_U2, rows, (const uint8_t *) query, out);
}

static void
VXK(l1_u8) (const VxCodeRows *rows, const uint8_t *query, int32_t *out)
{
	code_scan(CODE_L1, rows, query, out);
}
