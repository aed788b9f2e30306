/*-------------------------------------------------------------------------
 *
 * vector_page.h
 *	  Where the full vector of a slot lies, and reading and writing it.
 *
 * The vectors of a page of slots are a byte stream over vector pages, so that
 * no page is left part empty: a vector may begin on one page and end on the
 * next.  Slots a build filled lie in a run of consecutive blocks
 * (vector_start, vector_offset); slots filled later lie in blocks of their
 * own, listed in the page of the slots (extra).
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_VECTOR_PAGE_H
#define VX_VECTOR_PAGE_H

#include "storage/page_transaction.h"

/*
 * The vectors of the slots of one page: how many there may be, how long each
 * is, and where in the page the blocks of later ones are listed (extra).
 */
typedef struct VxVectorLayout
{
	uint32		vector_bytes;	/* 0: no full vectors */
	uint16		slots;			/* n */
	uint16		extra_blocks;	/* enough for the vectors of all slots */
	uint16		extra_at;		/* offset of the list from the page's start */
} VxVectorLayout;

/* A vector's bytes: the first part on block[0], the rest on block[1]. */
typedef struct VxVectorPlace
{
	BlockNumber block[2];
	uint32		offset;			/* in the contents of block[0] */
	uint32		first_bytes;	/* on block[0]; the rest from offset 0 */
	uint32		bytes;
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

static inline uint32 *
vxp_vector_extra(Page page, const VxVectorLayout *layout)
{
	return (uint32 *) ((char *) page + layout->extra_at);
}

extern uint16 vxp_vector_extra_blocks(uint32 slots, uint32 vector_bytes);
extern bool vxp_vector_locate(Page page, const VxVectorLayout *layout,
							  int slot, VxVectorPlace *place);
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

#endif							/* VX_VECTOR_PAGE_H */
