/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  The rows of a build, in temporary files between heap and index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SPOOL_H
#define VX_SPOOL_H

#include "storage/buffile.h"
#include "storage/itemptr.h"
#include "storage/sharedfileset.h"

/* One participant's rows. */
typedef struct VxSpoolPart
{
	BufFile    *file;
	BufFile    *marks;			/* where rows begin, if their lengths vary */
	uint32		first;			/* number of the first row */
	uint32		count;
} VxSpoolPart;

typedef struct VxSpool
{
	SharedFileSet *fileset;		/* NULL: one participant alone */
	VxSpoolPart *parts;
	int			part_count;
	int			own;			/* the part that this participant writes */
	int			current;		/* the part that the next row is read from */
	uint32		next;			/* number of that row */
	Size		element_bytes;	/* 0: rows have lengths of their own */
	Size		row_bytes;		/* heap TID, then the elements, padded */
	uint32		count;			/* of all parts */
	char	   *row;			/* room for one */
	Size		room;			/* bytes of row */
} VxSpool;

extern VxSpool *vxb_spool_create(Size element_bytes, SharedFileSet *fileset,
								 int participants, int own);
extern void vxb_spool_append(VxSpool *spool, const ItemPointerData *tid,
							 const void *elements, Size bytes);
extern void vxb_spool_share(VxSpool *spool);
extern void vxb_spool_join(VxSpool *spool, const uint32 *counts);
extern void vxb_spool_seek(VxSpool *spool, uint32 number);
extern const void *vxb_spool_next(VxSpool *spool, ItemPointerData *tid);
extern const void *vxb_spool_read(VxSpool *spool, uint32 number,
								  ItemPointerData *tid);
extern void vxb_spool_close(VxSpool *spool);

#endif							/* VX_SPOOL_H */
