/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  What scans and inserts have done, an entry for each index, counted for
 *	  all sessions since the server was started.
 *
 * The entries are a hash table of fixed size in shared memory, with open
 * addressing.  Scans add their counts when they end, inserts after each row,
 * without a lock: keys and counts are atomic.  A lock is held only while an
 * entry is taken or given back.  When all are taken, further indexes share
 * one entry, that of no index.
 *
 * Entries of indexes that no longer exist are given back when the statistics
 * are read, and when an index finds no entry; both happen in a transaction that can
 * look into the catalog.
 *
 * See "Statistics" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "am/common/counters.h"

/* Entries, of about 90 bytes; a power of two. */
#define VXN_ENTRIES		(VX_SHARED_IS_SCARCE ? 128 : 512)

/* Keys that are no index: a chain of collisions ends at a free entry only. */
#define VXN_FREE		UINT64CONST(0)
#define VXN_GIVEN_BACK	PG_UINT64_MAX

/* Columns of vectorx_stat_all(): index, counts, since when. */
#define VXN_COLUMNS		(VX_COUNTS + 2)

typedef struct VxStatEntry
{
	pg_atomic_uint64 key;		/* of vxn_key() */
	pg_atomic_uint64 since;		/* TimestampTz of the last reset */
	pg_atomic_uint64 counts[VX_COUNTS];
} VxStatEntry;

typedef struct VxStatTable
{
	LWLock		lock;			/* to take and to give back entries */
	VxStatEntry others;			/* of all indexes that found none free */
	VxStatEntry entries[FLEXIBLE_ARRAY_MEMBER];
} VxStatTable;

static VxStatTable *stat_table;

/* Whether an index may have been dropped since this session looked for such. */
static bool relations_changed = true;

static uint64
vxn_key(Oid database, Oid index)
{
	return (uint64) database << 32 | index;
}

/*
 * Set an entry to zero.  What another session adds meanwhile may be lost.
 */
static void
vxn_zero(VxStatEntry *entry)
{
	for (int i = 0; i < VX_COUNTS; i++)
		pg_atomic_write_u64(&entry->counts[i], 0);
	pg_atomic_write_u64(&entry->since, (uint64) GetCurrentTimestamp());
}

static void
vxn_init_entry(VxStatEntry *entry)
{
	pg_atomic_init_u64(&entry->key, VXN_FREE);
	pg_atomic_init_u64(&entry->since, (uint64) GetCurrentTimestamp());
	for (int i = 0; i < VX_COUNTS; i++)
		pg_atomic_init_u64(&entry->counts[i], 0);
}

/* Callback: the memory is new. */
static void
vxn_init_table(void *memory)
{
	VxStatTable *table = (VxStatTable *) memory;

	LWLockInitialize(&table->lock, LWLockNewTrancheId());
	vxn_init_entry(&table->others);
	for (int i = 0; i < VXN_ENTRIES; i++)
		vxn_init_entry(&table->entries[i]);
}

/* Callback: a relation was changed, or dropped. */
static void
vxn_relation_changed(Datum argument, Oid relation)
{
	relations_changed = true;
}

/*
 * The table, which this session may be the first to want.
 */
static VxStatTable *
vxn_table(void)
{
	if (stat_table == NULL)
	{
		stat_table = (VxStatTable *)
			vx_shared_memory("vectorx statistics",
							 offsetof(VxStatTable, entries) + VXN_ENTRIES * sizeof(VxStatEntry),
							 vxn_init_table);
		LWLockRegisterTranche(stat_table->lock.tranche, "vectorx statistics");
		CacheRegisterRelcacheCallback(vxn_relation_changed, (Datum) 0);
	}
	return stat_table;
}

/*
 * The entry of a key, or NULL.  *vacant, if wanted, is where to put it: the
 * first entry of its chain that holds none, or NULL if all do.
 */
static VxStatEntry *
vxn_find(VxStatTable *table, uint64 key, VxStatEntry **vacant)
{
	uint32		start = (uint32) hash_combine64(0, key);

	if (vacant != NULL)
		*vacant = NULL;
	for (uint32 i = 0; i < VXN_ENTRIES; i++)
	{
		VxStatEntry *entry = &table->entries[(start + i) & (VXN_ENTRIES - 1)];
		uint64		held = pg_atomic_read_u64(&entry->key);

		if (held == key)
			return entry;
		if (vacant != NULL && *vacant == NULL &&
			(held == VXN_FREE || held == VXN_GIVEN_BACK))
			*vacant = entry;
		if (held == VXN_FREE)
			break;
	}
	return NULL;
}

/*
 * Make entries that were given back free where no chain leads on through them,
 * that is, before a free one.  Twice round the table, as chains wrap.
 */
static void
vxn_shorten_chains(VxStatTable *table)
{
	LWLockAcquire(&table->lock, LW_EXCLUSIVE);
	for (uint32 i = 2 * VXN_ENTRIES; i-- > 0;)
	{
		VxStatEntry *entry = &table->entries[i & (VXN_ENTRIES - 1)];
		VxStatEntry *next = &table->entries[(i + 1) & (VXN_ENTRIES - 1)];

		if (pg_atomic_read_u64(&entry->key) == VXN_GIVEN_BACK &&
			pg_atomic_read_u64(&next->key) == VXN_FREE)
			pg_atomic_write_u64(&entry->key, VXN_FREE);
	}
	LWLockRelease(&table->lock);
}

/*
 * Whether the index of a key exists, as far as this database can tell: of those of
 * others it knows whether there is the database.
 */
static bool
vxn_exists(uint64 key)
{
	Oid			database = (Oid) (key >> 32);
	Oid			index = (Oid) key;

	if (database == MyDatabaseId)
		return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index));
	return SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database));
}

/*
 * Give the entries of indexes back that no longer exist.  Their counts stay where
 * they are until somebody takes them.
 */
static void
vxn_sweep(VxStatTable *table)
{
	bool		given_back = false;

	/* before, as the look into the catalog may learn of more */
	relations_changed = false;
	for (int i = 0; i < VXN_ENTRIES; i++)
	{
		uint64		key = pg_atomic_read_u64(&table->entries[i].key);

		if (key == VXN_FREE || key == VXN_GIVEN_BACK || vxn_exists(key))
			continue;
		LWLockAcquire(&table->lock, LW_EXCLUSIVE);
		pg_atomic_compare_exchange_u64(&table->entries[i].key, &key, VXN_GIVEN_BACK);
		LWLockRelease(&table->lock);
		given_back = true;
	}
	if (given_back)
		vxn_shorten_chains(table);
}

/*
 * Take an entry for a key; NULL if there is none vacant.
 */
static VxStatEntry *
vxn_take(VxStatTable *table, uint64 key)
{
	VxStatEntry *vacant;
	VxStatEntry *entry;

	LWLockAcquire(&table->lock, LW_EXCLUSIVE);
	entry = vxn_find(table, key, &vacant);
	if (entry == NULL && vacant != NULL)
	{
		vxn_zero(vacant);
		pg_write_barrier();
		pg_atomic_write_u64(&vacant->key, key);
		entry = vacant;
	}
	LWLockRelease(&table->lock);
	return entry;
}

/*
 * The entry of a key, which is taken if there is none yet; that of the others
 * if all are of indexes that exist.
 */
static VxStatEntry *
vxn_entry(VxStatTable *table, uint64 key)
{
	VxStatEntry *entry = vxn_find(table, key, NULL);

	if (entry == NULL)
		entry = vxn_take(table, key);
	if (entry == NULL && relations_changed)
	{
		vxn_sweep(table);
		entry = vxn_take(table, key);
	}
	return entry != NULL ? entry : &table->others;
}

/*
 * Add counts (VX_COUNTS of them) to those of an index.
 */
void
vxn_count(Relation index, const uint64 *counts)
{
	VxStatEntry *entry;

	Assert(OidIsValid(RelationGetRelid(index)));
	entry = vxn_entry(vxn_table(), vxn_key(MyDatabaseId, RelationGetRelid(index)));
	for (int i = 0; i < VX_COUNTS; i++)
	{
		if (counts[i] != 0)
			pg_atomic_fetch_add_u64(&entry->counts[i], (int64) counts[i]);
	}
}

/*
 * Count the insertion of a row.
 */
void
vxn_count_insert(Relation index, uint64 edges)
{
	uint64		counts[VX_COUNTS] = {0};

	counts[VX_COUNT_INSERTS] = 1;
	counts[VX_COUNT_EDGES] = edges;
	vxn_count(index, counts);
}

static void
vxn_put_row(ReturnSetInfo *result, Oid index, VxStatEntry *entry)
{
	Datum		values[VXN_COLUMNS];
	bool		nulls[VXN_COLUMNS] = {false};

	values[0] = ObjectIdGetDatum(index);
	for (int i = 0; i < VX_COUNTS; i++)
		values[1 + i] = Int64GetDatum((int64) pg_atomic_read_u64(&entry->counts[i]));
	values[1 + VX_COUNTS] =
		TimestampTzGetDatum((TimestampTz) pg_atomic_read_u64(&entry->since));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

VX_FUNCTION(vx_stat_all);

/*
 * vectorx_stat_all() -- a row for each index of this database that has been
 * used, behind pg_stat_vectorx; index 0 is that of those which found no entry.
 */
Datum
vx_stat_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	VxStatTable *table = vxn_table();

	InitMaterializedSRF(fcinfo, 0);
	Assert(result->setDesc->natts == VXN_COLUMNS);
	vxn_sweep(table);
	for (int i = 0; i < VXN_ENTRIES; i++)
	{
		uint64		key = pg_atomic_read_u64(&table->entries[i].key);

		if (key != VXN_FREE && key == vxn_key(MyDatabaseId, (Oid) key))
			vxn_put_row(result, (Oid) key, &table->entries[i]);
	}
	vxn_put_row(result, InvalidOid, &table->others);
	return (Datum) 0;
}

VX_FUNCTION(vx_stat_reset);

/*
 * vectorx_stat_reset(index) -- set the counts of an index to zero, or those of
 * all indexes of this database if it is NULL.
 */
Datum
vx_stat_reset(PG_FUNCTION_ARGS)
{
	VxStatTable *table = vxn_table();

	if (!PG_ARGISNULL(0))
	{
		VxStatEntry *entry = vxn_find(table, vxn_key(MyDatabaseId, PG_GETARG_OID(0)), NULL);

		if (entry != NULL)
			vxn_zero(entry);
		PG_RETURN_VOID();
	}
	for (int i = 0; i < VXN_ENTRIES; i++)
	{
		uint64		key = pg_atomic_read_u64(&table->entries[i].key);

		if (key != VXN_FREE && key == vxn_key(MyDatabaseId, (Oid) key))
			vxn_zero(&table->entries[i]);
	}
	vxn_zero(&table->others);
	PG_RETURN_VOID();
}
