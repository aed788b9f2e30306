--
-- Which queries are answered with an hnsw index, at the costs of a table that
-- has been analysed and without any plan being disabled
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
-- the plan, alike on all versions of the server
CREATE FUNCTION pg_temp.test_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		line := regexp_replace(line, '\(InitPlan 1\)\.col1', '$0');
		line := regexp_replace(line, ' \(returns \$0\)', '');
		RETURN NEXT line;
	END LOOP;
END
$$;

CREATE TABLE t (id int PRIMARY KEY, e vector(32), kind int, note text);
INSERT INTO t SELECT i, pg_temp.test_vector(1, i, 32), i % 100, repeat('x', 100) FROM generate_series(1, 5000) i;
CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
ANALYZE t;
SELECT pg_temp.test_vector(3, 1, 32) AS q \gset

-- used: a literal of unknown type, commuted, a cast, a cast of text, an operator with its schema
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <-> %L LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY %L <-> e LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <-> (%L::real[])::vector LIMIT 5', translate(:'q', '[]', '{}')));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <-> %L::text::vector LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e OPERATOR(public.<->) %L LIMIT 5', :'q'));
-- an alias, an ordinal, in a subquery, in a CTE, with OFFSET, ASC written
SELECT pg_temp.test_uses_index(format('SELECT id, e <-> %L AS distance FROM t ORDER BY distance LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id, e <-> %L AS distance FROM t ORDER BY 2 LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT * FROM (SELECT id, e <-> %L AS d FROM t ORDER BY d LIMIT 5) s WHERE d < 1', :'q'));
SELECT pg_temp.test_uses_index(format('WITH n AS MATERIALIZED (SELECT id, e <-> %L AS d FROM t ORDER BY d LIMIT 5) SELECT * FROM n', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <-> %L ASC LIMIT 5 OFFSET 5', :'q'));
-- a distance in WHERE filters
SELECT regexp_replace(line, '\[[^]]*\]', '[...]', 'g') FROM pg_temp.test_plan(format('SELECT id FROM t WHERE e <-> %L < 100 ORDER BY e <-> %L LIMIT 5', :'q', :'q')) line;
SELECT regexp_replace(line, '\[[^]]*\]', '[...]', 'g') FROM pg_temp.test_plan(format('SELECT id FROM t WHERE note <> ''y'' ORDER BY e <-> %L LIMIT 5', :'q')) line;
-- a subselect as the query vector; one scan for each outer row
SELECT pg_temp.test_plan('SELECT id FROM t ORDER BY e <-> (SELECT e FROM t WHERE id = 1) LIMIT 5');
SELECT pg_temp.test_plan('SELECT a.id, n.id FROM t a CROSS JOIN LATERAL (SELECT id FROM t ORDER BY e <-> a.e LIMIT 1) n WHERE a.id = 3');
-- prepared, with the vector and the limit as parameters: plans for the values, and the generic plan
PREPARE nearest(vector, int) AS SELECT id FROM t ORDER BY e <-> $1 LIMIT $2;
SET plan_cache_mode = force_custom_plan;
SELECT pg_temp.test_uses_index(format('EXECUTE nearest(%L, 5)', :'q'));
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE nearest(:'q', 5);
PREPARE nearest_text(text, int) AS SELECT id FROM t ORDER BY e <-> $1::vector LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE nearest_text(:'q', 5);
RESET plan_cache_mode;
DEALLOCATE nearest;
DEALLOCATE nearest_text;
-- the argument of an SQL function that is inlined
CREATE FUNCTION pg_temp.match(query vector, n int) RETURNS TABLE (id int, similarity float8) LANGUAGE sql STABLE AS
	$$ SELECT id, 1 - (e <-> query) FROM t ORDER BY e <-> query LIMIT n $$;
SELECT pg_temp.test_uses_index(format('SELECT * FROM pg_temp.match(%L, 5)', :'q'));
-- a filter that a fifth of the rows pass
SELECT pg_temp.test_uses_index(format('SELECT id FROM t WHERE kind < 20 ORDER BY e <-> %L LIMIT 5', :'q'));

-- not used: the farthest first, another operator, the function, an expression of the distance
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <-> %L DESC LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <=> %L LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <#> %L LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <+> %L LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY l2_distance(e, %L) LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY abs(e <-> %L) LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY 1 - (e <-> %L) LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY (e <-> %L) + 0 LIMIT 5', :'q'));
-- not used: all rows are wanted, or no order, or few rows pass a filter that has an index of its own
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <-> %L', :'q'));
SELECT pg_temp.test_uses_index('SELECT count(*) FROM t');
CREATE INDEX t_kind ON t (kind);
SELECT pg_temp.test_uses_index(format('SELECT id FROM t WHERE id = 77 ORDER BY e <-> %L LIMIT 5', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t WHERE kind = 7 ORDER BY e <-> %L LIMIT 5', :'q'));
DROP INDEX t_kind;
-- never for anything but its order, whatever else is disabled
SET enable_seqscan = off;
SELECT pg_temp.test_uses_index('SELECT count(*) FROM t WHERE e IS NOT NULL');
SELECT pg_temp.test_uses_index(format('SELECT count(*) FROM t WHERE e = %L', :'q'));
SELECT pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <=> %L LIMIT 5', :'q'));
RESET enable_seqscan;

-- a partial index is preferred where it serves
CREATE INDEX t_e_kind ON t USING hnsw (e vector_l2_ops) WHERE kind = 7;
SELECT regexp_replace(line, '\[[^]]*\]', '[...]', 'g') FROM pg_temp.test_plan(format('SELECT id FROM t WHERE kind = 7 ORDER BY e <-> %L LIMIT 5', :'q')) line;
DROP TABLE t;

-- few and many rows, few and many dimensions; analysed and not
CREATE FUNCTION pg_temp.test_chosen(dims int, n int, analysed boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result boolean;
BEGIN
	EXECUTE format('CREATE TABLE t (id int PRIMARY KEY, e vector(%s))', dims);
	INSERT INTO t SELECT i, (SELECT v FROM pg_temp.test_vector(1, i % 50, dims) v) FROM generate_series(1, n) i;
	CREATE INDEX ON t USING hnsw (e vector_cosine_ops) WITH (m = 4, ef_construction = 8);
	IF analysed THEN
		ANALYZE t;
	END IF;
	result := pg_temp.test_uses_index(format('SELECT id FROM t ORDER BY e <=> %L LIMIT 10', pg_temp.test_vector(3, 1, dims)));
	DROP TABLE t;
	RETURN result;
END
$$;
SELECT dims, n, pg_temp.test_chosen(dims, n, true) FROM (VALUES (3, 20000), (384, 2000), (1536, 2000)) s (dims, n);
SELECT dims, n, pg_temp.test_chosen(dims, n, false) FROM (VALUES (384, 300), (384, 1000)) s (dims, n);
