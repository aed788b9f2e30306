/*-------------------------------------------------------------------------
 *
 * sparsevec.c
 *		Distances, norms and comparison of sparsevec.
 *
 * Elements that are not kept are zero.  Input and output are in
 * sparsevec_io.c, casts in sparsevec_cast.c.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/float.h"

#include "compat.h"
#include "types/cosine.h"
#include "types/sparsevec.h"

/* Both arguments of a function on two vectors of one number of dimensions. */
typedef struct VxSparsePair
{
	VxSparse	a;
	VxSparse	b;
} VxSparsePair;

static VxSparsePair
vxt_sparse_pair(FunctionCallInfo fcinfo)
{
	VxSparsevec *a = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	VxSparsevec *b = DatumGetVxSparsevec(PG_GETARG_DATUM(1));
	VxSparsePair pair;

	vxt_check_same_dim(&vxt_sparsevec_info, a->dim, b->dim);
	pair.a = vxt_sparsevec_view(a);
	pair.b = vxt_sparsevec_view(b);
	return pair;
}

VX_FUNCTION(vx_sparsevec_l2_squared_distance);

/* Squared L2, what L2 indexes compare. */
Datum
vx_sparsevec_l2_squared_distance(PG_FUNCTION_ARGS)
{
	VxSparsePair pair = vxt_sparse_pair(fcinfo);

	PG_RETURN_FLOAT8(vxk->l2sq_sparse(&pair.a, &pair.b));
}

VX_FUNCTION(vx_sparsevec_l2_distance);

/* l2_distance(sparsevec, sparsevec) */
Datum
vx_sparsevec_l2_distance(PG_FUNCTION_ARGS)
{
	VxSparsePair pair = vxt_sparse_pair(fcinfo);

	PG_RETURN_FLOAT8(sqrt((double) vxk->l2sq_sparse(&pair.a, &pair.b)));
}

VX_FUNCTION(vx_sparsevec_inner_product);

/* inner_product(sparsevec, sparsevec) */
Datum
vx_sparsevec_inner_product(PG_FUNCTION_ARGS)
{
	VxSparsePair pair = vxt_sparse_pair(fcinfo);

	PG_RETURN_FLOAT8(vxk->dot_sparse(&pair.a, &pair.b));
}

VX_FUNCTION(vx_sparsevec_negative_inner_product);

/* Minus the inner product, of which less is nearer. */
Datum
vx_sparsevec_negative_inner_product(PG_FUNCTION_ARGS)
{
	VxSparsePair pair = vxt_sparse_pair(fcinfo);
	double		product = vxk->dot_sparse(&pair.a, &pair.b);

	PG_RETURN_FLOAT8(-product);
}

VX_FUNCTION(vx_sparsevec_l1_distance);

/* l1_distance(sparsevec, sparsevec) */
Datum
vx_sparsevec_l1_distance(PG_FUNCTION_ARGS)
{
	VxSparsePair pair = vxt_sparse_pair(fcinfo);

	PG_RETURN_FLOAT8(vxk->l1_sparse(&pair.a, &pair.b));
}

/*
 * The inner product of two sparse vectors each divided by its length, in
 * double: for lengths whose squares leave the range of float32.
 */
static double
vxt_sparse_cosine_in_double(const VxSparse *a, const VxSparse *b)
{
	double		dot = 0;
	size_t		i = 0;
	size_t		j = 0;

	while (i < a->count && j < b->count)
	{
		if (a->index[i] == b->index[j])
			dot += (double) a->value[i] * b->value[j];
		if (a->index[i] <= b->index[j])
			i++;
		else
			j++;
	}
	return dot / (sqrt(vxk->norm2_f32(a->value, a->count)) *
				  sqrt(vxk->norm2_f32(b->value, b->count)));
}

double
vxt_sparse_cosine(const VxSparse *a, const VxSparse *b)
{
	VxCosineParts parts;
	double		similarity;

	parts.dot = vxk->dot_sparse(a, b);
	parts.norm_a = vxk->dot_f32(a->value, a->value, a->count);
	parts.norm_b = vxk->dot_f32(b->value, b->value, b->count);
	if (vxt_cosine_parts_are_sound(&parts))
		similarity = parts.dot / sqrt((double) parts.norm_a * (double) parts.norm_b);
	else
		similarity = vxt_sparse_cosine_in_double(a, b);
	return 1.0 - vxt_clamp_similarity(similarity);
}

VX_FUNCTION(vx_sparsevec_cosine_distance);

/* NaN, which sorts last, for a zero vector. */
Datum
vx_sparsevec_cosine_distance(PG_FUNCTION_ARGS)
{
	VxSparsePair pair = vxt_sparse_pair(fcinfo);

	PG_RETURN_FLOAT8(vxt_sparse_cosine(&pair.a, &pair.b));
}

VX_FUNCTION(vx_sparsevec_norm);

/* l2_norm(sparsevec), summed in double */
Datum
vx_sparsevec_norm(PG_FUNCTION_ARGS)
{
	VxSparsevec *vector = DatumGetVxSparsevec(PG_GETARG_DATUM(0));

	PG_RETURN_FLOAT8(sqrt(vxk->norm2_f32(vxt_sparsevec_values(vector), vector->nnz)));
}

VX_FUNCTION(vx_sparsevec_l2_normalize);

/*
 * l2_normalize(sparsevec): the zero vector is returned as it is; elements that
 * round to zero are left out.
 */
Datum
vx_sparsevec_l2_normalize(PG_FUNCTION_ARGS)
{
	VxSparsevec *vector = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	const float *values = vxt_sparsevec_values(vector);
	double		norm = sqrt(vxk->norm2_f32(values, vector->nnz));
	VxSparsevec *result;
	int			kept = 0;
	int			at = 0;

	Assert(isfinite(norm));
	for (int i = 0; i < vector->nnz; i++)
		kept += (float) (values[i] / norm) != 0;
	result = vxt_new_sparsevec(vector->dim, kept);
	for (int i = 0; i < vector->nnz; i++)
	{
		float		quotient = (float) (values[i] / norm);

		if (isinf(quotient))
			float_overflow_error();
		if (quotient == 0)
			continue;
		result->index[at] = vector->index[i];
		vxt_sparsevec_values(result)[at++] = quotient;
	}
	Assert(at == kept);
	PG_RETURN_POINTER(result);
}

/*
 * The order of the dense vectors: by the first element that differs, then by
 * dimensions.  An element behind the end of the shorter vector has nothing to
 * differ from.
 */
static int
vxt_sparse_compare(FunctionCallInfo fcinfo)
{
	VxSparsevec *a = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	VxSparsevec *b = DatumGetVxSparsevec(PG_GETARG_DATUM(1));
	int32		common = Min(a->dim, b->dim);
	int			result = (a->dim > b->dim) - (a->dim < b->dim);
	int			i = 0;
	int			j = 0;

	while (i < a->nnz || j < b->nnz)
	{
		int32		at_a = i < a->nnz ? a->index[i] : PG_INT32_MAX;
		int32		at_b = j < b->nnz ? b->index[j] : PG_INT32_MAX;
		float		x = at_a <= at_b ? vxt_sparsevec_values(a)[i] : 0;
		float		y = at_b <= at_a ? vxt_sparsevec_values(b)[j] : 0;

		if (Min(at_a, at_b) >= common)
			break;
		if (x != y)
		{
			result = x < y ? -1 : 1;
			break;
		}
		i++;
		j++;
	}
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* The six operators and the support function of btree. */
#define VX_SPARSE_COMPARISON(name, test) \
VX_FUNCTION(vx_sparsevec_##name); \
Datum \
vx_sparsevec_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(vxt_sparse_compare(fcinfo) test 0); \
}

VX_SPARSE_COMPARISON(lt, <)
VX_SPARSE_COMPARISON(le, <=)
VX_SPARSE_COMPARISON(eq, ==)
VX_SPARSE_COMPARISON(ne, !=)
VX_SPARSE_COMPARISON(ge, >=)
VX_SPARSE_COMPARISON(gt, >)

VX_FUNCTION(vx_sparsevec_cmp);

Datum
vx_sparsevec_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(vxt_sparse_compare(fcinfo));
}
