-- EXPLAIN (ANALYZE, VECTORX), which servers before 18 do not have
SELECT current_setting('server_version_num')::int < 180000 AS skip \gset
\if :skip
\quit
\endif
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
-- the plan without its numbers, but for those that are certain
CREATE FUNCTION pg_temp.test_explain(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan text;
	line text;
BEGIN
	FOR plan IN EXECUTE query LOOP
	FOREACH line IN ARRAY string_to_array(plan, E'\n') LOOP
		line := regexp_replace(line, '(pages|nodes|exact|memory)=[1-9][0-9]*', '\1=N', 'g');
		line := regexp_replace(line, '("(Pages Scored|Nodes Scored|Exact Distances|Memory)": )[1-9][0-9]*', '\1N', 'g');
		CONTINUE WHEN line ~ 'Index Searches';
		RETURN NEXT regexp_replace(line, '\[[0-9.,e-]*\]', '[...]', 'g');
	END LOOP;
	END LOOP;
END
$$;
CREATE TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 2000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
ANALYZE t;
SELECT pg_temp.test_vector(3, 1, 32) AS q \gset
SELECT format('SELECT id FROM t ORDER BY e <-> %L LIMIT 5', :'q') AS query \gset
SET hnsw.ef_search = 50;
SELECT pg_temp.test_explain('EXPLAIN (ANALYZE, VECTORX, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || :'query');
SELECT pg_temp.test_explain('EXPLAIN (ANALYZE, VECTORX, FORMAT JSON, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || :'query');
-- off, without ANALYZE, and of a node that is not reached: nothing to show
SELECT pg_temp.test_explain('EXPLAIN (ANALYZE, VECTORX off, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || :'query');
SELECT pg_temp.test_explain('EXPLAIN (VECTORX, COSTS OFF) ' || :'query');
SELECT pg_temp.test_explain('EXPLAIN (ANALYZE, VECTORX, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) '
	|| format('SELECT id FROM t ORDER BY e <-> %L LIMIT 0', :'q'));
-- a scan for each outer row, and one that is resumed
SELECT line FROM pg_temp.test_explain('EXPLAIN (ANALYZE, VECTORX, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) '
	'SELECT n.id FROM t a CROSS JOIN LATERAL (SELECT id FROM t ORDER BY e <-> a.e LIMIT 1) n WHERE a.id < 4') line WHERE line ~ 'Vector';
SET enable_seqscan = off;
SELECT regexp_replace(line, 'resumes=[1-9]', 'resumes=N') FROM pg_temp.test_explain('EXPLAIN (ANALYZE, VECTORX, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) '
	|| format('SELECT id FROM t ORDER BY e <-> %L LIMIT 150', :'q')) line WHERE line ~ 'Vector';
SELECT pg_temp.test_error('EXPLAIN (VECTORX 7) SELECT 1');
DROP TABLE t;
