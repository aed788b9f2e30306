/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  EXPLAIN (ANALYZE, VECTORX): what the index scans of one query have done.
 *
 * Servers from 18 on let an extension add options to EXPLAIN and lines to the
 * nodes of a plan.  Others have no such place, and there is nothing to be
 * loaded here.
 *
 * The figures are those of the leader: counters of scans that ran in parallel
 * workers are gone with them (pg_stat_vectorx has them).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relscan.h"
#include "commands/defrem.h"
#include "commands/explain.h"
#include "nodes/execnodes.h"

#include "compat.h"
#include "am/common/counters.h"
#include "am/common/explain.h"
#include "am/common/method.h"

#ifdef VX_HAVE_EXPLAIN_OPTIONS

#include "commands/explain_format.h"
#include "commands/explain_state.h"

static int	explain_id;
static explain_per_node_hook_type previous_per_node_hook;

/* A count that is shown: its name in text, and in other formats. */
typedef struct VxShownCount
{
	VxCount		count;
	const char *word;
	const char *label;
} VxShownCount;

static const VxShownCount shown_counts[] = {
	{VX_COUNT_SCANS, "scans", "Scans"},
	{VX_COUNT_RESUMES, "resumes", "Resumes"},
	{VX_COUNT_PAGES, "pages", "Pages Scored"},
	{VX_COUNT_NODES, "nodes", "Nodes Scored"},
	{VX_COUNT_EXACT, "exact", "Exact Distances"},
	{VX_COUNT_HEAP_FETCHES, "heap", "Heap Fetches"},
	{VX_COUNT_TOAST_FETCHES, "toast", "Toast Fetches"},
	{VX_COUNT_ROWS, "rows", "Rows Returned"}
};

/*
 * The option was given: remember whether it is on.  The state is NULL as long
 * as it is not.
 */
static void
vxn_explain_option(ExplainState *es, DefElem *option, ParseState *pstate)
{
	static bool on = true;

	SetExplainExtensionState(es, explain_id, defGetBoolean(option) ? &on : NULL);
}

/*
 * One line, in the manner of "Buffers:".
 */
static void
vxn_explain_text(const VxScanCounters *counters, ExplainState *es)
{
	ExplainIndentText(es);
	appendStringInfo(es->str, "Vector Search: %s=%d", counters->effort_name,
					 counters->effort);
	for (Size i = 0; i < lengthof(shown_counts); i++)
		appendStringInfo(es->str, " %s=" UINT64_FORMAT, shown_counts[i].word,
						 counters->counts[shown_counts[i].count]);
	appendStringInfo(es->str, " memory=%zukB\n", (counters->memory + 1023) / 1024);
}

static void
vxn_explain_group(const VxScanCounters *counters, ExplainState *es)
{
	ExplainOpenGroup("Vector Search", "Vector Search", true, es);
	ExplainPropertyInteger(counters->effort_name, NULL, counters->effort, es);
	for (Size i = 0; i < lengthof(shown_counts); i++)
		ExplainPropertyUInteger(shown_counts[i].label, NULL,
								counters->counts[shown_counts[i].count], es);
	ExplainPropertyUInteger("Memory", "kB", (counters->memory + 1023) / 1024, es);
	ExplainCloseGroup("Vector Search", "Vector Search", true, es);
}

/*
 * Hook: a node of a plan has been written.  Adds to index scans of this
 * library, if they were run.
 */
static void
vxn_explain_node(PlanState *planstate, List *ancestors, const char *relationship,
				 const char *plan_name, ExplainState *es)
{
	IndexScanDesc scan;
	const VxScanCounters *counters;

	if (previous_per_node_hook != NULL)
		previous_per_node_hook(planstate, ancestors, relationship, plan_name, es);
	if (GetExplainExtensionState(es, explain_id) == NULL || !es->analyze ||
		!IsA(planstate, IndexScanState))
		return;
	scan = ((IndexScanState *) planstate)->iss_ScanDesc;
	if (scan == NULL || !vxm_is_vector_index(scan->indexRelation))
		return;

	counters = (const VxScanCounters *) scan->opaque;
	Assert(counters != NULL);
	if (counters->counts[VX_COUNT_SCANS] == 0)
		return;
	if (es->format == EXPLAIN_FORMAT_TEXT)
		vxn_explain_text(counters, es);
	else
		vxn_explain_group(counters, es);
}

/*
 * Make the option known.  Called once when the library is loaded.
 */
void
vxn_explain_init(void)
{
	explain_id = GetExplainExtensionId("vectorx");
	RegisterExtensionExplainOption("vectorx", vxn_explain_option);
	previous_per_node_hook = explain_per_node_hook;
	explain_per_node_hook = vxn_explain_node;
}

#else

void
vxn_explain_init(void)
{
}

#endif
