--
-- Conditions on the distance that a scan orders by: the scan ends where the distance passes the bound
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE t (id int, zero float8 DEFAULT 0, e vector(3));
INSERT INTO t SELECT i, 0, pg_temp.test_vector(1, i, 3) FROM generate_series(1, 5000) i;
CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
CREATE INDEX t_cosine ON t USING hnsw (e vector_cosine_ops);
CREATE INDEX t_ip ON t USING hnsw (e vector_ip_ops);
CREATE INDEX t_l1 ON t USING hnsw (e vector_l1_ops);
ANALYZE t;
SET enable_seqscan = off;

-- what the plan shows
EXPLAIN (COSTS off) SELECT id FROM t WHERE e <-> '[0.5,0.5,0.5]' < 0.1 ORDER BY e <-> '[0.5,0.5,0.5]' LIMIT 20;
EXPLAIN (COSTS off) SELECT id FROM t WHERE 1 - (e <=> '[0.5,0.5,0.5]') >= 0.999 ORDER BY e <=> '[0.5,0.5,0.5]' LIMIT 20;
-- SQL has no access to the function
SELECT vectorx_within('[1,2,3]'::vector, 0.5);

/*
 * Runs a query with a condition as it is and, by a constant that the planner cannot know, without a bound for the scan:
 * whether the plan has the bound, the same rows come in the same order, and how many, and whether it reads a fifth of the
 * pages at most.
 */
CREATE FUNCTION pg_temp.test_pages(query text, OUT ids int[], OUT pages bigint, OUT bounded bool) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, VERBOSE, TIMING off, FORMAT json) ' || query INTO plan;
	pages := (plan->0->'Plan'->>'Shared Hit Blocks')::bigint + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
	bounded := plan::text LIKE '%vectorx\_within%';
	EXECUTE format('SELECT array_agg(id ORDER BY n) FROM (SELECT id, row_number() OVER () AS n FROM (%s) s) s', query) INTO ids;
END
$$;
CREATE FUNCTION pg_temp.test_range(condition text, operator text, source text DEFAULT 't', query text DEFAULT '[0.5,0.5,0.5]',
	OUT bounded bool, OUT same bool, OUT rows int, OUT pages text) LANGUAGE plpgsql AS $$
DECLARE
	text text := format('SELECT id FROM %s WHERE %s ORDER BY e %s %L LIMIT 1000', source, condition, operator, query);
	bound record;
	free record;
BEGIN
	bound := pg_temp.test_pages(replace(replace(text, '$q', quote_nullable(query)), '+ free', ''));
	free := pg_temp.test_pages(replace(replace(text, '$q', quote_nullable(query)), '+ free', '+ zero'));
	IF free.bounded THEN
		RAISE 'the plan to compare with has a bound';
	END IF;
	bounded := bound.bounded;
	same := bound.ids IS NOT DISTINCT FROM free.ids;
	rows := coalesce(array_length(bound.ids, 1), 0);
	pages := CASE WHEN bound.pages * 5 < free.pages THEN 'few' ELSE 'many' END;
END
$$;

-- conditions that are recognised
SELECT c.*, r.* FROM (VALUES
	('<->', 'e <-> $q < 0.1 + free'),
	('<->', 'e <-> $q <= 0.1 + free'),
	('<->', '0.1 + free > e <-> $q'),
	('<->', '0.1 + free >= e <-> $q'),
	('<->', '$q::vector <-> e < 0.1 + free'),
	('<->', 'e <-> $q < 0.1::real + free'),
	('<->', 'e <-> $q BETWEEN 0.05 + free AND 0.1 + free'),
	('<->', '-(e <-> $q) > -0.1 + free'),
	('<->', '2 - (e <-> $q) > 1.9 + free'),
	('<->', 'e <-> $q < 0.1 + free AND id % 2 = 0'),
	('<->', 'e <-> $q < 0.1 + free AND e <-> $q < 0.05 + free'),
	('<=>', 'e <=> $q < 0.0005 + free'),
	('<=>', '1 - (e <=> $q) >= 0.9995 + free'),
	('<=>', '(1 - (e <=> $q)) > 0.9995 + free'),
	('<=>', '0.9995 + free < 1 - (e <=> $q)'),
	('<#>', 'e <#> $q < -1.4 + free'),
	('<#>', '-(e <#> $q) > 1.4 + free'),
	('<#>', '(e <#> $q) * -1 > 1.4 + free'),
	('<#>', '-1 * (e <#> $q) >= 1.4 + free'),
	('<+>', 'e <+> $q < 0.1 + free')) c (operator, condition), pg_temp.test_range(condition, operator) r;
-- those that bound nothing, or something else
SELECT c.*, r.bounded, r.same FROM (VALUES
	('<->', 'e <-> $q > 0.1 + free'),
	('<->', '1 - (e <-> $q) < 0.5 + free'),
	('<->', 'e <-> ''[0,0,0]'' < 0.1 + free'),
	('<->', 'e <=> $q < 0.1 + free'),
	('<->', 'e <-> $q < 0.1 + free OR id = 7'),
	('<->', 'e <-> $q < id / 1000.0 + free'),
	('<->', 'e <-> $q < random() * 1e-9 + 0.1 + free'),
	('<->', '(e <-> $q) * 2 < 0.1 + free')) c (operator, condition), pg_temp.test_range(condition, operator) r;

-- the same where scans read full vectors
CREATE TABLE w (id int, zero float8 DEFAULT 0, e vector(24));
INSERT INTO w SELECT i, 0, pg_temp.test_vector(1, i, 24) FROM generate_series(1, 5000) i;
CREATE INDEX ON w USING hnsw (e vector_l2_ops);
CREATE INDEX ON w USING hnsw (e vector_cosine_ops);
CREATE INDEX ON w USING hnsw (e vector_ip_ops);
SELECT pg_temp.test_vector(3, 1, 24) AS query \gset
SELECT c.*, r.* FROM (VALUES
	('<->', 'e <-> $q < 1.3 + free'),
	('<=>', 'e <=> $q < 0.1 + free'),
	('<=>', '1 - (e <=> $q) >= 0.9 + free'),
	('<#>', '-(e <#> $q) > 8.5 + free')) c (operator, condition), pg_temp.test_range(condition, operator, 'w', :'query') r;
SELECT count(*) FILTER (WHERE r.bounded) AS bounded, count(*) FILTER (WHERE r.same) AS same
	FROM generate_series(1, 40) n,
		LATERAL (SELECT 1 - (e <=> :'query') AS s FROM w ORDER BY e <=> :'query' OFFSET n - 1 LIMIT 1) s,
		pg_temp.test_range(format('1 - (e <=> $q) >= %L::float8 + free', s), '<=>', 'w', :'query') r;
DROP TABLE w;

-- bounds at and beyond the edges: of equal distances all or none
INSERT INTO t SELECT 10000 + i, 0, '[0.25,0.5,0.5]' FROM generate_series(1, 30) i;
SELECT c.condition, r.bounded, r.same, r.rows FROM (VALUES
	('e <-> $q <= 0.25 + free AND id > 10000'),
	('e <-> $q < 0.25 + free AND id > 10000'),
	('e <-> $q <= 0 + free'),
	('e <-> $q < -1 + free'),
	('e <-> $q < NULL::float8 + free'),
	('e <-> $q < ''-Infinity''::float8 + free'),
	('e <-> $q < ''Infinity''::float8 + free'),
	('e <-> $q < ''NaN''::float8 + free'),
	('1 - (e <-> $q) > ''NaN''::float8 + free'),
	('1 - (e <-> $q) >= 0.75 + free AND id > 10000'),
	('1 - (e <-> $q) > 0.75 + free AND id > 10000')) c (condition), pg_temp.test_range(condition, '<->') r;
-- similarities at the edge, as the statement computes them
SELECT count(*) FILTER (WHERE r.bounded) AS bounded, count(*) FILTER (WHERE r.same) AS same
	FROM generate_series(1, 40) n,
		LATERAL (SELECT 1 - (e <=> '[0.5,0.5,0.5]') AS s FROM t ORDER BY e <=> '[0.5,0.5,0.5]' OFFSET n - 1 LIMIT 1) s,
		pg_temp.test_range(format('1 - (e <=> $q) >= %L::float8 + free', s), '<=>') r;
DELETE FROM t WHERE id > 10000;

-- queries without a distance to anything
SELECT c.query, c.condition, r.same, r.rows FROM (VALUES
	(NULL, 'e <=> $q < 0.5 + free'),
	(NULL, '1 - (e <=> $q) > 0.5 + free'),
	('[0,0,0]', 'e <=> $q < 0.5 + free'),
	('[0,0,0]', '1 - (e <=> $q) > 0.5 + free')) c (query, condition),
	pg_temp.test_range(condition, '<=>', 't', query) r;
-- infinite distances; those that are not numbers are beyond every bound, although NaN > 400
CREATE TABLE n (id int, zero float8 DEFAULT 0, e vector(2));
INSERT INTO n VALUES (1, 0, '[1,1]'), (2, 0, '[2e38,-2e38]'), (3, 0, '[3,1]'), (4, 0, '[-2e38,2e38]'), (5, 0, '[2e38,2e38]'), (6, 0, '[-1,-9]');
INSERT INTO n SELECT 10 + i, 0, ARRAY[i, i] FROM generate_series(1, 500) i;
CREATE INDEX ON n USING hnsw (e vector_ip_ops);
CREATE INDEX ON n USING hnsw (e vector_l2_ops);
SELECT c.*, r.bounded, r.same FROM (VALUES
	('<#>', 'e <#> $q < -400 + free'), ('<#>', 'e <#> $q < -4e300 + free'),
	('<->', 'e <-> $q < 4 + free'), ('<->', '-(e <-> $q) > -4 + free')) c (operator, condition),
	pg_temp.test_range(condition, operator, 'n', '[4,4]') r;
DROP TABLE n;

-- parameters: of prepared statements, of functions in SQL and PL/pgSQL, and of an outer query
PREPARE near(vector, float8) AS SELECT id FROM t WHERE e <-> $1 < $2 ORDER BY e <-> $1 LIMIT 1000;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS off) EXECUTE near('[0.5,0.5,0.5]', 0.1);
SET plan_cache_mode = force_custom_plan;
EXPLAIN (COSTS off) EXECUTE near('[0.5,0.5,0.5]', 0.1);
RESET plan_cache_mode;
EXECUTE near('[0.5,0.5,0.5]', 0.03);
EXECUTE near('[0.5,0.5,0.5]', NULL);
EXECUTE near(NULL, 0.03);
DEALLOCATE near;
CREATE FUNCTION match_sql(query vector, threshold float8, match_count int) RETURNS TABLE (id int, similarity float8) LANGUAGE sql STABLE AS $$
	SELECT t.id, 1 - (t.e <=> query) AS similarity FROM t WHERE 1 - (t.e <=> query) > threshold ORDER BY t.e <=> query LIMIT match_count
$$;
CREATE FUNCTION match_plpgsql(query vector, threshold float8, match_count int) RETURNS TABLE (id int, similarity float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT t.id, 1 - (t.e <=> query) AS similarity FROM t WHERE 1 - (t.e <=> query) >= threshold
		ORDER BY t.e <=> query LIMIT match_count;
END
$$;
CREATE FUNCTION pg_temp.test_match(source text) RETURNS TABLE (pages text, same bool, rows int) LANGUAGE plpgsql AS $$
DECLARE
	bound record := pg_temp.test_pages(format('SELECT id FROM %s', source));
	exact int[] := ARRAY(SELECT t.id FROM t WHERE 1 - cosine_distance(t.e, '[0.1,0.5,0.9]') > 0.999 ORDER BY cosine_distance(t.e, '[0.1,0.5,0.9]'));
BEGIN
	RETURN QUERY SELECT CASE WHEN bound.pages < 1000 THEN 'few' ELSE 'many' END, bound.ids = exact, array_length(exact, 1);
END
$$;
SELECT * FROM pg_temp.test_match('match_sql(''[0.1,0.5,0.9]'', 0.999, 1000)');
SELECT * FROM pg_temp.test_match('match_plpgsql(''[0.1,0.5,0.9]'', 0.999, 1000)');
SET plan_cache_mode = force_generic_plan;
SELECT * FROM pg_temp.test_match('match_plpgsql(''[0.1,0.5,0.9]'', 0.999, 1000)');
RESET plan_cache_mode;
DROP FUNCTION match_sql, match_plpgsql;
SELECT q.id, count(*) = (SELECT count(*) FROM t WHERE l2_distance(t.e, q.e) < q.id / 100.0) AS all_of_them FROM t q,
	LATERAL (SELECT t.id FROM t WHERE t.e <-> q.e < q.id / 100.0 ORDER BY t.e <-> q.e LIMIT 100) s WHERE q.id < 8 GROUP BY q.id, q.e ORDER BY q.id;

-- modes of the scan
SET hnsw.iterative_scan = relaxed_order;
SELECT c.*, r.* FROM (VALUES ('<->', 'e <-> $q < 0.1 + free'), ('<=>', '1 - (e <=> $q) >= 0.9995 + free')) c (operator, condition),
	pg_temp.test_range(condition, operator) r;
SET hnsw.iterative_scan = off;
SELECT c.operator, c.condition, r.bounded, r.same, r.rows FROM (VALUES ('<->', 'e <-> $q < 0.1 + free'), ('<->', 'e <-> $q < 0.3 + free')) c (operator, condition),
	pg_temp.test_range(condition, operator) r;
RESET hnsw.iterative_scan;

-- other types
CREATE TABLE o (id int, zero float8 DEFAULT 0, h halfvec(3), s sparsevec(3), b bit(3000));
INSERT INTO o SELECT id, 0, e::halfvec, e::sparsevec, (SELECT string_agg((hashint8(id * 3000 + i) & 1)::text, '') FROM generate_series(1, 3000) i)::bit(3000)
	FROM t WHERE id <= 1000;
CREATE INDEX ON o USING hnsw (h halfvec_l2_ops);
CREATE INDEX ON o USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON o USING hnsw (b bit_hamming_ops);
SELECT r.bounded, r.same, r.rows FROM pg_temp.test_range('e <-> $q::halfvec < 0.2 + free', '<->', '(SELECT id, zero, h AS e FROM o) o') r;
SELECT r.bounded, r.same, r.rows FROM pg_temp.test_range('e <-> $q < 0.2 + free', '<->', '(SELECT id, zero, s AS e FROM o) o', '{1:0.5,2:0.5,3:0.5}/3') r;
SELECT b AS bits FROM o WHERE id = 5 \gset
SELECT r.bounded, r.same, r.rows FROM pg_temp.test_range('e <~> $q < 10 + free', '<~>', '(SELECT id, zero, b AS e FROM o) o', :'bits') r;
DROP TABLE o;

-- partitions, each with an index of its own
CREATE TABLE p (id int, zero float8 DEFAULT 0, e vector(3)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (2500);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (2500) TO (10000);
INSERT INTO p SELECT id, 0, e FROM t;
CREATE INDEX ON p USING hnsw (e vector_l2_ops);
SELECT * FROM pg_temp.test_range('e <-> $q < 0.1 + free', '<->', 'p');
DROP TABLE p;
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;
