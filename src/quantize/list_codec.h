/*-------------------------------------------------------------------------
 *
 * list_codec.h
 *	  Codes of the vectors of an inverted list, relative to its centre and laid
 *	  out for being scored many at a time.
 *
 * Codes come in strips of VXQ_STRIP_ROWS rows.  A strip is a flat piece of bytes
 * that a page can hold: codes of all its rows, interleaved as the kernel wants
 * them, then their factors as arrays.  A row by itself is a flat piece of bytes
 * as well, in which it can be kept and moved.  It knows nothing of pages or
 * PostgreSQL.  Formulas, layout and measurements: src/quantize/README.md, "Lists".
 *
 * Estimates are in the key of the metric, as in codec.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_QUANTIZE_LIST_CODEC_H
#define VX_QUANTIZE_LIST_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/metric.h"
#include "quantize/codec.h"

/* bits a dimension that a list codec can have */
#define VXQ_LIST_MOST_BITS	4

/* rows of a strip */
#define VXQ_STRIP_ROWS	16

typedef enum VxListCodeKind
{
	VX_LIST_WHOLE,				/* RAW and BITS of codec.h: not relative to the
								 * centre */
	VX_LIST_PLANES				/* planes of one bit a dimension */
} VxListCodeKind;

/* Read-only once initialised. */
typedef struct VxListCodec
{
	VxListCodeKind kind;
	int			bits;			/* a dimension */
	bool		exact;			/* codes are the vectors themselves, and
								 * estimates keys but for their rounding */
	size_t		code_bytes;		/* of the code of one row, without factors */
	int			factors;		/* floats beside each code: 0 to 3 */
	size_t		row_bytes;		/* code_bytes + 4 * factors */
	size_t		strip_bytes;	/* VXQ_STRIP_ROWS * row_bytes */
	size_t		centre_bytes;	/* of a coded centre */
	VxCodec		centres;		/* codec of the centres, and of whole codes */
	VxCodec		rows;			/* the same with the bits of the rows */
} VxListCodec;

/*
 * Bits that suit the dimensions, for vxq_list_codec_init(): README.md says from
 * which measurements.
 */
extern int	vxq_list_bits(VxMetric metric, int dims);

/*
 * Fill *codec.  parameters as for vxq_codec_init(); bits is 1 to 4, or 0 for
 * vxq_list_bits(); the mean is that of the centres, or NULL: it makes the coded
 * centres finer where all vectors lie far from zero.  L1 is not supported.
 */
extern void vxq_list_codec_init(VxListCodec *codec, const VxCodecParameters *parameters,
								const VxHost *host);
extern void vxq_list_codec_release(VxListCodec *codec, const VxHost *host);

/* Bytes of working memory, aligned for floats, that the functions below need. */
extern size_t vxq_list_scratch_size(const VxListCodec *codec);

/*
 * Code a centre: dims finite floats (for IP with the length that its list's
 * vectors have, see vxc_reach()), or dims bits, into centre_bytes bytes.  A coded
 * centre is all that later calls need of it, and stands at any address.
 */
extern void vxq_list_centre(const VxListCodec *codec, const void *centre, void *scratch,
							uint8_t *coded);

/*
 * Encode a vector of the list of a coded centre into row_bytes bytes at any
 * address.
 */
extern void vxq_list_encode(const VxListCodec *codec, const uint8_t *centre,
							const void *input, void *scratch, uint8_t *row);

/*
 * Put a row into place i of a strip, or take it out unchanged.  A strip of zeros is
 * an empty one; places without a row hold any bytes and get estimates that mean
 * nothing.  Strips stand at any address.
 */
extern void vxq_strip_put(const VxListCodec *codec, uint8_t *strip, int i, const uint8_t *row);
extern void vxq_strip_take(const VxListCodec *codec, const uint8_t *strip, int i, uint8_t *row);

/* A prepared query; vxq_list_query_size() bytes, aligned for a pointer. */
typedef struct VxListQuery VxListQuery;

extern size_t vxq_list_query_size(const VxListCodec *codec);

/* Once a query: dims finite floats, or dims bits. */
extern void vxq_list_query_prepare(const VxListCodec *codec, const void *input, void *scratch,
								   VxListQuery *query);

/*
 * Keys of `count` coded centres, `stride` bytes apart: the order in which to probe
 * their lists.  Good to some thousandths of the distances.
 */
extern void vxq_list_query_centres(const VxListQuery *query, const uint8_t *centres,
								   size_t stride, size_t count, float *keys);

/*
 * The same for a vector that is looking for its list: COSINE and IP by the angle,
 * as vxc_assign() does, whatever length the centres were given.
 */
extern void vxq_list_query_angles(const VxListQuery *query, const uint8_t *centres,
								  size_t stride, size_t count, float *keys);

/* Once a list, before its strips: sets the query to the list's centre. */
extern void vxq_list_query_enter(VxListQuery *query, const uint8_t *centre);

/*
 * Estimates of all rows of `count` strips, `stride` bytes apart, of the list
 * entered: estimate[] and error[] get count * VXQ_STRIP_ROWS floats each, and
 * |estimate - key| <= error holds for at least 99.7 % of the pairs.  Whatever
 * bytes the strips hold, both are numbers.
 */
extern void vxq_list_query_score(const VxListQuery *query, const uint8_t *strips, size_t stride,
								 size_t count, float *estimate, float *error);

#endif							/* VX_QUANTIZE_LIST_CODEC_H */
