/*-------------------------------------------------------------------------
 *
 * sparsevec_io.c
 *		Text and binary I/O, type modifier and construction of sparsevec.
 *
 * Text is {index:value,...}/dimensions with indices from 1, in any order; the
 * wire and the stored form count from 0 and are ascending.  Zero values are
 * left out on the way in, whatever their index.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/nodes.h"
#include "utils/array.h"

#include "compat.h"
#include "types/numtext.h"
#include "types/sparsevec.h"

const VxDenseInfo vxt_sparsevec_info = {
	.name = "sparsevec",
	.max_dim = VX_SPARSEVEC_MAX_DIM,
	.range = INFINITY
};

/* One element on its way in; the index may still be out of bounds. */
typedef struct VxSparseElement
{
	int32		index;			/* from 1 */
	float		value;
} VxSparseElement;

/* A text being read. */
typedef struct VxSparseReader
{
	const char *text;
	const char *at;
	const char *end;
	Node	   *escontext;
	VxSparseElement *elements;
	int			count;
	int32		dim;
} VxSparseReader;

VxSparsevec *
vxt_new_sparsevec(int dim, int nnz)
{
	Size		size = VX_SPARSEVEC_SIZE((Size) nnz);
	VxSparsevec *vector = palloc0(size);

	Assert(dim >= 1 && dim <= VX_SPARSEVEC_MAX_DIM);
	Assert(nnz >= 0 && nnz <= VX_SPARSEVEC_MAX_NNZ);
	SET_VARSIZE(vector, size);
	vector->dim = dim;
	vector->nnz = nnz;
	return vector;
}

static bool
vxt_sparse_syntax_error(VxSparseReader *reader, const char *detail)
{
	ereturn(reader->escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type sparsevec: \"%s\"", reader->text),
			 detail != NULL ? errdetail("%s", detail) : 0,
			 errhint("Write pairs of index and value in braces, and the dimensions, such as \"{1:0.5,7:2}/10\".")));
}

static void
vxt_sparse_skip_space(VxSparseReader *reader)
{
	while (*reader->at == ' ' || (*reader->at >= '\t' && *reader->at <= '\r'))
		reader->at++;
	Assert(reader->at <= reader->end);
}

/*
 * A decimal integer, clamped to the range of int32 so that one too large fails
 * the check of its bounds; false if there is none.
 */
static bool
vxt_sparse_read_integer(VxSparseReader *reader, int32 *result)
{
	char	   *after;
	long		number = strtol(reader->at, &after, 10);

	if (after == reader->at)
		return false;
	*result = (int32) Min(Max(number, PG_INT32_MIN), PG_INT32_MAX);
	reader->at = after;
	return true;
}

/* Whether a number has a digit other than zero before its exponent. */
static bool
vxt_sparse_is_not_zero(const char *from, const char *to)
{
	bool		hexadecimal = memchr(from, 'x', to - from) != NULL ||
		memchr(from, 'X', to - from) != NULL;

	for (const char *p = from; p < to; p++)
	{
		if (*p == (hexadecimal ? 'p' : 'e') || *p == (hexadecimal ? 'P' : 'E'))
			break;
		if (*p != '0' && isxdigit((unsigned char) *p))
			return true;
	}
	return false;
}

/*
 * One value.  Unlike those of dense types it may not vanish: an element that
 * is written out and left out silently would be a surprise.
 */
static bool
vxt_sparse_read_value(VxSparseReader *reader, float *value)
{
	const char *start = reader->at;
	bool		overflow;
	const char *after = vxt_parse_float(start, reader->end, value, &overflow);

	if (after == NULL)
		return vxt_sparse_syntax_error(reader, NULL);
	if (isnan(*value))
		ereturn(reader->escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("NaN not allowed in sparsevec")));
	if (overflow || (*value == 0 && vxt_sparse_is_not_zero(start, after)))
		ereturn(reader->escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("\"%s\" is out of range for type sparsevec",
						pnstrdup(start, after - start))));
	if (isinf(*value))
		ereturn(reader->escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("infinite value not allowed in sparsevec")));
	reader->at = after;
	return true;
}

/* The pairs between the braces; "{" has been read. */
static bool
vxt_sparse_read_elements(VxSparseReader *reader)
{
	vxt_sparse_skip_space(reader);
	if (*reader->at == '}')
	{
		reader->at++;
		return true;
	}
	for (;;)
	{
		VxSparseElement element;

		CHECK_FOR_INTERRUPTS();
		vxt_sparse_skip_space(reader);
		if (!vxt_sparse_read_integer(reader, &element.index))
			return vxt_sparse_syntax_error(reader, NULL);
		vxt_sparse_skip_space(reader);
		if (*reader->at++ != ':')
			return vxt_sparse_syntax_error(reader, NULL);
		vxt_sparse_skip_space(reader);
		if (!vxt_sparse_read_value(reader, &element.value))
			return false;
		if (element.value != 0)
			reader->elements[reader->count++] = element;
		vxt_sparse_skip_space(reader);
		if (*reader->at == '}')
			break;
		if (*reader->at++ != ',')
			return vxt_sparse_syntax_error(reader, NULL);
	}
	reader->at++;
	return true;
}

/* All of the text; the elements are not checked against the dimensions. */
static bool
vxt_sparse_read(VxSparseReader *reader)
{
	int			room = 1;

	for (const char *p = reader->text; *p != '\0'; p++)
		room += *p == ',';
	if (room > VX_SPARSEVEC_MAX_NNZ)
		ereturn(reader->escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements",
						VX_SPARSEVEC_MAX_NNZ)));
	reader->elements = palloc_array(VxSparseElement, room);

	vxt_sparse_skip_space(reader);
	if (*reader->at != '{')
		return vxt_sparse_syntax_error(reader, "Vector contents must start with \"{\".");
	reader->at++;
	if (!vxt_sparse_read_elements(reader))
		return false;
	Assert(reader->count <= room);
	vxt_sparse_skip_space(reader);
	if (*reader->at != '/')
		return vxt_sparse_syntax_error(reader, "Unexpected end of input.");
	reader->at++;
	vxt_sparse_skip_space(reader);
	if (!vxt_sparse_read_integer(reader, &reader->dim))
		return vxt_sparse_syntax_error(reader, NULL);
	vxt_sparse_skip_space(reader);
	if (*reader->at != '\0')
		return vxt_sparse_syntax_error(reader, "Junk after closing.");
	return true;
}

static int
vxt_compare_elements(const void *a, const void *b)
{
	int32		x = ((const VxSparseElement *) a)->index;
	int32		y = ((const VxSparseElement *) b)->index;

	return (x > y) - (x < y);
}

/*
 * Whether index `at` (from 0) may follow `before`, -1 for none.  Errors go
 * to escontext.
 */
static bool
vxt_sparse_check_index(int64 at, int64 before, int32 dim, Node *escontext)
{
	if (at < 0 || at >= dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec index out of bounds"),
				 errhint("Indices are from 1 to the number of dimensions.")));
	if (at == before)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec indices must not contain duplicates")));
	if (at < before)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec indices must be in ascending order")));
	return true;
}

/* Numbers of dimensions and elements, as text, wire and casts bring them. */
static bool
vxt_sparse_check_counts(int64 nnz, int32 dim, int32 typmod, Node *escontext)
{
	if (!vxt_check_dim(&vxt_sparsevec_info, dim, escontext) ||
		!vxt_check_typmod(typmod, dim, escontext))
		return false;
	if (nnz < 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec cannot have negative number of elements")));
	if (nnz > VX_SPARSEVEC_MAX_NNZ)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements",
						VX_SPARSEVEC_MAX_NNZ)));
	if (nnz > dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more elements than dimensions")));
	return true;
}

VX_FUNCTION(vx_sparsevec_in);

/*
 * sparsevec_in(cstring, oid, int4): errors are soft where the caller says so.
 */
Datum
vx_sparsevec_in(PG_FUNCTION_ARGS)
{
	VxSparseReader reader = {0};
	VxSparsevec *result;
	int64		before = -1;

	reader.text = reader.at = PG_GETARG_CSTRING(0);
	reader.end = reader.text + strlen(reader.text);
	reader.escontext = vx_escontext(fcinfo);
	if (!vxt_sparse_read(&reader) ||
		!vxt_sparse_check_counts(reader.count, reader.dim, PG_GETARG_INT32(2),
								 reader.escontext))
		PG_RETURN_NULL();

	qsort(reader.elements, reader.count, sizeof(VxSparseElement), vxt_compare_elements);
	result = vxt_new_sparsevec(reader.dim, reader.count);
	for (int i = 0; i < reader.count; i++)
	{
		int64		at = (int64) reader.elements[i].index - 1;

		if (!vxt_sparse_check_index(at, before, reader.dim, reader.escontext))
			PG_RETURN_NULL();
		before = at;
		result->index[i] = (int32) at;
		vxt_sparsevec_values(result)[i] = reader.elements[i].value;
	}
	pfree(reader.elements);
	PG_RETURN_POINTER(result);
}

VX_FUNCTION(vx_sparsevec_out);

/*
 * sparsevec_out(sparsevec): the shortest decimals that read back as the same
 * floats.
 */
Datum
vx_sparsevec_out(PG_FUNCTION_ARGS)
{
	VxSparsevec *vector = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	const float *values = vxt_sparsevec_values(vector);
	StringInfoData text;
	char		number[FLOAT_SHORTEST_DECIMAL_LEN];

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int i = 0; i < vector->nnz; i++)
	{
		float_to_shortest_decimal_buf(values[i], number);
		appendStringInfo(&text, "%s%d:%s", i > 0 ? "," : "",
						 vector->index[i] + 1, number);
	}
	appendStringInfo(&text, "}/%d", vector->dim);
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(text.data);
}

VX_FUNCTION(vx_sparsevec_typmod_in);

/*
 * sparsevec_typmod_in(cstring[])
 */
Datum
vx_sparsevec_typmod_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(vxt_typmod_in(&vxt_sparsevec_info, PG_GETARG_ARRAYTYPE_P(0)));
}

VX_FUNCTION(vx_sparsevec_recv);

/*
 * sparsevec_recv(internal, oid, int4): dim, nnz, unused, indices and values,
 * big-endian.
 */
Datum
vx_sparsevec_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int32		dim = (int32) pq_getmsgint(message, sizeof(int32));
	int32		nnz = (int32) pq_getmsgint(message, sizeof(int32));
	int32		unused = (int32) pq_getmsgint(message, sizeof(int32));
	VxSparsevec *result;
	int64		before = -1;

	(void) vxt_sparse_check_counts(nnz, dim, PG_GETARG_INT32(2), NULL);
	if (unused != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected unused to be 0, not %d", unused)));

	result = vxt_new_sparsevec(dim, nnz);
	for (int i = 0; i < nnz; i++)
	{
		result->index[i] = (int32) pq_getmsgint(message, sizeof(int32));
		(void) vxt_sparse_check_index(result->index[i], before, dim, NULL);
		before = result->index[i];
	}
	for (int i = 0; i < nnz; i++)
	{
		float		value = pq_getmsgfloat4(message);

		vxt_check_finite(&vxt_sparsevec_info, value);
		if (value == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("binary representation of sparsevec cannot contain zero values")));
		vxt_sparsevec_values(result)[i] = value;
	}
	PG_RETURN_POINTER(result);
}

VX_FUNCTION(vx_sparsevec_send);

/*
 * sparsevec_send(sparsevec): what recv takes.
 */
Datum
vx_sparsevec_send(PG_FUNCTION_ARGS)
{
	VxSparsevec *vector = DatumGetVxSparsevec(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, vector->dim);
	pq_sendint32(&message, vector->nnz);
	pq_sendint32(&message, vector->unused);
	for (int i = 0; i < vector->nnz; i++)
		pq_sendint32(&message, vector->index[i]);
	for (int i = 0; i < vector->nnz; i++)
		pq_sendfloat4(&message, vxt_sparsevec_values(vector)[i]);
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
