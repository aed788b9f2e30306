/*-------------------------------------------------------------------------
 *
 * dense.h
 *		What all dense vector types share and needs no template.
 *
 * Checks and their errors, text and array input as floats, type modifiers,
 * and the state of avg().  A function here knows a type by its VxDenseInfo;
 * what depends on the element's C type is in dense_template.h.
 *
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_DENSE_H
#define VX_DENSE_H

#include "nodes/nodes.h"
#include "utils/array.h"

/* A dense type as messages and checks see it. */
typedef struct VxDenseInfo
{
	const char *name;
	int			max_dim;
	float		range;			/* least magnitude that rounds out of the element
								 * type; INFINITY for float32 */
} VxDenseInfo;

/* The largest max_dim of any dense type; sizes the buffer of text input. */
#define VX_DENSE_MAX_DIM 16000

/*
 * Checks.  Those with an escontext report there and return false when it
 * accepts soft errors, and raise otherwise; pass NULL to raise always.
 */
extern bool vxt_check_dim(const VxDenseInfo *info, int dim, Node *escontext);
extern bool vxt_check_typmod(int32 typmod, int dim, Node *escontext);
extern void vxt_check_finite(const VxDenseInfo *info, float value);
extern void vxt_check_same_dim(const VxDenseInfo *info, int dim_a, int dim_b);
pg_noreturn extern void vxt_corrupted(const VxDenseInfo *info);

/*
 * Text to at most info->max_dim finite floats within info->range.  Returns
 * their number, or 0 after an error that escontext took.
 */
extern int	vxt_floats_from_text(const VxDenseInfo *info, const char *text,
								 float *values, Node *escontext);

/*
 * The elements of an int4, float4, float8 or numeric array as floats, which
 * may be infinite or NaN still.  Checks the array's shape and the number of
 * elements against type and typmod.  The result belongs to the caller only
 * to read: for float4 it is the array's own data.
 */
extern const float *vxt_floats_from_array(const VxDenseInfo *info,
										  ArrayType *array, int32 typmod,
										  int *dim);

/* A float4[] of the given length for the caller to fill. */
extern ArrayType *vxt_new_float4_array(int dim, float **values);

/* The type modifier of type(n): n itself. */
extern int32 vxt_typmod_in(const VxDenseInfo *info, ArrayType *modifiers);

/*
 * avg() keeps [count, sum of x_1, ..., sum of x_d] as a float8[], with d = 0
 * as long as nothing was added.  vxt_average_state() checks the shape of such
 * an array, raising an internal error in the name of `caller`, and returns
 * its numbers.
 */
extern float8 *vxt_average_state(ArrayType *state, const char *type,
								 const char *caller, int *dim);
extern void vxt_check_average_dim(int state_dim, int dim);
extern ArrayType *vxt_new_average_state(int dim, float8 **numbers);
extern ArrayType *vxt_combine_averages(const VxDenseInfo *info, ArrayType *a,
									   ArrayType *b);

#endif							/* VX_DENSE_H */
