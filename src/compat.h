/*-------------------------------------------------------------------------
 *
 * compat.h
 *		The differences between the supported server versions, 15 to 18.
 *
 * This is the only file that looks at PG_VERSION_NUM.  Where a newer server
 * has an interface that an older one lacks, the older one gets a substitute
 * of the newer name, so that the rest of the code is written for the newest
 * server; where a signature changed, a vx_ wrapper hides it.  Substitutes
 * that need buffer or WAL calls do not belong here but in src/storage/,
 * which asks for the VX_HAVE_ symbols below.
 *
 * Include it after postgres.h and after fmgr.h, if that is used.
 *
 * See src/README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_COMPAT_H
#define VX_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "vectorx needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif

/* ----------
 * Exported symbols
 *
 * The library is built with hidden visibility.  PostgreSQL 15 leaves
 * PGDLLEXPORT empty on Linux, which would hide even the functions that the
 * server looks up by name, the module magic included.
 * ----------
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/*
 * Declares and registers a function that SQL calls.  The definition follows
 * in the ordinary way: VX_FUNCTION(vx_f); Datum vx_f(PG_FUNCTION_ARGS) {...}
 */
#define VX_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* 18 shows a module's name and version in pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define VX_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "vectorx", .version = VX_VERSION)
#else
#define VX_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* ----------
 * Soft errors of input functions (16)
 *
 * 15 has no error context to save into, so the same calls raise.
 * ----------
 */
#if PG_VERSION_NUM >= 160000
#define vx_escontext(fcinfo) ((fcinfo)->context)
#else
#define vx_escontext(fcinfo) ((Node *) NULL)

#define errsave(context, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)

#define ereturn(context, dummy_value, ...) \
	do { \
		errsave(context, __VA_ARGS__); \
		return dummy_value; \
	} while (0)

#define SOFT_ERROR_OCCURRED(context) ((void) (context), false)
#endif

/* ----------
 * Memory and language helpers
 * ----------
 */
#ifndef palloc_object				/* 16 */
#define palloc_object(type) ((type *) palloc(sizeof(type)))
#define palloc0_object(type) ((type *) palloc0(sizeof(type)))
#define palloc_array(type, count) ((type *) palloc(sizeof(type) * (count)))
#define palloc0_array(type, count) ((type *) palloc0(sizeof(type) * (count)))
#define repalloc_array(pointer, type, count) \
	((type *) repalloc(pointer, sizeof(type) * (count)))
#endif

/* Of what a GUC check hook passes on: 16 frees it with a function of its own. */
#if PG_VERSION_NUM >= 160000
#define vx_guc_malloc(size) guc_malloc(LOG, size)
#else
#define vx_guc_malloc(size) malloc(size)
#endif

#ifndef pg_noreturn					/* 18 */
#define pg_noreturn pg_attribute_noreturn()
#endif

/* ----------
 * Relation files
 *
 * 16 renamed RelFileNode and everything derived from it.
 * ----------
 */
#if PG_VERSION_NUM < 160000
#define RelFileLocator RelFileNode
#define RelFileLocatorEquals RelFileNodeEquals
#define RelFileNumber Oid
#define rd_locator rd_node
#define relNumber relNode
#endif

#if PG_VERSION_NUM >= 160000
#define VX_HAVE_EXTEND_BUFFERED_REL 1
#endif
#if PG_VERSION_NUM >= 170000
#define VX_HAVE_READ_STREAM 1
#define VX_HAVE_BULK_WRITE 1
#endif

/* ----------
 * VACUUM
 * ----------
 */

/* 18 made the function tell ANALYZE from VACUUM; an index is only vacuumed. */
#if PG_VERSION_NUM >= 180000
#define vx_vacuum_delay_point() vacuum_delay_point(false)
#else
#define vx_vacuum_delay_point() vacuum_delay_point()
#endif

/* ----------
 * Privileges and maintenance
 * ----------
 */

/*
 * Whether the user may maintain a table: its owner, and from 17 on whoever was
 * granted MAINTAIN.
 */
#if PG_VERSION_NUM >= 170000
#define vx_may_maintain(relid) \
	(pg_class_aclcheck(relid, GetUserId(), ACL_MAINTAIN) == ACLCHECK_OK)
#elif PG_VERSION_NUM >= 160000
#define vx_may_maintain(relid) \
	object_ownercheck(RelationRelationId, relid, GetUserId())
#else
#define vx_may_maintain(relid) pg_class_ownercheck(relid, GetUserId())
#endif

/* From 17 on maintenance runs functions with a safe search path. */
#if PG_VERSION_NUM >= 170000
#define vx_restrict_search_path() RestrictSearchPath()
#else
#define vx_restrict_search_path() ((void) 0)
#endif

/* ----------
 * Shared memory of a library that was not preloaded
 *
 * Returns the memory of that name and size, the same for all sessions of the
 * server, made and initialised by the first that asks for it.
 *
 * 17 has a registry of named segments.  15 and 16 let a library that comes late
 * take from what the server has to spare beyond what was asked for at its
 * start, about 100 kB, as autoprewarm does when it is not preloaded; so the
 * size has to be modest there.
 * ----------
 */
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"

#define VX_SHARED_IS_SCARCE 0

static inline void *
vx_shared_memory(const char *name, size_t size, void (*init) (void *memory))
{
	bool		found;

	return GetNamedDSMSegment(name, size, init, &found);
}
#else
#include "storage/lwlock.h"
#include "storage/shmem.h"

#define VX_SHARED_IS_SCARCE 1

static inline void *
vx_shared_memory(const char *name, size_t size, void (*init) (void *memory))
{
	bool		found;
	void	   *memory;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	memory = ShmemInitStruct(name, size, &found);
	if (!found)
		init(memory);
	LWLockRelease(AddinShmemInitLock);
	return memory;
}
#endif

/* ----------
 * EXPLAIN
 * ----------
 */

/* 18 lets extensions add options and lines of their own. */
#if PG_VERSION_NUM >= 180000
#define VX_HAVE_EXPLAIN_OPTIONS 1
#endif

/* ----------
 * Index access methods
 * ----------
 */

/*
 * Whether CREATE INDEX may plan workers for the access method; 15 and 16
 * allow them to btree alone.
 */
#if PG_VERSION_NUM >= 170000
#define vx_am_set_canbuildparallel(amroutine, value) \
	((amroutine)->amcanbuildparallel = (value))
#else
#define vx_am_set_canbuildparallel(amroutine, value) ((void) 0)
#endif

/*
 * Counts one descent for EXPLAIN's "Index Searches".  The instrument is
 * absent when nobody asked for it.
 */
#if PG_VERSION_NUM >= 180000
#define vx_count_index_search(scan) \
	do { \
		if ((scan)->instrument) \
			(scan)->instrument->nsearches++; \
	} while (0)
#else
#define vx_count_index_search(scan) ((void) 0)
#endif

#if PG_VERSION_NUM >= 180000
#define vx_index_beginscan(heap, index, snapshot, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, norderbys)
#else
#define vx_index_beginscan(heap, index, snapshot, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

/*
 * Marks an index path as one that must not be chosen.  Up to 17 the
 * infinite cost which the caller returns says so; 18 compares disabled
 * nodes before cost.
 */
#if PG_VERSION_NUM >= 180000
#define vx_disable_path(indexpath) ((indexpath)->path.disabled_nodes++)
#else
#define vx_disable_path(indexpath) ((void) (indexpath))
#endif

#endif							/* VX_COMPAT_H */
