/*-------------------------------------------------------------------------
 *
 * vector.c
 *		The type vector: single-precision elements.
 *
 * All SQL functions come from dense_template.h; here are the parameters and
 * the constructor.  Does not know any index.  See README.md.
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
#include "kernels/kernels.h"
#include "types/cosine.h"
#include "types/dense.h"
#include "types/vector.h"

const VxDenseInfo vxt_vector_info = {
	.name = "vector",
	.max_dim = VX_VECTOR_MAX_DIM,
	.range = INFINITY
};

VxVector *
vxt_new_vector(int dim)
{
	Size		size = VX_VECTOR_SIZE((Size) dim);
	VxVector   *vector = palloc0(size);

	/* the dimensions have to fit the int16 of the layout */
	StaticAssertStmt(VX_VECTOR_MAX_DIM <= PG_INT16_MAX, "too many dimensions");
	StaticAssertStmt(offsetof(VxVector, x) == 8, "layout of vector has changed");
	Assert(dim >= 1 && dim <= VX_VECTOR_MAX_DIM);
	SET_VARSIZE(vector, size);
	vector->dim = (int16) dim;
	return vector;
}

#define VX_DENSE_NAME vector
#define VX_DENSE_TYPE VxVector
#define VX_DENSE_INFO vxt_vector_info
#define VX_DENSE_ELEMENT float
#define VX_DENSE_BITS uint32
#define VX_DENSE_SWAP(bits) pg_hton32(bits)
#define VX_DENSE_NEW(dim) vxt_new_vector(dim)
#define VX_DENSE_FROM_DATUM(d) DatumGetVxVector(d)
#define VX_DENSE_TO_FLOAT(e) (e)
#define VX_DENSE_FROM_FLOAT(f) (f)
#define VX_DENSE_CHECK(f) vxt_check_finite(&vxt_vector_info, f)
#define VX_DENSE_KERNEL(op) vxk->op##_f32
#include "types/dense_template.h"
