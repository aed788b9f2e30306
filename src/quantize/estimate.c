/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  Keys and error bounds of many codes against one prepared query.
 *
 * One kernel call sums a chunk of rows, one loop turns the sums into
 * estimates.  See src/quantize/README.md.
 *
 * This is the inner loop of every search: no allocation, no branch on a row, and
 * all that depends on the query alone was done in query.c.
 *
 *-------------------------------------------------------------------------
 */
#include "quantize/codec_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/*
 * Rows a kernel call; their sums and gathered factors live on the stack, about a
 * kilobyte.  A page holds tens of rows, so most calls are one chunk.
 */
#define CHUNK 64

/* The part of a call that one kernel call covers */
typedef struct VxChunk
{
	const VxCodeArray *array;
	const uint32_t *ids;		/* of the rows of this chunk, or NULL */
	size_t		first;			/* row to start at when ids is NULL */
	size_t		count;
} VxChunk;

static size_t
chunk_row(const VxChunk *chunk, size_t i)
{
	return chunk->ids != NULL ? chunk->ids[i] : chunk->first + i;
}

/*
 * out[i] = sum of products of row i with the plane, or of differences for
 * SCALAR.  Exact integers on every instruction set.
 */
static void
sum_rows(const VxCodeQuery *query, const VxChunk *chunk, int32_t *out)
{
	const VxCodec *codec = query->codec;
	VxCodeRows	rows;

	Assert(codec->kind != VX_CODE_RAW);
	Assert(chunk->count > 0 && chunk->count <= CHUNK);

	rows.codes = chunk->array->codes + chunk->first * chunk->array->stride;
	rows.stride = chunk->array->stride;
	rows.ids = chunk->ids;
	rows.count = chunk->count;
	rows.bytes = codec->code_bytes;
	rows.cold = true;			/* a page is scored once a search */
	Assert(chunk->ids == NULL || chunk->first == 0);
	if (codec->kind == VX_CODE_SCALAR)
		vxk->l1_u8(&rows, query->plane, out);
	else if (codec->kind == VX_CODE_BITS && codec->metric == VX_METRIC_HAMMING)
		vxk->hamming_u1(&rows, query->plane, out);
	else if (codec->kind == VX_CODE_BITS)
		vxk->and_u1(&rows, query->plane, out);
	else if (codec->stored_bits == 4)
		vxk->dot_u4_i8(&rows, (const int8_t *) query->plane, out);
	else if (codec->stored_bits == 2)
		vxk->dot_u2_i8(&rows, (const int8_t *) query->plane, out);
	else
		vxk->dot_u8_i8(&rows, (const int8_t *) query->plane, out);
}

/*
 * The chunk's part of a factor array: in place for rows in order, gathered
 * into buffer for rows by id.  `buffer` has room for CHUNK floats.
 */
static const float *
chunk_factors(const VxChunk *chunk, const float *factors, float *buffer)
{
	size_t		i;

	Assert(factors != NULL && chunk->count <= CHUNK);
	if (chunk->ids == NULL)
		return factors + chunk->first;
	for (i = 0; i < chunk->count; i++)
		buffer[i] = factors[chunk->ids[i]];
	return buffer;
}

/*
 * Fewer rows than a vector has lanes: by way of full buffers.  Lanes beyond the
 * count are computed from zeros and thrown away; fuse() makes numbers of any
 * input, so they cannot trap or slow anything down.
 */
static void
fuse_few(const VxCodeQuery *query, const int32_t *sums, const float *const factors[3],
		 size_t count, float *results[2])
{
	float		copies[3][VXQ_MOST_LANES] = {{0}};
	float		buffers[2][VXQ_MOST_LANES];
	const float *copied[3] = {copies[0], copies[1], factors[2] != NULL ? copies[2] : NULL};
	float	   *buffered[2] = {buffers[0], results[1] != NULL ? buffers[1] : NULL};
	size_t		i;

	Assert(count < VXQ_MOST_LANES);
	for (i = 0; i < count; i++)
	{
		copies[0][i] = factors[0][i];
		copies[1][i] = factors[1][i];
		copies[2][i] = factors[2] != NULL ? factors[2][i] : 0.0f;
	}
	query->codec->operations->fuse(&query->fusion, sums, copied, VXQ_MOST_LANES, buffered);
	for (i = 0; i < count; i++)
	{
		results[0][i] = buffers[0][i];
		if (results[1] != NULL)
			results[1][i] = buffers[1][i];
	}
}

/*
 * Error factors are read only if something depends on them: errors themselves, or
 * the correction for two codes (README.md, section 6).  A search that ranks alone
 * leaves a third of the factors unread.
 */
static void
estimate_lattice(const VxCodeQuery *query, const VxChunk *chunk,
				 float *results[2])
{
	int32_t		sums[CHUNK];
	float		buffers[3][CHUNK];
	const float *factors[3];

	Assert(chunk->count <= CHUNK);
	Assert(query->fusion.own_loss == 0.0f || chunk->array->error != NULL);
	sum_rows(query, chunk, sums);
	factors[0] = chunk_factors(chunk, chunk->array->add, buffers[0]);
	factors[1] = chunk_factors(chunk, chunk->array->scale, buffers[1]);
	factors[2] = results[1] == NULL && query->fusion.own_loss == 0.0f ? NULL :
		chunk_factors(chunk, chunk->array->error, buffers[2]);
	if (chunk->count >= query->codec->operations->lanes)
		query->codec->operations->fuse(&query->fusion, sums, factors, chunk->count, results);
	else
	{
		/* fuse_few() reads whole vectors of sums, which must be defined */
		memset(sums + chunk->count, 0, (VXQ_MOST_LANES - chunk->count) * sizeof(int32_t));
		fuse_few(query, sums, factors, chunk->count, results);
	}
}

/*
 * What lies outside the grid of both vectors, x and q, is between |x - q| and
 * x + q apart, depending on the side; the estimate is the middle, max(x, q), and
 * min(x, q) its error.  Rounding adds half a cell for each dimension and vector,
 * independent by the dither: step * sqrt(D) / 2 is its deviation at most.
 */
static void
estimate_scalar(const VxCodeQuery *query, const VxChunk *chunk,
				float *results[2])
{
	float	   *estimate = results[0];
	float	   *error = results[1];
	const VxCodec *codec = query->codec;
	float		rounding = (float) VXQ_SIGMAS * 0.5f * codec->step * sqrtf((float) codec->dims);
	int32_t		sums[CHUNK];
	float		buffer[CHUNK];
	const float *excess;
	size_t		i;

	Assert(query->excess >= 0.0f);
	sum_rows(query, chunk, sums);
	excess = chunk_factors(chunk, chunk->array->add, buffer);
	for (i = 0; i < chunk->count; i++)
		estimate[i] = codec->step * sums[i] +
			(excess[i] > query->excess ? excess[i] : query->excess);
	if (error != NULL)
		for (i = 0; i < chunk->count; i++)
			error[i] = rounding + 1e-6f * estimate[i] +
				(excess[i] < query->excess ? excess[i] : query->excess);
}

/* Only Jaccard keys need the numbers of bits set, which are factors. */
static void
estimate_bits(const VxCodeQuery *query, const VxChunk *chunk, float *results[2])
{
	int32_t		counts[CHUNK];
	float		buffer[CHUNK];

	sum_rows(query, chunk, counts);
	vxq_bits_estimate(query, counts, chunk_factors(chunk, chunk->array->add, buffer),
					  chunk->count, results);
}

/*
 * Keys of short vectors.  They are copied out first, because a page puts them
 * at any byte and the kernels' speed on 16 floats does not matter.  A cosine has
 * more digits than an estimate can hold; what that cuts off is the error.
 */
static void
estimate_raw(const VxCodeQuery *query, const VxChunk *chunk,
			 float *results[2])
{
	float	   *estimate = results[0];
	float	   *error = results[1];
	const VxCodec *codec = query->codec;
	VxMetric	metric = codec->metric;
	float		q[VXQ_RAW_BYTES / sizeof(float)];
	float		x[VXQ_RAW_BYTES / sizeof(float)];
	size_t		i;

	Assert(codec->code_bytes <= sizeof(x));
	if (metric == VX_METRIC_IP && query->purpose == VX_QUERY_LINK &&
		codec->ip_link == VX_IP_LINK_L2)
		metric = VX_METRIC_L2;
	memcpy(q, query->plane, codec->code_bytes);
	for (i = 0; i < chunk->count; i++)
	{
		memcpy(x, chunk->array->codes + chunk_row(chunk, i) * chunk->array->stride,
			   codec->code_bytes);
		estimate[i] = vxq_exact(metric, q, x, codec->dims);
		/* a zero vector has no cosine: as far as a right angle, since NaN cannot be sorted */
		if (isnan(estimate[i]))
			estimate[i] = 1.0f;
		if (error != NULL)
			error[i] = metric == VX_METRIC_COSINE ? FLT_EPSILON : 0.0f;
	}
}

/* Chunk by chunk; rows are independent, so the split changes no result. */
void
vxq_estimate(const VxCodeQuery *query, const VxCodeArray *array,
			 const uint32_t *ids, size_t count, float *estimate, float *error)
{
	size_t		done;

	Assert(query->codec != NULL);
	Assert(count <= 1 || ids != NULL || array->stride >= query->codec->code_bytes);
	for (done = 0; done < count; done += CHUNK)
	{
		VxChunk		chunk;
		float	   *results[2] = {estimate + done, error != NULL ? error + done : NULL};

		chunk.array = array;
		chunk.ids = ids != NULL ? ids + done : NULL;
		chunk.first = ids != NULL ? 0 : done;
		chunk.count = count - done < CHUNK ? count - done : CHUNK;
		if (query->codec->kind == VX_CODE_LATTICE)
			estimate_lattice(query, &chunk, results);
		else if (query->codec->kind == VX_CODE_SCALAR)
			estimate_scalar(query, &chunk, results);
		else if (query->codec->kind == VX_CODE_BITS)
			estimate_bits(query, &chunk, results);
		else if (query->codec->kind == VX_CODE_SPARSE)
			vxq_sparse_estimate(query, array, chunk.ids, chunk.first, chunk.count, results);
		else
			estimate_raw(query, &chunk, results);
	}
}
