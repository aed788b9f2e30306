/*-------------------------------------------------------------------------
 *
 * mean_page.h
 *	  The pages of the mean vector that codes are relative to.
 *
 * They follow the metapage, from block 1 on, and never change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_MEAN_PAGE_H
#define VX_MEAN_PAGE_H

#include "storage/page.h"

extern uint32 vxp_mean_pages(uint32 dimensions);
extern void vxp_mean_write(Relation index, ForkNumber fork, const float *mean,
						   uint32 dimensions);
extern void vxp_mean_read(Relation index, uint32 pages, uint32 dimensions,
						  float *mean);

#endif							/* VX_MEAN_PAGE_H */
