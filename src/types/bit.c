/*-------------------------------------------------------------------------
 *
 * bit.c
 *		Distances of the server's bit strings.
 *
 * The type is the server's own; values of varbit come here as well, since the
 * two are one to it.  Bits behind the last one of a string are zero: the
 * server keeps them so, and whole bytes can be compared.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/varbit.h"

#include "compat.h"
#include "kernels/kernels.h"
#include "types/bit.h"

int
vxt_bit_length(VarBit *bits)
{
	Size		bytes = VARBITBYTES(bits);
	int			length = VARBITLEN(bits);

	if (VARSIZE(bits) < VARHDRSZ + VARBITHDRSZ || length < 0 ||
		bytes != ((Size) length + BITS_PER_BYTE - 1) / BITS_PER_BYTE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored bit value is damaged"),
				 errdetail("Its length does not match its number of bits."),
				 errhint("Restore the row from a backup, or delete it.")));
	return length;
}

/* Both strings of a function on two of one length, in bytes. */
typedef struct VxBitPair
{
	VarBit	   *a;
	VarBit	   *b;
	Size		bytes;
} VxBitPair;

static VxBitPair
vxt_bit_pair(FunctionCallInfo fcinfo)
{
	VxBitPair	pair;

	pair.a = PG_GETARG_VARBIT_P(0);
	pair.b = PG_GETARG_VARBIT_P(1);
	if (vxt_bit_length(pair.a) != vxt_bit_length(pair.b))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different bit lengths %u and %u",
						VARBITLEN(pair.a), VARBITLEN(pair.b)),
				 errhint("Both strings must come from vectors of one number of dimensions.")));
	pair.bytes = VARBITBYTES(pair.a);
	return pair;
}

VX_FUNCTION(vx_bit_hamming_distance);

/*
 * hamming_distance(bit, bit): the number of bits that differ.
 */
Datum
vx_bit_hamming_distance(PG_FUNCTION_ARGS)
{
	VxBitPair	pair = vxt_bit_pair(fcinfo);

	PG_RETURN_FLOAT8((double) vxk->hamming_bits(VARBITS(pair.a), VARBITS(pair.b),
												pair.bytes));
}

VX_FUNCTION(vx_bit_jaccard_distance);

/*
 * jaccard_distance(bit, bit): see vxt_jaccard().
 */
Datum
vx_bit_jaccard_distance(PG_FUNCTION_ARGS)
{
	VxBitPair	pair = vxt_bit_pair(fcinfo);
	VxBitCounts counts;

	vxk->jaccard_bits(VARBITS(pair.a), VARBITS(pair.b), pair.bytes, &counts);
	Assert(counts.both <= counts.either);
	PG_RETURN_FLOAT8(vxt_jaccard(&counts));
}
