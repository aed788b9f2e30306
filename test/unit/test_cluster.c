/*-------------------------------------------------------------------------
 *
 * test_cluster.c
 *	  Finding centroids, and finding the nearest of them.
 *
 * Assignments are held against sums in double; clusterings against data of which
 * the answer is known, and against themselves when the work is shared otherwise.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cluster/assign.h"
#include "cluster/kmeans.h"
#include "kernels/kernels.h"

#define SEED 20261127

static VxRandom random_state;

static void
fill_normal(float *x, size_t n, float offset)
{
	for (size_t i = 0; i < n; i++)
		x[i] = offset + (float) vxr_normal(&random_state);
}

/* what vxc_assign() minimises, in double */
static double
reference_distance(VxMetric metric, const float *x, const float *c, int dims)
{
	double		dot = 0.0;
	double		norm_x = 0.0;
	double		norm_c = 0.0;
	double		l2sq = 0.0;

	for (int k = 0; k < dims; k++)
	{
		dot += (double) x[k] * c[k];
		norm_x += (double) x[k] * x[k];
		norm_c += (double) c[k] * c[k];
		l2sq += ((double) x[k] - c[k]) * ((double) x[k] - c[k]);
	}
	if (metric == VX_METRIC_COSINE || metric == VX_METRIC_IP)
		return 1.0 - dot / sqrt(norm_x * norm_c);
	return l2sq;
}

static VxCentroids *
make_set(VxMetric metric, int dims, int lists, const float *centroids)
{
	VxCentroids *set = malloc(vxc_centroids_size(metric, dims, lists));

	vxc_centroids_init(set, metric, dims, lists);
	for (int i = 0; i < lists; i++)
		vxc_centroids_set(set, i, centroids + (size_t) i * dims);
	return set;
}

static void
check_assignment(VxMetric metric, int dims, int lists, size_t count)
{
	float	   *centroids = malloc((size_t) lists * dims * sizeof(float));
	float	   *inputs = malloc(count * dims * sizeof(float));
	void	   *scratch = malloc(vxc_assign_scratch_size(metric, dims, lists));
	uint32_t   *list = malloc(count * sizeof(uint32_t));
	float	   *distance = malloc(count * sizeof(float));
	VxCentroids *set;

	fill_normal(centroids, (size_t) lists * dims, 0.5f);
	fill_normal(inputs, count * dims, 0.5f);
	set = make_set(metric, dims, lists, centroids);
	vxc_assign(set, &(VxInputs) {inputs, dims * sizeof(float), count}, scratch, list, distance);
	for (size_t i = 0; i < count; i++)
	{
		const float *x = inputs + i * dims;
		double		least = INFINITY;
		double		found;

		for (int c = 0; c < lists; c++)
			least = fmin(least, reference_distance(metric, x, centroids + (size_t) c * dims, dims));
		ck_assert_uint_lt(list[i], lists);
		found = reference_distance(metric, x, centroids + (size_t) list[i] * dims, dims);
		ck_assert_msg(found <= least + 1e-5 * (1 + dims), "%d dims, %d lists: %g, not %g", dims, lists, found, least);
		ck_assert(fabs(found - distance[i]) <= 1e-5 * (1 + dims));
	}
	free(centroids);
	free(inputs);
	free(scratch);
	free(list);
	free(distance);
	free(set);
}

START_TEST(assignment_is_to_the_nearest)
{
	static const int dims[] = {1, 3, 32, 33, 100, 600};
	static const int lists[] = {1, 2, 15, 16, 17, 100};
	static const VxMetric metrics[] = {VX_METRIC_L2, VX_METRIC_COSINE, VX_METRIC_IP};
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);

	for (size_t t = 0; t < count; t++)
	{
		ck_assert(vxk_select(tables[t]->name));
		for (int d = 0; d < 6; d++)
			for (int l = 0; l < 6; l++)
				check_assignment(metrics[(d + l) % 3], dims[d], lists[l], 1 + 13 * l);
	}
	vxk_init();
	check_assignment(VX_METRIC_L2, 16000, 5, 20);
	check_assignment(VX_METRIC_L2, 2, 40, 3 * VXC_BATCH + 1);
}
END_TEST

START_TEST(equal_centroids_give_the_lower_number)
{
	float		centroids[40 * 50];
	float		inputs[40 * 50];
	uint32_t	list[40];
	VxCentroids *set;
	void	   *scratch = malloc(vxc_assign_scratch_size(VX_METRIC_L2, 50, 40));

	fill_normal(centroids, 20 * 50, 0.0f);
	memcpy(centroids + 20 * 50, centroids, 20 * 50 * sizeof(float));
	fill_normal(inputs, 40 * 50, 0.0f);
	set = make_set(VX_METRIC_L2, 50, 40, centroids);
	vxc_assign(set, &(VxInputs) {inputs, 50 * sizeof(float), 40}, scratch, list, NULL);
	for (int i = 0; i < 40; i++)
		ck_assert_uint_lt(list[i], 20);
	free(set);
	free(scratch);
}
END_TEST

START_TEST(bit_strings_are_assigned_by_hamming_distance)
{
	enum { DIMS = 70, BYTES = 9, LISTS = 21, ROWS = 50 };
	uint8_t		centroids[LISTS * BYTES];
	uint8_t		inputs[ROWS * BYTES];
	uint32_t	list[ROWS];
	float		distance[ROWS];
	VxCentroids *set = malloc(vxc_centroids_size(VX_METRIC_HAMMING, DIMS, LISTS));
	void	   *scratch = malloc(vxc_assign_scratch_size(VX_METRIC_HAMMING, DIMS, LISTS));

	for (size_t i = 0; i < sizeof(centroids); i++)
		centroids[i] = (uint8_t) (vxr_uint64(&random_state) & (i % BYTES == BYTES - 1 ? 0xfc : 0xff));
	for (size_t i = 0; i < sizeof(inputs); i++)
		inputs[i] = (uint8_t) (vxr_uint64(&random_state) & (i % BYTES == BYTES - 1 ? 0xfc : 0xff));
	vxc_centroids_init(set, VX_METRIC_HAMMING, DIMS, LISTS);
	for (int c = 0; c < LISTS; c++)
		vxc_centroids_set(set, c, centroids + c * BYTES);
	vxc_assign(set, &(VxInputs) {inputs, BYTES, ROWS}, scratch, list, distance);
	for (int i = 0; i < ROWS; i++)
	{
		int			best = 0;
		int			least = DIMS + 1;

		for (int c = 0; c < LISTS; c++)
		{
			int			differ = 0;

			for (int b = 0; b < BYTES; b++)
				differ += __builtin_popcount(centroids[c * BYTES + b] ^ inputs[i * BYTES + b]);
			if (differ < least)
			{
				least = differ;
				best = c;
			}
		}
		ck_assert_uint_eq(list[i], best);
		ck_assert(distance[i] == (float) least);
	}
	free(set);
	free(scratch);
}
END_TEST

/* [SOAR]: the cost of a list as a second one, in double */
static double
second_cost(const float *x, const float *first, const float *other, int dims, float lambda)
{
	double		residual2 = 0.0;
	double		other2 = 0.0;
	double		along = 0.0;

	for (int k = 0; k < dims; k++)
	{
		double		r = (double) x[k] - first[k];
		double		o = (double) x[k] - other[k];

		residual2 += r * r;
		other2 += o * o;
		along += r * o;
	}
	return other2 + lambda * along * along / residual2;
}

START_TEST(second_lists_minimise_their_cost)
{
	enum { DIMS = 40, LISTS = 50, ROWS = 70 };
	float		centroids[LISTS * DIMS];
	float		inputs[ROWS * DIMS];
	uint32_t	list[ROWS];
	uint32_t	second[ROWS];
	VxCentroids *set;
	void	   *scratch = malloc(vxc_assign_scratch_size(VX_METRIC_L2, DIMS, LISTS));

	fill_normal(centroids, LISTS * DIMS, 1.0f);
	fill_normal(inputs, ROWS * DIMS, 1.0f);
	set = make_set(VX_METRIC_L2, DIMS, LISTS, centroids);
	vxc_assign_two(set, &(VxInputs) {inputs, DIMS * sizeof(float), ROWS}, 1.5f, scratch, list, second);
	for (int i = 0; i < ROWS; i++)
	{
		const float *x = inputs + i * DIMS;
		const float *first = centroids + list[i] * DIMS;
		double		least = INFINITY;

		ck_assert_uint_ne(second[i], list[i]);
		ck_assert_uint_lt(second[i], LISTS);
		for (uint32_t c = 0; c < LISTS; c++)
		{
			if (c != list[i])
				least = fmin(least, second_cost(x, first, centroids + c * DIMS, DIMS, 1.5f));
		}
		ck_assert(second_cost(x, first, centroids + second[i] * DIMS, DIMS, 1.5f) <= least * (1 + 1e-4));
	}
	free(set);
	set = make_set(VX_METRIC_L2, DIMS, 1, centroids);
	vxc_assign_two(set, &(VxInputs) {inputs, DIMS * sizeof(float), 1}, 1.5f, scratch, list, second);
	ck_assert_uint_eq(second[0], UINT32_MAX);
	free(set);
	free(scratch);
}
END_TEST

START_TEST(lists_come_in_order)
{
	static const size_t counts[] = {0, 1, 2, 3, 10, 1000};
	float		keys[1000];
	uint32_t	lists[1000];

	for (int i = 0; i < 6; i++)
	{
		VxListOrder order;
		uint32_t	before = UINT32_MAX;
		uint32_t	list;
		size_t		given = 0;

		/* few values, hence many equal keys */
		for (size_t c = 0; c < counts[i]; c++)
			keys[c] = c % 97 == 5 ? NAN : (float) vxr_below(&random_state, 50);
		vxc_order_init(&order, keys, lists, counts[i]);
		while ((list = vxc_order_next(&order)) != UINT32_MAX)
		{
			ck_assert_uint_lt(list, counts[i]);
			if (before != UINT32_MAX && !isnan(keys[list]))
				ck_assert(keys[before] < keys[list] || (keys[before] == keys[list] && before < list));
			if (before != UINT32_MAX && isnan(keys[before]))
				ck_assert(isnan(keys[list]));
			before = list;
			given++;
		}
		ck_assert_uint_eq(given, counts[i]);
		ck_assert_uint_eq(vxc_order_next(&order), UINT32_MAX);
	}
}
END_TEST

/* A state of the given samples, not run yet. */
static VxClusterState *
make_state(VxMetric metric, int dims, int lists, size_t rows, const float *samples)
{
	VxClusterParameters parameters = {metric, dims, lists, rows, 0, SEED};
	VxClusterState *state = malloc(vxc_state_size(&parameters));

	vxc_init(state, &parameters);
	for (size_t i = 0; i < rows; i++)
		ck_assert(vxc_set_sample(state, i, samples + i * dims));
	vxc_start(state, rows);
	return state;
}

/* `blobs` far apart, samples in turn from each; returns the samples */
static float *
make_blobs(int dims, int blobs, size_t rows, float offset, float *centres)
{
	float	   *samples = malloc(rows * dims * sizeof(float));

	for (int i = 0; i < blobs * dims; i++)
		centres[i] = offset + 100.0f * (float) vxr_normal(&random_state);
	for (size_t i = 0; i < rows; i++)
		for (int k = 0; k < dims; k++)
			samples[i * dims + k] = centres[i % blobs * dims + k] + 0.1f * (float) vxr_normal(&random_state);
	return samples;
}

static void
check_blobs(VxMetric metric, int dims, float offset)
{
	enum { BLOBS = 30, ROWS = 600 };
	float	   *centres = malloc(BLOBS * dims * sizeof(float));
	float	   *samples = make_blobs(dims, BLOBS, ROWS, offset, centres);
	VxClusterState *state = make_state(metric, dims, BLOBS, ROWS, samples);
	VxClusterReport report;
	int			found = 0;

	vxc_run(state, vxh_malloc_host());
	vxc_cluster_report(state, &report);
	ck_assert_int_eq(report.occupied, BLOBS);
	/* each blob has a centroid of its own, but for one that lay beside another */
	for (int b = 0; b < BLOBS; b++)
	{
		double		least = INFINITY;
		double		limit = metric == VX_METRIC_L2 ? 0.01 * dims : 1e-5;

		for (int c = 0; c < BLOBS; c++)
			least = fmin(least, reference_distance(metric, vxc_centroid(state, c), centres + b * dims, dims));
		found += least < limit;
	}
	ck_assert_msg(found >= BLOBS - 1, "%d dims, offset %g: %d of %d", dims, offset, found, BLOBS);
	free(centres);
	free(samples);
	free(state);
}

START_TEST(separate_clusters_are_found)
{
	check_blobs(VX_METRIC_L2, 2, 0.0f);
	check_blobs(VX_METRIC_L2, 2, 5000.0f);
	check_blobs(VX_METRIC_L2, 40, 0.0f);
	check_blobs(VX_METRIC_L2, 40, 10000.0f);
	check_blobs(VX_METRIC_COSINE, 40, 0.0f);
	check_blobs(VX_METRIC_IP, 300, 0.0f);
}
END_TEST

START_TEST(spherical_centroids_have_length_one)
{
	enum { DIMS = 50, ROWS = 400, LISTS = 7 };
	float		samples[ROWS * DIMS];
	VxClusterState *state;

	fill_normal(samples, ROWS * DIMS, 1.0f);
	for (int i = 0; i < ROWS * DIMS; i++)
		samples[i] *= 10.0f;
	state = make_state(VX_METRIC_IP, DIMS, LISTS, ROWS, samples);
	vxc_run(state, vxh_malloc_host());
	for (int c = 0; c < LISTS; c++)
	{
		ck_assert_double_eq_tol(vxk->norm2_f32(vxc_centroid(state, c), DIMS), 1.0, 1e-5);
		/* lengths are 10 sqrt(100) on average, cosines with the centroid 0.7 to 0.8 */
		ck_assert(vxc_reach(state, c) > 50.0f && vxc_reach(state, c) < 100.0f);
	}
	free(state);
	memset(samples, 0, sizeof(samples));
	state = malloc(1 << 20);
	vxc_init(state, &(VxClusterParameters) {VX_METRIC_COSINE, DIMS, LISTS, ROWS, 0, SEED});
	ck_assert(!vxc_set_sample(state, 0, samples));
	free(state);
}
END_TEST

START_TEST(few_or_equal_samples_do)
{
	static const size_t rows[] = {0, 1, 2, 9, 10, 40};
	float		samples[40 * 20];

	for (int kind = 0; kind < 3; kind++)
		for (int r = 0; r < 6; r++)
			for (int m = 0; m < 2; m++)
			{
				VxMetric	metric = m == 0 ? VX_METRIC_L2 : VX_METRIC_COSINE;
				int			dims = kind == 2 ? 1 : 20;
				VxClusterState *state;
				VxClusterReport report;

				/* all different; all equal; five different ones in one dimension */
				fill_normal(samples, 40 * 20, 3.0f);
				for (size_t i = 0; kind > 0 && i < 40; i++)
					memcpy(samples + i * dims, samples + (kind == 1 ? 0 : i % 5) * dims, dims * sizeof(float));
				state = make_state(metric, dims, 10, rows[r], samples);
				vxc_run(state, vxh_malloc_host());
				vxc_cluster_report(state, &report);
				ck_assert_int_le(report.occupied, kind == 0 ? 10 : 5);
				ck_assert_int_ge(report.occupied, rows[r] > 0);
				if (kind == 0 && rows[r] <= 10)
					ck_assert_int_eq(report.occupied, rows[r]);
				for (int c = 0; c < 10; c++)
				{
					const float *centroid = vxc_centroid(state, c);

					for (int k = 0; k < dims; k++)
						ck_assert(isfinite(centroid[k]));
				}
				free(state);
			}
}
END_TEST

/* close values in one dimension: every list still gets rows */
START_TEST(one_dimension_is_cut_finely)
{
	enum { ROWS = 4000, LISTS = 500 };
	float		samples[ROWS];
	VxClusterState *state;
	VxClusterReport report;

	for (int i = 0; i < ROWS; i++)
		samples[i] = 1e6f + (float) i;
	state = make_state(VX_METRIC_L2, 1, LISTS, ROWS, samples);
	vxc_run(state, vxh_malloc_host());
	vxc_cluster_report(state, &report);
	ck_assert_int_eq(report.occupied, LISTS);
	/* intervals of about eight numbers have a variance of five */
	ck_assert(report.error < 8.0);
	free(state);
}
END_TEST

START_TEST(majorities_of_bits_are_found)
{
	enum { DIMS = 130, BYTES = 17, BLOBS = 12, ROWS = 360 };
	uint8_t		centres[BLOBS * BYTES];
	uint8_t		sample[BYTES];
	VxClusterParameters parameters = {VX_METRIC_HAMMING, DIMS, 2 * BLOBS, ROWS, 0, SEED};
	VxClusterState *state = malloc(vxc_state_size(&parameters));

	vxc_init(state, &parameters);
	for (int i = 0; i < BLOBS * BYTES; i++)
		centres[i] = (uint8_t) (vxr_uint64(&random_state) & (i % BYTES == BYTES - 1 ? 0xc0 : 0xff));
	for (int i = 0; i < ROWS; i++)
	{
		memcpy(sample, centres + i % BLOBS * BYTES, BYTES);
		for (int flip = 0; flip < 6; flip++)
		{
			int			bit = (int) vxr_below(&random_state, DIMS);

			sample[bit / 8] ^= (uint8_t) (0x80 >> bit % 8);
		}
		ck_assert(vxc_set_sample(state, i, sample));
	}
	vxc_start(state, ROWS);
	vxc_run(state, vxh_malloc_host());
	for (int b = 0; b < BLOBS; b++)
	{
		uint64_t	least = DIMS;

		for (int c = 0; c < 2 * BLOBS; c++)
		{
			uint64_t	differ = vxk->hamming_bits(centres + b * BYTES, vxc_centroid(state, c), BYTES);

			least = differ < least ? differ : least;
			ck_assert_uint_eq(((const uint8_t *) vxc_centroid(state, c))[BYTES - 1] & 0x3f, 0);
		}
		ck_assert_uint_le(least, 3);
	}
	free(state);
}
END_TEST

/*
 * Two workers that take units from both ends, on a state that moves to another
 * address between steps, do what one process does.
 */
START_TEST(sharing_the_work_changes_nothing)
{
	enum { DIMS = 40, ROWS = 700, LISTS = 33 };
	float	   *samples = malloc(ROWS * DIMS * sizeof(float));
	VxClusterParameters parameters = {VX_METRIC_L2, DIMS, LISTS, ROWS, 0, SEED};
	size_t		size = vxc_state_size(&parameters);
	void	   *scratch = malloc(vxc_scratch_size(&parameters));
	VxClusterState *alone;
	VxClusterState *shared;
	const VxHost *host = vxh_malloc_host();

	fill_normal(samples, ROWS * DIMS, 2.0f);
	alone = make_state(VX_METRIC_L2, DIMS, LISTS, ROWS, samples);
	shared = make_state(VX_METRIC_L2, DIMS, LISTS, ROWS, samples);
	vxc_run(alone, host);
	while (vxc_next(shared, host))
	{
		VxClusterState *moved = malloc(size);

		memcpy(moved, shared, size);
		free(shared);
		shared = moved;
		for (size_t unit = vxc_units(shared); unit > vxc_units(shared) / 2; unit--)
			vxc_work(shared, unit - 1, unit, scratch, host);
		vxc_work(shared, 0, vxc_units(shared) / 2, scratch, host);
	}
	for (int c = 0; c < LISTS; c++)
		ck_assert(memcmp(vxc_centroid(alone, c), vxc_centroid(shared, c), DIMS * sizeof(float)) == 0);
	free(alone);
	free(shared);
	free(samples);
	free(scratch);
}
END_TEST

static size_t interrupt_checks;

static void
count_interrupts(void *context)
{
	(void) context;
	interrupt_checks++;
}

START_TEST(work_can_be_interrupted_all_along)
{
	enum { DIMS = 64, ROWS = 2000, LISTS = 20 };
	float	   *samples = malloc(ROWS * DIMS * sizeof(float));
	VxHost		host = *vxh_malloc_host();
	VxClusterState *state;
	VxClusterReport report;

	host.check_interrupts = count_interrupts;
	fill_normal(samples, ROWS * DIMS, 0.0f);
	state = make_state(VX_METRIC_L2, DIMS, LISTS, ROWS, samples);
	vxc_run(state, &host);
	vxc_cluster_report(state, &report);
	/* once for each tile of each iteration at least */
	ck_assert_uint_ge(interrupt_checks, (size_t) report.iterations * ROWS / VXC_BATCH);
	free(state);
	free(samples);
}
END_TEST

/* what a server with maintenance_work_mem of 64 MB has to be able to do */
START_TEST(memory_grows_with_lists_and_not_their_square)
{
	VxClusterParameters parameters = {VX_METRIC_L2, 3, 5000, 0, 0, SEED};
	size_t		memory = (size_t) 64 << 20;
	size_t		rows = vxc_sample_rows(&parameters, 144000, memory);

	ck_assert_uint_eq(rows, 144000);
	parameters.rows = rows;
	ck_assert_uint_lt(vxc_state_size(&parameters), 8 << 20);
	parameters.dims = 768;
	rows = vxc_sample_rows(&parameters, 1000000, memory);
	ck_assert_uint_gt(rows, 5000);
	parameters.rows = rows;
	ck_assert_uint_le(vxc_state_size(&parameters), memory);
	parameters.rows = SIZE_MAX / 2;
	ck_assert_uint_eq(vxc_state_size(&parameters), SIZE_MAX);
	ck_assert_uint_eq(vxc_sample_rows(&parameters, 1000000, 1000), 0);
}
END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("cluster");
	TCase	   *tcase = tcase_create("cluster");
	SRunner    *runner;
	int			failed;

	printf("seed %d\n", SEED);
	vxk_init();
	vxr_seed(&random_state, SEED);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, assignment_is_to_the_nearest);
	tcase_add_test(tcase, equal_centroids_give_the_lower_number);
	tcase_add_test(tcase, bit_strings_are_assigned_by_hamming_distance);
	tcase_add_test(tcase, second_lists_minimise_their_cost);
	tcase_add_test(tcase, lists_come_in_order);
	tcase_add_test(tcase, separate_clusters_are_found);
	tcase_add_test(tcase, spherical_centroids_have_length_one);
	tcase_add_test(tcase, few_or_equal_samples_do);
	tcase_add_test(tcase, one_dimension_is_cut_finely);
	tcase_add_test(tcase, majorities_of_bits_are_found);
	tcase_add_test(tcase, sharing_the_work_changes_nothing);
	tcase_add_test(tcase, work_can_be_interrupted_all_along);
	tcase_add_test(tcase, memory_grows_with_lists_and_not_their_square);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
