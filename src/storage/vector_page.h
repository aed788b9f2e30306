/*-------------------------------------------------------------------------
 *
 * vector_page.h
 *	  Where the full vector of a slot lies, and reading and writing it.
 *
 * The vectors of a build are a byte stream over vector pages, so that no page
 * is left part empty: a vector may begin on one page and end on the next.
 * Those of a page of slots lie in a run of consecutive blocks (vector_start,
 * vector_offset).
 *
 * The vectors of slots filled later lie whole on pages that all pages of slots
 * share (VX_PAGE_ADDED), each with a note of the slot that it belongs to; the
 * page of the slots has the block.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_VECTOR_PAGE_H
#define VX_VECTOR_PAGE_H

#include "storage/page_transaction.h"

/*
 * The vectors of the slots of one page: how many there may be, how long each
 * is, and where in the page the blocks of those that were added are listed, one
 * for each slot.
 */
typedef struct VxVectorLayout
{
	uint32		vector_bytes;	/* 0: no full vectors */
	uint16		slots;			/* n */
	uint16		blocks_at;		/* offset of the list from the page's start */
} VxVectorLayout;

/* The block of each slot's vector, of slots that a build did not fill. */
static inline BlockNumber *
vxp_vector_blocks(Page page, const VxVectorLayout *layout)
{
	Assert(layout->vector_bytes > 0);
	return (BlockNumber *) ((char *) page + layout->blocks_at);
}

/*
 * A vector's bytes: the first part on block[0], the rest on block[1].  Of an
 * added one all are on block[0], where its owner says.
 */
typedef struct VxVectorPlace
{
	BlockNumber block[2];
	uint32		offset;			/* in the contents of block[0] */
	uint32		first_bytes;	/* on block[0]; the rest from offset 0 */
	uint32		bytes;
	bool		added;
	uint16		slot;			/* owner of an added one */
	BlockNumber owner;
} VxVectorPlace;

/*
 * The stream of vectors that a build writes behind all other pages.  block and
 * filled are where the next vector will begin.
 */
typedef struct VxVectorStream
{
	Relation	index;
	BlockNumber block;
	uint32		filled;			/* bytes of its contents */
	char	   *contents;
} VxVectorStream;

/* At the end of a page of added vectors, one for each, the first one last. */
typedef struct VxVectorOwnerData
{
	BlockNumber block;			/* of the page of the slot */
	uint16		slot;
	uint16		unused;
} VxVectorOwnerData;

/* Vectors on a page of added ones. */
static inline int
vxp_added_count(Page page)
{
	return (((PageHeader) page)->pd_special - ((PageHeader) page)->pd_upper) /
		(int) sizeof(VxVectorOwnerData);
}

static inline VxVectorOwnerData *
vxp_added_owner(Page page, int number)
{
	return (VxVectorOwnerData *) ((char *) page + ((PageHeader) page)->pd_special) -
		(number + 1);
}

extern void vxp_vector_init(Page page, const VxVectorLayout *layout);
/*
 * Where the built vectors of pages met lately begin, which never changes while
 * the relation has its file.  A direct-mapped table by block.
 */
#define VX_VECTOR_RUNS	1024

typedef struct VxBuiltRun
{
	BlockNumber page;			/* of slots; InvalidBlockNumber: none */
	BlockNumber start;			/* as in the page's special area */
	uint16		offset;
	uint16		slots;
} VxBuiltRun;

typedef struct VxVectorRuns
{
	VxBuiltRun run[VX_VECTOR_RUNS];
} VxVectorRuns;

extern void vxp_runs_init(VxVectorRuns *runs);
extern void vxp_runs_note(VxVectorRuns *runs, BlockNumber block, Page page);
extern bool vxp_runs_locate(const VxVectorRuns *runs, const VxVectorLayout *layout,
							BlockNumber block, int slot, VxVectorPlace *place);
extern bool vxp_vector_locate(Page page, const VxVectorLayout *layout,
							  BlockNumber block, int slot, VxVectorPlace *place);
extern bool vxp_added_is_sane(Page page, uint32 vector_bytes);
extern int	vxp_added_find(Page page, BlockNumber block, int slot);
extern bool vxp_added_drop(Relation index, BlockNumber block, BlockNumber owner,
						   uint32 vector_bytes);
extern void vxp_vector_read(VxReader *reader, const VxVectorPlace *place,
							void *vector);
extern void vxp_vector_write(VxPageTransaction *transaction, Page slot_page,
							 const VxVectorLayout *layout, int slot,
							 const void *vector);
extern void vxp_stream_begin(VxVectorStream *stream, Relation index,
							 BlockNumber block);
extern void vxp_stream_put(VxVectorStream *stream, const void *vector,
						   uint32 bytes);
extern void vxp_stream_end(VxVectorStream *stream);
extern bool vxp_vector_equals(VxReader *reader, const VxVectorPlace *place,
							  const void *vector);

#endif							/* VX_VECTOR_PAGE_H */
