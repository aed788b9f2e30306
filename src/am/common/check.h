/*-------------------------------------------------------------------------
 *
 * check.h
 *	  vectorx_check(): what the checks of an index share.
 *
 * The numbered invariants are listed in am/hnsw/hnsw_check.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_CHECK_H
#define VX_CHECK_H

#include "nodes/execnodes.h"
#include "utils/snapshot.h"

#include "am/common/index.h"
#include "storage/page.h"
#include "types/element.h"

/*
 * One call of vectorx_check().  Pages are looked at in copies, so that no
 * lock is held while a finding is formed and stored.
 */
typedef struct VxCheck
{
	Relation	heap;
	Relation	index;
	bool		heapallindexed;
	Snapshot	snapshot;		/* of heapallindexed: older than any page
								 * read of the index; else NULL */
	BufferAccessStrategy strategy;
	ReturnSetInfo *result;
	uint64		findings;
} VxCheck;

/* What a finding does not say of its place. */
#define VXC_NO_SLOT		(-1)

extern void vxc_report(VxCheck *check, const char *invariant,
					   BlockNumber block, int slot,
					   const char *format,...) __attribute__((format(printf, 5, 6)));
extern void vxc_copy_page(VxCheck *check, BlockNumber block, char *copy);
extern bool vxc_image_is_finite(const VxCodec *codec, const void *image);
extern bool vxc_rest_is_zero(Page page, Size used);
extern bool vxc_tid_is_none(const ItemPointerData *tid);
extern bool vxc_check_mean(VxCheck *check, uint32 pages, uint32 dimensions,
						   float *mean);

/*
 * A set of heap TIDs with the slots they were found in, of one of several
 * rounds: each round takes the TIDs of one range of hash values, so that the
 * set stays within maintenance_work_mem.
 */
typedef struct VxTidSet
{
	uint64	   *keys;			/* TID and slot; 0: free */
	uint32	   *blocks;
	uint64		size;			/* power of two */
	uint64		count;
	uint32		rounds;
	uint32		round;			/* 0 .. rounds - 1 */
} VxTidSet;

typedef struct VxTidPlace
{
	BlockNumber block;
	int			slot;
} VxTidPlace;

extern void vxc_tids_create(VxTidSet *set, uint64 expected, Size memory);
extern void vxc_tids_free(VxTidSet *set);
extern void vxc_tids_begin_round(VxTidSet *set, uint32 round);
extern bool vxc_tids_in_round(const VxTidSet *set, uint64 tid);
extern bool vxc_tids_find(const VxTidSet *set, uint64 tid, VxTidPlace *place);
extern bool vxc_tids_add(VxTidSet *set, uint64 tid, VxTidPlace place,
						 VxTidPlace *earlier);

/*
 * How rows of the table are compared with an index.  found, if not NULL, is called
 * for each of them that is in the index.
 */
typedef struct VxRowCheck
{
	const VxTidSet *set;		/* of one round */
	const VxOperatorClass *opclass;
	int			dimensions;
	void		(*found) (void *context, uint64 tid, VxTidPlace place,
						  const VxIndexValue *value);
	void	   *context;
} VxRowCheck;

extern void vxc_compare_with_heap(VxCheck *check, const VxRowCheck *rows);

#endif							/* VX_CHECK_H */
