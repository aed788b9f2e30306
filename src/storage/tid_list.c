/*-------------------------------------------------------------------------
 *
 * tid_list.c
 *	  The heap TIDs of a node that several rows share.
 *
 * TIDs never move from page to page, and a page of TIDs belongs to its graph
 * page for ever: so a scan that reads the list of a node page by page, with no
 * lock between, meets each row that its snapshot sees exactly once, whatever
 * inserts and VACUUM do meanwhile.  See "Heap TIDs" in storage/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "base/slot.h"
#include "storage/tid_list.h"

StaticAssertDecl(sizeof(VxTidEntryData) == 8, "entries take 8 bytes");

/* One node takes at most this share of the room that its page has for TIDs. */
#define VX_TID_SHARE		4

/* Pages of a chain that are tried for room before one is added. */
#define VX_TID_PAGES_TRIED	8

/*
 * Whether the counter of a page of TIDs is in range.
 */
bool
vxp_tid_page_is_sane(Page page)
{
	int			bytes = ((PageHeader) page)->pd_lower -
		(int) ((char *) vxp_tid_entries(page) - (char *) page);

	return bytes >= 0 && bytes % sizeof(VxTidEntryData) == 0 &&
		((PageHeader) page)->pd_upper == ((PageHeader) page)->pd_special;
}

/*
 * Check that a locked page of TIDs belongs to a graph page.
 */
static void
vxp_tid_page_verify(Relation index, Buffer buffer, BlockNumber owner)
{
	Page		page = BufferGetPage(buffer);

	if (!vxp_tid_page_is_sane(page) || vxp_tid_page(page)->owner != owner)
		vxp_report_damage(index, BufferGetBlockNumber(buffer),
						  "It has not the heap TIDs of the page that refers to it.");
}

/*
 * Pin, share-lock and verify a page of the chain of a graph page.
 */
Buffer
vxp_tid_page_open(VxReader *reader, BlockNumber block, BlockNumber owner)
{
	Buffer		buffer = vxp_reader_open(reader, block, VX_PAGE_TIDS);

	vxp_tid_page_verify(reader->index, buffer, owner);
	return buffer;
}

/*
 * Whether a graph page has room for one more TID of a node.  What is free is
 * also room for nodes, and for the TIDs of others.
 */
static bool
vxp_further_has_room(Page page, int slot)
{
	const PageHeaderData *header = (const PageHeaderData *) page;
	const VxTidEntryData *entries = vxp_further(page);
	int			room = (header->pd_special - header->pd_lower) / (int) sizeof(VxTidEntryData);
	int			count = vxp_further_count(page);
	int			own = 0;

	if (count + 1 > room)
		return false;
	for (int i = 0; i < count; i++)
		own += entries[i].slot == slot;
	return own * VX_TID_SHARE <= room;
}

/* Append to a page of TIDs that has room. */
static void
vxp_tid_append(Page page, const VxTidEntryData *entry)
{
	int			count = vxp_tid_count(page);

	Assert(count < (int) VX_TID_PAGE_ENTRIES);
	vxp_tid_entries(page)[count] = *entry;
	((PageHeader) page)->pd_lower += sizeof(VxTidEntryData);
}

/*
 * A page of the chain with room, locked exclusively; InvalidBuffer if there is
 * none among the next few.
 */
static Buffer
vxp_tid_page_with_room(VxPageTransaction *transaction, BlockNumber block,
					   BlockNumber owner)
{
	Relation	index = transaction->index;

	for (int tried = 0; tried < VX_TID_PAGES_TRIED && block != InvalidBlockNumber; tried++)
	{
		Buffer		buffer;

		if (block >= RelationGetNumberOfBlocks(index) || block == owner)
			vxp_report_damage(index, owner,
							  "It refers to heap TIDs beyond the end of the index.");
		buffer = vxp_read(index, block, VX_PAGE_TIDS, BUFFER_LOCK_EXCLUSIVE);
		vxp_tid_page_verify(index, buffer, owner);
		if (vxp_tid_count(BufferGetPage(buffer)) < (int) VX_TID_PAGE_ENTRIES)
			return buffer;
		block = vxp_tid_page(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
	}
	return InvalidBuffer;
}

/*
 * Put a TID on a page of the chain.  Takes that page into the transaction.
 *
 * Lock order: graph page, then a page of its chain.  Where to look for room is
 * kept on the graph page and only goes forward, so that a chain with no room
 * in front is not walked for each TID; VACUUM sets it back.
 */
static void
vxp_chain_add(VxPageTransaction *transaction, Page image,
			  const VxGraphGeometry *geometry, const VxTidEntryData *entry)
{
	VxTidChainData *chain = vxp_tid_chain(image, geometry);
	BlockNumber owner = vxp_block_of(transaction, image);
	Buffer		buffer = vxp_tid_page_with_room(transaction, chain->room, owner);
	Page		page;

	if (BufferIsValid(buffer))
	{
		chain->room = BufferGetBlockNumber(buffer);
		page = vxp_edit(transaction, buffer);
	}
	else
	{
		page = vxp_edit_new(transaction, VX_PAGE_TIDS, 0, &chain->room);
		vxp_open_page(page, MAXALIGN(SizeOfPageHeaderData) + sizeof(VxTidPageData));
		vxp_tid_page(page)->owner = owner;
		vxp_tid_page(page)->next = chain->head;
		chain->head = chain->room;
	}
	vxp_tid_append(page, entry);
}

/*
 * Add a heap TID to a live node of the base layer.  image is that of the
 * node's page, part of the transaction, which a page of TIDs may join.
 */
void
vxp_tid_add(VxPageTransaction *transaction, Page image,
			const VxGraphGeometry *geometry, int slot, const ItemPointerData *tid)
{
	ItemPointerData *first = vxp_graph_tid(image, geometry, slot);
	VxTidEntryData entry;

	Assert(VX_SLOT_IS_LIVE(vxp_graph_state(image, geometry)[slot]));
	Assert(vxp_opaque(image)->layer == 0 && ItemPointerIsValid(tid));
	if (!ItemPointerIsValid(first))
	{
		*first = *tid;
		return;
	}
	vxp_graph_state(image, geometry)[slot] = VX_SLOT_SHARED;
	entry.tid = *tid;
	entry.slot = (uint16) slot;
	if (!vxp_further_has_room(image, slot))
	{
		vxp_chain_add(transaction, image, geometry, &entry);
		return;
	}
	((PageHeader) image)->pd_upper -= sizeof(VxTidEntryData);
	*vxp_further(image) = entry;
	Assert(((PageHeader) image)->pd_lower <= ((PageHeader) image)->pd_upper);
}

/*
 * Remove an entry from the end of a graph page; those before it move up.
 */
void
vxp_further_remove(Page page, int number)
{
	VxTidEntryData *entries = vxp_further(page);

	Assert(number >= 0 && number < vxp_further_count(page));
	memmove(entries + 1, entries, number * sizeof(VxTidEntryData));
	memset(entries, 0, sizeof(VxTidEntryData));
	((PageHeader) page)->pd_upper += sizeof(VxTidEntryData);
}

/*
 * Remove an entry from a page of TIDs; the last one takes its place.
 */
void
vxp_tid_remove(Page page, int number)
{
	VxTidEntryData *entries = vxp_tid_entries(page);
	int			last = vxp_tid_count(page) - 1;

	Assert(number >= 0 && number <= last);
	entries[number] = entries[last];
	memset(&entries[last], 0, sizeof(VxTidEntryData));
	((PageHeader) page)->pd_lower -= sizeof(VxTidEntryData);
}

/*
 * Copy the TIDs of a node (cursor->block, cursor->slot) that are on its own page.
 * There are none if the node has died since the caller saw it.
 */
void
vxp_tids_first(VxReader *reader, const VxGraphGeometry *geometry,
			   VxTidCursor *cursor)
{
	Buffer		buffer = vxp_reader_open(reader, cursor->block, VX_PAGE_GRAPH);
	Page		page = BufferGetPage(buffer);
	const VxTidEntryData *entries = vxp_further(page);
	uint8		state;

	vxp_graph_verify(reader->index, buffer, 0, geometry);
	Assert(cursor->slot < geometry->slots);
	cursor->count = 0;
	cursor->next = InvalidBlockNumber;
	cursor->pages_left = reader->nblocks;
	state = vxp_graph_state(page, geometry)[cursor->slot];
	if (VX_SLOT_IS_LIVE(state) &&
		ItemPointerIsValid(vxp_graph_tid(page, geometry, cursor->slot)))
		cursor->tids[cursor->count++] = *vxp_graph_tid(page, geometry, cursor->slot);
	if (state == VX_SLOT_SHARED)
	{
		for (int i = 0; i < vxp_further_count(page); i++)
		{
			if (entries[i].slot == cursor->slot)
				cursor->tids[cursor->count++] = entries[i].tid;
		}
		cursor->next = vxp_tid_chain(page, geometry)->head;
	}
	Assert(cursor->count <= (int) VX_TIDS_ON_PAGE);
	UnlockReleaseBuffer(buffer);
}

/*
 * Copy those on the next page of the chain; false at its end.  May copy none.
 */
bool
vxp_tids_next(VxReader *reader, VxTidCursor *cursor)
{
	const VxTidEntryData *entries;
	Buffer		buffer;
	Page		page;

	cursor->count = 0;
	if (cursor->next == InvalidBlockNumber)
		return false;
	if (cursor->pages_left == 0)
		vxp_report_damage(reader->index, cursor->next, "Pages of heap TIDs form a cycle.");
	cursor->pages_left--;
	buffer = vxp_tid_page_open(reader, cursor->next, cursor->block);
	page = BufferGetPage(buffer);
	entries = vxp_tid_entries(page);
	for (int i = 0; i < vxp_tid_count(page); i++)
	{
		if (entries[i].slot == cursor->slot)
			cursor->tids[cursor->count++] = entries[i].tid;
	}
	cursor->next = vxp_tid_page(page)->next;
	UnlockReleaseBuffer(buffer);
	return true;
}
