/*-------------------------------------------------------------------------
 *
 * overflow.h
 *	  Candidates that have no place in the beam, kept for a resumed search.
 *
 * Adding is an append; order is made only when the best are asked for, since
 * most searches never ask.  It stays within a number of bytes by dropping the
 * farthest.  Explained in graph/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTORX_GRAPH_OVERFLOW_H
#define VECTORX_GRAPH_OVERFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"

/* What is kept of a candidate: all but its edges and the block below it. */
typedef struct VxOverflowItem
{
	float		estimate;
	float		error;
	uint32_t	block;
	uint16_t	slot;
	uint8_t		state;
	uint8_t		expanded;
	uint64_t	tid;
} VxOverflowItem;

/*
 * items[0 .. heaped-1] are a min-heap by estimate, the rest of the count is
 * unordered.
 */
typedef struct VxOverflow
{
	VxOverflowItem *items;
	size_t		count;
	size_t		heaped;
	size_t		capacity;
	bool		truncated;		/* items have been dropped */
	const VxHost *host;
} VxOverflow;

extern void vxg_overflow_init(VxOverflow *overflow, const VxHost *host);
extern void vxg_overflow_free(VxOverflow *overflow);
extern void vxg_overflow_clear(VxOverflow *overflow);
extern size_t vxg_overflow_memory(const VxOverflow *overflow);

/*
 * vxg_overflow_reserve -- room for more appends
 *
 * Grows as far as limit bytes allow (old and new array count while one is
 * copied to the other), then drops the farther half.  A first array is
 * allocated whatever the limit.
 */
extern void vxg_overflow_reserve(VxOverflow *overflow, size_t more, size_t limit);

/* Takes out the nearest; false if there is none. */
extern bool vxg_overflow_take(VxOverflow *overflow, VxOverflowItem *item);

/* The place of a new item; room must have been reserved. */
static inline VxOverflowItem *
vxg_overflow_append(VxOverflow *overflow)
{
	Assert(overflow->count < overflow->capacity);
	return &overflow->items[overflow->count++];
}

#endif							/* VECTORX_GRAPH_OVERFLOW_H */
