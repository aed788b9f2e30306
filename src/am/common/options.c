/*-------------------------------------------------------------------------
 *
 * options.c
 *	  Index options and settings, each described once in a table.
 *
 * An option of CREATE INDEX ... WITH is a row of a VxReloption table, a SET
 * variable a row of settings[].  From these rows come the server's checks and
 * messages, the values that the code reads, what vectorx_options() shows and,
 * through that, the tables in doc/settings.md.  Nothing here knows what a
 * value does; the variables are read by those who use them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc_tables.h"
#include "utils/rel.h"

#include "compat.h"
#include "am/common/options.h"
#include "kernels/kernels.h"

int			vxo_ef_search;
int			vxo_iterative_scan;
int			vxo_max_scan_tuples;
double		vxo_scan_mem_multiplier;
int			vxo_probes;
int			vxo_ivfflat_iterative_scan;
int			vxo_max_probes;
int			vxo_l_value_is;
int			vxo_iterative_search;
int			vxo_diskann_max_scan_tuples;
double		vxo_diskann_scan_mem_multiplier;
int			vxo_seed;
static char *vxo_simd;

/* Whether the session, or the statement, has set hnsw.ef_search itself. */
static bool ef_search_is_of_session;

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
 * A setting that SET changes, in units of its own.  Numbers are kept as double
 * whatever their kind; min and max mean nothing for enums and strings.
 */
typedef struct VxSetting
{
	const char *name;
	enum config_type kind;
	void	   *variable;
	double		default_value;
	double		min;
	double		max;
	const struct config_enum_entry *values;
	const char *description;
	const char *detail;
	const char *default_text;	/* of a PGC_STRING */
	GucIntCheckHook check;		/* of a PGC_INT */
	GucIntAssignHook assign;
} VxSetting;

static bool vxo_check_ef_search(int *newval, void **extra, GucSource source);
static void vxo_assign_ef_search(int newval, void *extra);

/* Spelled as pgvector spells them; "on" is no value, as there. */
static const struct config_enum_entry iterative_scan_values[] = {
	{"off", VX_ITERATIVE_OFF, false},
	{"relaxed_order", VX_ITERATIVE_RELAXED, false},
	{"strict_order", VX_ITERATIVE_STRICT, false},
	{NULL, 0, false}
};

static const VxSetting settings[] = {
	{"hnsw.ef_search", PGC_INT, &vxo_ef_search, 40, 1, VXO_MAX_EF_SEARCH, NULL,
		"Sets the size of the dynamic candidate list for search",
		"Larger values find more of the true neighbours and take longer. An index may "
		"have an ef_search of its own, which holds where the session has not set this.",
	NULL, vxo_check_ef_search, vxo_assign_ef_search},
	{"hnsw.iterative_scan", PGC_ENUM, &vxo_iterative_scan, VX_ITERATIVE_STRICT, 0, 0,
		iterative_scan_values,
		"Sets the mode for iterative scans",
		"off ends a scan after ef_search rows; strict_order goes on in exact order "
	"while rows are wanted; relaxed_order goes on and may return a row late."},
	{"hnsw.max_scan_tuples", PGC_INT, &vxo_max_scan_tuples, 20000, 1, INT_MAX, NULL,
		"Sets the max number of tuples to visit for iterative scans",
	"The first batch of ef_search rows is not limited."},
	{"hnsw.scan_mem_multiplier", PGC_REAL, &vxo_scan_mem_multiplier, 1, 1, 1000, NULL,
		"Sets the multiple of work_mem to use for iterative scans",
	NULL},
	{"ivfflat.probes", PGC_INT, &vxo_probes, 1, 1, VXO_MAX_LISTS, NULL,
		"Sets the number of probes",
	"A scan reads so many lists, those whose centres are nearest to the query. With as many as the index has, it finds every row."},
	{"ivfflat.iterative_scan", PGC_ENUM, &vxo_ivfflat_iterative_scan, VX_ITERATIVE_STRICT, 0, 0,
		iterative_scan_values,
		"Sets the mode for iterative scans",
		"off ends a scan after the rows of its lists; strict_order goes on with further lists "
	"while rows are wanted, in exact order; relaxed_order does too and may return a row late."},
	{"ivfflat.max_probes", PGC_INT, &vxo_max_probes, VXO_MAX_LISTS, 1, VXO_MAX_LISTS, NULL,
		"Sets the max number of probes for iterative scans",
	"If it is less than ivfflat.probes, that counts."},
	{"diskann.l_value_is", PGC_INT, &vxo_l_value_is, 100, 10, 10000, NULL,
		"Sets the size of the candidate list for search",
	"Larger values find more of the true neighbours and take longer."},
	{"diskann.iterative_search", PGC_ENUM, &vxo_iterative_search, VX_ITERATIVE_RELAXED, 0, 0,
		iterative_scan_values,
		"Sets the mode for iterative searches",
		"off ends a scan after l_value_is rows; strict_order goes on in exact order "
	"while rows are wanted; relaxed_order goes on and may return a row late."},
	{"diskann.max_scan_tuples", PGC_INT, &vxo_diskann_max_scan_tuples, 20000, 1, INT_MAX, NULL,
		"Sets the max number of tuples to visit for iterative searches",
	"The first batch of l_value_is rows is not limited."},
	{"diskann.scan_mem_multiplier", PGC_REAL, &vxo_diskann_scan_mem_multiplier, 1, 1, 1000, NULL,
		"Sets the multiple of work_mem to use for iterative searches",
	NULL},
	{"vectorx.seed", PGC_INT, &vxo_seed, 1, 0, INT_MAX, NULL,
		"Sets the seed of index builds",
	"Equal rows in equal order and an equal seed give an equal index, if one process builds it."},
	{"vectorx.simd", PGC_STRING, &vxo_simd, 0, 0, 0, NULL,
		"Sets the instruction set that distances are computed with",
		"auto takes the best that the machine has; vectorx_version() names the others.",
	"auto"}
};

/* Settings that another library defined first, by their place in the table. */
static bool setting_is_foreign[lengthof(settings)];
static bool any_setting_is_foreign;

/*
 * Whether a setting exists already and is no mere placeholder of a SET that
 * came before the library: pgvector has settings of the same names.
 */
static bool
vxo_is_defined(const char *name)
{
	return GetConfigOption(name, true, false) != NULL &&
		(GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER) == 0;
}

/*
 * Copy the value of a setting that another library keeps.  Its bounds may be
 * narrower than ours, never wider, so the value needs no check.
 */
static void
vxo_copy_foreign(const VxSetting *setting)
{
	const char *value = GetConfigOption(setting->name, true, false);

	if (value == NULL)
		return;
	switch (setting->kind)
	{
		case PGC_INT:
			*(int *) setting->variable = atoi(value);
			break;
		case PGC_REAL:
			*(double *) setting->variable = atof(value);
			break;
		case PGC_STRING:
			break;				/* none that others have */
		default:
			for (const struct config_enum_entry *entry = setting->values; entry->name != NULL; entry++)
			{
				if (strcmp(entry->name, value) == 0)
					*(int *) setting->variable = entry->val;
			}
	}
}

/*
 * Bring the settings up to date before they are used, where another library
 * loaded into this backend defined them.
 */
void
vxo_refresh(void)
{
	for (Size i = 0; any_setting_is_foreign && i < lengthof(settings); i++)
	{
		if (setting_is_foreign[i])
			vxo_copy_foreign(&settings[i]);
	}
}

/*
 * GUC check hook of vectorx.simd: only levels that this machine has.
 */
static bool
vxo_check_simd(char **newval, void **extra, GucSource source)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);

	if (strcmp(*newval, "auto") == 0)
		return true;
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(*newval, tables[i]->name) == 0)
			return true;
	}
	GUC_check_errdetail("This machine does not support instruction set \"%s\".", *newval);
	GUC_check_errhint("SELECT vectorx_version() names the levels that are available.");
	return false;
}

/*
 * GUC assign hook: cannot fail, as the check hook let the value pass.
 */
static void
vxo_assign_simd(const char *newval, void *extra)
{
	vxk_select(newval);
}

/*
 * GUC check hook of hnsw.ef_search: lets every value pass, and notes where it
 * comes from.  What a client asks for is nearer to the query than an option of
 * the index, what a configuration file or a role has is not.
 */
static bool
vxo_check_ef_search(int *newval, void **extra, GucSource source)
{
	bool	   *of_session = (bool *) vx_guc_malloc(sizeof(bool));

	if (of_session == NULL)
		return false;
	*of_session = source >= PGC_S_CLIENT;
	*extra = of_session;
	return true;
}

static void
vxo_assign_ef_search(int newval, void *extra)
{
	ef_search_is_of_session = *(const bool *) extra;
}

/*
 * Register one setting with the server.  A placeholder of the same name gives
 * its value over; one that is out of range is dropped with a warning.
 */
static void
vxo_define(const VxSetting *setting)
{
	switch (setting->kind)
	{
		case PGC_INT:
			DefineCustomIntVariable(setting->name, setting->description, setting->detail,
									(int *) setting->variable,
									(int) setting->default_value,
									(int) setting->min, (int) setting->max,
									PGC_USERSET, 0, setting->check, setting->assign, NULL);
			break;
		case PGC_REAL:
			DefineCustomRealVariable(setting->name, setting->description, setting->detail,
									 (double *) setting->variable,
									 setting->default_value,
									 setting->min, setting->max,
									 PGC_USERSET, 0, NULL, NULL, NULL);
			break;
		case PGC_ENUM:
			DefineCustomEnumVariable(setting->name, setting->description, setting->detail,
									 (int *) setting->variable,
									 (int) setting->default_value, setting->values,
									 PGC_USERSET, 0, NULL, NULL, NULL);
			break;
		case PGC_STRING:
			DefineCustomStringVariable(setting->name, setting->description, setting->detail,
									   (char **) setting->variable,
									   setting->default_text, PGC_USERSET, 0,
									   vxo_check_simd, vxo_assign_simd, NULL);
			break;
		default:
			elog(ERROR, "unexpected kind of setting \"%s\"", setting->name);
	}
}

/*
 * Register the index options of an access method with the server.
 */
static void
vxo_add_reloptions(VxReloptionTable *table)
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

/*
 * Register all options and settings.  Called once when the library is loaded.
 */
void
vxo_init(void)
{
	for (Size i = 0; i < lengthof(reloption_tables); i++)
		vxo_add_reloptions(reloption_tables[i]);
	for (Size i = 0; i < lengthof(settings); i++)
	{
		setting_is_foreign[i] = vxo_is_defined(settings[i].name);
		any_setting_is_foreign |= setting_is_foreign[i];
		if (!setting_is_foreign[i])
			vxo_define(&settings[i]);
	}

	MarkGUCPrefixReserved("hnsw");
	MarkGUCPrefixReserved("ivfflat");
	MarkGUCPrefixReserved("vectorx");
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
	if (options.ef_search > 0 && !ef_search_is_of_session)
		return options.ef_search;
	return vxo_ef_search;
}

/* The default of a setting, as SHOW would print it. */
static const char *
vxo_default_text(const VxSetting *setting)
{
	switch (setting->kind)
	{
		case PGC_ENUM:
			return setting->values[(int) setting->default_value].name;
		case PGC_STRING:
			return setting->default_text;
		default:
			return psprintf("%g", setting->default_value);
	}
}

/* The rows of vectorx_options() about the index options of an access method. */
static void
vxo_show_reloptions(const VxReloptionTable *table, ReturnSetInfo *result)
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

VX_FUNCTION(vx_options);

/*
 * vectorx_options() -- every index option and setting: kind, name, default,
 * least, greatest, description.
 */
Datum
vx_options(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[6];
	bool		nulls[6] = {false};

	InitMaterializedSRF(fcinfo, 0);
	for (Size i = 0; i < lengthof(reloption_tables); i++)
		vxo_show_reloptions(reloption_tables[i], result);
	for (Size i = 0; i < lengthof(settings); i++)
	{
		const VxSetting *setting = &settings[i];

		values[0] = CStringGetTextDatum("setting");
		values[1] = CStringGetTextDatum(setting->name);
		values[2] = CStringGetTextDatum(vxo_default_text(setting));
		values[3] = CStringGetTextDatum(psprintf("%g", setting->min));
		values[4] = CStringGetTextDatum(psprintf("%.0f", setting->max));
		nulls[3] = nulls[4] = setting->kind == PGC_ENUM || setting->kind == PGC_STRING;
		values[5] = CStringGetTextDatum(setting->detail == NULL ? setting->description :
										psprintf("%s. %s", setting->description,
												 setting->detail));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
