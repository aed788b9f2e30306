/*-------------------------------------------------------------------------
 *
 * term_page.c
 *	  Create, read and change the pages of the entry directory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "compat.h"
#include "storage/term_page.h"

/* Buckets of a page. */
#define VX_PAGE_BUCKETS		(VX_PAGE_CONTENTS / sizeof(VxBucket))

StaticAssertDecl(sizeof(VxBucket) == VX_BUCKET_ENTRIES * 6,
				 "buckets lie side by side on their pages");

/*
 * How many buckets the directory of so many rows has, as a power of two: one a
 * row, within limits.
 */
int
vxp_terms_bits(uint64 rows)
{
	int			bits = VX_TERMS_MIN_BITS;

	while (bits < VX_TERMS_MAX_BITS && (UINT64CONST(1) << bits) < rows)
		bits++;
	return bits;
}

/* Pages that 2^bits buckets take; none if bits is 0. */
uint32
vxp_terms_pages(int bits)
{
	Assert(bits >= 0 && bits <= VX_TERMS_MAX_BITS);
	return bits == 0 ? 0 :
		(uint32) (((1U << bits) + VX_PAGE_BUCKETS - 1) / VX_PAGE_BUCKETS);
}

/*
 * The bucket of a term: Fibonacci hashing (Knuth, The Art of Computer
 * Programming 3, section 6.4).
 */
uint32
vxp_terms_bucket(int bits, uint32 term)
{
	Assert(bits >= VX_TERMS_MIN_BITS && bits <= VX_TERMS_MAX_BITS);
	return (term * UINT32_C(2654435769)) >> (32 - bits);
}

/* Make a bucket empty. */
void
vxp_bucket_init(VxBucket *bucket)
{
	for (int i = 0; i < VX_BUCKET_ENTRIES; i++)
	{
		bucket->block[i] = InvalidBlockNumber;
		bucket->weight[i] = 0;
	}
}

/* A weight as buckets keep it. */
static uint16
vxp_short_weight(float weight)
{
	uint32		bits;

	Assert(weight >= 0.0f);
	memcpy(&bits, &weight, sizeof(bits));
	return (uint16) (bits >> 16);
}

/*
 * The weight of an entry, rounded down to 8 bits.  Pages may be damaged: what is no
 * weight is 0.
 */
float
vxp_bucket_weight(const VxBucket *bucket, int entry)
{
	uint32		bits = (uint32) bucket->weight[entry] << 16;
	float		weight;

	Assert(entry >= 0 && entry < VX_BUCKET_ENTRIES);
	memcpy(&weight, &bits, sizeof(weight));
	return weight >= 0.0f && isfinite(weight) ? weight : 0.0f;
}

/*
 * Enter a page with the weight that a term has on it, in place of the lightest if
 * the bucket is full.  Returns whether the bucket has changed.
 */
bool
vxp_bucket_add(VxBucket *bucket, BlockNumber block, float weight)
{
	uint16		short_weight = vxp_short_weight(weight);
	int			lightest = 0;

	Assert(BlockNumberIsValid(block));
	for (int i = 0; i < VX_BUCKET_ENTRIES; i++)
	{
		if (bucket->block[i] == block && short_weight <= bucket->weight[i])
			return false;
		if (bucket->block[i] == block || !BlockNumberIsValid(bucket->block[i]))
		{
			lightest = i;
			break;
		}
		if (bucket->weight[i] < bucket->weight[lightest])
			lightest = i;
	}
	if (BlockNumberIsValid(bucket->block[lightest]) &&
		short_weight <= bucket->weight[lightest])
		return false;
	bucket->block[lightest] = block;
	bucket->weight[lightest] = short_weight;
	return true;
}

/* Buckets of a page of the directory: all but the last one are full. */
static int
vxp_buckets_of_page(int bits, uint32 number)
{
	uint32		first = number * VX_PAGE_BUCKETS;

	Assert(number < vxp_terms_pages(bits));
	return (int) Min(VX_PAGE_BUCKETS, (1U << bits) - first);
}

/*
 * The buckets of a page, the number-th of a directory, and how many it has.
 */
const VxBucket *
vxp_terms_buckets(Page page, uint32 number, int bits, int *count)
{
	*count = vxp_buckets_of_page(bits, number);
	return (const VxBucket *) PageGetContents(page);
}

/*
 * Write an empty directory, the next pages of a new index.  Pages are written in
 * build mode: the caller logs the fork when it is complete.
 */
void
vxp_terms_create(Relation index, ForkNumber fork, const VxTermDirectory *directory)
{
	for (uint32 i = 0; i < vxp_terms_pages(directory->bits); i++)
	{
		int			count = vxp_buckets_of_page(directory->bits, i);
		VxPageTransaction transaction;
		BlockNumber block;
		VxBucket   *buckets;

		CHECK_FOR_INTERRUPTS();
		vxp_begin_fork(&transaction, index, fork, VX_PAGES_BUILD);
		buckets = (VxBucket *)
			PageGetContents(vxp_edit_new(&transaction, VX_PAGE_TERMS, 0, &block));
		Assert(block == directory->first + i);
		for (int j = 0; j < count; j++)
			vxp_bucket_init(&buckets[j]);
		vxp_commit(&transaction);
	}
}

/*
 * Fill the directory of an index that is being built: 2^bits buckets.
 */
void
vxp_terms_write(Relation index, const VxTermDirectory *directory,
					const VxBucket *buckets)
{
	for (uint32 i = 0; i < vxp_terms_pages(directory->bits); i++)
	{
		int			count = vxp_buckets_of_page(directory->bits, i);
		VxPageTransaction transaction;
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = vxp_read(index, directory->first + i, VX_PAGE_TERMS,
						  BUFFER_LOCK_EXCLUSIVE);
		vxp_begin(&transaction, index, VX_PAGES_BUILD);
		memcpy(PageGetContents(vxp_edit(&transaction, buffer)),
			   buckets + (Size) i * VX_PAGE_BUCKETS, count * sizeof(VxBucket));
		vxp_commit(&transaction);
	}
}

/*
 * Copy a bucket.  Takes a share lock on its page, and releases it.  Blocks that it
 * names are within the index; that they are pages of the base layer is for
 * whoever opens them to verify.
 */
void
vxp_terms_read(VxReader *reader, const VxTermDirectory *directory, uint32 number,
				   VxBucket *bucket)
{
	BlockNumber block = directory->first + number / VX_PAGE_BUCKETS;
	Buffer		buffer = vxp_reader_open(reader, block, VX_PAGE_TERMS);

	Assert(number < 1U << directory->bits);
	*bucket = ((const VxBucket *)
			   PageGetContents(BufferGetPage(buffer)))[number % VX_PAGE_BUCKETS];
	UnlockReleaseBuffer(buffer);
	for (int i = 0; i < VX_BUCKET_ENTRIES; i++)
	{
		if (BlockNumberIsValid(bucket->block[i]) &&
			!vxp_reader_in_range(reader, bucket->block[i]))
			vxp_report_damage(reader->index, block,
							  "The entry directory names a block beyond the end of the index.");
	}
}

/*
 * Enter a page of the base layer into a bucket, if that has room or lighter
 * entries: one record of one page.  The page that is entered is in the WAL by then.
 *
 * Locks: the page of the bucket, shared to see whether anything would change, then
 * exclusively.  The caller holds no lock.
 */
void
vxp_terms_add(VxReader *reader, const VxTermDirectory *directory, VxPageMode mode,
				  uint32 number, BlockNumber block, float weight)
{
	Buffer		buffer = vxp_reader_open(reader, directory->first + number / VX_PAGE_BUCKETS,
										 VX_PAGE_TERMS);
	int			at = (int) (number % VX_PAGE_BUCKETS);
	VxBucket	bucket = ((VxBucket *) PageGetContents(BufferGetPage(buffer)))[at];
	VxPageTransaction transaction;

	Assert(number < 1U << directory->bits);
	if (!vxp_bucket_add(&bucket, block, weight))
	{
		UnlockReleaseBuffer(buffer);
		return;
	}
	vxp_relock_exclusive(buffer);
	vxp_begin(&transaction, reader->index, mode);
	vxp_bucket_add((VxBucket *) PageGetContents(vxp_edit(&transaction, buffer)) + at,
				   block, weight);
	vxp_commit(&transaction);
}
