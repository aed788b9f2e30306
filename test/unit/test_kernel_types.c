/*-------------------------------------------------------------------------
 *
 * test_kernel_types.c
 *	  The kernels of halves, bit strings and sparse vectors, of every
 *	  instruction set that this CPU has.
 *
 * Halves are held against float32 bit for bit; bits and sparse vectors against
 * the obvious loops.  Operands stand against forbidden pages.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "guarded_buffer.h"
#include "kernels/half.h"
#include "kernels/kernels.h"

#define SEED 20241124
#define MOST_HALVES 300
#define MOST_BYTES 300
#define MOST_ELEMENTS 400

static VxGuardedBuffer left;
static VxGuardedBuffer right;
static VxRandom random_state;

/* The bits of a finite half: any sign, exponent and mantissa. */
static uint16_t
random_half(void)
{
	uint16_t	half = (uint16_t) vxr_uint64(&random_state);

	return (half & 0x7C00) == 0x7C00 ? half & 0x83FF : half;
}

START_TEST(conversions_agree_with_the_definition)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);

	for (unsigned bits = 0; bits < 65536; bits++)
	{
		uint16_t	half = (uint16_t) bits;
		float		value = vx_half_to_float(half);
		unsigned	exponent = bits >> 10 & 31;
		double		magnitude = exponent == 0 ? ldexp(bits & 1023, -24) :
			ldexp(1024 + (bits & 1023), (int) exponent - 25);

		if (exponent == 31)
		{
			ck_assert((bits & 1023) == 0 ? isinf(value) : isnan(value));
			continue;
		}
		ck_assert(value == (float) (bits & 0x8000 ? -magnitude : magnitude));
		ck_assert_uint_eq(vx_float_to_half(value), half);
		for (size_t t = 0; t < count; t++)
		{
			float		widened;
			uint16_t	rounded;

			tables[t]->f16_to_f32(&half, &widened, 1);
			ck_assert(memcmp(&widened, &value, sizeof(value)) == 0);
			tables[t]->f32_to_f16(&value, &rounded, 1);
			ck_assert_uint_eq(rounded, half);
		}
	}
}
END_TEST

/* Midway between two halves, and a hair beside it, on both sides of zero. */
START_TEST(rounding_is_to_nearest_even)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);

	for (unsigned bits = 0; bits < 0x7BFF; bits++)
	{
		float		low = vx_half_to_float((uint16_t) bits);
		float		high = vx_half_to_float((uint16_t) (bits + 1));
		float		middle = (low + high) / 2;
		float		values[3] = {middle, nextafterf(middle, 0.0f), nextafterf(middle, high)};
		uint16_t	wanted[3] = {(uint16_t) (bits + (bits & 1)), (uint16_t) bits, (uint16_t) (bits + 1)};

		for (int i = 0; i < 3; i++)
		{
			float		negative = -values[i];

			ck_assert_uint_eq(vx_float_to_half(values[i]), wanted[i]);
			for (size_t t = 0; t < count; t++)
			{
				uint16_t	half;

				tables[t]->f32_to_f16(&values[i], &half, 1);
				ck_assert_uint_eq(half, wanted[i]);
				tables[t]->f32_to_f16(&negative, &half, 1);
				ck_assert_uint_eq(half, wanted[i] | 0x8000);
			}
		}
	}
	ck_assert_uint_eq(vx_float_to_half(65519.996f), 0x7BFF);
	ck_assert_uint_eq(vx_float_to_half(65520.0f), 0x7C00);
	ck_assert_uint_eq(vx_float_to_half(-1e30f), 0xFC00);
	ck_assert_uint_eq(vx_float_to_half(1e-30f), 0);
}
END_TEST

START_TEST(halves_give_the_bits_of_float32)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	float		a[MOST_HALVES];
	float		b[MOST_HALVES];

	for (size_t n = 0; n <= MOST_HALVES; n++)
	{
		/* one against the end of its page, the other at an odd address */
		uint16_t   *x = (uint16_t *) (left.end - n * sizeof(uint16_t));
		uint16_t   *y = (uint16_t *) (right.start + n % 2);

		for (size_t i = 0; i < n; i++)
		{
			uint16_t	half = random_half();

			memcpy((char *) x + 2 * i, &half, 2);
			a[i] = vx_half_to_float(half);
			half = random_half();
			memcpy((char *) y + 2 * i, &half, 2);
			b[i] = vx_half_to_float(half);
		}
		for (size_t t = 0; t < count; t++)
		{
			const VxKernels *k = tables[t];
			VxCosineParts half_parts;
			VxCosineParts float_parts;
			float		widened[MOST_HALVES];

			ck_assert(k->l2sq_f16(x, y, n) == k->l2sq_f32(a, b, n));
			ck_assert(k->dot_f16(x, y, n) == k->dot_f32(a, b, n));
			ck_assert(k->l1_f16(x, y, n) == k->l1_f32(a, b, n));
			ck_assert(k->norm2_f16(x, n) == k->norm2_f32(a, n));
			k->cosine_f16(x, y, n, &half_parts);
			k->cosine_f32(a, b, n, &float_parts);
			ck_assert(memcmp(&half_parts, &float_parts, sizeof(half_parts)) == 0);
			k->f16_to_f32(x, widened, n);
			ck_assert(memcmp(widened, a, n * sizeof(float)) == 0);
		}
	}
}
END_TEST

static unsigned
count_bits(uint8_t byte)
{
	unsigned	count = 0;

	for (; byte != 0; byte >>= 1)
		count += byte & 1;
	return count;
}

START_TEST(bits_are_counted_exactly)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);

	for (size_t n = 0; n <= MOST_BYTES; n++)
	{
		uint8_t    *x = left.end - n;
		uint8_t    *y = right.end - n;
		unsigned	differ = 0;
		unsigned	both = 0;
		unsigned	either = 0;
		unsigned	set = 0;

		for (size_t i = 0; i < n; i++)
		{
			x[i] = n % 5 == 0 ? 255 : (uint8_t) vxr_uint64(&random_state);
			y[i] = n % 5 == 0 ? 255 : (uint8_t) vxr_uint64(&random_state);
			differ += count_bits(x[i] ^ y[i]);
			both += count_bits(x[i] & y[i]);
			either += count_bits(x[i] | y[i]);
			set += count_bits(x[i]);
		}
		for (size_t t = 0; t < count; t++)
		{
			VxCodeRows	row = {x, n, NULL, 1, n, true};
			VxBitCounts counts;
			int32_t		out;

			ck_assert_uint_eq(tables[t]->hamming_bits(x, y, n), differ);
			tables[t]->jaccard_bits(x, y, n, &counts);
			ck_assert_uint_eq(counts.both, both);
			ck_assert_uint_eq(counts.either, either);
			ck_assert_uint_eq(tables[t]->popcount_bits(x, n), set);
			tables[t]->hamming_u1(&row, y, &out);
			ck_assert_int_eq(out, (int) differ);
			tables[t]->and_u1(&row, y, &out);
			ck_assert_int_eq(out, (int) both);
		}
	}
}
END_TEST

START_TEST(rows_of_bits_may_come_in_any_order)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	const size_t bytes = 13;
	const size_t stride = 17;
	uint32_t	ids[40];
	int32_t		out[40];

	for (uint8_t *p = left.start; p < left.end; p++)
		*p = (uint8_t) vxr_uint64(&random_state);
	for (size_t i = 0; i < 40; i++)
		ids[i] = (uint32_t) (i * 7 % 23);
	for (size_t t = 0; t < count; t++)
	{
		VxCodeRows	rows = {left.start, stride, ids, 40, bytes, false};

		tables[t]->hamming_u1(&rows, right.start, out);
		for (size_t i = 0; i < 40; i++)
			ck_assert_int_eq(out[i], (int) tables[t]->hamming_bits(left.start + ids[i] * stride, right.start, bytes));
	}
}
END_TEST

/* `count` elements with indices below `limit`, ascending. */
static size_t
fill_sparse(int32_t *index, float *value, size_t wanted, int32_t limit)
{
	size_t		count = 0;

	for (int32_t at = 0; at < limit; at++)
	{
		if (vxr_below(&random_state, (uint64_t) limit) >= wanted || count == wanted)
			continue;
		index[count] = at * 3;
		value[count++] = (float) vxr_normal(&random_state);
	}
	return count;
}

/* The sums over all indices, in double. */
static void
sparse_reference(const VxSparse *a, const VxSparse *b, double sums[3])
{
	size_t		j = 0;
	size_t		i = 0;

	sums[0] = sums[1] = sums[2] = 0;
	while (i < a->count || j < b->count)
	{
		int64_t		at_a = i < a->count ? a->index[i] : INT64_MAX;
		int64_t		at_b = j < b->count ? b->index[j] : INT64_MAX;
		double		x = at_a <= at_b ? a->value[i] : 0;
		double		y = at_b <= at_a ? b->value[j] : 0;

		sums[0] += (x - y) * (x - y);
		sums[1] += x * y;
		sums[2] += fabs(x - y);
		i += at_a <= at_b;
		j += at_b <= at_a;
	}
}

START_TEST(sparse_sums_agree_with_double)
{
	static const size_t counts[] = {0, 1, 2, 3, 15, 16, 17, 40, 100, 399};
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	int32_t		index[2][MOST_ELEMENTS];
	float		value[2][MOST_ELEMENTS];

	for (size_t i = 0; i < 10; i++)
		for (size_t j = 0; j < 10; j++)
		{
			VxSparse	a = {index[0], value[0], fill_sparse(index[0], value[0], counts[i], 600)};
			VxSparse	b = {index[1], value[1], fill_sparse(index[1], value[1], counts[j], 600)};
			double		sums[3];
			double		tolerance;

			sparse_reference(&a, &b, sums);
			tolerance = 1e-5 * (1 + sums[2] * 4);
			for (size_t t = 0; t < count; t++)
			{
				ck_assert_double_eq_tol(tables[t]->l2sq_sparse(&a, &b), sums[0], tolerance);
				ck_assert_double_eq_tol(tables[t]->dot_sparse(&a, &b), sums[1], tolerance);
				ck_assert_double_eq_tol(tables[t]->l1_sparse(&a, &b), sums[2], tolerance);
				/* the same numbers do not cancel to anything but zero */
				ck_assert(tables[t]->l2sq_sparse(&a, &a) == 0.0f);
				ck_assert(tables[t]->l1_sparse(&b, &b) == 0.0f);
			}
		}
}
END_TEST

/*
 * Blocks of every shape of overlap: all shared, none, shifted by one, one side
 * in runs that span blocks of the other; with the arrays of
 * a against forbidden pages.
 */
START_TEST(sparse_blocks_meet_wherever_they_overlap)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	int32_t		index[MOST_ELEMENTS];
	float		value[MOST_ELEMENTS];

	for (size_t n = 1; n <= 100; n++)
		for (int shape = 0; shape < 5; shape++)
		{
			VxSparse	plain = {index, value, n};
			VxSparse	a = {(int32_t *) (left.end - n * 4), (float *) (right.end - n * 4), n};
			double		sums[3];

			for (size_t i = 0; i < n; i++)
			{
				int32_t		at_a = (int32_t) i * 2;
				int32_t		at_b = shape == 0 ? at_a : shape == 1 ? at_a + 1 : shape == 2 ? at_a + 2 :
					shape == 3 ? (int32_t) (i / 24 * 48 + i % 24) : INT32_MAX - 2 * (int32_t) (n - i);
				float		x = (float) vxr_normal(&random_state);

				index[i] = at_b;
				value[i] = (float) vxr_normal(&random_state);
				memcpy(left.end - n * 4 + i * 4, &at_a, 4);
				memcpy(right.end - n * 4 + i * 4, &x, 4);
			}
			sparse_reference(&a, &plain, sums);
			for (size_t t = 0; t < count; t++)
			{
				double		tolerance = 1e-5 * (1 + sums[2] * 4);

				ck_assert_double_eq_tol(tables[t]->l2sq_sparse(&a, &plain), sums[0], tolerance);
				ck_assert_double_eq_tol(tables[t]->dot_sparse(&plain, &a), sums[1], tolerance);
				ck_assert_double_eq_tol(tables[t]->l1_sparse(&plain, &a), sums[2], tolerance);
			}
		}
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("kernel types");
	TCase	   *tcase = tcase_create("kernels");
	SRunner    *runner;
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	vxr_seed(&random_state, SEED);
	guarded_buffer_init(&left, 8192);
	guarded_buffer_init(&right, 8192);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, conversions_agree_with_the_definition);
	tcase_add_test(tcase, rounding_is_to_nearest_even);
	tcase_add_test(tcase, halves_give_the_bits_of_float32);
	tcase_add_test(tcase, bits_are_counted_exactly);
	tcase_add_test(tcase, rows_of_bits_may_come_in_any_order);
	tcase_add_test(tcase, sparse_sums_agree_with_double);
	tcase_add_test(tcase, sparse_blocks_meet_wherever_they_overlap);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
