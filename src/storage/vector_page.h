/*-------------------------------------------------------------------------
 *
 * vector_page.h
 *	  Where the full vector of a slot lies, and reading and writing it.
 *
 * The vectors of a graph page are a byte stream over vector pages, so that
 * no page is left part empty: a vector may begin on one page and end on the
 * next.  Slots a build filled lie in a run of consecutive blocks
 * (vector_start, vector_offset); slots filled later lie in blocks of their
 * own, listed in the graph page (extra).
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_VECTOR_PAGE_H
#define VX_VECTOR_PAGE_H

#include "storage/graph_page.h"
#include "storage/page_transaction.h"

/* A vector's bytes: the first part on block[0], the rest on block[1]. */
typedef struct VxVectorPlace
{
	BlockNumber block[2];
	uint32		offset;			/* in the contents of block[0] */
	uint32		first_bytes;	/* on block[0]; the rest from offset 0 */
	uint32		bytes;
} VxVectorPlace;

extern bool vxp_vector_locate(Page page, const VxGraphGeometry *geometry,
							  int slot, VxVectorPlace *place);
extern void vxp_vector_read(VxReader *reader, const VxVectorPlace *place,
							void *vector);
extern void vxp_vector_write(VxPageTransaction *transaction, Page graph_page,
							 const VxGraphGeometry *geometry, int slot,
							 const void *vector);
extern BlockNumber vxp_append_vectors(Relation index, const char *contents);

#endif							/* VX_VECTOR_PAGE_H */
