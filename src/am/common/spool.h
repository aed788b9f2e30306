/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  The rows of a build, in a temporary file between heap and index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SPOOL_H
#define VX_SPOOL_H

#include "storage/buffile.h"
#include "storage/itemptr.h"

typedef struct VxSpool
{
	BufFile    *file;
	Size		element_bytes;	/* 0: rows have lengths of their own */
	Size		row_bytes;		/* heap TID, then the elements, padded */
	uint32		count;
	char	   *row;			/* room for one */
	Size		room;			/* bytes of row */
} VxSpool;

extern VxSpool *vxb_spool_create(Size element_bytes);
extern void vxb_spool_append(VxSpool *spool, const ItemPointerData *tid,
							 const void *elements, Size bytes);
extern void vxb_spool_rewind(VxSpool *spool);
extern const void *vxb_spool_next(VxSpool *spool, ItemPointerData *tid);
extern const void *vxb_spool_read(VxSpool *spool, uint32 number,
								  ItemPointerData *tid);
extern void vxb_spool_close(VxSpool *spool);

#endif							/* VX_SPOOL_H */
