/*-------------------------------------------------------------------------
 *
 * ivfflat_vacuum.h
 *	  What the files of VACUUM of an ivfflat index share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_IVFFLAT_VACUUM_H
#define VX_IVFFLAT_VACUUM_H

#include "am/ivfflat/ivfflat.h"

typedef struct IvfflatVacuum
{
	IndexVacuumInfo *info;
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;	/* NULL: rows stay */
	void	   *callback_state;
	IvfflatIndex *index;
	VxReader	reader;
	bool	   *doomed;			/* of the page at hand, by slot */
	BlockNumber nblocks;		/* when the walk began */
	uint8	   *claimed;		/* a bit for each block that a list uses */
} IvfflatVacuum;

/* ivfflat_reclaim.c */
extern void ivfflat_claim(IvfflatVacuum *vacuum, BlockNumber block);
extern void ivfflat_claim_page(IvfflatVacuum *vacuum, Page page, BlockNumber block);
extern void ivfflat_reclaim(IvfflatVacuum *vacuum);

#endif							/* VX_IVFFLAT_VACUUM_H */
