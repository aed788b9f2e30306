/*-------------------------------------------------------------------------
 *
 * entry_table.c
 *	  The nodes of layer 1, kept by a backend as entries to the base layer.
 *
 * Layer 1 has one node in 256 and no locality to speak of: a search of it
 * reads most of its pages, which at recall 0.95 is a tenth to a fifth of all
 * that a query reads.  A backend that uses an index more than once therefore
 * copies codes and base pages of these nodes, and scores the copy.
 *
 * The copy is a hint.  A node added since is not in it, one removed since still
 * leads to a page of the base layer, since graph pages keep their kind and layer
 * as long as the index lasts; and it is made anew now and then.  REINDEX and
 * all else that replaces the index invalidates its relation cache entry, where
 * rd_amcache holds the serial number that the copy must have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/entry_table.h"
#include "base/slot.h"

/* Indexes whose entries a backend keeps. */
#define VXI_ENTRY_TABLES		4

/*
 * Nodes kept: scoring more takes longer than searching layer 1.  Of a larger layer
 * every second, fourth, ... node is kept.
 */
#define VXI_ENTRY_NODES			512

/* Pages of layer 1 at most; a larger layer is searched as any other. */
#define VXI_ENTRY_PAGES			256

/* Uses after which a copy is made anew. */
#define VXI_ENTRY_USES			4096

/*
 * node s: codes + s * code_bytes, its factors, and `down`, the block of the base
 * layer that it is on.  count is 0 of an index used once, and of one whose
 * layer 1 is too large.
 */
typedef struct VxEntryTable
{
	Oid			relation;
	uint64		serial;
	uint32		uses;			/* since the copy was made, or tried */
	MemoryContext context;		/* of the arrays; NULL before the second use */
	int			count;
	int			stride;			/* of every so many nodes one is kept */
	int			seen;
	uint8	   *codes;
	float	   *add;
	float	   *scale;
	float	   *error;
	uint32	   *down;
	float	   *estimates;		/* of the query at hand */
	float	   *errors;
} VxEntryTable;

/* The one used last first. */
static VxEntryTable tables[VXI_ENTRY_TABLES];
static uint64 last_serial;

/*
 * The serial number of a relation cache entry: a new one after each
 * invalidation, which frees rd_amcache.
 */
uint64
vxi_relation_serial(Relation relation)
{
	if (relation->rd_amcache == NULL)
	{
		uint64	   *serial = (uint64 *)
			MemoryContextAlloc(relation->rd_indexcxt, sizeof(uint64));

		*serial = ++last_serial;
		relation->rd_amcache = serial;
	}
	return *(uint64 *) relation->rd_amcache;
}

/*
 * The table of an index, moved to the front; a new one in place of the one not
 * used for longest if there is none.
 */
static VxEntryTable *
vxi_table_of(Relation relation)
{
	uint64		serial = vxi_relation_serial(relation);
	VxEntryTable table;
	int			place = 0;

	while (place < VXI_ENTRY_TABLES - 1 &&
		   tables[place].relation != RelationGetRelid(relation))
		place++;
	table = tables[place];
	if (table.relation != RelationGetRelid(relation) || table.serial != serial)
	{
		if (table.context != NULL)
			MemoryContextDelete(table.context);
		memset(&table, 0, sizeof(table));
		table.relation = RelationGetRelid(relation);
		table.serial = serial;
	}
	memmove(&tables[1], &tables[0], place * sizeof(tables[0]));
	tables[0] = table;
	return &tables[0];
}

/*
 * Room for the nodes.  A copy that an error leaves unfinished is freed by the
 * next use, which makes another.
 */
static void
vxi_table_allocate(VxEntryTable *table, int code_bytes)
{
	MemoryContext old;

	table->count = 0;
	table->seen = 0;
	table->stride = 1;
	if (table->context != NULL)
		MemoryContextDelete(table->context);
	table->context = NULL;
	table->context = AllocSetContextCreate(CacheMemoryContext, "vectorx entry table",
										   ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(table->context);
	table->codes = palloc((Size) VXI_ENTRY_NODES * code_bytes);
	table->add = palloc_array(float, VXI_ENTRY_NODES);
	table->scale = palloc_array(float, VXI_ENTRY_NODES);
	table->error = palloc_array(float, VXI_ENTRY_NODES);
	table->down = palloc_array(uint32, VXI_ENTRY_NODES);
	table->estimates = palloc_array(float, VXI_ENTRY_NODES);
	table->errors = palloc_array(float, VXI_ENTRY_NODES);
	MemoryContextSwitchTo(old);
}

/* Move the contents of one place to another. */
static void
vxi_table_move(VxEntryTable *table, int to, int from, Size code_bytes)
{
	Assert(to <= from && from < VXI_ENTRY_NODES);
	memmove(table->codes + to * code_bytes, table->codes + from * code_bytes, code_bytes);
	table->add[to] = table->add[from];
	table->scale[to] = table->scale[from];
	table->error[to] = table->error[from];
	table->down[to] = table->down[from];
}

/*
 * Keep a slot of an open page, if it is its turn.  A full table gives up every
 * second of its nodes first.
 */
static void
vxi_table_add(VxEntryTable *table, const VxGraphPage *page, int slot, Size code_bytes)
{
	int			place;

	if (table->seen++ % table->stride != 0)
		return;
	if (table->count == VXI_ENTRY_NODES)
	{
		for (int i = 0; i < VXI_ENTRY_NODES / 2; i++)
			vxi_table_move(table, i, 2 * i, code_bytes);
		table->count = VXI_ENTRY_NODES / 2;
		table->stride *= 2;
		if ((table->seen - 1) % table->stride != 0)
			return;
	}
	place = table->count++;
	memcpy(table->codes + place * code_bytes,
		   page->codes.codes + (Size) slot * page->codes.stride, code_bytes);
	table->add[place] = page->codes.add[slot];
	table->scale[place] = page->codes.scale[slot];
	table->error[place] = page->codes.error[slot];
	table->down[place] = page->down[slot];
}

/*
 * Queue the pages to which pinned edges of an open page lead.  Each page of a
 * layer but the root has one such edge into it, so none is queued twice; false
 * if there are more pages than the queue holds.
 */
static bool
vxi_table_follow(const VxGraphPage *page, uint32 *queue, int *queued)
{
	for (int i = 0; i < page->nslots * page->max_edges; i++)
	{
		uint32		edge = page->edges[i];

		if (edge == VX_NO_EDGE || !(edge & VX_EDGE_PINNED))
			continue;
		if (*queued == VXI_ENTRY_PAGES)
			return false;
		queue[(*queued)++] = VX_EDGE_BLOCK(edge);
	}
	return true;
}

/*
 * Copy layer 1.  Reads each of its pages once, with a share lock on one at a
 * time and none held in between; nothing is allocated under a lock.  Leaves the
 * source on layer 1.
 */
static void
vxi_table_fill(VxEntryTable *table, VxIndex *index, VxLayerSource *source)
{
	uint32		queue[VXI_ENTRY_PAGES];
	int			queued = 1;
	bool		fits = true;

	vxi_table_allocate(table, (int) index->codec.code_bytes);
	source->layer = 1;
	queue[0] = index->meta.data.root[1];
	for (int at = 0; at < queued && fits; at++)
	{
		const VxGraphPage *page;

		CHECK_FOR_INTERRUPTS();
		page = source->source.open(source, queue[at]);
		for (int slot = 0; slot < page->nslots; slot++)
		{
			if (page->state[slot] != VX_SLOT_FREE &&
				vxp_reader_in_range(&source->reader, page->down[slot]))
				vxi_table_add(table, page, slot, index->codec.code_bytes);
		}
		fits = vxi_table_follow(page, queue, &queued);
		source->source.close(source);
	}
	if (!fits)
		table->count = 0;
	Assert(table->count <= VXI_ENTRY_NODES);
}

/*
 * The base pages of the nearest nodes, each once, the nearest first.
 */
static int
vxi_table_choose(const VxEntryTable *table, uint32 *entries)
{
	float		nearest[VXI_DESCENT_BEAM];
	int			found = 0;

	for (int i = 0; i < table->count; i++)
	{
		float		estimate = table->estimates[i];
		int			place = 0;

		/* the far side of a NaN, which a damaged page yields, is false */
		if (found == VXI_DESCENT_BEAM && !(estimate < nearest[found - 1]))
			continue;
		for (int j = 0; j < found && place >= 0; j++)
		{
			if (entries[j] == table->down[i])
				place = -1;
		}
		if (place < 0)
			continue;
		place = found < VXI_DESCENT_BEAM ? found++ : found - 1;
		for (; place > 0 && estimate < nearest[place - 1]; place--)
		{
			nearest[place] = nearest[place - 1];
			entries[place] = entries[place - 1];
		}
		nearest[place] = estimate;
		entries[place] = table->down[i];
	}
	return found;
}

/*
 * Leave in entries (room for VXI_MAX_ENTRIES) the pages from which to search
 * the base layer, as the nodes of layer 1 say, and return their number; 0 if this
 * backend has no copy of them, and layer 1 has to be searched.  The source may
 * be left on another layer.
 *
 * A backend makes its copy when it uses an index for the second time: one that
 * uses it once would read more than it needs.
 */
int
vxi_table_entries(VxIndex *index, VxLayerSource *source, const VxCodeQuery *query,
				  uint32 *entries)
{
	VxEntryTable *table = vxi_table_of(index->relation);
	VxCodeArray codes;

	if (++table->uses == 2 || table->uses > VXI_ENTRY_USES)
	{
		/* if this ends by an error, the next use begins anew */
		table->uses = 1;
		vxi_table_fill(table, index, source);
		table->uses = 2;
	}
	if (table->count == 0)
		return 0;
	codes.codes = table->codes;
	codes.stride = index->codec.code_bytes;
	codes.add = table->add;
	codes.scale = table->scale;
	codes.error = table->error;
	vxq_estimate(query, &codes, NULL, table->count, table->estimates, table->errors);
	return vxi_table_choose(table, entries);
}
