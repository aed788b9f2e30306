/*-------------------------------------------------------------------------
 *
 * method.c
 *	  Which access method of this library an index belongs to.
 *
 * A row for each: its folder defines the method, and the linker brings them
 * together, as no folder below am/ may include another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/defrem.h"

#include "compat.h"
#include "am/common/method.h"
#include "storage/page.h"

extern const VxMethod hnsw_method;
extern const VxMethod ivfflat_method;
extern const VxMethod diskann_method;

static const VxMethod *const methods[] = {
	&hnsw_method,
	&ivfflat_method,
	&diskann_method
};

/*
 * The method of an open index, or NULL if it is of another library.
 */
const VxMethod *
vxm_method(Relation index)
{
	FmgrInfo	handler;

	if (!OidIsValid(index->rd_amhandler))
		return NULL;
	fmgr_info(index->rd_amhandler, &handler);
	for (Size i = 0; i < lengthof(methods); i++)
	{
		Assert(methods[i]->handler != NULL);
		if (methods[i]->handler == handler.fn_addr)
			return methods[i];
	}
	return NULL;
}

/*
 * Whether scans of the access method with this cost estimate end at the bound
 * of a range (range.h).
 */
bool
vxm_takes_range(amcostestimate_function cost)
{
	for (Size i = 0; i < lengthof(methods); i++)
	{
		if (cost != NULL && methods[i]->range_cost == cost)
			return true;
	}
	return false;
}

/*
 * Whether an open index belongs to an access method of this library.
 */
bool
vxm_is_vector_index(Relation index)
{
	return vxm_method(index) != NULL;
}

/*
 * Error unless an open relation is a vector index with storage that this
 * session can read.
 */
void
vxm_require_vector_index(Relation index)
{
	const char *name = RelationGetRelationName(index);

	if (!vxm_is_vector_index(index))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a vector index", name),
				 errdetail("Its access method is %s.",
						   get_am_name(index->rd_rel->relam)),
				 errhint("Name an index of an access method of vectorx, such as hnsw.")));
	if (index->rd_rel->relkind == RELKIND_PARTITIONED_INDEX)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("index \"%s\" is partitioned", name),
				 errhint("Name the indexes of its partitions, which pg_partition_tree() lists.")));
	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot read temporary index \"%s\" of another session", name)));
	if (!index->rd_index->indisvalid || !index->rd_index->indisready)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" is not valid", name),
				 errdetail("Its concurrent creation is under way or has failed."),
				 vxp_reindex_hint(index)));
}
