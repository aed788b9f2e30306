/*-------------------------------------------------------------------------
 *
 * reloptions.c
 *	  Index options, each described once in a table.
 *
 * An option of CREATE INDEX ... WITH is a row of a VxReloption table.  Options
 * may be altered when the index is built: what its pages depend on is in its
 * metapage.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "compat.h"
#include "am/common/options_internal.h"

/* An integer or boolean option of an access method. */
typedef struct VxReloption
{
	const char *name;
	const char *description;
	int			default_value;
	int			min;
	int			max;
	int			offset;			/* in the parsed struct */
	LOCKMODE	lock;			/* of ALTER INDEX; 0 for an exclusive one */
	bool		is_boolean;		/* then the struct has a bool there */
} VxReloption;

static const VxReloption hnsw_reloptions[] = {
	{"m", "Max number of connections", 16, 2, 100,
	offsetof(VxHnswOptions, m)},
	{"ef_construction", "Size of the dynamic candidate list for construction", 64, 4, 1000,
	offsetof(VxHnswOptions, ef_construction)},
	{"fillfactor", "Percentage of the slots of a page that a build fills", 90, 10, 100,
	offsetof(VxHnswOptions, fillfactor)},
	{"code_bits", "Bits a dimension of the codes that searches navigate by; 0 chooses by dimensions", 0, 0, 8,
	offsetof(VxHnswOptions, code_bits)},
	{"ef_search", "Size of the dynamic candidate list for search, unless the session has set hnsw.ef_search; 0 leaves it to the setting", 0, 0, VXO_MAX_EF_SEARCH,
	offsetof(VxHnswOptions, ef_search), ShareUpdateExclusiveLock},
	{"dims", "Number of dimensions of an indexed real[] column; required for it", 0, 0, INT_MAX,
	offsetof(VxHnswOptions, dims)},
	{"efconstruction", "ef_construction of an index on real[], as pg_embedding names it", 0, 1, INT_MAX,
	offsetof(VxHnswOptions, efconstruction)},
	{"efsearch", "Size of the dynamic candidate list for search in an index on real[], instead of hnsw.ef_search", 0, 1, INT_MAX,
	offsetof(VxHnswOptions, efsearch)},
	{"maxelements", "Accepted for an index on real[], and without effect", 0, 0, INT_MAX,
	offsetof(VxHnswOptions, maxelements)}
};

static const VxReloption ivfflat_reloptions[] = {
	{"lists", "Number of inverted lists; 0 chooses by the number of rows", 100, 0, VXO_MAX_LISTS,
	offsetof(VxIvfflatOptions, lists)}
};

static const VxReloption diskann_reloptions[] = {
	{"max_neighbors", "Neighbours of a node; it keeps edges to half as many pages, at most 100", 32, 20, 1538,
	offsetof(VxDiskannOptions, max_neighbors)},
	{"l_value_ib", "Size of the candidate list for construction", 100, 10, 500,
	offsetof(VxDiskannOptions, l_value_ib)},
	{"product_quantized", "Whether pq_param_num_chunks decides how long codes are", 0, 0, 1,
	offsetof(VxDiskannOptions, product_quantized), NoLock, true},
	{"pq_param_num_chunks", "Bytes of the codes of a vector, with product_quantized; 0 chooses", 0, 0, 8000,
	offsetof(VxDiskannOptions, pq_param_num_chunks)},
	{"pq_param_training_samples", "Accepted with product_quantized, and without effect: codes are not trained", 0, 0, 1000000,
	offsetof(VxDiskannOptions, pq_param_training_samples)},
	{"fillfactor", "Percentage of the slots of a page that a build fills", 90, 10, 100,
	offsetof(VxDiskannOptions, fillfactor)}
};

/* The options of one access method. */
typedef struct VxReloptionTable
{
	const char *method;
	const VxReloption *options;
	Size		count;
	Size		parsed_size;	/* of the struct that they are parsed into */
	relopt_kind kind;			/* given by the server */
} VxReloptionTable;

static VxReloptionTable hnsw_table = {
	"hnsw", hnsw_reloptions, lengthof(hnsw_reloptions), sizeof(VxHnswOptions)
};
static VxReloptionTable ivfflat_table = {
	"ivfflat", ivfflat_reloptions, lengthof(ivfflat_reloptions), sizeof(VxIvfflatOptions)
};
static VxReloptionTable diskann_table = {
	"diskann", diskann_reloptions, lengthof(diskann_reloptions), sizeof(VxDiskannOptions)
};
static VxReloptionTable *const reloption_tables[] = {
	&hnsw_table, &ivfflat_table, &diskann_table
};

/*
 * Register the index options of an access method with the server.
 */
static void
vxo_add_table(VxReloptionTable *table)
{
	table->kind = add_reloption_kind();
	for (Size i = 0; i < table->count; i++)
	{
		const VxReloption *option = &table->options[i];
		LOCKMODE	lock = option->lock == NoLock ? AccessExclusiveLock : option->lock;

		if (option->is_boolean)
			add_bool_reloption(table->kind, option->name, option->description,
							   option->default_value != 0, lock);
		else
			add_int_reloption(table->kind, option->name, option->description,
							  option->default_value, option->min, option->max, lock);
	}
}

/* Register the index options of all access methods. */
void
vxo_add_reloptions(void)
{
	for (Size i = 0; i < lengthof(reloption_tables); i++)
		vxo_add_table(reloption_tables[i]);
}

/*
 * Parse the options of an index.  Raises what the server raises for unknown names
 * and values out of range if validate is set, as it is for new options; those
 * read back from the catalog are taken as they are.
 */
static bytea *
vxo_parse(const VxReloptionTable *table, Datum reloptions, bool validate)
{
	relopt_parse_elt *elements = palloc0_array(relopt_parse_elt, table->count);

	Assert(table->kind != 0);
	for (Size i = 0; i < table->count; i++)
	{
		elements[i].optname = table->options[i].name;
		elements[i].opttype = table->options[i].is_boolean ? RELOPT_TYPE_BOOL : RELOPT_TYPE_INT;
		elements[i].offset = table->options[i].offset;
	}
	return (bytea *) build_reloptions(reloptions, validate, table->kind,
									  table->parsed_size, elements,
									  (int) table->count);
}

/*
 * The options of an index, defaults where none were given.
 */
static void
vxo_read(const VxReloptionTable *table, Relation index, void *options)
{
	memset(options, 0, table->parsed_size);
	for (Size i = 0; i < table->count; i++)
	{
		char	   *place = (char *) options + table->options[i].offset;

		if (table->options[i].is_boolean)
			*(bool *) place = table->options[i].default_value != 0;
		else
			*(int *) place = table->options[i].default_value;
	}
	if (index->rd_options != NULL)
		memcpy(options, index->rd_options, table->parsed_size);
}

/* amoptions of hnsw */
bytea *
vxo_hnsw_reloptions(Datum reloptions, bool validate)
{
	return vxo_parse(&hnsw_table, reloptions, validate);
}

/* amoptions of ivfflat */
bytea *
vxo_ivfflat_reloptions(Datum reloptions, bool validate)
{
	return vxo_parse(&ivfflat_table, reloptions, validate);
}

/* amoptions of diskann */
bytea *
vxo_diskann_reloptions(Datum reloptions, bool validate)
{
	return vxo_parse(&diskann_table, reloptions, validate);
}

/*
 * The options of an ivfflat index.  The number of lists that it has is in its
 * metapage.
 */
void
vxo_ivfflat_options(Relation index, VxIvfflatOptions *options)
{
	vxo_read(&ivfflat_table, index, options);
}

/*
 * The options of a diskann index.  What its pages depend on is in its metapage.
 */
void
vxo_diskann_options(Relation index, VxDiskannOptions *options)
{
	vxo_read(&diskann_table, index, options);
}

/*
 * Make of the options of a real[] index, which has those of pg_embedding, what
 * the others have: its efconstruction may be any number.
 */
static void
vxo_translate_array_options(VxHnswOptions *options)
{
	int			most = hnsw_reloptions[1].max;

	if (options->efconstruction > 0)
		options->ef_construction = Min(options->efconstruction, most);
	options->ef_construction = Max(options->ef_construction, 2 * options->m);
	options->efsearch = Min(options->efsearch, VXO_MAX_EF_SEARCH);
}

/*
 * Refuse the options of pg_embedding on columns that are no arrays, in the
 * words in which an unknown option is refused.
 */
static void
vxo_refuse_array_options(const VxHnswOptions *options)
{
	const char *name = options->dims > 0 ? "dims" :
		options->efconstruction > 0 ? "efconstruction" :
		options->efsearch > 0 ? "efsearch" :
		options->maxelements > 0 ? "maxelements" : NULL;

	if (name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized parameter \"%s\"", name),
				 errhint("This option is for columns of type real[]. Others have m and ef_construction, and SET hnsw.ef_search.")));
}

/*
 * Check the options of an index that is to be built.
 */
void
vxo_hnsw_check_options(const VxHnswOptions *options, bool is_array)
{
	if (!is_array)
		vxo_refuse_array_options(options);
	else if (options->dims == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("HNSW index requires 'dims' to be specified"),
				 errhint("Add WITH (dims = n), n being the length of the arrays.")));
	if (options->ef_construction < 2 * options->m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ef_construction must be greater than or equal to 2 * m"),
				 errhint("Use WITH (m = %d, ef_construction = %d).",
						 options->m, 2 * options->m)));
}

/*
 * The options of an index, defaults where none were given.  Options may have
 * been altered since the index was built: what its pages depend on is read
 * from the metapage, not from here.  is_array: the column is of type real[].
 */
void
vxo_hnsw_options(Relation index, bool is_array, VxHnswOptions *options)
{
	vxo_read(&hnsw_table, index, options);
	if (is_array)
		vxo_translate_array_options(options);
}

/*
 * The ef_search of a query on an index: what the session has set, else what the
 * index has, else the setting as it comes from the configuration.  An index on
 * real[] that has efsearch is searched with that, as pg_embedding does it.
 * Expects vxo_refresh().
 */
int
vxo_hnsw_ef_search(Relation index, bool is_array)
{
	VxHnswOptions options;

	vxo_hnsw_options(index, is_array, &options);
	if (is_array && options.efsearch > 0)
		return options.efsearch;
	if (options.ef_search > 0 && !vxo_ef_search_is_of_session)
		return options.ef_search;
	return vxo_ef_search;
}

/* The rows of vectorx_options() about the index options of an access method. */
static void
vxo_show_table(const VxReloptionTable *table, ReturnSetInfo *result)
{
	Datum		values[6];
	bool		nulls[6] = {false};

	for (Size i = 0; i < table->count; i++)
	{
		const VxReloption *option = &table->options[i];

		values[0] = CStringGetTextDatum(psprintf("%s index option", table->method));
		values[1] = CStringGetTextDatum(option->name);
		values[2] = CStringGetTextDatum(option->is_boolean ?
										(option->default_value ? "true" : "false") :
										psprintf("%d", option->default_value));
		values[3] = CStringGetTextDatum(psprintf("%d", option->min));
		values[4] = CStringGetTextDatum(psprintf("%d", option->max));
		nulls[3] = nulls[4] = option->is_boolean;
		values[5] = CStringGetTextDatum(option->description);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* The rows of vectorx_options() about index options. */
void
vxo_show_reloptions(ReturnSetInfo *result)
{
	for (Size i = 0; i < lengthof(reloption_tables); i++)
		vxo_show_table(reloption_tables[i], result);
}
