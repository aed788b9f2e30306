/*-------------------------------------------------------------------------
 *
 * real_array.h
 *		Arrays of real as vectors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_REAL_ARRAY_H
#define VX_REAL_ARRAY_H

#include "fmgr.h"
#include "utils/array.h"

/* Raise an error unless the array is one row of finite numbers. */
extern void vxt_check_real_array(ArrayType *array);

/* The number of elements of a checked array, and the elements. */
extern int	vxt_real_array_dimensions(ArrayType *array);

static inline const float *
vxt_real_array_elements(ArrayType *array)
{
	return (const float *) ARR_DATA_PTR(array);
}

/* The SQL functions by which an operator class is recognised. */
extern Datum vx_real_array_l2_squared_distance(PG_FUNCTION_ARGS);
extern Datum vx_real_array_cosine_key(PG_FUNCTION_ARGS);
extern Datum vx_real_array_manhattan_key(PG_FUNCTION_ARGS);

#endif							/* VX_REAL_ARRAY_H */
