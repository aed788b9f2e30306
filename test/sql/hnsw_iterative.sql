--
-- How many rows an hnsw index returns: ef_search, iterative scans and their limits
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 2000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SET enable_seqscan = off;
SHOW hnsw.ef_search;
SHOW hnsw.iterative_scan;

-- by default a scan goes on as long as rows are wanted; of the last rows of a
-- table it may pass over some that turn up when farther ones have been returned
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 41) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 1000) s;
SELECT count(*) BETWEEN 1950 AND 2000 AS nearly_all, count(*) = count(DISTINCT id) AS each_once FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 5000) s;
SET hnsw.ef_search = 1;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 1) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 3) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 1000) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t WHERE id % 100 = 0 ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 3) s;
SET hnsw.ef_search = 1000;
SELECT count(*) BETWEEN 1990 AND 2000 AS nearly_all, count(*) = count(DISTINCT id) AS each_once FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
RESET hnsw.ef_search;

-- the same where distances say less: 64 dimensions, rows that came by insert
CREATE TABLE u (id int PRIMARY KEY, e vector(64));
CREATE INDEX u_e ON u USING hnsw (e vector_cosine_ops);
INSERT INTO u SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 1000) i;
SELECT limited, (SELECT count(*) = limited AND count(DISTINCT id) = limited
		FROM (SELECT id FROM u ORDER BY e <=> pg_temp.test_vector(3, 1, 64) LIMIT limited) s) AS all_of_them
	FROM unnest(ARRAY[1, 10, 39, 40, 41, 80, 100, 200, 300, 500]) limited;
-- the hundred nearest are among them
SELECT count(*) >= 97 AS recall FROM (SELECT id FROM u ORDER BY e <=> pg_temp.test_vector(3, 1, 64) LIMIT 100) s
	WHERE id IN (SELECT id FROM u ORDER BY cosine_distance(e, pg_temp.test_vector(3, 1, 64)) LIMIT 100);
SELECT pg_temp.test_check();
DROP TABLE u;

-- a filter that few rows pass
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t WHERE id % 100 = 0 ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 10) s;
SELECT count(*) FROM (SELECT id FROM t WHERE id % 1000 = 7 ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 1) s;
SELECT count(*) FROM (SELECT id FROM t WHERE id < 0 ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 10) s;

-- strict order is order
SELECT count(*) AS rows, count(*) FILTER (WHERE d < before) AS out_of_order FROM (
	SELECT d, lag(d) OVER () AS before FROM (
		SELECT e <-> '[0.1,0.9,0.5]' AS d FROM t ORDER BY e <-> '[0.1,0.9,0.5]' LIMIT 1000) s) s;

-- relaxed order returns all rows
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 5000) s;
SET hnsw.ef_search = 1;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 5000) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t WHERE id % 100 = 0 ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 3) s;
RESET hnsw.ef_search;

-- off: a scan ends after ef_search rows
SET hnsw.iterative_scan = off;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 39) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 100) s;
SET hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 100) s;
SET hnsw.ef_search = 1000;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 2000) s;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;

-- settings apply to a plan that exists, from its next execution on
PREPARE nearest AS SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 100) s;
EXECUTE nearest;
SET hnsw.iterative_scan = off;
SET hnsw.ef_search = 10;
EXECUTE nearest;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
DEALLOCATE nearest;

-- the limit of rows looked at: the first batch is free, then batches until it is reached
SET hnsw.max_scan_tuples = 1;
SELECT count(*) BETWEEN 40 AND 100 AS one_batch FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 1000) s;
SET hnsw.max_scan_tuples = 500;
SELECT count(*) BETWEEN 400 AND 600 AS about_500 FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 1000) s;
SET hnsw.max_scan_tuples = 2147483647;
SELECT count(*) BETWEEN 1950 AND 2000 AS nearly_all FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
RESET hnsw.max_scan_tuples;

-- the limit of memory ends a scan; more is more
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(2001, 8000) i;
SET work_mem = '64kB';
SELECT count(*) AS little FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s \gset
SET hnsw.scan_mem_multiplier = 1000;
SELECT count(*) AS much FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s \gset
SELECT :little BETWEEN 40 AND 7000 AS some, :much BETWEEN 7900 AND 8000 AS nearly_all;
SELECT pg_temp.test_check();
RESET work_mem;
RESET hnsw.scan_mem_multiplier;
RESET enable_seqscan;
DROP TABLE t;
