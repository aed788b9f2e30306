/*-------------------------------------------------------------------------
 *
 * order_plan.h
 *	  Distances that nobody looks at are not computed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_ORDER_PLAN_H
#define VX_ORDER_PLAN_H

extern void vxs_order_plan_init(void);

#endif							/* VX_ORDER_PLAN_H */
