--
-- How far a scan of an ivfflat index goes: probes, iterative_scan, max_probes
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 5000) i;
CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 50);
SET enable_seqscan = off;
-- rows that a query sees, and whether they came in order
CREATE FUNCTION pg_temp.test_scan(condition text, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT concat_ws('' '', count(*) = %2$s, count(DISTINCT id) = count(*), bool_and(d >= before)) FROM
		(SELECT id, d, lag(d, 1, 0) OVER () AS before FROM (SELECT id, e <-> ''[0.5,0.5,0.5]'' AS d FROM t WHERE %1$s ORDER BY e <-> ''[0.5,0.5,0.5]'' LIMIT %2$s) s) r', condition, n) INTO result;
	RETURN result;
END
$$;

-- off: the rows of the lists that are probed, and no others
SET ivfflat.iterative_scan = off;
SELECT count(*) BETWEEN 20 AND 400 AS one_list FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
SET ivfflat.probes = 50;
SELECT count(*) AS all_lists FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
SET ivfflat.probes = 32768;
SELECT count(*) AS more_than_all FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
SET ivfflat.probes = 1;
SELECT pg_temp.test_scan('id % 500 = 0', 10);

-- strict order: further lists, in order; relaxed order: all that there is
SET ivfflat.iterative_scan = strict_order;
SELECT pg_temp.test_scan('true', 1000), pg_temp.test_scan('id % 500 = 0', 3);
SET ivfflat.iterative_scan = relaxed_order;
SELECT split_part(pg_temp.test_scan('id % 500 = 0', 10), ' ', 1), split_part(pg_temp.test_scan('true', 5000), ' ', 2);
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;

-- max_probes bounds the lists; less than probes it does not count
SET ivfflat.max_probes = 3;
SELECT count(*) BETWEEN 100 AND 1000 AS three_lists FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
SET ivfflat.probes = 50;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0.5,0.5,0.5]') s;
RESET ivfflat.max_probes;
RESET ivfflat.probes;

-- settings: values, bounds
SHOW ivfflat.probes;
RESET ivfflat.iterative_scan;
SHOW ivfflat.iterative_scan;
SHOW ivfflat.max_probes;
SELECT pg_temp.test_error('SET ivfflat.probes = 0');
SELECT pg_temp.test_error('SET ivfflat.probes = 32769');
SELECT pg_temp.test_error('SET ivfflat.iterative_scan = on');
SELECT pg_temp.test_error('SET ivfflat.max_probes = 0');
SELECT pg_temp.test_error('SET ivfflat.nonsense = 1');
DROP TABLE t;
