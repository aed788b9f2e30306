/*-------------------------------------------------------------------------
 *
 * version.c
 *	  vectorx_version(): what a report of a problem should say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "compat.h"
#include "kernels/kernels.h"

VX_FUNCTION(vx_version);

/*
 * vectorx_version() -- extension, server and compiler, the instruction set in
 * use, and those that SET vectorx.simd accepts.
 */
Datum
vx_version(PG_FUNCTION_ARGS)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	StringInfoData text;

	Assert(vxk != NULL);
	initStringInfo(&text);
	appendStringInfo(&text, "vectorx %s on PostgreSQL %s, compiled by %s, simd %s (available: auto",
					 VX_VERSION, PG_VERSION, __VERSION__, vxk->name);
	for (size_t i = 0; i < count; i++)
		appendStringInfo(&text, " %s", tables[i]->name);
	appendStringInfoChar(&text, ')');
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, text.len));
}
