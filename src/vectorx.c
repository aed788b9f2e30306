/*-------------------------------------------------------------------------
 *
 * vectorx.c
 *		Entry point of the shared library.
 *
 * Holds the module magic and the load-time initialisation of the modules
 * that have any.  It holds no logic: a module decides in its own init
 * function what loading means for it.
 *
 * See src/README.md for the order in which to read the rest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "am/common/explain.h"
#include "am/common/options.h"
#include "am/common/order_plan.h"
#include "am/common/range.h"
#include "kernels/kernels.h"
#include "storage/stop.h"

VX_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

/*
 * Called once per backend, when the library is first needed, or once in the
 * postmaster when it is in shared_preload_libraries.
 */
void
_PG_init(void)
{
	VX_STOP_INIT();
	vxk_init();
	vxo_init();
	vxn_explain_init();
	vxs_range_init();
	vxs_order_plan_init();
}
