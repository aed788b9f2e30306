/*-------------------------------------------------------------------------
 *
 * mixed.h
 *	  Distances between a vector and a halfvec.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_MIXED_H
#define VX_MIXED_H

#include "fmgr.h"

/* The functions behind the operators, by which indexes know their queries. */
extern Datum vx_vector_halfvec_l2_distance(PG_FUNCTION_ARGS);
extern Datum vx_vector_halfvec_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum vx_vector_halfvec_cosine_distance(PG_FUNCTION_ARGS);
extern Datum vx_vector_halfvec_l1_distance(PG_FUNCTION_ARGS);
extern Datum vx_halfvec_vector_l2_distance(PG_FUNCTION_ARGS);
extern Datum vx_halfvec_vector_negative_inner_product(PG_FUNCTION_ARGS);
extern Datum vx_halfvec_vector_cosine_distance(PG_FUNCTION_ARGS);
extern Datum vx_halfvec_vector_l1_distance(PG_FUNCTION_ARGS);

#endif							/* VX_MIXED_H */
