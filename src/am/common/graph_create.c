/*-------------------------------------------------------------------------
 *
 * graph_create.c
 *	  A new graph index: what may be indexed, codes and layout.
 *
 * Decides what the metapage says for the life of the index.  It reads no row:
 * see graph_build.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "am/common/column.h"
#include "am/common/graph_create.h"
#include "am/common/options.h"

/*
 * Bits a dimension: the finer codes while a page holds so many of them, see
 * graph/README.md.
 */
#define VXB_FINE_CODE_BITS		4
#define VXB_COARSE_CODE_BITS	2
#define VXB_FINE_CODE_SLOTS		12

/*
 * Elements in a code of sparse vectors, of an index that is made before its rows,
 * and what their number is a multiple of.
 */
#define VXB_CODE_ELEMENTS		64
#define VXB_CODE_ELEMENTS_STEP	8

/*
 * The dimensions of the column, once it and the options are found to be what can
 * be indexed.
 */
static int
vxb_check_column(const VxGraphMethod *method, const VxIndex *index, int dims)
{
	const VxElementType *type = index->opclass->type;
	int			most = method->max_dimensions == NULL ? type->max_dimensions :
		method->max_dimensions(type);
	int			dimensions = vxi_column_dimensions(index->relation, type,
												   method->name, dims, most);

	Assert(dimensions >= 1 && dimensions <= most);
	if (method->check_options != NULL)
		method->check_options(index->relation, type);
	return dimensions;
}

/* Whether a page can hold a node with the codes at hand. */
static bool
vxb_codes_fit(const VxIndex *index)
{
	const VxMetaPageData *data = &index->meta.data;

	return vxp_graph_shape_fits(data->code_bytes, data->m, data->vector_bytes);
}

/*
 * Set up codes of the given bits, and what follows from them of the layout.
 */
static void
vxb_set_codes(VxIndex *index, int bits)
{
	VxMetaPageData *data = &index->meta.data;

	if (index->scratch != NULL)
	{
		vxq_codec_release(&index->codec, &index->host);
		pfree(index->scratch);
		index->refine = NULL;
	}
	data->code_bits = (uint8) (data->total_bits == 0 ? bits : Min(bits, data->total_bits));
	vxi_codec_init(index, NULL);
	data->code_kind = (uint8) index->codec.kind;
	data->code_bytes = (uint32) index->codec.code_bytes;
	data->vector_bytes = vxi_vector_bytes(index, index->codec.kind);
	Assert(data->code_bytes > 0);
	if (vxb_codes_fit(index))
		vxp_meta_derive(&index->meta);
}

/*
 * Give codes of sparse vectors room for so many elements, or for as many as
 * leave enough nodes on a page.
 */
void
vxb_set_code_elements(VxIndex *index, int elements)
{
	VxMetaPageData *data = &index->meta.data;

	Assert(index->opclass->type->is_sparse && elements <= VXQ_SPARSE_MOST_ELEMENTS);
	data->code_dimensions = TYPEALIGN(VXB_CODE_ELEMENTS_STEP, Max(elements, 1));
	do
	{
		vxb_set_codes(index, data->code_bits);
		if (vxb_codes_fit(index) &&
			(index->meta.geometry[0].slots >= VXB_FINE_CODE_SLOTS ||
			 data->code_dimensions == VXB_CODE_ELEMENTS_STEP))
			return;
		data->code_dimensions -= VXB_CODE_ELEMENTS_STEP;
	} while (data->code_dimensions > 0);
	data->code_dimensions = VXB_CODE_ELEMENTS_STEP;
	vxb_set_codes(index, data->code_bits);
}

/*
 * Decide whether the index has an entry directory, and for how many rows: 0 for
 * an index that is made before them.
 */
void
vxb_size_directory(VxIndex *index, uint64 rows)
{
	index->meta.data.term_bits =
		!vxq_codes_have_terms(index->codec.kind) ? 0 : (uint32) vxp_terms_bits(rows);
}

/*
 * Begin an index: check the column and fill in the fixed fields of the
 * metapage.  The codec is set up for the shape of its codes only.
 */
VxIndex *
vxb_new_index(const VxGraphMethod *method, Relation relation)
{
	VxIndex    *index = vxi_new(relation);
	VxMetaPageData *data = &index->meta.data;
	VxGraphOptions options;

	memset(&options, 0, sizeof(options));
	method->read_options(relation, index->opclass->type, &options);
	data->dimensions = vxb_check_column(method, index, options.dims);
	data->code_dimensions = index->opclass->type->is_sparse ? VXB_CODE_ELEMENTS :
		(uint32) index->opclass->type->code_dimensions((int) data->dimensions);
	data->m = (uint16) options.m;
	data->ef_construction = (uint16) options.ef_construction;
	data->fillfactor = (uint16) options.fillfactor;
	data->metric = (uint8) index->opclass->metric;
	data->opclass_id = index->opclass->type->id;
	data->seed = (uint64) vxo_seed;
	data->total_bits = (uint32) options.total_bits;
	if (options.code_bits > 0)
		vxb_set_codes(index, options.code_bits);
	else
	{
		vxb_set_codes(index, VXB_FINE_CODE_BITS);
		if (index->codec.kind == VX_CODE_LATTICE &&
			(!vxb_codes_fit(index) ||
			 index->meta.geometry[0].slots < VXB_FINE_CODE_SLOTS))
			vxb_set_codes(index, VXB_COARSE_CODE_BITS);
	}
	if (!vxb_codes_fit(index))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index tuple too large"),
				 errhint("Use a smaller m or code_bits.")));
	return index;
}

/*
 * Write the init fork of an unlogged index: an empty index, logged so that a
 * standby has it as well.
 */
void
vxb_build_empty(const VxGraphMethod *method, Relation relation)
{
	VxIndex    *empty = vxb_new_index(method, relation);

	empty->meta.data.spread = 1.0f;
	vxb_size_directory(empty, 0);
	vxp_meta_create(relation, INIT_FORKNUM, &empty->meta, NULL);
	vxp_log_fork(relation, INIT_FORKNUM);
}
