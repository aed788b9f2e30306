/*-------------------------------------------------------------------------
 *
 * element.c
 *	  The types and operator classes that indexes support.
 *
 * Two tables: one row a type, one row an operator class.  An index finds its
 * row by the support functions of its operator class, so neither the names
 * nor the schema of SQL objects matter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "compat.h"
#include "kernels/kernels.h"
#include "types/element.h"
#include "types/vector.h"

static int
vxt_vector_dimensions(Datum value)
{
	return ((VxVector *) DatumGetPointer(value))->dim;
}

static const void *
vxt_vector_elements(Datum value)
{
	return ((VxVector *) DatumGetPointer(value))->x;
}

static bool
vxt_floats_are_zero(const float *values, int count)
{
	Assert(count > 0);
	for (int i = 0; i < count; i++)
	{
		if (values[i] != 0)
			return false;
	}
	return true;
}

static bool
vxt_vector_is_zero(Datum value)
{
	const VxVector *vector = (const VxVector *) DatumGetPointer(value);

	return vxt_floats_are_zero(vector->x, vector->dim);
}

static Size
vxt_float_bytes(int dimensions)
{
	return (Size) dimensions * sizeof(float);
}

static int
vxt_same_dimensions(int dimensions)
{
	return dimensions;
}

static const void *
vxt_same_image(VxMetric metric, const void *elements, int dimensions)
{
	return elements;
}

/*
 * Keys of float vectors, with the arithmetic of the operators, so that an
 * index returns rows in the order in which a sort would.
 */
static double
vxt_vector_key(VxMetric metric, const void *a, const void *b, int dimensions)
{
	switch (metric)
	{
		case VX_METRIC_L2:
			return vxk->l2sq_f32(a, b, dimensions);
		case VX_METRIC_IP:
			return -vxk->dot_f32(a, b, dimensions);
		case VX_METRIC_L1:
			return vxk->l1_f32(a, b, dimensions);
		case VX_METRIC_COSINE:
			return vxt_vector_cosine(a, b, dimensions);
		case VX_METRIC_HAMMING:
		case VX_METRIC_JACCARD:
			break;				/* of bits, not of floats */
	}
	pg_unreachable();
}

static const VxElementType vector_element = {
	.name = "vector",
	.id = 1,
	.max_dimensions = 2000,
	.cut = "subvector(column, 1, %1$d)::vector(%1$d)",
	.dimensions = vxt_vector_dimensions,
	.elements = vxt_vector_elements,
	.is_zero = vxt_vector_is_zero,
	.fixed_bytes = vxt_float_bytes,
	.code_dimensions = vxt_same_dimensions,
	.image = vxt_same_image,
	.key = vxt_vector_key
};

static const VxElementType *const element_types[] = {
	&vector_element
};

static const VxOperatorClass operator_classes[] = {
	{&vector_element, VX_METRIC_L2, vx_vector_l2_squared_distance, false},
	{&vector_element, VX_METRIC_IP, vx_vector_negative_inner_product, false},
	{&vector_element, VX_METRIC_COSINE, vx_vector_negative_inner_product, true},
	{&vector_element, VX_METRIC_L1, vx_vector_l1_distance, false}
};

/*
 * The operator class with these support functions, or NULL.
 */
const VxOperatorClass *
vxt_operator_class(PGFunction distance, bool normalised)
{
	for (Size i = 0; i < lengthof(operator_classes); i++)
	{
		if (operator_classes[i].distance == distance &&
			operator_classes[i].normalised == normalised)
			return &operator_classes[i];
	}
	return NULL;
}

/*
 * The element type with the id found in an index, or NULL.
 */
const VxElementType *
vxt_element_type(uint32 id)
{
	for (Size i = 0; i < lengthof(element_types); i++)
	{
		Assert(element_types[i]->id != 0);
		if (element_types[i]->id == id)
			return element_types[i];
	}
	return NULL;
}

/*
 * Raise the error for a value whose dimensions are not those of its index, in
 * the words of the software that the type comes from.
 */
void
vxt_refuse_value(const VxElementType *type, int expected, int given)
{
	Assert(expected != given);
	if (type->is_array)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("Wrong number of dimensions: %d instead of %d expected",
						given, expected),
				 errhint("The index holds arrays as long as its option \"dims\" says.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("expected %d dimensions, not %d", expected, given),
			 errhint("An index holds values of one dimension; cast the indexed expression to %s(%d).",
					 type->name, expected)));
}

/*
 * The same for a query: the error that the operator would raise.
 */
void
vxt_refuse_query(const VxElementType *type, int expected, int given)
{
	Assert(expected != given);
	if (type->is_array)
		vxt_refuse_value(type, expected, given);
	if (type->only_type == BITOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different bit lengths %u and %u", expected, given),
				 errhint("The query must have as many bits as the indexed column.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("different %s dimensions %d and %d",
					type->name, expected, given),
			 errhint("The query vector must have as many dimensions as the indexed column.")));
}
