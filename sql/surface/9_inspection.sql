-- ---------------------------------------------------------------------------
-- inspection
-- ---------------------------------------------------------------------------

CREATE FUNCTION vectorx_version() RETURNS text
	AS 'MODULE_PATHNAME', 'vx_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vectorx_version() IS 'version, build and instruction sets of vectorx';

CREATE FUNCTION vectorx_options(OUT kind text, OUT name text, OUT default_value text,
		OUT minimum text, OUT maximum text, OUT description text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'vx_options' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vectorx_options() IS 'every index option and setting of vectorx';

CREATE FUNCTION vectorx_check(index regclass, heapallindexed boolean DEFAULT false,
		OUT invariant text, OUT block bigint, OUT slot integer, OUT problem text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'vx_check' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorx_check(regclass, boolean) IS 'violated invariants of a vector index; no rows if it is sound';

CREATE FUNCTION vectorx_recall(index regclass, INOUT k integer DEFAULT 10, INOUT samples integer DEFAULT 100,
		OUT recall float8, OUT index_ms float8, OUT exact_ms float8, OUT rows bigint) RETURNS record
	AS 'MODULE_PATHNAME', 'vx_recall' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION vectorx_recall(regclass, integer, integer) IS 'share of the true nearest rows that an index finds, with the settings of the session';

CREATE FUNCTION vectorx_stat_all(OUT indexrelid oid, OUT scans bigint, OUT resumes bigint, OUT rows_returned bigint,
		OUT pages_scored bigint, OUT nodes_scored bigint, OUT exact_distances bigint, OUT heap_fetches bigint,
		OUT toast_fetches bigint, OUT inserts bigint, OUT edges_written bigint, OUT since timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'vx_stat_all' LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION vectorx_stat_all() IS 'what the scans and inserts of this database''s vector indexes have done; 0 is all that found no room';

CREATE FUNCTION vectorx_stat_reset(index regclass DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'vx_stat_reset' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION vectorx_stat_reset(regclass) IS 'begin the statistics of an index, or of all of this database, anew';
REVOKE EXECUTE ON FUNCTION vectorx_stat_reset(regclass) FROM PUBLIC;

CREATE VIEW pg_stat_vectorx AS
	SELECT t.oid AS relid, i.indexrelid, n.nspname AS schemaname, t.relname, c.relname AS indexrelname, a.amname AS method,
		coalesce(s.scans, 0) AS scans, coalesce(s.resumes, 0) AS resumes, coalesce(s.rows_returned, 0) AS rows_returned,
		coalesce(s.pages_scored, 0) AS pages_scored, coalesce(s.nodes_scored, 0) AS nodes_scored,
		coalesce(s.exact_distances, 0) AS exact_distances, coalesce(s.heap_fetches, 0) AS heap_fetches,
		coalesce(s.toast_fetches, 0) AS toast_fetches,
		coalesce(s.inserts, 0) AS inserts, coalesce(s.edges_written, 0) AS edges_written, s.since
	FROM pg_catalog.pg_index i
		JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid AND c.relkind OPERATOR(pg_catalog.=) 'i'
		JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) i.indrelid
		JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace
		JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam 
			AND a.amname OPERATOR(pg_catalog.=) ANY (ARRAY['hnsw', 'ivfflat', 'diskann']::pg_catalog.name[])
		LEFT JOIN vectorx_stat_all() s ON s.indexrelid OPERATOR(pg_catalog.=) i.indexrelid;
GRANT SELECT ON pg_stat_vectorx TO PUBLIC;
COMMENT ON VIEW pg_stat_vectorx IS 'what the scans and inserts of vector indexes have done since the server was started';

CREATE FUNCTION vectorx_index_stats(index regclass, OUT method text, OUT format_version integer, OUT dimensions integer,
		OUT code_bits integer, OUT rows bigint, OUT dead_rows bigint, OUT later_rows bigint, OUT free_slots bigint,
		OUT size bigint, OUT search_size bigint, OUT bytes_per_row float8, OUT pages jsonb, OUT options jsonb,
		OUT detail jsonb, OUT advice text) RETURNS record
	AS 'MODULE_PATHNAME', 'vx_index_stats' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorx_index_stats(regclass) IS 'what a vector index holds, how it lies on disk, and what to do about it; reads all its pages';
