/*-------------------------------------------------------------------------
 *
 * ivfflat_index.c
 *	  Open an ivfflat index and read its directory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "am/common/server_host.h"
#include "am/ivfflat/ivfflat.h"
#include "storage/mean_page.h"

/*
 * Set up the codec from the metapage's fields.  mean may be NULL.
 */
void
ivfflat_codec_init(IvfflatIndex *index, const float *mean)
{
	const VxListMetaData *data = &index->meta.data;
	VxCodecParameters parameters;

	Assert(data->code_dimensions >= 1);
	memset(&parameters, 0, sizeof(parameters));
	parameters.metric = (VxMetric) data->metric;
	parameters.dims = (int) data->code_dimensions;
	/* what codes are whole and not of planes has no choice of bits */
	parameters.bits = data->code_bits <= VXQ_LIST_MOST_BITS ? data->code_bits : 0;
	parameters.seed = data->seed;
	parameters.mean = mean;
	vxq_list_codec_init(&index->codec, &parameters, &index->host);
	index->scratch = palloc(vxq_list_scratch_size(&index->codec));
}

/*
 * An index whose metapage and codec the caller sets up.
 */
IvfflatIndex *
ivfflat_new(Relation relation)
{
	IvfflatIndex *index = palloc0_object(IvfflatIndex);

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
ivfflat_meta_problem(const IvfflatIndex *index)
{
	const VxListMetaData *data = &index->meta.data;
	const VxElementType *type = index->opclass->type;

	if (data->opclass_id != type->id ||
		data->metric != (uint8) index->opclass->metric ||
		data->dimensions > (uint32) type->max_dimensions)
		return "It was built for another operator class.";
	if (data->code_dimensions != (uint32) type->code_dimensions((int) data->dimensions) ||
		(data->vector_bytes != 0 &&
		 data->vector_bytes != (uint32) type->fixed_bytes((int) data->dimensions)))
		return "Its vectors are not those of its operator class and dimensions.";
	return NULL;
}

/*
 * Whether the codec (ivfflat_codec_init) is the one of the metapage: NULL if so,
 * else a full sentence.
 */
const char *
ivfflat_codec_problem(const IvfflatIndex *index)
{
	const VxListMetaData *data = &index->meta.data;
	const VxListCodec *codec = &index->codec;

	if (codec->row_bytes != data->row_bytes ||
		codec->centre_bytes != data->centre_bytes ||
		(uint8) codec->kind != data->code_kind ||
		codec->exact != (data->vector_bytes == 0))
		return "Its codes are not those of its operator class and dimensions.";
	return NULL;
}

/*
 * Open an index that exists: read and verify its metapage and set up its
 * codec.  Everything is allocated in the current memory context.
 */
IvfflatIndex *
ivfflat_open(Relation relation)
{
	IvfflatIndex *index = ivfflat_new(relation);
	const char *problem;
	float	   *mean;

	vxp_list_meta_read(relation, &index->meta);
	problem = ivfflat_meta_problem(index);
	if (problem != NULL)
		vxp_report_damage(relation, VX_META_BLOCK, problem);

	mean = palloc_array(float, index->meta.data.code_dimensions);
	vxp_mean_read(relation, index->meta.data.mean_pages,
				  index->meta.data.code_dimensions, mean);
	ivfflat_codec_init(index, mean);
	pfree(mean);

	problem = ivfflat_codec_problem(index);
	if (problem != NULL)
		vxp_report_damage(relation, VX_META_BLOCK, problem);
	return index;
}

/*
 * Put the code of a row into a slot of a list page.
 */
void
ivfflat_put_code(const IvfflatIndex *index, Page page, int slot, const uint8 *row)
{
	const VxListGeometry *geometry = &index->meta.geometry;

	if (geometry->single)
		memcpy(vxp_list_strip(page, geometry, slot), row, geometry->strip_bytes);
	else
		vxq_strip_put(&index->codec,
					  vxp_list_strip(page, geometry, slot / VX_STRIP_SLOTS),
					  slot % VX_STRIP_SLOTS, row);
}

/*
 * The code of the row in a slot.
 */
void
ivfflat_take_code(const IvfflatIndex *index, Page page, int slot, uint8 *row)
{
	const VxListGeometry *geometry = &index->meta.geometry;

	if (geometry->single)
		memcpy(row, vxp_list_strip(page, geometry, slot), geometry->strip_bytes);
	else
		vxq_strip_take(&index->codec,
					   vxp_list_strip(page, geometry, slot / VX_STRIP_SLOTS),
					   slot % VX_STRIP_SLOTS, row);
}

/*
 * Estimate the keys of all slots in use of a list page, for a query that entered
 * the list.  estimate and error have room for the slots of a page, rounded up to a
 * strip; strip is a strip of working memory.
 */
void
ivfflat_score_codes(const IvfflatIndex *index, const VxListQuery *query, Page page,
					uint8 *strip, float *estimate, float *error)
{
	const VxListGeometry *geometry = &index->meta.geometry;
	int			used = vxp_opaque(page)->used_slots;

	Assert(used <= geometry->slots);
	if (geometry->single)
	{
		for (int slot = 0; slot < used; slot++)
			vxq_strip_put(&index->codec, strip, slot, vxp_list_strip(page, geometry, slot));
		vxq_list_query_score(query, strip, index->codec.strip_bytes, 1, estimate, error);
	}
	else
		vxq_list_query_score(query, vxp_list_strip(page, geometry, 0),
							 geometry->strip_bytes,
							 (used + VX_STRIP_SLOTS - 1) / VX_STRIP_SLOTS,
							 estimate, error);
}

/*
 * Keys of all centres for a prepared query, meta.data.lists floats.  by_angle: for
 * a vector that looks for its list, see vxq_list_query_angles().
 */
void
ivfflat_centre_keys(const IvfflatIndex *index, VxReader *reader,
					const VxListQuery *query, bool by_angle, float *keys)
{
	const VxListMeta *meta = &index->meta;

	for (uint32 first = 0; first < meta->data.lists; first += meta->per_page)
	{
		uint32		count = Min(meta->per_page, meta->data.lists - first);
		Buffer		buffer;
		const uint8 *centres;

		CHECK_FOR_INTERRUPTS();
		buffer = vxp_reader_open(reader, vxp_directory_block(meta, first),
								 VX_PAGE_DIRECTORY);
		centres = vxp_directory_centres(BufferGetPage(buffer), meta->per_page);
		if (by_angle)
			vxq_list_query_angles(query, centres, meta->data.centre_bytes, count,
								  keys + first);
		else
			vxq_list_query_centres(query, centres, meta->data.centre_bytes, count,
								   keys + first);
		UnlockReleaseBuffer(buffer);
	}
}

/*
 * The first page of a list, and its coded centre (centre_bytes bytes, or NULL).
 */
BlockNumber
ivfflat_directory_entry(const IvfflatIndex *index, VxReader *reader, uint32 list,
						uint8 *centre)
{
	const VxListMeta *meta = &index->meta;
	Buffer		buffer = vxp_reader_open(reader, vxp_directory_block(meta, list),
										 VX_PAGE_DIRECTORY);
	Page		page = BufferGetPage(buffer);
	uint32		place = list % meta->per_page;
	BlockNumber head = vxp_directory_heads(page)[place];

	if (centre != NULL)
		memcpy(centre, vxp_directory_centres(page, meta->per_page) +
			   place * meta->data.centre_bytes, meta->data.centre_bytes);
	UnlockReleaseBuffer(buffer);
	return head;
}
