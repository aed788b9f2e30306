--
-- Which queries are answered with an ivfflat index, at the costs of a table that has
-- been analysed and without any plan being disabled: seed rows A24, A25, A26, A28, A29, A30, A31
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- A24, A25, A26: each operator has its own index
CREATE TABLE t_test (id int, embedding vector(3));
INSERT INTO t_test SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 4003) i;
CREATE INDEX t_test_embedding_cosine_idx ON t_test USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100);
CREATE INDEX t_test_embedding_l2_idx ON t_test USING ivfflat (embedding vector_l2_ops) WITH (lists = 100);
CREATE INDEX t_test_embedding_ip_idx ON t_test USING ivfflat (embedding vector_ip_ops) WITH (lists = 100);
ANALYZE t_test;
EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding <=> '[1,2,3]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding <-> '[1,2,3]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding <#> '[1,2,3]' LIMIT 5;
-- more lists are preferred
CREATE INDEX t_test_few ON t_test USING ivfflat (embedding vector_l2_ops) WITH (lists = 10);
EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding <-> '[1,2,3]' LIMIT 5;
-- not used: the farthest first, another operator, a function, without an order
SELECT pg_temp.test_uses_index('SELECT id FROM t_test ORDER BY embedding <-> ''[1,2,3]'' DESC LIMIT 5');
SELECT pg_temp.test_uses_index('SELECT id FROM t_test ORDER BY embedding <+> ''[1,2,3]'' LIMIT 5');
SELECT pg_temp.test_uses_index('SELECT id FROM t_test ORDER BY l2_distance(embedding, ''[1,2,3]'') LIMIT 5');
SET enable_seqscan = off;
SELECT pg_temp.test_uses_index('SELECT count(*) FROM t_test');
RESET enable_seqscan;
-- fewer rows than the query wants are no answer to it, unless scans are to end early
SET ivfflat.max_probes = 1;
SELECT pg_temp.test_uses_index('SELECT id FROM t_test ORDER BY embedding <-> ''[1,2,3]'' LIMIT 2000');
SET ivfflat.iterative_scan = off;
SELECT pg_temp.test_uses_index('SELECT id FROM t_test ORDER BY embedding <-> ''[1,2,3]'' LIMIT 2000');
RESET ivfflat.iterative_scan;
RESET ivfflat.max_probes;
DROP TABLE t_test;

-- A28: a partial index, without LIMIT; A29: its rows; A30, A31: others, and a condition that does not imply its own
CREATE TABLE t_test (tier text, vec vector(3));
INSERT INTO t_test SELECT CASE WHEN i % 3 = 0 THEN 'premium' ELSE 'free' END, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 20000) i;
CREATE INDEX t_premium ON t_test USING ivfflat (vec vector_ip_ops) WITH (lists = 100) WHERE tier = 'premium';
ANALYZE t_test;
EXPLAIN (COSTS OFF) SELECT * FROM t_test WHERE tier = 'premium' ORDER BY vec <#> '[2,2,2]';
EXPLAIN (COSTS OFF) SELECT * FROM t_test WHERE tier = 'free' ORDER BY vec <#> '[2,2,2]';
EXPLAIN (COSTS OFF) SELECT * FROM t_test WHERE tier LIKE 'premium' ORDER BY vec <#> '[2,2,2]';
DROP TABLE t_test;

-- few and many dimensions, analysed and not; a filter
CREATE FUNCTION pg_temp.test_chosen(dims int, n int, condition text, analysed boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result boolean;
BEGIN
	EXECUTE format('CREATE TABLE t (id int PRIMARY KEY, e vector(%s), c int)', dims);
	INSERT INTO t SELECT i, (SELECT v FROM pg_temp.test_vector(1, i % 50, dims) v), i % 10 FROM generate_series(1, n) i;
	CREATE INDEX ON t USING ivfflat (e) WITH (lists = 5);
	IF analysed THEN
		ANALYZE t;
	END IF;
	result := pg_temp.test_uses_index(format('SELECT id FROM t WHERE %s ORDER BY e <-> %L LIMIT 10', condition, pg_temp.test_vector(3, 1, dims)));
	DROP TABLE t;
	RETURN result;
END
$$;
SELECT dims, n, condition, pg_temp.test_chosen(dims, n, condition, true) FROM (VALUES (3, 5000, 'true'), (384, 5000, 'true'), (1536, 2000, 'true'), (384, 5000, 'c < 5'), (3, 5000, 'e <-> ''[0,0,0]'' < 1')) s (dims, n, condition);
SELECT dims, n, pg_temp.test_chosen(dims, n, 'true', false) FROM (VALUES (384, 1000)) s (dims, n);
