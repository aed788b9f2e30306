/*-------------------------------------------------------------------------
 *
 * index.h
 *	  An open graph index: its metapage, operator class and codec.
 *
 * Shared by the access methods whose pages form a graph.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_INDEX_H
#define VX_INDEX_H

#include "am/common/directory.h"
#include "base/host.h"
#include "graph/page_search.h"
#include "quantize/codec.h"
#include "quantize/refine.h"
#include "storage/meta.h"
#include "types/element.h"

/*
 * Everything a statement needs to know of an index.  Lives in the memory
 * context that was current when it was opened.
 */
typedef struct VxIndex
{
	Relation	relation;
	MemoryContext context;
	VxHost		host;
	const VxOperatorClass *opclass;
	VxMeta		meta;
	VxCodec		codec;
	void	   *scratch;		/* vxq_scratch_size() bytes */
	VxRefineCodec *refine;		/* of what vector pages hold instead of vectors;
								 * or NULL */
	void	   *refine_scratch;
} VxIndex;

/* A page with a free slot, met by a search. */
typedef struct VxRoomyPage
{
	BlockNumber block;
	bool		sparse;			/* more than half of its slots are free */
} VxRoomyPage;

/*
 * Pages of one layer as the search of graph/ wants them.  At most one page is
 * open, pinned and share-locked, at any time.
 */
typedef struct VxLayerSource
{
	VxPageSource source;		/* callbacks; context points here */
	VxReader	reader;
	const VxMeta *meta;
	int			layer;			/* may be changed between searches */
	VxVectorRuns *runs;			/* noted of pages of the base layer; or NULL */
	Buffer		buffer;			/* of the open page */
	VxGraphPage page;

	/* pages opened that had a free slot; not kept if roomy is NULL */
	VxRoomyPage *roomy;
	int			roomy_count;
	int			roomy_limit;
} VxLayerSource;

/* A value of the indexed column, ready for the codec. */
typedef struct VxIndexValue
{
	const void *elements;		/* as stored */
	Size		bytes;			/* of the elements */
	const void *image;			/* floats or bits, of the codec's dimensions */
	bool		indexed;		/* false: has no place in the index */
} VxIndexValue;

extern const VxOperatorClass *vxi_operator_class(Relation relation);
/* Dimensions that an index accepts; vectors that need not fit a page may have more. */
#define VXI_MAX_REFINED_DIMENSIONS	16000

static inline int
vxi_max_dimensions(const VxElementType *type, bool refined)
{
	return refined ? VXI_MAX_REFINED_DIMENSIONS : type->max_dimensions;
}

extern const void *vxi_zero_image(const VxIndex *index);
extern uint32 vxi_vector_bytes(const VxIndex *index, VxCodeKind kind);
extern bool vxi_keys_are_in_table(const VxIndex *index);
extern const void *vxi_stored(VxIndex *index, const void *elements);
extern VxIndex *vxi_open(Relation relation);
extern VxIndex *vxi_new(Relation relation);
extern const char *vxi_meta_problem(const VxIndex *index);
extern const char *vxi_codec_problem(const VxIndex *index);
extern void vxi_codec_init(VxIndex *index, const float *mean);
extern void vxi_value(const VxOperatorClass *opclass, int dimensions,
					  Datum datum, VxIndexValue *value);
extern void vxi_layer_source_init(VxLayerSource *source, VxIndex *index);
extern int	vxi_descend(VxIndex *index, VxLayerSource *source,
						VxPageSearch *search, const VxCodeQuery *query,
						int layer, uint32 *entries);

/* Pages from which a layer is searched, as the layer above says. */
#define VXI_DESCENT_BEAM	4

/* Most pages that a search is started from, those of the directory included. */
#define VXI_MAX_ENTRIES		(VXI_DESCENT_BEAM + VXI_DIRECTORY_ENTRIES)

static inline ItemPointerData
vxi_tid_from_uint64(uint64 tid)
{
	ItemPointerData result;

	memcpy(&result, &tid, sizeof(result));
	return result;
}

static inline uint64
vxi_tid_to_uint64(const ItemPointerData *tid)
{
	uint64		result = 0;

	memcpy(&result, tid, sizeof(*tid));
	return result;
}

#endif							/* VX_INDEX_H */
