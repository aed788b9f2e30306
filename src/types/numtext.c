/*-------------------------------------------------------------------------
 *
 * numtext.c
 *		Text to numbers: exactly rounded floats and bracketed number lists.
 *
 * A number is read as digits w and a power of ten e, and w * 10^e is computed
 * in double with two table-free operations and a known error.  Unless the
 * result lies within that error of the midpoint of two neighbouring floats,
 * rounding it to float is exactly right; the few numbers that do lie there,
 * and all unusual notations, go to strtof().  README.md, "Reading floats",
 * has the argument and the measurements.
 *
 * Raises no errors and knows nothing of the server: see dense.c for that.  The
 * locale is that of the server's numbers, C; a text is never read beyond its NUL.
 *
 *-------------------------------------------------------------------------
 */
#include "types/numtext.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"

/* Any 19 digits fit 64 bits. */
#define MAX_EXACT_DIGITS 19

/* Powers outside this range cannot meet 19 digits inside float's range. */
#define MIN_POWER (-64)
#define MAX_POWER 38

/* Longer exponents are left to strtof(), which cannot overflow on them. */
#define MAX_EXPONENT_DIGITS 4

/*
 * The lowest 29 bits of a double are what rounding to float drops; this value
 * is the midpoint.  The product of two correctly rounded doubles is off by at
 * most 3 * 2^-53 of itself, which is 3.01 units of the last place, and digits
 * beyond the 19th add less than 0.01.
 */
#define DROPPED_BITS UINT64_C(0x1fffffff)
#define MIDPOINT UINT64_C(0x10000000)
#define MARGIN UINT64_C(8)

/* Each correctly rounded by the compiler: one of the three errors in MARGIN. */
static const double power_of_ten[MAX_POWER - MIN_POWER + 1] = {
	1e-64, 1e-63, 1e-62, 1e-61, 1e-60, 1e-59, 1e-58, 1e-57,
	1e-56, 1e-55, 1e-54, 1e-53, 1e-52, 1e-51, 1e-50, 1e-49,
	1e-48, 1e-47, 1e-46, 1e-45, 1e-44, 1e-43, 1e-42, 1e-41,
	1e-40, 1e-39, 1e-38, 1e-37, 1e-36, 1e-35, 1e-34, 1e-33,
	1e-32, 1e-31, 1e-30, 1e-29, 1e-28, 1e-27, 1e-26, 1e-25,
	1e-24, 1e-23, 1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17,
	1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9,
	1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1,
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23,
	1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
	1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38,
};

/* by the number of digits that a word of eight brings */
static const uint64_t integer_power_of_ten[9] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000
};

/* The digits of one number: mantissa * 10^exponent, digits in all. */
typedef struct Decimal
{
	uint64_t	mantissa;		/* modulo 2^64 when there are too many digits */
	int64_t		exponent;
	ptrdiff_t	digits;			/* leading zeros included */
	const char *first;			/* first digit or point */
	const char *last;			/* end of the digits, before any exponent */
} Decimal;

/* one comparison, because characters below '0' wrap; no locale, unlike isdigit() */
static inline bool
is_digit(char c)
{
	return (unsigned char) (c - '0') <= 9;
}

/* White space of the server's scanner, and the vertical tab of strtof(). */
static inline bool
is_space(char c)
{
	/* nearly every character is neither, which one comparison tells */
	return (unsigned char) c <= ' ' && (c == ' ' || (c >= '\t' && c <= '\r'));
}

/* ends at the NUL at the latest, which is no space: needs no end of its own */
static inline const char *
skip_space(const char *p)
{
	while (is_space(*p))
		p++;
	return p;
}

/*
 * The value of eight digits, one in each byte as 0..9, the most significant
 * in the lowest byte.  Pairs, then fours, then all are joined by multiplying: the
 * constants are 100 + 1000000 * 2^32 and 1 + 10000 * 2^32, so that the upper half
 * of the sum of both products is the number.
 */
static inline uint64_t
join_eight_digits(uint64_t bytes)
{
	const uint64_t mask = UINT64_C(0x000000ff000000ff);
	uint64_t	pairs = bytes * 10 + (bytes >> 8);

	return ((pairs & mask) * UINT64_C(0x000f424000000064) +
			((pairs >> 16) & mask) * UINT64_C(0x0000271000000001)) >> 32;
}

/*
 * Append the run of digits at p to *mantissa.  Eight bytes are looked at
 * together and only as far as `end`, so nothing beyond the text is read.  Too many
 * digits overflow the mantissa without harm: the caller counts them and then calls
 * truncate_decimal().
 */
static inline const char *
scan_digits(const char *p, const char *end, uint64_t *mantissa)
{
	uint64_t	m = *mantissa;

	Assert(p <= end);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	while (end - p >= 8)
	{
		uint64_t	bytes;
		uint64_t	others;
		unsigned	count;

		memcpy(&bytes, p, 8);
		bytes ^= UINT64_C(0x3030303030303030);

		/*
		 * The top bit of a byte that is not 0..9.  A carry out of such a byte
		 * may flag the ones above it, but only the lowest matters.
		 */
		others = ((bytes + UINT64_C(0x7676767676767676)) | bytes) &
			UINT64_C(0x8080808080808080);
		if (others == 0)
		{
			m = m * 100000000 + join_eight_digits(bytes);
			p += 8;
			continue;
		}

		/* how many digits there are is hard to predict, so no branch on it */
		count = (unsigned) __builtin_ctzll(others) >> 3;
		Assert(count < 8);
		*mantissa = m * integer_power_of_ten[count] +
			join_eight_digits(bytes << (56 - 8 * count) << 8);
		return p + count;
	}
#endif
	while (p < end && is_digit(*p))
		m = m * 10 + (uint64_t) (*p++ - '0');
	*mantissa = m;
	return p;
}

/*
 * Read digits with an optional point into *decimal; false when there is no
 * digit, or when the digits start a hexadecimal number.  Whole parts are short in
 * embeddings, mostly one digit, so only fractions are scanned by words.
 */
static inline bool
scan_decimal(const char *p, const char *end, Decimal *decimal)
{
	uint64_t	mantissa = 0;
	ptrdiff_t	digits;

	decimal->first = p;
	decimal->exponent = 0;
	while (is_digit(*p))
		mantissa = mantissa * 10 + (uint64_t) (*p++ - '0');
	digits = p - decimal->first;
	if (*p == '.')
	{
		const char *fraction = p + 1;

		p = scan_digits(fraction, end, &mantissa);
		decimal->exponent = fraction - p;
		digits += p - fraction;
	}
	else if ((*p == 'x' || *p == 'X') && mantissa == 0)
		return false;
	decimal->mantissa = mantissa;
	decimal->digits = digits;
	decimal->last = p;
	Assert(digits >= 0 && p <= end);
	return digits > 0;
}

/*
 * Add the exponent at p, if one is written there; an "e" without digits is
 * not part of the number, as for strtof().  False when it is too long to be judged
 * here: zeros in front may make it a small one after all.
 */
static inline bool
scan_exponent(const char **text, Decimal *decimal)
{
	const char *p = *text + 1;
	const char *first;
	bool		negative = (*p == '-');
	int64_t		exponent = 0;

	Assert(**text == 'e' || **text == 'E');
	if (*p == '-' || *p == '+')
		p++;
	first = p;
	while (is_digit(*p) && p - first <= MAX_EXPONENT_DIGITS)
		exponent = exponent * 10 + (*p++ - '0');
	if (p == first)
		return true;
	if (p - first > MAX_EXPONENT_DIGITS)
		return false;
	decimal->exponent += negative ? -exponent : exponent;
	*text = p;
	return true;
}

/*
 * Recompute the mantissa from the first 19 significant digits.  The others
 * move the exponent; what they are worth is within MARGIN.
 */
static void
truncate_decimal(Decimal *decimal)
{
	const char *p;
	uint64_t	mantissa = 0;
	int			kept = 0;

	Assert(decimal->digits > MAX_EXACT_DIGITS);
	for (p = decimal->first; p < decimal->last; p++)
	{
		if (*p == '.')
			continue;
		if (kept == MAX_EXACT_DIGITS)
		{
			decimal->exponent++;
			continue;
		}
		mantissa = mantissa * 10 + (uint64_t) (*p - '0');
		if (mantissa != 0)
			kept++;
	}
	Assert(kept <= MAX_EXACT_DIGITS);
	decimal->mantissa = mantissa;
}

/*
 * Round to the nearest float.  False when double arithmetic cannot tell
 * which one that is, or when the number is subnormal or out of range.
 */
static inline bool
round_decimal(const Decimal *decimal, float *value)
{
	double		product;
	uint64_t	bits;

	Assert(decimal->digits > 0);
	if (decimal->mantissa == 0)
	{
		*value = 0.0f;
		return true;
	}
	if (decimal->exponent < MIN_POWER || decimal->exponent > MAX_POWER)
		return false;

	product = (double) decimal->mantissa *
		power_of_ten[decimal->exponent - MIN_POWER];
	if (!(product >= FLT_MIN && product < FLT_MAX))
		return false;
	memcpy(&bits, &product, sizeof(bits));
	if ((bits & DROPPED_BITS) - (MIDPOINT - MARGIN) <= 2 * MARGIN)
		return false;
	*value = (float) product;
	Assert(*value > 0);
	return true;
}

/*
 * The library's answer, exact for every notation there is.  Kept out of line, so
 * that the loop over a list stays small.  Too small a number sets ERANGE as well
 * and is no overflow; errno is the caller's and comes back as it was.
 */
static __attribute__((noinline)) const char *
parse_float_slowly(const char *text, float *value, bool *overflow)
{
	char	   *stop;
	int			saved_errno = errno;

	errno = 0;
	*value = strtof(text, &stop);
	*overflow = errno == ERANGE && isinf(*value);
	errno = saved_errno;
	return stop == text ? NULL : stop;
}

/*
 * vxt_parse_float(), for inlining into the loop over a list.  The slow way begins
 * again at `text`, sign included, so nothing of the quick one need be undone.
 */
static inline const char *
parse_float(const char *text, const char *end, float *value, bool *overflow)
{
	const char *p = text;
	bool		negative = (*p == '-');
	Decimal		decimal;

	Assert(text <= end && *end == '\0');

	p += negative | (*p == '+');
	if (!scan_decimal(p, end, &decimal))
		return parse_float_slowly(text, value, overflow);
	p = decimal.last;
	if ((*p == 'e' || *p == 'E') && !scan_exponent(&p, &decimal))
		return parse_float_slowly(text, value, overflow);
	if (decimal.digits > MAX_EXACT_DIGITS)
		truncate_decimal(&decimal);
	if (!round_decimal(&decimal, value))
		return parse_float_slowly(text, value, overflow);

	Assert(p <= end);
	*value = negative ? -*value : *value;
	*overflow = false;
	return p;
}

const char *
vxt_parse_float(const char *text, const char *end, float *value,
				bool *overflow)
{
	/* strtof() would skip white space; here that is the caller's business */
	if (is_space(*text))
		return NULL;
	return parse_float(text, end, value, overflow);
}

/*
 * Whether an element may be stored, and if not why.  The common case is one
 * comparison, which NaN and infinity fail as well.
 */
static inline VxListStatus
judge_element(float value, bool overflow, float range)
{
	if (fabsf(value) < range && !overflow)
		return VX_LIST_OK;
	if (isnan(value))
		return VX_LIST_NAN;
	if (isinf(value) && !overflow)
		return VX_LIST_INFINITE;
	Assert(overflow || fabsf(value) >= range);
	return VX_LIST_OUT_OF_RANGE;
}

/*
 * The elements and the closing bracket; *text moves behind it.  Errors come in the
 * order of README.md, "Text": one element too many is refused before it is read,
 * a number out of range before what follows it.
 */
static VxListStatus
parse_elements(const char **text, const char *end, const VxListLimits *limits,
			   float *values, VxListResult *result)
{
	const char *p = *text;
	const float range = limits->range;
	const int	max_count = limits->max_count;
	int			count;

	for (count = 0;; count++)
	{
		VxListStatus status;
		const char *next;
		float		value;
		bool		overflow;

		if (count == max_count)
			return VX_LIST_TOO_MANY;
		Assert(count < max_count && p <= end);
		p = skip_space(p);
		next = parse_float(p, end, &value, &overflow);
		if (next == NULL)
			return VX_LIST_SYNTAX;
		status = judge_element(value, overflow, range);
		if (status != VX_LIST_OK)
		{
			result->token = p;
			result->token_length = (size_t) (next - p);
			return status;
		}
		values[count] = value;
		result->count = count + 1;

		p = skip_space(next);
		if (*p == ']')
			break;
		if (*p != ',')
			return VX_LIST_SYNTAX;
		p++;
	}
	*text = p + 1;
	return VX_LIST_OK;
}

/*
 * result->count is kept up to date while reading, so that it tells after an error
 * how far that got.  Linear in the length of the text.
 */
VxListStatus
vxt_parse_list(const char *text, size_t length, const VxListLimits *limits,
			   float *values, VxListResult *result)
{
	const char *end = text + length;
	const char *p = skip_space(text);
	VxListStatus status;

	Assert(limits->max_count > 0 && limits->range > 0);
	Assert(*end == '\0');
	result->count = 0;
	result->token = NULL;
	result->token_length = 0;

	if (*p != '[')
		return VX_LIST_NO_OPENING;
	p = skip_space(p + 1);
	if (*p == ']')
		return VX_LIST_EMPTY;
	status = parse_elements(&p, end, limits, values, result);
	if (status != VX_LIST_OK)
		return status;
	Assert(result->count > 0 && result->count <= limits->max_count);
	return *skip_space(p) == '\0' ? VX_LIST_OK : VX_LIST_JUNK;
}
