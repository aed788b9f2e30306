/*-------------------------------------------------------------------------
 *
 * index.c
 *	  Open a graph index and give its layers to the search.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/entry_table.h"
#include "am/common/server_host.h"
#include "base/slot.h"
#include "kernels/kernels.h"
#include "storage/mean_page.h"

/* Up to here the nodes of an inner product index are linked by distance. */
#define VXI_LINK_BY_DISTANCE_DIMENSIONS	8

/*
 * The element type and metric of an index's operator class, recognised by its
 * support functions.
 */
const VxOperatorClass *
vxi_operator_class(Relation relation)
{
	FmgrInfo   *distance = index_getprocinfo(relation, 1, 1);
	bool		normalised = OidIsValid(index_getprocid(relation, 1, 2));
	const VxOperatorClass *opclass;
	const char *method;

	opclass = vxt_operator_class(distance->fn_addr, normalised);
	if (opclass != NULL)
		return opclass;
	method = get_am_name(relation->rd_rel->relam);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("type not supported for %s index", method),
			 errdetail("Support function 1 of the operator class of \"%s\" is not a distance this extension knows.",
					   RelationGetRelationName(relation)),
			 errhint("Use one of the operator classes that \\dAc %s lists.", method)));
	pg_unreachable();
}

/*
 * Bytes that the index keeps of each row beside its code: of the full vector, or
 * of its refine code.  None if the codes are exact, nor if values vary in length,
 * which are read from the table.
 */
uint32
vxi_vector_bytes(const VxIndex *index, VxCodeKind kind)
{
	const VxElementType *type = index->opclass->type;
	const VxMetaPageData *data = &index->meta.data;

	if (type->fixed_bytes == NULL ||
		vxq_codes_are_exact(kind, (int) data->code_dimensions))
		return 0;
	if (data->total_bits > 0)
		return vxp_refine_bits(data) == 0 ? 0 : (uint32)
			vxq_refine_bytes(vxq_padded_dimensions((int) data->code_dimensions),
							 vxp_refine_bits(data));
	return (uint32) type->fixed_bytes((int) data->dimensions);
}

/*
 * Whether exact distances are taken from the table, since the index has neither
 * vectors nor codes that are exact.
 */
bool
vxi_keys_are_in_table(const VxIndex *index)
{
	const VxMetaPageData *data = &index->meta.data;

	return !vxq_codes_are_exact((VxCodeKind) data->code_kind, (int) data->code_dimensions) &&
		(data->total_bits > 0 || index->opclass->type->fixed_bytes == NULL);
}

/*
 * Set up the codes of what the codes of the graph lose, in an index that keeps
 * these instead of vectors.
 */
static void
vxi_refine_init(VxIndex *index)
{
	int			bits = vxp_refine_bits(&index->meta.data);

	if (bits == 0 || index->codec.kind != VX_CODE_LATTICE)
		return;
	index->refine = palloc_object(VxRefineCodec);
	vxq_refine_init(index->refine, &index->codec, bits, index->meta.data.seed, &index->host);
	index->refine_scratch = palloc(vxq_refine_scratch_size(index->refine) +
								   index->refine->bytes + index->codec.code_bytes);
}

/*
 * What vector pages hold of a value, meta.vector_bytes bytes: its elements, or
 * its refine code, which is valid until the next call.
 */
const void *
vxi_stored(VxIndex *index, const void *elements)
{
	const VxElementType *type = index->opclass->type;
	const void *image;
	uint8	   *stored;
	uint8	   *code;
	VxFactors	factors;

	if (index->refine == NULL)
		return elements;
	image = type->image(index->opclass->metric, elements, (int) index->meta.data.dimensions);
	stored = (uint8 *) index->refine_scratch + vxq_refine_scratch_size(index->refine);
	code = stored + index->refine->bytes;
	vxq_encode(&index->codec, image, index->scratch, code, &factors);
	vxq_refine_encode(index->refine, image, code, &factors, index->refine_scratch, stored);
	if (image != elements)
		pfree(unconstify(void *, image));
	return stored;
}

/*
 * Set up the codec from the metapage's fields.  mean may be NULL.
 */
void
vxi_codec_init(VxIndex *index, const float *mean)
{
	const VxMetaPageData *data = &index->meta.data;
	VxCodecParameters parameters;

	StaticAssertStmt(VX_SPARSE_MAX_INDEXED_ELEMENTS <= VXQ_SPARSE_MOST_ELEMENTS,
					 "queries have room for all sparse vectors that are indexed");
	Assert(data->dimensions >= 1);
	memset(&parameters, 0, sizeof(parameters));
	parameters.metric = (VxMetric) data->metric;
	parameters.dims = (int) data->code_dimensions;
	if (index->opclass->type->is_sparse)
	{
		parameters.dims = (int) data->dimensions;
		parameters.elements = (int) data->code_dimensions;
	}
	parameters.bits = data->code_bits;
	parameters.seed = data->seed;
	parameters.mean = mean;
	parameters.spread = data->spread;
	vxq_codec_init(&index->codec, &parameters, &index->host);

	/*
	 * Neighbours by inner product where norms differ: linking by squared
	 * distance leads searches past the long vectors that they look for.  In a
	 * few dimensions it is the reverse; see graph/README.md.
	 */
	if (data->dimensions > VXI_LINK_BY_DISTANCE_DIMENSIONS)
		index->codec.ip_link = VX_IP_LINK_DOT;
	index->scratch = palloc(vxq_scratch_size(&index->codec));
	vxi_refine_init(index);
}

/*
 * An index whose metapage and codec the caller sets up.
 */
VxIndex *
vxi_new(Relation relation)
{
	VxIndex    *index = palloc0_object(VxIndex);

	index->relation = relation;
	index->context = CurrentMemoryContext;
	vxi_host_init(&index->host, CurrentMemoryContext);
	index->opclass = vxi_operator_class(relation);
	return index;
}

/*
 * Whether the fields of the metapage, which agree with each other, are also
 * those of the operator class: NULL if so, else a full sentence.
 */
const char *
vxi_meta_problem(const VxIndex *index)
{
	const VxMetaPageData *data = &index->meta.data;

	if (data->opclass_id != index->opclass->type->id ||
		data->metric != (uint8) index->opclass->metric ||
		data->dimensions > (uint32) vxi_max_dimensions(index->opclass->type, data->total_bits > 0))
		return "It was built for another operator class.";
	if (index->opclass->type->is_sparse ?
		data->code_dimensions > VXQ_SPARSE_MOST_ELEMENTS :
		data->code_dimensions !=
		(uint32) index->opclass->type->code_dimensions((int) data->dimensions))
		return "Its codes are not those of its operator class and dimensions.";
	if (data->term_bits != 0 && !vxq_codes_have_terms((VxCodeKind) data->code_kind))
		return "It has an entry directory, but its codes have no terms.";
	if (data->vector_bytes !=
		vxi_vector_bytes(index, (VxCodeKind) data->code_kind))
		return "Its vectors are not those of its operator class and dimensions.";
	return NULL;
}

/*
 * Whether the codec (vxi_codec_init) is the one of the metapage: NULL if so,
 * else a full sentence.
 */
const char *
vxi_codec_problem(const VxIndex *index)
{
	if (index->codec.code_bytes != index->meta.data.code_bytes ||
		(uint8) index->codec.kind != index->meta.data.code_kind)
		return "Its codes are not those of its operator class and dimensions.";
	return NULL;
}

/*
 * Open an index that exists: read and verify its metapage and set up its
 * codec.  Everything is allocated in the current memory context.
 */
VxIndex *
vxi_open(Relation relation)
{
	VxIndex    *index = vxi_new(relation);
	const char *problem;
	float	   *mean;

	vxp_meta_read(relation, &index->meta);
	problem = vxi_meta_problem(index);
	if (problem != NULL)
		vxp_report_damage(relation, VX_META_BLOCK, problem);

	mean = palloc_array(float, index->meta.data.code_dimensions);
	vxp_mean_read(relation, index->meta.data.mean_pages,
				  index->meta.data.code_dimensions, mean);
	vxi_codec_init(index, mean);
	pfree(mean);

	problem = vxi_codec_problem(index);
	if (problem != NULL)
		vxp_report_damage(relation, VX_META_BLOCK, problem);
	return index;
}

/*
 * What codes are given for a query without a distance to anything: zeros, or a
 * sparse vector without elements.  The mean, where codes have one.
 */
const void *
vxi_zero_image(const VxIndex *index)
{
	if (index->opclass->type->is_sparse)
		return palloc0_object(VxSparse);
	/* so many floats are more than enough for bits */
	return palloc0(index->codec.dims * sizeof(float));
}

/*
 * Take a value of the indexed column apart.  datum must be detoasted.
 *
 * Errors if its dimensions are not those of the index.  A zero vector has no
 * direction, so operator classes that normalise leave it out of the index.
 */
void
vxi_value(const VxOperatorClass *opclass, int dimensions, Datum datum,
		  VxIndexValue *value)
{
	const VxElementType *type = opclass->type;
	int			given;

	if (type->check != NULL)
		type->check(datum);
	given = type->dimensions(datum);
	if (given != dimensions)
		vxt_refuse_value(type, dimensions, given);

	value->elements = type->elements(datum);
	value->bytes = vxt_elements_bytes(type, value->elements, dimensions);
	value->image = type->image(opclass->metric, value->elements, dimensions);
	value->indexed = !opclass->normalised || !type->is_zero(datum);
}

/*
 * Remember a page that an insert could place its node on.
 */
static void
vxi_note_room(VxLayerSource *source, const VxGraphGeometry *geometry,
			  uint32 block)
{
	const VxGraphPage *page = &source->page;
	int			live = 0;

	if (source->roomy_count == source->roomy_limit)
		return;
	for (int slot = 0; slot < page->nslots; slot++)
		live += VX_SLOT_IS_LIVE(page->state[slot]);
	if (live < geometry->slots &&
		vxp_graph_free_slot(BufferGetPage(source->buffer), geometry) >= 0)
	{
		source->roomy[source->roomy_count].block = block;
		source->roomy[source->roomy_count].sparse = 2 * live < geometry->slots;
		source->roomy_count++;
	}
}

/*
 * Callback of the search: pin, lock and verify a page of the layer.
 */
static const VxGraphPage *
vxi_layer_open(void *context, uint32_t block)
{
	VxLayerSource *source = (VxLayerSource *) context;
	const VxGraphGeometry *geometry = vxp_geometry(source->meta, source->layer);
	VxGraphPage *view = &source->page;
	Page		page;

	Assert(!BufferIsValid(source->buffer));
	source->buffer = vxp_reader_open(&source->reader, block, VX_PAGE_GRAPH);
	vxp_graph_verify(source->reader.index, source->buffer, source->layer, geometry);
	page = BufferGetPage(source->buffer);

	view->nslots = vxp_opaque(page)->used_slots;
	view->max_edges = geometry->max_edges;
	view->state = vxp_graph_state(page, geometry);
	view->codes.codes = (const uint8 *) page + geometry->code_at;
	view->codes.stride = geometry->code_bytes;
	view->codes.add = vxp_graph_floats(page, geometry->add_at);
	view->codes.scale = vxp_graph_floats(page, geometry->scale_at);
	view->codes.error = vxp_graph_floats(page, geometry->error_at);
	view->edges = vxp_graph_edges(page, geometry, 0);
	view->tids = (const uint8 *) page + geometry->tid_at;
	view->down = geometry->down_at == 0 ? NULL :
		(const uint32 *) ((const char *) page + geometry->down_at);
	if (source->runs != NULL && source->layer == 0)
		vxp_runs_note(source->runs, block, page);
	if (source->roomy != NULL)
		vxi_note_room(source, geometry, block);
	return view;
}

static void
vxi_layer_close(void *context)
{
	VxLayerSource *source = (VxLayerSource *) context;

	Assert(BufferIsValid(source->buffer));
	UnlockReleaseBuffer(source->buffer);
	source->buffer = InvalidBuffer;
}

static void
vxi_layer_prefetch(void *context, const uint32_t *blocks, int count)
{
	vxp_reader_prefetch(&((VxLayerSource *) context)->reader, blocks, count);
}

static void
vxi_layer_check_interrupts(void *context)
{
	Assert(!BufferIsValid(((VxLayerSource *) context)->buffer));
	CHECK_FOR_INTERRUPTS();
}

/*
 * Prepare to read the layers of an index; begins with the base layer.
 */
void
vxi_layer_source_init(VxLayerSource *source, VxIndex *index)
{
	memset(source, 0, sizeof(*source));
	source->source.context = source;
	source->source.open = vxi_layer_open;
	source->source.close = vxi_layer_close;
	source->source.prefetch = vxi_layer_prefetch;
	source->source.check_interrupts = vxi_layer_check_interrupts;
	vxp_reader_init(&source->reader, index->relation);
	source->meta = &index->meta;
	source->layer = 0;
	source->buffer = InvalidBuffer;
}

/*
 * The pages below the best results of a search, each once.
 */
static int
vxi_pages_below(VxLayerSource *source, const VxPageSearch *search,
				uint32 *entries)
{
	int			count;
	int			found = 0;
	const VxCandidate *results = vxg_search_results(search, &count);

	for (int i = 0; i < count && found < VXI_DESCENT_BEAM; i++)
	{
		bool		known = false;

		for (int j = 0; j < found && !known; j++)
			known = entries[j] == results[i].down;
		if (known)
			continue;
		if (!vxp_reader_in_range(&source->reader, results[i].down))
			vxp_report_damage(source->reader.index, results[i].block,
							  "A slot leads down beyond the end of the index.");
		entries[found++] = results[i].down;
	}
	return found;
}

/*
 * Search the layers above `layer` from the top, and leave in entries (room for
 * VXI_MAX_ENTRIES) the pages from which to search it, on the base layer those
 * that the directory names as well.  Some may be named twice.  Returns their
 * number, 0 if the index is empty.  Leaves the source on `layer`.
 *
 * On the way to the base layer a copy of layer 1 that the backend has takes the
 * place of all layers above.
 */
int
vxi_descend(VxIndex *index, VxLayerSource *source, VxPageSearch *search,
			const VxCodeQuery *query, int layer, uint32 *entries)
{
	int			top = index->meta.data.layers - 1;
	int			count;

	Assert(layer >= 0 && top < VX_MAX_LAYERS);
	if (top < layer)
		return 0;
	entries[0] = index->meta.data.root[top];
	count = 1;
	if (layer == 0 && top > 0)
	{
		int			known = vxi_table_entries(index, source, query, entries);

		if (known > 0)
		{
			count = known;
			top = 0;
		}
	}
	for (int at = top; at > layer; at--)
	{
		source->layer = at;
		vxg_search_set_ef(search, VXI_DESCENT_BEAM);
		vxg_search_run(search, query, entries, count);
		count = vxi_pages_below(source, search, entries);
		if (count == 0)
		{
			/* a layer always has its root; start there when it leads nowhere */
			entries[0] = index->meta.data.root[at - 1];
			count = 1;
		}
	}
	source->layer = layer;
	if (layer == 0 && index->meta.terms.bits > 0)
		count += vxi_directory_entries(&source->reader, &index->meta.terms,
									   query, entries + count);
	return count;
}
