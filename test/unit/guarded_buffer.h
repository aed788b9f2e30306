/*-------------------------------------------------------------------------
 *
 * guarded_buffer.h
 *	  Memory with a forbidden page on either side, for finding over-reads.
 *
 * Any read before or after the whole pages of a buffer faults.  Data placed
 * against one end is guarded exactly there.  See test/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GUARDED_BUFFER_H
#define VX_GUARDED_BUFFER_H

#include <stddef.h>
#include <stdint.h>

typedef struct VxGuardedBuffer
{
	uint8_t    *start;			/* first usable byte, page aligned */
	uint8_t    *end;			/* one past the last usable byte */
} VxGuardedBuffer;

/* At least `size` usable bytes, zeroed; aborts when there is no memory. */
extern void guarded_buffer_init(VxGuardedBuffer *buffer, size_t size);

extern void guarded_buffer_free(VxGuardedBuffer *buffer);

#endif							/* VX_GUARDED_BUFFER_H */
