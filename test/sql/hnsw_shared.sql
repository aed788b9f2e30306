--
-- Rows with equal vectors share a node: updates of other columns, copies, and
-- what VACUUM makes of their heap TIDs.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE t (id int PRIMARY KEY, note int, e vector(24)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, 0, pg_temp.test_vector(5, i, 24) FROM generate_series(1, 1000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
CREATE INDEX t_note ON t (note);		-- so that no update is HOT
SELECT pg_relation_size('t_e') / 8192 AS built \gset

-- Updates of another column add a page of heap TIDs at most to a graph page.
UPDATE t SET note = note + 1;
UPDATE t SET note = note + 1;
SELECT pg_relation_size('t_e') / 8192 - :built <= 1000 / 60 AS few_pages;
SELECT pg_temp.test_check();
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(6, 1, 24) AS d FROM t ORDER BY d LIMIT 300');
VACUUM t;
SELECT pg_temp.test_check();
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(6, 2, 24) AS d FROM t ORDER BY d LIMIT 300');

-- More versions than the pages have room for, removed again, and again.
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
SELECT pg_temp.test_check();
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(6, 3, 24) AS d FROM t ORDER BY d LIMIT 300');
SELECT pg_relation_size('t_e') / 8192 AS churned \gset
VACUUM t;
SELECT pg_temp.test_check();
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
UPDATE t SET note = note + 1 WHERE id <= 200;
VACUUM t;
SELECT pg_temp.test_check();
SELECT pg_relation_size('t_e') / 8192 <= :churned AS no_growth;
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(6, 4, 24) AS d FROM t ORDER BY d LIMIT 300');

-- An update of the vector moves the row to another node.
UPDATE t SET e = pg_temp.test_vector(7, id, 24) WHERE id <= 50;
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(7, 3, 24) AS d FROM t ORDER BY d LIMIT 300');
VACUUM t;
SELECT pg_temp.test_check();

-- Copies fill pages of heap TIDs, not of nodes.
INSERT INTO t SELECT 10000 + i, 0, pg_temp.test_vector(5, 500, 24) FROM generate_series(1, 5000) i;
SELECT pg_relation_size('t_e') / 8192 - :churned < 12 AS few_pages;
SELECT pg_temp.test_check();
SET enable_seqscan = off;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(5, 500, 24) LIMIT 5001) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t WHERE id % 10 = 3 ORDER BY e <-> pg_temp.test_vector(5, 500, 24) LIMIT 600) s;
RESET enable_seqscan;
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(5, 500, 24) AS d FROM t WHERE id < 10000 ORDER BY d LIMIT 100');
DELETE FROM t WHERE id >= 10000 AND id % 3 > 0;
VACUUM t;
SELECT pg_temp.test_check();
SELECT pg_relation_size('t_e') / 8192 AS filled \gset
INSERT INTO t SELECT 20000 + i, 0, pg_temp.test_vector(5, 500, 24) FROM generate_series(1, 3000) i;
SELECT pg_relation_size('t_e') / 8192 - :filled AS added;
SELECT pg_temp.test_check();
SET enable_seqscan = off;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(5, 500, 24) LIMIT 4667) s;
RESET enable_seqscan;

-- The node of a row that is gone comes back to life with its vector.
DELETE FROM t;
VACUUM t;
SELECT pg_temp.test_check();
SELECT pg_relation_size('t_e') / 8192 AS emptied \gset
INSERT INTO t SELECT i, 0, pg_temp.test_vector(5, i, 24) FROM generate_series(51, 1000) i;
SELECT pg_relation_size('t_e') / 8192 - :emptied AS added;
SELECT pg_temp.test_check();
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(6, 5, 24) AS d FROM t ORDER BY d LIMIT 300');
DROP TABLE t;

-- Codes that are the vectors, and equal directions of other lengths.
CREATE TABLE t (id int PRIMARY KEY, e vector(8)) WITH (autovacuum_enabled = off);
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
CREATE INDEX t_d ON t USING hnsw (e vector_cosine_ops);
INSERT INTO t SELECT i, pg_temp.test_vector(5, i % 10, 8) FROM generate_series(1, 1000) i;
INSERT INTO t SELECT i, pg_temp.test_vector(5, i % 10, 8) + pg_temp.test_vector(5, i % 10, 8) FROM generate_series(1001, 1100) i;
SELECT pg_temp.test_check();
SELECT pg_temp.test_same('SELECT id, e <-> pg_temp.test_vector(6, 1, 8) AS d FROM t ORDER BY d LIMIT 500');
SELECT pg_relation_size('t_e') / 8192 < 8 AS small;
DROP TABLE t;

-- Values that are not in the index cannot be compared there: each row has a node.
CREATE TABLE t (id int PRIMARY KEY, note int, e sparsevec(1000)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, 0, format('{%s:%s,%s:2}/1000', i, i, i + 1)::sparsevec FROM generate_series(1, 200) i;
CREATE INDEX t_e ON t USING hnsw (e sparsevec_l2_ops);
CREATE INDEX t_note ON t (note);
UPDATE t SET note = 1;
SELECT pg_temp.test_check();
SELECT pg_temp.test_same('SELECT id, e <-> ''{7:7,8:3}/1000'' AS d FROM t ORDER BY d LIMIT 2');
VACUUM t;
SELECT pg_temp.test_check();
DROP TABLE t;
