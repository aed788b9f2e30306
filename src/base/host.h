/*-------------------------------------------------------------------------
 *
 * host.h
 *	  How the pure-C folders ask their surroundings for memory and for a
 *	  chance to stop.
 *
 * kernels/, quantize/, cluster/ and graph/ do not know PostgreSQL: inside the
 * server a VxHost wraps palloc and CHECK_FOR_INTERRUPTS, in unit tests and
 * benchmarks it wraps malloc.  This file does not report errors: what a pure-C
 * function cannot do it says in its result, and running out of memory never
 * comes back from allocate().  See src/base/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_BASE_HOST_H
#define VX_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef Assert
#include <assert.h>
#define Assert(condition) assert(condition)
#endif

typedef struct VxHost
{
	/* memory aligned for any type; never NULL: raises or aborts instead */
	void	   *(*allocate) (void *context, size_t size);
	/* gives back what allocate() returned; NULL is allowed */
	void		(*release) (void *context, void *pointer);
	/* may not return (the statement was cancelled); called with no locks held */
	void		(*check_interrupts) (void *context);
	/* passed to the three functions above and to pause() */
	void	   *context;

	/*
	 * Gives the processor away for a moment, while another thread or process
	 * holds a lock; may be NULL where nobody else does.  Returns always: no
	 * interrupt is served here.
	 */
	void		(*pause) (void *context);
} VxHost;

/*
 * A host on malloc that aborts when memory runs out and is never interrupted.
 * Defined in host_malloc.c, which only tests and benchmarks link.
 */
extern const VxHost *vxh_malloc_host(void);

static inline void *
vxh_allocate(const VxHost *host, size_t size)
{
	return host->allocate(host->context, size);
}

static inline void
vxh_release(const VxHost *host, void *pointer)
{
	host->release(host->context, pointer);
}

static inline void
vxh_check_interrupts(const VxHost *host)
{
	host->check_interrupts(host->context);
}

static inline void
vxh_pause(const VxHost *host)
{
	if (host->pause != NULL)
		host->pause(host->context);
}

#endif							/* VX_BASE_HOST_H */
