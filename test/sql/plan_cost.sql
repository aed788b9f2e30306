--
-- Which plan is chosen where more than one would do: by the number of rows,
-- what conditions let through, and LIMIT; nothing is disabled
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
-- how the rows of table t are found, and whether the order is that of an index
CREATE FUNCTION pg_temp.test_plan(condition text, k text, source text DEFAULT 't') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text := '';
BEGIN
	FOR line IN EXECUTE format('EXPLAIN (COSTS OFF) SELECT %s.id FROM %s WHERE %s ORDER BY e <-> (SELECT e FROM t WHERE id = 5) LIMIT %s',
							   split_part(source, ' ', 1), source, condition, k) LOOP
		CONTINUE WHEN line ~ 't_1|t_pkey';
		result := result || coalesce(substring(line FROM '(Index Scan using [a-z0-9_]+|Seq Scan on [a-z0-9_]+|Bitmap Heap Scan on [a-z0-9_]+|Merge Append|Nested Loop|Hash Join|Sort|Parallel)$') || '; ', '')
			|| coalesce(substring(line FROM '(Index Scan using [a-z0-9_]+|Seq Scan on [a-z0-9_]+|Bitmap Heap Scan on [a-z0-9_]+) ') || '; ', '');
	END LOOP;
	RETURN result;
END
$$;
-- 20 000 rows; kind = 0 is one in 10, one in 100, one in 2 000
CREATE TABLE t (id int PRIMARY KEY, e vector(128), a int, b int, c int, owner int);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i % 2000, 128), i % 10, i % 100, i % 2000, i % 50 FROM generate_series(1, 20000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 4, ef_construction = 8);
ANALYZE t;
SET max_parallel_workers_per_gather = 0;

-- all rows, and a condition that a tenth meets: the index, also for a LIMIT above ef_search
SELECT pg_temp.test_plan('true', '10');
SELECT pg_temp.test_plan('true', '100');
SELECT pg_temp.test_plan('a = 0', '10');
-- OFFSET counts
SELECT pg_temp.test_plan('true', '10 OFFSET 9000');
-- rare rows: exact, by a sequential scan if there is nothing better
SELECT pg_temp.test_plan('c = 0', '10');
SELECT pg_temp.test_plan('a = 0', '1000');
SELECT pg_temp.test_plan('true', '15000');
-- no LIMIT, and none that is reached
SELECT pg_temp.test_plan('true', 'ALL');
SELECT pg_temp.test_plan('a = 0', 'ALL');
-- a btree index on the column of the condition changes what is cheaper
CREATE INDEX t_c ON t (c);
CREATE INDEX t_b ON t (b);
SELECT pg_temp.test_plan('c = 0', '10');
SELECT pg_temp.test_plan('b = 0', '100');
SELECT pg_temp.test_plan('b >= 0', '10');
-- more than a scan may return: exact, unless the user wants scans that end early
SET hnsw.max_scan_tuples = 50;
SELECT pg_temp.test_plan('a = 0', '10');
SET hnsw.iterative_scan = off;
SELECT pg_temp.test_plan('a = 0', '10');
SELECT pg_temp.test_plan('c + 0 = 0', '10');
SELECT pg_temp.test_plan('true', 'ALL');
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
SELECT pg_temp.test_plan('c + 0 = 0', '100');
-- a partial index holds what its condition lets through, so nothing has to be passed over
CREATE INDEX t_e_a ON t USING hnsw (e vector_l2_ops) WITH (m = 4, ef_construction = 8) WHERE a = 0;
SELECT pg_temp.test_plan('a = 0', '10');
SELECT pg_temp.test_plan('a = 0 AND id > 10', '100');
SELECT pg_temp.test_plan('a = 1', '10');
SELECT pg_temp.test_plan('a = 1', 'ALL');
SELECT pg_temp.test_plan('a::text LIKE ''0''', 'ALL');
DROP INDEX t_e_a;

-- a join that most rows survive is fed from the index; one that few survive is not
CREATE TABLE owners (owner int PRIMARY KEY, name text);
INSERT INTO owners SELECT i, 'owner ' || i FROM generate_series(0, 49) i;
ANALYZE owners;
SELECT pg_temp.test_plan('true', '10', 't JOIN owners USING (owner)') ~ 't_e' AS index;
SELECT pg_temp.test_plan('name > ''owner 2''', '10', 't JOIN owners USING (owner)') ~ 't_e' AS index;
SELECT pg_temp.test_plan('name = ''owner 3'' AND c < 100', '100', 't JOIN owners USING (owner)') ~ 't_e' AS index;
-- the nearest of each of some rows
EXPLAIN (COSTS OFF) SELECT o.id, n.id FROM t o CROSS JOIN LATERAL (SELECT id FROM t ORDER BY t.e <-> o.e LIMIT 3) n WHERE o.id < 10;
-- an aggregate wants all rows
SELECT pg_temp.test_uses_index('SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> (SELECT e FROM t WHERE id = 5)) s');

-- generic plans: a LIMIT that is not known is taken for a usual one, and LIMIT NULL is none
SET plan_cache_mode = force_generic_plan;
PREPARE nearest(vector, int) AS SELECT id FROM t ORDER BY e <-> $1 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE nearest(NULL, 10);
PREPARE filtered(vector, int, int) AS SELECT id FROM t WHERE a = $3 ORDER BY e <-> $1 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE filtered(NULL, 10, 3);
PREPARE rare(vector, int, int) AS SELECT id FROM t WHERE c = $3 ORDER BY e <-> $1 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE rare(NULL, 10, 3);
RESET plan_cache_mode;
DEALLOCATE ALL;

-- partitions: each gives its nearest, and together they give LIMIT
CREATE TABLE parts (id int, e vector(128)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10000) TO (30000);
INSERT INTO parts SELECT id, e FROM t;
CREATE INDEX ON parts USING hnsw (e vector_l2_ops) WITH (m = 4, ef_construction = 8);
ANALYZE parts;
SELECT pg_temp.test_plan('true', '10', 'parts');
SELECT pg_temp.test_plan('id < 5000', '10', 'parts');
SELECT pg_temp.test_plan('true', '15000', 'parts');
DROP TABLE t, owners, parts;

-- long vectors: those out of line cost exact search what reading them costs
CREATE FUNCTION pg_temp.test_long(storage text, n int, analysed boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	exact float8;
	plan json;
BEGIN
	EXECUTE format('CREATE TABLE long (id int, e vector(768)); ALTER TABLE long ALTER e SET STORAGE %s', storage);
	INSERT INTO long SELECT i, pg_temp.test_vector(1, i % 20, 768) FROM generate_series(1, n) i;
	IF analysed THEN
		ANALYZE long;
	END IF;
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT id FROM long ORDER BY e <-> (SELECT e FROM long LIMIT 1) LIMIT 10' INTO plan;
	exact := (plan -> 0 -> 'Plan' ->> 'Total Cost')::float8 / n;
	DROP TABLE long;
	RETURN CASE WHEN exact < 0.65 THEN 'cheap' WHEN exact < 1.5 THEN 'a page a row' ELSE 'dear' END;
END
$$;
SELECT s, pg_temp.test_long(s, 1000, true) AS analysed FROM unnest('{external,extended,main,plain}'::text[]) s;
SELECT pg_temp.test_long('external', 1000, false);
