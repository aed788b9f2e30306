--
-- Every error that a user of an index can cause: SQLSTATE, message, detail, hint
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on

CREATE TABLE t (id int, e vector(3), f vector, a real[], b bit(3), v varbit(3), j json);
INSERT INTO t VALUES (1, '[1,2,3]', '[1,2,3]', '{1,2,3}', '101', '101', '{}'), (2, '[4,5,6]', '[1,2]', NULL, NULL, NULL, NULL);

-- what cannot be indexed
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (a)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (f vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw ((f::vector(3)) vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (f vector_l2_ops) WHERE vector_dims(f) = 3');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (a vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (id vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (j vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e no_such_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops, id)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops, e vector_ip_ops)');
SELECT pg_temp.test_error('CREATE UNIQUE INDEX ON t USING hnsw (e vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) INCLUDE (id)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops ASC)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops DESC)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops NULLS FIRST)');
SELECT pg_temp.test_error('ALTER TABLE t ADD EXCLUDE USING hnsw (e vector_l2_ops WITH <->)');
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_error('CLUSTER t USING t_e');
SELECT pg_temp.test_error('CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops)');

-- dimensions: 2000 are indexed, 2001 are not
CREATE TABLE wide (e vector(2000), f vector(2001), g vector(16000));
INSERT INTO wide VALUES (array_fill(1, ARRAY[2000])::vector, array_fill(1, ARRAY[2001])::vector, array_fill(1, ARRAY[16000])::vector);
SELECT pg_temp.test_error(format('CREATE INDEX ON wide USING hnsw (e %s)', o))
	FROM unnest(ARRAY['vector_l2_ops', 'vector_ip_ops', 'vector_cosine_ops', 'vector_l1_ops']) o;
SELECT pg_temp.test_error(format('CREATE INDEX ON wide USING hnsw (f %s)', o))
	FROM unnest(ARRAY['vector_l2_ops', 'vector_ip_ops', 'vector_cosine_ops', 'vector_l1_ops']) o;
SELECT pg_temp.test_error('CREATE INDEX ON wide USING hnsw (g vector_l2_ops)');
-- the remedy of the hint works
SELECT pg_temp.test_error('CREATE INDEX ON wide USING hnsw ((subvector(f, 1, 2000)::vector(2000)) vector_l2_ops)');
SELECT pg_temp.test_error('CREATE INDEX ON wide USING hnsw ((subvector(g, 1, 2000)::vector(2000)) vector_cosine_ops) WITH (m = 100, ef_construction = 200, code_bits = 8)');
DROP TABLE wide;

-- options
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (m = 1)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (m = 101)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (ef_construction = 3)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (ef_construction = 1001)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (m = 16, ef_construction = 31)');
SELECT pg_temp.test_error('CREATE INDEX ON t USING hnsw (e vector_l2_ops) WITH (efconstruction = 64)');
SELECT pg_temp.test_error('ALTER INDEX t_e SET (lists = 5)');

-- settings
SELECT pg_temp.test_error('SET hnsw.ef_search = 0');
SELECT pg_temp.test_error('SET hnsw.ef_search = 10001');
SELECT pg_temp.test_error('SET hnsw.iterative_scan = on');
SELECT pg_temp.test_error('SET hnsw.max_scan_tuples = 0');
SELECT pg_temp.test_error('SET hnsw.scan_mem_multiplier = 0');
SELECT pg_temp.test_error('SET vectorx.simd = mmx');
SELECT pg_temp.test_error('SET hnsw.nonsense = 1');

-- queries
SET enable_seqscan = off;
SELECT pg_temp.test_error('SELECT id FROM t ORDER BY e <-> ''[1,2]'' LIMIT 1');
SELECT pg_temp.test_error('SELECT id FROM t ORDER BY e <-> ''[1,2,3,4]'' LIMIT 1');
SELECT pg_temp.test_error('SELECT id FROM t ORDER BY e <-> (SELECT f FROM t WHERE id = 2) LIMIT 1');
SELECT pg_temp.test_error('SELECT id FROM t ORDER BY e <-> ''what'' LIMIT 1');
SELECT pg_temp.test_error('SELECT id FROM t ORDER BY e <-> ''[nan,0,0]'' LIMIT 1');
RESET enable_seqscan;

-- rows
SELECT pg_temp.test_error('INSERT INTO t (e) VALUES (''[1,2]'')');
SELECT pg_temp.test_error('INSERT INTO t (e) VALUES (''[1,2,3,4]'')');
SELECT pg_temp.test_error('INSERT INTO t (e) VALUES (''[1,2,inf]'')');
SELECT pg_temp.test_error('INSERT INTO t (e) VALUES (''[1,2,4e38]'')');
SELECT pg_temp.test_error('UPDATE t SET e = f');
SELECT count(*) FROM t;
SELECT id FROM t ORDER BY e <-> '[1,2,3]';
DROP TABLE t;
