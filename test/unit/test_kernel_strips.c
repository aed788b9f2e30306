/*-------------------------------------------------------------------------
 *
 * test_kernel_strips.c
 *	  The kernels over interleaved rows, of every instruction set that this CPU
 *	  has: tiles of a matrix product, and table lookup for rows of bits.
 *
 * Held against the oracle of src/kernels/reference.h.  Operands and results
 * stand against forbidden pages.
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
#include "kernels/kernels.h"
#include "kernels/reference.h"

#define SEED 20261126
#define MOST_COLUMNS 2048
#define MOST_DIMENSIONS 1100
#define MOST_ROWS 20

static VxGuardedBuffer left;
static VxGuardedBuffer right;
static VxGuardedBuffer results;
static VxRandom random_state;

/* `bytes` of the buffer: against its end, or at `offset` from its start. */
static uint8_t *
place(const VxGuardedBuffer *buffer, size_t bytes, size_t offset)
{
	return offset == 0 ? buffer->end - bytes : buffer->start + offset;
}

/* All tables on one strip; `most` bounds the entries. */
static void
compare_lookups(size_t columns, size_t offset, unsigned most)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	uint8_t    *strip = place(&left, columns * VXK_STRIP, offset);
	uint8_t    *entries = place(&right, 2 * columns * VXK_STRIP, offset);
	uint32_t   *out = (uint32_t *) (results.end - VXK_STRIP * sizeof(uint32_t));
	int64_t		wanted[VXK_STRIP];

	for (size_t i = 0; i < columns * VXK_STRIP; i++)
		strip[i] = (uint8_t) vxr_uint64(&random_state);
	for (size_t i = 0; i < 2 * columns * VXK_STRIP; i++)
		entries[i] = (uint8_t) (most == 0 ? VXK_MAX_ENTRY : vxr_below(&random_state, most + 1));
	vxk_reference_lookup(strip, columns, entries, wanted);
	for (size_t t = 0; t < count; t++)
	{
		memset(out, 0xAB, VXK_STRIP * sizeof(uint32_t));
		tables[t]->lookup_u4(strip, columns, entries, out);
		for (int i = 0; i < VXK_STRIP; i++)
			ck_assert_msg(out[i] == wanted[i], "%s, %zu columns, row %d: %u instead of %lld",
						  tables[t]->name, columns, i, out[i], (long long) wanted[i]);
	}
}

START_TEST(lookups_are_exact)
{
	for (size_t columns = 0; columns <= 1100; columns += 8)
		compare_lookups(columns, 0, VXK_MAX_ENTRY);
	for (size_t offset = 1; offset < 64; offset++)
		compare_lookups(96, offset, VXK_MAX_ENTRY);
}
END_TEST

/* sums beyond 16 bits, all entries as large as they may be */
START_TEST(large_sums_do_not_wrap)
{
	static const size_t columns[] = {8, 256, 504, 512, 520, 1024, 1032, MOST_COLUMNS};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		compare_lookups(columns[i], 0, 0);
}
END_TEST

/* tables of a query of small integers, and what is looked up in them */
START_TEST(tables_hold_sums_of_four)
{
	static const size_t columns[] = {0, 8, 16, 96, 200};
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
	{
		uint8_t    *parts = left.end - columns[c] * 16;
		uint8_t    *entries = right.end - columns[c] * 32;
		int			elements[200 * 8];

		for (size_t j = 0; j < columns[c] * 8; j++)
		{
			elements[j] = (int) vxr_below(&random_state, 31) - 15;
			parts[j / 8 * 16 + j % 8] = (uint8_t) (elements[j] > 0 ? elements[j] : 0);
			parts[j / 8 * 16 + 8 + j % 8] = (uint8_t) (elements[j] < 0 ? -elements[j] : 0);
		}
		for (size_t t = 0; t < count; t++)
		{
			memset(entries, 0xAB, columns[c] * 32);
			tables[t]->tables_u4(parts, columns[c], entries);
			for (size_t i = 0; i < columns[c] * 32; i++)
			{
				size_t		column = i / 16 % columns[c];
				const int  *four = elements + 8 * column + (i < columns[c] * 16 ? 0 : 4);
				int			wanted = 0;

				for (int b = 0; b < 4; b++)
					wanted += (i >> b & 1 ? four[b] : 0) + (four[b] < 0 ? -four[b] : 0);
				ck_assert_int_eq(entries[i], wanted);
			}
		}
	}
}
END_TEST

/* Check rows 0 .. count - 1 of n dimensions against one panel, products or distances. */
static void
compare_panels(VxReferenceKind kind, size_t count, size_t n, size_t offset)
{
	static VxReference reference[MOST_DIMENSIONS + 1];
	static float wanted[MOST_ROWS * VXK_PANEL];
	static double bound[MOST_ROWS * VXK_PANEL];
	const VxKernels *const *tables;
	size_t		tables_count = vxk_available(&tables);
	float	   *rows = (float *) place(&left, count * n * sizeof(float), offset);
	float	   *panel = (float *) place(&right, n * VXK_PANEL * sizeof(float), offset);
	float	   *out = (float *) (results.end - count * VXK_PANEL * sizeof(float));
	float		vector[MOST_DIMENSIONS];

	for (size_t i = 0; i < count * n; i++)
	{
		float		x = (float) vxr_normal(&random_state);

		memcpy((char *) rows + i * sizeof(float), &x, sizeof(x));
	}
	for (size_t j = 0; j < VXK_PANEL; j++)
	{
		for (size_t k = 0; k < n; k++)
		{
			vector[k] = (float) vxr_normal(&random_state);
			memcpy((char *) panel + (k * VXK_PANEL + j) * sizeof(float), &vector[k], sizeof(float));
		}
		for (size_t i = 0; i < count; i++)
		{
			vxk_reference_suffixes(kind, (float *) ((char *) rows + i * n * sizeof(float)),
								   vector, n, reference);
			wanted[i * VXK_PANEL + j] = (float) reference[n].value;
			bound[i * VXK_PANEL + j] = reference[n].magnitude * (n + 8) * 6e-8;
		}
	}
	for (size_t t = 0; t < tables_count; t++)
	{
		memset(out, 0xFF, count * VXK_PANEL * sizeof(float));
		if (kind == VX_REFERENCE_DOT)
			tables[t]->dot_panel_f32(rows, count, n, panel, out);
		else
			tables[t]->l2sq_panel_f32(rows, count, n, panel, out);
		for (size_t i = 0; i < count * VXK_PANEL; i++)
			ck_assert_msg(fabs(out[i] - wanted[i]) <= bound[i], "%s, row %zu of %zu, %zu dimensions: %g instead of %g",
						  tables[t]->name, i / VXK_PANEL, count, n, out[i], wanted[i]);
	}
}

START_TEST(panels_keep_their_bound)
{
	static const size_t dimensions[] = {0, 1, 2, 3, 7, 16, 64, 100, 511, 512, 513, 1024, MOST_DIMENSIONS};

	for (size_t i = 0; i < sizeof(dimensions) / sizeof(dimensions[0]); i++)
		for (size_t count = 0; count <= MOST_ROWS; count++)
		{
			compare_panels(VX_REFERENCE_DOT, count, dimensions[i], 0);
			compare_panels(VX_REFERENCE_L2SQ, count, dimensions[i], 0);
		}
	for (size_t offset = 1; offset < 64; offset++)
		compare_panels(offset % 2 ? VX_REFERENCE_DOT : VX_REFERENCE_L2SQ, 9, 20, offset);
}
END_TEST

/* a row's results do not depend on what rows come with it */
START_TEST(rows_are_independent)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	float		rows[MOST_ROWS * 37];
	float		panel[VXK_PANEL * 37];
	float		all[MOST_ROWS * VXK_PANEL];
	float		one[VXK_PANEL];

	for (size_t i = 0; i < MOST_ROWS * 37; i++)
		rows[i] = (float) vxr_normal(&random_state);
	for (size_t i = 0; i < VXK_PANEL * 37; i++)
		panel[i] = (float) vxr_normal(&random_state);
	for (size_t t = 0; t < count; t++)
	{
		tables[t]->dot_panel_f32(rows, MOST_ROWS, 37, panel, all);
		for (size_t i = 0; i < MOST_ROWS; i++)
		{
			tables[t]->dot_panel_f32(rows + i * 37, 1, 37, panel, one);
			ck_assert(memcmp(one, all + i * VXK_PANEL, sizeof(one)) == 0);
		}
	}
}
END_TEST

/* small integers, so that keys are exact; one key is no number */
START_TEST(nearest_keys_are_kept)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	float		products[MOST_ROWS * VXK_PANEL];
	float		bias[VXK_PANEL];
	VxNearest	nearest[MOST_ROWS];
	VxNearest	wanted[MOST_ROWS];

	for (size_t t = 0; t < count; t++)
	{
		for (int i = 0; i < MOST_ROWS * VXK_PANEL; i++)
			nearest[i / VXK_PANEL].key[i % VXK_PANEL] = INFINITY;
		for (int i = 0; i < MOST_ROWS; i++)
			memset(nearest[i].panel, 0, sizeof(nearest[i].panel));
		memcpy(wanted, nearest, sizeof(wanted));
		for (uint32_t panel = 0; panel < 9; panel++)
		{
			size_t		rows = panel == 8 ? 0 : MOST_ROWS - panel % 3;

			for (int i = 0; i < MOST_ROWS * VXK_PANEL; i++)
				products[i] = (float) vxr_below(&random_state, 100);
			for (int j = 0; j < VXK_PANEL; j++)
				bias[j] = panel == 4 && j == 3 ? NAN : (float) vxr_below(&random_state, 100);
			for (size_t i = 0; i < rows * VXK_PANEL; i++)
			{
				float		key = bias[i % VXK_PANEL] - 2.0f * products[i];
				VxNearest  *row = &wanted[i / VXK_PANEL];

				if (key < row->key[i % VXK_PANEL])
				{
					row->key[i % VXK_PANEL] = key;
					row->panel[i % VXK_PANEL] = panel;
				}
			}
			tables[t]->nearest_panel_f32(products, rows, -2.0f, bias, panel, nearest);
		}
		for (int i = 0; i < MOST_ROWS; i++)
		{
			ck_assert(memcmp(nearest[i].key, wanted[i].key, sizeof(wanted[i].key)) == 0);
			for (int j = 0; j < VXK_PANEL; j++)
				ck_assert(isinf(wanted[i].key[j]) || nearest[i].panel[j] == wanted[i].panel[j]);
		}
	}
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("kernel strips");
	TCase	   *tcase = tcase_create("kernels");
	SRunner    *runner;
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	vxr_seed(&random_state, SEED);
	guarded_buffer_init(&left, 2 * MOST_ROWS * MOST_DIMENSIONS * sizeof(float));
	guarded_buffer_init(&right, 2 * VXK_PANEL * MOST_DIMENSIONS * sizeof(float));
	guarded_buffer_init(&results, MOST_ROWS * VXK_PANEL * sizeof(float));
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, lookups_are_exact);
	tcase_add_test(tcase, large_sums_do_not_wrap);
	tcase_add_test(tcase, tables_hold_sums_of_four);
	tcase_add_test(tcase, panels_keep_their_bound);
	tcase_add_test(tcase, rows_are_independent);
	tcase_add_test(tcase, nearest_keys_are_kept);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
