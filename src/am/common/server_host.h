/*-------------------------------------------------------------------------
 *
 * server_host.h
 *	  What the pure-C folders get from the server: memory from a memory
 *	  context, and interrupts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_SERVER_HOST_H
#define VX_SERVER_HOST_H

#include "base/host.h"

extern void vxi_host_init(VxHost *host, MemoryContext context);

#endif							/* VX_SERVER_HOST_H */
