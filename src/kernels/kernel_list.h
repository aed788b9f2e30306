/*-------------------------------------------------------------------------
 *
 * kernel_list.h
 *	  The list of kernels: VX_KERNEL(result, name, arguments), one row each.
 *
 * Included with VX_KERNEL defined, several times and on purpose without an
 * include guard: kernels.h makes the members of VxKernels from it, isa_table.h
 * the initialiser of each ISA's table, and the tests and the benchmark name the
 * kernels by it.  What each kernel computes is said in kernels.h; how to add a
 * row in README.md.
 *
 *-------------------------------------------------------------------------
 */

/* float32 against float32; n elements, any alignment */
VX_KERNEL(float, l2sq_f32, (const float *a, const float *b, size_t n))
VX_KERNEL(float, dot_f32, (const float *a, const float *b, size_t n))
VX_KERNEL(float, l1_f32, (const float *a, const float *b, size_t n))
VX_KERNEL(void, cosine_f32, (const float *a, const float *b, size_t n, VxCosineParts *parts))
VX_KERNEL(double, norm2_f32, (const float *a, size_t n))

/* half precision against half precision, and conversions; any alignment */
VX_KERNEL(float, l2sq_f16, (const uint16_t *a, const uint16_t *b, size_t n))
VX_KERNEL(float, dot_f16, (const uint16_t *a, const uint16_t *b, size_t n))
VX_KERNEL(float, l1_f16, (const uint16_t *a, const uint16_t *b, size_t n))
VX_KERNEL(void, cosine_f16, (const uint16_t *a, const uint16_t *b, size_t n, VxCosineParts *parts))
VX_KERNEL(double, norm2_f16, (const uint16_t *a, size_t n))
VX_KERNEL(void, f16_to_f32, (const uint16_t *in, float *out, size_t n))
VX_KERNEL(void, f32_to_f16, (const float *in, uint16_t *out, size_t n))

/* strings of n bytes */
VX_KERNEL(uint64_t, hamming_bits, (const uint8_t *a, const uint8_t *b, size_t n))
VX_KERNEL(void, jaccard_bits, (const uint8_t *a, const uint8_t *b, size_t n, VxBitCounts *counts))
VX_KERNEL(uint64_t, popcount_bits, (const uint8_t *a, size_t n))

/* sparse against sparse */
VX_KERNEL(float, l2sq_sparse, (const VxSparse *a, const VxSparse *b))
VX_KERNEL(float, dot_sparse, (const VxSparse *a, const VxSparse *b))
VX_KERNEL(float, l1_sparse, (const VxSparse *a, const VxSparse *b))

/* one prepared query against many rows of codes */
VX_KERNEL(void, dot_u8_i8, (const VxCodeRows *rows, const int8_t *query, int32_t *out))
VX_KERNEL(void, dot_u4_i8, (const VxCodeRows *rows, const int8_t *query, int32_t *out))
VX_KERNEL(void, dot_u2_i8, (const VxCodeRows *rows, const int8_t *query, int32_t *out))
VX_KERNEL(void, l1_u8, (const VxCodeRows *rows, const uint8_t *query, int32_t *out))
VX_KERNEL(void, hamming_u1, (const VxCodeRows *rows, const uint8_t *query, int32_t *out))
VX_KERNEL(void, and_u1, (const VxCodeRows *rows, const uint8_t *query, int32_t *out))

/* interleaved rows: a tile of a matrix product, and table lookup for rows of bits */
VX_KERNEL(void, dot_panel_f32, (const float *rows, size_t count, size_t n, const float *panel, float *out))
VX_KERNEL(void, l2sq_panel_f32, (const float *rows, size_t count, size_t n, const float *panel, float *out))
VX_KERNEL(void, nearest_panel_f32, (const float *products, size_t count, float factor, const float *bias, uint32_t panel, VxNearest *nearest))
VX_KERNEL(void, lookup_u4, (const uint8_t *strip, size_t columns, const uint8_t *tables, uint32_t *out))
VX_KERNEL(void, tables_u4, (const uint8_t *parts, size_t columns, uint8_t *tables))
