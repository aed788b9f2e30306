/*-------------------------------------------------------------------------
 *
 * recent.c
 *	  Remembered buffer numbers: pages found without the buffer table.
 *
 * A search opens a hundred pages scattered over the index.  When all of them
 * are in shared buffers, finding them costs more than scoring them: a probe
 * of the buffer table, the buffer's descriptor and the page itself are three
 * cache misses in a row.  Each backend therefore remembers in which buffer it
 * last saw a block.  ReadRecentBuffer() checks the guess against the tag of
 * the buffer under its pin, so a wrong one costs time and nothing else; and
 * as the guess is known before the page is wanted, descriptor and page can be
 * prefetched into the CPU's cache.
 *
 * The memory is a direct-mapped table of fixed size: a collision forgets.
 * Nothing needs invalidating, whatever happens to the relation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "storage/buf_internals.h"
#include "utils/memutils.h"

#include "compat.h"
#include "storage/recent.h"

/* Entries at most; 12 bytes each. */
#define VX_RECENT_MAX_ENTRIES	(1U << 18)

typedef struct VxRecentEntry
{
	RelFileNumber relation;
	BlockNumber block;
	Buffer		buffer;			/* InvalidBuffer: nothing remembered */
} VxRecentEntry;

static VxRecentEntry *recent_entries;
static uint32 recent_mask;

/*
 * Allocate the table: as many entries as there are shared buffers, so that an
 * index that fits there is remembered whole, within the maximum.
 */
static void
vxp_recent_init(void)
{
	uint32		entries = pg_nextpower2_32((uint32) Max(NBuffers, 1024));

	entries = Min(entries, VX_RECENT_MAX_ENTRIES);
	recent_entries = (VxRecentEntry *)
		MemoryContextAllocZero(TopMemoryContext, entries * sizeof(VxRecentEntry));
	recent_mask = entries - 1;
	Assert((entries & recent_mask) == 0);
}

static inline VxRecentEntry *
vxp_recent_entry(Relation index, BlockNumber block)
{
	uint32		hash;

	if (unlikely(recent_entries == NULL))
		vxp_recent_init();

	/* neighbouring blocks take neighbouring entries */
	hash = murmurhash32((uint32) index->rd_locator.relNumber) + block;
	return &recent_entries[hash & recent_mask];
}

static inline bool
vxp_recent_matches(const VxRecentEntry *entry, Relation index, BlockNumber block)
{
	return entry->buffer != InvalidBuffer && entry->block == block &&
		entry->relation == index->rd_locator.relNumber;
}

/*
 * Pin a block of the main fork, by way of the buffer where it was seen last
 * if it is still there.  The same result as ReadBuffer().
 */
Buffer
vxp_read_recent(Relation index, BlockNumber block)
{
	VxRecentEntry *entry = vxp_recent_entry(index, block);

	if (vxp_recent_matches(entry, index, block) &&
		ReadRecentBuffer(index->rd_locator, MAIN_FORKNUM, block, entry->buffer))
	{
		pgstat_count_buffer_read(index);
		pgstat_count_buffer_hit(index);
		return entry->buffer;
	}
	Assert(block != P_NEW);
	entry->buffer = ReadBuffer(index, block);
	entry->relation = index->rd_locator.relNumber;
	entry->block = block;
	return entry->buffer;
}

/*
 * Announce blocks that will be read soon.  What is remembered is fetched into
 * the CPU's cache, without a pin: a wrong guess fetches the wrong bytes, which
 * is harmless.  What is not may be on disk, and is asked for there.
 */
void
vxp_prefetch_recent(Relation index, const BlockNumber *blocks, int count)
{
	for (int i = 0; i < count; i++)
	{
		const VxRecentEntry *entry = vxp_recent_entry(index, blocks[i]);

		if (!vxp_recent_matches(entry, index, blocks[i]))
			PrefetchBuffer(index, MAIN_FORKNUM, blocks[i]);
		else if (entry->buffer > 0)
		{
			const char *page = (const char *) BufferGetBlock(entry->buffer);

			/* the descriptor; the page's header, special area and middle */
			__builtin_prefetch(GetBufferDescriptor(entry->buffer - 1), 1);
			__builtin_prefetch(page);
			__builtin_prefetch(page + BLCKSZ - 1);
			__builtin_prefetch(page + BLCKSZ / 2);
		}
	}
}
