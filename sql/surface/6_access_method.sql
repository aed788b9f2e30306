-- ---------------------------------------------------------------------------
-- access method hnsw
-- ---------------------------------------------------------------------------

CREATE FUNCTION hnswhandler(internal) RETURNS index_am_handler
	AS 'MODULE_PATHNAME', 'vx_hnswhandler' LANGUAGE C;
COMMENT ON FUNCTION hnswhandler(internal) IS 'hnsw index access method handler';

CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hnswhandler;
COMMENT ON ACCESS METHOD hnsw IS 'hnsw index access method';

-- Written by the planner into the ORDER BY of index scans; SQL can neither call it nor hold its result.
CREATE FUNCTION vectorx_within(internal, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'vx_within' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION vectorx_within(internal, float8) IS 'ends an index scan where the distance passes a bound';

CREATE FUNCTION vectorx_within(internal, float8, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'vx_within' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION vectorx_within(internal, float8, float8) IS 'ends an index scan where the distance passes an origin minus a bound';
