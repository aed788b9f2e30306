/*-------------------------------------------------------------------------
 *
 * directory.h
 *	  Entries to the base layer by the terms of a value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_TERMS_H
#define VX_TERMS_H

#include "quantize/codec.h"
#include "storage/term_page.h"

/* Terms of a query that are looked up, its heaviest. */
#define VXI_QUERY_TERMS			16

/* Terms of a row that are entered, its heaviest. */
#define VXI_ROW_TERMS			16

/* Most pages with which the directory begins a search. */
#define VXI_DIRECTORY_ENTRIES	32

struct VxIndex;
struct VxGraphInsert;

extern int	vxi_directory_entries(VxReader *reader, const VxTermDirectory *directory,
								  const VxCodeQuery *query, uint32 *entries);
extern void vxi_directory_add(struct VxGraphInsert *insert, BlockNumber block);
extern void vxi_directory_fill(struct VxIndex *index);

#endif							/* VX_TERMS_H */
