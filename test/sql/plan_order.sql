-- The distance that rows are ordered by is computed only where somebody sees it.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
SET client_min_messages = warning;
SELECT vectorx_version() IS NOT NULL;

CREATE TABLE t (id int, e vector(600));
INSERT INTO t SELECT i, pg_temp.test_vector(3, i, 600) FROM generate_series(1, 3000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
VACUUM ANALYZE t;

-- the output columns of the index scan: a NULL in place of the distance, or the distance
CREATE FUNCTION pg_temp.scan_output(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	scan boolean := false;
	found text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		scan := scan OR line ~ 'Index Scan';
		IF scan AND line ~ 'Output:' THEN
			found := found || regexp_replace(line, '.*Output: ', '') || ' ';
			scan := false;
		END IF;
	END LOOP;
	RETURN regexp_replace(found, '''\[[^]]*\]''', 'q', 'g');
END
$$;
SELECT pg_temp.scan_output($$SELECT id FROM t ORDER BY e <-> (SELECT e FROM t WHERE id = 5) LIMIT 3$$);
SELECT pg_temp.scan_output($$SELECT id, e <-> (SELECT pg_temp.test_vector(3, 5, 600)) AS d FROM t ORDER BY d LIMIT 3$$);
SELECT pg_temp.scan_output($$SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 3$$);
-- subqueries in FROM, in expressions, and in CTEs
SELECT pg_temp.scan_output($$SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 3) s$$);
SELECT pg_temp.scan_output($$SELECT (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 1)$$);
SELECT pg_temp.scan_output($$WITH n AS MATERIALIZED (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 3) SELECT * FROM n$$);
SELECT pg_temp.scan_output($$SELECT a.id, n.id FROM (VALUES (1), (2)) a (id), LATERAL (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) OFFSET a.id LIMIT 1) n$$);
-- what compares rows, sorts them again or locks them keeps the distance
SELECT pg_temp.scan_output($$SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) FETCH FIRST 3 ROWS WITH TIES$$);
SELECT pg_temp.scan_output($$SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600), id LIMIT 3$$);
SELECT pg_temp.scan_output($$SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 3 FOR UPDATE$$);

-- the rows are the same
SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 5) s;
SELECT array_agg(id) FROM (SELECT id, e <-> pg_temp.test_vector(3, 5, 600) AS d FROM t ORDER BY d LIMIT 5) s;
SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) FETCH FIRST 5 ROWS WITH TIES) s;
BEGIN;
SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 1 FOR UPDATE;
DECLARE c SCROLL CURSOR FOR SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 3;
FETCH 1 FROM c;
FETCH PRIOR FROM c;
COMMIT;
INSERT INTO t SELECT -id, e FROM t ORDER BY e <-> pg_temp.test_vector(3, 5, 600) LIMIT 1;
SELECT id FROM t WHERE id < 0;
PREPARE nearest(int) AS SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, $1, 600) LIMIT 2;
EXECUTE nearest(7);
SET plan_cache_mode = force_generic_plan;
EXECUTE nearest(7);
RESET plan_cache_mode;
DROP TABLE t;
