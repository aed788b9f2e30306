/*-------------------------------------------------------------------------
 *
 * column.h
 *	  The column of a vector index: what may be indexed, and its queries.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_COLUMN_H
#define VX_COLUMN_H

#include "access/skey.h"
#include "utils/rel.h"

#include "am/common/index.h"
#include "am/common/range.h"

extern int	vxi_column_dimensions(Relation index, const VxElementType *type,
								  const char *method, int given, int most);
extern void vxi_query_value(const VxOperatorClass *opclass, int dimensions,
							const ScanKeyData *orderby, VxIndexValue *value,
							VxRange *range);

#endif							/* VX_COLUMN_H */
