-- The access method diskann: options, answers, inserts, VACUUM.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
SET client_min_messages = warning;

CREATE TABLE t (id int PRIMARY KEY, e vector(48), h halfvec(48), note int DEFAULT 0);
INSERT INTO t SELECT i, v, v FROM generate_series(1, 1500) i, pg_temp.test_vector(5, i, 48) v;

-- each operator class gives the order of a sort
SET diskann.l_value_is = 3000;
CREATE INDEX t_l2 ON t USING diskann (e vector_l2_ops);
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(9, 1, 48) AS d FROM t ORDER BY d LIMIT 50$$);
SELECT pg_temp.test_check();
DROP INDEX t_l2;
CREATE INDEX t_ip ON t USING diskann (e vector_ip_ops);
SELECT pg_temp.test_same($$SELECT id, e <#> pg_temp.test_vector(9, 2, 48) AS d FROM t ORDER BY d LIMIT 50$$);
DROP INDEX t_ip;
CREATE INDEX t_cosine ON t USING diskann (e);
SELECT pg_temp.test_same($$SELECT id, e <=> pg_temp.test_vector(9, 3, 48) AS d FROM t ORDER BY d LIMIT 50$$);
DROP INDEX t_cosine;
CREATE INDEX t_half ON t USING diskann (h halfvec_l2_ops);
SELECT pg_temp.test_same($$SELECT id, h <-> pg_temp.test_vector(9, 4, 48)::halfvec AS d FROM t ORDER BY d LIMIT 50$$);
SELECT pg_temp.test_check();
DROP INDEX t_half;

-- few dimensions are their own code
CREATE TABLE few (id int, e vector(3));
INSERT INTO few SELECT i, pg_temp.test_vector(6, i, 3) FROM generate_series(1, 500) i;
CREATE INDEX few_e ON few USING diskann (e vector_l2_ops);
SELECT pg_temp.test_same($$SELECT id, e <-> '[0.5,0.5,0.5]' AS d FROM few ORDER BY d LIMIT 20$$);
DROP TABLE few;

-- inserts, updates and deletes; a row that the snapshot does not see has no distance, and does not come
CREATE INDEX t_e ON t USING diskann (e vector_l2_ops) WITH (max_neighbors = 48, l_value_ib = 100);
SELECT reloptions FROM pg_class WHERE relname = 't_e';
INSERT INTO t SELECT i, v, v FROM generate_series(1501, 1800) i, pg_temp.test_vector(5, i, 48) v;
UPDATE t SET note = 1 WHERE id % 5 = 0;
UPDATE t SET e = pg_temp.test_vector(7, id, 48) WHERE id % 11 = 0;
DELETE FROM t WHERE id % 7 = 0;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(9, 5, 48) AS d FROM t ORDER BY d LIMIT 50$$);
VACUUM t;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(9, 6, 48) AS d FROM t ORDER BY d LIMIT 50$$);
INSERT INTO t SELECT i, v, v FROM generate_series(2001, 2200) i, pg_temp.test_vector(5, i, 48) v;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(9, 7, 48) AS d FROM t ORDER BY d LIMIT 50$$);
SELECT pg_temp.test_check();
REINDEX INDEX CONCURRENTLY t_e;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(9, 8, 48) AS d FROM t ORDER BY d LIMIT 50$$);

-- a new version of a row with the same vector joins the node of the old one, if the table says that it is the same
CREATE TABLE version (id int PRIMARY KEY, note int, e vector(600)) WITH (autovacuum_enabled = off);
INSERT INTO version SELECT i, 0, pg_temp.test_vector(10, i, 600) FROM generate_series(1, 300) i;
CREATE INDEX version_e ON version USING diskann (e vector_l2_ops);
CREATE INDEX version_note ON version (note);		-- so that no update is HOT
SELECT pg_relation_size('version_e') / 8192 AS built \gset
UPDATE version SET note = note + 1;
UPDATE version SET note = note + 1;
UPDATE version SET note = note + 1 WHERE id % 3 = 0;
SELECT pg_relation_size('version_e') / 8192 - :built <= 300 / 10 AS few_pages, rows FROM vectorx_index_stats('version_e');
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(10, 999, 600) AS d FROM version ORDER BY d LIMIT 50$$);
SELECT pg_temp.test_check();
VACUUM version;
SELECT rows, dead_rows FROM vectorx_index_stats('version_e');
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(10, 998, 600) AS d FROM version ORDER BY d LIMIT 50$$);
-- what a trigger changes the executor does not know of
CREATE FUNCTION change_vector() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.e := l2_normalize(NEW.e); RETURN NEW; END $$;
CREATE TRIGGER change_vector BEFORE UPDATE ON version FOR EACH ROW EXECUTE FUNCTION change_vector();
UPDATE version SET note = note + 1 WHERE id % 2 = 0;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(10, 997, 600) AS d FROM version ORDER BY d LIMIT 300$$);
-- and of one value, copies and versions of them, back and forth
DROP TRIGGER change_vector ON version;
UPDATE version SET e = (SELECT e FROM version WHERE id = 7) WHERE id BETWEEN 20 AND 60;
UPDATE version SET note = note + 1 WHERE id BETWEEN 1 AND 60;
DELETE FROM version WHERE id BETWEEN 30 AND 40;
UPDATE version SET note = note + 1 WHERE id BETWEEN 1 AND 60;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(10, 7, 600) AS d FROM version ORDER BY d LIMIT 80$$);
VACUUM version;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(10, 7, 600) AS d FROM version ORDER BY d LIMIT 80$$);
SELECT pg_temp.test_check();
DROP TABLE version;
DROP FUNCTION change_vector;

-- a scan goes on while rows are wanted, in relaxed order unless told otherwise; off ends it
SET enable_seqscan = off;
SET diskann.l_value_is = 10;
SHOW diskann.iterative_search;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(9, 9, 48) LIMIT 200) s;
SET diskann.iterative_search = off;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(9, 9, 48) LIMIT 200) s;
SET diskann.iterative_search = 'Strict_Order';
SELECT bool_and(d >= before) FROM (SELECT d, lag(d, 1, 0.0) OVER () AS before FROM
	(SELECT e <-> pg_temp.test_vector(9, 9, 48) AS d FROM t ORDER BY e <-> pg_temp.test_vector(9, 9, 48) LIMIT 200) r) s;
RESET diskann.iterative_search;
RESET diskann.l_value_is;
RESET enable_seqscan;
SELECT pg_temp.test_uses_index($$SELECT id FROM t ORDER BY e <-> pg_temp.test_vector(9, 9, 48) LIMIT 5$$);

-- it is smaller than an index with the vectors
CREATE INDEX t_hnsw ON t USING hnsw (e vector_l2_ops);
SELECT pg_relation_size('t_e') < pg_relation_size('t_hnsw');
DROP INDEX t_hnsw;

-- codes as long as asked: 2 bits a dimension of 64, 4, and as many as there are
CREATE INDEX t_2 ON t USING diskann (e vector_l2_ops) WITH (product_quantized = true, pq_param_num_chunks = 16);
CREATE INDEX t_4 ON t USING diskann (e vector_l2_ops) WITH (product_quantized = true, pq_param_num_chunks = 32);
CREATE INDEX t_8 ON t USING diskann (e vector_l2_ops) WITH (product_quantized = on, pq_param_num_chunks = 64);
SELECT pg_relation_size('t_2') < pg_relation_size('t_4') AND pg_relation_size('t_4') < pg_relation_size('t_8');
SELECT pg_temp.test_check();
DROP INDEX t_2, t_4, t_e;
SET diskann.l_value_is = 4000;
SELECT pg_temp.test_same($$SELECT id, e <-> pg_temp.test_vector(9, 10, 48) AS d FROM t ORDER BY d LIMIT 50$$);
DROP INDEX t_8;
RESET diskann.l_value_is;

-- refused options
SELECT pg_temp.test_error($$CREATE INDEX ON t USING diskann (e vector_l2_ops) WITH (max_neighbors = 19)$$);
SELECT pg_temp.test_error($$CREATE INDEX ON t USING diskann (e vector_l2_ops) WITH (l_value_ib = 501)$$);
SELECT pg_temp.test_error($$CREATE INDEX ON t USING diskann (e vector_l2_ops) WITH (pq_param_num_chunks = 10)$$);
SELECT pg_temp.test_error($$CREATE INDEX ON t USING diskann (e vector_l2_ops) WITH (pq_param_training_samples = 10)$$);
SELECT pg_temp.test_error($$CREATE INDEX ON t USING diskann (e vector_l2_ops) WITH (product_quantized = None)$$);
SELECT pg_temp.test_error($$SET diskann.l_value_is = 9$$);

-- what upgrade_diskann_index() is given
CREATE INDEX t_e ON t USING diskann (e vector_l2_ops);
SELECT upgrade_diskann_index('t_e');
SELECT upgrade_diskann_index(oid) FROM pg_class WHERE relname = 't_e';
SELECT pg_temp.test_error($$SELECT upgrade_diskann_index('t_pkey')$$);

-- up to 16 000 dimensions, whatever product_quantized says
CREATE TABLE long (id int, e vector(16000));
INSERT INTO long SELECT i, pg_temp.test_vector(8, i, 16000) FROM generate_series(1, 30) i;
CREATE INDEX long_e ON long USING diskann (e vector_cosine_ops);
SELECT pg_temp.test_same($$SELECT id, e <=> pg_temp.test_vector(8, 3, 16000) AS d FROM long ORDER BY d LIMIT 10$$);
INSERT INTO long SELECT i, pg_temp.test_vector(8, i, 16000) FROM generate_series(31, 34) i;
SELECT pg_temp.test_same($$SELECT id, e <=> pg_temp.test_vector(8, 32, 16000) AS d FROM long ORDER BY d LIMIT 10$$);
DROP TABLE long;

-- NULLs and vectors without direction are left out; an empty table; an unlogged one
CREATE UNLOGGED TABLE odd (id int, e vector(20));
CREATE INDEX odd_e ON odd USING diskann (e vector_cosine_ops);
SELECT count(*) FROM (SELECT id FROM odd ORDER BY e <=> pg_temp.test_vector(1, 1, 20) LIMIT 5) s;
INSERT INTO odd SELECT i, pg_temp.test_vector(4, i, 20) FROM generate_series(1, 40) i;
INSERT INTO odd VALUES (41, NULL), (42, array_fill(0, ARRAY[20])::vector);
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM odd ORDER BY e <=> pg_temp.test_vector(1, 1, 20) LIMIT 50) s;
RESET enable_seqscan;
DROP TABLE odd;
DROP TABLE t;
