/*-------------------------------------------------------------------------
 *
 * kernels.h
 *	  Distances, norms and code scans: the table of kernels chosen for this CPU.
 *
 * This is all that the rest of the code includes of kernels/.  Nothing here
 * knows PostgreSQL, allocates memory or raises errors: lengths and pointers
 * are the caller's to check.  README.md has the numeric contract, the table of
 * kernels and instruction sets, and the recipes for adding either.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_KERNELS_H
#define VX_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest code row, in bytes; keeps every int32 result far from overflow. */
#define VXK_MAX_CODE_BYTES 16384

/* vectors whose elements stand side by side for dot_panel_f32 */
#define VXK_PANEL 16

/* The least key of each lane of the panels seen so far, and in which panel. */
typedef struct VxNearest
{
	float		key[VXK_PANEL];
	uint32_t	panel[VXK_PANEL];
} VxNearest;

/* rows whose bytes stand side by side for lookup_u4, and its largest table entry */
#define VXK_STRIP 16
#define VXK_MAX_ENTRY 63

/* What cosine distance is made of; the norms are squared. */
typedef struct VxCosineParts
{
	float		dot;
	float		norm_a;
	float		norm_b;
} VxCosineParts;

/* Bits set in both of two strings, and in at least one of them. */
typedef struct VxBitCounts
{
	uint64_t	both;
	uint64_t	either;
} VxBitCounts;

/*
 * A sparse vector: `count` elements, by strictly ascending index.  The values
 * may stand at any address that is a multiple of 4.
 */
typedef struct VxSparse
{
	const int32_t *index;
	const float *value;
	size_t		count;
} VxSparse;

/*
 * A set of code rows: row i starts at codes + (ids ? ids[i] : i) * stride and
 * is `bytes` long, at most VXK_MAX_CODE_BYTES.  No alignment is needed and no
 * byte outside the rows named is read.  Rows are prefetched ahead if ids are
 * given, or if `cold` says that they are not expected in cache; where they are,
 * that only costs time.
 */
typedef struct VxCodeRows
{
	const uint8_t *codes;
	size_t		stride;
	const uint32_t *ids;
	size_t		count;
	size_t		bytes;
	bool		cold;
} VxCodeRows;

/*
 * One table of kernels.  Dense kernels take n elements at any alignment and
 * give 0 for n = 0:
 *
 *	l2sq_f32	sum of (a[j] - b[j])^2
 *	dot_f32		sum of a[j] * b[j]
 *	l1_f32		sum of |a[j] - b[j]|
 *	cosine_f32	dot product and both squared norms in one pass
 *	norm2_f32	sum of a[j]^2, products and sums in double
 *
 * The same with _f16 are of IEEE binary16 in uint16_t, and give the bits that
 * the _f32 kernel of the table gives for the same numbers.  f16_to_f32 is
 * exact, f32_to_f16 rounds to nearest, ties to even, past 65504 to infinity.
 *
 * Strings of bits, n bytes each at any address, bit order of no concern:
 *
 *	hamming_bits	number of bits that differ
 *	jaccard_bits	numbers of bits set in both and in either
 *	popcount_bits	number of bits set
 *
 * Sparse kernels take the elements that are not there as zero:
 *
 *	l2sq_sparse	sum of (a[i] - b[i])^2 over all i
 *	dot_sparse	sum of a[i] * b[i]
 *	l1_sparse	sum of |a[i] - b[i]|
 *
 * Code kernels write one int32 for each of rows->count rows, exact on every
 * instruction set.  With c a code row, q the query, n = rows->bytes:
 *
 *	dot_u8_i8	sum of c[j] * q[j]
 *	dot_u4_i8	sum of (c[j] & 15) * q[j] + (c[j] >> 4) * q[n + j]
 *	dot_u2_i8	four planes likewise: bits 0-1 of c[j] with q[j], bits 2-3
 *				with q[n + j], 4-5 with q[2n + j], 6-7 with q[3n + j]
 *	l1_u8		sum of |c[j] - q[j]|
 *	hamming_u1	bits that differ between c and q
 *	and_u1		bits set in both c and q
 *
 * Kernels over interleaved rows:
 *
 *	dot_panel_f32	`count` rows of n floats, one after another, with the VXK_PANEL
 *				vectors of a panel, whose vector j has its element k at
 *				panel[VXK_PANEL * k + j]: out[VXK_PANEL * i + j] is the inner
 *				product of row i and vector j.  A term passes through at most
 *				min(n, 512) + n / 512 + 1 roundings.
 *	l2sq_panel_f32	squared distances likewise
 *	nearest_panel_f32	with key = bias[j] + factor * products[VXK_PANEL * i + j]:
 *				where it is less than nearest[i].key[j], key and `panel` are put there
 *	lookup_u4	out[i] is the sum over all columns s of
 *					low[s][strip[VXK_STRIP * s + i] & 15] +
 *					high[s][strip[VXK_STRIP * s + i] >> 4],
 *				exact; `tables` holds 16 bytes for each low[s], then for each
 *				high[s], none above VXK_MAX_ENTRY; columns is a multiple of 8
 *
 *	tables_u4	tables for lookup_u4 of a query of small integers: parts[16 * s + j]
 *				is element 8 * s + j, parts[16 * s + 8 + j] its magnitude if it is
 *				negative, and the one that does not apply is 0; entry m of low[s] is
 *				the sum of elements 8 * s + b over the bits b of m, of high[s] that
 *				of elements 8 * s + 4 + b, either plus the sum of the magnitudes of
 *				those that are negative; columns is a multiple of 8
 *
 * `name` is what vxk_select() takes.  `lanes` is the number of independent
 * float32 partial sums: a term passes through at most n / lanes + 8 roundings.
 */
typedef struct VxKernels
{
	const char *name;
	unsigned	lanes;
#define VX_KERNEL(result, kernel, arguments) result (*kernel) arguments;
#include "kernel_list.h"
#undef VX_KERNEL
} VxKernels;

/* The table in use.  Never NULL: scalar until vxk_init() has run. */
extern const VxKernels *vxk;

/*
 * Look at the CPU and take the best table.  Cheap and safe to call again, but
 * not from two threads at once.
 */
void		vxk_init(void);

/*
 * Take the table called `name`, or the best one for "auto".  False, with
 * nothing changed, when there is no such table or the CPU cannot run it.
 */
bool		vxk_select(const char *name);

/*
 * The tables that this CPU can run, slowest first; returns their number, at
 * least one.  The array is static.
 */
size_t		vxk_available(const VxKernels *const **tables);

#endif							/* VX_KERNELS_H */
