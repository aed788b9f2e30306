/*-------------------------------------------------------------------------
 *
 * ivfflat_band.c
 *	  The nearest candidates of a pass over some lists, by their bounds.
 *
 * Candidates are collected until there are twice as many as are to be kept, and
 * then the nearer half is selected (Hoare 1961), which takes two comparisons or
 * so for each.  From then on the farthest of them is a limit that most
 * candidates do not even reach.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_band.h"

static inline IvfflatPlace
ivfflat_place(const VxCandidate *candidate)
{
	IvfflatPlace place = {
		vxs_lower_bound(candidate->estimate, candidate->error), candidate->tid
	};

	return place;
}

static inline bool
ivfflat_before(const IvfflatPlace *a, const IvfflatPlace *b)
{
	return a->bound < b->bound || (a->bound == b->bound && a->tid < b->tid);
}

/*
 * Begin a pass for the nearest `size` candidates between floor and limit.
 */
void
ivfflat_band_begin(IvfflatBand *band, MemoryContext context, int size,
				   IvfflatPlace floor, IvfflatPlace limit)
{
	Assert(size >= 1 && size <= PG_INT32_MAX / 2);
	band->size = size;
	band->count = 0;
	band->full = false;
	band->floor = floor;
	band->limit = limit;
	if (band->room >= 2 * size)
		return;
	if (band->candidates != NULL)
		pfree(band->candidates);
	band->room = 2 * size;
	band->candidates = (VxCandidate *)
		MemoryContextAllocHuge(context, band->room * sizeof(VxCandidate));
}

static inline void
ivfflat_swap(VxCandidate *a, VxCandidate *b)
{
	VxCandidate moved = *a;

	*a = *b;
	*b = moved;
}

/*
 * The middle of three places, so that sorted input is not the worst one.
 */
static IvfflatPlace
ivfflat_pivot(const VxCandidate *candidates, int low, int high)
{
	IvfflatPlace a = ivfflat_place(&candidates[low]);
	IvfflatPlace b = ivfflat_place(&candidates[low + (high - low) / 2]);
	IvfflatPlace c = ivfflat_place(&candidates[high]);

	if (ivfflat_before(&b, &a))
	{
		if (ivfflat_before(&c, &b))
			return b;
		return ivfflat_before(&c, &a) ? c : a;
	}
	if (ivfflat_before(&c, &a))
		return a;
	return ivfflat_before(&c, &b) ? c : b;
}

/*
 * Partition so that the nearest `size` candidates come first, the farthest of
 * them as the last one, and drop the others.
 */
static void
ivfflat_band_select(IvfflatBand *band)
{
	VxCandidate *candidates = band->candidates;
	int			wanted = band->size - 1;
	int			low = 0;
	int			high = band->count - 1;

	Assert(band->count > band->size);
	while (low < high)
	{
		IvfflatPlace pivot = ivfflat_pivot(candidates, low, high);
		int			i = low;
		int			j = high;

		while (i <= j)
		{
			IvfflatPlace left = ivfflat_place(&candidates[i]);
			IvfflatPlace right = ivfflat_place(&candidates[j]);

			if (ivfflat_before(&left, &pivot))
				i++;
			else if (ivfflat_before(&pivot, &right))
				j--;
			else
				ivfflat_swap(&candidates[i++], &candidates[j--]);
		}
		if (wanted <= j)
			high = j;
		else if (wanted >= i)
			low = i;
		else
			break;
	}
	band->limit = ivfflat_place(&candidates[wanted]);
	band->count = band->size;
	band->full = true;
}

/*
 * Take a candidate in, if it lies between floor and limit.
 */
void
ivfflat_band_add(IvfflatBand *band, const VxCandidate *candidate)
{
	IvfflatPlace place = ivfflat_place(candidate);

	if (!ivfflat_before(&band->floor, &place) || ivfflat_before(&band->limit, &place))
		return;
	band->candidates[band->count++] = *candidate;
	if (band->count == 2 * band->size)
		ivfflat_band_select(band);
}

/*
 * The pass is over: no more candidates than were to be kept.
 */
void
ivfflat_band_end(IvfflatBand *band)
{
	if (band->count > band->size)
		ivfflat_band_select(band);
}
