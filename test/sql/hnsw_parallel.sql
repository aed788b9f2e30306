--
-- Builds with parallel workers: every kind of index, and the settings that
-- allow and limit workers
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- 2000 rows, some without a vector; the number of workers is the table's
SET max_parallel_maintenance_workers = 3;
SET maintenance_work_mem = '256MB';
SET hnsw.ef_search = 1000;
CREATE TABLE t (id int, e vector(24), h halfvec(24)) WITH (parallel_workers = 3, autovacuum_enabled = off);
INSERT INTO t SELECT i, CASE WHEN i % 50 > 0 THEN pg_temp.test_vector(1, i, 24) END, pg_temp.test_vector(1, i, 24)
	FROM generate_series(1, 2000) i;
INSERT INTO t SELECT i, pg_temp.test_vector(1, 7, 24), pg_temp.test_vector(1, 7, 24) FROM generate_series(2001, 2200) i;

CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE e IS NOT NULL ORDER BY e <-> %L LIMIT 200', pg_temp.test_vector(3, 1, 24), pg_temp.test_vector(3, 1, 24)));
SELECT pg_temp.test_check();
REINDEX INDEX t_e;
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 24) FROM generate_series(2201, 2300) i;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t WHERE e IS NOT NULL ORDER BY e <-> %L LIMIT 200', pg_temp.test_vector(3, 1, 24), pg_temp.test_vector(3, 1, 24)));
DROP INDEX t_e;

-- an expression and a predicate; concurrently; half precision; layers of their own
CREATE INDEX t_e ON t USING hnsw ((e::halfvec(24)) halfvec_cosine_ops) WHERE id > 100;
SELECT pg_temp.test_same(format('SELECT id, e::halfvec(24) <=> %L AS d FROM t WHERE id > 100 AND e IS NOT NULL ORDER BY e::halfvec(24) <=> %L LIMIT 200', pg_temp.test_vector(3, 2, 24), pg_temp.test_vector(3, 2, 24)));
SELECT pg_temp.test_check();
DROP INDEX t_e;
CREATE INDEX CONCURRENTLY t_e ON t USING hnsw (h halfvec_ip_ops) WITH (m = 8, ef_construction = 40);
SELECT pg_temp.test_same(format('SELECT id, h <#> %L AS d FROM t WHERE h IS NOT NULL ORDER BY h <#> %L LIMIT 200', pg_temp.test_vector(3, 3, 24), pg_temp.test_vector(3, 3, 24)));
SELECT pg_temp.test_check();
REINDEX INDEX CONCURRENTLY t_e;
SELECT pg_temp.test_check();
DROP INDEX t_e;

-- values of varying length are read from the middle of the spool as well
CREATE TABLE s (id int PRIMARY KEY, v sparsevec(5000)) WITH (parallel_workers = 3);
INSERT INTO s SELECT i, format('{%s:%s,%s:1,%s:2}/5000', 1 + i % 1000, 1 + i % 7, 1001 + i % 999, 2001 + i * 7 % 2999)::sparsevec
	FROM generate_series(1, 1500) i;
CREATE INDEX s_v ON s USING hnsw (v sparsevec_l2_ops);
SELECT pg_temp.test_check();
DROP TABLE s;

-- what a function that must not run in workers computes is built without them
CREATE FUNCTION alone(vector) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL UNSAFE AS 'SELECT $1';
CREATE INDEX t_e ON t USING hnsw ((alone(e)::vector(24)) vector_l2_ops);
SELECT pg_temp.test_check();
DROP INDEX t_e;

-- an error in whatever process meets it
CREATE FUNCTION broken(e vector, id int) RETURNS vector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
	$$ BEGIN IF id = 1500 THEN RAISE EXCEPTION 'row 1500'; END IF; RETURN e; END $$;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE INDEX t_e ON t USING hnsw ((broken(e, id)::vector(24)) vector_l2_ops);
\set VERBOSITY default
SELECT to_regclass('t_e');

-- an empty table, a table of one row, one that grows in the same transaction
CREATE TABLE u (id int, e vector(24)) WITH (parallel_workers = 2);
CREATE INDEX u_e ON u USING hnsw (e vector_l2_ops);
DROP INDEX u_e;
INSERT INTO u SELECT 1, pg_temp.test_vector(1, 1, 24);
CREATE INDEX u_e ON u USING hnsw (e vector_l2_ops);
BEGIN;
DROP INDEX u_e;
TRUNCATE u;
INSERT INTO u SELECT i, pg_temp.test_vector(1, i, 24) FROM generate_series(1, 500) i;
CREATE INDEX u_e ON u USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM u ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 24), pg_temp.test_vector(3, 1, 24)));
COMMIT;
SELECT pg_temp.test_check();
DROP TABLE t, u;
DROP FUNCTION alone(vector), broken(vector, int);
