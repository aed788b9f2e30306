/*-------------------------------------------------------------------------
 *
 * meta.h
 *	  The metapage of a graph index: what it was built for and where its
 *	  layers begin.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_META_H
#define VX_META_H

#include "storage/term_page.h"
#include "storage/graph_page.h"
#include "storage/page_transaction.h"

#define VX_META_MAGIC			0x76784731	/* "1Gxv" on disk */
#define VX_META_VERSION			2

/* Magic numbers of the files of pgvector, which are recognised and refused. */
#define VX_FOREIGN_HNSW_MAGIC		0xA953A953
#define VX_FOREIGN_IVFFLAT_MAGIC	0x014FF1A7

#define VX_MAX_LAYERS			16

/* Dimensions that codes may have at most, those of bit strings. */
#define VX_MAX_CODE_DIMENSIONS	64000

/*
 * Contents of block 0.  All fields but layers and root are fixed when the
 * index is created.
 *
 * root[l] is the first page of layer l: every page of the layer is reached
 * from it through pinned edges.  Searches begin at root[layers - 1].
 *
 * Blocks up to built_graph are metapage, mean, directory and graph pages, those
 * up to built_end vector pages; pages of all kinds but the first three follow.
 */
typedef struct VxMetaPageData
{
	uint32		magic;
	uint32		version;
	uint32		dimensions;		/* of the column */
	uint32		code_bytes;		/* of one slot */
	uint32		vector_bytes;	/* of one full vector, or refine code; 0 if
								 * codes are exact */
	uint16		m;				/* target pages a node keeps */
	uint16		ef_construction;
	uint8		metric;			/* VxMetric of the codec */
	uint8		code_kind;		/* VxCodeKind */
	uint8		code_bits;
	uint8		layers;			/* 0 while the index is empty */
	float		spread;			/* scalar codes: half width of the grid */
	uint64		seed;			/* of rotation and layers */
	uint32		mean_pages;		/* pages of the mean, from block 1; 0: none */
	uint32		opclass_id;		/* fingerprint of element type and metric */
	uint16		fillfactor;		/* percent of slots a build fills */
	uint16		filter_words;	/* 8-byte words a slot keeps for filters */
	uint32		code_dimensions;	/* of what the codec is given */
	uint32		total_bits;		/* 0: vector pages have vectors; else what code
								 * and refine code have together, see
								 * vxp_refine_bits() */
	BlockNumber built_graph;	/* end of the graph pages that a build wrote */
	BlockNumber built_end;		/* end of the vector pages that it wrote */
	uint32		term_bits; /* 2^this buckets in the entry directory, which
								 * follows the mean; 0: there is none */
	BlockNumber root[VX_MAX_LAYERS];
	uint32		checksum;		/* vxp_checksum() of all before; 0 in indexes older
								 * than it */
} VxMetaPageData;

typedef struct VxMeta
{
	VxMetaPageData data;
	VxGraphGeometry geometry[2];	/* of the base layer, of upper layers */
	VxTermDirectory terms;
} VxMeta;

/*
 * Bits a dimension of the codes that vector pages hold instead of vectors; 0 if
 * they hold vectors, or there are none.
 */
static inline int
vxp_refine_bits(const VxMetaPageData *data)
{
	return data->total_bits <= data->code_bits ? 0 :
		(int) data->total_bits - data->code_bits;
}

/* The block behind metapage, mean and directory, the first of a graph page. */
static inline BlockNumber
vxp_first_graph_block(const VxMetaPageData *data)
{
	return VX_META_BLOCK + 1 + data->mean_pages +
		vxp_terms_pages((int) data->term_bits);
}

/* The geometry of a layer's pages. */
static inline const VxGraphGeometry *
vxp_geometry(const VxMeta *meta, int layer)
{
	return &meta->geometry[layer > 0];
}

extern uint32 vxp_checksum(const void *fields, Size bytes);
extern bool vxp_checksum_agrees(uint32 checksum, const void *fields, Size bytes);
extern void vxp_meta_derive(VxMeta *meta);
extern void vxp_meta_create(Relation index, ForkNumber fork, VxMeta *meta,
							const float *mean);
extern const char *vxp_meta_problem(Page page);
extern void vxp_meta_read(Relation index, VxMeta *meta);
extern bool vxp_meta_needs_reindex(Relation index);
extern Buffer vxp_meta_lock(Relation index, VxMeta *meta);
extern void vxp_meta_set_built(VxPageTransaction *transaction, Buffer buffer,
							   BlockNumber graph, BlockNumber end);
extern void vxp_meta_add_layer(VxPageTransaction *transaction, Buffer buffer,
							   int layer, BlockNumber root);
extern void vxp_meta_refuse_foreign(Relation index, Page page);
extern void vxp_meta_refuse_version(Relation index, uint32 found,
									uint32 expected);

#endif							/* VX_META_H */
