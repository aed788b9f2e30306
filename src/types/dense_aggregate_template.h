/*-------------------------------------------------------------------------
 *
 * dense_aggregate_template.h
 *		avg() of a dense type.
 *
 * A part of dense_template.h, which explains the parameters; not to be
 * included by itself.  The state is described in dense.h.  sum() needs
 * nothing here: its transition function is the + operator.
 *
 *-------------------------------------------------------------------------
 */

/*
 * NAME_accum(float8[], NAME): sums in double, so that the mean of many floats
 * is as exact as a float can be.
 */
VX_FUNCTION(VX_DENSE_SQL(accum));
Datum
VX_DENSE_SQL(accum) (PG_FUNCTION_ARGS)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(0);
	VX_DENSE_TYPE *vector = VX_DENSE_ARG(1);
	ArrayType  *result;
	float8	   *numbers;
	float8	   *sums;
	int			dim;
	int			i;

	numbers = vxt_average_state(state, VX_DENSE_INFO.name, "accum", &dim);
	if (numbers[0] != 0.0)
		vxt_check_average_dim(dim, vector->dim);

	/*
	 * Add in place if the aggregate owns the state and the state has its
	 * sums; the first row makes room for them.
	 */
	if (numbers[0] != 0.0 && AggCheckCallContext(fcinfo, NULL))
	{
		result = state;
		sums = numbers;
	}
	else
	{
		result = vxt_new_average_state(vector->dim, &sums);
		if (numbers[0] != 0.0)
			memcpy(sums, numbers, sizeof(float8) * (dim + 1));
	}

	Assert(ARR_DIMS(result)[0] == vector->dim + 1);
	sums[0] += 1.0;
	for (i = 0; i < vector->dim; i++)
	{
		sums[i + 1] += VX_DENSE_TO_FLOAT(vector->x[i]);
		if (isinf(sums[i + 1]))
			float_overflow_error();
	}
	PG_FREE_IF_COPY(vector, 1);
	PG_RETURN_ARRAYTYPE_P(result);
}

/*
 * NAME_combine(float8[], float8[])
 */
VX_FUNCTION(VX_DENSE_SQL(combine));
Datum
VX_DENSE_SQL(combine) (PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(vxt_combine_averages(&VX_DENSE_INFO,
											   PG_GETARG_ARRAYTYPE_P(0),
											   PG_GETARG_ARRAYTYPE_P(1)));
}

/*
 * NAME_avg(float8[]): NULL when nothing was added.
 */
VX_FUNCTION(VX_DENSE_SQL(avg));
Datum
VX_DENSE_SQL(avg) (PG_FUNCTION_ARGS)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(0);
	VX_DENSE_TYPE *result;
	float8	   *numbers;
	int			dim;
	int			i;

	numbers = vxt_average_state(state, VX_DENSE_INFO.name, "avg", &dim);
	if (numbers[0] == 0.0)
		PG_RETURN_NULL();

	(void) vxt_check_dim(&VX_DENSE_INFO, dim, NULL);
	result = VX_DENSE_NEW(dim);
	Assert(result->dim == dim);
	for (i = 0; i < dim; i++)
	{
		float		mean = (float) (numbers[i + 1] / numbers[0]);

		VX_DENSE_CHECK(mean);
		result->x[i] = VX_DENSE_FROM_FLOAT(mean);
	}
	PG_RETURN_POINTER(result);
}
