/*-------------------------------------------------------------------------
 *
 * dense_io_template.h
 *		Text and binary I/O, type modifier and casts of a dense type.
 *
 * A part of dense_template.h, which explains the parameters; not to be
 * included by itself.  Does not parse or print numbers: numtext.c and the
 * server's shortest_dec.h do.  The formats are in README.md.
 *
 *-------------------------------------------------------------------------
 */

/*
 * Round floats into a new datum; each must have passed VX_DENSE_CHECK or the
 * limits of text input.
 */
static VX_DENSE_TYPE *
VX_DENSE_LOCAL(from_floats) (const float *values, int dim)
{
	VX_DENSE_TYPE *result = VX_DENSE_NEW(dim);
	int			i;

	Assert(dim >= 1 && dim <= VX_DENSE_INFO.max_dim);
	for (i = 0; i < dim; i++)
	{
		result->x[i] = VX_DENSE_FROM_FLOAT(values[i]);
		Assert(isfinite(VX_DENSE_TO_FLOAT(result->x[i])));
	}
	return result;
}

/*
 * NAME_in(cstring, oid, int4): errors are soft where the caller says so.
 */
VX_FUNCTION(VX_DENSE_SQL(in));
Datum
VX_DENSE_SQL(in) (PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	Node	   *escontext = vx_escontext(fcinfo);
	float		values[VX_DENSE_MAX_DIM];
	int			dim;

	StaticAssertStmt(lengthof(values) >= VX_DENSE_MAX_DIM,
					 "the buffer must hold the longest list");
	Assert(VX_DENSE_INFO.max_dim <= VX_DENSE_MAX_DIM);
	dim = vxt_floats_from_text(&VX_DENSE_INFO, text, values, escontext);
	if (dim == 0 || !vxt_check_typmod(typmod, dim, escontext))
		PG_RETURN_NULL();

	/* one copy of the numbers, so that the datum is no larger than needed */
	PG_RETURN_POINTER(VX_DENSE_LOCAL(from_floats) (values, dim));
}

/*
 * NAME_out(NAME): the shortest decimals that read back as the same float.
 */
VX_FUNCTION(VX_DENSE_SQL(out));
Datum
VX_DENSE_SQL(out) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);
	int			dim = vector->dim;
	char	   *text;
	char	   *p;
	int			i;

	/* a separator takes the place of each number's terminator */
	text = palloc(FLOAT_SHORTEST_DECIMAL_LEN * (Size) dim + 2);
	p = text;
	for (i = 0; i < dim; i++)
	{
		*p++ = i == 0 ? '[' : ',';
		p += float_to_shortest_decimal_bufn(VX_DENSE_TO_FLOAT(vector->x[i]), p);
	}
	*p++ = ']';
	*p++ = '\0';
	Assert(dim >= 1);
	Assert((Size) (p - text) <= FLOAT_SHORTEST_DECIMAL_LEN * (Size) dim + 2);

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(text);
}

/*
 * NAME_typmod_in(cstring[])
 */
VX_FUNCTION(VX_DENSE_SQL(typmod_in));
Datum
VX_DENSE_SQL(typmod_in) (PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(vxt_typmod_in(&VX_DENSE_INFO, PG_GETARG_ARRAYTYPE_P(0)));
}

/*
 * NAME_recv(internal, oid, int4): dim, unused and elements, big-endian.
 */
VX_FUNCTION(VX_DENSE_SQL(recv));
Datum
VX_DENSE_SQL(recv) (PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	int16		dim = (int16) pq_getmsgint(message, sizeof(int16));
	int16		unused = (int16) pq_getmsgint(message, sizeof(int16));
	VX_DENSE_TYPE *result;
	const char *bytes;
	int			i;

	(void) vxt_check_dim(&VX_DENSE_INFO, dim, NULL);
	(void) vxt_check_typmod(typmod, dim, NULL);
	if (unused != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected unused to be 0, not %d", unused)));

	bytes = pq_getmsgbytes(message, (int) sizeof(VX_DENSE_ELEMENT) * dim);
	result = VX_DENSE_NEW(dim);
	for (i = 0; i < dim; i++)
	{
		VX_DENSE_BITS bits;

		memcpy(&bits, bytes + sizeof(bits) * i, sizeof(bits));
		bits = VX_DENSE_SWAP(bits);
		memcpy(&result->x[i], &bits, sizeof(bits));
		vxt_check_finite(&VX_DENSE_INFO, VX_DENSE_TO_FLOAT(result->x[i]));
	}
	PG_RETURN_POINTER(result);
}

/*
 * NAME_send(NAME): what recv takes.
 */
VX_FUNCTION(VX_DENSE_SQL(send));
Datum
VX_DENSE_SQL(send) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);
	StringInfoData message;
	int			i;

	StaticAssertStmt(sizeof(VX_DENSE_BITS) == sizeof(VX_DENSE_ELEMENT),
					 "bits and element must have one width");
	pq_begintypsend(&message);
	pq_sendint16(&message, vector->dim);
	pq_sendint16(&message, vector->unused);
	enlargeStringInfo(&message, (int) sizeof(VX_DENSE_BITS) * vector->dim);
	for (i = 0; i < vector->dim; i++)
	{
		VX_DENSE_BITS bits;

		memcpy(&bits, &vector->x[i], sizeof(bits));
		bits = VX_DENSE_SWAP(bits);
		memcpy(message.data + message.len, &bits, sizeof(bits));
		message.len += sizeof(bits);
	}
	Assert(message.len < message.maxlen);
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * NAME(NAME, int4, bool): the length coercion, which never changes a value.
 */
VX_FUNCTION(VX_DENSE_SQL(coerce));
Datum
VX_DENSE_SQL(coerce) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);

	(void) vxt_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);
	PG_RETURN_POINTER(vector);
}

/*
 * array_to_NAME(int4[] | float4[] | float8[] | numeric[], int4, bool)
 */
VX_FUNCTION(VX_DENSE_SQL(from_array));
Datum
VX_DENSE_SQL(from_array) (PG_FUNCTION_ARGS)
{
	const float *values;
	int			dim;
	int			i;

	values = vxt_floats_from_array(&VX_DENSE_INFO, PG_GETARG_ARRAYTYPE_P(0),
								   PG_GETARG_INT32(1), &dim);
	for (i = 0; i < dim; i++)
		VX_DENSE_CHECK(values[i]);
	PG_RETURN_POINTER(VX_DENSE_LOCAL(from_floats) (values, dim));
}

/*
 * NAME_to_float4(NAME, int4, bool)
 */
VX_FUNCTION(VX_DENSE_SQL(to_float4));
Datum
VX_DENSE_SQL(to_float4) (PG_FUNCTION_ARGS)
{
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(0);
	ArrayType  *result;
	float	   *values;
	int			i;

	result = vxt_new_float4_array(vector->dim, &values);
	Assert(ARR_DIMS(result)[0] == vector->dim);
	for (i = 0; i < vector->dim; i++)
		values[i] = VX_DENSE_TO_FLOAT(vector->x[i]);
	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_ARRAYTYPE_P(result);
}
