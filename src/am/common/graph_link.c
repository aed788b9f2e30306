/*-------------------------------------------------------------------------
 *
 * graph_link.c
 *	  Tell the neighbours of a new node of the page it went to.
 *
 * A list that is full gives up an edge only by the rule that chose its edges
 * in the first place, which takes distances between its targets.  Edges name
 * pages and keep no distance, and reading all targets of all neighbours would
 * cost an insert hundreds of pages; but the search that found the neighbours
 * has kept the codes of its whole beam, residents of most of these pages among
 * them.
 *
 * Each neighbour is one page, locked exclusively by itself, and one WAL
 * record.  None of them has to happen: the node is reachable without.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_insert_internal.h"
#include "base/slot.h"
#include "storage/page_transaction.h"

/*
 * Estimate how far all candidates are from one of them, by codes alone,
 * which is little beside the page that is read and changed after it.
 */
static void
vxi_measure_from(VxGraphInsert *insert, int neighbour)
{
	const VxCodeArray *codes = &insert->codes;
	uint32		row = insert->rows[neighbour];
	VxFactors	factors;

	Assert(neighbour >= 0 && neighbour < insert->candidate_count);
	factors.add = codes->add[row];
	factors.scale = codes->scale[row];
	factors.error = codes->error[row];
	vxq_query_from_code(&insert->index->codec, codes->codes + row * codes->stride,
						&factors, insert->neighbour_query);
	vxq_estimate(insert->neighbour_query, codes, insert->rows,
				 insert->candidate_count, insert->neighbour_distances, NULL);
}

/*
 * The candidate that stands for a page in a neighbour's list: its resident
 * nearest to the neighbour, as far as the search kept it; -1 if it kept none.
 */
static int
vxi_stand_in(const VxGraphInsert *insert, BlockNumber block)
{
	int			best = -1;

	for (int i = 0; i < insert->candidate_count; i++)
	{
		if (insert->blocks[i] == block &&
			(best < 0 || insert->neighbour_distances[i] < insert->neighbour_distances[best]))
			best = i;
	}
	return best;
}

/*
 * Which edge of a neighbour's full list makes room for the new node's page:
 * the rule of select.h, applied to as many of the list's pages as the search
 * knows a resident of.
 *
 * If a page in the list has a resident that is nearer to the neighbour than
 * the new node and nearer to the new node than the neighbour, the new node is
 * found through it, and the list stays (-1).  Else the farthest page that the
 * new node makes dispensable in the same sense goes, or the farthest that is
 * farther than the new node.
 */
static int
vxi_dispensable_edge(const VxGraphInsert *insert, const uint32 *edges,
					 float distance)
{
	int			max_edges = insert->index->meta.data.m;
	int			victim = -1;
	bool		victim_covered = false;
	float		victim_distance = 0;

	for (int i = 0; i < max_edges; i++)
	{
		int			resident = vxi_stand_in(insert, VX_EDGE_BLOCK(edges[i]));
		float		away;
		bool		covered;

		if (resident < 0)
			continue;
		away = insert->neighbour_distances[resident];
		if (away <= distance && insert->distances[resident] < distance)
			return -1;
		if (away <= distance || (edges[i] & VX_EDGE_PINNED))
			continue;
		covered = insert->distances[resident] < away;
		if (victim < 0 || covered > victim_covered ||
			(covered == victim_covered && away > victim_distance))
		{
			victim = i;
			victim_covered = covered;
			victim_distance = away;
		}
	}
	return victim;
}

/*
 * Tell a neighbour of the page of a new node.  A full list gives up an edge
 * for it as vxi_dispensable_edge says.
 */
static void
vxi_add_back_edge(VxGraphInsert *insert, int layer, int number, BlockNumber target)
{
	const VxCandidate *neighbour = &insert->candidates[number];
	Relation	relation = insert->index->relation;
	const VxGraphGeometry *geometry = vxp_geometry(&insert->index->meta, layer);
	VxPageTransaction transaction;
	Buffer		buffer;
	Page		page;
	uint32	   *edges;
	int			at;
	bool		wanted;

	Assert(target != neighbour->block);
	vxi_measure_from(insert, number);
	buffer = vxp_read(relation, neighbour->block, VX_PAGE_GRAPH, BUFFER_LOCK_EXCLUSIVE);
	vxp_graph_verify(relation, buffer, layer, geometry);
	page = BufferGetPage(buffer);

	/* the slot may have been vacuumed and given to another node meanwhile */
	wanted = neighbour->slot < vxp_opaque(page)->used_slots &&
		VX_SLOT_IS_LIVE(vxp_graph_state(page, geometry)[neighbour->slot]) &&
		vxi_tid_to_uint64(vxp_graph_tid(page, geometry, neighbour->slot)) == neighbour->tid;
	edges = vxp_graph_edges(page, geometry, neighbour->slot);
	at = vxp_graph_edge_count(edges, geometry->max_edges);
	for (int i = 0; i < at && wanted; i++)
		wanted = VX_EDGE_BLOCK(edges[i]) != target;
	if (wanted && at == geometry->max_edges)
	{
		at = vxi_dispensable_edge(insert, edges, insert->distances[number]);
		wanted = at >= 0;
	}
	if (!wanted)
	{
		UnlockReleaseBuffer(buffer);
		return;
	}

	vxp_begin(&transaction, relation, insert->mode);
	page = vxp_edit(&transaction, buffer);
	vxp_graph_edges(page, geometry, neighbour->slot)[at] = target;
	vxp_commit(&transaction);
	insert->edges_written++;
}

/*
 * Tell the chosen neighbours of the node's page.
 *
 * Not if the node is a copy of one that is there: who finds the one finds the
 * other's page, and the pages of a thousand copies would drive everything
 * else from the lists of their neighbours.
 */
void
vxi_add_back_edges(VxGraphInsert *insert, int layer, BlockNumber block)
{
	if (vxi_find_twin(insert, 0) >= 0)
		return;
	for (int i = 0; i < insert->chosen_count; i++)
	{
		if (insert->blocks[insert->chosen[i]] != block)
			vxi_add_back_edge(insert, layer, insert->chosen[i], block);
	}
}
