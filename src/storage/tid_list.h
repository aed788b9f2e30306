/*-------------------------------------------------------------------------
 *
 * tid_list.h
 *	  The heap TIDs of a node that several rows share.
 *
 * The first is in the node's slot.  Further ones are entries at the end of its
 * page, and, when these have taken their share, entries on pages of their own
 * (VX_PAGE_TIDS) that are chained to the graph page.  See "Heap TIDs" in
 * storage/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_TID_LIST_H
#define VX_TID_LIST_H

#include "storage/graph_page.h"
#include "storage/page_transaction.h"

/* What a page of TIDs begins with. */
typedef struct VxTidPageData
{
	BlockNumber owner;			/* the graph page */
	BlockNumber next;			/* of the chain, InvalidBlockNumber at its end */
} VxTidPageData;

/* Entries of a page of TIDs. */
#define VX_TID_PAGE_ENTRIES \
	((VX_PAGE_CONTENTS - sizeof(VxTidPageData)) / sizeof(VxTidEntryData))

/* TIDs that a node can have on one page, the first one included. */
#define VX_TIDS_ON_PAGE \
	(VX_PAGE_CONTENTS / sizeof(VxTidEntryData) + 1)

/* The entries at the end of a graph page. */
static inline VxTidEntryData *
vxp_further(Page page)
{
	return (VxTidEntryData *) ((char *) page + ((PageHeader) page)->pd_upper);
}

static inline int
vxp_further_count(Page page)
{
	return (((PageHeader) page)->pd_special - ((PageHeader) page)->pd_upper) /
		(int) sizeof(VxTidEntryData);
}

static inline VxTidChainData *
vxp_tid_chain(Page page, const VxGraphGeometry *geometry)
{
	Assert(geometry->chain_at != 0);
	return (VxTidChainData *) ((char *) page + geometry->chain_at);
}

/* A page of TIDs: its head, and its entries. */
static inline VxTidPageData *
vxp_tid_page(Page page)
{
	return (VxTidPageData *) PageGetContents(page);
}

static inline VxTidEntryData *
vxp_tid_entries(Page page)
{
	return (VxTidEntryData *) (vxp_tid_page(page) + 1);
}

static inline int
vxp_tid_count(Page page)
{
	return (int) ((((PageHeader) page)->pd_lower -
				   ((char *) vxp_tid_entries(page) - (char *) page)) /
				  sizeof(VxTidEntryData));
}

/* The TIDs of one node, one page of them at a time. */
typedef struct VxTidCursor
{
	BlockNumber block;			/* the node */
	int			slot;
	BlockNumber next;			/* page of TIDs to read next */
	BlockNumber pages_left;		/* a longer chain has a cycle */
	int			count;			/* what is in tids */
	ItemPointerData tids[VX_TIDS_ON_PAGE];
} VxTidCursor;

extern bool vxp_tid_page_is_sane(Page page);
extern void vxp_tid_add(VxPageTransaction *transaction, Page image,
						const VxGraphGeometry *geometry, int slot,
						const ItemPointerData *tid);
extern void vxp_further_remove(Page page, int number);
extern void vxp_tid_remove(Page page, int number);
extern Buffer vxp_tid_page_open(VxReader *reader, BlockNumber block,
								BlockNumber owner);
extern void vxp_tids_first(VxReader *reader, const VxGraphGeometry *geometry,
						   VxTidCursor *cursor);
extern bool vxp_tids_next(VxReader *reader, VxTidCursor *cursor);

#endif							/* VX_TID_LIST_H */
