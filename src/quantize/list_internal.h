/*-------------------------------------------------------------------------
 *
 * list_internal.h
 *	  What list_codec.c and list_query.c share; nobody else includes it.
 *
 * See src/quantize/README.md, "Lists".
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_LIST_INTERNAL_H
#define VX_QUANTIZE_LIST_INTERNAL_H

#include "quantize/codec_internal.h"
#include "quantize/list_codec.h"

/* the middle of the 256 levels that a centre is coded with */
#define VXQ_CENTRE_LEVEL 127.5f

/*
 * Steps in the largest sum of magnitudes of four dimensions of a query: rounding adds
 * at most half a step in each, and the sum is a table's largest entry.
 */
#define VXQ_TABLE_STEPS 61.0f

/* what follows the code of a centre, at any address */
typedef struct VxCentreFactors
{
	float		add;
	float		scale;
	float		error;
	float		length;			/* of the whole centre */
} VxCentreFactors;

/* list_codec.c: the scale factor of a coded centre, whatever its bytes are */
extern float vxq_centre_scale(const VxListCodec *codec, const uint8_t *centre);

#endif							/* VX_QUANTIZE_LIST_INTERNAL_H */
