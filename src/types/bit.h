/*-------------------------------------------------------------------------
 *
 * bit.h
 *		Distances of the server's bit strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_BIT_H
#define VX_BIT_H

#include "fmgr.h"
#include "utils/varbit.h"

#include "kernels/kernels.h"

/*
 * Jaccard distance from its counts: the share of the bits set in either string
 * that are not set in both.  1 if no bit is set in both, also if none is set
 * at all.
 */
static inline double
vxt_jaccard(const VxBitCounts *counts)
{
	return counts->both == 0 ? 1.0 :
		1.0 - (double) counts->both / (double) counts->either;
}

/*
 * The number of bits of a detoasted string.  Raises ERRCODE_DATA_CORRUPTED if its
 * bytes do not hold so many, before a kernel reads past its end.
 */
extern int	vxt_bit_length(VarBit *bits);

/* The SQL functions by which an operator class is recognised. */
extern Datum vx_bit_hamming_distance(PG_FUNCTION_ARGS);
extern Datum vx_bit_jaccard_distance(PG_FUNCTION_ARGS);

#endif							/* VX_BIT_H */
