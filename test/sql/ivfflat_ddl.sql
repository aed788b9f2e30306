--
-- ivfflat indexes of every kind: options, errors, unlogged, temporary, partitioned,
-- partial, concurrent, rebuilt
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
CREATE FUNCTION pg_temp.test_whole() RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)))
$$;
SET ivfflat.probes = 100;

-- the catalogue: vector_l2_ops is the default, strategies and support functions are pgvector's
SELECT opcname, opcdefault, opcintype::regtype FROM pg_opclass WHERE opcmethod = (SELECT oid FROM pg_am WHERE amname = 'ivfflat') ORDER BY 1;
SELECT c.opcname, p.amprocnum, p.amproc FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod AND amname = 'ivfflat' JOIN pg_amproc p ON p.amprocfamily = c.opcfamily ORDER BY 1, 2;
SELECT pg_indexam_has_property(oid, 'can_multi_col') AS multi, pg_indexam_has_property(oid, 'can_unique') AS uniq, pg_indexam_has_property(oid, 'can_include') AS include FROM pg_am WHERE amname = 'ivfflat';

-- options
CREATE TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 300) i;
CREATE INDEX t_e ON t USING ivfflat (e);
SELECT options FROM vectorx_index_stats('t_e');
DROP INDEX t_e;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 300);
DROP INDEX t_e;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 301);
SELECT pg_temp.test_whole();
ALTER INDEX t_e SET (lists = 5);
SELECT options FROM vectorx_index_stats('t_e');
REINDEX INDEX t_e;
SELECT options FROM vectorx_index_stats('t_e');
SELECT reloptions FROM pg_class WHERE relname = 't_e';
SELECT pg_temp.test_whole();
DROP INDEX t_e;
SELECT pg_temp.test_error('CREATE INDEX ON t USING ivfflat (e) WITH (lists = -1)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING ivfflat (e) WITH (lists = 32769)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING ivfflat (e) WITH (m = 16)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING ivfflat (e, id)');
SELECT pg_temp.test_error('CREATE UNIQUE INDEX ON t USING ivfflat (e)');
-- lists = 0 goes by the number of rows
CREATE TABLE many (e vector(2));
INSERT INTO many SELECT ARRAY[sin(i), cos(i)] FROM generate_series(1, 7000) i;
CREATE INDEX many_e ON many USING ivfflat (e) WITH (lists = 0);
ANALYZE many;
REINDEX INDEX many_e;
SELECT options FROM vectorx_index_stats('many_e');
-- memory: what pgvector says when it is too little; lists that pgvector has no memory for
SET maintenance_work_mem = '1MB';
SET client_min_messages = warning;
SELECT pg_temp.test_error('CREATE INDEX ON many USING ivfflat (e) WITH (lists = 32768)');
CREATE TABLE wide (e vector(2000));
SELECT pg_temp.test_error('CREATE INDEX ON wide USING ivfflat (e) WITH (lists = 1000)');
INSERT INTO wide SELECT array_fill(i, ARRAY[2000]) FROM generate_series(1, 200) i;
SELECT pg_temp.test_error('CREATE INDEX ON wide USING ivfflat (e) WITH (lists = 150)');
CREATE INDEX ON many USING ivfflat (e) WITH (lists = 2000);
RESET client_min_messages;
RESET maintenance_work_mem;
DROP TABLE many, wide;
DROP TABLE t;

-- unlogged and temporary tables
CREATE UNLOGGED TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 200) i;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 5);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(201, 300) i;
SELECT pg_relation_size('t_e', 'init') > 0 AS has_init_fork;
SELECT pg_temp.test_whole();
ALTER TABLE t SET LOGGED;
SELECT pg_temp.test_whole();
ALTER TABLE t SET UNLOGGED;
SELECT pg_temp.test_whole();
SELECT pg_temp.test_check();
DROP TABLE t;
CREATE TEMP TABLE t (id int PRIMARY KEY, e vector(32)) ON COMMIT DELETE ROWS;
CREATE INDEX ON t USING ivfflat (e) WITH (lists = 2);
BEGIN;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 100) i;
SELECT pg_temp.test_whole();
COMMIT;
SELECT pg_temp.test_whole();
DROP TABLE t;

-- build and use in the transaction that makes the table; rollback
BEGIN;
CREATE TABLE t (id int PRIMARY KEY, e vector(32));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 100) i;
SAVEPOINT s;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 3);
ROLLBACK TO s;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 4);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(101, 200) i;
SELECT pg_temp.test_whole();
COMMIT;
SELECT pg_temp.test_check();

-- CREATE INDEX CONCURRENTLY, REINDEX, REINDEX CONCURRENTLY, other ways to a new file
DROP INDEX t_e;
CREATE INDEX CONCURRENTLY t_e ON t USING ivfflat (e) WITH (lists = 6);
SELECT pg_temp.test_whole();
DELETE FROM t WHERE id % 3 = 0;
REINDEX INDEX t_e;
SELECT pg_temp.test_whole();
REINDEX INDEX CONCURRENTLY t_e;
SELECT pg_temp.test_whole();
VACUUM FULL t;
SELECT pg_temp.test_whole();
CLUSTER t USING t_pkey;
SELECT pg_temp.test_whole();
SELECT pg_temp.test_error('CLUSTER t USING t_e');
SELECT indexdef FROM pg_indexes WHERE indexname = 't_e';
SELECT pg_temp.test_check();
DROP TABLE t;

-- partial indexes and partitions
CREATE TABLE t (id int PRIMARY KEY, e vector(32), kind int);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), i % 3 FROM generate_series(1, 300) i;
CREATE INDEX t_0 ON t USING ivfflat (e) WITH (lists = 4) WHERE kind = 0;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), i % 3 FROM generate_series(301, 400) i;
UPDATE t SET kind = 1 - kind WHERE kind < 2;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE kind = 0 ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 32), pg_temp.test_vector(3, 1, 32)));
SELECT pg_temp.test_check();
DROP TABLE t;
CREATE TABLE t (id int, e vector(32)) PARTITION BY RANGE (id);
CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (150);
CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (150) TO (1000);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 300) i;
CREATE INDEX ON t USING ivfflat (e) WITH (lists = 4);
SELECT c.relname, c.relkind FROM pg_class c WHERE c.relname ~ '^t.*_e_idx$' ORDER BY 1;
SELECT pg_temp.test_whole();
CREATE TABLE t_new PARTITION OF t FOR VALUES FROM (1000) TO (2000);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1001, 1100) i;
SELECT pg_temp.test_whole();
SELECT pg_temp.test_error('SELECT vectorx_check(''t_e_idx'')');
DROP TABLE t;
