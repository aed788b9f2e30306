/*-------------------------------------------------------------------------
 *
 * mixed.c
 *	  Distances between a vector and a halfvec.
 *
 * The halves are widened, which is exact, and the distance is that of two
 * vectors.  Without operators for the pair the parser would round the vector to
 * halves, since that is the implicit cast.  See "Mixed distances" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "kernels/kernels.h"
#include "types/halfvec.h"
#include "types/mixed.h"
#include "types/vector.h"

/* Both arguments as floats, in the order that they were given in. */
typedef struct VxMixedPair
{
	const float *a;
	const float *b;
	size_t		dim;
} VxMixedPair;

/* The elements of a halfvec as floats, palloc'd. */
static const float *
vxt_widened(const VxHalfvec *half)
{
	float	   *floats = palloc_array(float, half->dim);

	Assert(half->dim >= 1);
	vxk->f16_to_f32(half->x, floats, half->dim);
	return floats;
}

/* Arguments (vector, halfvec); the error for others is in the words of vector. */
static VxMixedPair
vxt_vector_halfvec_pair(FunctionCallInfo fcinfo)
{
	const VxVector *vector = DatumGetVxVector(PG_GETARG_DATUM(0));
	const VxHalfvec *half = DatumGetVxHalfvec(PG_GETARG_DATUM(1));
	VxMixedPair pair;

	vxt_check_same_dim(&vxt_vector_info, vector->dim, half->dim);
	pair.a = vector->x;
	pair.b = vxt_widened(half);
	pair.dim = (size_t) vector->dim;
	return pair;
}

/* Arguments (halfvec, vector); the error for others is in the words of halfvec. */
static VxMixedPair
vxt_halfvec_vector_pair(FunctionCallInfo fcinfo)
{
	const VxHalfvec *half = DatumGetVxHalfvec(PG_GETARG_DATUM(0));
	const VxVector *vector = DatumGetVxVector(PG_GETARG_DATUM(1));
	VxMixedPair pair;

	vxt_check_same_dim(&vxt_halfvec_info, half->dim, vector->dim);
	pair.a = vxt_widened(half);
	pair.b = vector->x;
	pair.dim = (size_t) vector->dim;
	return pair;
}

/*
 * The distances of one order of arguments, as in dense_function_template.h.  What
 * was widened goes with the memory context of the call.
 */
#define VX_MIXED_DISTANCE(order, name, expression) \
VX_FUNCTION(vx_##order##_##name); \
Datum \
vx_##order##_##name(PG_FUNCTION_ARGS) \
{ \
	VxMixedPair pair = vxt_##order##_pair(fcinfo); \
 \
	PG_RETURN_FLOAT8(expression); \
}

#define VX_MIXED_DISTANCES(order) \
VX_MIXED_DISTANCE(order, l2_distance, sqrt((double) vxk->l2sq_f32(pair.a, pair.b, pair.dim))) \
VX_MIXED_DISTANCE(order, negative_inner_product, -(double) vxk->dot_f32(pair.a, pair.b, pair.dim)) \
VX_MIXED_DISTANCE(order, cosine_distance, vxt_vector_cosine(pair.a, pair.b, pair.dim)) \
VX_MIXED_DISTANCE(order, l1_distance, vxk->l1_f32(pair.a, pair.b, pair.dim))

VX_MIXED_DISTANCES(vector_halfvec)
VX_MIXED_DISTANCES(halfvec_vector)
