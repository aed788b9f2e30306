/*-------------------------------------------------------------------------
 *
 * graph_create.h
 *	  A new graph index: what may be indexed, codes and layout.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_GRAPH_CREATE_H
#define VX_GRAPH_CREATE_H

#include "am/common/graph_insert.h"
#include "graph/memgraph.h"

/* What the options of an index say, as far as all graph methods know them. */
typedef struct VxGraphOptions
{
	int			m;				/* target pages a node keeps */
	int			ef_construction;
	int			fillfactor;		/* percent of the slots of a page */
	int			code_bits;		/* 0: as many as leave enough nodes on a page */
	int			total_bits;		/* of code and refine code; 0: the index keeps
								 * vectors */
	int			dims;			/* of array columns; 0 if not given */
} VxGraphOptions;

/*
 * What is particular to an access method whose pages form a graph.  One
 * constant of this type per method; see graph_build.h for what is done with
 * it.
 */
typedef struct VxGraphMethod
{
	const char *name;			/* of the access method, for messages */

	/*
	 * The exported function that parallel workers start in, which hands this
	 * method to vxb_build_worker(); NULL for builds in one process.
	 */
	const char *worker;

	/*
	 * The options of an index, and the errors among them.  The column is
	 * checked between the two, so that messages come in pgvector's order.
	 */
	void		(*read_options) (Relation index, const VxElementType *type,
								 VxGraphOptions *options);
	void		(*check_options) (Relation index, const VxElementType *type);

	/* most dimensions of a type, where it is not type->max_dimensions; or NULL */
	int			(*max_dimensions) (const VxElementType *type);

	/*
	 * Degree, pruning and layers of the graph in memory.  m, effort, seed and
	 * max_nodes are filled in already.
	 */
	void		(*graph_options) (const VxIndex *index, VxBuildOptions *options);
} VxGraphMethod;

extern VxIndex *vxb_new_index(const VxGraphMethod *method, Relation relation);
extern void vxb_set_code_elements(VxIndex *index, int elements);
extern void vxb_size_directory(VxIndex *index, uint64 rows);
extern void vxb_build_empty(const VxGraphMethod *method, Relation relation);

#endif							/* VX_GRAPH_CREATE_H */
