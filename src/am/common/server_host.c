/*-------------------------------------------------------------------------
 *
 * server_host.c
 *	  Memory and interrupts for the pure-C folders.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/server_host.h"

/* How long a waiter for a lock sleeps; the kernel makes it some 50 more. */
#define VXI_PAUSE_MICROSECONDS	10

static void *
vxi_host_allocate(void *context, size_t size)
{
	Assert(MemoryContextIsValid((MemoryContext) context));
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

static void
vxi_host_release(void *context, void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

static void
vxi_host_check_interrupts(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * Locks of the pure C folders are held for microseconds, so a waiter sleeps
 * only as long as the holder needs to be scheduled.
 */
static void
vxi_host_pause(void *context)
{
	pg_usleep(VXI_PAUSE_MICROSECONDS);
}

/*
 * A host that allocates in the given memory context, which must live as long
 * as whatever uses the host.  Out of memory is an error as usual.
 */
void
vxi_host_init(VxHost *host, MemoryContext context)
{
	host->allocate = vxi_host_allocate;
	host->release = vxi_host_release;
	host->check_interrupts = vxi_host_check_interrupts;
	host->context = context;
	host->pause = vxi_host_pause;
}
