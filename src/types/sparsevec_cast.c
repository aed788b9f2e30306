/*-------------------------------------------------------------------------
 *
 * sparsevec_cast.c
 *		Casts of sparsevec, from and to the dense types and from arrays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/array.h"

#include "compat.h"
#include "kernels/half.h"
#include "kernels/kernels.h"
#include "types/halfvec.h"
#include "types/sparsevec.h"
#include "types/vector.h"

VX_FUNCTION(vx_sparsevec_coerce);

/*
 * sparsevec(sparsevec, int4, bool): the length coercion, which never changes a
 * value.
 */
Datum
vx_sparsevec_coerce(PG_FUNCTION_ARGS)
{
	VxSparsevec *vector = DatumGetVxSparsevec(PG_GETARG_DATUM(0));

	(void) vxt_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);
	PG_RETURN_POINTER(vector);
}

/*
 * The elements that are not zero of `dim` finite floats.
 */
static VxSparsevec *
vxt_sparsevec_from_floats(const float *values, int dim)
{
	VxSparsevec *result;
	int			nnz = 0;
	int			at = 0;

	for (int i = 0; i < dim; i++)
		nnz += values[i] != 0;
	if (nnz > VX_SPARSEVEC_MAX_NNZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements",
						VX_SPARSEVEC_MAX_NNZ)));
	result = vxt_new_sparsevec(dim, nnz);
	for (int i = 0; i < dim; i++)
	{
		if (values[i] == 0)
			continue;
		result->index[at] = i;
		vxt_sparsevec_values(result)[at++] = values[i];
	}
	Assert(at == nnz);
	return result;
}

VX_FUNCTION(vx_sparsevec_from_array);

/*
 * array_to_sparsevec(int4[] | float4[] | float8[] | numeric[], int4, bool)
 */
Datum
vx_sparsevec_from_array(PG_FUNCTION_ARGS)
{
	const float *values;
	int			dim;

	values = vxt_floats_from_array(&vxt_sparsevec_info, PG_GETARG_ARRAYTYPE_P(0),
								   PG_GETARG_INT32(1), &dim);
	for (int i = 0; i < dim; i++)
		vxt_check_finite(&vxt_sparsevec_info, values[i]);
	PG_RETURN_POINTER(vxt_sparsevec_from_floats(values, dim));
}

VX_FUNCTION(vx_vector_to_sparsevec);

/*
 * vector_to_sparsevec(vector, int4, bool)
 */
Datum
vx_vector_to_sparsevec(PG_FUNCTION_ARGS)
{
	VxVector   *vector = DatumGetVxVector(PG_GETARG_DATUM(0));

	(void) vxt_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);
	PG_RETURN_POINTER(vxt_sparsevec_from_floats(vector->x, vector->dim));
}

VX_FUNCTION(vx_halfvec_to_sparsevec);

/*
 * halfvec_to_sparsevec(halfvec, int4, bool)
 */
Datum
vx_halfvec_to_sparsevec(PG_FUNCTION_ARGS)
{
	VxHalfvec  *vector = DatumGetVxHalfvec(PG_GETARG_DATUM(0));
	float	   *values = palloc_array(float, vector->dim);

	(void) vxt_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);
	vxk->f16_to_f32(vector->x, values, vector->dim);
	PG_RETURN_POINTER(vxt_sparsevec_from_floats(values, vector->dim));
}

/* Refuse what a dense type cannot hold; the bounds of a damaged index too. */
static void
vxt_check_to_dense(const VxSparsevec *vector, const VxDenseInfo *info, int32 typmod)
{
	(void) vxt_check_dim(info, vector->dim, NULL);
	(void) vxt_check_typmod(typmod, vector->dim, NULL);
	for (int i = 0; i < vector->nnz; i++)
	{
		if (vector->index[i] < 0 || vector->index[i] >= vector->dim)
			vxt_corrupted(&vxt_sparsevec_info);
	}
}

VX_FUNCTION(vx_sparsevec_to_vector);

/*
 * sparsevec_to_vector(sparsevec, int4, bool)
 */
Datum
vx_sparsevec_to_vector(PG_FUNCTION_ARGS)
{
	VxSparsevec *sparse = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	VxVector   *result;

	vxt_check_to_dense(sparse, &vxt_vector_info, PG_GETARG_INT32(1));
	result = vxt_new_vector(sparse->dim);
	for (int i = 0; i < sparse->nnz; i++)
		result->x[sparse->index[i]] = vxt_sparsevec_values(sparse)[i];
	PG_RETURN_POINTER(result);
}

VX_FUNCTION(vx_sparsevec_to_halfvec);

/*
 * sparsevec_to_halfvec(sparsevec, int4, bool): rounds to the nearest half; a
 * value that is too large is an error.
 */
Datum
vx_sparsevec_to_halfvec(PG_FUNCTION_ARGS)
{
	VxSparsevec *sparse = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	VxHalfvec  *result;

	vxt_check_to_dense(sparse, &vxt_halfvec_info, PG_GETARG_INT32(1));
	result = vxt_new_halfvec(sparse->dim);
	for (int i = 0; i < sparse->nnz; i++)
	{
		vxt_check_half(vxt_sparsevec_values(sparse)[i]);
		result->x[sparse->index[i]] = vx_float_to_half(vxt_sparsevec_values(sparse)[i]);
	}
	PG_RETURN_POINTER(result);
}
