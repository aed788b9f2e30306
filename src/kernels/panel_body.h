/*-------------------------------------------------------------------------
 *
 * panel_body.h
 *	  Inner products of many rows with VXK_PANEL vectors, written once over the
 *	  vector primitives of an ISA: the inner part of a matrix product.
 *
 * Included by each isa_<name>.c after dense_body.h and after it has defined
 *
 *	PANEL_ROWS				rows done together
 *	vf_set1(x)				a vector of equal elements
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

/*
 * Add the products of dimensions first .. last - 1 to out[], of `tile` rows that
 * begin n floats apart.  `tile` is a constant in each caller.
 */
VX_INLINE void
panel_tile(int tile, const float *rows, size_t n, size_t first, size_t last,
		   const float *panel, float *out)
{
	Vf			sum[PANEL_ROWS][PANEL_VECTORS];

	Assert(tile <= PANEL_ROWS && first < last);
	PANEL_UNROLL
	for (int r = 0; r < tile; r++)
	{
		PANEL_UNROLL
		for (int v = 0; v < PANEL_VECTORS; v++)
			sum[r][v] = vf_zero();
	}
	for (size_t k = first; k < last; k++)
	{
		Vf			element[PANEL_VECTORS];

		PANEL_UNROLL
		for (int v = 0; v < PANEL_VECTORS; v++)
		{
			element[v] = vf_load(panel + k * VXK_PANEL + v * V_WIDTH);
			v_keep(element[v]);
		}
		PANEL_UNROLL
		for (int r = 0; r < tile; r++)
		{
			Vf			x = vf_set1(rows + r * n + k);

			PANEL_UNROLL
			for (int v = 0; v < PANEL_VECTORS; v++)
				sum[r][v] = vf_fma(x, element[v], sum[r][v]);
		}
	}
	PANEL_UNROLL
	for (int r = 0; r < tile; r++)
	{
		PANEL_UNROLL
		for (int v = 0; v < PANEL_VECTORS; v++)
		{
			float	   *at = out + r * VXK_PANEL + v * V_WIDTH;

			vf_store(at, first == 0 ? sum[r][v] : vf_add(vf_load(at), sum[r][v]));
		}
	}
}

/* All dimensions of a tile, in chunks. */
VX_INLINE void
panel_rows(int tile, const float *rows, size_t n, const float *panel, float *out)
{
	size_t		first;

	Assert(n > 0);
	for (first = 0; first < n; first += PANEL_CHUNK)
		panel_tile(tile, rows, n, first, n - first < PANEL_CHUNK ? n : first + PANEL_CHUNK, panel, out);
}

/*
 * The entry of the table; its contract is at VxKernels in kernels.h.  The last
 * tile overlaps the one before: a row's sums do not depend on its neighbours, so
 * they come out the same.
 */
static void
VXK(dot_panel_f32) (const float *rows, size_t count, size_t n, const float *panel, float *out)
{
	size_t		i = 0;

	Assert(count == 0 || (rows != NULL && out != NULL));
	if (n == 0)
	{
		for (; i < count * VXK_PANEL; i++)
			out[i] = 0.0f;
		return;
	}
	if (count < PANEL_ROWS)
	{
		for (; i < count; i++)
			panel_rows(1, rows + i * n, n, panel, out + i * VXK_PANEL);
		return;
	}
	for (; i + PANEL_ROWS <= count; i += PANEL_ROWS)
		panel_rows(PANEL_ROWS, rows + i * n, n, panel, out + i * VXK_PANEL);
	if (i < count)
	{
		i = count - PANEL_ROWS;
		panel_rows(PANEL_ROWS, rows + i * n, n, panel, out + i * VXK_PANEL);
	}
}
