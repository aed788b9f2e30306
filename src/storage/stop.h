/*-------------------------------------------------------------------------
 *
 * stop.h
 *	  Places where a test can make a statement wait.
 *
 * Compiled in with VX_STOP_EVENTS only, which tests define (scripts/check):
 * injection points of the server are there from 17 on, and not in packages.  A
 * session that sets vectorx.stop_at to the name of an event waits there for
 * advisory lock VX_STOP_LOCK, which another session of the test holds.
 *
 * No content lock may be held at an event.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_STOP_H
#define VX_STOP_H

#ifdef VX_STOP_EVENTS

#define VX_STOP_LOCK	1

#define VX_STOP(event)	vxp_stop(event)
#define VX_STOP_INIT()	vxp_stop_init()

extern void vxp_stop(const char *event);
extern void vxp_stop_init(void);

#else

#define VX_STOP(event)	((void) 0)
#define VX_STOP_INIT()	((void) 0)

#endif

#endif							/* VX_STOP_H */
