/*-------------------------------------------------------------------------
 *
 * ivfflat_inspect.c
 *	  vectorx_index_stats() of an ivfflat index: one walk over its list pages.
 *
 * The vector pages of a build are counted without being read.  A page that is not
 * what it should be is counted as invalid and otherwise passed over;
 * vectorx_check() says what is wrong with it.
 *
 * Drift: centres are those of the rows of the build.  When rows come that are
 * distributed otherwise, they gather in some lists.  What is measured is the total
 * variation distance between the shares that lists have of the rows of the build
 * and of the rows that came later: 0 if they are alike, 1 if they share no list.
 * Chance alone makes it about 0.4 sqrt(lists / rows that came).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "am/common/inspect.h"
#include "am/ivfflat/ivfflat.h"
#include "base/slot.h"

/* Kinds of pages that are told apart, with their names in the result. */
typedef enum IvfflatPageCount
{
	IVFFLAT_PAGES_META,
	IVFFLAT_PAGES_MEAN,
	IVFFLAT_PAGES_DIRECTORY,
	IVFFLAT_PAGES_LIST,
	IVFFLAT_PAGES_RETIRED,		/* list pages taken out of their list */
	IVFFLAT_PAGES_VECTOR,		/* of a build, and added by inserts */
	IVFFLAT_PAGES_FREE,			/* given back, or allocated and never used */
	IVFFLAT_PAGES_INVALID,
	IVFFLAT_PAGES_KINDS
} IvfflatPageCount;

static const char *const page_names[IVFFLAT_PAGES_KINDS] = {
	"meta", "mean", "directory", "list", "retired", "vector", "free", "invalid"
};

/* Lists of which the sizes are shown: the least, eight between, the greatest. */
#define IVFFLAT_SIZES_SHOWN		10

/* From here on a REINDEX is advised. */
#define IVFFLAT_MUCH_DRIFT		0.25
#define IVFFLAT_UNEQUAL_LISTS	10.0

/* What the walk counts. */
typedef struct IvfflatTally
{
	const VxListMeta *meta;
	uint64		pages[IVFFLAT_PAGES_KINDS];
	uint64	   *live;			/* rows of each list */
	uint64	   *later;			/* of them, those that were not there at the build */
	uint64		used;			/* slots live or dead */
	uint64		built;			/* slots filled by the build */
	uint64		slots;
} IvfflatTally;

/*
 * Count the slots of a share-locked list page.
 */
static void
ivfflat_tally_slots(IvfflatTally *tally, Page page)
{
	const VxListGeometry *geometry = &tally->meta->geometry;
	const VxPageOpaqueData *opaque = vxp_opaque(page);
	const uint8 *state = vxp_list_state(page, geometry);
	uint32		list = vxp_list_header(page)->list;

	Assert(list < tally->meta->data.lists);
	for (int slot = 0; slot < opaque->used_slots; slot++)
	{
		if (state[slot] != VX_SLOT_LIVE)
			continue;
		tally->live[list]++;
		tally->later[list] += slot >= opaque->built_slots;
	}
	tally->used += opaque->used_slots;
	tally->built += opaque->built_slots;
	tally->slots += geometry->slots;
}

/*
 * Find out what a share-locked page is, and count what it holds.
 */
static IvfflatPageCount
ivfflat_tally_page(IvfflatTally *tally, BlockNumber block, Page page)
{
	if (block == VX_META_BLOCK)
		return IVFFLAT_PAGES_META;	/* has been read and verified */
	if (PageIsNew(page) || vxp_page_is_valid(page, VX_PAGE_FREE))
		return IVFFLAT_PAGES_FREE;
	if (vxp_page_is_valid(page, VX_PAGE_MEAN))
		return IVFFLAT_PAGES_MEAN;
	if (vxp_page_is_valid(page, VX_PAGE_DIRECTORY))
		return IVFFLAT_PAGES_DIRECTORY;
	if (vxp_page_is_valid(page, VX_PAGE_VECTOR) ||
		vxp_page_is_valid(page, VX_PAGE_ADDED))
		return IVFFLAT_PAGES_VECTOR;
	if (!vxp_page_is_valid(page, VX_PAGE_LIST) ||
		vxp_list_problem(page, &tally->meta->geometry) != NULL ||
		vxp_list_header(page)->list >= tally->meta->data.lists)
		return IVFFLAT_PAGES_INVALID;
	if (vxp_list_header(page)->retired != 0)
		return IVFFLAT_PAGES_RETIRED;
	ivfflat_tally_slots(tally, page);
	return IVFFLAT_PAGES_LIST;
}

static void
ivfflat_tally_all(const VxInspection *inspection, IvfflatTally *tally)
{
	for (BlockNumber block = 0; block < inspection->nblocks; block++)
	{
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = vxp_read_any(inspection->index, block, inspection->strategy);
		tally->pages[ivfflat_tally_page(tally, block, BufferGetPage(buffer))]++;
		UnlockReleaseBuffer(buffer);
	}
}

static int
ivfflat_compare_sizes(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/*
 * How differently the rows of the build and those that came later are spread over
 * the lists, see above.  0 unless there are some of both.
 */
static double
ivfflat_drift(const IvfflatTally *tally)
{
	uint32		lists = tally->meta->data.lists;
	double		later = 0;
	double		built = 0;
	double		distance = 0;

	for (uint32 i = 0; i < lists; i++)
	{
		later += tally->later[i];
		built += tally->live[i] - tally->later[i];
	}
	if (later == 0 || built == 0)
		return 0;
	for (uint32 i = 0; i < lists; i++)
		distance += fabs(tally->later[i] / later -
						 (tally->live[i] - tally->later[i]) / built);
	return distance / 2;
}

/*
 * The sizes of the lists: all if they are few, else a sample by rank.
 */
static void
ivfflat_describe_lists(VxInspection *inspection, IvfflatTally *tally)
{
	uint32		lists = tally->meta->data.lists;
	uint64		shown[IVFFLAT_SIZES_SHOWN];
	int			count = (int) Min(lists, IVFFLAT_SIZES_SHOWN);
	uint32		empty = 0;

	qsort(tally->live, lists, sizeof(uint64), ivfflat_compare_sizes);
	while (empty < lists && tally->live[empty] == 0)
		empty++;
	for (int i = 0; i < count; i++)
		shown[i] = tally->live[count == 1 ? 0 :
							   (uint64) i * (lists - 1) / (count - 1)];
	vxn_add_integer(&inspection->detail, "lists", lists);
	vxn_add_integer(&inspection->detail, "empty_lists", empty);
	vxn_add_list(&inspection->detail, "rows_by_list", shown, count);
	vxn_add_integer(&inspection->detail, "rows_per_page", tally->meta->geometry.slots);
	vxn_add_integer(&inspection->detail, "row_bytes", tally->meta->data.row_bytes);
	vxn_add_integer(&inspection->detail, "vector_bytes", tally->meta->data.vector_bytes);
}

/*
 * Advice that is particular to lists.  After ivfflat_describe_lists(), which sorts
 * the sizes.
 */
static void
ivfflat_advise(VxInspection *inspection, const IvfflatTally *tally, double drift)
{
	uint32		lists = tally->meta->data.lists;
	double		mean = (double) inspection->rows / lists;
	double		chance = 0.4 * sqrt((double) lists / Max(inspection->later_rows, 1));
	const char *index = vxn_index_name(inspection);

	if (drift > IVFFLAT_MUCH_DRIFT + chance)
		vxn_advise(inspection, "Rows that came after the build lie elsewhere than those that its lists were made for (drift %.2f): REINDEX INDEX CONCURRENTLY %s.",
				   drift, index);
	if (lists > 1 && tally->live[lists - 1] > IVFFLAT_UNEQUAL_LISTS * mean &&
		tally->live[lists - 1] > (uint64) tally->meta->geometry.slots)
		vxn_advise(inspection, "The longest list has " UINT64_FORMAT " rows, the mean is %.0f: REINDEX INDEX CONCURRENTLY %s, perhaps with more lists.",
				   tally->live[lists - 1], mean, index);
	if (tally->pages[IVFFLAT_PAGES_INVALID] > 0)
		vxn_advise(inspection, "Some pages are not valid: SELECT * FROM vectorx_check(%s).",
				   quote_literal_cstr(index));
}

/*
 * Inspect an ivfflat index: VxMethod.inspect.
 */
void
ivfflatinspect(VxInspection *inspection)
{
	IvfflatTally tally;
	VxListMeta	meta;
	double		drift;

	memset(&tally, 0, sizeof(tally));
	vxp_list_meta_read(inspection->index, &meta);
	tally.meta = &meta;
	tally.live = palloc0_array(uint64, meta.data.lists);
	tally.later = palloc0_array(uint64, meta.data.lists);
	ivfflat_tally_all(inspection, &tally);

	inspection->version = meta.data.version;
	inspection->dimensions = (int) meta.data.dimensions;
	inspection->code_bits = meta.data.code_bits;
	for (uint32 i = 0; i < meta.data.lists; i++)
		inspection->rows += tally.live[i];
	inspection->dead_rows = tally.used - inspection->rows;
	inspection->later_rows = tally.used - tally.built;
	inspection->free_slots = tally.slots - tally.used;
	inspection->search_pages = tally.pages[IVFFLAT_PAGES_META] +
		tally.pages[IVFFLAT_PAGES_MEAN] + tally.pages[IVFFLAT_PAGES_DIRECTORY] +
		tally.pages[IVFFLAT_PAGES_LIST];
	for (int kind = 0; kind < IVFFLAT_PAGES_KINDS; kind++)
		vxn_add_integer(&inspection->pages, page_names[kind], (int64) tally.pages[kind]);
	vxn_add_integer(&inspection->options, "lists", meta.data.lists);
	vxn_add_integer(&inspection->options, "seed", (int64) meta.data.seed);

	drift = ivfflat_drift(&tally);
	ivfflat_describe_lists(inspection, &tally);
	vxn_add_number(&inspection->detail, "drift", drift);
	ivfflat_advise(inspection, &tally, drift);
}
