--
-- Rows of an ivfflat index: all of them, in exact order, when all lists are probed;
-- most of them from few lists
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- probes = lists is a sequential scan, row for row: codes of every kind (3: the floats
-- themselves; 1 bit; more bits), every operator class, rows of the build and later ones
CREATE FUNCTION pg_temp.test_exact(dims int, operator text, opclass text, lists int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE t (id int PRIMARY KEY, e vector(%s))', dims);
	INSERT INTO t SELECT i, pg_temp.test_vector(1, i, dims) FROM generate_series(1, 700) i;
	EXECUTE format('CREATE INDEX t_e ON t USING ivfflat (e %s) WITH (lists = %s)', opclass, lists);
	PERFORM set_config('ivfflat.probes', lists::text, true);
	FOR i IN 1 .. 2 LOOP
		RETURN NEXT pg_temp.test_same(format('SELECT id, e %s %L AS d FROM t ORDER BY e %s %L', operator, pg_temp.test_vector(3, i, dims), operator, pg_temp.test_vector(3, i, dims)));
	END LOOP;
	INSERT INTO t SELECT i, pg_temp.test_vector(2, i, dims) FROM generate_series(701, 900) i;
	RETURN NEXT pg_temp.test_same(format('SELECT id, e %s %L AS d FROM t ORDER BY e %s %L', operator, pg_temp.test_vector(3, 3, dims), operator, pg_temp.test_vector(3, 3, dims)));
	RETURN NEXT pg_temp.test_check();
	DROP TABLE t;
END
$$;
SELECT dims, operator, pg_temp.test_exact(dims, operator, opclass, 10)
FROM (VALUES (3), (40), (300)) d (dims), (VALUES ('<->', 'vector_l2_ops'), ('<#>', 'vector_ip_ops'), ('<=>', 'vector_cosine_ops')) o (operator, opclass) ORDER BY dims, operator COLLATE "C";
SELECT pg_temp.test_exact(2000, '<->', 'vector_l2_ops', 3);
SELECT pg_temp.test_exact(1, '<->', 'vector_l2_ops', 5);

-- little memory: the scan passes over its lists several times
SET work_mem = '64kB';
SELECT pg_temp.test_exact(40, '<->', 'vector_l2_ops', 4);
RESET work_mem;

-- cosines that only float8 tells apart
CREATE TABLE t (id int PRIMARY KEY, e vector(3), h halfvec(3));
INSERT INTO t SELECT i, v, v::halfvec FROM generate_series(1, 8000) i, pg_temp.test_vector(1, i, 3) v;
CREATE INDEX t_e ON t USING ivfflat (e vector_cosine_ops) WITH (lists = 10);
CREATE INDEX t_h ON t USING ivfflat (h halfvec_cosine_ops) WITH (lists = 10);
SET ivfflat.probes = 10;
SELECT column_name, n, pg_temp.test_same(format('SELECT id, %I <=> %L AS d FROM t ORDER BY %I <=> %L', column_name, pg_temp.test_vector(3, n, 3), column_name, pg_temp.test_vector(3, n, 3)))
FROM unnest('{e,h}'::text[]) column_name, generate_series(1, 3) n ORDER BY column_name, n;
RESET ivfflat.probes;
DROP TABLE t;

-- ties: many rows at one distance
CREATE TABLE t (id int PRIMARY KEY, e vector(40));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i % 5, 40) FROM generate_series(1, 1500) i;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 3);
SET ivfflat.probes = 3;
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(3, 1, 40), pg_temp.test_vector(3, 1, 40)));
SELECT pg_temp.test_same(format('SELECT id, e <-> %L AS d FROM t ORDER BY e <-> %L', pg_temp.test_vector(1, 2, 40), pg_temp.test_vector(1, 2, 40)));
RESET ivfflat.probes;
DROP TABLE t;

-- recall grows with probes; a row finds itself with one
CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 10000) i;
CREATE INDEX t_l2 ON t USING ivfflat (e) WITH (lists = 20);
CREATE INDEX t_ip ON t USING ivfflat (e vector_ip_ops) WITH (lists = 20);
CREATE INDEX t_cosine ON t USING ivfflat (e vector_cosine_ops) WITH (lists = 20);
SET enable_seqscan = off;
SELECT count(*) FROM generate_series(1, 10000, 500) i, LATERAL (SELECT id FROM t ORDER BY e <-> (SELECT e FROM t s WHERE s.id = i) LIMIT 1) n WHERE n.id = i;
RESET enable_seqscan;
SELECT operator, pg_temp.test_recall('t', operator, 3, 10, 20) >= CASE operator WHEN '<#>' THEN 0.4 ELSE 0.7 END AS one FROM unnest('{<->,<#>,<=>}'::text[]) operator;
SET ivfflat.probes = 5;
SELECT operator, pg_temp.test_recall('t', operator, 3, 10, 20) >= 0.9 AS five FROM unnest('{<->,<#>,<=>}'::text[]) operator;
SET ivfflat.probes = 20;
SELECT operator, pg_temp.test_recall('t', operator, 3, 10, 20) AS twenty FROM unnest('{<->,<#>,<=>}'::text[]) operator;
RESET ivfflat.probes;
SELECT recall >= 0.5 AS recall FROM vectorx_recall('t_l2', 10, 20);

-- the plan has no sort; one scan for each outer row
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY e <-> '[1,2,3]' LIMIT 5;
SET enable_seqscan = off;
SELECT a.id, count(*), bool_and(n.d >= 0) FROM t a CROSS JOIN LATERAL (SELECT id, e <-> a.e AS d FROM t ORDER BY e <-> a.e LIMIT 3) n WHERE a.id IN (3, 30, 300) GROUP BY a.id ORDER BY a.id;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY e <-> '[1,2,3]';
FETCH 2 FROM c;
FETCH 2 FROM c;
COMMIT;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1,2,3]' LIMIT 0) s;
RESET enable_seqscan;
DROP TABLE t;
