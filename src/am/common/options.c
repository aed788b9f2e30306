/*-------------------------------------------------------------------------
 *
 * options.c
 *	  Settings, each described once in a table.
 *
 * A SET variable is a row of settings[], an option of CREATE INDEX ... WITH one
 * of a table in reloptions.c.  From these rows come the server's checks and
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
#include "am/common/options_internal.h"
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
bool		vxo_ef_search_is_of_session;

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
	vxo_ef_search_is_of_session = *(const bool *) extra;
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
 * Register all options and settings.  Called once when the library is loaded.
 */
void
vxo_init(void)
{
	vxo_add_reloptions();
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
	vxo_show_reloptions(result);
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
