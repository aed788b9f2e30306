/*-------------------------------------------------------------------------
 *
 * options.h
 *	  Index options and settings, each described once.
 *
 * The tables behind these functions register reloptions and GUCs, check
 * them, and are what vectorx_options() shows and the documentation is made
 * from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VX_OPTIONS_H
#define VX_OPTIONS_H

#include "access/reloptions.h"
#include "utils/guc.h"

/* Options of an hnsw index, as parsed from WITH (...). */
typedef struct VxHnswOptions
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int			m;
	int			ef_construction;
	int			fillfactor;
	int			code_bits;
	int			ef_search;		/* 0: left to hnsw.ef_search */

	/* of real[] columns, 0 where not given; see vxo_hnsw_options() */
	int			dims;
	int			efconstruction;
	int			efsearch;
	int			maxelements;
} VxHnswOptions;

/* Options of an ivfflat index. */
typedef struct VxIvfflatOptions
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int			lists;
} VxIvfflatOptions;

/* Most lists of an index, and probes of a scan. */
#define VXO_MAX_LISTS		32768

/* Options of a diskann index. */
typedef struct VxDiskannOptions
{
	int32		vl_len_;		/* varlena header, not to be touched directly */
	int			max_neighbors;
	int			l_value_ib;
	int			pq_param_num_chunks;
	int			pq_param_training_samples;
	int			fillfactor;
	bool		product_quantized;
} VxDiskannOptions;

/* Greatest hnsw.ef_search. */
#define VXO_MAX_EF_SEARCH	10000

typedef enum VxIterativeScan
{
	VX_ITERATIVE_OFF,
	VX_ITERATIVE_RELAXED,
	VX_ITERATIVE_STRICT
} VxIterativeScan;

extern int	vxo_ef_search;
extern int	vxo_iterative_scan;
extern int	vxo_max_scan_tuples;
extern double vxo_scan_mem_multiplier;
extern int	vxo_probes;
extern int	vxo_ivfflat_iterative_scan;
extern int	vxo_max_probes;
extern int	vxo_l_value_is;
extern int	vxo_iterative_search;
extern int	vxo_diskann_max_scan_tuples;
extern double vxo_diskann_scan_mem_multiplier;
extern int	vxo_seed;

extern void vxo_init(void);
extern void vxo_refresh(void);
extern bytea *vxo_hnsw_reloptions(Datum reloptions, bool validate);
extern bytea *vxo_ivfflat_reloptions(Datum reloptions, bool validate);
extern void vxo_ivfflat_options(Relation index, VxIvfflatOptions *options);
extern bytea *vxo_diskann_reloptions(Datum reloptions, bool validate);
extern void vxo_diskann_options(Relation index, VxDiskannOptions *options);
extern void vxo_hnsw_options(Relation index, bool is_array, VxHnswOptions *options);
extern int	vxo_hnsw_ef_search(Relation index, bool is_array);
extern void vxo_hnsw_check_options(const VxHnswOptions *options, bool is_array);

#endif							/* VX_OPTIONS_H */
