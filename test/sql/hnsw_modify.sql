--
-- Rows that change under an hnsw index: insert, delete, VACUUM, update, rollback, duplicates
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE FUNCTION pg_temp.test_whole(dims int) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, dims), pg_temp.test_vector(3, 1, dims)))
$$;
SET hnsw.ef_search = 1000;

-- delete, then VACUUM, then insert: rows and size
CREATE TABLE t (id int PRIMARY KEY, e vector(64));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 600) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_relation_size('t_e') AS size_built \gset
DELETE FROM t WHERE id % 2 = 0;
SELECT pg_temp.test_whole(64);
VACUUM t;
SELECT pg_temp.test_whole(64);
SELECT pg_temp.test_check();
SELECT pg_relation_size('t_e') = :size_built AS same_size;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(2, 600, 2) i;
SELECT pg_temp.test_whole(64);

-- all rows, several times over, in the end with other vectors: slots are used
-- again, so that the index grows no more once its pages are full
DELETE FROM t;
VACUUM t;
SELECT pg_temp.test_whole(64);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 600) i;
SELECT pg_temp.test_whole(64);
SELECT pg_relation_size('t_e') <= 1.4 * :size_built AS bounded;
SELECT pg_relation_size('t_e') AS size_full \gset
DELETE FROM t;
VACUUM t;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 600) i;
SELECT pg_relation_size('t_e') <= 1.02 * :size_full + 8192 AS same_size;
DELETE FROM t;
VACUUM t;
INSERT INTO t SELECT i, pg_temp.test_vector(12, i, 64) FROM generate_series(1, 600) i;
SELECT pg_temp.test_whole(64);
SELECT pg_relation_size('t_e') <= 1.2 * :size_full AS bounded;

-- all rows but one
DELETE FROM t WHERE id <> 123;
VACUUM t;
SET enable_seqscan = off;
SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 2, 64) LIMIT 10;
SET hnsw.ef_search = 1;
SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(3, 2, 64) LIMIT 10;
SET hnsw.ef_search = 1000;
RESET enable_seqscan;
VACUUM t;
SELECT pg_temp.test_whole(64);

-- what the planner is told
TRUNCATE t;
INSERT INTO t SELECT i, CASE WHEN i % 10 > 0 THEN pg_temp.test_vector(1, i, 64) END FROM generate_series(1, 600) i;
DELETE FROM t WHERE id <= 300;
VACUUM t;
SELECT reltuples FROM pg_class WHERE relname = 't_e';
VACUUM t;
SELECT reltuples FROM pg_class WHERE relname = 't_e';
SELECT pg_temp.test_check();
DROP TABLE t;

-- the same for rows whose codes are the rows themselves, and a size that takes several layers
CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 5000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_relation_size('t_e') AS size_before \gset
SELECT pg_temp.test_same('SELECT id, e <-> ''[0.3,0.6,0.9]'' AS d FROM t ORDER BY e <-> ''[0.3,0.6,0.9]'' LIMIT 900');
DELETE FROM t;
VACUUM t;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 5000) i;
SELECT pg_relation_size('t_e') <= 1.02 * :size_before AS same_size;
SELECT pg_temp.test_same('SELECT id, e <-> ''[0.3,0.6,0.9]'' AS d FROM t ORDER BY e <-> ''[0.3,0.6,0.9]'' LIMIT 900');
SELECT pg_temp.test_check();
DROP TABLE t;

-- UPDATE of the vector, of another column, and of both
CREATE TABLE t (id int PRIMARY KEY, e vector(32), note int DEFAULT 0) WITH (fillfactor = 100);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 300) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
CREATE INDEX t_note ON t (note);
UPDATE t SET e = pg_temp.test_vector(2, id, 32) WHERE id % 3 = 0;
SELECT pg_temp.test_whole(32);
UPDATE t SET note = id;
SELECT pg_temp.test_whole(32);
UPDATE t SET note = id + 1, e = e - e + pg_temp.test_vector(4, id, 32) WHERE id % 2 = 0;
SELECT pg_temp.test_whole(32);
VACUUM t;
SELECT pg_temp.test_whole(32);
DO $$
BEGIN
	FOR i IN 1 .. 2 LOOP
		UPDATE t SET note = note + 1;
	END LOOP;
END
$$;
SELECT pg_temp.test_whole(32);
VACUUM t;
SELECT pg_temp.test_whole(32);
INSERT INTO t VALUES (300, pg_temp.test_vector(9, 300, 32)) ON CONFLICT (id) DO UPDATE SET e = EXCLUDED.e;
SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(9, 300, 32) LIMIT 1;
SELECT pg_temp.test_check();
DROP TABLE t;

-- ROLLBACK of inserts, whole and in part
CREATE TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 100) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
BEGIN;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(101, 300) i;
SELECT pg_temp.test_whole(32);
ROLLBACK;
SELECT pg_temp.test_whole(32);
BEGIN;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(101, 150) i;
SAVEPOINT s;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(151, 200) i;
DELETE FROM t WHERE id <= 20;
ROLLBACK TO s;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(201, 250) i;
COMMIT;
SELECT pg_temp.test_whole(32);
VACUUM t;
SELECT pg_temp.test_whole(32);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(151, 200) i;
SELECT pg_temp.test_whole(32);
-- a prepared transaction's rows come with its commit
BEGIN;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(251, 260) i;
PREPARE TRANSACTION 'vectorx_test';
SELECT pg_temp.test_whole(32);
COMMIT PREPARED 'vectorx_test';
SELECT pg_temp.test_whole(32);
SELECT pg_temp.test_check();
DROP TABLE t;

-- equal rows: all come back, after a build and after inserts
CREATE TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, array_fill(0.5, ARRAY[32])::vector FROM generate_series(1, 1000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_whole(32);
SET hnsw.ef_search = 1;
SELECT pg_temp.test_whole(32);
SET hnsw.ef_search = 40;
SELECT pg_temp.test_whole(32);
INSERT INTO t SELECT i, array_fill(0.5, ARRAY[32])::vector FROM generate_series(1001, 2000) i;
SELECT pg_temp.test_whole(32);
DELETE FROM t WHERE id % 4 > 0;
VACUUM t;
SELECT pg_temp.test_whole(32);
SELECT pg_temp.test_check();
DROP TABLE t;

-- the same from an empty index, for rows that are their own codes, and with other rows about
CREATE TABLE t (id int PRIMARY KEY, e vector(3));
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
INSERT INTO t SELECT i, '[1,2,3]' FROM generate_series(1, 1000) i;
SELECT pg_temp.test_whole(3);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1001, 1200) i;
SET enable_seqscan = off;
SELECT count(*), min(d), max(d) FROM (SELECT e <-> '[1,2,3]' AS d FROM t ORDER BY e <-> '[1,2,3]' LIMIT 1000) s;
-- the rows behind the equal ones are found as well
SET hnsw.ef_search = 40;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t WHERE id > 1000 ORDER BY e <-> '[1,2,3]' LIMIT 20) s;
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;

-- many equal rows are built in a time that lets a test end
CREATE TABLE t (id int PRIMARY KEY, e vector(64));
INSERT INTO t SELECT i, array_fill(0.25, ARRAY[64])::vector FROM generate_series(1, 20000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_cosine_ops);
SET enable_seqscan = off;
SET hnsw.max_scan_tuples = 100000;
SET hnsw.scan_mem_multiplier = 10;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <=> (SELECT e FROM t WHERE id = 1) LIMIT 10) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <=> (SELECT e FROM t WHERE id = 1)) s;
SELECT pg_temp.test_check();
RESET hnsw.max_scan_tuples;
RESET hnsw.scan_mem_multiplier;
RESET enable_seqscan;
RESET hnsw.ef_search;
DROP TABLE t;
