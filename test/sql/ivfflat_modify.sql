--
-- Rows that change under an ivfflat index: insert, delete, VACUUM, update, rollback
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE FUNCTION pg_temp.test_whole(dims int) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, dims), pg_temp.test_vector(3, 1, dims)))
$$;
SET ivfflat.probes = 100;

-- delete, then VACUUM, then insert: rows and size
CREATE TABLE t (id int PRIMARY KEY, e vector(64));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 2000) i;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 8);
SELECT pg_relation_size('t_e') AS size_built \gset
DELETE FROM t WHERE id % 2 = 0;
SELECT pg_temp.test_whole(64);
VACUUM t;
SELECT pg_temp.test_whole(64);
SELECT pg_temp.test_check();
SELECT pg_relation_size('t_e') = :size_built AS same_size;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(2, 2000, 2) i;
SELECT pg_temp.test_whole(64);
SELECT pg_relation_size('t_e') <= 1.2 * :size_built AS bounded;

-- all rows, and others in their place
DELETE FROM t;
VACUUM t;
SELECT pg_temp.test_whole(64);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 2000) i;
SELECT pg_temp.test_whole(64);
SELECT pg_relation_size('t_e') <= 1.2 * :size_built AS bounded;
UPDATE t SET e = pg_temp.test_vector(9, id, 64) WHERE id <= 1000;
SELECT pg_temp.test_whole(64);
SELECT pg_temp.test_check();

-- pages that stay empty leave their lists, and are used again elsewhere
DELETE FROM t;
VACUUM t;
VACUUM t;
SELECT pg_temp.test_check();
-- a transaction, so that those that were there when the pages left are over
SELECT pg_current_xact_id() IS NOT NULL AS later;
VACUUM t;
SELECT (pages ->> 'free')::int > 20 AS given_back, (pages ->> 'list')::int <= 8 AS few_left, rows FROM vectorx_index_stats('t_e');
SELECT pg_relation_size('t_e') AS size_emptied \gset
SELECT pg_temp.test_check();
INSERT INTO t SELECT i, pg_temp.test_vector(1, 1, 64) FROM generate_series(1, 1000) i;
SELECT pg_relation_size('t_e') = :size_emptied AS same_size;
SELECT pg_temp.test_whole(64);
SELECT pg_temp.test_check();
DELETE FROM t WHERE id <> 500;
VACUUM t;
VACUUM t;
SELECT pg_current_xact_id() IS NOT NULL AS later;
VACUUM t;
SET enable_seqscan = off;
SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 2, 64) LIMIT 10;
RESET enable_seqscan;
SELECT pg_temp.test_check();

-- rollback leaves rows that VACUUM takes away
BEGIN;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1001, 1300) i;
ROLLBACK;
SELECT pg_temp.test_whole(64);
VACUUM t;
SELECT rows FROM vectorx_index_stats('t_e');
SELECT pg_temp.test_check();

-- what the planner is told
ANALYZE t;
SELECT reltuples FROM pg_class WHERE relname = 't_e';

-- rows that come to lie elsewhere than those of the build
DELETE FROM t;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 2000) i;
REINDEX INDEX t_e;
SELECT detail ->> 'lists' AS lists, jsonb_array_length(detail -> 'rows_by_list') AS shown, (detail ->> 'drift')::float8 AS drift, advice FROM vectorx_index_stats('t_e');
INSERT INTO t SELECT i, pg_temp.test_vector(1, 7, 64) FROM generate_series(2001, 5000) i;
SELECT (detail ->> 'drift')::float8 > 0.5 AS drift, advice::text ~ 'lie elsewhere' AS advised FROM vectorx_index_stats('t_e');
DROP TABLE t;
