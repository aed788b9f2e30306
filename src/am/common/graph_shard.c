/*-------------------------------------------------------------------------
 *
 * graph_shard.c
 *	  Dividing the rows of a build into shards that fit into memory.
 *
 * Pivots are rows drawn from the table.  They are put into groups of nearby
 * pivots with equal shares of a sample, one group a shard; then every row is
 * compared with all pivots.  Distances are estimates between codes, so that
 * this works for every type and metric alike.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/graph_build_internal.h"
#include "am/common/graph_shard.h"
#include "base/rng.h"

/* Pivots in all, and for one shard at most. */
#define VXB_PIVOTS				512
#define VXB_PIVOTS_PER_SHARD	16

/* Rows of the sample that a pivot is weighed with. */
#define VXB_SAMPLES_PER_PIVOT	32

/*
 * Parts of a shard's room that rows at home take if all shards are alike, and
 * may take at most.  The rest is for guests, of which there are as many.
 */
#define VXB_USUAL_HOME			0.42
#define VXB_MOST_HOME			0.54

/*
 * Share of the rows, those nearest to another shard, that are its guests where
 * shards are few and most rows far from a border.  Of more shards all rows are.
 */
#define VXB_GUESTS				0.65
#define VXB_FEW_SHARDS			4

/* Pivots, and the group of each; codes and factors as the estimator wants them. */
typedef struct VxPivots
{
	VxIndex    *index;
	VxSpool    *spool;
	int			count;
	int			groups;
	uint8	   *codes;
	float	   *factors;		/* add, scale and error, each of all pivots */
	VxCodeArray array;
	uint32	   *group;
	double	   *weight;			/* share of the sample */
	VxCodeQuery *query;
	float	   *estimate;
	float	   *nearest;		/* of each group */
	float		margin;			/* how much farther the other group of a guest may be */
	MemoryContext row_context;
} VxPivots;

/* Prepare a row of the spool as the query. */
static void
vxb_query_row(VxPivots *pivots, uint32 row)
{
	VxIndex    *index = pivots->index;
	MemoryContext old = MemoryContextSwitchTo(pivots->row_context);

	vxq_query_prepare(&index->codec, vxb_image(index, vxb_spool_read(pivots->spool, row, NULL)),
					  VX_QUERY_LINK, index->scratch, pivots->query);
	MemoryContextSwitchTo(old);
	MemoryContextReset(pivots->row_context);
	vxq_estimate(pivots->query, &pivots->array, NULL, pivots->count, pivots->estimate, NULL);
}

/*
 * Draw one pivot from each of equal stretches of the spool, so that they are
 * read in order.
 */
static void
vxb_draw_pivots(VxPivots *pivots)
{
	VxIndex    *index = pivots->index;
	VxRandom	random;

	vxr_seed(&random, index->meta.data.seed);
	for (int i = 0; i < pivots->count; i++)
	{
		uint64		rows = pivots->spool->count;
		uint32		first = (uint32) (rows * i / pivots->count);
		uint32		end = (uint32) (rows * (i + 1) / pivots->count);
		uint32		row = first + (uint32) vxr_below(&random, Max(end - first, 1));
		MemoryContext old = MemoryContextSwitchTo(pivots->row_context);
		VxFactors	factors;

		vxq_encode(&index->codec, vxb_image(index, vxb_spool_read(pivots->spool, row, NULL)),
				   index->scratch, pivots->codes + i * index->codec.code_bytes, &factors);
		pivots->factors[i] = factors.add;
		pivots->factors[pivots->count + i] = factors.scale;
		pivots->factors[2 * pivots->count + i] = factors.error;
		MemoryContextSwitchTo(old);
		MemoryContextReset(pivots->row_context);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Share of the rows that are nearest to each pivot, by a sample in order. */
static void
vxb_weigh_pivots(VxPivots *pivots)
{
	uint64		rows = pivots->spool->count;
	uint64		samples = Min(rows, (uint64) pivots->count * VXB_SAMPLES_PER_PIVOT);

	for (uint64 i = 0; i < samples; i++)
	{
		int			nearest = 0;

		vxb_query_row(pivots, (uint32) (rows * i / samples));
		for (int k = 1; k < pivots->count; k++)
		{
			if (pivots->estimate[k] < pivots->estimate[nearest])
				nearest = k;
		}
		pivots->weight[nearest] += 1.0 / samples;
		CHECK_FOR_INTERRUPTS();
	}
}

/* The pivot without a group that is nearest to the current query, or -1. */
static int
vxb_nearest_free(const VxPivots *pivots)
{
	int			nearest = -1;

	for (int i = 0; i < pivots->count; i++)
	{
		if (pivots->group[i] == VXB_NO_SHARD &&
			(nearest < 0 || pivots->estimate[i] < pivots->estimate[nearest]))
			nearest = i;
	}
	return nearest;
}

/*
 * Put pivots into groups: from one without a group, the nearest ones are added
 * until the group has its share of the sample.
 */
static void
vxb_group_pivots(VxPivots *pivots)
{
	int			seed = 0;

	for (int i = 0; i < pivots->count; i++)
		pivots->group[i] = VXB_NO_SHARD;
	for (int group = 0; group < pivots->groups; group++)
	{
		VxFactors	factors;
		double		weight = 0;
		int			next = seed;

		while (seed < pivots->count && pivots->group[seed] != VXB_NO_SHARD)
			next = ++seed;
		if (seed == pivots->count)
			break;
		factors.add = pivots->factors[seed];
		factors.scale = pivots->factors[pivots->count + seed];
		factors.error = pivots->factors[2 * pivots->count + seed];
		vxq_query_from_code(&pivots->index->codec,
							pivots->codes + seed * pivots->index->codec.code_bytes,
							&factors, pivots->query);
		vxq_estimate(pivots->query, &pivots->array, NULL, pivots->count, pivots->estimate, NULL);
		while (next >= 0 && (weight < 1.0 / pivots->groups || group == pivots->groups - 1))
		{
			pivots->group[next] = group;
			weight += pivots->weight[next];
			next = vxb_nearest_free(pivots);
		}
	}
}

static VxPivots *
vxb_make_pivots(VxIndex *index, VxSpool *spool, int groups)
{
	VxPivots   *pivots = palloc0_object(VxPivots);
	int			count = groups * Max(1, Min(VXB_PIVOTS_PER_SHARD, VXB_PIVOTS / groups));

	pivots->index = index;
	pivots->spool = spool;
	pivots->count = count;
	pivots->groups = groups;
	pivots->codes = palloc_extended(count * index->codec.code_bytes, MCXT_ALLOC_HUGE);
	pivots->factors = palloc_array(float, 3 * count);
	pivots->array.codes = pivots->codes;
	pivots->array.stride = index->codec.code_bytes;
	pivots->array.add = pivots->factors;
	pivots->array.scale = pivots->factors + count;
	pivots->array.error = pivots->factors + 2 * count;
	pivots->group = palloc_array(uint32, count);
	pivots->weight = palloc0_array(double, count);
	pivots->query = palloc(vxq_query_size(&index->codec));
	pivots->estimate = palloc_array(float, count);
	pivots->nearest = palloc_array(float, groups);
	pivots->row_context = AllocSetContextCreate(CurrentMemoryContext, "vectorx shard row",
												ALLOCSET_DEFAULT_SIZES);
	vxb_draw_pivots(pivots);
	vxb_weigh_pivots(pivots);
	vxb_group_pivots(pivots);
	return pivots;
}

/* The nearest group with room other than the one given; VXB_NO_SHARD if none. */
static uint16
vxb_nearest_group(const VxPivots *pivots, const uint32 *used, uint32 room, uint16 other)
{
	uint16		nearest = VXB_NO_SHARD;

	for (int group = 0; group < pivots->groups; group++)
	{
		if (group == other || used[group] >= room || pivots->nearest[group] == FLT_MAX)
			continue;
		if (nearest == VXB_NO_SHARD || pivots->nearest[group] < pivots->nearest[nearest])
			nearest = (uint16) group;
	}
	return nearest;
}

/* How far the current query is from each group: from its nearest pivot. */
static void
vxb_measure_groups(VxPivots *pivots)
{
	for (int group = 0; group < pivots->groups; group++)
		pivots->nearest[group] = FLT_MAX;
	for (int i = 0; i < pivots->count; i++)
	{
		float	   *nearest = &pivots->nearest[pivots->group[i]];

		*nearest = Min(*nearest, pivots->estimate[i]);
	}
}

static int
vxb_compare_margins(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return (x > y) - (x < y);
}

/*
 * How much farther the second nearest group may be for a row to be its guest, so
 * that VXB_GUESTS of the rows are, by a sample, if shards are few.  A difference and not a ratio, as
 * keys of inner products have either sign.
 */
static void
vxb_choose_margin(VxPivots *pivots)
{
	uint32		unlimited[VXB_FEW_SHARDS] = {0};
	uint64		rows = pivots->spool->count;
	int			samples = (int) Min(rows, (uint64) pivots->count * VXB_SAMPLES_PER_PIVOT);
	float	   *margins;

	pivots->margin = FLT_MAX;
	if (pivots->groups > VXB_FEW_SHARDS)
		return;
	Assert(samples > 0);
	margins = palloc_array(float, samples);
	for (int i = 0; i < samples; i++)
	{
		uint16		home;
		uint16		other;

		vxb_query_row(pivots, (uint32) (rows * i / samples));
		vxb_measure_groups(pivots);
		home = vxb_nearest_group(pivots, unlimited, 1, VXB_NO_SHARD);
		other = vxb_nearest_group(pivots, unlimited, 1, home);
		margins[i] = home == VXB_NO_SHARD || other == VXB_NO_SHARD ? FLT_MAX :
			pivots->nearest[other] - pivots->nearest[home];
		CHECK_FOR_INTERRUPTS();
	}
	qsort(margins, samples, sizeof(float), vxb_compare_margins);
	pivots->margin = margins[(int) (VXB_GUESTS * (samples - 1))];
	pfree(margins);
}

/* Give a row its home, and a place as a guest if there is one. */
static void
vxb_place_row(VxShards *shards, VxPivots *pivots, uint32 row)
{
	VxShardPlace *place = &shards->places[row];

	vxb_query_row(pivots, row);
	vxb_measure_groups(pivots);
	place->home = vxb_nearest_group(pivots, shards->homes, shards->home_room, VXB_NO_SHARD);

	/* no group that has pivots has room: any that has will do */
	for (int group = 0; place->home == VXB_NO_SHARD; group++)
	{
		Assert(group < shards->count);
		if (shards->homes[group] < shards->home_room)
			place->home = (uint16) group;
	}
	shards->homes[place->home]++;
	place->guest = vxb_nearest_group(pivots, shards->guests, shards->guest_room, place->home);
	if (place->guest != VXB_NO_SHARD &&
		pivots->nearest[place->guest] - pivots->nearest[place->home] > pivots->margin)
		place->guest = VXB_NO_SHARD;
	if (place->guest != VXB_NO_SHARD)
		shards->guests[place->guest]++;
}

/*
 * Divide all rows of the spool into shards of at most `capacity` rows, guests
 * included.  Reads the spool once in order, after a sample.
 */
VxShards *
vxb_shards_divide(VxIndex *index, VxSpool *spool, uint32 capacity)
{
	VxShards   *shards = palloc0_object(VxShards);
	double		wanted = spool->count / (VXB_USUAL_HOME * capacity);
	VxPivots   *pivots;

	if (wanted > VXB_MAX_SHARDS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("maintenance_work_mem is too small for an index of %u rows", spool->count),
				 errhint("Increase maintenance_work_mem.")));
	shards->count = Max(2, (int) wanted + 1);
	shards->home_room = Max(1, (uint32) (VXB_MOST_HOME * capacity));
	shards->guest_room = capacity - shards->home_room;
	shards->places = palloc_extended(spool->count * sizeof(VxShardPlace), MCXT_ALLOC_HUGE);
	shards->homes = palloc0_array(uint32, shards->count);
	shards->guests = palloc0_array(uint32, shards->count);
	Assert((uint64) shards->count * shards->home_room >= spool->count);

	pivots = vxb_make_pivots(index, spool, shards->count);
	vxb_choose_margin(pivots);
	for (uint32 row = 0; row < spool->count; row++)
	{
		vxb_place_row(shards, pivots, row);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(pivots->row_context);
	return shards;
}
