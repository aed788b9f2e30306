--
-- hnsw indexes of every kind: unlogged, temporary, partitioned, expression,
-- partial, concurrent, rebuilt
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- unlogged and temporary tables
CREATE UNLOGGED TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 200) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(201, 300) i;
SELECT pg_relation_size('t_e', 'init') > 0 AS has_init_fork;
SET hnsw.ef_search = 1000;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
ALTER TABLE t SET LOGGED;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
ALTER TABLE t SET UNLOGGED;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_check();
DROP TABLE t;
CREATE TEMP TABLE t (id int PRIMARY KEY, e vector(32)) ON COMMIT DELETE ROWS;
CREATE INDEX ON t USING hnsw (e vector_l2_ops);
BEGIN;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 100) i;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
COMMIT;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_check();
DROP TABLE t;

-- build and use in the transaction that makes the table; rollback
BEGIN;
CREATE TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 100) i;
SAVEPOINT s;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
ROLLBACK TO s;
CREATE INDEX t_e ON t USING hnsw (e vector_cosine_ops);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(101, 200) i;
SELECT pg_temp.test_same(format('SELECT id, e <=> %L AS d FROM t ORDER BY e <=> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
COMMIT;
DROP INDEX t_e;
BEGIN;
CREATE INDEX t_e ON t USING hnsw (e vector_cosine_ops);
ROLLBACK;
SELECT to_regclass('t_e');
SELECT pg_temp.test_check();
DROP TABLE t;

-- CREATE INDEX CONCURRENTLY, REINDEX, REINDEX CONCURRENTLY, other ways to a new file
CREATE TABLE t (id int PRIMARY KEY, e vector(32), note text);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 300) i;
CREATE INDEX CONCURRENTLY t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 8, ef_construction = 40);
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
DELETE FROM t WHERE id % 3 = 0;
REINDEX INDEX t_e;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
REINDEX INDEX CONCURRENTLY t_e;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
VACUUM FULL t;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
CLUSTER t USING t_pkey;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
ALTER TABLE t ALTER id TYPE bigint;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT indexdef FROM pg_indexes WHERE indexname = 't_e';
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 't_e'::regclass;
ALTER INDEX t_e RENAME TO t_f;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));

-- a change of the column's dimensions rebuilds the index
ALTER TABLE t ALTER e TYPE vector(2) USING subvector(e, 1, 2);
SELECT pg_temp.test_same('SELECT id, e <-> ''[0.5,0.5]'' AS d FROM t ORDER BY e <-> ''[0.5,0.5]''');
SET enable_seqscan = off;
SELECT pg_temp.test_error('SELECT id FROM t ORDER BY e <-> ''[0.5,0.5,0.5]''');
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;

-- several indexes on one column, partial indexes
CREATE TABLE t (id int PRIMARY KEY, e vector(32), kind int);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), i % 3 FROM generate_series(1, 300) i;
CREATE INDEX t_0 ON t USING hnsw (e vector_l2_ops) WHERE kind = 0;
CREATE INDEX t_1 ON t USING hnsw (e vector_l2_ops) WHERE kind = 1;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), i % 3 FROM generate_series(301, 400) i;
SET enable_seqscan = off;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE kind = 0 ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE kind = 1 ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t WHERE kind = 2 ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32)));
UPDATE t SET kind = 1 - kind WHERE kind < 2;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE kind = 1 ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;

-- expression indexes, with the query's side an expression as well
CREATE TABLE t (id int PRIMARY KEY, e vector, a real[]);
INSERT INTO t SELECT i, v, v::real[] FROM (SELECT i, pg_temp.test_vector(1, i, 32) AS v FROM generate_series(1, 300) i) s;
CREATE INDEX t_cast ON t USING hnsw ((e::vector(32)) vector_l2_ops);
CREATE INDEX t_part ON t USING hnsw ((subvector(e, 1, 8)::vector(8)) vector_cosine_ops);
CREATE INDEX t_array ON t USING hnsw ((a::vector(32)) vector_ip_ops);
CREATE INDEX t_unit ON t USING hnsw ((l2_normalize(e)::vector(32)) vector_l1_ops);
SELECT pg_temp.test_same(format('SELECT id, e::vector(32) <-> %L AS d FROM t ORDER BY e::vector(32) <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_same(format('SELECT id, subvector(e, 1, 8)::vector(8) <=> subvector(%L::vector, 1, 8) AS d FROM t
	ORDER BY subvector(e, 1, 8)::vector(8) <=> subvector(%L::vector, 1, 8)', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_same('SELECT id, a::vector(32) <#> (SELECT a::vector FROM t WHERE id = 7) AS d FROM t ORDER BY a::vector(32) <#> (SELECT a::vector FROM t WHERE id = 7)');
SELECT pg_temp.test_same('SELECT id, l2_normalize(e)::vector(32) <+> (SELECT l2_normalize(e + e) FROM t WHERE id = 8) AS d FROM t
	ORDER BY l2_normalize(e)::vector(32) <+> (SELECT l2_normalize(e + e) FROM t WHERE id = 8)');
-- search by the short vector, order by the long one
SELECT id FROM (SELECT id, e FROM t ORDER BY subvector(e, 1, 8)::vector(8) <=> (SELECT subvector(e, 1, 8) FROM t WHERE id = 99) LIMIT 20) s
	ORDER BY e <=> (SELECT e FROM t WHERE id = 99) LIMIT 1;
SELECT pg_temp.test_error('INSERT INTO t VALUES (1000, ''[1,2]'', NULL)');
SELECT pg_temp.test_check();
DROP TABLE t;

-- an index whose expression fails on one row leaves nothing behind
CREATE TABLE t (id int PRIMARY KEY, e vector);
INSERT INTO t VALUES (1, '[1,2,3]'), (2, '[1,2]');
SELECT pg_temp.test_error('CREATE INDEX t_e ON t USING hnsw ((e::vector(3)) vector_l2_ops)');
SELECT to_regclass('t_e');
CREATE INDEX t_e ON t USING hnsw ((e::vector(3)) vector_l2_ops) WHERE vector_dims(e) = 3;
SELECT id FROM t WHERE vector_dims(e) = 3 ORDER BY e::vector(3) <-> '[1,2,3]' LIMIT 5;
SELECT pg_temp.test_check();
DROP TABLE t;

-- partitions: an index on the parent, partitions attached and added later
CREATE TABLE t (id int, e vector(32), kind int) PARTITION BY LIST (kind);
CREATE TABLE t0 PARTITION OF t FOR VALUES IN (0);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), i % 2 FROM generate_series(1, 300) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 10);
CREATE TABLE t2 (id int, e vector(32), kind int);
INSERT INTO t2 SELECT i, pg_temp.test_vector(1, i, 32), 2 FROM generate_series(301, 400) i;
ALTER TABLE t ATTACH PARTITION t2 FOR VALUES IN (2);
CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), 3 FROM generate_series(401, 500) i;
SELECT tablename, indexdef FROM pg_indexes WHERE tablename ~ '^t[0-9]$' ORDER BY 1;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE kind = 2 ORDER BY e <-> %L LIMIT 30', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SET enable_seqscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY e <-> subvector(array_fill(0, ARRAY[33])::vector, 1, 32) LIMIT 5;
SELECT pg_temp.test_check();
RESET enable_seqscan;
RESET enable_sort;
DROP TABLE t;

-- inheritance of the column by LIKE takes the index along
CREATE TABLE t (id int PRIMARY KEY, e vector(3));
CREATE INDEX ON t USING hnsw (e vector_cosine_ops) WITH (m = 5, ef_construction = 11);
CREATE TABLE u (LIKE t INCLUDING INDEXES);
SELECT indexdef FROM pg_indexes WHERE tablename = 'u' AND indexdef ~ 'hnsw';
SELECT pg_temp.test_check();
DROP TABLE t, u;
RESET hnsw.ef_search;
