/*-------------------------------------------------------------------------
 *
 * dense.c
 *		What all dense vector types share and needs no template.
 *
 * The texts and SQLSTATEs of errors are part of the SQL interface: programs
 * written for pgvector look at them.  Hints may be added, never details.
 *
 * Does not know any element's C type: see dense_template.h.  The design is
 * in README.md.
 *
 * Functions that take an ErrorSaveContext report through it, for input that may
 * fail softly; with NULL they raise, and their result need not be looked at.
 * Before PostgreSQL 16 every error is raised, whatever is passed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "compat.h"
#include "types/dense.h"
#include "types/numtext.h"

/*
 * Also called with a number known to be wrong, to raise the error of "[]" and of
 * too long a list: one place has the texts.  No hint on too many dimensions:
 * there is nothing a user can set.
 */
bool
vxt_check_dim(const VxDenseInfo *info, int dim, Node *escontext)
{
	if (dim < 1)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s must have at least 1 dimension", info->name)));
	if (dim > info->max_dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s cannot have more than %d dimensions",
						info->name, info->max_dim)));
	return true;
}

/*
 * A typmod of -1 takes any number of dimensions.  The comparison is exact: a
 * vector is never cut or padded to fit its column.
 */
bool
vxt_check_typmod(int32 typmod, int dim, Node *escontext)
{
	if (typmod != -1 && typmod != dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", typmod, dim),
				 errhint("Declare the column or cast with the number of dimensions that the embedding model gives, or check that the value comes from that model.")));
	return true;
}

/*
 * The rows of one average must agree.  The message is that of the typmod,
 * as in pgvector; the remedy is another.
 */
void
vxt_check_average_dim(int state_dim, int dim)
{
	if (state_dim != dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", state_dim, dim),
				 errhint("Average only vectors of one number of dimensions, for example with WHERE or GROUP BY vector_dims(...).")));
}

/*
 * NaN and infinity have no place in any distance, so they are never stored.  For
 * binary input and casts; text input tells them apart while it reads.
 */
void
vxt_check_finite(const VxDenseInfo *info, float value)
{
	if (isnan(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("NaN not allowed in %s", info->name)));
	if (isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("infinite value not allowed in %s", info->name)));
}

/* Called for each pair that is compared, hence one test and nothing else. */
void
vxt_check_same_dim(const VxDenseInfo *info, int dim_a, int dim_b)
{
	if (dim_a != dim_b)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different %s dimensions %d and %d",
						info->name, dim_a, dim_b),
				 errhint("Both values must come from the same embedding model, or be cut to one length with subvector().")));
}

/*
 * For a stored datum whose length and number of dimensions disagree.  Reading on
 * would run past its end, so this is an error and no assertion: the disk, and not
 * the program, is at fault.
 */
void
vxt_corrupted(const VxDenseInfo *info)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("stored %s value is damaged", info->name),
			 errdetail("Its length does not match its number of dimensions."),
			 errhint("Restore the row from a backup, or delete it.")));
}

/*
 * Report a text that vxt_parse_list() refused.  No default, so that a compiler
 * names the status that is forgotten.  Returns if the error is a soft one.
 */
static void
report_text(const VxDenseInfo *info, const char *text, VxListStatus status,
			const VxListResult *result, Node *escontext)
{
	Assert(text != NULL && result != NULL);
	switch (status)
	{
		case VX_LIST_EMPTY:
			(void) vxt_check_dim(info, 0, escontext);
			break;
		case VX_LIST_TOO_MANY:
			(void) vxt_check_dim(info, info->max_dim + 1, escontext);
			break;
		case VX_LIST_OUT_OF_RANGE:
			Assert(result->token != NULL && result->token_length > 0);
			errsave(escontext,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("\"%s\" is out of range for type %s",
							pnstrdup(result->token, result->token_length),
							info->name)));
			break;
		case VX_LIST_NAN:
			errsave(escontext,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("NaN not allowed in %s", info->name)));
			break;
		case VX_LIST_INFINITE:
			errsave(escontext,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("infinite value not allowed in %s", info->name)));
			break;
		case VX_LIST_NO_OPENING:
		case VX_LIST_SYNTAX:
		case VX_LIST_JUNK:
			errsave(escontext,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							info->name, text),
					 status == VX_LIST_NO_OPENING ?
					 errdetail("Vector contents must start with \"[\".") : 0,
					 status == VX_LIST_JUNK ?
					 errdetail("Junk after closing right brace.") : 0,
					 errhint("Write numbers, separated by commas, in brackets, such as \"[1,2,3]\".")));
			break;
		case VX_LIST_OK:
			Assert(false);		/* nothing to report */
			break;
	}
}

/*
 * values has room for info->max_dim floats, so that the text is read once and need
 * not be counted first.  0 stands for a soft error, for no vector is that short.
 */
int
vxt_floats_from_text(const VxDenseInfo *info, const char *text,
					 float *values, Node *escontext)
{
	VxListLimits limits;
	VxListResult result;
	VxListStatus status;

	Assert(info->max_dim <= VX_DENSE_MAX_DIM && info->range > 0);
	limits.max_count = info->max_dim;
	limits.range = info->range;
	status = vxt_parse_list(text, strlen(text), &limits, values, &result);
	if (status == VX_LIST_OK)
	{
		Assert(result.count >= 1 && result.count <= info->max_dim);
		return result.count;
	}
	report_text(info, text, status, &result, escontext);
	return 0;
}

/*
 * One element of any of the array types that cast to a vector; rounds to float32
 * as the server's casts do.  The result may be infinite: vxt_check_finite() is the
 * caller's business.
 */
static float
float_from_element(const char *element, Oid type)
{
	Assert(element != NULL);
	switch (type)
	{
		case INT4OID:
			return (float) *(const int32 *) element;
		case FLOAT8OID:
			return (float) *(const float8 *) element;
		default:
			Assert(type == NUMERICOID);

			/* raises where the number has no float4, unlike the float8 cast */
			return DatumGetFloat4(DirectFunctionCall1(numeric_float4,
													  PointerGetDatum(element)));
	}
}

/*
 * Refuse arrays of another shape; returns the number of elements.  An array without
 * dimensions is empty, and left to vxt_check_dim().  The bitmap of nulls may be
 * there with no null in it, hence the second look.
 */
static int
check_array(ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array must be 1-D")));
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/*
 * The dimensions are checked before anything is allocated or converted, so that a
 * huge array is refused at once.  The result may point into the array.
 */
const float *
vxt_floats_from_array(const VxDenseInfo *info, ArrayType *array,
					  int32 typmod, int *dim)
{
	Oid			type = ARR_ELEMTYPE(array);
	char	   *element = ARR_DATA_PTR(array);
	float	   *values;
	int			i;

	*dim = check_array(array);
	Assert(*dim >= 0);
	(void) vxt_check_dim(info, *dim, NULL);
	(void) vxt_check_typmod(typmod, *dim, NULL);

	/* no copy: an array's data is aligned for its elements */
	if (type == FLOAT4OID)
		return (const float *) element;
	if (type != INT4OID && type != FLOAT8OID && type != NUMERICOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("unsupported array type")));

	values = palloc_array(float, *dim);
	for (i = 0; i < *dim; i++)
	{
		values[i] = float_from_element(element, type);
		if (type == INT4OID)
			element += sizeof(int32);
		else if (type == FLOAT8OID)
			element += sizeof(float8);
		else
			element = (char *) INTALIGN((uintptr_t) (element + VARSIZE_ANY(element)));
	}
	/* trailing padding may be counted into the size or not, elements never pass it */
	Assert(element <= (char *) array + VARSIZE(array));
	return values;
}

/*
 * A one-dimensional array without nulls, its elements zero, padding too.  The
 * server's construct_array() would want a Datum for each element first.
 */
static ArrayType *
new_array(Oid type, int count, Size width)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + width * (Size) count;
	ArrayType  *array = palloc0(size);

	Assert(count > 0);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = type;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

/* Values are written in place by the caller, through *values. */
ArrayType *
vxt_new_float4_array(int dim, float **values)
{
	ArrayType  *array = new_array(FLOAT4OID, dim, sizeof(float));

	*values = (float *) ARR_DATA_PTR(array);
	return array;
}

/*
 * These are the only errors about dimensions that are parameters rather than
 * data, hence their SQLSTATE.
 */
int32
vxt_typmod_in(const VxDenseInfo *info, ArrayType *modifiers)
{
	int			count;
	int32	   *values = ArrayGetIntegerTypmods(modifiers, &count);

	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid type modifier"),
				 errhint("Give the number of dimensions alone, as in %s(384).",
						 info->name)));
	if (*values < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type %s must be at least 1",
						info->name)));
	if (*values > info->max_dim)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type %s cannot exceed %d",
						info->name, info->max_dim)));
	return *values;
}

/*
 * The count and the sums of dim elements, in place: numbers[0] is the count.  An
 * array of float8 serves as the state, because the server can copy, store and send
 * it to other workers without functions of ours.
 */
float8 *
vxt_average_state(ArrayType *state, const char *type, const char *caller,
				  int *dim)
{
	/* only a direct call can bring another array than the aggregate made */
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] < 1 ||
		ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		elog(ERROR, "%s_%s: expected state array", type, caller);
	*dim = ARR_DIMS(state)[0] - 1;
	Assert(VARSIZE(state) >= ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * (*dim + 1));
	return (float8 *) ARR_DATA_PTR(state);
}

/* All zeros, the count as well: the state before the first row. */
ArrayType *
vxt_new_average_state(int dim, float8 **numbers)
{
	ArrayType  *state = new_array(FLOAT8OID, dim + 1, sizeof(float8));

	*numbers = (float8 *) ARR_DATA_PTR(state);
	return state;
}

/*
 * Either argument may be the result, because the aggregate does not change
 * the state of a worker after it has been combined.  Sums are double, so the
 * order in which workers are combined shows in last bits at most.
 */
ArrayType *
vxt_combine_averages(const VxDenseInfo *info, ArrayType *a, ArrayType *b)
{
	int			dim_a;
	int			dim_b;
	float8	   *numbers_a = vxt_average_state(a, "vector", "combine", &dim_a);
	float8	   *numbers_b = vxt_average_state(b, "vector", "combine", &dim_b);
	ArrayType  *result;
	float8	   *sums;
	int			i;

	/* a worker that met no row has an empty state, and so may have both */
	if (numbers_a[0] == 0.0)
		return b;
	if (numbers_b[0] == 0.0)
		return a;

	(void) vxt_check_dim(info, dim_a, NULL);
	vxt_check_average_dim(dim_a, dim_b);
	result = vxt_new_average_state(dim_a, &sums);
	Assert(dim_a == dim_b);
	Assert(ARR_DIMS(result)[0] == ARR_DIMS(a)[0]);
	for (i = 0; i <= dim_a; i++)
	{
		sums[i] = numbers_a[i] + numbers_b[i];
		if (isinf(sums[i]))
			float_overflow_error();
	}
	return result;
}
