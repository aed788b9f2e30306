/*
 * fuzz_page.c
 *		Any bytes as the pages of a graph index.
 *
 * The input is cut into pages of slots: states, factors, edges, heap TIDs and
 * codes as they come.  Searches, their resumption and the check have to end, read
 * nothing outside, and yield numbers, whatever the pages hold.  Block numbers
 * beyond the input are refused by the source, as storage/ does with an error.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slot.h"
#include "graph/page_check.h"
#include "graph/page_search.h"
#include "kernels/kernels.h"
#include "quantize/refine.h"

#define DIMENSIONS 64
#define SLOTS 5
#define EDGES 4
#define CODE_BYTES (DIMENSIONS / 2)
#define MOST_BLOCKS 64

/* One slot's share of the input: state, three factors, edges of a byte, heap TID, code. */
#define SLOT_BYTES (1 + 12 + EDGES + 6 + CODE_BYTES)
#define PAGE_BYTES (1 + SLOTS * SLOT_BYTES)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern int	LLVMFuzzerInitialize(int *argc, char ***argv);

typedef struct FuzzPage
{
	uint8_t		state[SLOTS];
	float		add[SLOTS];
	float		scale[SLOTS];
	float		error[SLOTS];
	uint32_t	edges[SLOTS * EDGES];
	uint8_t		tids[6 * SLOTS];
	uint8_t		codes[SLOTS * CODE_BYTES];
	VxGraphPage view;
} FuzzPage;

static FuzzPage pages[MOST_BLOCKS];
static uint32_t block_count;
static VxCodec codec;
static VxRefineCodec refine;

/* an edge of one byte: mostly a block, at times pinned, none, or far away */
static uint32_t
fuzz_edge(uint8_t byte)
{
	if (byte >= 250)
		return byte == 255 ? UINT32_MAX : 0x7FFFFF00u + byte;
	return (uint32_t) (byte & 63) | (byte & 64 ? 0x80000000u : 0);
}

static void
fuzz_page(FuzzPage *page, const uint8_t *data)
{
	page->view.nslots = data[0] % (SLOTS + 1);
	data++;
	for (int slot = 0; slot < SLOTS; slot++, data += SLOT_BYTES)
	{
		page->state[slot] = data[0] % 8;
		memcpy(&page->add[slot], data + 1, 4);
		memcpy(&page->scale[slot], data + 5, 4);
		memcpy(&page->error[slot], data + 9, 4);
		for (int i = 0; i < EDGES; i++)
			page->edges[slot * EDGES + i] = fuzz_edge(data[13 + i]);
		memcpy(page->tids + 6 * slot, data + 13 + EDGES, 6);
		memcpy(page->codes + slot * CODE_BYTES, data + 19 + EDGES, CODE_BYTES);
	}
	page->view.max_edges = EDGES;
	page->view.state = page->state;
	page->view.codes = (VxCodeArray) {page->codes, CODE_BYTES, page->add, page->scale, page->error};
	page->view.edges = page->edges;
	page->view.tids = page->tids;
	page->view.down = NULL;
}

static const VxGraphPage *
fuzz_open(void *context, uint32_t block)
{
	(void) context;
	return block < block_count ? &pages[block].view : NULL;
}

/* also the callback for interrupts, which never come here */
static void
fuzz_close(void *context)
{
	(void) context;
}

static void
fuzz_report(void *context, const VxPageFinding *finding)
{
	(void) context;
	if (vxg_problem_name(finding->problem) == NULL)
		abort();
}

/* estimates that are no numbers would never leave a sort */
static void
require_numbers(const VxPageSearch *search)
{
	int			count;
	const VxCandidate *results = vxg_search_results(search, &count);

	for (int i = 0; i < count; i++)
		if (isnan(results[i].estimate) || isnan(results[i].error) || results[i].block >= block_count ||
			(i > 0 && results[i].estimate < results[i - 1].estimate))
			abort();
}

static void
search_pages(const VxPageSource *source, const uint8_t *query_bytes)
{
	VxPageSearchOptions options = {8, EDGES, SLOTS, 64 * 1024, false, false};
	VxPageSearch *search = vxg_search_create(&codec, source, &options, vxh_malloc_host());
	VxCodeQuery *query = malloc(vxq_query_size(&codec));
	VxCodeQuery *refine_query = malloc(vxq_refine_query_size(&refine));
	void	   *scratch = malloc(vxq_refine_scratch_size(&refine) + vxq_scratch_size(&codec));
	uint8_t    *bytes = calloc(1, refine.bytes);
	float		vector[DIMENSIONS];
	uint32_t	entry = 0;

	for (int i = 0; i < DIMENSIONS; i++)
		vector[i] = (float) query_bytes[i] - 128.0f;
	vxq_query_prepare(&codec, vector, VX_QUERY_SEARCH, scratch, query);
	vxq_refine_query_prepare(&refine, vector, scratch, refine_query);
	vxg_search_set_ef(search, 4);
	vxg_search_run(search, query, &entry, 1);
	require_numbers(search);
	while (vxg_search_resume(search) > 0)
		require_numbers(search);

	/* a refine code of whatever bytes there are */
	memcpy(bytes, query_bytes, refine.bytes < DIMENSIONS ? refine.bytes : DIMENSIONS);
	{
		float		estimate = 1.0f;
		float		error = 2.0f;

		vxq_refine_estimate(query, refine_query, pages[0].add[0], bytes, &estimate, &error);
		if (isnan(estimate) || isnan(error) || error > 2.0f)
			abort();
	}
	vxg_search_free(search);
	free(query);
	free(refine_query);
	free(scratch);
	free(bytes);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	VxCodecParameters parameters = {VX_METRIC_L2, DIMENSIONS, 4, 1, NULL, 0.0f, 0.0f};

	(void) argc;
	(void) argv;
	vxk_init();
	vxq_codec_init(&codec, &parameters, vxh_malloc_host());
	vxq_refine_init(&refine, &codec, 2, 1, vxh_malloc_host());
	return codec.code_bytes == CODE_BYTES ? 0 : -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	VxPageSource source = {NULL, fuzz_open, fuzz_close, NULL, fuzz_close};
	uint32_t	blocks[MOST_BLOCKS];
	VxPageCheck check = {&source, blocks, 0, 0, fuzz_report, NULL};

	if (size < DIMENSIONS + PAGE_BYTES)
		return 0;
	block_count = (uint32_t) ((size - DIMENSIONS) / PAGE_BYTES);
	if (block_count > MOST_BLOCKS)
		block_count = MOST_BLOCKS;
	for (uint32_t block = 0; block < block_count; block++)
	{
		fuzz_page(&pages[block], data + DIMENSIONS + block * PAGE_BYTES);
		blocks[block] = block;
	}
	check.count = block_count;
	search_pages(&source, data);
	vxg_check_pages(&check, vxh_malloc_host());
	return 0;
}
