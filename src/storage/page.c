/*-------------------------------------------------------------------------
 *
 * page.c
 *	  Initialise, read and verify the pages of an index.
 *
 * Every page that is read is checked here before anyone looks inside, so a
 * damaged or foreign page gives an error that names it and never a wild
 * pointer.  Checks of what lies inside a page are with that page's kind
 * (graph_page.c, vector_page.c, meta.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "storage/page.h"
#include "storage/recent.h"

/* Blocks announced at a time. */
#define VX_PREFETCH_BATCH	64

/*
 * Initialise a page of the given kind in place.
 *
 * pd_lower is set to pd_upper: there is no hole, so that WAL full-page images
 * and generic WAL deltas cover all of the contents.  vxp_open_page() gives the
 * kinds that fill up over time one.
 */
void
vxp_init_page(Page page, VxPageKind kind, int layer)
{
	VxPageOpaqueData *opaque;

	Assert(layer >= 0 && layer <= PG_UINT8_MAX);
	Assert(kind >= VX_PAGE_META && kind <= VX_PAGE_TERMS);

	PageInit(page, BLCKSZ, sizeof(VxPageOpaqueData));
	((PageHeader) page)->pd_lower = ((PageHeader) page)->pd_upper;

	opaque = vxp_opaque(page);
	opaque->vector_start = InvalidBlockNumber;
	opaque->kind = (uint8) kind;
	opaque->layer = (uint8) layer;
	opaque->page_id = VX_PAGE_ID;
}

/*
 * Make a hole from offset lower to the end of the contents of a new page, as
 * pages of the server have it: what grows from the front raises pd_lower, what
 * grows from the end lowers pd_upper.  The hole is zero and costs no WAL.
 */
void
vxp_open_page(Page page, uint32 lower)
{
	PageHeader	header = (PageHeader) page;

	Assert(lower >= MAXALIGN(SizeOfPageHeaderData) && lower <= header->pd_special);
	header->pd_lower = (LocationIndex) lower;
	header->pd_upper = header->pd_special;
	memset((char *) page + lower, 0, header->pd_special - lower);
}

/*
 * Make a page, or its image, one that may be used again for anything.
 */
void
vxp_make_free(Page page)
{
	VxPageOpaqueData *opaque = vxp_opaque(page);

	opaque->vector_start = InvalidBlockNumber;
	opaque->vector_offset = 0;
	opaque->built_slots = opaque->used_slots = 0;
	opaque->flags = 0;
	opaque->layer = 0;
	opaque->kind = VX_PAGE_FREE;
	((PageHeader) page)->pd_lower = ((PageHeader) page)->pd_upper =
		((PageHeader) page)->pd_special;
}

/*
 * The hint of every error that a rebuild mends; for use inside ereport.
 */
int
vxp_reindex_hint(Relation index)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(index));

	return errhint("Run REINDEX INDEX CONCURRENTLY %s.",
				   quote_qualified_identifier(schema,
											  RelationGetRelationName(index)));
}

/*
 * Report a page that cannot be what it should be.
 *
 * detail is a full sentence.  The buffer, if any, is released by the resource
 * owner; no content lock survives the error.
 */
void
vxp_report_damage(Relation index, BlockNumber block, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" contains an invalid page at block %u",
					RelationGetRelationName(index), block),
			 errdetail_internal("%s", detail),
			 vxp_reindex_hint(index)));
	pg_unreachable();
}

/* Whether pages of a kind fill up over time. */
static bool
vxp_kind_has_hole(VxPageKind kind)
{
	return kind == VX_PAGE_GRAPH || kind == VX_PAGE_ADDED || kind == VX_PAGE_TIDS;
}

/*
 * Whether a page image has the frame (header, special area, kind) of ours.
 */
bool
vxp_page_is_valid(Page page, VxPageKind kind)
{
	const PageHeaderData *header = (const PageHeaderData *) page;

	if (PageIsNew(page) ||
		header->pd_special != BLCKSZ - MAXALIGN(sizeof(VxPageOpaqueData)) ||
		header->pd_lower < MAXALIGN(SizeOfPageHeaderData) ||
		header->pd_lower > header->pd_upper ||
		header->pd_upper > header->pd_special)
		return false;
	return vxp_opaque(page)->page_id == VX_PAGE_ID &&
		vxp_opaque(page)->kind == (uint8) kind &&
		(vxp_kind_has_hole(kind) || header->pd_lower == header->pd_special);
}

/* Whether all of some bytes are zero. */
bool
vxp_bytes_are_zero(const void *bytes, Size count)
{
	const char *at = (const char *) bytes;

	return count == 0 || (at[0] == 0 && memcmp(at, at + 1, count - 1) == 0);
}

/* Whether what the special area says of slots is what a page without any has. */
static bool
vxp_has_no_slots(const VxPageOpaqueData *opaque)
{
	return opaque->vector_start == InvalidBlockNumber && opaque->vector_offset == 0 &&
		opaque->built_slots == 0 && opaque->used_slots == 0;
}

/*
 * What is wrong with those parts of the frame of a valid page (vxp_page_is_valid)
 * that no reader looks at, as a clause; NULL if nothing is.  For checks: whoever
 * wrote there did not write only there.
 */
const char *
vxp_frame_problem(Page page)
{
	const PageHeaderData *header = (const PageHeaderData *) page;
	const VxPageOpaqueData *opaque = vxp_opaque(page);
	bool		has_slots = opaque->kind == VX_PAGE_GRAPH || opaque->kind == VX_PAGE_LIST;

	Assert(vxp_page_is_valid(page, (VxPageKind) opaque->kind));
	if (header->pd_flags != 0 || header->pd_prune_xid != 0 ||
		header->pd_pagesize_version != (BLCKSZ | PG_PAGE_LAYOUT_VERSION))
		return "the page header has flags, a transaction or a version that are not ours";
	if (!vxp_bytes_are_zero((const char *) page + header->pd_lower,
							header->pd_upper - header->pd_lower))
		return "the hole of the page is not zero";
	if (has_slots && opaque->built_slots == 0 &&
		(opaque->vector_start != InvalidBlockNumber || opaque->vector_offset != 0))
		return "the page has a place for vectors of the build and no slots that it filled";
	if (!has_slots && !vxp_has_no_slots(opaque))
		return "a page without slots has slot counters, or a place for vectors";
	if (opaque->kind != VX_PAGE_LIST && opaque->flags != 0)
		return "the page has unknown flags";
	if (opaque->kind != VX_PAGE_GRAPH && opaque->layer != 0)
		return "a page that is in no graph is on a layer of one";
	return NULL;
}

/*
 * Check the frame of a locked page; error if it is not of the given kind.
 */
void
vxp_verify(Relation index, Buffer buffer, VxPageKind kind)
{
	if (unlikely(!vxp_page_is_valid(BufferGetPage(buffer), kind)))
		vxp_report_damage(index, BufferGetBlockNumber(buffer),
						  "Its header or page kind is not what the page that refers to it says.");
}

/*
 * Pin and lock a page that may not be what the caller expects, who looks.
 */
Buffer
vxp_read_unverified(Relation index, BlockNumber block, int lockmode)
{
	Buffer		buffer = vxp_read_recent(index, block);

	Assert(lockmode == BUFFER_LOCK_SHARE || lockmode == BUFFER_LOCK_EXCLUSIVE);
	Assert(BufferGetBlockNumber(buffer) == block);
	LockBuffer(buffer, lockmode);
	return buffer;
}

/*
 * Pin, lock and verify one page.  The caller releases it with
 * UnlockReleaseBuffer.  block must lie inside the relation.
 */
Buffer
vxp_read(Relation index, BlockNumber block, VxPageKind kind, int lockmode)
{
	Buffer		buffer = vxp_read_unverified(index, block, lockmode);

	vxp_verify(index, buffer, kind);
	return buffer;
}

/*
 * Pin and share-lock a page of whatever kind, new ones included, for a walk
 * over all pages.
 */
Buffer
vxp_read_any(Relation index, BlockNumber block, BufferAccessStrategy strategy)
{
	Buffer		buffer = ReadBufferExtended(index, MAIN_FORKNUM, block,
											RBM_NORMAL, strategy);

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	return buffer;
}

/*
 * Exchange a share lock for an exclusive one.  The page may change between.
 */
void
vxp_relock_exclusive(Buffer buffer)
{
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
}

/*
 * Start reading an index whose pages refer to each other.
 */
void
vxp_reader_init(VxReader *reader, Relation index)
{
	Assert(RelationIsValid(index));
	reader->index = index;
	reader->nblocks = RelationGetNumberOfBlocks(index);
	reader->pages_read = 0;
}

/*
 * Whether a block number found on a page lies inside the relation.  Asks for
 * the length again before saying no, since inserts extend the relation.
 */
bool
vxp_reader_in_range(VxReader *reader, BlockNumber block)
{
	if (likely(block < reader->nblocks))
		return true;
	reader->nblocks = RelationGetNumberOfBlocks(reader->index);
	return block < reader->nblocks;
}

/*
 * Pin and share-lock a page named by another page.
 */
Buffer
vxp_reader_open(VxReader *reader, BlockNumber block, VxPageKind kind)
{
	if (unlikely(!vxp_reader_in_range(reader, block)))
		vxp_report_damage(reader->index, block,
						  "A page refers to a block beyond the end of the index.");
	reader->pages_read++;
	return vxp_read(reader->index, block, kind, BUFFER_LOCK_SHARE);
}

/*
 * Ask for pages that will be opened soon; blocks out of range are left to the
 * open to report.
 */
void
vxp_reader_prefetch(VxReader *reader, const BlockNumber *blocks, int count)
{
	BlockNumber known[VX_PREFETCH_BATCH];
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (blocks[i] < reader->nblocks)
			known[kept++] = blocks[i];
		if (kept == VX_PREFETCH_BATCH || i == count - 1)
		{
			vxp_prefetch_recent(reader->index, known, kept);
			kept = 0;
		}
	}
}
