/*-------------------------------------------------------------------------
 *
 * reference.h
 *	  What the kernels should have computed: an oracle for the tests.
 *
 * Not part of the library and not fast: double precision with compensated
 * summation, and integer sums in 64 bits.  See README.md for the bounds that
 * the kernels keep against it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_KERNEL_REFERENCE_H
#define VX_KERNEL_REFERENCE_H

#include "kernels.h"

typedef enum VxReferenceKind
{
	VX_REFERENCE_L2SQ,
	VX_REFERENCE_DOT,
	VX_REFERENCE_L1
} VxReferenceKind;

/* A sum of terms, and the sum of their absolute values that bounds its error. */
typedef struct VxReference
{
	double		value;
	double		magnitude;
} VxReference;

/*
 * For each m <= n, result[m] is the sum over the last m elements; result has
 * n + 1 entries.  Any alignment.
 */
void		vxk_reference_suffixes(VxReferenceKind kind, const float *a, const float *b, size_t n,
								   VxReference *result);

typedef enum VxReferenceCode
{
	VX_REFERENCE_U8,
	VX_REFERENCE_U4,
	VX_REFERENCE_U2,
	VX_REFERENCE_L1_U8
} VxReferenceCode;

/*
 * One result per row, as VxKernels defines them; the query's bytes are read as
 * int8, for VX_REFERENCE_L1_U8 as uint8.
 */
void		vxk_reference_codes(VxReferenceCode kind, const VxCodeRows *rows, const uint8_t *query,
								int64_t *result);

/* VXK_STRIP results, as VxKernels defines lookup_u4. */
void		vxk_reference_lookup(const uint8_t *strip, size_t columns, const uint8_t *tables,
								 int64_t *result);

#endif							/* VX_KERNEL_REFERENCE_H */
