/*-------------------------------------------------------------------------
 *
 * dense_template.h
 *		The SQL functions of a dense vector type, for one element type.
 *
 * A type is a file that defines the parameters below and includes this one.
 * No include guard: each type includes it once, and it undefines the
 * parameters at its end.  vector.c is the example.
 *
 *	VX_DENSE_NAME			SQL name, a bare word: functions are vx_NAME_...
 *	VX_DENSE_TYPE			struct of the datum, with members dim, unused, x
 *	VX_DENSE_INFO			its VxDenseInfo
 *	VX_DENSE_ELEMENT		C type of x[i]
 *	VX_DENSE_BITS			unsigned integer of the element's width
 *	VX_DENSE_SWAP(bits)		host to network byte order, and back
 *	VX_DENSE_NEW(dim)		a palloc'd datum of zeros
 *	VX_DENSE_FROM_DATUM(d)	detoast and check a datum
 *	VX_DENSE_TO_FLOAT(e)	element to float, exact
 *	VX_DENSE_FROM_FLOAT(f)	float to element, to nearest; may give infinity
 *	VX_DENSE_CHECK(f)		raise unless FROM_FLOAT(f) may be stored
 *	VX_DENSE_KERNEL(op)		the kernel of that name, as called
 *
 * It holds no arithmetic on whole vectors beyond single loops: distances are
 * in kernels/.  What needs no element type is in dense.c.  See README.md.
 *
 *-------------------------------------------------------------------------
 */

#define VX_DENSE_PASTE_(a, b, c) a##b##_##c
#define VX_DENSE_PASTE(a, b, c) VX_DENSE_PASTE_(a, b, c)

/* vx_NAME_suffix, for SQL, and vxt_NAME_suffix, for this file */
#define VX_DENSE_SQL(suffix) VX_DENSE_PASTE(vx_, VX_DENSE_NAME, suffix)
#define VX_DENSE_LOCAL(suffix) VX_DENSE_PASTE(vxt_, VX_DENSE_NAME, suffix)

#define VX_DENSE_ARG(n) VX_DENSE_FROM_DATUM(PG_GETARG_DATUM(n))

#include "types/dense_io_template.h"
#include "types/dense_function_template.h"
#include "types/dense_aggregate_template.h"

#undef VX_DENSE_PASTE_
#undef VX_DENSE_PASTE
#undef VX_DENSE_SQL
#undef VX_DENSE_LOCAL
#undef VX_DENSE_ARG
#undef VX_DENSE_NAME
#undef VX_DENSE_TYPE
#undef VX_DENSE_INFO
#undef VX_DENSE_ELEMENT
#undef VX_DENSE_BITS
#undef VX_DENSE_SWAP
#undef VX_DENSE_NEW
#undef VX_DENSE_FROM_DATUM
#undef VX_DENSE_TO_FLOAT
#undef VX_DENSE_FROM_FLOAT
#undef VX_DENSE_CHECK
#undef VX_DENSE_KERNEL
