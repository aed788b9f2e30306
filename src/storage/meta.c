/*-------------------------------------------------------------------------
 *
 * meta.c
 *	  Create, read and change the metapage of a graph index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_crc32c.h"

#include "compat.h"
#include "storage/mean_page.h"
#include "storage/meta.h"

StaticAssertDecl(sizeof(VxMetaPageData) <= VX_PAGE_CONTENTS,
				 "metapage contents must fit a page");

/*
 * The checksum of the fields of a metapage that come before it.  Few of them have
 * a value that could not be another one, and some are used years later.
 */
uint32
vxp_checksum(const void *fields, Size bytes)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, fields, bytes);
	FIN_CRC32C(crc);
	return crc == 0 ? 1 : crc;
}

/*
 * Whether a checksum is that of the fields before it, or that of an index which was
 * written before there was any.
 */
bool
vxp_checksum_agrees(uint32 checksum, const void *fields, Size bytes)
{
	return checksum == 0 || checksum == vxp_checksum(fields, bytes);
}

/* Set the checksum of a metapage whose fields are as they shall be. */
static void
vxp_meta_seal(VxMetaPageData *data)
{
	data->checksum = vxp_checksum(data, offsetof(VxMetaPageData, checksum));
}

/*
 * Fill in what follows from the fixed fields.
 */
void
vxp_meta_derive(VxMeta *meta)
{
	VxGraphShape shape;

	shape.code_bytes = meta->data.code_bytes;
	shape.max_edges = meta->data.m;
	shape.vector_bytes = meta->data.vector_bytes;
	shape.upper = false;
	vxp_graph_geometry(&meta->geometry[0], &shape);

	shape.vector_bytes = 0;
	shape.upper = true;
	vxp_graph_geometry(&meta->geometry[1], &shape);

	meta->terms.first = VX_META_BLOCK + 1 + meta->data.mean_pages;
	meta->terms.bits = (int) meta->data.term_bits;
}

/*
 * Write the first pages of a new index: metapage, then the mean, then an empty
 * directory if meta says that there is one.
 *
 * meta holds the fixed fields; this fills in the rest.  mean (dimensions
 * floats) may be NULL for a mean of zero.  Pages are written in build mode:
 * the caller logs the fork when it is complete.
 */
void
vxp_meta_create(Relation index, ForkNumber fork, VxMeta *meta,
				const float *mean)
{
	VxPageTransaction transaction;
	BlockNumber block;
	Page		page;

	Assert(meta->data.dimensions >= 1 && meta->data.m >= 1);
	Assert(meta->data.code_dimensions >= 1);
	Assert(vxp_graph_shape_fits(meta->data.code_bytes, meta->data.m,
								meta->data.vector_bytes));

	meta->data.magic = VX_META_MAGIC;
	meta->data.version = VX_META_VERSION;
	meta->data.layers = 0;
	meta->data.mean_pages = mean == NULL ? 0 :
		vxp_mean_pages(meta->data.code_dimensions);
	for (int i = 0; i < VX_MAX_LAYERS; i++)
		meta->data.root[i] = InvalidBlockNumber;
	meta->data.built_graph = vxp_first_graph_block(&meta->data);
	meta->data.built_end = meta->data.built_graph;
	vxp_meta_seal(&meta->data);
	vxp_meta_derive(meta);

	vxp_begin_fork(&transaction, index, fork, VX_PAGES_BUILD);
	page = vxp_edit_new(&transaction, VX_PAGE_META, 0, &block);
	if (block != VX_META_BLOCK)
		elog(ERROR, "index \"%s\" already contains data",
			 RelationGetRelationName(index));
	memcpy(PageGetContents(page), &meta->data, sizeof(VxMetaPageData));
	vxp_commit(&transaction);

	if (mean != NULL)
		vxp_mean_write(index, fork, mean, meta->data.code_dimensions);
	vxp_terms_create(index, fork, &meta->terms);
}

/* Whether a metapage is that of pgvector, whose access methods share the names. */
static bool
vxp_meta_is_foreign(Page page)
{
	uint32		magic;

	if (PageIsNew(page))
		return false;
	memcpy(&magic, PageGetContents(page), sizeof(magic));
	return magic == VX_FOREIGN_HNSW_MAGIC || magic == VX_FOREIGN_IVFFLAT_MAGIC;
}

/*
 * Refuse the files of other software with the remedy, before looking at the
 * frame of the page.
 */
void
vxp_meta_refuse_foreign(Relation index, Page page)
{
	if (vxp_meta_is_foreign(page))
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("index \"%s\" was built by pgvector and cannot be read at block %u",
						RelationGetRelationName(index), VX_META_BLOCK),
				 vxp_reindex_hint(index)));
}

/*
 * Refuse an index of our own that another version of the library wrote.
 */
void
vxp_meta_refuse_version(Relation index, uint32 found, uint32 expected)
{
	Assert(found != expected);
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" has format version %u at block %u, but this version reads %u",
					RelationGetRelationName(index), found, VX_META_BLOCK, expected),
			 vxp_reindex_hint(index)));
}

/*
 * Whether the fields agree with each other, so that nobody else has to check.
 */
static bool
vxp_meta_is_sane(const VxMetaPageData *data)
{
	if (data->dimensions < 1 || data->dimensions > PG_INT32_MAX ||
		data->code_dimensions < 1 || data->code_dimensions > VX_MAX_CODE_DIMENSIONS ||
		data->m < 1 || data->layers > VX_MAX_LAYERS ||
		data->code_bits < 1 || data->code_bits > 8 || vxp_refine_bits(data) > 8 ||
		!isfinite(data->spread) ||
		data->code_bytes < 1 || data->code_bytes > VX_PAGE_CONTENTS ||
		data->vector_bytes > VX_PAGE_CONTENTS)
		return false;
	if (data->mean_pages != 0 &&
		data->mean_pages != vxp_mean_pages(data->code_dimensions))
		return false;
	if (data->term_bits != 0 &&
		(data->term_bits < VX_TERMS_MIN_BITS ||
		 data->term_bits > VX_TERMS_MAX_BITS))
		return false;
	if (data->built_graph < vxp_first_graph_block(data) ||
		data->built_end < data->built_graph)
		return false;
	for (int i = 0; i < VX_MAX_LAYERS; i++)
	{
		if ((i < data->layers) != (data->root[i] != InvalidBlockNumber) ||
			data->root[i] < vxp_first_graph_block(data))
			return false;
	}
	return vxp_graph_shape_fits(data->code_bytes, data->m, data->vector_bytes);
}

/*
 * What is wrong with the image of a metapage, as a full sentence; NULL if
 * nothing is.
 */
const char *
vxp_meta_problem(Page page)
{
	VxMetaPageData data;

	if (!vxp_page_is_valid(page, VX_PAGE_META))
		return "Its header or page kind is not that of a metapage.";
	memcpy(&data, PageGetContents(page), sizeof(data));
	if (data.magic != VX_META_MAGIC)
		return "The metapage does not have the magic number of this index type.";
	if (data.version != VX_META_VERSION)
		return "The metapage has another format version.";
	if (!vxp_meta_is_sane(&data))
		return "The fields of the metapage contradict each other.";
	if (!vxp_checksum_agrees(data.checksum, &data, offsetof(VxMetaPageData, checksum)))
		return "The fields of the metapage do not have its checksum.";
	return NULL;
}

/*
 * Copy the fields out of the locked metapage, verified.
 */
static void
vxp_meta_copy(Relation index, Buffer buffer, VxMeta *meta)
{
	Page		page = BufferGetPage(buffer);
	const char *problem;

	vxp_meta_refuse_foreign(index, page);
	problem = vxp_meta_problem(page);
	memcpy(&meta->data, PageGetContents(page), sizeof(VxMetaPageData));
	if (problem != NULL && meta->data.magic == VX_META_MAGIC &&
		meta->data.version != VX_META_VERSION)
		vxp_meta_refuse_version(index, meta->data.version, VX_META_VERSION);
	if (problem != NULL)
		vxp_report_damage(index, VX_META_BLOCK, problem);
	vxp_meta_derive(meta);
}

/*
 * Read the metapage.
 */
void
vxp_meta_read(Relation index, VxMeta *meta)
{
	Buffer		buffer = ReadBuffer(index, VX_META_BLOCK);

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	vxp_meta_copy(index, buffer, meta);
	UnlockReleaseBuffer(buffer);
}

/*
 * Whether the file has to be rebuilt before it can be read, being of pgvector or
 * of another version of the format: vxp_meta_read() would say so.
 */
bool
vxp_meta_needs_reindex(Relation index)
{
	Buffer		buffer = ReadBuffer(index, VX_META_BLOCK);
	Page		page = BufferGetPage(buffer);
	VxMetaPageData data;
	bool		foreign;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	foreign = vxp_meta_is_foreign(page);
	memcpy(&data, PageGetContents(page), sizeof(data));
	UnlockReleaseBuffer(buffer);
	return foreign || (data.magic == VX_META_MAGIC && data.version != VX_META_VERSION);
}

/*
 * Read the metapage and keep it locked exclusively, to add a layer.
 */
Buffer
vxp_meta_lock(Relation index, VxMeta *meta)
{
	Buffer		buffer = ReadBuffer(index, VX_META_BLOCK);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	vxp_meta_copy(index, buffer, meta);
	return buffer;
}

/*
 * Record in the locked metapage, which becomes part of the transaction, where
 * the graph pages and where the vector pages end that a build wrote.
 */
void
vxp_meta_set_built(VxPageTransaction *transaction, Buffer buffer,
				   BlockNumber graph, BlockNumber end)
{
	VxMetaPageData *data;

	Assert(graph <= end);
	data = (VxMetaPageData *) PageGetContents(vxp_edit(transaction, buffer));
	data->built_graph = graph;
	data->built_end = end;
	vxp_meta_seal(data);
}

/*
 * Record the root of a new topmost layer in the locked metapage, which
 * becomes part of the transaction.
 */
void
vxp_meta_add_layer(VxPageTransaction *transaction, Buffer buffer, int layer,
				   BlockNumber root)
{
	VxMetaPageData *data;

	data = (VxMetaPageData *) PageGetContents(vxp_edit(transaction, buffer));
	Assert(layer == data->layers && layer < VX_MAX_LAYERS);
	Assert(root >= vxp_first_graph_block(data) && root <= VX_MAX_GRAPH_BLOCK);
	data->root[layer] = root;
	data->layers = (uint8) (layer + 1);
	vxp_meta_seal(data);
}
