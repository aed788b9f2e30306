/*-------------------------------------------------------------------------
 *
 * atomic.h
 *	  Words that several threads or processes read and write at once.
 *
 * The pure-C folders cannot include port/atomics.h, so this wraps what gcc and
 * clang have built in, which ThreadSanitizer understands as well.  Orders are
 * in the names: what was written before a release is seen after the acquire
 * that reads its word.  See src/base/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_BASE_ATOMIC_H
#define VX_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t
vxa_load_acquire(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void
vxa_store_release(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline uint64_t
vxa_load_acquire_64(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void
vxa_store_release_64(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Adds and returns what was there before. */
static inline uint32_t
vxa_fetch_add(uint32_t *word, uint32_t value)
{
	return __atomic_fetch_add(word, value, __ATOMIC_RELAXED);
}

/* Puts a new value in place of the expected one, if it is that: an acquire. */
static inline bool
vxa_replace_acquire(uint32_t *word, uint32_t expected, uint32_t value)
{
	return __atomic_compare_exchange_n(word, &expected, value, false,
									   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

#endif							/* VX_BASE_ATOMIC_H */
