/*-------------------------------------------------------------------------
 *
 * ivfflat_insert.c
 *	  Insert a row into an ivfflat index.
 *
 * The row goes to the list with the nearest centre, into a free slot of a page
 * of its chain, or onto a new page at the end of it: one WAL record either way.
 * Inserts into different lists meet nowhere, those into the same list on the
 * page that they write.  See "Insert" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/counters.h"
#include "am/ivfflat/ivfflat.h"
#include "base/slot.h"
#include "storage/stop.h"

/* What a statement that inserts many rows keeps between them. */
typedef struct IvfflatInsert
{
	IvfflatIndex *index;
	VxReader	reader;
	VxListQuery *query;
	float	   *keys;			/* of all centres */
	uint8	   *centre;			/* of the list chosen */
	MemoryContext row_context;	/* reset after each row */
} IvfflatInsert;

/* A coded row on its way to a slot. */
typedef struct IvfflatRow
{
	uint32		list;
	ItemPointerData tid;
	const uint8 *code;			/* row_bytes bytes */
	const void *elements;		/* vector_bytes bytes */
} IvfflatRow;

/* The way along a chain to a page with a free slot. */
typedef struct IvfflatWalk
{
	uint32		list;
	VxListLink	first;			/* page of the chain */
	VxListLink	start;			/* where inserts begin, as the first page says */
	VxListLink	at;				/* the page found */
	Buffer		head;			/* the first page, if start is to become at */
	Buffer		buffer;			/* the page found, locked */
	VxListLink	lost;			/* the last that led to another page */
	int			times_lost;		/* in a row */
} IvfflatWalk;

/*
 * The working state of the statement, set up by its first row.  It lives as
 * long as the IndexInfo, which the executor keeps for the statement.
 */
static IvfflatInsert *
ivfflat_insert_statement(Relation relation, struct IndexInfo *index_info)
{
	IvfflatInsert *insert = (IvfflatInsert *) index_info->ii_AmCache;

	if (insert == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(index_info->ii_Context);

		insert = palloc0_object(IvfflatInsert);
		insert->index = ivfflat_open(relation);
		insert->query = (VxListQuery *) palloc(vxq_list_query_size(&insert->index->codec));
		insert->keys = palloc_array(float, insert->index->meta.data.lists);
		insert->centre = palloc(insert->index->meta.data.centre_bytes);
		insert->row_context = AllocSetContextCreate(index_info->ii_Context,
													"ivfflat insert row",
													ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(old);
		index_info->ii_AmCache = insert;
	}
	insert->index->relation = relation;
	vxp_reader_init(&insert->reader, relation);
	return insert;
}

/*
 * The list of a value: the one with the nearest centre, by the rule that assigned
 * the rows of the build.
 */
static uint32
ivfflat_nearest_list(IvfflatInsert *insert, const void *image)
{
	const IvfflatIndex *index = insert->index;
	uint32		nearest = 0;

	vxq_list_query_prepare(&index->codec, image, index->scratch, insert->query);
	ivfflat_centre_keys(index, &insert->reader, insert->query, true, insert->keys);
	for (uint32 list = 1; list < index->meta.data.lists; list++)
	{
		if (insert->keys[list] < insert->keys[nearest])
			nearest = list;
	}
	return nearest;
}

/*
 * Put a row into a free slot of a page image of the transaction, and its vector
 * beside.  Takes up to two more pages into the transaction.
 */
static void
ivfflat_put(IvfflatInsert *insert, VxPageTransaction *transaction, Page page,
			const IvfflatRow *row)
{
	const IvfflatIndex *index = insert->index;
	const VxListGeometry *geometry = &index->meta.geometry;
	VxPageOpaqueData *opaque = vxp_opaque(page);
	int			slot = vxp_list_free_slot(page, geometry);

	Assert(slot >= 0 && ItemPointerIsValid(&row->tid));
	ivfflat_put_code(index, page, slot, row->code);
	*vxp_list_tid(page, geometry, slot) = row->tid;
	vxp_list_state(page, geometry)[slot] = VX_SLOT_LIVE;
	opaque->used_slots = Max(opaque->used_slots, slot + 1);
	opaque->flags &= ~VX_LIST_WAS_EMPTY;
	if (geometry->vectors.vector_bytes > 0)
		vxp_vector_write(transaction, page, &geometry->vectors, slot, row->elements);
}

/*
 * Give a list its first page, with the row on it.  False if it has one by now.
 * Locks: directory page, new pages.
 */
static bool
ivfflat_begin_list(IvfflatInsert *insert, const IvfflatRow *row)
{
	const IvfflatIndex *index = insert->index;
	const VxListMeta *meta = &index->meta;
	Buffer		directory = vxp_read(index->relation, vxp_directory_block(meta, row->list),
									 VX_PAGE_DIRECTORY, BUFFER_LOCK_EXCLUSIVE);
	uint32		place = row->list % meta->per_page;
	VxPageTransaction transaction;
	BlockNumber block;
	Page		entries;
	Page		page;

	if (vxp_directory_heads(BufferGetPage(directory))[place] != InvalidBlockNumber)
	{
		UnlockReleaseBuffer(directory);
		return false;
	}
	vxp_begin(&transaction, index->relation, VX_PAGES_LOGGED);
	entries = vxp_edit(&transaction, directory);
	page = vxp_edit_new(&transaction, VX_PAGE_LIST, 0, &block);
	vxp_list_init(page, &meta->geometry, row->list, 0);
	vxp_directory_heads(entries)[place] = block;
	ivfflat_put(insert, &transaction, page, row);
	vxp_commit(&transaction);
	return true;
}

/*
 * Note that a link led to a page that is not in the list by now.
 *
 * Whoever begins again at the first page does not meet that link again, as VACUUM
 * took the page out of the chain before.  Else the link, or the page, is damaged.
 */
static void
ivfflat_walk_lost(IvfflatInsert *insert, IvfflatWalk *walk, VxListLink link)
{
	if (link.block != walk->lost.block || link.sequence != walk->lost.sequence)
		walk->times_lost = 0;
	walk->lost = link;
	if (++walk->times_lost > IVFFLAT_MAX_RESTARTS)
		vxp_report_damage(insert->index->relation, link.block,
						  "It is not the page of a list that another page says it is.");
}

/*
 * Pin and lock a page of the chain; InvalidBuffer if it is another one by now.
 */
static Buffer
ivfflat_walk_open(IvfflatInsert *insert, IvfflatWalk *walk, VxListLink link, int lockmode)
{
	Buffer		buffer = vxp_list_open(&insert->reader, &insert->index->meta.geometry,
									   walk->list, link, lockmode);

	if (!BufferIsValid(buffer))
		ivfflat_walk_lost(insert, walk, link);
	return buffer;
}

/*
 * Where the walk for a free slot begins: the page that the first one names, or
 * the first one.
 */
static bool
ivfflat_find_start(IvfflatInsert *insert, IvfflatWalk *walk)
{
	Buffer		buffer = ivfflat_walk_open(insert, walk, walk->first, BUFFER_LOCK_SHARE);

	if (!BufferIsValid(buffer))
		return false;
	walk->start = vxp_list_header(BufferGetPage(buffer))->insert;
	if (walk->start.block == InvalidBlockNumber)
		walk->start = walk->first;
	UnlockReleaseBuffer(buffer);
	return true;
}

/*
 * Walk the chain to a page with a free slot, or to its last page.  False if VACUUM
 * took out a page on which the walk was about to go on.
 */
static bool
ivfflat_find_room(IvfflatInsert *insert, IvfflatWalk *walk)
{
	const VxListGeometry *geometry = &insert->index->meta.geometry;

	walk->at = walk->start;
	for (;;)
	{
		VxListLink	next;
		bool		room;
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = ivfflat_walk_open(insert, walk, walk->at, BUFFER_LOCK_SHARE);
		if (!BufferIsValid(buffer))
			return false;
		room = vxp_list_header(BufferGetPage(buffer))->retired == 0 &&
			vxp_list_free_slot(BufferGetPage(buffer), geometry) >= 0;
		next = vxp_list_header(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
		if (room || next.block == InvalidBlockNumber)
			return true;
		walk->at = next;
	}
}

/*
 * Lock the page where a row is to go, and before it the first page if the place
 * where inserts begin is to move on to it.  False if the page is no longer in the
 * list.  Locks are taken in the order of the chain.
 */
static bool
ivfflat_lock_place(IvfflatInsert *insert, IvfflatWalk *walk)
{
	walk->head = InvalidBuffer;
	if (walk->at.block != walk->start.block)
	{
		const VxListPageData *header;

		walk->head = ivfflat_walk_open(insert, walk, walk->first, BUFFER_LOCK_EXCLUSIVE);
		if (!BufferIsValid(walk->head))
			return false;
		/* VACUUM may have found room before: then it stays where it is */
		header = vxp_list_header(BufferGetPage(walk->head));
		if (header->insert.block != InvalidBlockNumber ?
			header->insert.block != walk->start.block :
			walk->first.block != walk->start.block)
		{
			UnlockReleaseBuffer(walk->head);
			walk->head = InvalidBuffer;
		}
	}
	walk->buffer = ivfflat_walk_open(insert, walk, walk->at, BUFFER_LOCK_EXCLUSIVE);
	if (BufferIsValid(walk->buffer))
	{
		if (vxp_list_header(BufferGetPage(walk->buffer))->retired == 0)
			return true;
		UnlockReleaseBuffer(walk->buffer);
		ivfflat_walk_lost(insert, walk, walk->at);
	}
	if (BufferIsValid(walk->head))
		UnlockReleaseBuffer(walk->head);
	return false;
}

/*
 * Put the row on a locked page of its list that has a free slot.
 */
static void
ivfflat_insert_here(IvfflatInsert *insert, Buffer head, Buffer buffer,
					const IvfflatRow *row)
{
	VxPageTransaction transaction;
	Page		page;

	vxp_begin(&transaction, insert->index->relation, VX_PAGES_LOGGED);
	if (BufferIsValid(head))
	{
		VxListPageData *header = vxp_list_header(vxp_edit(&transaction, head));

		header->insert.block = BufferGetBlockNumber(buffer);
		header->insert.sequence = vxp_list_header(BufferGetPage(buffer))->sequence;
	}
	page = vxp_edit(&transaction, buffer);
	ivfflat_put(insert, &transaction, page, row);
	vxp_commit(&transaction);
}

/*
 * Append a page to the list, behind the locked last one, with the row on it.
 */
static void
ivfflat_append_page(IvfflatInsert *insert, Buffer last, const IvfflatRow *row)
{
	const IvfflatIndex *index = insert->index;
	VxPageTransaction transaction;
	VxListPageData *header;
	VxListLink	next;
	Page		page;

	vxp_begin(&transaction, index->relation, VX_PAGES_LOGGED);
	header = vxp_list_header(vxp_edit(&transaction, last));
	Assert(header->next.block == InvalidBlockNumber);
	next.sequence = header->sequence + 1;
	page = vxp_edit_new(&transaction, VX_PAGE_LIST, 0, &next.block);
	vxp_list_init(page, &index->meta.geometry, row->list, next.sequence);
	header->next = next;
	ivfflat_put(insert, &transaction, page, row);
	vxp_commit(&transaction);
}

/*
 * Try to place a row in a list that has a first page.  False if the chain changed
 * under the walk: begin again.
 */
static bool
ivfflat_place_row(IvfflatInsert *insert, IvfflatWalk *walk, const IvfflatRow *row)
{
	const VxListGeometry *geometry = &insert->index->meta.geometry;

	if (!ivfflat_find_start(insert, walk) || !ivfflat_find_room(insert, walk))
		return false;
	VX_STOP("insert-chosen");
	if (!ivfflat_lock_place(insert, walk))
		return false;
	if (vxp_list_free_slot(BufferGetPage(walk->buffer), geometry) >= 0)
	{
		ivfflat_insert_here(insert, walk->head, walk->buffer, row);
		return true;
	}
	if (BufferIsValid(walk->head))
		UnlockReleaseBuffer(walk->head);
	if (vxp_list_header(BufferGetPage(walk->buffer))->next.block != InvalidBlockNumber)
	{
		UnlockReleaseBuffer(walk->buffer);
		return false;
	}
	ivfflat_append_page(insert, walk->buffer, row);
	return true;
}

/*
 * Insert a value that has a place in the index.
 */
static void
ivfflat_insert_value(IvfflatInsert *insert, const VxIndexValue *value,
					 const ItemPointerData *tid)
{
	const IvfflatIndex *index = insert->index;
	uint8	   *code = palloc(index->meta.data.row_bytes);
	IvfflatRow	row;
	IvfflatWalk walk = {0};

	row.list = ivfflat_nearest_list(insert, value->image);
	row.tid = *tid;
	row.code = code;
	row.elements = value->elements;
	walk.list = row.list;
	walk.first.block = ivfflat_directory_entry(index, &insert->reader, row.list, insert->centre);
	vxq_list_encode(&index->codec, insert->centre, value->image, index->scratch, code);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (walk.first.block == InvalidBlockNumber ? ivfflat_begin_list(insert, &row) :
			ivfflat_place_row(insert, &walk, &row))
			break;
		walk.first.block = ivfflat_directory_entry(index, &insert->reader, row.list, NULL);
	}
	VX_STOP("insert-placed");
	vxn_count_insert(index->relation, 0);
}

/*
 * Insert a row: aminsert.  NULLs and values without a direction are left out.
 *
 * Always false: the index enforces no uniqueness.
 */
bool
ivfflatinsert(Relation relation, Datum *values, bool *isnull,
			  ItemPointer heap_tid, Relation heap,
			  IndexUniqueCheck check_unique, bool index_unchanged,
			  struct IndexInfo *index_info)
{
	IvfflatInsert *insert;
	MemoryContext old;
	VxIndexValue value;

	if (isnull[0])
		return false;
	insert = ivfflat_insert_statement(relation, index_info);
	old = MemoryContextSwitchTo(insert->row_context);
	vxi_value(insert->index->opclass, (int) insert->index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(values[0])), &value);
	if (value.indexed)
		ivfflat_insert_value(insert, &value, heap_tid);
	MemoryContextSwitchTo(old);
	MemoryContextReset(insert->row_context);
	return false;
}
