/*-------------------------------------------------------------------------
 *
 * list_page.c
 *	  Geometry of list pages, and following the chain of a list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "base/slot.h"
#include "storage/list_page.h"

StaticAssertDecl(sizeof(ItemPointerData) == 6, "slots keep 6-byte heap TIDs");
StaticAssertDecl(sizeof(VxListPageData) == 32, "the start of a list page is part of the format");

/* Strips begin on a cache line where that costs no slot. */
#define VX_STRIP_ALIGNMENT	64

/* End of what a page can hold, from its start. */
#define VX_LIST_LIMIT	(MAXALIGN(SizeOfPageHeaderData) + VX_PAGE_CONTENTS)

/*
 * Lay out the arrays for n slots; returns the offset where the page would end.
 */
static uint32
vxp_list_layout(VxListGeometry *geometry, uint32 row_bytes, uint32 vector_bytes,
				uint32 n)
{
	uint32		at = MAXALIGN(SizeOfPageHeaderData) + sizeof(VxListPageData);

	Assert(n >= 1 && n <= VX_PAGE_CONTENTS);
	geometry->single = n < VX_STRIP_SLOTS;
	geometry->slots = (uint16) n;
	geometry->strip_bytes = geometry->single ? row_bytes : VX_STRIP_SLOTS * row_bytes;
	geometry->vectors.vector_bytes = vector_bytes;
	geometry->vectors.slots = (uint16) n;
	geometry->vectors.blocks_at = (uint16) at;
	at += vector_bytes > 0 ? n * sizeof(BlockNumber) : 0;
	geometry->tid_at = (uint16) at;
	at += n * sizeof(ItemPointerData);
	geometry->state_at = (uint16) at;
	at += n;
	if (TYPEALIGN(VX_STRIP_ALIGNMENT, at) + n * row_bytes <= VX_LIST_LIMIT)
		at = TYPEALIGN(VX_STRIP_ALIGNMENT, at);
	geometry->strips_at = (uint16) at;
	return at + n * row_bytes;
}

/*
 * Whether at least one row of this shape fits a page.
 */
bool
vxp_list_shape_fits(uint32 row_bytes, uint32 vector_bytes)
{
	VxListGeometry geometry;

	return row_bytes >= 1 && row_bytes <= VX_PAGE_CONTENTS &&
		vector_bytes <= VX_PAGE_CONTENTS &&
		vxp_list_layout(&geometry, row_bytes, vector_bytes, 1) <= VX_LIST_LIMIT;
}

/*
 * Compute the layout with the most slots that a page can hold: whole strips if there
 * is room for one.  The shape must fit (vxp_list_shape_fits).
 */
void
vxp_list_geometry(VxListGeometry *geometry, uint32 row_bytes, uint32 vector_bytes)
{
	uint32		n = VX_PAGE_CONTENTS / (row_bytes + sizeof(ItemPointerData) + 1);

	Assert(row_bytes >= 1);
	memset(geometry, 0, sizeof(*geometry));
	n = Max(n, 1);
	while (n > 1 && vxp_list_layout(geometry, row_bytes, vector_bytes, n) > VX_LIST_LIMIT)
		n--;
	if (n > VX_STRIP_SLOTS)
		n -= n % VX_STRIP_SLOTS;
	if (vxp_list_layout(geometry, row_bytes, vector_bytes, n) > VX_LIST_LIMIT)
		elog(ERROR, "a list page cannot hold one row");
}

/*
 * Prepare the contents of a freshly initialised list page: no slots in use, no
 * page behind it.
 */
void
vxp_list_init(Page page, const VxListGeometry *geometry, uint32 list,
			  uint32 sequence)
{
	VxListPageData *header = vxp_list_header(page);

	Assert(vxp_opaque(page)->kind == VX_PAGE_LIST);
	memset(header, 0, sizeof(*header));
	header->list = list;
	header->sequence = sequence;
	header->next.block = InvalidBlockNumber;
	header->insert.block = InvalidBlockNumber;
	vxp_vector_init(page, &geometry->vectors);
	memset(vxp_list_state(page, geometry), VX_SLOT_FREE, geometry->slots);
}

/*
 * What is wrong with the counters of a list page whose frame is valid, as a full
 * sentence; NULL if nothing is.  What a slot holds is data: any code is safe
 * to score.  Sequence numbers rise along a chain, so it has no circles.
 */
const char *
vxp_list_problem(Page page, const VxListGeometry *geometry)
{
	const VxPageOpaqueData *opaque = vxp_opaque(page);

	if (opaque->used_slots > geometry->slots ||
		opaque->built_slots > opaque->used_slots)
		return "Its slot counters are out of range.";
	if (opaque->built_slots > 0 && geometry->vectors.vector_bytes > 0 &&
		(opaque->vector_start == InvalidBlockNumber ||
		 opaque->vector_offset >= VX_PAGE_CONTENTS))
		return "Its vectors are out of range.";
	if (vxp_list_header(page)->next.block != InvalidBlockNumber &&
		vxp_list_header(page)->next.sequence <= vxp_list_header(page)->sequence)
		return "The page behind it comes before it.";
	return NULL;
}

/*
 * Pin and lock the page of a list that a link names, verified; InvalidBuffer if
 * it is another page by now.  VACUUM took it out of the list then, and the caller
 * begins again at the first page.
 */
Buffer
vxp_list_open(VxReader *reader, const VxListGeometry *geometry, uint32 list,
			  VxListLink link, int lockmode)
{
	Buffer		buffer;
	Page		page;
	const char *problem;

	if (!vxp_reader_in_range(reader, link.block))
		vxp_report_damage(reader->index, link.block,
						  "A page refers to a block beyond the end of the index.");
	reader->pages_read++;
	buffer = vxp_read_unverified(reader->index, link.block, lockmode);
	page = BufferGetPage(buffer);
	if (!vxp_page_is_valid(page, VX_PAGE_LIST) ||
		vxp_list_header(page)->list != list ||
		vxp_list_header(page)->sequence != link.sequence)
	{
		UnlockReleaseBuffer(buffer);
		return InvalidBuffer;
	}
	problem = vxp_list_problem(page, geometry);
	if (problem != NULL)
		vxp_report_damage(reader->index, link.block, problem);
	return buffer;
}

/*
 * The first slot that a new row may take: one never used, else one whose row is
 * gone; -1 if there is none.
 */
int
vxp_list_free_slot(Page page, const VxListGeometry *geometry)
{
	const uint8 *state = vxp_list_state(page, geometry);
	int			used = vxp_opaque(page)->used_slots;

	Assert(used <= geometry->slots);
	for (int slot = 0; slot < used; slot++)
	{
		if (state[slot] != VX_SLOT_LIVE)
			return slot;
	}
	return used < geometry->slots ? used : -1;
}

/* Lists on one directory page. */
uint32
vxp_directory_per_page(uint32 centre_bytes)
{
	return VX_PAGE_CONTENTS / (centre_bytes + sizeof(BlockNumber));
}
