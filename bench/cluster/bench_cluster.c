/*-------------------------------------------------------------------------
 *
 * bench_cluster.c
 *	  How long clustering and assignment take, and how well lists find.
 *
 *	bench_cluster						generated vectors
 *	bench_cluster SET DIMS [METRIC]		SET.f32, SET_queries.f32, SET.gt.i32 too
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
		for (int iterations = 1; iterations <= 30; iterations = iterations * 2 + 1)
			time_clustering(&vectors, 300, 15000, iterations);
		time_clustering(&vectors, 300, 60000, 0);
		time_clustering(&vectors, 1000, 50000, 0);
		return 0;
	}
	vectors.data = generate(144000, 3);
	time_clustering(&vectors, 5000, 144000, 0);
	return 0;
}
