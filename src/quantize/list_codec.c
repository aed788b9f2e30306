/*-------------------------------------------------------------------------
 *
 * list_codec.c
 *	  Codes of the vectors of an inverted list, relative to its centre, and the
 *	  strips that hold them.
 *
 * Queries are in list_query.c.  A centre is coded with 8 bits by the codec of the
 * centres; what its code stands for, not the centre itself, is the point that the
 * list's vectors are coded about, so that nothing else has to be known of it.  See
 * src/quantize/README.md, "Lists".
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/list_codec.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quantize/list_internal.h"

/* the rows' own codec: that of the centres with other bits, sharing its arrays */
static VxCodec
row_codec(const VxListCodec *codec)
{
	VxCodec		rows = codec->centres;

	Assert(codec->kind == VX_LIST_PLANES);
	rows.bits = codec->bits;
	rows.lattice_scale = vxq_lattice_scale(codec->bits, rows.padded_dims);
	return rows;
}

/* README.md, "Lists": what is saved in exact distances is paid in codes read */
int
vxq_list_bits(VxMetric metric, int dims)
{
	(void) metric;
	return dims <= 64 ? 4 : (dims <= 256 ? 2 : 1);
}

void
vxq_list_codec_init(VxListCodec *codec, const VxCodecParameters *parameters, const VxHost *host)
{
	VxCodecParameters centres = *parameters;

	Assert(parameters->metric != VX_METRIC_L1);
	Assert(parameters->bits >= 0 && parameters->bits <= VXQ_LIST_MOST_BITS);
	memset(codec, 0, sizeof(VxListCodec));
	centres.bits = 8;
	vxq_codec_init(&codec->centres, &centres, host);
	codec->centre_bytes = codec->centres.code_bytes + sizeof(VxCentreFactors);
	if (codec->centres.kind == VX_CODE_LATTICE)
	{
		codec->kind = VX_LIST_PLANES;
		codec->bits = parameters->bits > 0 ? parameters->bits : vxq_list_bits(parameters->metric, parameters->dims);
		codec->code_bytes = (size_t) codec->centres.padded_dims / 8 * codec->bits;
		codec->factors = 3;
		codec->rows = row_codec(codec);
	}
	else
	{
		codec->kind = VX_LIST_WHOLE;
		codec->bits = codec->centres.bits;
		codec->exact = vxq_codes_are_exact(codec->centres.kind, parameters->dims);
		codec->code_bytes = codec->centres.code_bytes;
		codec->factors = codec->centres.kind == VX_CODE_BITS ? 1 : 0;
		codec->rows = codec->centres;
	}
	codec->row_bytes = codec->code_bytes + codec->factors * sizeof(float);
	codec->strip_bytes = VXQ_STRIP_ROWS * codec->row_bytes;
}

void
vxq_list_codec_release(VxListCodec *codec, const VxHost *host)
{
	vxq_codec_release(&codec->centres, host);
	memset(codec, 0, sizeof(VxListCodec));
}

size_t
vxq_list_scratch_size(const VxListCodec *codec)
{
	return vxq_scratch_size(&codec->centres);
}

/* A centre's code, and beside it its factors and length. */
void
vxq_list_centre(const VxListCodec *codec, const void *centre, void *scratch, uint8_t *coded)
{
	VxFactors	factors;
	VxCentreFactors stored;

	Assert(centre != NULL && coded != NULL);
	vxq_encode(&codec->centres, centre, scratch, coded, &factors);
	stored.add = factors.add;
	stored.scale = factors.scale;
	stored.error = factors.error;
	stored.length = 1.0f;
	if (!vx_metric_is_of_bits(codec->centres.metric))
		stored.length = (float) sqrt(vxk->norm2_f32(centre, codec->centres.dims));
	memcpy(coded + codec->centres.code_bytes, &stored, sizeof(stored));
}

/* A page may hold anything: what is no scale of a code counts as zero. */
float
vxq_centre_scale(const VxListCodec *codec, const uint8_t *centre)
{
	VxCentreFactors factors;

	memcpy(&factors, centre + codec->centres.code_bytes, sizeof(factors));
	return factors.scale > 0.0f && factors.scale < 1e19f ? factors.scale : 0.0f;
}

/*
 * Levels to planes of bits: bit b of byte s of plane p is bit p of the level of
 * dimension 8 s + b.  The multiplication gathers the lowest bit of each of eight
 * bytes into the highest byte.
 */
static void
pack_planes(const uint8_t *levels, size_t dims, int bits, uint8_t *code)
{
	size_t		columns = dims / 8;

	Assert(dims % 8 == 0);
	for (size_t s = 0; s < columns; s++)
	{
		uint64_t	eight = 0;

		for (int b = 7; b >= 0; b--)
			eight = eight << 8 | levels[8 * s + b];
		for (int p = 0; p < bits; p++)
			code[p * columns + s] = (uint8_t) ((((eight >> p) & UINT64_C(0x0101010101010101)) *
												UINT64_C(0x0102040810204080)) >> 56);
	}
}

/* The code of a vector about a coded centre. */
static void
encode_planes(const VxListCodec *codec, const uint8_t *centre, const float *x, float *rotated,
			  uint8_t *row, VxFactors *factors)
{
	const VxCodec *rows = &codec->rows;
	uint8_t    *levels = (uint8_t *) (rotated + rows->padded_dims);
	VxResidual	residual = vxq_residual(&codec->centres, x, true, rotated);

	rows->operations->subtract_levels(rotated, rows->padded_dims, centre,
									  vxq_centre_scale(codec, centre), VXQ_CENTRE_LEVEL);
	residual.norm = sqrt(vxk->norm2_f32(rotated, rows->padded_dims));
	vxq_lattice_encode(rows, rotated, &residual, levels, factors);
	pack_planes(levels, rows->padded_dims, codec->bits, row);
}

void
vxq_list_encode(const VxListCodec *codec, const uint8_t *centre, const void *input, void *scratch, uint8_t *row)
{
	VxFactors	factors;

	Assert(input != NULL && row != NULL);
	if (codec->kind == VX_LIST_PLANES)
		encode_planes(codec, centre, input, scratch, row, &factors);
	else
		vxq_encode(&codec->centres, input, scratch, row, &factors);
	if (codec->factors > 0)
		memcpy(row + codec->code_bytes, &factors.add, sizeof(float));
	if (codec->factors > 1)
	{
		memcpy(row + codec->code_bytes + 4, &factors.scale, sizeof(float));
		memcpy(row + codec->code_bytes + 8, &factors.error, sizeof(float));
	}
}

/*
 * In a strip, byte j of the codes of all rows lies together if the code is one of
 * planes, else the codes lie one after the other; either way the factors follow, an
 * array each.
 */
void
vxq_strip_put(const VxListCodec *codec, uint8_t *strip, int i, const uint8_t *row)
{
	uint8_t    *factors = strip + VXQ_STRIP_ROWS * codec->code_bytes;

	Assert(i >= 0 && i < VXQ_STRIP_ROWS);
	if (codec->kind == VX_LIST_PLANES)
	{
		for (size_t j = 0; j < codec->code_bytes; j++)
			strip[VXQ_STRIP_ROWS * j + i] = row[j];
	}
	else
		memcpy(strip + i * codec->code_bytes, row, codec->code_bytes);
	for (int f = 0; f < codec->factors; f++)
		memcpy(factors + (f * VXQ_STRIP_ROWS + i) * sizeof(float),
			   row + codec->code_bytes + f * sizeof(float), sizeof(float));
}

void
vxq_strip_take(const VxListCodec *codec, const uint8_t *strip, int i, uint8_t *row)
{
	const uint8_t *factors = strip + VXQ_STRIP_ROWS * codec->code_bytes;

	Assert(i >= 0 && i < VXQ_STRIP_ROWS);
	if (codec->kind == VX_LIST_PLANES)
	{
		for (size_t j = 0; j < codec->code_bytes; j++)
			row[j] = strip[VXQ_STRIP_ROWS * j + i];
	}
	else
		memcpy(row, strip + i * codec->code_bytes, codec->code_bytes);
	for (int f = 0; f < codec->factors; f++)
		memcpy(row + codec->code_bytes + f * sizeof(float),
			   factors + (f * VXQ_STRIP_ROWS + i) * sizeof(float), sizeof(float));
}
