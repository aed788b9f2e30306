/*-------------------------------------------------------------------------
 *
 * explain.h
 *	  EXPLAIN (ANALYZE, VECTORX).
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_EXPLAIN_H
#define VX_EXPLAIN_H

extern void vxn_explain_init(void);

#endif							/* VX_EXPLAIN_H */
