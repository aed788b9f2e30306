--
-- Options of indexes, settings, and what vectorx tells of itself
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- options and settings, with their defaults and bounds
SELECT kind, name, default_value, minimum, maximum FROM vectorx_options() ORDER BY kind, name;
SELECT count(*) AS undescribed FROM vectorx_options() WHERE coalesce(description, '') = '';
-- what is told is what the server knows
SELECT o.name FROM vectorx_options() o LEFT JOIN pg_settings s USING (name)
	WHERE o.kind = 'setting' AND (s.name IS NULL OR s.boot_val <> o.default_value OR s.min_val <> o.minimum OR s.max_val <> o.maximum);
SELECT name, vartype, context, boot_val, min_val, max_val, enumvals FROM pg_settings WHERE name ~ '^(hnsw|vectorx)\.' ORDER BY name;

-- options in every way of writing them
CREATE TABLE t (id int, e vector(3));
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 16, ef_construction = 64);
SELECT reloptions FROM pg_class WHERE relname = 't_e';
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH ("m" = '16', ef_construction = '100', fillfactor = 100, code_bits = 8);
SELECT reloptions FROM pg_class WHERE relname = 't_e';
DROP INDEX t_e;
-- bounds
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 2, ef_construction = 4, fillfactor = 10);
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 100, ef_construction = 1000);
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 1);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 101);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 'many');
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (ef_construction = 3);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (ef_construction = 1001);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 16, ef_construction = 31);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (fillfactor = 9);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (code_bits = 9);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (lists = 100);
-- m = 16 with the least ef_construction that it allows
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (ef_construction = 32);
-- a change takes effect where it can: m with the next REINDEX
ALTER INDEX t_e SET (m = 8, ef_construction = 16);
INSERT INTO t VALUES (1, '[1,2,3]');
REINDEX INDEX t_e;
SELECT reloptions FROM pg_class WHERE relname = 't_e';
ALTER INDEX t_e RESET (m);
REINDEX INDEX t_e;
ALTER INDEX t_e SET (ef_construction = 64);
REINDEX INDEX t_e;
ALTER INDEX t_e SET (m = 1);
DROP TABLE t;

-- every number of code bits finds the rows
CREATE FUNCTION pg_temp.test_options(options text, dims int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE TABLE t (id int, e vector(%s))', dims);
	INSERT INTO t SELECT i, pg_temp.test_vector(1, i, dims) FROM generate_series(1, 300) i;
	EXECUTE format('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (%s)', options);
	INSERT INTO t SELECT i, pg_temp.test_vector(1, i, dims) FROM generate_series(301, 400) i;
	result := pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L',
									   pg_temp.test_vector(3, 1, dims), pg_temp.test_vector(3, 1, dims)));
	DROP TABLE t;
	RETURN result;
END
$$;
SET hnsw.ef_search = 1000;
SELECT bits, pg_temp.test_options('code_bits = ' || bits, 40) FROM generate_series(0, 8) bits;
SELECT m, ef, pg_temp.test_options(format('m = %s, ef_construction = %s', m, ef), 40)
	FROM (VALUES (2, 4), (2, 1000), (5, 10), (31, 62), (100, 200)) o (m, ef);
SELECT fillfactor, pg_temp.test_options('fillfactor = ' || fillfactor, 40) FROM unnest(ARRAY[10, 50, 99, 100]) fillfactor;
SELECT pg_temp.test_options('m = 100, ef_construction = 200, code_bits = 8', 2000);
RESET hnsw.ef_search;

-- ef_search of an index holds where the session has not set hnsw.ef_search; with iterative scans off it shows in the
-- number of rows
CREATE TABLE t (id int, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 2000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (ef_search = 7);
CREATE FUNCTION pg_temp.test_rows() RETURNS bigint LANGUAGE sql
	AS $$ SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s $$;
SET enable_seqscan = off;
SET hnsw.iterative_scan = off;
SELECT pg_temp.test_rows();
SET hnsw.ef_search = 9;
SELECT pg_temp.test_rows();
RESET hnsw.ef_search;
SELECT pg_temp.test_rows();
BEGIN;
SET LOCAL hnsw.ef_search = 40;
SELECT pg_temp.test_rows();
ROLLBACK;
SELECT pg_temp.test_rows();
ALTER INDEX t_e SET (ef_search = 1500);
SELECT pg_temp.test_rows();
ALTER INDEX t_e SET (ef_search = 10000);
SELECT pg_temp.test_rows();
ALTER INDEX t_e SET (ef_search = 0);
SELECT pg_temp.test_rows();
ALTER INDEX t_e RESET (ef_search);
SET hnsw.ef_search = 10000;
SELECT pg_temp.test_rows();
ALTER INDEX t_e SET (ef_search = 10001);
ALTER INDEX t_e SET (ef_search = -1);
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
RESET enable_seqscan;
DROP TABLE t;

-- settings: bounds and messages
SET hnsw.ef_search = 0;
SET hnsw.ef_search = 10001;
SET hnsw.ef_search = 'wide';
SET hnsw.ef_search = 1;
SET hnsw.ef_search = 1000;
RESET hnsw.ef_search;
SHOW hnsw.ef_search;
SET hnsw.iterative_scan = on;
SET hnsw.iterative_scan = 'off';
SET hnsw.iterative_scan = relaxed_order;
SET hnsw.iterative_scan = strict_order;
RESET hnsw.iterative_scan;
SHOW hnsw.iterative_scan;
SET hnsw.max_scan_tuples = 0;
SET hnsw.max_scan_tuples = 1;
RESET hnsw.max_scan_tuples;
SHOW hnsw.max_scan_tuples;
SET hnsw.scan_mem_multiplier = 0.5;
SET hnsw.scan_mem_multiplier = 1001;
SET hnsw.scan_mem_multiplier = 1.5;
SHOW hnsw.scan_mem_multiplier;
RESET hnsw.scan_mem_multiplier;
SET vectorx.seed = -1;
SHOW vectorx.seed;
SET hnsw.nonsense = 1;
SET vectorx.nonsense = 1;
SET vectorx.simd = 'mmx';
SET vectorx.simd = '';
SET vectorx.simd = scalar;
SHOW vectorx.simd;
SELECT vectorx_version() ~ 'simd scalar' AS scalar;
RESET vectorx.simd;
SHOW vectorx.simd;
-- within a transaction, of a function
BEGIN;
SET LOCAL hnsw.ef_search = 77;
SHOW hnsw.ef_search;
ROLLBACK;
SHOW hnsw.ef_search;

-- the version, in a form that a report of a problem can quote
SELECT starts_with(vectorx_version(), 'vectorx ' || extversion || ' on PostgreSQL ' || current_setting('server_version') || ', compiled by ')
		AND vectorx_version() ~ ', simd [a-z0-9]+ \(available: auto scalar[ a-z0-9]*\)$' AS well_formed
	FROM pg_extension WHERE extname = 'vectorx';
SELECT split_part(vectorx_version(), ' ', 1);
