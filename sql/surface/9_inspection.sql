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
