/*-------------------------------------------------------------------------
 *
 * halfvec.c
 *		The type halfvec: half-precision elements.
 *
 * All SQL functions but the casts to and from vector come from
 * dense_template.h; here are the parameters and the constructor.  Does not
 * know any index.  See README.md.
 *
 * Numbers in text, arrays and averages are rounded to float32 first and then
 * to half precision, as in pgvector.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/varbit.h"

#include "compat.h"
#include "kernels/half.h"
#include "kernels/kernels.h"
#include "types/cosine.h"
#include "types/dense.h"
#include "types/halfvec.h"
#include "types/vector.h"

const VxDenseInfo vxt_halfvec_info = {
	.name = "halfvec",
	.max_dim = VX_HALFVEC_MAX_DIM,
	.range = VX_HALF_OVERFLOW
};

VxHalfvec *
vxt_new_halfvec(int dim)
{
	Size		size = VX_HALFVEC_SIZE((Size) dim);
	VxHalfvec  *vector = palloc0(size);

	StaticAssertStmt(VX_HALFVEC_MAX_DIM <= PG_INT16_MAX, "too many dimensions");
	StaticAssertStmt(offsetof(VxHalfvec, x) == 8, "layout of halfvec has changed");
	Assert(dim >= 1 && dim <= VX_HALFVEC_MAX_DIM);
	SET_VARSIZE(vector, size);
	vector->dim = (int16) dim;
	return vector;
}

/*
 * NaN and infinity are refused as for vector; a number from 65520 on would
 * round to infinity, and is named in the error as it would be printed.
 */
void
vxt_check_half(float value)
{
	char		text[FLOAT_SHORTEST_DECIMAL_LEN];

	vxt_check_finite(&vxt_halfvec_info, value);
	if (fabsf(value) < VX_HALF_OVERFLOW)
		return;
	float_to_shortest_decimal_buf(value, text);
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("\"%s\" is out of range for type halfvec", text),
			 errhint("Half precision ends at 65504; scale the values, or use vector.")));
}

#define VX_DENSE_NAME halfvec
#define VX_DENSE_TYPE VxHalfvec
#define VX_DENSE_INFO vxt_halfvec_info
#define VX_DENSE_ELEMENT uint16
#define VX_DENSE_BITS uint16
#define VX_DENSE_SWAP(bits) pg_hton16(bits)
#define VX_DENSE_NEW(dim) vxt_new_halfvec(dim)
#define VX_DENSE_FROM_DATUM(d) DatumGetVxHalfvec(d)
#define VX_DENSE_TO_FLOAT(e) vx_half_to_float(e)
#define VX_DENSE_FROM_FLOAT(f) vx_float_to_half(f)
#define VX_DENSE_CHECK(f) vxt_check_half(f)
#define VX_DENSE_KERNEL(op) vxk->op##_f16
#include "types/dense_template.h"

VX_FUNCTION(vx_halfvec_to_vector);

/*
 * halfvec_to_vector(halfvec, int4, bool): exact.
 */
Datum
vx_halfvec_to_vector(PG_FUNCTION_ARGS)
{
	VxHalfvec  *half = DatumGetVxHalfvec(PG_GETARG_DATUM(0));
	VxVector   *result;

	(void) vxt_check_dim(&vxt_vector_info, half->dim, NULL);
	(void) vxt_check_typmod(PG_GETARG_INT32(1), half->dim, NULL);
	result = vxt_new_vector(half->dim);
	vxk->f16_to_f32(half->x, result->x, half->dim);
	Assert(result->dim == half->dim);
	PG_FREE_IF_COPY(half, 0);
	PG_RETURN_POINTER(result);
}

VX_FUNCTION(vx_vector_to_halfvec);

/*
 * vector_to_halfvec(vector, int4, bool): rounds each element to the nearest
 * half; one that is too large is an error.
 */
Datum
vx_vector_to_halfvec(PG_FUNCTION_ARGS)
{
	VxVector   *vector = DatumGetVxVector(PG_GETARG_DATUM(0));
	VxHalfvec  *result;

	(void) vxt_check_dim(&vxt_halfvec_info, vector->dim, NULL);
	(void) vxt_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);
	for (int i = 0; i < vector->dim; i++)
		vxt_check_half(vector->x[i]);
	result = vxt_new_halfvec(vector->dim);
	vxk->f32_to_f16(vector->x, result->x, vector->dim);
	Assert(result->dim == vector->dim);
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_POINTER(result);
}
