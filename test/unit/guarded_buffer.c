/*-------------------------------------------------------------------------
 *
 * guarded_buffer.c
 *	  Memory with a forbidden page on either side, on mmap and mprotect.
 *
 * For tests only.  See guarded_buffer.h.
 *
 *-------------------------------------------------------------------------
 */
#include "guarded_buffer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Usable bytes rounded up to whole pages. */
static size_t
whole_pages(size_t size, size_t page)
{
	return (size + page - 1) / page * page;
}

void
guarded_buffer_init(VxGuardedBuffer *buffer, size_t size)
{
	size_t		page = (size_t) sysconf(_SC_PAGESIZE);
	size_t		usable = whole_pages(size > 0 ? size : 1, page);
	uint8_t    *mapping = mmap(NULL, usable + 2 * page, PROT_NONE,
							   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mapping == MAP_FAILED || mprotect(mapping + page, usable, PROT_READ | PROT_WRITE) != 0)
		abort();
	buffer->start = mapping + page;
	buffer->end = buffer->start + usable;
}

void
guarded_buffer_free(VxGuardedBuffer *buffer)
{
	size_t		page = (size_t) sysconf(_SC_PAGESIZE);

	munmap(buffer->start - page, (size_t) (buffer->end - buffer->start) + 2 * page);
	buffer->start = buffer->end = NULL;
}
