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

static const float *
vxt_vector_floats(const void *elements, int dimensions)
{
	return (const float *) elements;
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
	.element_bytes = sizeof(float),
	.max_dimensions = 2000,
	.dimensions = vxt_vector_dimensions,
	.elements = vxt_vector_elements,
	.floats = vxt_vector_floats,
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
