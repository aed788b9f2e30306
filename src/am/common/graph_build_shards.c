/*-------------------------------------------------------------------------
 *
 * graph_build_shards.c
 *	  Build an index of more rows than a graph in memory can hold.
 *
 * Shard after shard is linked like a small index, and what it says of its rows
 * goes to temporary files: codes and neighbours of rows at home, in the order
 * of the pages that they are placed on, and neighbours of guests, for their
 * home.  When all rows have their pages, the files are merged and the pages are
 * written in order.  Explained in README.md, "Shards".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_build_internal.h"
#include "am/common/graph_shard.h"
#include "am/common/graph_write.h"
#include "base/slot.h"

/*
 * What is known of a row at home, on file; followed by its code, padded to
 * MAXALIGN, and the numbers of `edges` neighbouring rows.  Pinned edges come
 * first among the latter, as pages of the shard and not as rows.
 */
typedef struct VxHomeRecord
{
	uint64		tid;
	VxFactors	factors;
	uint32		row;
	uint16		pins;
	uint16		edges;			/* behind the pins */
} VxHomeRecord;

/* Neighbours of a row that is a guest, on file; m numbers of rows follow. */
typedef struct VxGuestRecord
{
	uint32		row;
	uint32		edges;
} VxGuestRecord;

typedef struct VxShardBuild
{
	VxGraphBuild *build;
	VxShards   *shards;
	int			m;
	uint32	   *rows;			/* of the shard's nodes */
	uint8	   *is_guest;		/* a bit for each node */
	BlockNumber *pages;			/* of each row, from 0 on in the base layer */
	uint32	   *first_page;		/* of each shard */
	BufFile    *home_file;
	BufFile   **guest_files;	/* of each shard, for its rows at home */
	Size		home_bytes;
	Size		guest_bytes;
	VxHomeRecord *home;			/* room for one */
	uint32	   *nodes;			/* room for a list */
	char	   *guests;			/* of one shard, while its pages are written */
	char	  **sorted;			/* they, by row */
	uint32		guest_count;
	uint32	   *order;			/* rows as written, in the memory of places */
	uint32		written;
} VxShardBuild;

static uint8 *
vxb_home_code(VxHomeRecord *home)
{
	return (uint8 *) (home + 1);
}

static uint32 *
vxb_home_edges(const VxShardBuild *state, VxHomeRecord *home)
{
	return (uint32 *) ((char *) (home + 1) +
					   MAXALIGN(state->build->index->codec.code_bytes));
}

static void
vxb_read_record(BufFile *file, void *record, Size bytes)
{
	if (BufFileRead(file, record, bytes) != bytes)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from the temporary file of an index build: %m"),
				 errhint("Check the disk that holds temporary files, then run CREATE INDEX again.")));
}

static void
vxb_rewind(BufFile *file)
{
	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		elog(ERROR, "could not rewind the temporary file of an index build");
}

/* Rows looked at between two checks for interrupts. */
#define VXB_ROWS_A_CHECK	65536

/*
 * The rows of a shard, at home or guests, in their order: node i of its graph
 * is row rows[i].
 */
static uint32
vxb_list_shard(VxShardBuild *state, int shard)
{
	const VxShards *shards = state->shards;
	uint32		count = 0;

	memset(state->is_guest, 0, (shards->home_room + shards->guest_room) / 8 + 1);
	for (uint32 row = 0; row < state->build->spool->count; row++)
	{
		bool		guest = shards->places[row].guest == shard;

		if (row % VXB_ROWS_A_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (!guest && shards->places[row].home != shard)
			continue;
		Assert(count < shards->home_room + shards->guest_room);
		if (guest)
			state->is_guest[count / 8] |= (uint8) (1 << count % 8);
		state->rows[count++] = row;
	}
	return count;
}

/* Write what the shard says of a row at home. */
static void
vxb_save_home(VxShardBuild *state, VxPacking *packing, uint32 node)
{
	const VxGraphBuild *build = state->build;
	VxHomeRecord *home = state->home;
	uint32	   *edges = vxb_home_edges(state, home);

	home->tid = build->tids[node];
	home->factors = vxg_factors(build->graph, node);
	home->row = state->rows[node];
	home->pins = (uint16) vxg_pinned_pages(packing, node, edges);
	home->edges = (uint16) vxg_choose_neighbours(packing, node, state->nodes);
	memcpy(vxb_home_code(home), vxg_code(build->graph, node), build->index->codec.code_bytes);
	Assert(home->pins + home->edges <= state->m);
	for (int i = 0; i < home->edges; i++)
		edges[home->pins + i] = state->rows[state->nodes[i]];
	BufFileWrite(state->home_file, home, state->home_bytes);
}

/* Write what the shard says of a guest, for its home. */
static void
vxb_save_guest(VxShardBuild *state, VxPacking *packing, uint32 node)
{
	VxGuestRecord *guest = (VxGuestRecord *) state->home;
	uint32	   *edges = (uint32 *) (guest + 1);
	int			home;

	guest->row = state->rows[node];
	guest->edges = (uint32) vxg_choose_neighbours(packing, node, state->nodes);
	if (guest->edges == 0)
		return;
	for (uint32 i = 0; i < guest->edges; i++)
		edges[i] = state->rows[state->nodes[i]];
	home = state->shards->places[guest->row].home;
	if (state->guest_files[home] == NULL)
		state->guest_files[home] = BufFileCreateTemp(false);
	BufFileWrite(state->guest_files[home], guest, state->guest_bytes);
}

/*
 * Place the rows at home on pages, and write what is known of all rows of the
 * shard.
 */
static void
vxb_save_shard(VxShardBuild *state, int shard)
{
	VxGraphBuild *build = state->build;
	VxPackOptions options = {0};
	VxPacking  *packing;
	const uint32 *order;

	options.slots_per_page = vxb_slots_filled(build->index, 0);
	options.max_edges = state->m;
	options.guests = state->is_guest;
	packing = vxg_pack(build->graph, &options, &build->index->host);
	order = vxg_packed_order(packing);
	Assert(vxg_packed_nodes(packing) == state->shards->homes[shard]);
	for (uint32 i = 0; i < vxg_packed_nodes(packing); i++)
	{
		state->pages[state->rows[order[i]]] =
			state->first_page[shard] + vxg_packed_page(packing, order[i]);
		vxb_save_home(state, packing, order[i]);
		CHECK_FOR_INTERRUPTS();
	}
	for (uint32 node = 0; node < vxg_node_count(build->graph); node++)
	{
		if ((state->is_guest[node / 8] >> node % 8 & 1) != 0)
			vxb_save_guest(state, packing, node);
		CHECK_FOR_INTERRUPTS();
	}
	state->first_page[shard + 1] = state->first_page[shard] + vxg_packed_pages(packing);
	vxg_packing_free(packing);
}

/* Link all shards, one after the other, and empty each into the files. */
static void
vxb_link_shards(VxShardBuild *state)
{
	VxGraphBuild *build = state->build;

	for (int shard = 0; shard < state->shards->count; shard++)
	{
		uint32		count = vxb_list_shard(state, shard);

		state->first_page[shard + 1] = state->first_page[shard];
		if (state->shards->homes[shard] == 0)
			continue;
		vxb_begin_graph(build, count, state->rows);
		vxb_team_wait(build->team);
		vxb_link(build, true);
		vxb_team_wait(build->team);
		vxg_finish(build->graph);
		vxb_save_shard(state, shard);
		build->linked_before += count;
		vxg_free(build->graph);
	}
	build->graph = NULL;
	if (build->team != NULL)
		vxb_team_dismiss(build->team);
	vxb_release_arena(build);
}

/*
 * The upper layers: a graph of their own, of the rows that are drawn for them.
 * One row in hundreds is, so that it fits into memory where a shard does.
 */
static VxMemGraph *
vxb_link_upper(VxShardBuild *state, uint64 **tids, BlockNumber **below)
{
	VxGraphBuild *build = state->build;
	VxBuildOptions options = build->options;
	VxMemGraph *graph;
	uint32		node = 0;

	options.promote = build->promote;
	options.max_nodes = 0;
	for (uint32 row = 0; row < build->spool->count; row++)
		options.max_nodes += vxg_drawn_level(&options, row) > 0;
	if (options.max_nodes == 0)
		return NULL;
	*tids = palloc_array(uint64, options.max_nodes);
	*below = palloc_array(BlockNumber, options.max_nodes);
	graph = vxg_create(&build->index->codec, &options, &build->index->host);
	for (uint32 row = 0; row < build->spool->count; row++)
	{
		ItemPointerData tid;
		MemoryContext old;

		if (vxg_drawn_level(&options, row) == 0)
			continue;
		old = MemoryContextSwitchTo(build->tuple_context);
		vxg_add(graph, vxb_image(build->index, vxb_spool_read(build->spool, row, &tid)));
		MemoryContextSwitchTo(old);
		MemoryContextReset(build->tuple_context);
		(*tids)[node] = vxi_tid_to_uint64(&tid);
		(*below)[node] = state->pages[row];
		node++;
		CHECK_FOR_INTERRUPTS();
	}
	vxg_finish(graph);
	return graph;
}

static int
vxb_compare_guests(const void *a, const void *b)
{
	uint32		row_a = (*(VxGuestRecord *const *) a)->row;
	uint32		row_b = (*(VxGuestRecord *const *) b)->row;

	return row_a < row_b ? -1 : row_a > row_b;
}

/* Read what other shards say of the rows at home in this one. */
static void
vxb_load_guests(VxShardBuild *state, int shard)
{
	BufFile    *file = state->guest_files[shard];
	uint32		room = state->shards->homes[shard];

	state->guest_count = 0;
	if (file == NULL)
		return;
	state->guests = palloc_extended(Max(room, 1) * state->guest_bytes, MCXT_ALLOC_HUGE);
	state->sorted = palloc_extended(Max(room, 1) * sizeof(char *), MCXT_ALLOC_HUGE);
	vxb_rewind(file);
	while (state->guest_count < room)
	{
		char	   *record = state->guests + state->guest_count * state->guest_bytes;

		if (BufFileRead(file, record, state->guest_bytes) != state->guest_bytes)
			break;
		state->sorted[state->guest_count++] = record;
	}
	qsort(state->sorted, state->guest_count, sizeof(char *), vxb_compare_guests);
}

static void
vxb_forget_guests(VxShardBuild *state, int shard)
{
	if (state->guest_files[shard] == NULL)
		return;
	BufFileClose(state->guest_files[shard]);
	state->guest_files[shard] = NULL;
	pfree(state->guests);
	pfree(state->sorted);
}

/* What another shard says of a row: NULL if nothing. */
static const VxGuestRecord *
vxb_find_guest(const VxShardBuild *state, uint32 row)
{
	VxGuestRecord key;
	const void *wanted = &key;
	char	  **found;

	if (state->guest_count == 0)
		return NULL;
	key.row = row;
	found = bsearch(&wanted, state->sorted, state->guest_count, sizeof(char *),
					vxb_compare_guests);
	return found == NULL ? NULL : (const VxGuestRecord *) *found;
}

/* Add a page to a list unless it is there, or the node's own; returns the length. */
static int
vxb_name_page(BlockNumber *list, int count, BlockNumber page, BlockNumber own)
{
	if (page == own)
		return count;
	for (int i = 0; i < count; i++)
	{
		if (VX_EDGE_BLOCK(list[i]) == page)
			return count;
	}
	list[count] = page;
	return count + 1;
}

/*
 * The target pages of the row in state->home: those pinned, then from both
 * shards in turn what each holds most useful.  first is the block of page 0.
 * chain is a root page that this row's list has to pin, or InvalidBlockNumber.
 */
static int
vxb_merge_edges(VxShardBuild *state, int shard, BlockNumber first, BlockNumber chain)
{
	VxHomeRecord *home = state->home;
	const uint32 *edges = vxb_home_edges(state, home);
	const VxGuestRecord *guest = vxb_find_guest(state, home->row);
	const uint32 *guest_edges = (const uint32 *) (guest + 1);
	BlockNumber own = first + state->pages[home->row];
	BlockNumber *list = state->nodes;
	int			count = 0;

	for (int i = 0; i < home->pins; i++)
		list[count++] = (first + state->first_page[shard] + VX_EDGE_BLOCK(edges[i])) |
			VX_EDGE_PINNED;
	if (chain != InvalidBlockNumber)
		list[count++] = (first + chain) | VX_EDGE_PINNED;
	Assert(count <= state->m);
	for (int i = 0; i < state->m && count < state->m; i++)
	{
		if (i < home->edges)
			count = vxb_name_page(list, count,
								  first + state->pages[edges[home->pins + i]], own);
		if (guest != NULL && i < (int) guest->edges && count < state->m)
			count = vxb_name_page(list, count, first + state->pages[guest_edges[i]], own);
	}
	return count;
}

/* The next shard that has pages, whose root is to be pinned; or InvalidBlockNumber. */
static BlockNumber
vxb_next_root(const VxShardBuild *state, int shard)
{
	for (int next = shard + 1; next < state->shards->count; next++)
	{
		if (state->first_page[next + 1] > state->first_page[next])
			return state->first_page[next];
	}
	return InvalidBlockNumber;
}

/*
 * Write one page of a shard, of `count` rows, the next in the file.  Their order
 * is kept for the vectors.  The first row of a shard pins the root of the next
 * shard: half of its list at most is pinned already.
 */
static void
vxb_write_shard_page(VxShardBuild *state, int shard, BlockNumber first, BlockNumber vectors,
					 uint32 count)
{
	VxIndex    *index = state->build->index;
	const VxGraphGeometry *geometry = vxp_geometry(&index->meta, 0);
	VxPageTransaction transaction;
	BlockNumber block;
	Page		page;

	vxp_begin(&transaction, index->relation, VX_PAGES_BUILD);
	page = vxp_edit_new(&transaction, VX_PAGE_GRAPH, 0, &block);
	vxp_graph_init(page, geometry);
	for (uint32 slot = 0; slot < count; slot++)
	{
		VxSlotContents contents;
		bool		is_root = slot == 0 && block == first + state->first_page[shard];

		vxb_read_record(state->home_file, state->home, state->home_bytes);
		if (block != first + state->pages[state->home->row])
			elog(ERROR, "block %u written where block %u belongs", block,
				 first + state->pages[state->home->row]);
		contents.tid = vxi_tid_from_uint64(state->home->tid);
		contents.code = vxb_home_code(state->home);
		contents.add = state->home->factors.add;
		contents.scale = state->home->factors.scale;
		contents.error = state->home->factors.error;
		contents.down = InvalidBlockNumber;
		contents.edge_count = vxb_merge_edges(state, shard, first,
											  is_root ? vxb_next_root(state, shard) :
											  InvalidBlockNumber);
		contents.edges = state->nodes;
		vxp_graph_put(page, geometry, (int) slot, &contents);
		state->order[state->written + slot] = state->home->row;
	}
	vxb_place_vectors(index, page, vectors, state->written, count);
	vxp_commit(&transaction);
	state->written += count;
}

/*
 * Write the base layer, reading the files; returns the order of the rows.  They
 * take the memory of their places in shards, which nobody needs any more.
 */
static uint32 *
vxb_write_shards(VxShardBuild *state, BlockNumber first, BlockNumber vectors)
{
	uint32		slots = (uint32) vxb_slots_filled(state->build->index, 0);

	StaticAssertStmt(sizeof(VxShardPlace) == sizeof(uint32), "order must fit into places");
	state->order = (uint32 *) state->shards->places;
	state->written = 0;
	vxb_rewind(state->home_file);
	for (int shard = 0; shard < state->shards->count; shard++)
	{
		uint32		left = state->shards->homes[shard];

		vxb_load_guests(state, shard);
		while (left > 0)
		{
			uint32		count = Min(left, slots);

			vxb_write_shard_page(state, shard, first, vectors, count);
			left -= count;
			CHECK_FOR_INTERRUPTS();
		}
		vxb_forget_guests(state, shard);
	}
	Assert(state->written == state->build->spool->count);
	return state->order;
}

/* All pages, in order, once the rows have theirs. */
static void
vxb_write_all(VxShardBuild *state)
{
	VxGraphBuild *build = state->build;
	VxIndex    *index = build->index;
	BlockNumber first = RelationGetNumberOfBlocks(index->relation);
	BlockNumber vectors = first + state->first_page[state->shards->count];
	VxGraphWriter upper;
	uint64	   *tids = NULL;
	BlockNumber *below = NULL;
	uint32	   *order;

	memset(&upper, 0, sizeof(upper));
	upper.index = index;
	upper.bottom = 1;
	upper.graph = build->promote > 0 ? vxb_link_upper(state, &tids, &below) : NULL;
	if (upper.graph != NULL)
	{
		for (uint32 node = 0; node < vxg_node_count(upper.graph); node++)
			below[node] += first;
		upper.tids = tids;
		upper.below = below;
		vectors = vxb_plan_layers(&upper, vectors);
	}
	vxb_check_extent(index, vectors, build->spool->count);
	order = vxb_write_shards(state, first, vectors);
	if (upper.graph != NULL)
		vxb_write_layers(&upper, vectors);
	vxb_write_vectors(index, build->spool, vectors, order, build->spool->count);
	vxb_record_layer(index, 0, first);
	if (upper.graph != NULL)
	{
		vxb_record_layers(&upper);
		vxg_free(upper.graph);
	}
	vxb_record_extent(index, vectors);
}

/*
 * Build an index in shards of at most `capacity` rows.  By the leader, with the
 * spool joined and the codec set up; workers link with it, see vxb_link_shards().
 */
void
vxb_build_shards(VxGraphBuild *build, uint32 capacity)
{
	VxShardBuild state;
	Size		code_bytes = MAXALIGN(build->index->codec.code_bytes);

	memset(&state, 0, sizeof(state));
	state.build = build;
	state.m = build->index->meta.data.m;
	state.home_bytes = MAXALIGN(sizeof(VxHomeRecord) + code_bytes + state.m * sizeof(uint32));
	state.guest_bytes = MAXALIGN(sizeof(VxGuestRecord) + state.m * sizeof(uint32));
	state.home = palloc0(Max(state.home_bytes, state.guest_bytes));
	state.nodes = palloc_array(uint32, state.m + 2);
	state.shards = vxb_shards_divide(build->index, build->spool, capacity);
	state.rows = palloc_extended(capacity * sizeof(uint32), MCXT_ALLOC_HUGE);
	state.is_guest = palloc0(capacity / 8 + 1);
	state.pages = palloc_extended(build->spool->count * sizeof(BlockNumber), MCXT_ALLOC_HUGE);
	state.first_page = palloc0_array(uint32, state.shards->count + 1);
	state.guest_files = palloc0_array(BufFile *, state.shards->count);
	state.home_file = BufFileCreateTemp(false);
	build->linked_total = 0;
	for (int shard = 0; shard < state.shards->count; shard++)
		build->linked_total += state.shards->homes[shard] + (double) state.shards->guests[shard];

	vxb_link_shards(&state);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, VXB_PHASE_WRITE);
	vxb_write_all(&state);
	BufFileClose(state.home_file);
}
