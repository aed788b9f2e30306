--
-- Many copies of one vector do not hide what lies behind them
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- 1000 rows, and 1500 copies each of two of them, inserted after the build
CREATE TABLE t (id int PRIMARY KEY, e vector(24)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 24) FROM generate_series(1, 1000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
INSERT INTO t SELECT id * 10000 + i, e FROM t, generate_series(1, 1500) i WHERE id IN (3, 7);

-- queries between a copied row and others, which the copies surround
CREATE TABLE query AS SELECT o.id, (SELECT array_agg((a + b) / 2) FROM unnest(c.e::real[], o.e::real[]) u(a, b))::vector AS e
	FROM t c, t o WHERE c.id = 3 AND o.id BETWEEN 101 AND 140;

CREATE FUNCTION pg_temp.found(k int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	q record;
	bound float8;
	hits int := 0;
	found int;
BEGIN
	FOR q IN SELECT * FROM query LOOP
		SELECT max(d) INTO bound FROM (SELECT e <-> q.e AS d FROM t ORDER BY (e <-> q.e) + 0 LIMIT k) s;
		SELECT count(*) INTO found FROM (SELECT e <-> q.e AS d FROM t ORDER BY e <-> q.e LIMIT k) s WHERE d <= bound;
		hits := hits + found;
	END LOOP;
	RETURN round(hits::numeric / k / (SELECT count(*) FROM query), 3);
END
$$;
SET enable_seqscan = off;
SELECT pg_temp.found(10) >= 0.95 AS found_among_copies;

-- the copies are gone for every snapshot, but not from the index yet
DELETE FROM t WHERE id > 1000;
SELECT pg_temp.found(10) >= 0.95 AS found_among_dead_copies;
VACUUM t;
SELECT pg_temp.found(10) >= 0.95 AS found_after_vacuum;
SELECT pg_temp.test_check();
DROP TABLE query, t;
