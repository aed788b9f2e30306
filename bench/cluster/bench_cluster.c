/*-------------------------------------------------------------------------
 *
 * bench_cluster.c
 *	  How long clustering and assignment take, and how well lists find.
 *
 *	bench_cluster						generated vectors
 *	bench_cluster SET DIMS [METRIC]		SET.f32, SET_queries.f32, SET.gt.i32
 *	bench_cluster SET DIMS METRIC second	the same: second lists alone
 *
 * Times are seconds of CPU of one thread.  See bench/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "cluster/assign.h"
#include "cluster/kmeans.h"
#include "kernels/kernels.h"
#include "quantize/list_codec.h"

#define SEED 20261128

typedef struct Vectors
{
	VxMetric	metric;
	int			dims;
	size_t		rows;
	const float *data;
} Vectors;

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static void *
allocate(size_t size)
{
	return vxh_allocate(vxh_malloc_host(), size);
}

/* A finished clustering of a sample of `samples` rows spread over all. */
static VxClusterState *
cluster(const Vectors *vectors, int lists, size_t samples, int iterations)
{
	VxClusterParameters parameters = {vectors->metric, vectors->dims, lists, samples, iterations, SEED};
	VxClusterState *state = allocate(vxc_state_size(&parameters));

	vxc_init(state, &parameters);
	for (size_t i = 0; i < samples; i++)
		vxc_set_sample(state, i, vectors->data + i * vectors->rows / samples * vectors->dims);
	vxc_start(state, samples);
	vxc_run(state, vxh_malloc_host());
	return state;
}

/* Mean distance of all rows from their centroids. */
static double
assign_all(const Vectors *vectors, const VxClusterState *state, int lists, uint32_t *list, double *seconds)
{
	VxCentroids *set = allocate(vxc_centroids_size(vectors->metric, vectors->dims, lists));
	void	   *scratch = allocate(vxc_assign_scratch_size(vectors->metric, vectors->dims, lists));
	float	   *distance = allocate(vectors->rows * sizeof(float));
	VxInputs	inputs = {vectors->data, vectors->dims * sizeof(float), vectors->rows};
	double		sum = 0.0;
	double		start;

	vxc_centroids_from(set, state);
	start = cpu_seconds();
	vxc_assign(set, &inputs, scratch, list, distance);
	*seconds = cpu_seconds() - start;
	for (size_t i = 0; i < vectors->rows; i++)
		sum += distance[i];
	free(set);
	free(scratch);
	free(distance);
	return sum / vectors->rows;
}

static void
time_clustering(const Vectors *vectors, int lists, size_t samples, int iterations)
{
	uint32_t   *list = allocate(vectors->rows * sizeof(uint32_t));
	VxClusterState *state;
	VxClusterReport report;
	double		start = cpu_seconds();
	double		seconds;
	double		assigning;
	double		error;

	state = cluster(vectors, lists, samples, iterations);
	seconds = cpu_seconds() - start;
	vxc_cluster_report(state, &report);
	error = assign_all(vectors, state, lists, list, &assigning);
	printf("%d dims, %d lists, %zu samples: %.2f s, %d iterations, %d occupied, %d reseeded, error %.5f; "
		   "%zu rows assigned in %.2f s (%.2f ns a pair), error %.5f\n",
		   vectors->dims, lists, samples, seconds, report.iterations, report.occupied, report.reseeded, report.error,
		   vectors->rows, assigning, assigning * 1e9 / vectors->rows / lists, error);
	free(state);
	free(list);
}

/* Whole files of 4-byte elements; exits where there is none. */
static void *
read_file(const char *set, const char *suffix, size_t *elements)
{
	char		path[1000];
	FILE	   *file;
	void	   *data;
	long		size;

	snprintf(path, sizeof(path), "%s%s", set, suffix);
	file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0)
	{
		perror(path);
		exit(1);
	}
	rewind(file);
	data = allocate((size_t) size);
	if (fread(data, 1, (size_t) size, file) != (size_t) size)
	{
		perror(path);
		exit(1);
	}
	fclose(file);
	*elements = (size_t) size / 4;
	return data;
}

/* Lists of codes, as an index would keep them. */
typedef struct Lists
{
	const Vectors *vectors;
	VxListCodec codec;
	int			lists;
	uint8_t    *centres;
	uint32_t   *starts;			/* first row of each list in order */
	uint32_t   *order;			/* rows by list */
	size_t	   *strips;			/* first strip of each list */
	uint8_t    *data;			/* strips */
} Lists;

/* Rows by list: a counting sort. */
static void
sort_rows(Lists *lists, const uint32_t *list)
{
	size_t		rows = lists->vectors->rows;
	uint32_t   *next = allocate((lists->lists + 1) * sizeof(uint32_t));

	memset(lists->starts, 0, (lists->lists + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < rows; i++)
		lists->starts[list[i] + 1]++;
	lists->strips[0] = 0;
	for (int c = 0; c < lists->lists; c++)
	{
		lists->strips[c + 1] = lists->strips[c] + (lists->starts[c + 1] + VXQ_STRIP_ROWS - 1) / VXQ_STRIP_ROWS;
		lists->starts[c + 1] += lists->starts[c];
		next[c] = lists->starts[c];
	}
	for (size_t i = 0; i < rows; i++)
		lists->order[next[list[i]]++] = (uint32_t) i;
	free(next);
}

/* Encode all rows; prints how long it takes. */
static void
encode_lists(Lists *lists, const VxClusterState *state, int bits)
{
	const Vectors *vectors = lists->vectors;
	VxCodecParameters parameters = {vectors->metric, vectors->dims, bits, SEED, NULL, 0.0f, 0.0f};
	uint8_t    *row;
	void	   *scratch;
	double		start;

	vxq_list_codec_init(&lists->codec, &parameters, vxh_malloc_host());
	scratch = allocate(vxq_list_scratch_size(&lists->codec));
	row = allocate(lists->codec.row_bytes);
	lists->centres = allocate(lists->lists * lists->codec.centre_bytes);
	lists->data = allocate(lists->strips[lists->lists] * lists->codec.strip_bytes);
	memset(lists->data, 0, lists->strips[lists->lists] * lists->codec.strip_bytes);
	start = cpu_seconds();
	for (int c = 0; c < lists->lists; c++)
	{
		uint8_t    *centre = lists->centres + c * lists->codec.centre_bytes;

		vxq_list_centre(&lists->codec, vxc_centroid(state, c), scratch, centre);
		for (uint32_t i = lists->starts[c]; i < lists->starts[c + 1]; i++)
		{
			size_t		place = i - lists->starts[c];

			vxq_list_encode(&lists->codec, centre, vectors->data + (size_t) lists->order[i] * vectors->dims, scratch, row);
			vxq_strip_put(&lists->codec, lists->data + (lists->strips[c] + place / VXQ_STRIP_ROWS) * lists->codec.strip_bytes,
						  place % VXQ_STRIP_ROWS, row);
		}
	}
	printf("  %d bits: %zu bytes a row, encoded in %.0f ns a row\n", lists->codec.bits, lists->codec.row_bytes,
		   (cpu_seconds() - start) * 1e9 / vectors->rows);
	free(scratch);
	free(row);
}

/* One row that a query has scored. */
typedef struct Candidate
{
	float		lower;
	float		estimate;
	float		error;
	uint32_t	row;
} Candidate;

static int
by_lower(const void *a, const void *b)
{
	float		x = ((const Candidate *) a)->lower;
	float		y = ((const Candidate *) b)->lower;

	return (x > y) - (x < y);
}

/* Sums over queries of what a search does. */
typedef struct Sums
{
	double		rows;			/* scored */
	double		outside;		/* of these, keys outside the bound */
	double		reads;			/* exact keys that the ten nearest needed */
	double		found;			/* of the true ten nearest */
	double		centres;		/* seconds for ordering the lists */
	double		enter;			/* and entering them */
	double		score;			/* and scoring their rows */
} Sums;

/* Read exact keys in order of lower bounds until the ten nearest are certain. */
static void
take_exact(const Vectors *vectors, const float *query, Candidate *candidates, size_t count,
		   const int32_t *truth, Sums *sums)
{
	float		best[10];
	uint32_t	rows[10];
	int			have = 0;

	qsort(candidates, count, sizeof(Candidate), by_lower);
	for (size_t i = 0; i < count; i++)
	{
		float		key = vxq_exact(vectors->metric, query, vectors->data + (size_t) candidates[i].row * vectors->dims, vectors->dims);
		int			at = have;

		sums->outside += fabsf(key - candidates[i].estimate) > candidates[i].error;
		if (have == 10 && candidates[i].lower >= best[9])
			continue;			/* not read by a search: only for the sum above */
		sums->reads++;
		if (have == 10 && key >= best[9])
			continue;
		if (have == 10)
			at = 9;
		else
			have++;
		for (; at > 0 && best[at - 1] > key; at--)
		{
			best[at] = best[at - 1];
			rows[at] = rows[at - 1];
		}
		best[at] = key;
		rows[at] = candidates[i].row;
	}
	for (int i = 0; i < have; i++)
		for (int j = 0; j < 10; j++)
			sums->found += rows[i] == (uint32_t) truth[j];
}

/* Search the nearest `probes` lists for each query. */
static void
search(const Lists *lists, const float *queries, const int32_t *truth, size_t count, int probes)
{
	const Vectors *vectors = lists->vectors;
	VxListQuery *query = allocate(vxq_list_query_size(&lists->codec));
	void	   *scratch = allocate(vxq_list_scratch_size(&lists->codec));
	float	   *keys = allocate(lists->lists * sizeof(float));
	uint32_t   *room = allocate(lists->lists * sizeof(uint32_t));
	float	   *estimates = allocate(2 * (vectors->rows + 16 * lists->lists) * sizeof(float));
	Candidate  *candidates = allocate(vectors->rows * sizeof(Candidate));
	Sums		sums = {0};

	for (size_t q = 0; q < count; q++)
	{
		const float *x = queries + q * vectors->dims;
		VxListOrder order;
		size_t		found = 0;
		double		start = cpu_seconds();

		vxq_list_query_prepare(&lists->codec, x, scratch, query);
		vxq_list_query_centres(query, lists->centres, lists->codec.centre_bytes, lists->lists, keys);
		vxc_order_init(&order, keys, room, lists->lists);
		sums.centres += cpu_seconds() - start;
		for (int p = 0; p < probes; p++)
		{
			uint32_t	c = vxc_order_next(&order);
			size_t		strips = lists->strips[c + 1] - lists->strips[c];
			float	   *errors = estimates + strips * VXQ_STRIP_ROWS;

			start = cpu_seconds();
			vxq_list_query_enter(query, lists->centres + c * lists->codec.centre_bytes);
			sums.enter += cpu_seconds() - start;
			start = cpu_seconds();
			vxq_list_query_score(query, lists->data + lists->strips[c] * lists->codec.strip_bytes,
								 lists->codec.strip_bytes, strips, estimates, errors);
			sums.score += cpu_seconds() - start;
			for (uint32_t i = lists->starts[c]; i < lists->starts[c + 1]; i++)
			{
				uint32_t	place = i - lists->starts[c];
				Candidate	one = {estimates[place] - errors[place], estimates[place], errors[place], lists->order[i]};

				candidates[found++] = one;
			}
		}
		sums.rows += found;
		take_exact(vectors, x, candidates, found, truth + q * 100, &sums);
	}
	printf("    %d of %d lists: recall %.3f, %.0f rows scored, %.3f %% outside the bound, %.1f read for the 10 nearest; "
		   "%.1f us for the order of lists, %.2f us a list entered, %.2f ns a row\n",
		   probes, lists->lists, sums.found / count / 10, sums.rows / count, 100 * sums.outside / sums.rows, sums.reads / count,
		   sums.centres * 1e6 / count, sums.enter * 1e6 / count / probes, sums.score * 1e9 / sums.rows);
	free(query);
	free(scratch);
	free(keys);
	free(room);
	free(estimates);
	free(candidates);
}

/* How many of the true ten nearest are in the nearest lists, and how many rows these hold. */
static void
find_truth(const Vectors *vectors, const VxClusterState *state, int lists, const uint32_t *const list[2],
		   const float *queries, const int32_t *truth, size_t count)
{
	static const int probes[] = {1, 2, 3, 5, 10, 20, 30, 50, 100};
	float	   *keys = allocate(lists * sizeof(float));
	uint32_t   *room = allocate(lists * sizeof(uint32_t));
	uint32_t   *rank = allocate(lists * sizeof(uint32_t));
	uint32_t   *sizes = allocate(lists * sizeof(uint32_t));
	double		found[9] = {0};
	double		rows[9] = {0};

	memset(sizes, 0, lists * sizeof(uint32_t));
	for (size_t i = 0; i < vectors->rows; i++)
	{
		sizes[list[0][i]]++;
		if (list[1] != NULL)
			sizes[list[1][i]]++;
	}
	for (size_t q = 0; q < count; q++)
	{
		VxListOrder order;

		for (int c = 0; c < lists; c++)
			keys[c] = vxq_exact(vectors->metric, queries + q * vectors->dims, vxc_centroid(state, c), vectors->dims);
		vxc_order_init(&order, keys, room, lists);
		for (uint32_t place = 0; place < (uint32_t) lists; place++)
		{
			uint32_t	c = vxc_order_next(&order);

			rank[c] = place;
			for (int p = 0; p < 9; p++)
				rows[p] += place < (uint32_t) probes[p] ? sizes[c] : 0;
		}
		for (int j = 0; j < 10; j++)
		{
			size_t		row = (size_t) truth[q * 100 + j];
			uint32_t	best = rank[list[0][row]];

			if (list[1] != NULL && rank[list[1][row]] < best)
				best = rank[list[1][row]];
			for (int p = 0; p < 9; p++)
				found[p] += best < (uint32_t) probes[p];
		}
	}
	for (int p = 0; p < 9; p++)
		printf(" %d: %.3f, %.0f rows;", probes[p], found[p] / count / 10, rows[p] / count);
	printf("\n");
	free(keys);
	free(room);
	free(rank);
	free(sizes);
}

/* One list a row against two of them. */
static void
study_second_lists(const Vectors *vectors, const char *set, int count)
{
	static const float lambdas[] = {0.0f, 1.0f, 1.5f};
	size_t		elements;
	float	   *queries = read_file(set, "_queries.f32", &elements);
	size_t		query_count = elements / vectors->dims < 1000 ? elements / vectors->dims : 1000;
	int32_t    *truth = read_file(set, ".gt.i32", &elements);
	uint32_t   *list = allocate(vectors->rows * sizeof(uint32_t));
	uint32_t   *second = allocate(vectors->rows * sizeof(uint32_t));
	const uint32_t *both[2] = {list, NULL};
	VxClusterState *state = cluster(vectors, count, 50 * (size_t) count < vectors->rows ? 50 * (size_t) count : vectors->rows, 0);
	VxCentroids *centroids = allocate(vxc_centroids_size(vectors->metric, vectors->dims, count));
	void	   *scratch = allocate(vxc_assign_scratch_size(vectors->metric, vectors->dims, count));
	VxInputs	inputs = {vectors->data, vectors->dims * sizeof(float), vectors->rows};

	vxc_centroids_from(centroids, state);
	vxc_assign(centroids, &inputs, scratch, list, NULL);
	printf("%d lists, one a row:", count);
	find_truth(vectors, state, count, both, queries, truth, query_count);
	both[1] = second;
	for (int l = 0; l < 3; l++)
	{
		vxc_assign_two(centroids, &inputs, lambdas[l], scratch, list, second);
		printf("%d lists, two a row, lambda %.1f:", count, lambdas[l]);
		find_truth(vectors, state, count, both, queries, truth, query_count);
	}
	free(queries);
	free(truth);
	free(list);
	free(second);
	free(state);
	free(centroids);
	free(scratch);
}

/* Lists of a set, searched with codes of several sizes. */
static void
study_lists(const Vectors *vectors, const char *set, int count)
{
	Lists		lists = {.vectors = vectors};
	size_t		elements;
	float	   *queries = read_file(set, "_queries.f32", &elements);
	size_t		query_count = elements / vectors->dims;
	int32_t    *truth = read_file(set, ".gt.i32", &elements);
	uint32_t   *list = allocate(vectors->rows * sizeof(uint32_t));
	VxClusterState *state = cluster(vectors, count, 50 * (size_t) count < vectors->rows ? 50 * (size_t) count : vectors->rows, 0);
	double		seconds;

	if (query_count > 200)
		query_count = 200;
	lists.lists = count;
	lists.starts = allocate((count + 1) * sizeof(uint32_t));
	lists.strips = allocate((count + 1) * sizeof(size_t));
	lists.order = allocate(vectors->rows * sizeof(uint32_t));
	assign_all(vectors, state, count, list, &seconds);
	sort_rows(&lists, list);
	for (int bits = 1; bits <= VXQ_LIST_MOST_BITS; bits++)
	{
		encode_lists(&lists, state, bits);
		for (int probes = 1; probes <= 100 && probes <= count; probes *= 10)
		{
			search(&lists, queries, truth, query_count, probes);
			if (3 * probes <= count && probes < 100)
				search(&lists, queries, truth, query_count, 3 * probes);
		}
		vxq_list_codec_release(&lists.codec, vxh_malloc_host());
		free(lists.centres);
		free(lists.data);
	}
	free(queries);
	free(truth);
	free(list);
	free(state);
	free(lists.starts);
	free(lists.strips);
	free(lists.order);
}

/* Clouds of differing density. */
static float *
generate(size_t rows, int dims)
{
	VxRandom	random;
	float	   *data = allocate(rows * dims * sizeof(float));
	float	   *centres = allocate((size_t) 100 * dims * sizeof(float));

	vxr_seed(&random, SEED);
	for (int i = 0; i < 100 * dims; i++)
		centres[i] = (float) vxr_normal(&random);
	for (size_t i = 0; i < rows; i++)
	{
		size_t		cloud = (size_t) vxr_below(&random, 100);

		for (int k = 0; k < dims; k++)
			data[i * dims + k] = centres[cloud * dims + k] + (float) (vxr_normal(&random) * (0.2 + cloud * 0.01));
	}
	free(centres);
	return data;
}

int
main(int argc, char **argv)
{
	const char *simd = getenv("VX_SIMD");
	Vectors		vectors = {VX_METRIC_L2, 3, 144000, NULL};

	vxk_init();
	if (simd != NULL && !vxk_select(simd))
		return 1;
	printf("seed %d, kernels %s\n", SEED, vxk->name);
	if (argc >= 3)
	{
		size_t		elements;

		vectors.dims = atoi(argv[2]);
		vectors.metric = argc > 3 && strcmp(argv[3], "cosine") == 0 ? VX_METRIC_COSINE : VX_METRIC_L2;
		vectors.data = read_file(argv[1], ".f32", &elements);
		vectors.rows = elements / vectors.dims;
		if (argc > 4)
		{
			study_second_lists(&vectors, argv[1], 300);
			study_second_lists(&vectors, argv[1], 1000);
			return 0;
		}
		for (int iterations = 1; iterations <= 30; iterations = iterations * 2 + 1)
			time_clustering(&vectors, 300, 15000, iterations);
		time_clustering(&vectors, 300, 60000, 0);
		time_clustering(&vectors, 1000, 50000, 0);
		study_lists(&vectors, argv[1], 300);
		return 0;
	}
	vectors.data = generate(144000, 3);
	time_clustering(&vectors, 5000, 144000, 0);
	return 0;
}
