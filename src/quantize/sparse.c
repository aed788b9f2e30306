/*-------------------------------------------------------------------------
 *
 * sparse.c
 *	  Codes of sparse vectors: their largest elements, a byte each.
 *
 * A sparse vector shares few elements with a query, or none, and all that
 * distances depend on is in those and in the lengths of both sides.  A code
 * keeps indices as they are, so that what meets in two codes is what meets in
 * the vectors, and rounds the values.  No rotation and no mean.  See
 * src/quantize/README.md.
 *
 * The query is a hash table from index to value, at most a quarter full; a row
 * is looked up in it element by element.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/* values are whole multiples of the row's step between -this and this */
#define LARGEST_LEVEL 127

/* places of a query's table for each of its elements, at least */
#define PLACES_PER_ELEMENT 4

/* factors stay below these, so that no estimate overflows into NaN */
#define LARGEST_SUM 1e37
#define LARGEST_LENGTH 1e18

/* one place of the table; value 0 marks a free one */
typedef struct VxSparsePlace
{
	uint32_t	index;
	float		value;
} VxSparsePlace;

/* What a row has in common with a query. */
typedef struct VxSparseMatch
{
	double		product;		/* of the values, or for L1 their smaller parts */
	double		query;			/* squares of the query's values, for L1 sizes */
	double		row;			/* the same of the row's */
	int			count;
} VxSparseMatch;

/* Bytes of an index: enough for every index below dims. */
static int
index_bytes(int dims)
{
	return dims <= 1 << 16 ? 2 : (dims <= 1 << 24 ? 3 : 4);
}

size_t
vxq_sparse_code_bytes(int dims, int elements)
{
	return (size_t) elements * (1 + index_bytes(dims));
}

/* Places of the table of a query of so many elements: a power of two. */
static uint32_t
table_places(size_t elements)
{
	uint32_t	places = 16;

	while (places < PLACES_PER_ELEMENT * elements)
		places *= 2;
	return places;
}

size_t
vxq_sparse_query_bytes(void)
{
	return table_places(VXQ_SPARSE_MOST_ELEMENTS) * sizeof(VxSparsePlace);
}

/* What lengths are measured in: squares, or for L1 sizes. */
static double
measure(const VxCodec *codec, double value)
{
	return codec->metric == VX_METRIC_L1 ? fabs(value) : value * value;
}

/* The factor that brings a vector to the length that is coded. */
static double
unit_factor(const VxCodec *codec, const VxSparse *x)
{
	double		norm2 = 0.0;
	size_t		i;

	if (codec->metric != VX_METRIC_COSINE)
		return 1.0;
	for (i = 0; i < x->count; i++)
		norm2 += (double) x->value[i] * x->value[i];
	return norm2 > 0.0 ? 1.0 / sqrt(norm2) : 0.0;
}

/* The bits of |value|, which order as the sizes do. */
static uint32_t
size_bits(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits & 0x7FFFFFFF;
}

/*
 * The size that no more than `most` elements exceed, as bits: the least such,
 * found by halving, without memory.  *ties is how many of that very size fit
 * beside the larger ones.
 */
static uint32_t
size_limit(const VxSparse *x, size_t most, size_t *ties)
{
	uint32_t	low = 0;
	uint32_t	high = 0x7FFFFFFF;
	size_t		larger;
	size_t		i;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		for (larger = 0, i = 0; i < x->count; i++)
			larger += size_bits(x->value[i]) > middle;
		if (larger <= most)
			high = middle;
		else
			low = middle + 1;
	}
	for (larger = 0, i = 0; i < x->count; i++)
		larger += size_bits(x->value[i]) > low;
	Assert(larger <= most);
	*ties = most - larger;
	return low;
}

static void
store_index(uint8_t *at, int bytes, uint32_t index)
{
	int			i;

	for (i = 0; i < bytes; i++)
		at[i] = (uint8_t) (index >> (8 * i));
}

/* `bytes` is a constant wherever this is inlined */
static inline uint32_t
load_index(const uint8_t *at, int bytes)
{
	uint32_t	index = at[0] | (uint32_t) at[1] << 8;

	if (bytes > 2)
		index |= (uint32_t) at[2] << 16;
	if (bytes > 3)
		index |= (uint32_t) at[3] << 24;
	return index;
}

/*
 * Levels first, one byte each and 0 behind the last, then as many indices,
 * ascending.  What has no place, or is rounded to 0, is summed up in the error.
 */
void
vxq_sparse_encode(const VxCodec *codec, const VxSparse *x, uint8_t *code,
				  VxFactors *factors)
{
	int			bytes = index_bytes(codec->dims);
	double		unit = unit_factor(codec, x);
	size_t		ties;
	uint32_t	limit = size_limit(x, codec->elements, &ties);
	double		largest = 0.0;
	double		kept = 0.0;
	double		lost = 0.0;
	size_t		place = 0;
	size_t		i;

	Assert(codec->kind == VX_CODE_SPARSE && codec->elements > 0);
	memset(code, 0, codec->code_bytes);
	for (i = 0; i < x->count; i++)
		largest = fmax(largest, fabs(x->value[i] * unit));
	factors->scale = (float) (largest / LARGEST_LEVEL);
	for (i = 0; i < x->count; i++)
	{
		double		value = x->value[i] * unit;
		uint32_t	size = size_bits(x->value[i]);
		bool		fits = size > limit || (size == limit && ties > 0);
		int			level = fits && factors->scale > 0.0f ?
			(int) round(value / factors->scale) : 0;

		Assert(x->index[i] >= 0 && x->index[i] < codec->dims);
		ties -= fits && size == limit;
		if (level == 0)
		{
			lost += measure(codec, value);
			continue;
		}
		level = level > LARGEST_LEVEL ? LARGEST_LEVEL :
			(level < -LARGEST_LEVEL ? -LARGEST_LEVEL : level);
		Assert(place < (size_t) codec->elements);
		kept += measure(codec, value);
		code[place] = (uint8_t) level;
		store_index(code + codec->elements + place * bytes, bytes, (uint32_t) x->index[i]);
		place++;
	}
	factors->add = (float) fmin(kept + lost, LARGEST_SUM);
	factors->error = (float) fmin(codec->metric == VX_METRIC_L1 ? lost : sqrt(lost),
								  LARGEST_LENGTH);
	factors->scale = fminf(factors->scale, (float) LARGEST_LENGTH);
}

static uint32_t
first_place(const VxCodeQuery *query, uint32_t index)
{
	return index * UINT32_C(2654435769) >> query->sparse.shift;
}

/* An empty table with room for so many elements. */
static void
clear_table(VxCodeQuery *query, size_t elements)
{
	uint32_t	places = table_places(elements);

	Assert(elements <= VXQ_SPARSE_MOST_ELEMENTS);
	query->sparse.mask = places - 1;
	for (query->sparse.shift = 32; places > 1; places /= 2)
		query->sparse.shift--;
	memset(query->plane, 0, (query->sparse.mask + 1) * sizeof(VxSparsePlace));
}

static void
put_element(VxCodeQuery *query, uint32_t index, float value)
{
	VxSparsePlace *table = (VxSparsePlace *) query->plane;
	uint32_t	place = first_place(query, index);

	if (value == 0.0f)
		return;
	while (table[place].value != 0.0f && table[place].index != index)
		place = (place + 1) & query->sparse.mask;
	table[place].index = index;
	table[place].value = value;
}

/* Prepare a sparse vector of at most VXQ_SPARSE_MOST_ELEMENTS elements. */
void
vxq_sparse_prepare(const VxSparse *x, VxCodeQuery *query)
{
	double		unit = unit_factor(query->codec, x);
	double		length = 0.0;
	size_t		i;

	clear_table(query, x->count);
	for (i = 0; i < x->count; i++)
	{
		put_element(query, (uint32_t) x->index[i], (float) (x->value[i] * unit));
		length += measure(query->codec, x->value[i] * unit);
	}
	query->sparse.length = fmin(length, LARGEST_SUM);
}

/* Prepare a coded row; its factors are sane. */
void
vxq_sparse_from_code(const uint8_t *code, const VxFactors *factors, VxCodeQuery *query)
{
	const VxCodec *codec = query->codec;
	int			bytes = index_bytes(codec->dims);
	const uint8_t *indices = code + codec->elements;
	int			i;

	clear_table(query, codec->elements);
	for (i = 0; i < codec->elements && code[i] != 0; i++)
		put_element(query, load_index(indices + i * bytes, bytes),
					(int8_t) code[i] * factors->scale);
	query->sparse.length = factors->add;
	query->sparse.step = factors->scale;
	query->sparse.lost = factors->error;
}

/* Put a term among the heaviest so far, which are in order; returns their number. */
static int
offer_term(VxTerm *terms, int count, int most, VxTerm term)
{
	int			at = count;

	if (count == most && term.weight <= terms[count - 1].weight)
		return count;
	count += count < most;
	at = at < most ? at : most - 1;
	for (; at > 0 && terms[at - 1].weight < term.weight; at--)
		terms[at] = terms[at - 1];
	terms[at] = term;
	return count;
}

/*
 * What a term of this size weighs in a vector: so that the product of its weights
 * in two vectors says how near they are by that term.
 *
 * Most metrics: what it adds to their product.  L1: what the two have in common at
 * a term counts less than all that they have beside it, so a row weighs the more
 * the smaller it is, and sizes at the term, by the eighth root, only break ties.
 */
static float
term_weight(const VxCodec *codec, float size)
{
	return codec->metric == VX_METRIC_L1 ? sqrtf(sqrtf(sqrtf(size))) : size;
}

int
vxq_code_terms(const VxCodec *codec, const uint8_t *code, const VxFactors *factors,
			   VxTerm *terms, int most)
{
	int			bytes = index_bytes(codec->dims);
	const uint8_t *indices = code + codec->elements;
	float		whole = codec->metric == VX_METRIC_L1 ? factors->add : 1.0f;
	int			count = 0;
	int			i;

	Assert(vxq_codes_have_terms(codec->kind) && most > 0);
	for (i = 0; i < codec->elements && code[i] != 0; i++)
	{
		VxTerm		term;

		term.term = load_index(indices + i * bytes, bytes);
		term.weight = term_weight(codec, fabsf((int8_t) code[i] * factors->scale)) /
			fmaxf(whole, FLT_MIN);
		count = offer_term(terms, count, most, term);
	}
	return count;
}

int
vxq_query_terms(const VxCodeQuery *query, VxTerm *terms, int most)
{
	const VxSparsePlace *table = (const VxSparsePlace *) query->plane;
	int			count = 0;
	uint32_t	place;

	Assert(vxq_codes_have_terms(query->codec->kind) && most > 0);
	for (place = 0; place <= query->sparse.mask; place++)
	{
		VxTerm		term;

		term.term = table[place].index;
		term.weight = term_weight(query->codec, fabsf(table[place].value));
		if (term.weight > 0.0f)
			count = offer_term(terms, count, most, term);
	}
	return count;
}

/* The value of the query at an index, 0 if it has none. */
static inline float
look_up(const VxCodeQuery *query, uint32_t index)
{
	const VxSparsePlace *table = (const VxSparsePlace *) query->plane;
	uint32_t	place = first_place(query, index);

	while (table[place].index != index && table[place].value != 0.0f)
		place = (place + 1) & query->sparse.mask;
	return table[place].value;
}

/* Add what two values at one index have in common. */
static inline void
match_values(VxSparseMatch *match, bool l1, double x, double q)
{
	if (l1)
	{
		match->product += x * q > 0.0 ? fmin(fabs(x), fabs(q)) : 0.0;
		match->row += fabs(x);
		match->query += fabs(q);
	}
	else
	{
		match->product += x * q;
		match->row += x * x;
		match->query += q * q;
	}
	match->count++;
}

static inline void
match_row(const VxCodeQuery *query, const uint8_t *code, double step, int bytes, bool l1,
		  VxSparseMatch *match)
{
	int			elements = query->codec->elements;
	const uint8_t *indices = code + elements;
	int			i;

	memset(match, 0, sizeof(*match));
	for (i = 0; i < elements && code[i] != 0; i++)
	{
		float		q = look_up(query, load_index(indices + i * bytes, bytes));

		if (q != 0.0f)
			match_values(match, l1, (int8_t) code[i] * step, q);
	}
}

/* One loop for each width of an index, and for L1 apart from the others. */
static void
match_any_row(const VxCodeQuery *query, const uint8_t *code, double step, VxSparseMatch *match)
{
	int			bytes = index_bytes(query->codec->dims);
	bool		l1 = query->codec->metric == VX_METRIC_L1;

	if (bytes == 2)
		l1 ? match_row(query, code, step, 2, true, match) : match_row(query, code, step, 2, false, match);
	else if (bytes == 3)
		l1 ? match_row(query, code, step, 3, true, match) : match_row(query, code, step, 3, false, match);
	else
		l1 ? match_row(query, code, step, 4, true, match) : match_row(query, code, step, 4, false, match);
}

/* A double as a float that is a number and finite, whatever it was. */
static float
finite_float(double value)
{
	return (float) fmax(-1e38, fmin(1e38, value));
}

/*
 * L1: what both sides have in common counts twice in the sum of their sizes.
 * Elements that a code lost share between nothing and all of themselves with
 * what is left of the other side: the middle is taken.
 */
static double
l1_key(const VxCodeQuery *query, const VxSparseMatch *match, double add, double lost,
	   double step, double *error)
{
	double		unknown = fmin(lost, fmax(0.0, query->sparse.length - match->query)) +
		fmin(query->sparse.lost, fmax(0.0, add - match->row));

	*error = unknown + 2.0 * step * sqrt(match->count);
	return add + query->sparse.length - 2.0 * match->product - unknown;
}

/*
 * Half of what a squared distance or an inner product is uncertain by: the
 * values that were rounded, uniformly within a step, and by Cauchy and Schwarz
 * what codes have lost against what is left of the other side.
 */
static double
product_error(const VxCodeQuery *query, const VxSparseMatch *match, double add, double lost,
			  double row_step)
{
	double		own_step = VXQ_SIGMAS / sqrt(12.0) * query->sparse.step;

	return lost * sqrt(fmax(0.0, query->sparse.length - match->query)) +
		query->sparse.lost * sqrt(fmax(0.0, add - match->row)) +
		sqrt(row_step * row_step * match->query + own_step * own_step * match->row);
}

/* Keys and errors of one code. */
static float
estimate_row(const VxCodeQuery *query, const uint8_t *code, const VxFactors *factors, float *error)
{
	const VxCodec *codec = query->codec;
	double		row_step = VXQ_SIGMAS / sqrt(12.0) * factors->scale;
	VxSparseMatch match;
	double		key;
	double		within;

	match_any_row(query, code, factors->scale, &match);
	if (codec->metric == VX_METRIC_L1)
		key = l1_key(query, &match, factors->add, factors->error,
					 hypot(row_step, VXQ_SIGMAS / sqrt(12.0) * query->sparse.step), &within);
	else
	{
		within = product_error(query, &match, factors->add, factors->error, row_step);
		if (codec->metric == VX_METRIC_COSINE)
			key = 1.0 - match.product;
		else if (codec->metric == VX_METRIC_IP &&
				 (query->purpose == VX_QUERY_SEARCH || codec->ip_link == VX_IP_LINK_DOT))
			key = -match.product;
		else
		{
			key = factors->add + query->sparse.length - 2.0 * match.product;
			within *= 2.0;
		}
	}
	*error = finite_float(within + 1e-6 * (factors->add + query->sparse.length));
	return finite_float(key);
}

/*
 * Keys and errors of `count` rows.  `row` tells which row of the array is the
 * i-th; factors come from a page and are taken for what they may be.
 */
void
vxq_sparse_estimate(const VxCodeQuery *query, const VxCodeArray *array, const uint32_t *ids,
					size_t first, size_t count, float *results[2])
{
	size_t		i;

	Assert(query->codec->kind == VX_CODE_SPARSE && array->error != NULL);
	for (i = 0; i < count; i++)
	{
		size_t		row = ids != NULL ? ids[i] : first + i;
		VxFactors	factors;
		float		error;

		factors.add = vxq_sane_factor(array->add[row], LARGEST_SUM);
		factors.scale = vxq_sane_factor(array->scale[row], LARGEST_LENGTH);
		factors.error = vxq_sane_factor(array->error[row], LARGEST_LENGTH);
		results[0][i] = estimate_row(query, array->codes + row * array->stride, &factors, &error);
		if (results[1] != NULL)
			results[1][i] = error;
	}
}
