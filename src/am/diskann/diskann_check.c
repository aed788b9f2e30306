/*-------------------------------------------------------------------------
 *
 * diskann_check.c
 *	  What vectorx_check() verifies of a diskann index.
 *
 * The invariants are those of hnsw, in am/hnsw/hnsw_check.c, but for I13: the
 * index has no vectors to compare codes with, so what it says of codes is
 *
 *	I13	The factors of the refine code of every slot in use are finite and not
 *		negative.  heapallindexed: code and refine code are those of the vector
 *		of the row, if the snapshot sees it.
 *
 * Wrong codes cannot give wrong distances, which come from the table; they can
 * only hide rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/graph_check.h"
#include "am/diskann/diskann.h"

/*
 * Check a diskann index, for vectorx_check().
 */
void
diskanncheck(struct VxCheck *check)
{
	vxc_check_graph_index(check);
}
