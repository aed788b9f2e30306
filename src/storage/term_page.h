/*-------------------------------------------------------------------------
 *
 * term_page.h
 *	  The entry directory: terms of values, and the pages where they weigh most.
 *
 * A hash table of a fixed number of buckets, on the pages behind metapage and
 * mean.  Each bucket has up to eight pages of the base layer, from which a search
 * for a value with one of the bucket's terms begins as well.  Entries are hints:
 * one that is missing, or no longer the best, costs recall and no more.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_TERM_PAGE_H
#define VX_TERM_PAGE_H

#include "storage/page.h"
#include "storage/page_transaction.h"

#define VX_BUCKET_ENTRIES		8

/* Fewest and most buckets, as powers of two. */
#define VX_TERMS_MIN_BITS	12
#define VX_TERMS_MAX_BITS	20

/*
 * Entries in use come first; the others have InvalidBlockNumber and weight 0.  A
 * weight is the upper half of a float, which orders as the float does.
 */
typedef struct VxBucket
{
	BlockNumber block[VX_BUCKET_ENTRIES];
	uint16		weight[VX_BUCKET_ENTRIES];
} VxBucket;

/* Where the directory of an index is. */
typedef struct VxTermDirectory
{
	BlockNumber first;			/* its first page */
	int			bits;			/* it has 2^bits buckets; 0: there is none */
} VxTermDirectory;

extern int	vxp_terms_bits(uint64 rows);
extern uint32 vxp_terms_pages(int bits);
extern uint32 vxp_terms_bucket(int bits, uint32 term);
extern void vxp_bucket_init(VxBucket *bucket);
extern float vxp_bucket_weight(const VxBucket *bucket, int entry);
extern bool vxp_bucket_add(VxBucket *bucket, BlockNumber block, float weight);
extern void vxp_terms_create(Relation index, ForkNumber fork,
								 const VxTermDirectory *directory);
extern void vxp_terms_write(Relation index, const VxTermDirectory *directory,
								const VxBucket *buckets);
extern void vxp_terms_read(VxReader *reader, const VxTermDirectory *directory,
							   uint32 number, VxBucket *bucket);
extern void vxp_terms_add(VxReader *reader, const VxTermDirectory *directory,
							  VxPageMode mode, uint32 number,
							  BlockNumber block, float weight);
extern const VxBucket *vxp_terms_buckets(Page page, uint32 number, int bits,
											 int *count);

#endif							/* VX_TERM_PAGE_H */
