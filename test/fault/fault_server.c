/*
 * fault_server.c
 *		What the fault harnesses need inside of a server.  Not part of the library.
 */
#include "postgres.h"

#include "access/relation.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(fault_forget);

/*
 * fault_forget(relation) -- drop all its buffers, of all forks, and what sessions
 * remember of its files.
 *
 * damage.py changes the files of a table and its index while nobody uses them; a
 * server that has their pages in its buffers would not see it, or undo it.  What
 * was not written yet is lost, which is wanted.
 */
Datum
fault_forget(PG_FUNCTION_ARGS)
{
	Relation	relation = relation_open(PG_GETARG_OID(0), AccessExclusiveLock);
	SMgrRelation storage = RelationGetSmgr(relation);

#if PG_VERSION_NUM >= 160000
	DropRelationsAllBuffers(&storage, 1);
	CacheInvalidateSmgr(storage->smgr_rlocator);
#else
	DropRelFileNodesAllBuffers(&storage, 1);
	CacheInvalidateSmgr(storage->smgr_rnode);
#endif
	CacheInvalidateRelcache(relation);
	relation_close(relation, NoLock);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fault_receive);

/*
 * fault_receive(type, bytes) -- what the binary input function of a type makes of some
 * bytes, as text.
 */
Datum
fault_receive(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(1);
	StringInfoData message;
	Oid			receive;
	Oid			output;
	Oid			parameter;
	bool		varlena;
	Datum		value;

	getTypeBinaryInputInfo(PG_GETARG_OID(0), &receive, &parameter);
	getTypeOutputInfo(PG_GETARG_OID(0), &output, &varlena);
	initStringInfo(&message);
	appendBinaryStringInfo(&message, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	value = OidReceiveFunctionCall(receive, &message, parameter, -1);
	if (message.cursor != message.len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("incorrect binary data format")));
	PG_RETURN_TEXT_P(cstring_to_text(OidOutputFunctionCall(output, value)));
}

PG_FUNCTION_INFO_V1(fault_send);

/*
 * fault_send(type, text) -- what the binary output function of a type makes of what
 * its input function reads.
 */
Datum
fault_send(PG_FUNCTION_ARGS)
{
	Oid			input;
	Oid			send;
	Oid			parameter;
	bool		varlena;
	Datum		value;

	getTypeInputInfo(PG_GETARG_OID(0), &input, &parameter);
	getTypeBinaryOutputInfo(PG_GETARG_OID(0), &send, &varlena);
	value = OidInputFunctionCall(input, text_to_cstring(PG_GETARG_TEXT_PP(1)), parameter, -1);
	PG_RETURN_BYTEA_P(OidSendFunctionCall(send, value));
}
