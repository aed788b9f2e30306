/*-------------------------------------------------------------------------
 *
 * order.c
 *	  Lists in order of their keys, as far as they are asked for.
 *
 * A binary heap over the numbers of the lists: made in linear time, and every
 * further list costs a logarithm whatever the keys are, so that a scan may come
 * back for more lists at any time.  See src/cluster/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "cluster/assign.h"

#include <stdbool.h>

/* Does list a come before list b?  NaN comes last. */
static inline bool
comes_before(const float *keys, uint32_t a, uint32_t b)
{
	float		x = keys[a];
	float		y = keys[b];

	if (x == y || (x != x && y != y))
		return a < b;
	return x < y || y != y;
}

/* Let the list at place i sink until none of the two below it comes before it. */
static void
sink(VxListOrder *order, size_t i)
{
	uint32_t   *heap = order->lists;
	uint32_t	list = heap[i];
	size_t		child;

	Assert(i < order->left);
	for (; (child = 2 * i + 1) < order->left; i = child)
	{
		if (child + 1 < order->left && comes_before(order->keys, heap[child + 1], heap[child]))
			child++;
		if (!comes_before(order->keys, heap[child], list))
			break;
		heap[i] = heap[child];
	}
	heap[i] = list;
}

void
vxc_order_init(VxListOrder *order, const float *keys, uint32_t *lists, size_t count)
{
	size_t		i;

	Assert(count == 0 || (keys != NULL && lists != NULL));
	Assert(count < UINT32_MAX);
	order->keys = keys;
	order->lists = lists;
	order->left = count;
	for (i = 0; i < count; i++)
		lists[i] = (uint32_t) i;
	for (i = count / 2; i-- > 0;)
		sink(order, i);
}

uint32_t
vxc_order_next(VxListOrder *order)
{
	uint32_t	next;

	if (order->left == 0)
		return UINT32_MAX;
	next = order->lists[0];
	order->lists[0] = order->lists[--order->left];
	if (order->left > 0)
		sink(order, 0);
	return next;
}
