/*-------------------------------------------------------------------------
 *
 * dense_function_template.h
 *		Distances, arithmetic and comparison of a dense type.
 *
 * A part of dense_template.h, which explains the parameters; not to be
 * included by itself.  Kernels give float32 sums; what SQL sees is float8.
 * README.md, "Numbers", says what is rounded where.
 *
 *-------------------------------------------------------------------------
 */

/* ----------
 * Distances
 * ----------
 */

/*
 * Both arguments of a function on two vectors of one length.  Detoasted where
 * necessary; copies go with the memory context of the call, which a scan resets
 * for each row.
 */
typedef struct VX_DENSE_LOCAL(Pair)
{
	VX_DENSE_TYPE *a;
	VX_DENSE_TYPE *b;
	size_t		dim;
} VX_DENSE_LOCAL(Pair);

static inline VX_DENSE_LOCAL(Pair)
VX_DENSE_LOCAL(get_pair) (FunctionCallInfo fcinfo)
{
	VX_DENSE_LOCAL(Pair) pair;

	pair.a = VX_DENSE_ARG(0);
	pair.b = VX_DENSE_ARG(1);
	vxt_check_same_dim(&VX_DENSE_INFO, pair.a->dim, pair.b->dim);
	pair.dim = (size_t) pair.a->dim;
	Assert(pair.dim >= 1 && pair.dim <= (size_t) VX_DENSE_INFO.max_dim);
	return pair;
}

/*
 * Squared L2, what L2 indexes compare: it has the order of the distance and
 * saves the root.  Like every sum here it may overflow to infinity, which
 * sorts last and is no error.
 */
VX_FUNCTION(VX_DENSE_SQL(l2_squared_distance));
Datum
VX_DENSE_SQL(l2_squared_distance) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);

	PG_RETURN_FLOAT8(VX_DENSE_KERNEL(l2sq) (pair.a->x, pair.b->x, pair.dim));
}

/* The root in double of a float32 sum: exact to the sum's own error. */
VX_FUNCTION(VX_DENSE_SQL(l2_distance));
Datum
VX_DENSE_SQL(l2_distance) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);
	double		square = VX_DENSE_KERNEL(l2sq) (pair.a->x, pair.b->x, pair.dim);

	Assert(square >= 0);
	PG_RETURN_FLOAT8(sqrt(square));
}

/* The only measure here where more is nearer; no index sorts by it. */
VX_FUNCTION(VX_DENSE_SQL(inner_product));
Datum
VX_DENSE_SQL(inner_product) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);

	PG_RETURN_FLOAT8(VX_DENSE_KERNEL(dot) (pair.a->x, pair.b->x, pair.dim));
}

/*
 * Indexes return the smallest first, hence the sign.  The negation is exact, so
 * the order is that of inner_product turned round.
 */
VX_FUNCTION(VX_DENSE_SQL(negative_inner_product));
Datum
VX_DENSE_SQL(negative_inner_product) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);
	double		product = VX_DENSE_KERNEL(dot) (pair.a->x, pair.b->x, pair.dim);

	PG_RETURN_FLOAT8(-product);
}

/* A sum of magnitudes: infinite at worst, never NaN. */
VX_FUNCTION(VX_DENSE_SQL(l1_distance));
Datum
VX_DENSE_SQL(l1_distance) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);

	PG_RETURN_FLOAT8(VX_DENSE_KERNEL(l1) (pair.a->x, pair.b->x, pair.dim));
}

/*
 * Cosine similarity with all sums in double, which no float can overflow or
 * underflow.  NaN if either vector is zero.  Slow, and seldom called: for lengths
 * whose squares leave the range of float32 (README.md, "Numbers").
 */
static double
VX_DENSE_LOCAL(cosine_in_double) (const VX_DENSE_ELEMENT *a,
								  const VX_DENSE_ELEMENT *b, size_t dim)
{
	double		dot = 0;
	double		norm_a = 0;
	double		norm_b = 0;
	size_t		i;

	Assert(dim >= 1);
	for (i = 0; i < dim; i++)
	{
		double		x = VX_DENSE_TO_FLOAT(a[i]);
		double		y = VX_DENSE_TO_FLOAT(b[i]);

		dot += x * y;
		norm_a += x * x;
		norm_b += y * y;
	}
	return dot / (sqrt(norm_a) * sqrt(norm_b));
}

/*
 * 1 - cosine of dim >= 1 elements: 0 .. 2, or NaN if either vector is zero.
 * Indexes call it too, so that they order rows exactly as <=> does.
 */
double
VX_DENSE_LOCAL(cosine) (const VX_DENSE_ELEMENT *a, const VX_DENSE_ELEMENT *b,
						size_t dim)
{
	VxCosineParts parts;
	double		similarity;

	VX_DENSE_KERNEL(cosine) (a, b, dim, &parts);
	if (vxt_cosine_parts_are_sound(&parts))
		similarity = parts.dot /
			sqrt((double) parts.norm_a * (double) parts.norm_b);
	else
		similarity = VX_DENSE_LOCAL(cosine_in_double) (a, b, dim);
	return 1.0 - vxt_clamp_similarity(similarity);
}

/* NaN, which sorts last, for a zero vector: it has no direction to compare. */
VX_FUNCTION(VX_DENSE_SQL(cosine_distance));
Datum
VX_DENSE_SQL(cosine_distance) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);

	PG_RETURN_FLOAT8(VX_DENSE_LOCAL(cosine) (pair.a->x, pair.b->x, pair.dim));
}

/*
 * The angle of two unit vectors, as a fraction of a half turn.  Lengths are not
 * looked at; the product is clamped because rounding may take it past 1, where
 * acos() has no value.
 */
VX_FUNCTION(VX_DENSE_SQL(spherical_distance));
Datum
VX_DENSE_SQL(spherical_distance) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);
	double		product = VX_DENSE_KERNEL(dot) (pair.a->x, pair.b->x, pair.dim);

	PG_RETURN_FLOAT8(acos(vxt_clamp_similarity(product)) / M_PI);
}

/* ----------
 * Functions of one vector
 * ----------
 */

/*
 * Reads the beginning of a value only, which spares an out-of-line one from
 * being fetched whole for a check of its length.
 */
VX_FUNCTION(VX_DENSE_SQL(dims));
Datum
VX_DENSE_SQL(dims) (PG_FUNCTION_ARGS)
{
	struct varlena *start = PG_DETOAST_DATUM_SLICE(PG_GETARG_DATUM(0), 0,
												   sizeof(int16));
	int16		dim;

	StaticAssertStmt(offsetof(VX_DENSE_TYPE, dim) == VARHDRSZ,
					 "dim must follow the header");
	if (VARSIZE_ANY_EXHDR(start) < sizeof(dim))
		vxt_corrupted(&VX_DENSE_INFO);
	memcpy(&dim, VARDATA_ANY(start), sizeof(dim));
	PG_RETURN_INT32(dim);
}

/* Summed in double, as it has no distance to agree with and must not overflow. */
VX_FUNCTION(VX_DENSE_SQL(norm));
Datum
VX_DENSE_SQL(norm) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);

	PG_RETURN_FLOAT8(sqrt(VX_DENSE_KERNEL(norm2) (vector->x, vector->dim)));
}

/*
 * The zero vector has no direction and is returned as zeros.  Division, not
 * multiplication by an inverse: one rounding in double and one to the element.
 */
VX_FUNCTION(VX_DENSE_SQL(l2_normalize));
Datum
VX_DENSE_SQL(l2_normalize) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);
	VX_DENSE_TYPE *result = VX_DENSE_NEW(vector->dim);
	double		norm = sqrt(VX_DENSE_KERNEL(norm2) (vector->x, vector->dim));
	int			i;

	/* in double not even 16000 times the largest float overflows */
	Assert(isfinite(norm) && norm >= 0);
	if (norm == 0)
		PG_RETURN_POINTER(result);
	for (i = 0; i < vector->dim; i++)
	{
		double		quotient = VX_DENSE_TO_FLOAT(vector->x[i]) / norm;

		result->x[i] = VX_DENSE_FROM_FLOAT((float) quotient);
		if (isinf(VX_DENSE_TO_FLOAT(result->x[i])))
			float_overflow_error();
	}
	Assert(result->dim == vector->dim);
	PG_RETURN_POINTER(result);
}

/*
 * One bit for each element, set if it is positive; the first is the highest
 * bit of the first byte.
 */
VX_FUNCTION(VX_DENSE_SQL(binary_quantize));
Datum
VX_DENSE_SQL(binary_quantize) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);
	VarBit	   *result = palloc0(VARBITTOTALLEN(vector->dim));
	bits8	   *bytes = VARBITS(result);
	int			i;

	SET_VARSIZE(result, VARBITTOTALLEN(vector->dim));
	VARBITLEN(result) = vector->dim;
	for (i = 0; i < vector->dim; i++)
	{
		Assert(bytes + i / BITS_PER_BYTE < (bits8 *) VARBITEND(result));
		if (VX_DENSE_TO_FLOAT(vector->x[i]) > 0)
			bytes[i / BITS_PER_BYTE] |= 1 << (BITS_PER_BYTE - 1 - i % BITS_PER_BYTE);
	}
	PG_RETURN_VARBIT_P(result);
}

/*
 * subvector(NAME, start, count): like substring(), positions before the first
 * element use up the count.
 */
VX_FUNCTION(VX_DENSE_SQL(subvector));
Datum
VX_DENSE_SQL(subvector) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);
	int64		first = PG_GETARG_INT32(1);
	int64		last = first + PG_GETARG_INT32(2) - 1;
	VX_DENSE_TYPE *result;

	first = Max(first, 1);
	last = Min(last, vector->dim);
	if (last < first)
		(void) vxt_check_dim(&VX_DENSE_INFO, 0, NULL);
	Assert(first >= 1 && first <= last && last <= vector->dim);
	result = VX_DENSE_NEW((int) (last - first + 1));
	memcpy(result->x, vector->x + first - 1,
		   sizeof(VX_DENSE_ELEMENT) * result->dim);
	PG_RETURN_POINTER(result);
}

/* ----------
 * Arithmetic
 * ----------
 */

/*
 * Where to put the result of a + b.  As the transition function of sum() the
 * left argument is ours to overwrite, unless detoasting made a copy of it.  A sum
 * then allocates once and not once a row.
 */
static inline VX_DENSE_TYPE *
VX_DENSE_LOCAL(result_of_add) (FunctionCallInfo fcinfo, VX_DENSE_TYPE *a)
{
	if (AggCheckCallContext(fcinfo, NULL) &&
		(Pointer) a == DatumGetPointer(PG_GETARG_DATUM(0)))
		return a;
	return VX_DENSE_NEW(a->dim);
}

/* Two finite elements can make an infinite one but never NaN. */
static inline void
VX_DENSE_LOCAL(check_overflow) (const VX_DENSE_TYPE *result)
{
	int			i;

	for (i = 0; i < result->dim; i++)
	{
		Assert(!isnan(VX_DENSE_TO_FLOAT(result->x[i])));
		if (isinf(VX_DENSE_TO_FLOAT(result->x[i])))
			float_overflow_error();
	}
}

/* The result may be the left argument: elements are read before they are written. */
VX_FUNCTION(VX_DENSE_SQL(add));
Datum
VX_DENSE_SQL(add) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);
	VX_DENSE_TYPE *result = VX_DENSE_LOCAL(result_of_add) (fcinfo, pair.a);
	size_t		i;

	for (i = 0; i < pair.dim; i++)
		result->x[i] = VX_DENSE_FROM_FLOAT(VX_DENSE_TO_FLOAT(pair.a->x[i]) +
										   VX_DENSE_TO_FLOAT(pair.b->x[i]));
	VX_DENSE_LOCAL(check_overflow) (result);
	Assert(result->dim == pair.b->dim);
	PG_RETURN_POINTER(result);
}

/* No aggregate uses it, so the result is always a new vector. */
VX_FUNCTION(VX_DENSE_SQL(sub));
Datum
VX_DENSE_SQL(sub) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);
	VX_DENSE_TYPE *result = VX_DENSE_NEW((int) pair.dim);
	size_t		i;

	for (i = 0; i < pair.dim; i++)
		result->x[i] = VX_DENSE_FROM_FLOAT(VX_DENSE_TO_FLOAT(pair.a->x[i]) -
										   VX_DENSE_TO_FLOAT(pair.b->x[i]));
	VX_DENSE_LOCAL(check_overflow) (result);
	PG_RETURN_POINTER(result);
}

/*
 * Unlike a sum, a product can vanish; that is an error as for float4.  Factors of
 * zero are none: there the product is exact.
 */
VX_FUNCTION(VX_DENSE_SQL(mul));
Datum
VX_DENSE_SQL(mul) (PG_FUNCTION_ARGS)
{
	VX_DENSE_LOCAL(Pair) pair = VX_DENSE_LOCAL(get_pair) (fcinfo);
	VX_DENSE_TYPE *result = VX_DENSE_NEW((int) pair.dim);
	size_t		i;

	for (i = 0; i < pair.dim; i++)
	{
		float		a = VX_DENSE_TO_FLOAT(pair.a->x[i]);
		float		b = VX_DENSE_TO_FLOAT(pair.b->x[i]);

		result->x[i] = VX_DENSE_FROM_FLOAT(a * b);
		if (isinf(VX_DENSE_TO_FLOAT(result->x[i])))
			float_overflow_error();
		if (VX_DENSE_TO_FLOAT(result->x[i]) == 0 && a != 0 && b != 0)
			float_underflow_error();
	}
	PG_RETURN_POINTER(result);
}

/* The sum of two dimensions fits an int, but maybe not the type: checked first. */
VX_FUNCTION(VX_DENSE_SQL(concat));
Datum
VX_DENSE_SQL(concat) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *a = VX_DENSE_ARG(0);
	VX_DENSE_TYPE *b = VX_DENSE_ARG(1);
	int			dim = a->dim + b->dim;
	VX_DENSE_TYPE *result;

	(void) vxt_check_dim(&VX_DENSE_INFO, dim, NULL);
	result = VX_DENSE_NEW(dim);
	Assert(result->dim == a->dim + b->dim);
	memcpy(result->x, a->x, sizeof(VX_DENSE_ELEMENT) * a->dim);
	memcpy(result->x + a->dim, b->x, sizeof(VX_DENSE_ELEMENT) * b->dim);
	PG_RETURN_POINTER(result);
}

/* ----------
 * Comparison
 * ----------
 */

/*
 * Order of arrays: by the first element that differs, then by length.  -0
 * equals 0, and NaN cannot be stored.  Detoasted copies are freed, because
 * btree calls this once for every comparison of a build.
 */
static int
VX_DENSE_LOCAL(compare) (FunctionCallInfo fcinfo)
{
	VX_DENSE_TYPE *a = VX_DENSE_ARG(0);
	VX_DENSE_TYPE *b = VX_DENSE_ARG(1);
	int			common = Min(a->dim, b->dim);
	int			result;
	int			i;

	Assert(common >= 1);
	for (i = 0; i < common; i++)
	{
		Assert(!isnan(VX_DENSE_TO_FLOAT(a->x[i])) && !isnan(VX_DENSE_TO_FLOAT(b->x[i])));
		if (VX_DENSE_TO_FLOAT(a->x[i]) != VX_DENSE_TO_FLOAT(b->x[i]))
			break;
	}
	if (i < common)
		result = VX_DENSE_TO_FLOAT(a->x[i]) < VX_DENSE_TO_FLOAT(b->x[i]) ? -1 : 1;
	else
		result = (a->dim > b->dim) - (a->dim < b->dim);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* The six operators and the support function of btree; all are one comparison. */
VX_FUNCTION(VX_DENSE_SQL(lt));
Datum
VX_DENSE_SQL(lt) (PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(VX_DENSE_LOCAL(compare) (fcinfo) < 0);
}

VX_FUNCTION(VX_DENSE_SQL(le));
Datum
VX_DENSE_SQL(le) (PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(VX_DENSE_LOCAL(compare) (fcinfo) <= 0);
}

VX_FUNCTION(VX_DENSE_SQL(eq));
Datum
VX_DENSE_SQL(eq) (PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(VX_DENSE_LOCAL(compare) (fcinfo) == 0);
}

VX_FUNCTION(VX_DENSE_SQL(ne));
Datum
VX_DENSE_SQL(ne) (PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(VX_DENSE_LOCAL(compare) (fcinfo) != 0);
}

VX_FUNCTION(VX_DENSE_SQL(ge));
Datum
VX_DENSE_SQL(ge) (PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(VX_DENSE_LOCAL(compare) (fcinfo) >= 0);
}

VX_FUNCTION(VX_DENSE_SQL(gt));
Datum
VX_DENSE_SQL(gt) (PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(VX_DENSE_LOCAL(compare) (fcinfo) > 0);
}

VX_FUNCTION(VX_DENSE_SQL(cmp));
Datum
VX_DENSE_SQL(cmp) (PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(VX_DENSE_LOCAL(compare) (fcinfo));
}
