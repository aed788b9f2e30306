--
-- Order of the rows that an hnsw index returns
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- the four operator classes, at an effort that holds all rows in one batch
SET hnsw.ef_search = 1000;
CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 300) i;
CREATE INDEX t_e_l2 ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_same('SELECT id, e <-> ''[0.5,0.5,0.5]'' AS d FROM t ORDER BY e <-> ''[0.5,0.5,0.5]''');
SELECT pg_temp.test_same('SELECT id, e <-> ''[3,-1,0.5]'' AS d FROM t ORDER BY e <-> ''[3,-1,0.5]'' LIMIT 10');
SELECT pg_temp.test_same('SELECT id, e <-> ''[0,0,0]'' AS d FROM t ORDER BY e <-> ''[0,0,0]'' LIMIT 300');
CREATE INDEX t_e_ip ON t USING hnsw (e vector_ip_ops);
SELECT pg_temp.test_same('SELECT id, e <#> ''[0.5,0.5,0.5]'' AS d FROM t ORDER BY e <#> ''[0.5,0.5,0.5]''');
SELECT pg_temp.test_same('SELECT id, e <#> ''[-1,2,-3]'' AS d FROM t ORDER BY e <#> ''[-1,2,-3]'' LIMIT 10');
SELECT pg_temp.test_same('SELECT id, e <#> ''[0,0,0]'' AS d FROM t ORDER BY e <#> ''[0,0,0]''');
CREATE INDEX t_e_cosine ON t USING hnsw (e vector_cosine_ops);
SELECT pg_temp.test_same('SELECT id, e <=> ''[0.5,0.5,0.5]'' AS d FROM t ORDER BY e <=> ''[0.5,0.5,0.5]''');
SELECT pg_temp.test_same('SELECT id, e <=> ''[-1,2,-3]'' AS d FROM t ORDER BY e <=> ''[-1,2,-3]'' LIMIT 10');
CREATE INDEX t_e_l1 ON t USING hnsw (e vector_l1_ops);
SELECT pg_temp.test_same('SELECT id, e <+> ''[0.5,0.5,0.5]'' AS d FROM t ORDER BY e <+> ''[0.5,0.5,0.5]''');
SELECT pg_temp.test_same('SELECT id, e <+> ''[3,-1,0.5]'' AS d FROM t ORDER BY e <+> ''[3,-1,0.5]'' LIMIT 10');

-- rows inserted after the build
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(301, 400) i;
SELECT o, pg_temp.test_same(format('SELECT id, e %s ''[0.1,0.2,0.3]'' AS d FROM t ORDER BY e %s ''[0.1,0.2,0.3]''', o, o))
	FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) o;

-- extreme components: sums that overflow float4 and that vanish in it
INSERT INTO t VALUES (501, '[3e38,3e38,3e38]'), (502, '[-3e38,3e38,0]'), (503, '[1e-38,1e-38,1e-38]'), (504, '[1e-45,0,0]');
SELECT o, pg_temp.test_same(format('SELECT id, e %s ''[0.1,0.2,0.3]'' AS d FROM t ORDER BY e %s ''[0.1,0.2,0.3]''', o, o))
	FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) o;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1e38,0,0]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <#> '[1e38,0,0]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[1e38,0,0]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <+> '[1e38,0,0]') s;
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;

-- a build of nothing but extremes
CREATE TABLE t (id int PRIMARY KEY, e vector(20));
INSERT INTO t SELECT i, array_fill(CASE i % 4 WHEN 0 THEN 3e38 WHEN 1 THEN -3e38 WHEN 2 THEN 1e-45 ELSE i END::float4, ARRAY[20])::vector
	FROM generate_series(1, 200) i;
CREATE INDEX ON t USING hnsw (e vector_l2_ops);
CREATE INDEX ON t USING hnsw (e vector_ip_ops);
CREATE INDEX ON t USING hnsw (e vector_cosine_ops);
CREATE INDEX ON t USING hnsw (e vector_l1_ops);
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> (SELECT e FROM t WHERE id = 3)) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <#> (SELECT e FROM t WHERE id = 4)) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> (SELECT e FROM t WHERE id = 3)) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <+> (SELECT e FROM t WHERE id = 4)) s;
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;

-- dimensions
CREATE FUNCTION pg_temp.test_dims(dims int, opclass text, operator text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text;
	built text;
BEGIN
	EXECUTE format('CREATE TABLE t (id int PRIMARY KEY, e vector(%s))', dims);
	INSERT INTO t SELECT i, pg_temp.test_vector(2, i, dims) FROM generate_series(1, 100) i;
	EXECUTE format('CREATE INDEX ON t USING hnsw (e %s)', opclass);
	query := format('SELECT id, e %s %L AS d FROM t ORDER BY e %s %L', operator, pg_temp.test_vector(3, 1, dims),
					operator, pg_temp.test_vector(3, 1, dims));
	built := pg_temp.test_same(query);
	INSERT INTO t SELECT i, pg_temp.test_vector(2, i, dims) FROM generate_series(101, 150) i;
	query := pg_temp.test_same(query);
	DROP TABLE t;
	RETURN built || '; ' || query;
END
$$;
SELECT dims, opclass, pg_temp.test_dims(dims, opclass, operator)
	FROM unnest(ARRAY[1, 2, 15, 16, 17, 64, 1000, 2000]) dims,
		(VALUES ('vector_l2_ops', '<->'), ('vector_ip_ops', '<#>'), ('vector_cosine_ops', '<=>'), ('vector_l1_ops', '<+>')) o (opclass, operator)
	ORDER BY dims, opclass;

-- an index on an empty table
CREATE TABLE t (id int PRIMARY KEY, e vector(64));
CREATE INDEX ON t USING hnsw (e vector_l2_ops);
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 64), pg_temp.test_vector(3, 1, 64)));
INSERT INTO t VALUES (0, pg_temp.test_vector(1, 0, 64));
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 64), pg_temp.test_vector(3, 1, 64)));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 500) i;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 64), pg_temp.test_vector(3, 1, 64)));

-- TRUNCATE leaves an empty index that goes on working
TRUNCATE t;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 64), pg_temp.test_vector(3, 1, 64)));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 64) FROM generate_series(1, 100) i;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 64), pg_temp.test_vector(3, 1, 64)));

RESET hnsw.ef_search;

-- one scan for each outer row
SET enable_seqscan = off;
SELECT count(*), count(*) FILTER (WHERE q.id = n.id) AS found FROM (SELECT * FROM t WHERE id <= 20) q,
	LATERAL (SELECT id FROM t ORDER BY e <-> q.e LIMIT 1) n;
SELECT count(*) FROM (SELECT * FROM t WHERE id <= 20) q,
	LATERAL (SELECT id FROM t ORDER BY e <-> q.e LIMIT 7) n;
RESET enable_seqscan;

-- a cursor, in steps, to its end
SET hnsw.ef_search = 1000;
BEGIN;
SET LOCAL enable_seqscan = off;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY e <-> (SELECT e FROM t WHERE id = 42);
FETCH 1 FROM c;
MOVE 98 FROM c;
FETCH 1 FROM c \gset last_
SELECT :last_id = id AS farthest FROM t ORDER BY l2_distance(e, (SELECT e FROM t WHERE id = 42)) DESC LIMIT 1;
FETCH 1 FROM c;
COMMIT;
SELECT pg_temp.test_check();
RESET hnsw.ef_search;
DROP TABLE t;

-- cosines that only float8 tells apart
CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 8000) i;
CREATE INDEX ON t USING hnsw (e vector_cosine_ops);
SET enable_seqscan = off;
SET hnsw.ef_search = 10000;
SELECT count(*) FILTER (WHERE d < before) AS out_of_order, count(*)
FROM (SELECT d, lag(d) OVER () AS before FROM (SELECT e <=> v AS d FROM t, pg_temp.test_vector(3, 1, 3) v ORDER BY e <=> pg_temp.test_vector(3, 1, 3)) s) s;
RESET hnsw.ef_search;
RESET enable_seqscan;
DROP TABLE t;
