/*-------------------------------------------------------------------------
 *
 * page.h
 *	  Page kinds, special area, and checked access to the pages of an index.
 *
 * Knows nothing of what a page means to its access method.  The layout of
 * each kind is described in storage/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_PAGE_H
#define VX_PAGE_H

#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/rel.h"

#include "compat.h"

/* Last two bytes of every page, where tools look for a page's owner. */
#define VX_PAGE_ID				0xFFA6

/* The metapage is always block 0. */
#define VX_META_BLOCK			0

typedef enum VxPageKind
{
	VX_PAGE_META = 1,
	VX_PAGE_MEAN = 2,			/* the mean vector that codes are relative to */
	VX_PAGE_GRAPH = 3,			/* slots with codes and edges */
	VX_PAGE_VECTOR = 4,			/* full vectors of a build, a byte stream */
	VX_PAGE_ADDED = 5,			/* full vectors that inserts added */
	VX_PAGE_TIDS = 6,			/* further heap TIDs of the nodes of a page */
	VX_PAGE_DIRECTORY = 7,		/* coded centres of lists */
	VX_PAGE_LIST = 8,			/* rows of one list, coded */
	VX_PAGE_FREE = 9,			/* given back by VACUUM, to be used again */
	VX_PAGE_TERMS = 10			/* terms, and pages to search from for them */
} VxPageKind;

/*
 * Special area, 16 bytes.  The vector_* and *_slots fields are used by pages of
 * slots (graph, list) and are zero elsewhere (vector_start:
 * InvalidBlockNumber).
 */
typedef struct VxPageOpaqueData
{
	BlockNumber vector_start;	/* block where the built vectors begin */
	uint16		vector_offset;	/* byte in that block's contents */
	uint16		built_slots;	/* slots whose vectors are in that run */
	uint16		used_slots;		/* slots at or above this were never used */
	uint8		kind;			/* VxPageKind */
	uint8		layer;			/* 0 is the base layer */
	uint16		flags;			/* zero; room for later use */
	uint16		page_id;		/* VX_PAGE_ID, must be last */
} VxPageOpaqueData;

/* Bytes between page header and special area, all of them usable. */
#define VX_PAGE_CONTENTS \
	(BLCKSZ - MAXALIGN(SizeOfPageHeaderData) - MAXALIGN(sizeof(VxPageOpaqueData)))

static inline VxPageOpaqueData *
vxp_opaque(Page page)
{
	return (VxPageOpaqueData *) PageGetSpecialPointer(page);
}

extern void vxp_init_page(Page page, VxPageKind kind, int layer);
extern void vxp_open_page(Page page, uint32 lower);
extern void vxp_make_free(Page page);
extern Buffer vxp_read(Relation index, BlockNumber block, VxPageKind kind,
					   int lockmode);
extern Buffer vxp_read_unverified(Relation index, BlockNumber block, int lockmode);
extern Buffer vxp_read_any(Relation index, BlockNumber block,
						   BufferAccessStrategy strategy);
extern void vxp_relock_exclusive(Buffer buffer);
extern void vxp_verify(Relation index, Buffer buffer, VxPageKind kind);
extern bool vxp_page_is_valid(Page page, VxPageKind kind);
extern bool vxp_bytes_are_zero(const void *bytes, Size count);
extern const char *vxp_frame_problem(Page page);
extern int	vxp_reindex_hint(Relation index);
pg_noreturn extern void vxp_report_damage(Relation index, BlockNumber block,
										  const char *detail);

/*
 * A reader follows block numbers found on pages.  It remembers the length of
 * the relation so that a damaged number is reported as damage, naming the
 * page that holds it, and not as a failed read.
 */
typedef struct VxReader
{
	Relation	index;
	BlockNumber nblocks;		/* length when last asked */
	uint64		pages_read;		/* pages opened so far */
} VxReader;

extern void vxp_reader_init(VxReader *reader, Relation index);
extern Buffer vxp_reader_open(VxReader *reader, BlockNumber block,
							  VxPageKind kind);
extern bool vxp_reader_in_range(VxReader *reader, BlockNumber block);
extern void vxp_reader_prefetch(VxReader *reader, const BlockNumber *blocks,
								int count);

#endif							/* VX_PAGE_H */
