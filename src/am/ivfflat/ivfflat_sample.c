/*-------------------------------------------------------------------------
 *
 * ivfflat_sample.c
 *	  The centroids of a new ivfflat index: k-means over a sample of the table.
 *
 * Blocks are drawn as ANALYZE does, and of their rows a reservoir with equal
 * probability for each.  Sample and k-means together stay within
 * maintenance_work_mem.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/sampling.h"

#include "compat.h"
#include "am/ivfflat/ivfflat_build.h"

/* Samples wanted for each list, and at least. */
#define IVFFLAT_SAMPLES_PER_LIST	50
#define IVFFLAT_LEAST_SAMPLES		20000

typedef struct IvfflatSample
{
	IvfflatIndex *index;
	VxClusterState *state;
	size_t		wanted;
	size_t		taken;
	double		seen;			/* rows that could have been taken */
	double		to_skip;		/* rows until the next that is taken; -1: draw */
	ReservoirStateData reservoir;
	MemoryContext row_context;	/* reset after each row */
} IvfflatSample;

/*
 * Give a row as sample i.  False if it has no place in the index.
 */
static bool
ivfflat_take_sample(IvfflatSample *sample, size_t i, Datum datum)
{
	const IvfflatIndex *index = sample->index;
	MemoryContext old = MemoryContextSwitchTo(sample->row_context);
	VxIndexValue value;
	bool		taken;

	Assert(i < sample->wanted);
	vxi_value(index->opclass, (int) index->meta.data.dimensions,
			  PointerGetDatum(PG_DETOAST_DATUM(datum)), &value);
	taken = value.indexed && vxc_set_sample(sample->state, i, value.image);
	MemoryContextSwitchTo(old);
	MemoryContextReset(sample->row_context);
	return taken;
}

/*
 * Callback of the table scan: algorithm Z of Vitter (1985), as ANALYZE has it.
 * Rows are detoasted only if they are taken.
 */
static void
ivfflat_sample_row(Relation relation, ItemPointer tid, Datum *values,
				   bool *isnull, bool tuple_is_alive, void *state)
{
	IvfflatSample *sample = (IvfflatSample *) state;

	if (isnull[0])
		return;
	if (sample->taken < sample->wanted)
	{
		if (ivfflat_take_sample(sample, sample->taken, values[0]))
			sample->taken++;
	}
	else
	{
		if (sample->to_skip < 0)
			sample->to_skip = reservoir_get_next_S(&sample->reservoir, sample->seen,
												   (int) sample->wanted);
		if (sample->to_skip <= 0)
		{
			size_t		place = (size_t)
				(sample->wanted * sampler_random_fract(&sample->reservoir.randstate));

			ivfflat_take_sample(sample, Min(place, sample->wanted - 1), values[0]);
		}
		sample->to_skip -= 1;
	}
	sample->seen += 1;
}

/*
 * Read random blocks of the table.
 */
static void
ivfflat_sample_table(IvfflatSample *sample, Relation heap,
					 struct IndexInfo *index_info)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(heap);
	uint32		seed = (uint32) sample->index->meta.data.seed;
	BlockSamplerData sampler;

	Assert(sample->wanted >= 1 && sample->wanted <= PG_INT32_MAX);
	BlockSampler_Init(&sampler, blocks, (int) sample->wanted, seed);
	reservoir_init_selection_state(&sample->reservoir, (int) sample->wanted);
	sampler_random_init_state(seed, &sample->reservoir.randstate);
	sample->to_skip = -1;
	while (BlockSampler_HasMore(&sampler))
	{
		BlockNumber block = BlockSampler_Next(&sampler);

		vx_vacuum_delay_point();
		table_index_build_range_scan(heap, sample->index->relation, index_info,
									 false, !index_info->ii_Concurrent, false, block, 1,
									 ivfflat_sample_row, sample, NULL);
	}
}

/*
 * What is to be clustered, and with how many samples: as many as
 * maintenance_work_mem holds.  Error if they are fewer than lists and the table may
 * have more.  heap is NULL for an index without rows.
 */
void
ivfflat_cluster_parameters(const IvfflatIndex *index, Relation heap,
						   VxClusterParameters *parameters)
{
	double		most = heap == NULL ? 1.0 :
		(double) RelationGetNumberOfBlocks(heap) * MaxHeapTuplesPerPage;
	size_t		memory = (size_t) maintenance_work_mem * 1024;
	size_t		wanted;

	memset(parameters, 0, sizeof(*parameters));
	parameters->metric = index->opclass->metric;
	parameters->dims = (int) index->meta.data.code_dimensions;
	parameters->lists = (int) index->meta.data.lists;
	parameters->seed = index->meta.data.seed;
	wanted = Max((size_t) IVFFLAT_SAMPLES_PER_LIST * parameters->lists,
				 IVFFLAT_LEAST_SAMPLES);
	wanted = (size_t) Max(1.0, Min((double) wanted, most));
	parameters->rows = vxc_sample_rows(parameters, wanted, memory);
	if (parameters->rows < Min(wanted, (size_t) parameters->lists))
	{
		parameters->rows = Min(wanted, (size_t) parameters->lists);
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("memory required is %zu MB, maintenance_work_mem is %d MB",
						vxc_state_size(parameters) / (1024 * 1024) + 1,
						maintenance_work_mem / 1024),
				 errhint("Increase maintenance_work_mem, or use fewer lists.")));
	}
}

/*
 * Make a state of k-means in the memory given, and begin it with samples of the
 * table; heap is NULL for none.
 */
void
ivfflat_take_samples(IvfflatIndex *index, Relation heap, struct IndexInfo *index_info,
					 const VxClusterParameters *parameters, VxClusterState *state)
{
	IvfflatSample sample;

	memset(&sample, 0, sizeof(sample));
	sample.index = index;
	sample.wanted = parameters->rows;
	sample.state = state;
	vxc_init(state, parameters);
	if (heap != NULL)
	{
		sample.row_context = AllocSetContextCreate(CurrentMemoryContext,
												   "ivfflat sample row",
												   ALLOCSET_DEFAULT_SIZES);
		ivfflat_sample_table(&sample, heap, index_info);
		MemoryContextDelete(sample.row_context);
		if (sample.taken < index->meta.data.lists)
			ereport(NOTICE,
					(errmsg("ivfflat index created with little data"),
					 errdetail("This will cause low recall."),
					 errhint("Drop the index until the table has more data.")));
	}
	vxc_start(state, sample.taken);
}
