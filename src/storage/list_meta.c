/*-------------------------------------------------------------------------
 *
 * list_meta.c
 *	  Create and read the metapage of an index of inverted lists.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "storage/list_meta.h"
#include "storage/mean_page.h"
#include "storage/meta.h"

StaticAssertDecl(sizeof(VxListMetaData) == 104, "the metapage is part of the format");

/*
 * Fill in what follows from the fields on disk.
 */
void
vxp_list_meta_derive(VxListMeta *meta)
{
	Assert(meta->data.lists >= 1);
	vxp_list_geometry(&meta->geometry, meta->data.row_bytes, meta->data.vector_bytes);
	meta->per_page = vxp_directory_per_page(meta->data.centre_bytes);
	meta->directory_pages = (meta->data.lists + meta->per_page - 1) / meta->per_page;
}

/*
 * Write the first pages of a new index: metapage, then the mean.
 *
 * meta holds the fields of the index; this fills in the rest.  mean
 * (code_dimensions floats) may be NULL for a mean of zero.  Pages are written in
 * build mode: the caller logs the fork when it is complete.
 */
void
vxp_list_meta_create(Relation index, ForkNumber fork, VxListMeta *meta,
					 const float *mean)
{
	VxPageTransaction transaction;
	BlockNumber block;
	Page		page;

	Assert(meta->data.dimensions >= 1 && meta->data.code_dimensions >= 1);
	Assert(meta->data.lists >= 1 && meta->data.lists <= VX_MAX_LISTS);
	meta->data.magic = VX_LIST_META_MAGIC;
	meta->data.version = VX_LIST_META_VERSION;
	meta->data.mean_pages = mean == NULL ? 0 :
		vxp_mean_pages(meta->data.code_dimensions);
	meta->data.checksum = vxp_checksum(&meta->data, offsetof(VxListMetaData, checksum));
	vxp_list_meta_derive(meta);

	vxp_begin_fork(&transaction, index, fork, VX_PAGES_BUILD);
	page = vxp_edit_new(&transaction, VX_PAGE_META, 0, &block);
	if (block != VX_META_BLOCK)
		elog(ERROR, "index \"%s\" already contains data",
			 RelationGetRelationName(index));
	memcpy(PageGetContents(page), &meta->data, sizeof(VxListMetaData));
	vxp_commit(&transaction);
	if (mean != NULL)
		vxp_mean_write(index, fork, mean, meta->data.code_dimensions);
}

/*
 * Whether the fields agree with each other, so that nobody else has to check.
 */
static bool
vxp_list_meta_is_sane(const VxListMetaData *data)
{
	return data->dimensions >= 1 && data->dimensions <= PG_INT32_MAX &&
		data->code_dimensions >= 1 && data->code_dimensions <= VX_MAX_CODE_DIMENSIONS &&
		data->lists >= 1 && data->lists <= VX_MAX_LISTS &&
		data->code_bits <= 32 &&
		data->centre_bytes >= 1 && data->centre_bytes <= VX_PAGE_CONTENTS &&
		vxp_directory_per_page(data->centre_bytes) >= 1 &&
		(data->mean_pages == 0 ||
		 data->mean_pages == vxp_mean_pages(data->code_dimensions)) &&
		vxp_list_shape_fits(data->row_bytes, data->vector_bytes);
}

/*
 * What is wrong with the image of a metapage, as a full sentence; NULL if
 * nothing is.
 */
const char *
vxp_list_meta_problem(Page page)
{
	VxListMetaData data;

	if (!vxp_page_is_valid(page, VX_PAGE_META))
		return "Its header or page kind is not that of a metapage.";
	memcpy(&data, PageGetContents(page), sizeof(data));
	if (data.magic != VX_LIST_META_MAGIC)
		return "The metapage does not have the magic number of this index type.";
	if (data.version != VX_LIST_META_VERSION)
		return "The metapage has another format version.";
	if (!vxp_list_meta_is_sane(&data))
		return "The fields of the metapage contradict each other.";
	if (!vxp_checksum_agrees(data.checksum, &data, offsetof(VxListMetaData, checksum)))
		return "The fields of the metapage do not have its checksum.";
	return NULL;
}

/*
 * Read and verify the metapage.
 */
void
vxp_list_meta_read(Relation index, VxListMeta *meta)
{
	Buffer		buffer = vxp_read_unverified(index, VX_META_BLOCK, BUFFER_LOCK_SHARE);
	Page		page = BufferGetPage(buffer);
	const char *problem;

	vxp_meta_refuse_foreign(index, page);
	problem = vxp_list_meta_problem(page);
	memcpy(&meta->data, PageGetContents(page), sizeof(VxListMetaData));
	if (problem != NULL && meta->data.magic == VX_LIST_META_MAGIC &&
		meta->data.version != VX_LIST_META_VERSION)
		vxp_meta_refuse_version(index, meta->data.version, VX_LIST_META_VERSION);
	if (problem != NULL)
		vxp_report_damage(index, VX_META_BLOCK, problem);
	UnlockReleaseBuffer(buffer);
	vxp_list_meta_derive(meta);
}
