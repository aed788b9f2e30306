/*-------------------------------------------------------------------------
 *
 * directory.c
 *	  Entries to the base layer by the terms of a value.
 *
 * Of values that have terms, such as sparse vectors, two may be near by one rare
 * term alone.  Their neighbours have other terms, so the graph does not lead from
 * one to the other.  The directory (storage/term_page.c) has for each term
 * the pages where it weighs most, and searches begin there as well.
 *
 * See "Entry directory" in README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "am/common/directory.h"
#include "am/common/graph_insert_internal.h"

/* A page that the directory names, and how near a row on it may be to the query. */
typedef struct VxEntry
{
	float		promise;
	BlockNumber block;
} VxEntry;

/*
 * Keep a page if it promises more than the last of the best so far, which are in
 * order, each once; returns their number.
 */
static int
vxi_offer_entry(VxEntry *best, int count, BlockNumber block, float promise)
{
	int			at;

	if (count == VXI_DIRECTORY_ENTRIES && promise <= best[count - 1].promise)
		return count;
	for (at = 0; at < count && best[at].block != block; at++)
		;
	if (at < count && promise <= best[at].promise)
		return count;
	if (at == count && count < VXI_DIRECTORY_ENTRIES)
		count++;
	for (at = Min(at, count - 1); at > 0 && best[at - 1].promise < promise; at--)
		best[at] = best[at - 1];
	best[at].block = block;
	best[at].promise = promise;
	return count;
}

/*
 * The pages from which a query is searched beside those of the descent, in entries
 * (room for VXI_DIRECTORY_ENTRIES): of those that the directory names for its
 * heaviest terms the ones where the product of the weights, of the term in the
 * query and on the page, is largest.  Returns their number.  Takes share locks on
 * pages of the directory, one at a time.
 */
int
vxi_directory_entries(VxReader *reader, const VxTermDirectory *directory,
					  const VxCodeQuery *query, uint32 *entries)
{
	VxTerm		terms[VXI_QUERY_TERMS];
	VxEntry		best[VXI_DIRECTORY_ENTRIES];
	int			count = vxq_query_terms(query, terms, VXI_QUERY_TERMS);
	int			found = 0;

	Assert(directory->bits > 0 && count <= VXI_QUERY_TERMS);
	for (int i = 0; i < count; i++)
	{
		VxBucket	bucket;

		vxp_terms_read(reader, directory,
					   vxp_terms_bucket(directory->bits, terms[i].term), &bucket);
		for (int j = 0; j < VX_BUCKET_ENTRIES; j++)
		{
			if (BlockNumberIsValid(bucket.block[j]))
				found = vxi_offer_entry(best, found, bucket.block[j],
										terms[i].weight * vxp_bucket_weight(&bucket, j));
		}
	}
	Assert(found <= VXI_DIRECTORY_ENTRIES);
	for (int i = 0; i < found; i++)
		entries[i] = best[i].block;
	return found;
}

/*
 * Enter the page of a row that was inserted: at most one record for each of its
 * terms.  The caller holds no lock.
 */
void
vxi_directory_add(VxGraphInsert *insert, BlockNumber block)
{
	const VxIndex *index = insert->index;
	const VxTermDirectory *directory = &index->meta.terms;
	VxTerm		terms[VXI_ROW_TERMS];
	int			count = vxq_code_terms(&index->codec, insert->code, &insert->factors, terms,
									   VXI_ROW_TERMS);

	Assert(directory->bits > 0);
	for (int i = 0; i < count; i++)
		vxp_terms_add(&insert->source.reader, directory, insert->mode,
						  vxp_terms_bucket(directory->bits, terms[i].term),
						  block, terms[i].weight);
}

/* Enter the rows of a page of the base layer into the buckets of a build. */
static void
vxi_directory_note_page(VxIndex *index, VxBucket *buckets, BlockNumber block, Page page)
{
	const VxGraphGeometry *geometry = &index->meta.geometry[0];
	int			bits = index->meta.terms.bits;

	for (int slot = 0; slot < vxp_opaque(page)->used_slots; slot++)
	{
		VxTerm		terms[VXI_ROW_TERMS];
		VxFactors	factors;
		int			count;

		factors.add = vxp_graph_floats(page, geometry->add_at)[slot];
		factors.scale = vxp_graph_floats(page, geometry->scale_at)[slot];
		factors.error = vxp_graph_floats(page, geometry->error_at)[slot];
		count = vxq_code_terms(&index->codec, (const uint8 *) page + geometry->code_at +
							   slot * geometry->code_bytes, &factors, terms, VXI_ROW_TERMS);
		for (int i = 0; i < count; i++)
			vxp_bucket_add(&buckets[vxp_terms_bucket(bits, terms[i].term)],
						   block, terms[i].weight);
	}
}

/*
 * Fill the directory of an index from the graph pages that its build has written,
 * in build mode.  The buckets are put together in memory, 48 bytes a row or so.
 */
void
vxi_directory_fill(VxIndex *index)
{
	const VxTermDirectory *directory = &index->meta.terms;
	Size		count = (Size) 1 << directory->bits;
	VxBucket   *buckets = (VxBucket *)
		MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(VxBucket));

	Assert(directory->bits > 0);
	for (Size i = 0; i < count; i++)
		vxp_bucket_init(&buckets[i]);
	for (BlockNumber block = vxp_first_graph_block(&index->meta.data);
		 block < index->meta.data.built_graph; block++)
	{
		Buffer		buffer;
		Page		page;

		CHECK_FOR_INTERRUPTS();
		buffer = vxp_read(index->relation, block, VX_PAGE_GRAPH, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		if (vxp_opaque(page)->layer == 0)
			vxi_directory_note_page(index, buckets, block, page);
		UnlockReleaseBuffer(buffer);
	}
	vxp_terms_write(index->relation, directory, buckets);
	pfree(buckets);
}
