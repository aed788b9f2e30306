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
#include "utils/varbit.h"

#include "compat.h"
#include "kernels/kernels.h"
#include "types/bit.h"
#include "types/element.h"
#include "types/halfvec.h"
#include "types/mixed.h"
#include "types/real_array.h"
#include "types/sparsevec.h"
#include "types/vector.h"

static int
vxt_vector_dimensions(Datum value)
{
	return DatumGetVxVector(value)->dim;
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
	.key = vxt_vector_key,
	.image_key = vxt_vector_key
};

/*
 * halfvec: as stored, 16 bits an element.  Its codec is given float32, which
 * holds every half exactly, and its kernels give the results of float32.
 */
static int
vxt_halfvec_dimensions(Datum value)
{
	return DatumGetVxHalfvec(value)->dim;
}

static const void *
vxt_halfvec_elements(Datum value)
{
	return ((VxHalfvec *) DatumGetPointer(value))->x;
}

static Size
vxt_half_bytes(int dimensions)
{
	return (Size) dimensions * sizeof(uint16);
}

static bool
vxt_halfvec_is_zero(Datum value)
{
	const VxHalfvec *vector = (const VxHalfvec *) DatumGetPointer(value);

	/* all bits but the sign */
	for (int i = 0; i < vector->dim; i++)
	{
		if ((vector->x[i] & 0x7FFF) != 0)
			return false;
	}
	return true;
}

static const void *
vxt_halfvec_image(VxMetric metric, const void *elements, int dimensions)
{
	float	   *floats = palloc_array(float, dimensions);

	vxk->f16_to_f32((const uint16 *) elements, floats, dimensions);
	return floats;
}

static double
vxt_halfvec_key(VxMetric metric, const void *a, const void *b, int dimensions)
{
	switch (metric)
	{
		case VX_METRIC_L2:
			return vxk->l2sq_f16(a, b, dimensions);
		case VX_METRIC_IP:
			return -vxk->dot_f16(a, b, dimensions);
		case VX_METRIC_L1:
			return vxk->l1_f16(a, b, dimensions);
		case VX_METRIC_COSINE:
			return vxt_halfvec_cosine(a, b, dimensions);
		case VX_METRIC_HAMMING:
		case VX_METRIC_JACCARD:
			break;				/* of bits, not of floats */
	}
	pg_unreachable();
}

static const VxElementType halfvec_element = {
	.name = "halfvec",
	.id = 2,
	.max_dimensions = 4000,
	.cut = "subvector(column, 1, %1$d)::halfvec(%1$d)",
	.dimensions = vxt_halfvec_dimensions,
	.elements = vxt_halfvec_elements,
	.is_zero = vxt_halfvec_is_zero,
	.fixed_bytes = vxt_half_bytes,
	.code_dimensions = vxt_same_dimensions,
	.image = vxt_halfvec_image,
	.key = vxt_halfvec_key,
	.image_key = vxt_vector_key
};

/*
 * bit: the bytes of the string, whose spare last bits the server keeps zero.
 */
static int
vxt_bit_dimensions(Datum value)
{
	return vxt_bit_length((VarBit *) DatumGetPointer(value));
}

static const void *
vxt_bit_elements(Datum value)
{
	return VARBITS(DatumGetPointer(value));
}

static Size
vxt_bit_bytes(int dimensions)
{
	return ((Size) dimensions + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
}

/* No operator class of bits normalises: the empty set is a value like others. */
static bool
vxt_bit_is_zero(Datum value)
{
	return false;
}

static double
vxt_bit_key(VxMetric metric, const void *a, const void *b, int dimensions)
{
	Size		bytes = vxt_bit_bytes(dimensions);
	VxBitCounts counts;

	Assert(vx_metric_is_of_bits(metric));
	if (metric == VX_METRIC_HAMMING)
		return (double) vxk->hamming_bits(a, b, bytes);
	vxk->jaccard_bits(a, b, bytes, &counts);
	return vxt_jaccard(&counts);
}

static const VxElementType bit_element = {
	.name = "bit",
	.id = 3,
	.only_type = BITOID,
	.max_dimensions = 64000,
	.cut = "substring(column FROM 1 FOR %1$d)::bit(%1$d)",
	.dimensions = vxt_bit_dimensions,
	.elements = vxt_bit_elements,
	.is_zero = vxt_bit_is_zero,
	.fixed_bytes = vxt_bit_bytes,
	.code_dimensions = vxt_same_dimensions,
	.image = vxt_same_image,
	.key = vxt_bit_key,
	.image_key = vxt_bit_key
};

/*
 * sparsevec: from the number of non-zero elements on.
 */

/* What an index keeps of a sparsevec; the values follow the indices. */
typedef struct VxSparseElements
{
	int32		nnz;
	int32		unused;
	int32		index[FLEXIBLE_ARRAY_MEMBER];
} VxSparseElements;

static VxSparse
vxt_sparse_view(const void *elements)
{
	const VxSparseElements *sparse = (const VxSparseElements *) elements;
	VxSparse	view;

	view.count = sparse->nnz;
	view.index = sparse->index;
	view.value = (const float *) (sparse->index + sparse->nnz);
	return view;
}

static void
vxt_sparsevec_check(Datum value)
{
	if (DatumGetVxSparsevec(value)->nnz > VX_SPARSE_MAX_INDEXED_ELEMENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements for hnsw index",
						VX_SPARSE_MAX_INDEXED_ELEMENTS),
				 errhint("Leave out the smallest elements, or index only rows with fewer: CREATE INDEX ... WHERE ....")));
}

static int
vxt_sparsevec_dimensions(Datum value)
{
	return DatumGetVxSparsevec(value)->dim;
}

static const void *
vxt_sparsevec_elements(Datum value)
{
	StaticAssertStmt(offsetof(VxSparsevec, index) - offsetof(VxSparsevec, nnz) ==
					 offsetof(VxSparseElements, index), "layout of sparsevec has changed");
	return &((VxSparsevec *) DatumGetPointer(value))->nnz;
}

static bool
vxt_sparsevec_is_zero(Datum value)
{
	return ((VxSparsevec *) DatumGetPointer(value))->nnz == 0;
}

static Size
vxt_sparse_bytes(const void *elements)
{
	return offsetof(VxSparseElements, index) +
		(Size) ((const VxSparseElements *) elements)->nnz * (sizeof(int32) + sizeof(float));
}

/* The vector itself, taken apart. */
static const void *
vxt_sparsevec_image(VxMetric metric, const void *elements, int dimensions)
{
	VxSparse   *sparse = palloc_object(VxSparse);

	*sparse = vxt_sparse_view(elements);
	return sparse;
}

static double
vxt_sparse_key(VxMetric metric, const void *a, const void *b, int dimensions)
{
	VxSparse	x = vxt_sparse_view(a);
	VxSparse	y = vxt_sparse_view(b);

	switch (metric)
	{
		case VX_METRIC_L2:
			return vxk->l2sq_sparse(&x, &y);
		case VX_METRIC_IP:
			return -vxk->dot_sparse(&x, &y);
		case VX_METRIC_L1:
			return vxk->l1_sparse(&x, &y);
		case VX_METRIC_COSINE:
			return vxt_sparse_cosine(&x, &y);
		case VX_METRIC_HAMMING:
		case VX_METRIC_JACCARD:
			break;				/* of bits, not of floats */
	}
	pg_unreachable();
}

static const VxElementType sparsevec_element = {
	.name = "sparsevec",
	.id = 4,
	.max_dimensions = VX_SPARSEVEC_MAX_DIM,
	.is_sparse = true,
	.check = vxt_sparsevec_check,
	.dimensions = vxt_sparsevec_dimensions,
	.elements = vxt_sparsevec_elements,
	.is_zero = vxt_sparsevec_is_zero,
	.varying_bytes = vxt_sparse_bytes,
	.image = vxt_sparsevec_image,
	.key = vxt_sparse_key
};

/*
 * real[]: the elements of a vector.  Its operator classes do not normalise, so
 * that an array of zeros is indexed as it was by pg_embedding.
 */
static void
vxt_array_check(Datum value)
{
	vxt_check_real_array(DatumGetArrayTypeP(value));
}

static int
vxt_array_dimensions(Datum value)
{
	return vxt_real_array_dimensions(DatumGetArrayTypeP(value));
}

static const void *
vxt_array_elements(Datum value)
{
	return vxt_real_array_elements(DatumGetArrayTypeP(value));
}

static bool
vxt_array_is_zero(Datum value)
{
	return false;
}

static const VxElementType array_element = {
	.name = "real[]",
	.id = 5,
	.max_dimensions = 2000,
	.is_array = true,
	.check = vxt_array_check,
	.dimensions = vxt_array_dimensions,
	.elements = vxt_array_elements,
	.is_zero = vxt_array_is_zero,
	.fixed_bytes = vxt_float_bytes,
	.code_dimensions = vxt_same_dimensions,
	.image = vxt_same_image,
	.key = vxt_vector_key,
	.image_key = vxt_vector_key
};

static const VxElementType *const element_types[] = {
	&vector_element, &halfvec_element, &bit_element, &sparsevec_element, &array_element
};

static const VxOperatorClass operator_classes[] = {
	{&vector_element, VX_METRIC_L2, vx_vector_l2_squared_distance, false},
	{&vector_element, VX_METRIC_IP, vx_vector_negative_inner_product, false},
	{&vector_element, VX_METRIC_COSINE, vx_vector_negative_inner_product, true},
	{&vector_element, VX_METRIC_L1, vx_vector_l1_distance, false},
	{&halfvec_element, VX_METRIC_L2, vx_halfvec_l2_squared_distance, false},
	{&halfvec_element, VX_METRIC_IP, vx_halfvec_negative_inner_product, false},
	{&halfvec_element, VX_METRIC_COSINE, vx_halfvec_negative_inner_product, true},
	{&halfvec_element, VX_METRIC_L1, vx_halfvec_l1_distance, false},
	{&sparsevec_element, VX_METRIC_L2, vx_sparsevec_l2_squared_distance, false},
	{&sparsevec_element, VX_METRIC_IP, vx_sparsevec_negative_inner_product, false},
	{&sparsevec_element, VX_METRIC_COSINE, vx_sparsevec_negative_inner_product, true},
	{&sparsevec_element, VX_METRIC_L1, vx_sparsevec_l1_distance, false},
	{&bit_element, VX_METRIC_HAMMING, vx_bit_hamming_distance, false},
	{&bit_element, VX_METRIC_JACCARD, vx_bit_jaccard_distance, false},
	{&array_element, VX_METRIC_L2, vx_real_array_l2_squared_distance, false},
	{&array_element, VX_METRIC_COSINE, vx_real_array_cosine_key, false},
	{&array_element, VX_METRIC_L1, vx_real_array_manhattan_key, false}
};

/* A distance whose second argument, the query, is of another type than a column. */
typedef struct VxMixedDistance
{
	const VxElementType *column;
	const VxElementType *query;
	PGFunction	distance;
} VxMixedDistance;

static const VxMixedDistance mixed_distances[] = {
	{&vector_element, &halfvec_element, vx_vector_halfvec_l2_distance},
	{&vector_element, &halfvec_element, vx_vector_halfvec_negative_inner_product},
	{&vector_element, &halfvec_element, vx_vector_halfvec_cosine_distance},
	{&vector_element, &halfvec_element, vx_vector_halfvec_l1_distance},
	{&halfvec_element, &vector_element, vx_halfvec_vector_l2_distance},
	{&halfvec_element, &vector_element, vx_halfvec_vector_negative_inner_product},
	{&halfvec_element, &vector_element, vx_halfvec_vector_cosine_distance},
	{&halfvec_element, &vector_element, vx_halfvec_vector_l1_distance}
};

/*
 * The support function of hnsw (3) and ivfflat (5) that describes a type: its row
 * above, as a pointer.  Nothing here calls them; they are there because
 * operator classes made elsewhere name them.
 */
#define VX_TYPE_SUPPORT(method, type) \
VX_FUNCTION(vx_##method##_##type##_support); \
Datum \
vx_##method##_##type##_support(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_POINTER(&type##_element); \
}

VX_TYPE_SUPPORT(hnsw, halfvec)
VX_TYPE_SUPPORT(hnsw, bit)
VX_TYPE_SUPPORT(hnsw, sparsevec)
VX_TYPE_SUPPORT(ivfflat, halfvec)
VX_TYPE_SUPPORT(ivfflat, bit)

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
 * The type of the queries that an operator compares a column with, by its
 * function: the column's own but for the mixed distances.  Images of the two are
 * alike, so that codes of the one serve queries of the other.
 */
const VxElementType *
vxt_query_type(const VxElementType *column, PGFunction distance)
{
	Assert(column != NULL);
	for (Size i = 0; i < lengthof(mixed_distances); i++)
	{
		if (mixed_distances[i].column == column &&
			mixed_distances[i].distance == distance)
			return mixed_distances[i].query;
	}
	return column;
}

/*
 * The elements that have this image; NULL if there may be none, since elements of
 * the type are rounded.
 */
const void *
vxt_elements_of_image(const VxElementType *type, const void *image)
{
	Assert(image != NULL);
	return type->image == vxt_same_image ? image : NULL;
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
