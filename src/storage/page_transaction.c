/*-------------------------------------------------------------------------
 *
 * page_transaction.c
 *	  One atomic change of up to four pages, and extension of the relation.
 *
 * All that can fail (reading, extending, allocating) happens before
 * vxp_commit; vxp_commit itself cannot raise an error once it has begun to
 * change a page.  See "WAL and crash states" in storage/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/indexfsm.h"
#include "storage/lmgr.h"

#include "compat.h"
#include "storage/page_transaction.h"

#ifdef USE_ASSERT_CHECKING
#include "storage/buf_internals.h"

/* Whether this backend holds the content lock of a shared buffer. */
static bool
vxp_is_locked_exclusively(Buffer buffer)
{
	return BufferIsLocal(buffer) ||
		LWLockHeldByMeInMode(BufferDescriptorGetContentLock(GetBufferDescriptor(buffer - 1)),
							 LW_EXCLUSIVE);
}
#endif

void
vxp_begin_fork(VxPageTransaction *transaction, Relation index,
			   ForkNumber fork, VxPageMode mode)
{
	Assert(RelationIsValid(index));
	Assert(fork == MAIN_FORKNUM || mode == VX_PAGES_BUILD);

	transaction->index = index;
	transaction->fork = fork;
	transaction->mode = mode;
	transaction->state = NULL;
	transaction->count = 0;
	if (mode == VX_PAGES_LOGGED)
		transaction->state = GenericXLogStart(index);
}

/*
 * Begin a change of the index's main fork.  Allocates when WAL is written.
 */
void
vxp_begin(VxPageTransaction *transaction, Relation index, VxPageMode mode)
{
	vxp_begin_fork(transaction, index, MAIN_FORKNUM, mode);
}

static Page
vxp_register(VxPageTransaction *transaction, Buffer buffer, int flags)
{
	Page		image;

	Assert(transaction->count < VX_TRANSACTION_PAGES);

	if (transaction->mode == VX_PAGES_LOGGED)
		image = GenericXLogRegisterBuffer(transaction->state, buffer, flags);
	else
		image = BufferGetPage(buffer);
	transaction->buffers[transaction->count] = buffer;
	transaction->images[transaction->count] = image;
	transaction->count++;
	return image;
}

/*
 * Take a pinned, exclusively locked buffer into the transaction and return
 * the image to edit.  The transaction releases the buffer.
 */
Page
vxp_edit(VxPageTransaction *transaction, Buffer buffer)
{
	Assert(BufferIsValid(buffer));
	Assert(vxp_is_locked_exclusively(buffer));
	return vxp_register(transaction, buffer, 0);
}

/*
 * The block of a page whose image is part of a transaction.
 */
BlockNumber
vxp_block_of(const VxPageTransaction *transaction, Page image)
{
	int			i = 0;

	while (transaction->images[i] != image)
	{
		i++;
		Assert(i < transaction->count);
	}
	return BufferGetBlockNumber(transaction->buffers[i]);
}

/*
 * A page that an earlier, interrupted change had allocated and never
 * initialised, or that VACUUM has given back, as VACUUM recorded it; or
 * InvalidBuffer.  Only conditional locks are taken: somebody else may have been
 * given the same page.
 */
static Buffer
vxp_recycle(Relation index)
{
	for (;;)
	{
		BlockNumber block = GetFreeIndexPage(index);
		Buffer		buffer;

		if (block == InvalidBlockNumber)
			return InvalidBuffer;
		if (block >= RelationGetNumberOfBlocks(index))
			continue;
		buffer = ReadBuffer(index, block);
		if (ConditionalLockBuffer(buffer))
		{
			if (PageIsNew(BufferGetPage(buffer)) ||
				vxp_page_is_valid(BufferGetPage(buffer), VX_PAGE_FREE))
				return buffer;
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		}
		ReleaseBuffer(buffer);
	}
}

/*
 * Extend the relation by one page, locked exclusively.
 */
static Buffer
vxp_extend(Relation index, ForkNumber fork)
{
	bool		lock = !RELATION_IS_LOCAL(index);
	Buffer		buffer;

	if (lock)
		LockRelationForExtension(index, ExclusiveLock);
	buffer = ReadBufferExtended(index, fork, P_NEW, RBM_NORMAL, NULL);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (lock)
		UnlockRelationForExtension(index, ExclusiveLock);
	return buffer;
}

/*
 * Allocate a page, initialise its image and take it into the transaction.
 *
 * The caller may hold content locks: nobody else knows a new page, so no
 * cycle can arise, and the extension lock is never held while waiting for a
 * page of the index.
 */
Page
vxp_edit_new(VxPageTransaction *transaction, VxPageKind kind, int layer,
			 BlockNumber *block)
{
	Buffer		buffer = InvalidBuffer;
	Page		image;

	if (transaction->mode == VX_PAGES_LOGGED &&
		transaction->fork == MAIN_FORKNUM)
		buffer = vxp_recycle(transaction->index);
	if (!BufferIsValid(buffer))
		buffer = vxp_extend(transaction->index, transaction->fork);

	image = vxp_register(transaction, buffer, GENERIC_XLOG_FULL_IMAGE);
	vxp_init_page(image, kind, layer);
	*block = BufferGetBlockNumber(buffer);
	return image;
}

static void
vxp_release_buffers(VxPageTransaction *transaction)
{
	Assert(transaction->count <= VX_TRANSACTION_PAGES);
	for (int i = 0; i < transaction->count; i++)
		UnlockReleaseBuffer(transaction->buffers[i]);
	transaction->count = 0;
}

/*
 * Extend an index that is being built by `count` pages, to be written in any
 * order by vxp_write_reserved(); returns the first of them.
 */
BlockNumber
vxp_reserve(Relation index, BlockNumber count)
{
	BlockNumber first = RelationGetNumberOfBlocks(index);

	for (BlockNumber i = 0; i < count; i++)
	{
		UnlockReleaseBuffer(vxp_extend(index, MAIN_FORKNUM));
		CHECK_FOR_INTERRUPTS();
	}
	return first;
}

/*
 * Write the image of a reserved page, which was prepared (vxp_init_page) elsewhere.
 */
void
vxp_write_reserved(Relation index, BlockNumber block, Page image)
{
	Buffer		buffer = ReadBuffer(index, block);
	Page		page = BufferGetPage(buffer);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	Assert(PageIsNew(page));
	START_CRIT_SECTION();
	memcpy(page, image, BLCKSZ);
	MarkBufferDirty(buffer);
	END_CRIT_SECTION();
	UnlockReleaseBuffer(buffer);
}

/*
 * Make the change visible and durable (in WAL order), then unlock and release
 * all its pages.
 */
void
vxp_commit(VxPageTransaction *transaction)
{
	Assert(transaction->count > 0);

	Assert((transaction->mode == VX_PAGES_LOGGED) == (transaction->state != NULL));
	if (transaction->mode == VX_PAGES_LOGGED)
		GenericXLogFinish(transaction->state);
	else
	{
		START_CRIT_SECTION();
		for (int i = 0; i < transaction->count; i++)
			MarkBufferDirty(transaction->buffers[i]);
		END_CRIT_SECTION();
	}
	vxp_release_buffers(transaction);
}

/*
 * Forget the change.  Not possible in a build, where pages are edited in
 * place, unless nothing was edited yet.
 */
void
vxp_abort(VxPageTransaction *transaction)
{
	Assert(transaction->mode == VX_PAGES_LOGGED || transaction->count == 0);
	if (transaction->mode == VX_PAGES_LOGGED)
		GenericXLogAbort(transaction->state);
	vxp_release_buffers(transaction);
}

/*
 * Log all pages of a fork that was written in build mode, in bulk.
 */
void
vxp_log_fork(Relation index, ForkNumber fork)
{
	log_newpage_range(index, fork, 0,
					  RelationGetNumberOfBlocksInFork(index, fork), true);
}
