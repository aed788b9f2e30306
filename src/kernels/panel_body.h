/*-------------------------------------------------------------------------
 *
 * panel_body.h
 *	  Inner products of many rows with VXK_PANEL vectors, written once over the
 *	  vector primitives of an ISA: the inner part of a matrix product.
 *
 * Included by each isa_<name>.c after dense_body.h and after it has defined
 *
 *	PANEL_ROWS				rows done together
 *	vf_set1(p)				a vector of one element in all lanes
 *	vf_keep_less(v, least, number, owners)	where a lane of v is less than least[],
 *							replace that by it, and owners[] by number
 *
 * The vectors of a panel are interleaved: element k of all of them lies together,
 * so that a lane belongs to one vector and no sum across lanes is needed, however
 * few dimensions there are.  One vector of the panel is loaded for PANEL_ROWS
 * multiply-adds, and each row's element is broadcast: with eight sums or more the
 * multiplier is what limits, not the loads.  See README.md.
 *
 *-------------------------------------------------------------------------
 */

#define PANEL_VECTORS (VXK_PANEL / V_WIDTH)

/* dimensions after which sums are put away, which bounds their roundings */
#define PANEL_CHUNK 512

StaticAssertKernel(VXK_PANEL % V_WIDTH == 0, "a panel must consist of whole vectors");

/* Loops over sums have to vanish, or the sums would live in memory. */
#if defined(__clang__)
#define PANEL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define PANEL_UNROLL _Pragma("GCC unroll 16")
#endif

/* What a tile is made of: dimensions first .. last - 1 of rows n floats apart. */
typedef struct PanelRange
{
	const float *rows;
	size_t		n;
	size_t		first;
	size_t		last;
	const float *panel;
} PanelRange;

/*
 * Add the terms of a range to out[], of `tile` rows.  `op` and `tile` are constants
 * in each caller.
 */
VX_INLINE void
panel_tile(DenseOp op, int tile, PanelRange range, float *out)
{
	Vf			sum[PANEL_ROWS][PANEL_VECTORS];

	Assert(tile <= PANEL_ROWS && range.first < range.last);
	PANEL_UNROLL
	for (int r = 0; r < tile; r++)
	{
		PANEL_UNROLL
		for (int v = 0; v < PANEL_VECTORS; v++)
			sum[r][v] = vf_zero();
	}
	for (size_t k = range.first; k < range.last; k++)
	{
		Vf			element[PANEL_VECTORS];

		PANEL_UNROLL
		for (int v = 0; v < PANEL_VECTORS; v++)
		{
			element[v] = vf_load(range.panel + k * VXK_PANEL + v * V_WIDTH);
			v_keep(element[v]);
		}
		PANEL_UNROLL
		for (int r = 0; r < tile; r++)
		{
			Vf			x = vf_set1(range.rows + r * range.n + k);

			PANEL_UNROLL
			for (int v = 0; v < PANEL_VECTORS; v++)
				sum[r][v] = dense_step(op, sum[r][v], x, element[v]);
		}
	}
	PANEL_UNROLL
	for (int r = 0; r < tile; r++)
	{
		PANEL_UNROLL
		for (int v = 0; v < PANEL_VECTORS; v++)
		{
			float	   *at = out + r * VXK_PANEL + v * V_WIDTH;

			vf_store(at, range.first == 0 ? sum[r][v] : vf_add(vf_load(at), sum[r][v]));
		}
	}
}

/* All dimensions of a tile, in chunks. */
VX_INLINE void
panel_rows(DenseOp op, int tile, const float *rows, size_t n, const float *panel, float *out)
{
	PanelRange	range = {rows, n, 0, 0, panel};

	Assert(n > 0);
	for (; range.first < n; range.first += PANEL_CHUNK)
	{
		range.last = n - range.first < PANEL_CHUNK ? n : range.first + PANEL_CHUNK;
		panel_tile(op, tile, range, out);
	}
}

/*
 * The last tile overlaps the one before: a row's sums do not depend on its
 * neighbours, so they come out the same.
 */
VX_INLINE void
panel_all(DenseOp op, const float *rows, size_t count, size_t n, const float *panel, float *out)
{
	size_t		i = 0;

	Assert(count == 0 || out != NULL);
	if (n == 0)
	{
		for (; i < count * VXK_PANEL; i++)
			out[i] = 0.0f;
		return;
	}
	if (count < PANEL_ROWS)
	{
		for (; i < count; i++)
			panel_rows(op, 1, rows + i * n, n, panel, out + i * VXK_PANEL);
		return;
	}
	for (; i + PANEL_ROWS <= count; i += PANEL_ROWS)
		panel_rows(op, PANEL_ROWS, rows + i * n, n, panel, out + i * VXK_PANEL);
	if (i < count)
	{
		i = count - PANEL_ROWS;
		panel_rows(op, PANEL_ROWS, rows + i * n, n, panel, out + i * VXK_PANEL);
	}
}

/* The entries of the table; their contracts are at VxKernels in kernels.h. */
static void
VXK(dot_panel_f32) (const float *rows, size_t count, size_t n, const float *panel, float *out)
{
	panel_all(DENSE_DOT, rows, count, n, panel, out);
}

static void
VXK(l2sq_panel_f32) (const float *rows, size_t count, size_t n, const float *panel, float *out)
{
	panel_all(DENSE_L2SQ, rows, count, n, panel, out);
}

/* NaN is less than nothing, so it is never kept */
static void
VXK(nearest_panel_f32) (const float *products, size_t count, float factor, const float *bias,
						uint32_t panel, VxNearest *nearest)
{
	Vf			multiplier = vf_set1(&factor);

	Assert(count == 0 || (products != NULL && bias != NULL && nearest != NULL));
	for (size_t i = 0; i < count; i++)
	{
		PANEL_UNROLL
		for (int v = 0; v < VXK_PANEL; v += V_WIDTH)
		{
			Vf			key = vf_fma(multiplier, vf_load(products + i * VXK_PANEL + v), vf_load(bias + v));

			vf_keep_less(key, nearest[i].key + v, panel, nearest[i].panel + v);
		}
	}
}
