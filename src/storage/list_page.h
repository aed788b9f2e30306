/*-------------------------------------------------------------------------
 *
 * list_page.h
 *	  Pages of inverted lists: the directory, and the rows of each list.
 *
 * A list is a chain of pages.  A page has n slots, in strips of 16, whose codes
 * lie together as the kernels want them (quantize/list_codec.h).  Where not even
 * one strip fits a page, its codes lie one by one.  Offsets are from the start of
 * the page:
 *
 *	  VxListPageData	which list, and what page comes next
 *	  blocks	u32[n]		  of vectors that inserts added, if there are any
 *	  tid		6 B[n]		  heap TID
 *	  state		u8[n]		  VX_SLOT_*
 *	  strips	B[n / 16]	  codes and their factors; or, one by one, B[n]
 *
 * A directory page has an entry for each of up to m lists:
 *
 *	  head		u32[m]		  first page of the list; InvalidBlockNumber: empty
 *	  centre	C[m]		  coded centre
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_LIST_PAGE_H
#define VX_LIST_PAGE_H

#include "storage/itemptr.h"

#include "storage/vector_page.h"

/* Slots of a strip. */
#define VX_STRIP_SLOTS		16

/*
 * Where a page of a list is, and which one it is.  Sequence numbers rise along
 * a chain and are never used again in it, so that a page which became another
 * one since its block number was read is told from the one that was meant.
 */
typedef struct VxListLink
{
	BlockNumber block;			/* InvalidBlockNumber: none */
	uint32		sequence;
} VxListLink;

/*
 * Start of a list page.
 *
 * insert is kept by the first page of a chain only: the page at which a search for
 * a free slot begins.  One before it may be free, until VACUUM says so.  retired is
 * zero in a page of a chain; VACUUM sets it when it takes the page out, to the next
 * transaction id of that moment.
 */
typedef struct VxListPageData
{
	uint32		list;
	uint32		sequence;
	VxListLink	next;
	VxListLink	insert;
	uint64		retired;
} VxListPageData;

/* Flags of the special area of a list page. */
#define VX_LIST_WAS_EMPTY		0x0001	/* found empty by the last VACUUM */

typedef struct VxListGeometry
{
	VxVectorLayout vectors;
	uint32		strip_bytes;	/* of a strip; of a code where they are single */
	bool		single;			/* codes one by one */
	uint16		slots;			/* n; a multiple of VX_STRIP_SLOTS if in strips */
	uint16		tid_at;
	uint16		state_at;
	uint16		strips_at;
} VxListGeometry;

static inline VxListPageData *
vxp_list_header(Page page)
{
	return (VxListPageData *) PageGetContents(page);
}

static inline ItemPointerData *
vxp_list_tid(Page page, const VxListGeometry *geometry, int slot)
{
	Assert(slot < geometry->slots);
	return (ItemPointerData *) ((char *) page + geometry->tid_at) + slot;
}

static inline uint8 *
vxp_list_state(Page page, const VxListGeometry *geometry)
{
	return (uint8 *) page + geometry->state_at;
}

/* A strip, or the code of a slot where codes are single. */
static inline uint8 *
vxp_list_strip(Page page, const VxListGeometry *geometry, int strip)
{
	Assert(strip * (geometry->single ? 1 : VX_STRIP_SLOTS) < geometry->slots);
	return (uint8 *) page + geometry->strips_at + strip * geometry->strip_bytes;
}

extern bool vxp_list_shape_fits(uint32 row_bytes, uint32 vector_bytes);
extern void vxp_list_geometry(VxListGeometry *geometry, uint32 row_bytes,
							  uint32 vector_bytes);
extern void vxp_list_init(Page page, const VxListGeometry *geometry, uint32 list,
						  uint32 sequence);
extern const char *vxp_list_problem(Page page, const VxListGeometry *geometry);
extern Buffer vxp_list_open(VxReader *reader, const VxListGeometry *geometry,
							uint32 list, VxListLink link, int lockmode);
extern int	vxp_list_free_slot(Page page, const VxListGeometry *geometry);

/* ----------
 * Directory
 * ----------
 */

static inline BlockNumber *
vxp_directory_heads(Page page)
{
	return (BlockNumber *) PageGetContents(page);
}

/* The coded centres of a page, one behind the other. */
static inline uint8 *
vxp_directory_centres(Page page, uint32 per_page)
{
	return (uint8 *) PageGetContents(page) + per_page * sizeof(BlockNumber);
}

extern uint32 vxp_directory_per_page(uint32 centre_bytes);

#endif							/* VX_LIST_PAGE_H */
