/*-------------------------------------------------------------------------
 *
 * page_transaction.h
 *	  One atomic change of up to four pages.
 *
 * A page transaction is the only way to change a page.  With WAL it is one
 * generic record: the caller edits copies, and nothing becomes visible before
 * vxp_commit.  During a build nobody else can see the relation, pages are
 * edited in place and the build logs the whole relation at its end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_PAGE_TRANSACTION_H
#define VX_PAGE_TRANSACTION_H

#include "access/generic_xlog.h"

#include "storage/page.h"

#define VX_TRANSACTION_PAGES	MAX_GENERIC_XLOG_PAGES

typedef enum VxPageMode
{
	VX_PAGES_LOGGED,			/* one generic WAL record each */
	VX_PAGES_BUILD				/* in place, logged by the build at its end */
} VxPageMode;

typedef struct VxPageTransaction
{
	Relation	index;
	ForkNumber	fork;
	VxPageMode	mode;
	GenericXLogState *state;	/* NULL in VX_PAGES_BUILD */
	int			count;
	Buffer		buffers[VX_TRANSACTION_PAGES];
	Page		images[VX_TRANSACTION_PAGES];
} VxPageTransaction;

extern void vxp_begin(VxPageTransaction *transaction, Relation index,
					  VxPageMode mode);
extern void vxp_begin_fork(VxPageTransaction *transaction, Relation index,
						   ForkNumber fork, VxPageMode mode);
extern Page vxp_edit(VxPageTransaction *transaction, Buffer buffer);
extern Page vxp_edit_new(VxPageTransaction *transaction, VxPageKind kind,
						 int layer, BlockNumber *block);
extern BlockNumber vxp_block_of(const VxPageTransaction *transaction, Page image);
extern BlockNumber vxp_reserve(Relation index, BlockNumber count);
extern void vxp_write_reserved(Relation index, BlockNumber block, Page image);
extern void vxp_commit(VxPageTransaction *transaction);
extern void vxp_abort(VxPageTransaction *transaction);
extern void vxp_log_fork(Relation index, ForkNumber fork);

#endif							/* VX_PAGE_TRANSACTION_H */
