/*-------------------------------------------------------------------------
 *
 * numtext.h
 *		Text to numbers: exactly rounded floats and bracketed number lists.
 *
 * Pure C, so that it runs under unit tests and fuzzers without a server.
 * It reports errors by code and never allocates; dense.c turns the codes
 * into the server's errors.  The grammar is in README.md, "Text".
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_NUMTEXT_H
#define VX_NUMTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* What is wrong with a text, in the order in which reading meets it. */
typedef enum VxListStatus
{
	VX_LIST_OK,
	VX_LIST_NO_OPENING,			/* does not start with "[" */
	VX_LIST_EMPTY,				/* "[]" */
	VX_LIST_TOO_MANY,			/* an element after the last allowed one */
	VX_LIST_SYNTAX,				/* not a number, or no "," or "]" after it */
	VX_LIST_OUT_OF_RANGE,		/* a number too large for the element type */
	VX_LIST_NAN,
	VX_LIST_INFINITE,			/* infinity spelled out */
	VX_LIST_JUNK				/* something after "]" */
} VxListStatus;

/* What the element type and the value admit. */
typedef struct VxListLimits
{
	int			max_count;
	float		range;			/* least magnitude that rounds out of the type;
								 * INFINITY for float32 */
} VxListLimits;

typedef struct VxListResult
{
	int			count;			/* elements read, those before an error too */
	const char *token;			/* the number, for VX_LIST_OUT_OF_RANGE */
	size_t		token_length;
} VxListResult;

/*
 * Read one number, as strtof() in the C locale does but without leading
 * white space: decimal and hexadecimal floats, "inf", "infinity", "nan".
 * `text` ends in a NUL at `end`.  The value is the float nearest to the
 * number written, ties to even; too small a number gives a subnormal or zero
 * without complaint, too large a one gives infinity and *overflow.
 *
 * Returns the end of the number, or NULL when there is none.
 */
extern const char *vxt_parse_float(const char *text, const char *end,
								   float *value, bool *overflow);

/*
 * Read a list such as "[1,2.5,-3e-2]" of `length` bytes and a NUL into
 * values[limits->max_count].  *result is set for every status.
 */
extern VxListStatus vxt_parse_list(const char *text, size_t length,
								   const VxListLimits *limits,
								   float *values, VxListResult *result);

#endif							/* VX_NUMTEXT_H */
