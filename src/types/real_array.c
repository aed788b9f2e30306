/*-------------------------------------------------------------------------
 *
 * real_array.c
 *		Arrays of real as vectors: the distances of the extension embedding.
 *
 * The functions behind the operators return real, as the software that they
 * are for expects; those of operator classes return double precision.  Unlike
 * pg_embedding, arrays of several dimensions and null elements are refused
 * and not read as if they were something else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "compat.h"
#include "kernels/kernels.h"
#include "types/real_array.h"
#include "types/vector.h"

int
vxt_real_array_dimensions(ArrayType *array)
{
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/* An empty array has no dimensions at all, and passes. */
static void
vxt_check_shape(ArrayType *array)
{
	if (ARR_ELEMTYPE(array) != FLOAT4OID)
		elog(ERROR, "expected an array of real");
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array must be 1-D"),
				 errhint("A vector is an array of numbers, such as ARRAY[1,2,3]::real[].")));
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));
	Assert(ARR_NDIM(array) >= 0);
}

void
vxt_check_real_array(ArrayType *array)
{
	const float *values;
	int			count;

	vxt_check_shape(array);
	values = vxt_real_array_elements(array);
	count = vxt_real_array_dimensions(array);
	for (int i = 0; i < count; i++)
	{
		if (!isfinite(values[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("NaN and infinite values are not allowed in an indexed array")));
	}
}

/* Both arguments of a function on two arrays of one length. */
typedef struct VxArrayPair
{
	const float *a;
	const float *b;
	size_t		dimensions;
} VxArrayPair;

static VxArrayPair
vxt_array_pair(FunctionCallInfo fcinfo)
{
	ArrayType  *a = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *b = PG_GETARG_ARRAYTYPE_P(1);
	VxArrayPair pair;

	vxt_check_shape(a);
	vxt_check_shape(b);
	if (vxt_real_array_dimensions(a) != vxt_real_array_dimensions(b))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different array dimensions %d and %d",
						vxt_real_array_dimensions(a), vxt_real_array_dimensions(b)),
				 errhint("Both arrays must come from the same embedding model.")));
	pair.a = vxt_real_array_elements(a);
	pair.b = vxt_real_array_elements(b);
	pair.dimensions = (size_t) vxt_real_array_dimensions(a);
	return pair;
}

VX_FUNCTION(vx_real_array_l2_distance);

/* l2_distance(real[], real[]) */
Datum
vx_real_array_l2_distance(PG_FUNCTION_ARGS)
{
	VxArrayPair pair = vxt_array_pair(fcinfo);

	PG_RETURN_FLOAT4((float) sqrt((double) vxk->l2sq_f32(pair.a, pair.b, pair.dimensions)));
}

VX_FUNCTION(vx_real_array_l2_squared_distance);

/* The order of l2_distance without the root, for indexes. */
Datum
vx_real_array_l2_squared_distance(PG_FUNCTION_ARGS)
{
	VxArrayPair pair = vxt_array_pair(fcinfo);

	PG_RETURN_FLOAT8(vxk->l2sq_f32(pair.a, pair.b, pair.dimensions));
}

VX_FUNCTION(vx_real_array_cosine_distance);

/* cosine_distance(real[], real[]): NaN for an array of zeros. */
Datum
vx_real_array_cosine_distance(PG_FUNCTION_ARGS)
{
	VxArrayPair pair = vxt_array_pair(fcinfo);

	PG_RETURN_FLOAT4((float) vxt_vector_cosine(pair.a, pair.b, pair.dimensions));
}

VX_FUNCTION(vx_real_array_cosine_key);

/* cosine_distance in double precision, for indexes. */
Datum
vx_real_array_cosine_key(PG_FUNCTION_ARGS)
{
	VxArrayPair pair = vxt_array_pair(fcinfo);

	PG_RETURN_FLOAT8(vxt_vector_cosine(pair.a, pair.b, pair.dimensions));
}

VX_FUNCTION(vx_real_array_manhattan_distance);

/* manhattan_distance(real[], real[]) */
Datum
vx_real_array_manhattan_distance(PG_FUNCTION_ARGS)
{
	VxArrayPair pair = vxt_array_pair(fcinfo);

	PG_RETURN_FLOAT4(vxk->l1_f32(pair.a, pair.b, pair.dimensions));
}

VX_FUNCTION(vx_real_array_manhattan_key);

/* manhattan_distance in double precision, for indexes. */
Datum
vx_real_array_manhattan_key(PG_FUNCTION_ARGS)
{
	VxArrayPair pair = vxt_array_pair(fcinfo);

	PG_RETURN_FLOAT8(vxk->l1_f32(pair.a, pair.b, pair.dimensions));
}
