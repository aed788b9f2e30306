/*-------------------------------------------------------------------------
 *
 * list_meta.h
 *	  The metapage of an index of inverted lists.
 *
 * Block 0, then the pages of the mean, then the directory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_LIST_META_H
#define VX_LIST_META_H

#include "storage/list_page.h"
#include "storage/page_transaction.h"

#define VX_LIST_META_MAGIC		0x76784C31	/* "1Lxv" on disk */
#define VX_LIST_META_VERSION	1

/* Most lists an index can have. */
#define VX_MAX_LISTS			32768

/* Contents of block 0.  Everything is fixed when the index is created. */
typedef struct VxListMetaData
{
	uint32		magic;
	uint32		version;
	uint32		dimensions;		/* of the column */
	uint32		code_dimensions;	/* of what the codec is given */
	uint32		opclass_id;		/* element type */
	uint32		lists;
	uint32		row_bytes;		/* of a coded row, with its factors */
	uint32		centre_bytes;	/* of a coded centre */
	uint32		vector_bytes;	/* of one full vector, 0 if codes are exact */
	uint32		mean_pages;		/* pages of the mean, from block 1; 0: none */
	uint64		seed;			/* of the rotation */
	uint8		metric;			/* VxMetric of the codec */
	uint8		code_kind;		/* VxListCodeKind */
	uint8		code_bits;
	uint8		unused;
	uint32		built_rows;		/* rows when the index was built */
	uint32		reserved[11];
	uint32		checksum;		/* vxp_checksum() of all before; 0 in indexes older
								 * than it */
} VxListMetaData;

typedef struct VxListMeta
{
	VxListMetaData data;
	VxListGeometry geometry;
	uint32		per_page;		/* lists on a directory page */
	uint32		directory_pages;
} VxListMeta;

/* The directory page of a list. */
static inline BlockNumber
vxp_directory_block(const VxListMeta *meta, uint32 list)
{
	Assert(list < meta->data.lists);
	return VX_META_BLOCK + 1 + meta->data.mean_pages + list / meta->per_page;
}

extern void vxp_list_meta_derive(VxListMeta *meta);
extern void vxp_list_meta_create(Relation index, ForkNumber fork,
								 VxListMeta *meta, const float *mean);
extern const char *vxp_list_meta_problem(Page page);
extern void vxp_list_meta_read(Relation index, VxListMeta *meta);

#endif							/* VX_LIST_META_H */
