/*
 * study.c
 *	  Measures what the layout of a graph page and the effort of a build buy.
 *
 * Builds a graph over a data set, lays it out on pages as an index would, and
 * prints one row of a markdown table for each width of search: recall@10
 * against distinct pages read and time a query.  The pages are in memory, so
 * times leave out the buffer manager.  Run it through bench/graph/run.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph_page_store.h"
#include "base/rng.h"
#include "kernels/kernels.h"

#define K		10
#define MAX_EF	2048

typedef struct Study
{
	const char *data_path;
	const char *query_path;
	const char *label;
	int			dims;
	int			prefix;			/* use only so many dimensions */
	size_t		rows;
	size_t		queries;
	VxMetric	metric;
	int			bits;
	int			max_edges;
	double		fill_factor;
	bool		node_edges;
	bool		lognormal;
	bool		ip_dot;
	bool		no_mean;
	bool		eager;
	int			upper_ef;
	int			entries;
	double		error_scale;
	int			slots;
	VxBuildOptions build;
	const char *ef_list;

	float	   *data;
	float	   *query;
	int32_t    *truth;
	VxCodec		codec;
	double		build_seconds;
	double		pack_seconds;
	size_t		repaired;
} Study;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static float *
read_vectors(const char *path, int dims, size_t *rows)
{
	FILE	   *file = fopen(path, "rb");
	size_t		most;
	float	   *vectors;

	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	most = (size_t) ftell(file) / (sizeof(float) * dims);
	if (*rows == 0 || *rows > most)
		*rows = most;
	rewind(file);
	vectors = malloc(*rows * dims * sizeof(float));
	if (fread(vectors, sizeof(float) * dims, *rows, file) != *rows)
		exit(1);
	fclose(file);
	return vectors;
}

/* Keeps the first elements of each vector. */
static void
cut_vectors(float *vectors, size_t rows, int dims, int prefix)
{
	for (size_t i = 0; i < rows; i++)
		memmove(vectors + i * prefix, vectors + i * dims, prefix * sizeof(float));
}

/* Lengths vary as they do among items of recommendation data. */
static void
vary_norms(float *vectors, size_t rows, int dims)
{
	VxRandom	random;

	vxr_seed(&random, 42);
	for (size_t i = 0; i < rows; i++)
	{
		float		norm = expf(0.5f * (float) vxr_normal(&random));

		for (int j = 0; j < dims; j++)
			vectors[i * dims + j] *= norm;
	}
}

/* The 10 nearest of each query by exact keys. */
static void
find_truth(Study *study)
{
	study->truth = malloc(study->queries * K * sizeof(int32_t));
	for (size_t q = 0; q < study->queries; q++)
	{
		float		best[K];
		int32_t    *truth = study->truth + q * K;
		int			count = 0;

		for (size_t i = 0; i < study->rows; i++)
		{
			float		key = vxq_exact(study->metric, study->query + q * study->dims,
										study->data + i * study->dims, study->dims);
			int			place = count < K ? count++ : K - 1;

			if (place == K - 1 && count == K && i >= K && !(key < best[K - 1]))
				continue;
			for (; place > 0 && best[place - 1] > key; place--)
			{
				best[place] = best[place - 1];
				truth[place] = truth[place - 1];
			}
			best[place] = key;
			truth[place] = (int32_t) i;
		}
	}
}

static void
make_codec(Study *study)
{
	VxCodecParameters parameters = {study->metric, study->dims, study->bits, 7, NULL, 0, 0.0f};
	float	   *mean = calloc(study->dims, sizeof(float));
	double		deviation = 0;

	for (size_t i = 0; i < study->rows; i++)
	{
		const float *x = study->data + i * study->dims;
		float		norm = study->metric == VX_METRIC_COSINE ?
			(float) sqrt(vxk->norm2_f32(x, study->dims)) : 1.0f;

		for (int j = 0; j < study->dims; j++)
			mean[j] += x[j] / norm / study->rows;
	}
	for (size_t i = 0; i < study->rows; i++)
		for (int j = 0; j < study->dims; j++)
			deviation += fabs(study->data[i * study->dims + j] - mean[j]);
	parameters.mean = study->no_mean ? NULL : mean;
	parameters.spread = (float) (4 * deviation / study->rows / study->dims);
	vxq_codec_init(&study->codec, &parameters, vxh_malloc_host());
	if (study->ip_dot)
		study->codec.ip_link = VX_IP_LINK_DOT;
	free(mean);
}

static VxMemGraph *
build_graph(Study *study)
{
	VxMemGraph *graph;
	double		start = now();

	study->build.max_nodes = study->rows;
	graph = vxg_create(&study->codec, &study->build, vxh_malloc_host());
	for (size_t i = 0; i < study->rows; i++)
		vxg_add(graph, study->data + i * study->dims);
	study->repaired = vxg_finish(graph);
	study->build_seconds = now() - start;
	return graph;
}

/* What the exact stage of one query did. */
typedef struct Exact
{
	int			distances;
	int			vector_pages;
	int			hits;
} Exact;

typedef struct Ranked
{
	float		bound;
	uint32_t	node;
	uint32_t	vector_page;
} Ranked;

static int
by_bound(const void *a, const void *b)
{
	float		x = ((const Ranked *) a)->bound;
	float		y = ((const Ranked *) b)->bound;

	return x < y ? -1 : x > y;
}

static bool
seen_page(const uint32_t *pages, int count, uint32_t page)
{
	for (int i = 0; i < count; i++)
		if (pages[i] == page)
			return true;
	return false;
}

/*
 * Takes exact distances by lower bound until the bound passes the tenth
 * exact distance, as a scan with LIMIT 10 does.
 */
static Exact
take_exact(const Study *study, const PageStore *store, const VxCandidate *found,
		   int count, size_t q)
{
	static Ranked ranked[MAX_EF];
	static uint32_t pages[MAX_EF];
	int			per_page = (BLOCK_SIZE - PAGE_OVERHEAD) / (4 * study->dims);
	int			per_graph_page;
	float		best[K];
	int32_t		ids[K];
	int			kept = 0;
	Exact		exact = {0, 0, 0};

	per_page = per_page > 0 ? per_page : 1;
	per_graph_page = (store->slots + per_page - 1) / per_page;
	for (int i = 0; i < count; i++)
	{
		ranked[i].bound = found[i].estimate - study->error_scale * found[i].error;
		ranked[i].node = candidate_node(&found[i]);
		ranked[i].vector_page = found[i].block * per_graph_page + found[i].slot / per_page;
	}
	qsort(ranked, count, sizeof(Ranked), by_bound);
	for (int i = 0; i < count; i++)
	{
		float		key;
		int			place;

		if (kept == K && ranked[i].bound > best[K - 1])
			break;
		key = vxq_exact(study->metric, study->query + q * study->dims,
						study->data + (size_t) ranked[i].node * study->dims, study->dims);
		exact.distances++;
		if (!seen_page(pages, exact.vector_pages, ranked[i].vector_page))
			pages[exact.vector_pages++] = ranked[i].vector_page;
		if (kept == K && !(key < best[K - 1]))
			continue;
		place = kept < K ? kept++ : K - 1;
		for (; place > 0 && best[place - 1] > key; place--)
		{
			best[place] = best[place - 1];
			ids[place] = ids[place - 1];
		}
		best[place] = key;
		ids[place] = (int32_t) ranked[i].node;
	}
	for (int i = 0; i < kept; i++)
		for (int k = 0; k < K; k++)
			exact.hits += ids[i] == study->truth[q * K + k];
	return exact;
}

/*
 * Descends the upper layers and leaves the base layer's search done.  Returns
 * the pages read in the upper layers.
 */
static uint64_t
search_all_layers(const Study *study, PageStore *store, VxPageSearch *search,
				  const VxCodeQuery *query, int ef)
{
	uint32_t	entry[64];
	int			entries = 1;
	uint64_t	before = vxg_search_counters(search)->pages_read;
	uint64_t	upper_pages;

	entry[0] = store->first_block[store->layers - 1];
	vxg_search_set_ef(search, study->upper_ef);
	for (int layer = store->layers - 1; layer > 0; layer--)
	{
		const VxCandidate *found;
		int			count;

		vxg_search_run(search, query, entry, entries);
		found = vxg_search_results(search, &count);
		entries = 0;
		for (int i = 0; i < count && entries < study->entries; i++)
			entry[entries++] = found[i].down;
	}
	upper_pages = vxg_search_counters(search)->pages_read - before;
	vxg_search_set_ef(search, ef);
	vxg_search_run(search, query, entry, entries);
	return upper_pages;
}

static void
measure(const Study *study, PageStore *store, int ef)
{
	VxPageSource source = store_source(store);
	VxPageSearchOptions options = {MAX_EF, store->max_edges, store->slots, 0, false, study->eager};
	VxPageSearch *search = vxg_search_create(&study->codec, &source, &options,
											 vxh_malloc_host());
	const VxPageSearchCounters *counters = vxg_search_counters(search);
	void	   *scratch = malloc(vxq_scratch_size(&study->codec));
	VxCodeQuery *query = malloc(vxq_query_size(&study->codec));
	double		seconds = 0;
	long		hits = 0;
	long		distances = 0;
	long		vector_pages = 0;
	uint64_t	upper_pages = 0;
	int			per_page = (BLOCK_SIZE - PAGE_OVERHEAD) / (4 * study->dims);

	for (size_t q = 0; q < study->queries; q++)
	{
		double		start = now();
		const VxCandidate *found;
		int			count;
		Exact		exact;

		vxq_query_prepare(&study->codec, study->query + q * study->dims,
						  VX_QUERY_SEARCH, scratch, query);
		upper_pages += search_all_layers(study, store, search, query, ef);
		found = vxg_search_results(search, &count);
		exact = take_exact(study, store, found, count, q);
		seconds += now() - start;
		hits += exact.hits;
		distances += exact.distances;
		vector_pages += exact.vector_pages;
	}
	per_page = per_page > 0 ? per_page : 1;
	printf("| %s | %d | %d | %d | %d | %.1f | %.0f | %d | %.4f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f |\n",
		   study->label, study->bits, store->slots, store->max_edges,
		   study->build.effort, study->build_seconds,
		   (double) store->blocks * BLOCK_SIZE / study->rows + (double) BLOCK_SIZE / per_page, ef,
		   (double) hits / study->queries / K,
		   (double) counters->pages_read / study->queries,
		   (double) upper_pages / study->queries,
		   (double) vector_pages / study->queries,
		   (double) distances / study->queries,
		   (double) counters->expanded / study->queries,
		   1e6 * seconds / study->queries);
	fflush(stdout);
	free(query);
	free(scratch);
	vxg_search_free(search);
}

static void
print_heading(void)
{
	printf("| variant | bits | slots | edges | effort | build s | B/row | ef | recall@10 | graph pages | of upper layers | vector pages | exact | expanded | us |\n"
		   "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
}

static void
run_one(Study *study, VxMemGraph *graph, int max_edges)
{
	StoreOptions options = {max_edges, study->fill_factor, study->node_edges, study->slots};
	PageStore  *store;
	char	   *list = strdup(study->ef_list);
	double		start = now();

	store = store_create(graph, &study->codec, &options);
	study->pack_seconds = now() - start;
	for (char *ef = strtok(list, ","); ef != NULL; ef = strtok(NULL, ","))
		measure(study, store, atoi(ef));
	fprintf(stderr, "%s: pack %.2f s, blocks %u, layers %d, repaired %zu\n", study->label,
			study->pack_seconds, store->blocks, store->layers, study->repaired);
	store_free(store);
	free(list);
}

static const struct option long_options[] = {
	{"data", required_argument, NULL, 'd'},
	{"queries", required_argument, NULL, 'q'},
	{"dims", required_argument, NULL, 'D'},
	{"rows", required_argument, NULL, 'n'},
	{"query-count", required_argument, NULL, 'N'},
	{"metric", required_argument, NULL, 'M'},
	{"bits", required_argument, NULL, 'b'},
	{"edges", required_argument, NULL, 'e'},
	{"degree", required_argument, NULL, 'g'},
	{"effort", required_argument, NULL, 'c'},
	{"promote", required_argument, NULL, 'p'},
	{"alpha", required_argument, NULL, 'a'},
	{"slack", required_argument, NULL, 's'},
	{"ef", required_argument, NULL, 'f'},
	{"label", required_argument, NULL, 'l'},
	{"fill-factor", required_argument, NULL, 'F'},
	{"slots", required_argument, NULL, 'S'},
	{"upper-ef", required_argument, NULL, 'u'},
	{"entries", required_argument, NULL, 'E'},
	{"error-scale", required_argument, NULL, 'X'},
	{"node-edges", no_argument, NULL, 'O'},
	{"leave-gaps", no_argument, NULL, 'G'},
	{"lognormal", no_argument, NULL, 'L'},
	{"ip-dot", no_argument, NULL, 'P'},
	{"no-mean", no_argument, NULL, 'Z'},
	{"eager", no_argument, NULL, 'W'},
	{"prefix", required_argument, NULL, 'x'},
	{"heading", no_argument, NULL, 'H'},
	{"heading-only", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0}
};

static VxMetric
metric_of(const char *name)
{
	if (strcmp(name, "l2") == 0)
		return VX_METRIC_L2;
	if (strcmp(name, "ip") == 0)
		return VX_METRIC_IP;
	if (strcmp(name, "l1") == 0)
		return VX_METRIC_L1;
	return VX_METRIC_COSINE;
}

static void
read_options(Study *study, int argc, char **argv, const char **edges)
{
	int			option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
	{
		switch (option)
		{
			case 'd': study->data_path = optarg; break;
			case 'q': study->query_path = optarg; break;
			case 'D': study->dims = atoi(optarg); break;
			case 'n': study->rows = strtoul(optarg, NULL, 10); break;
			case 'N': study->queries = strtoul(optarg, NULL, 10); break;
			case 'M': study->metric = metric_of(optarg); break;
			case 'b': study->bits = atoi(optarg); break;
			case 'e': *edges = optarg; break;
			case 'g': study->build.degree = atoi(optarg); break;
			case 'c': study->build.effort = atoi(optarg); break;
			case 'p': study->build.promote = 1.0 / atof(optarg); break;
			case 'a': study->build.alpha = (float) atof(optarg); break;
			case 's': study->build.slack = (float) atof(optarg); break;
			case 'f': study->ef_list = optarg; break;
			case 'l': study->label = optarg; break;
			case 'F': study->fill_factor = atof(optarg); break;
			case 'S': study->slots = atoi(optarg); break;
			case 'u': study->upper_ef = atoi(optarg); break;
			case 'E': study->entries = atoi(optarg); break;
			case 'X': study->error_scale = atof(optarg); break;
			case 'O': study->node_edges = true; break;
			case 'G': study->build.leave_gaps = true; break;
			case 'L': study->lognormal = true; break;
			case 'P': study->ip_dot = true; break;
			case 'Z': study->no_mean = true; break;
			case 'W': study->eager = true; break;
			case 'x': study->prefix = atoi(optarg); break;
			case 'H': print_heading(); break;
			case 'h': exit(0);
			default: exit(1);
		}
	}
}

int
main(int argc, char **argv)
{
	Study		study;
	VxMemGraph *graph;
	const char *edges = "16";
	char	   *list;

	memset(&study, 0, sizeof(study));
	study.label = "-";
	study.dims = 384;
	study.queries = 300;
	study.metric = VX_METRIC_COSINE;
	study.bits = 4;
	study.fill_factor = 0.9;
	study.upper_ef = 1;
	study.entries = 1;
	study.error_scale = 1;
	study.ef_list = "20,40,100,200,400";
	study.build.m = 16;
	study.build.effort = vxg_build_effort(64);
	study.build.seed = 1;
	study.build.promote = 1.0 / 256;
	study.build.slack = 1.3f;
	read_options(&study, argc, argv, &edges);
	vxk_init();
	study.data = read_vectors(study.data_path, study.dims, &study.rows);
	study.query = read_vectors(study.query_path, study.dims, &study.queries);
	if (study.prefix > 0)
	{
		cut_vectors(study.data, study.rows, study.dims, study.prefix);
		cut_vectors(study.query, study.queries, study.dims, study.prefix);
		study.dims = study.prefix;
	}
	if (study.lognormal)
		vary_norms(study.data, study.rows, study.dims);
	find_truth(&study);
	make_codec(&study);
	graph = build_graph(&study);
	list = strdup(edges);
	for (char *next = list; *next != '\0';)
	{
		run_one(&study, graph, (int) strtol(next, &next, 10));
		if (*next == ',')
			next++;
	}
	free(list);
	return 0;
}
