/*-------------------------------------------------------------------------
 *
 * host_malloc.c
 *	  VxHost on malloc, for programs outside the server.
 *
 * Linked by unit tests and benchmarks only: the extension must never allocate
 * behind the back of PostgreSQL's memory contexts.  See src/base/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "base/host.h"

#include <sched.h>
#include <stdlib.h>

static void *
malloc_allocate(void *context, size_t size)
{
	void	   *pointer = malloc(size > 0 ? size : 1);

	(void) context;
	if (pointer == NULL)
		abort();
	return pointer;
}

static void
malloc_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

static void
malloc_check_interrupts(void *context)
{
	(void) context;
}

static void
malloc_pause(void *context)
{
	(void) context;
	sched_yield();
}

const VxHost *
vxh_malloc_host(void)
{
	static const VxHost host = {
		malloc_allocate, malloc_release, malloc_check_interrupts, NULL, malloc_pause
	};

	return &host;
}
