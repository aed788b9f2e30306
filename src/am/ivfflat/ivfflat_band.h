/*-------------------------------------------------------------------------
 *
 * ivfflat_band.h
 *	  The nearest candidates of a pass over some lists, by their bounds.
 *
 * A pass over lists meets far more rows than a query returns.  A band keeps the
 * nearest of them that lie beyond a floor, as many as it has room for; when they
 * are used up, the next pass begins where they ended.  So memory is bounded
 * whatever the lists hold, and no row is sorted that nobody asks for.
 *
 * Candidates are in the order of bound, then heap TID, which does not depend on
 * where in a list they are met: VACUUM may move them between two passes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_IVFFLAT_BAND_H
#define VX_IVFFLAT_BAND_H

#include "am/common/exact.h"

/* A place in the order of candidates. */
typedef struct IvfflatPlace
{
	float		bound;			/* what the key is taken to exceed */
	uint64		tid;
} IvfflatPlace;

typedef struct IvfflatBand
{
	IvfflatPlace floor;			/* only candidates after it are taken */
	IvfflatPlace limit;			/* and none after it */
	bool		full;			/* so many came that the limit was lowered */
	int			size;			/* candidates to keep */
	int			count;			/* in the array, at most twice the size */
	int			room;			/* of the array */
	VxCandidate *candidates;
} IvfflatBand;

/* Before and behind all candidates. */
#define IVFFLAT_FIRST_PLACE		((IvfflatPlace) {-INFINITY, 0})
#define IVFFLAT_LAST_PLACE		((IvfflatPlace) {INFINITY, PG_UINT64_MAX})

extern void ivfflat_band_begin(IvfflatBand *band, MemoryContext context, int size,
							   IvfflatPlace floor, IvfflatPlace limit);
extern void ivfflat_band_add(IvfflatBand *band, const VxCandidate *candidate);
extern void ivfflat_band_end(IvfflatBand *band);

#endif							/* VX_IVFFLAT_BAND_H */
