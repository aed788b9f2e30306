/*-------------------------------------------------------------------------
 *
 * hnsw_check.c
 *	  What vectorx_check() verifies of an hnsw index.
 *
 * The invariants, under the numbers that findings carry.  The checks are in
 * am/common (graph_check*.c, check_tids.c) and graph/page_check.c, written
 * from this list and not from the code that keeps it.
 *
 *	I1	The metapage has magic number and version of this format, and its
 *		checksum; its fields agree with each other, with the operator class and
 *		with the codec that follows from them.  Behind them are zeros.
 *	I2	Blocks 1 .. mean_pages are the pages of the mean, which is finite.
 *	I3	Behind these comes the entry directory, where codes have terms.  Every
 *		other block is a graph page, a vector page, a page of heap TIDs, or was
 *		never initialised; header, hole and special area are those of its kind,
 *		to the last bit.  From there to built_graph are graph pages, from there to built_end vector
 *		pages of the build, which are nowhere else.
 *	I4	A graph page is on a layer that exists; built_slots <= used_slots <=
 *		slots of a page; where vectors were built their start is set.
 *	I5	The root of each layer is a page of that layer.
 *	I6	Slots below used_slots are live, shared or dead, those above are free
 *		and empty; a page has at least one slot in use.
 *	I7	A live slot has a heap TID that lies within the table; that of a
 *		shared one, on the base layer only, may be missing; a dead one has
 *		none.
 *	I8	No heap TID is twice in the base layer.
 *	I9	A slot of an upper layer names a page of the layer below.  On layer 1
 *		that is the page with the row's own node, unless the row is gone from
 *		the base layer: an interrupted VACUUM leaves it so.  (A row may be in
 *		the base layer only: an insert adds it there first.)
 *	I10	The factors of every code are finite, its error not negative.
 *	I11	The vectors of every slot in use have places, on vector pages; no other
 *		slot names one.
 *	I12	No two slots have vectors in the same bytes, and every vector belongs
 *		to a slot.  Those of the build are one stream.
 *	I13	The code and the factors of every slot in use are those of its vector.
 *		(Other instruction sets may round the last bit differently.)  Where the
 *		index keeps no vectors, heapallindexed compares with those of the rows.
 *	I14	heapallindexed: every row that a snapshot sees, that the predicate
 *		accepts and whose value has a place in the index, is in it.
 *	I15	A further heap TID is of a shared slot of its page, or of the graph
 *		page that its page is chained to, and lies within the table. Every
 *		page of heap TIDs is in the chain of one graph page, once.
 *	I16	The entry directory, on the pages behind the mean, names graph pages of
 *		the base layer, each once in a bucket; entries in use come first, the
 *		others have no weight.
 *	P1	Pinned edges lead from the root of a layer to every page of it.
 *	P2	No edge names the page it is on.
 *	P3	No list names a page twice.
 *	P4	An edge names a page of its own layer.
 *	P5	Only one pinned edge leads to a page, and none to the root.
 *	P6	A free slot has no edges.
 *	P7	The state of a slot is free, live, shared or dead.
 *	P8	Behind the end of a list there are no edges.
 *
 * They hold after every WAL record, so after a crash as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "am/hnsw/hnsw.h"

/*
 * Check an hnsw index, for vectorx_check().
 */
void
hnswcheck(struct VxCheck *check)
{
	vxc_check_graph_index(check);
}
