/*-------------------------------------------------------------------------
 *
 * options_internal.h
 *	  What the tables of options and of settings share; see options.h for
 *	  their users.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_OPTIONS_INTERNAL_H
#define VX_OPTIONS_INTERNAL_H

#include "nodes/execnodes.h"

#include "am/common/options.h"

/* Whether the session, or the statement, has set hnsw.ef_search itself. */
extern bool vxo_ef_search_is_of_session;

/* reloptions.c */
extern void vxo_add_reloptions(void);
extern void vxo_show_reloptions(ReturnSetInfo *result);

#endif							/* VX_OPTIONS_INTERNAL_H */
