/*-------------------------------------------------------------------------
 *
 * overflow.c
 *	  Candidates that have no place in the beam, kept for a resumed search.
 *
 * A binary heap whose order is restored lazily.  It does not know what a
 * candidate means beyond its estimate.  Explained in graph/README.md.
 *
 * Estimates are never NaN (quantize/README.md, invariant Q4, and the search turns
 * what is no number into infinity): all comparisons here rely on it.
 *
 *-------------------------------------------------------------------------
 */
#include "graph/overflow.h"

#include <math.h>
#include <string.h>

/* 48 kB: what a short search leaves over fits without growing */
#define INITIAL_CAPACITY	2048

/* Allocates nothing: a search whose beam holds all there is never needs to. */
void
vxg_overflow_init(VxOverflow *overflow, const VxHost *host)
{
	memset(overflow, 0, sizeof(*overflow));
	overflow->host = host;
}

/* Leaves an empty store that could be used again. */
void
vxg_overflow_free(VxOverflow *overflow)
{
	if (overflow->items != NULL)
		overflow->host->release(overflow->host->context, overflow->items);
	vxg_overflow_init(overflow, overflow->host);
}

/* Keeps the memory for the next search of the scan. */
void
vxg_overflow_clear(VxOverflow *overflow)
{
	overflow->count = 0;
	overflow->heaped = 0;
	overflow->truncated = false;
}

/* What is taken, not what is used: that is what a memory limit is about. */
size_t
vxg_overflow_memory(const VxOverflow *overflow)
{
	return overflow->capacity * sizeof(VxOverflowItem);
}

/* Whole items are moved: three words, and the heap stays one array. */
static inline void
swap_items(VxOverflowItem *a, VxOverflowItem *b)
{
	VxOverflowItem keep = *a;

	*a = *b;
	*b = keep;
}

/*
 * Moves the item at the root of a subtree down to its place in a heap of n; both
 * subtrees below it are heaps.  The item is held aside and written once, so a
 * level costs one move and not a swap.  O(log n).
 */
static void
sift_down(VxOverflowItem *items, size_t n, size_t root)
{
	VxOverflowItem moving = items[root];

	Assert(root < n);
	for (;;)
	{
		size_t		child = 2 * root + 1;

		if (child >= n)
			break;
		if (child + 1 < n && items[child + 1].estimate < items[child].estimate)
			child++;
		if (!(items[child].estimate < moving.estimate))
			break;
		items[root] = items[child];
		root = child;
	}
	items[root] = moving;
}

/*
 * Moves an item up from its place until its parent is as near.  Of random arrivals
 * most stop after a step or two, for they are farther than what is there.
 */
static void
sift_up(VxOverflowItem *items, size_t place)
{
	VxOverflowItem moving = items[place];

	Assert(!isnan(moving.estimate));
	while (place > 0)
	{
		size_t		parent = (place - 1) / 2;

		if (!(moving.estimate < items[parent].estimate))
			break;
		items[place] = items[parent];
		place = parent;
	}
	items[place] = moving;
}

/*
 * Brings appended items into the heap.  Few are sifted up one by one; many
 * make it cheaper to build the heap anew, in linear time (Floyd).  The first
 * resumption of a scan takes the second way, later ones mostly the first.
 */
static void
restore_heap(VxOverflow *overflow)
{
	size_t		appended = overflow->count - overflow->heaped;

	if (appended <= overflow->heaped / 8)
	{
		while (overflow->heaped < overflow->count)
			sift_up(overflow->items, overflow->heaped++);
	}
	else
	{
		for (size_t root = overflow->count / 2; root-- > 0;)
			sift_down(overflow->items, overflow->count, root);
		overflow->heaped = overflow->count;
	}
	Assert(overflow->heaped == overflow->count);
}

/*
 * The order is restored here and not on appending, because most scans never
 * come here.  Taking one shrinks count and heaped together: what remains is a
 * heap throughout, and appends may follow.
 */
bool
vxg_overflow_take(VxOverflow *overflow, VxOverflowItem *item)
{
	Assert(overflow->heaped <= overflow->count);
	Assert(overflow->count <= overflow->capacity);
	if (overflow->heaped < overflow->count)
		restore_heap(overflow);
	if (overflow->count == 0)
		return false;
	*item = overflow->items[0];
	overflow->items[0] = overflow->items[--overflow->count];
	overflow->heaped = overflow->count;
	if (overflow->count > 0)
		sift_down(overflow->items, overflow->count, 0);
	return true;
}

/*
 * Puts the `keep` nearest items first, in no order (Hoare's selection).  The
 * middle of three as pivot keeps sorted and equal input linear: what a search
 * appends is often nearly ascending.  The pivot stands between low and high, so
 * it stops both scans and no bound need be tested in them.
 */
static void
partition_nearest(VxOverflowItem *items, size_t count, size_t keep)
{
	size_t		low = 0;
	size_t		high = count - 1;

	Assert(keep > 0 && keep < count);
	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;
		size_t		i = low;
		size_t		j = high;
		float		pivot;

		if (items[middle].estimate < items[low].estimate)
			swap_items(&items[middle], &items[low]);
		if (items[high].estimate < items[low].estimate)
			swap_items(&items[high], &items[low]);
		if (items[high].estimate < items[middle].estimate)
			swap_items(&items[high], &items[middle]);
		pivot = items[middle].estimate;
		Assert(items[low].estimate <= pivot && pivot <= items[high].estimate);
		for (;;)
		{
			while (items[i].estimate < pivot)
				i++;
			while (pivot < items[j].estimate)
				j--;
			if (i >= j)
				break;
			swap_items(&items[i++], &items[j--]);
		}
		/* everything up to j is <= pivot, everything behind it is >= pivot */
		if (keep - 1 <= j)
			high = j;
		else
			low = j + 1;
	}
}

/*
 * Half at a time, so that the linear work is spread over as many appends.  From
 * then on the search can miss nodes when resumed, which `truncated` remembers.
 */
static void
drop_farther_half(VxOverflow *overflow)
{
	size_t		keep = overflow->count / 2;

	if (keep > 0)
		partition_nearest(overflow->items, overflow->count, keep);
	overflow->count = keep;
	overflow->heaped = 0;
	overflow->truncated = true;
}

/* Old and new array exist together for a moment; the caller has counted both. */
static void
grow(VxOverflow *overflow, size_t capacity)
{
	VxOverflowItem *items;

	Assert(capacity >= overflow->count);
	items = overflow->host->allocate(overflow->host->context,
									 capacity * sizeof(VxOverflowItem));
	if (overflow->items != NULL)
	{
		memcpy(items, overflow->items, overflow->count * sizeof(VxOverflowItem));
		overflow->host->release(overflow->host->context, overflow->items);
	}
	overflow->items = items;
	overflow->capacity = capacity;
}

/*
 * Doubling keeps the copying linear in what is appended.  Called with no page
 * open, before each page: appends themselves must not allocate.
 */
void
vxg_overflow_reserve(VxOverflow *overflow, size_t more, size_t limit)
{
	size_t		wanted = overflow->capacity;

	Assert(overflow->count <= overflow->capacity);
	if (overflow->count + more <= overflow->capacity)
		return;
	if (wanted < INITIAL_CAPACITY)
		wanted = INITIAL_CAPACITY;
	while (wanted < overflow->count + more)
		wanted *= 2;
	if (overflow->capacity == 0 ||
		(wanted + overflow->capacity) * sizeof(VxOverflowItem) <= limit)
	{
		grow(overflow, wanted);
		return;
	}
	drop_farther_half(overflow);

	/* A page of more slots than half the store holds: rare, and small. */
	if (overflow->count + more > overflow->capacity)
		grow(overflow, overflow->count + more);
}
