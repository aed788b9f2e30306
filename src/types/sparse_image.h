/*-------------------------------------------------------------------------
 *
 * sparse_image.h
 *		A dense image of a sparse vector, for codes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SPARSE_IMAGE_H
#define VX_SPARSE_IMAGE_H

#include "kernels/kernels.h"

/* Dimensions of the image; part of the format of indexes. */
#define VXT_SPARSE_IMAGE_DIMENSIONS 512

/*
 * Standard deviation of the inner product of the images of two vectors of
 * length one, whose true product is known.
 */
#define VXT_SPARSE_IMAGE_NOISE 0.045f

extern void vxt_sparse_image(const VxSparse *sparse, float *image);

#endif							/* VX_SPARSE_IMAGE_H */
