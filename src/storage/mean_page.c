/*-------------------------------------------------------------------------
 *
 * mean_page.c
 *	  Write and read the pages of the mean.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "storage/mean_page.h"
#include "storage/page_transaction.h"

/* Floats of the mean on one page. */
#define VX_MEAN_FLOATS		(VX_PAGE_CONTENTS / sizeof(float))

/* Pages that a mean of so many dimensions takes. */
uint32
vxp_mean_pages(uint32 dimensions)
{
	return (dimensions + VX_MEAN_FLOATS - 1) / VX_MEAN_FLOATS;
}

/*
 * Write a mean of dimensions floats behind the metapage of a new index.  Pages
 * are written in build mode: the caller logs the fork when it is complete.
 */
void
vxp_mean_write(Relation index, ForkNumber fork, const float *mean,
			   uint32 dimensions)
{
	for (uint32 i = 0; i < vxp_mean_pages(dimensions); i++)
	{
		VxPageTransaction transaction;
		BlockNumber block;
		uint32		first = i * VX_MEAN_FLOATS;
		uint32		count = Min(VX_MEAN_FLOATS, dimensions - first);
		Page		page;

		vxp_begin_fork(&transaction, index, fork, VX_PAGES_BUILD);
		page = vxp_edit_new(&transaction, VX_PAGE_MEAN, 0, &block);
		Assert(block == VX_META_BLOCK + 1 + i);
		memcpy(PageGetContents(page), mean + first, count * sizeof(float));
		vxp_commit(&transaction);
	}
}

/*
 * Read the mean into an array of dimensions floats: zeros if the index keeps no
 * pages of it.  pages is what the metapage says, verified.
 */
void
vxp_mean_read(Relation index, uint32 pages, uint32 dimensions, float *mean)
{
	Assert(pages == 0 || pages == vxp_mean_pages(dimensions));
	if (pages == 0)
		memset(mean, 0, dimensions * sizeof(float));
	for (uint32 i = 0; i < pages; i++)
	{
		uint32		first = i * VX_MEAN_FLOATS;
		uint32		count = Min(VX_MEAN_FLOATS, dimensions - first);
		Buffer		buffer = vxp_read(index, VX_META_BLOCK + 1 + i,
									  VX_PAGE_MEAN, BUFFER_LOCK_SHARE);

		memcpy(mean + first, PageGetContents(BufferGetPage(buffer)),
			   count * sizeof(float));
		UnlockReleaseBuffer(buffer);
		for (uint32 j = first; j < first + count; j++)
		{
			if (!isfinite(mean[j]))
				vxp_report_damage(index, VX_META_BLOCK + 1 + i,
								  "The mean of the vectors is not finite.");
		}
	}
}
