/*
 * planted.c
 *		Mistakes with memory, made on purpose.
 *
 * A tool that reports nothing may be one that sees nothing: scripts/check-memory
 * lets it look at these first.  Not part of the library.
 */
#include "postgres.h"

#include <stdlib.h>

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(planted);

/* Keeps the compiler from seeing what becomes of a value. */
static volatile int sink;

/*
 * planted(which) -- 1: writes behind a block of malloc; 2: behind a chunk of palloc;
 * 3: looks at a chunk of palloc that nobody has written; 4: shifts by more bits than
 * there are.
 */
Datum
planted(PG_FUNCTION_ARGS)
{
	int			which = PG_GETARG_INT32(0);
	volatile char *block = which == 1 ? malloc(24) : palloc(24);

	if (which <= 2)
		block[24] = 1;
	if (which == 3 && block[3] > 7)
		sink = 1;
	if (which == 4)
		sink = 1 << (36 + which);
	PG_RETURN_INT32(sink);
}
