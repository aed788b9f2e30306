--
-- The same rows come from an index whatever the instruction set is
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- the levels that this machine has, "auto" among them
CREATE TEMP TABLE levels AS
	SELECT regexp_split_to_table(substring(vectorx_version() from '\(available: (.*)\)'), ' ') AS level;
SELECT count(*) > 1 AS some, bool_or(level = 'auto') AS auto, bool_or(level = 'scalar') AS scalar FROM levels;

-- ids of the ten nearest rows to each of ten queries, at each level, through
-- the index and without it
CREATE FUNCTION pg_temp.test_levels(opclass text, operator text, dims int) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET vectorx.simd = auto AS $$
DECLARE
	wanted text;
	answer text;
	query text;
	found text;
	lvl text;
BEGIN
	EXECUTE format('CREATE TABLE t (id int, e vector(%s))', dims);
	INSERT INTO t SELECT i, pg_temp.test_vector(1, i, dims) FROM generate_series(1, 600) i;
	EXECUTE format('CREATE INDEX t_e ON t USING hnsw (e %s)', opclass);
	FOR lvl IN SELECT level FROM levels LOOP
		PERFORM set_config('vectorx.simd', lvl, true);
		answer := '';
		FOR i IN 1 .. 10 LOOP
			query := format('SELECT id FROM t ORDER BY e %s %L LIMIT 10', operator, pg_temp.test_vector(5, i, dims));
			EXECUTE format('SELECT string_agg(id::text, '' '') FROM (%s) s', query) INTO found;
			answer := answer || found || E'\n';
		END LOOP;
		IF answer IS DISTINCT FROM coalesce(wanted, answer) THEN
			DROP TABLE t;
			RETURN format('%s differs from the level before', lvl);
		END IF;
		wanted := answer;
	END LOOP;
	DROP TABLE t;
	RETURN 'equal';
END
$$;
SET hnsw.ef_search = 1000;
SELECT opclass, dims, pg_temp.test_levels(opclass, operator, dims)
	FROM (VALUES ('vector_l2_ops', '<->'), ('vector_ip_ops', '<#>'), ('vector_cosine_ops', '<=>'), ('vector_l1_ops', '<+>')) o (opclass, operator),
		unnest(ARRAY[3, 17, 65, 384]) dims
	ORDER BY opclass, dims;
RESET hnsw.ef_search;
