--
-- Recall of hnsw indexes at the default settings: floors, on seeded random data
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- 10 000 rows, three dimensions, 10 queries, the 20 nearest
CREATE TABLE t (id int, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 10000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_recall('t', '<->', 3, 20, 10) >= 0.99 AS l2;
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_ip_ops);
SELECT pg_temp.test_recall('t', '<#>', 3, 20, 10) >= 0.97 AS ip;
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_cosine_ops);
SELECT pg_temp.test_recall('t', '<=>', 3, 20, 10) >= 0.99 AS cosine;
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_l1_ops);
SELECT pg_temp.test_recall('t', '<+>', 3, 20, 10) >= 0.99 AS l1;
DROP INDEX t_e;

-- the same of 5 000 rows that came by insert
TRUNCATE t;
CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
CREATE INDEX t_ip ON t USING hnsw (e vector_ip_ops);
CREATE INDEX t_cosine ON t USING hnsw (e vector_cosine_ops);
CREATE INDEX t_l1 ON t USING hnsw (e vector_l1_ops);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 5000) i;
SELECT pg_temp.test_recall('t', '<->', 3, 20, 10) >= 0.99 AS l2;
SELECT pg_temp.test_recall('t', '<#>', 3, 20, 10) >= 0.97 AS ip;
SELECT pg_temp.test_recall('t', '<=>', 3, 20, 10) >= 0.99 AS cosine;
SELECT pg_temp.test_recall('t', '<+>', 3, 20, 10) >= 0.99 AS l1;
SELECT pg_temp.test_check();
DROP TABLE t;

-- 64 dimensions without structure, the hardest there is, 10 nearest of 3 000
CREATE TABLE t (id int, e vector(64));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 3000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_recall('t', '<->', 64, 10, 15) >= 0.97 AS l2_ef_40;
SET hnsw.ef_search = 100;
SELECT pg_temp.test_recall('t', '<->', 64, 10, 15) >= 0.99 AS l2_ef_100;
SET hnsw.ef_search = 400;
SELECT pg_temp.test_recall('t', '<->', 64, 10, 15) >= 0.99 AS l2_ef_400;
RESET hnsw.ef_search;
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_cosine_ops);
SELECT pg_temp.test_recall('t', '<=>', 64, 10, 15) >= 0.97 AS cosine_ef_40;
SET hnsw.ef_search = 100;
SELECT pg_temp.test_recall('t', '<=>', 64, 10, 15) >= 0.99 AS cosine_ef_100;
RESET hnsw.ef_search;
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_ip_ops);
SELECT pg_temp.test_recall('t', '<#>', 64, 10, 15) >= 0.97 AS ip_ef_40;
SET hnsw.ef_search = 100;
SELECT pg_temp.test_recall('t', '<#>', 64, 10, 15) >= 0.99 AS ip_ef_100;
RESET hnsw.ef_search;
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_l1_ops);
SELECT pg_temp.test_recall('t', '<+>', 64, 10, 15) >= 0.97 AS l1_ef_40;
SET hnsw.ef_search = 100;
SELECT pg_temp.test_recall('t', '<+>', 64, 10, 15) >= 0.99 AS l1_ef_100;
RESET hnsw.ef_search;

-- after three rows of four are deleted, before and after VACUUM
DROP INDEX t_e;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 4, ef_construction = 8);
DELETE FROM t WHERE id % 4 > 0;
SET hnsw.ef_search = 100;
SELECT pg_temp.test_recall('t', '<->', 64, 10, 15) >= 0.98 AS before_vacuum;
VACUUM t;
SELECT pg_temp.test_recall('t', '<->', 64, 10, 15) >= 0.98 AS after_vacuum;
SELECT pg_temp.test_check();
RESET hnsw.ef_search;
DROP TABLE t;

-- a filter that one row in fifty passes
CREATE TABLE t (id int, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 10000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_recall('(SELECT * FROM t WHERE id % 50 = 0) f', '<->', 3, 10, 10) >= 0.99 AS strict;
SET hnsw.iterative_scan = relaxed_order;
SELECT pg_temp.test_recall('(SELECT * FROM t WHERE id % 50 = 0) f', '<->', 3, 10, 10) >= 0.99 AS relaxed;
SELECT pg_temp.test_check();
RESET hnsw.iterative_scan;
DROP TABLE t;
