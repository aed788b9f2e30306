/*-------------------------------------------------------------------------
 *
 * ivfflat_check.h
 *	  What the checks of an ivfflat index share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_IVFFLAT_CHECK_H
#define VX_IVFFLAT_CHECK_H

#include "am/common/check.h"
#include "am/ivfflat/ivfflat.h"

/* What is known of a block; bits. */
#define IVFFLAT_BLOCK_SOUND		0x01	/* a list page with sane counters */
#define IVFFLAT_BLOCK_RETIRED	0x02	/* taken out of its list */
#define IVFFLAT_BLOCK_CHAINED	0x04	/* met on the way along its list */

typedef struct IvfflatCheck
{
	VxCheck    *check;
	IvfflatIndex *index;
	BlockNumber nblocks;		/* when the check began */
	BlockNumber first_block;	/* behind the directory */
	BlockNumber heap_blocks;	/* when last asked */
	uint8	   *blocks;			/* IVFFLAT_BLOCK_* of each */
	uint64		live;			/* slots */
	PGAlignedBlock page;		/* copy of the page under examination */
} IvfflatCheck;

static inline Page
ivfflat_check_image(IvfflatCheck *state)
{
	return (Page) state->page.data;
}

/* ivfflat_check.c */
extern bool ivfflat_check_copy(IvfflatCheck *state, BlockNumber block);

/* ivfflat_check_lists.c */
extern void ivfflat_check_lists(IvfflatCheck *state);
extern void ivfflat_check_rows(IvfflatCheck *state);

/* ivfflat_check_vectors.c */
extern void ivfflat_check_vectors(IvfflatCheck *state);

#endif							/* VX_IVFFLAT_CHECK_H */
