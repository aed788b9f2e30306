/*-------------------------------------------------------------------------
 *
 * stop.c
 *	  Places where a test can make a statement wait.
 *
 * Empty but in the library that tests of interleavings load.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/guc.h"

#include "compat.h"
#include "storage/stop.h"

#ifdef VX_STOP_EVENTS

static char *stop_at;

/*
 * Wait at an event if the session is to stop there, until the advisory lock is free.
 */
void
vxp_stop(const char *event)
{
	Assert(stop_at != NULL);
	if (strcmp(stop_at, event) != 0)
		return;
	DirectFunctionCall1(pg_advisory_lock_int8, Int64GetDatum(VX_STOP_LOCK));
	DirectFunctionCall1(pg_advisory_unlock_int8, Int64GetDatum(VX_STOP_LOCK));
}

void
vxp_stop_init(void)
{
	DefineCustomStringVariable("vectorx.stop_at", "Event at which statements of this session wait.",
							   NULL, &stop_at, "", PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
}

#endif
