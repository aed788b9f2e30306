--
-- distances between vector and halfvec: in single precision, and served by indexes of either type
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

-- the vector is not rounded, and may be out of the range of halves
SELECT '[2049]'::vector <-> '[2048]'::halfvec AS l2, '[2049]'::vector::halfvec <-> '[2048]'::halfvec AS rounded;
SELECT '[100000,3]'::vector <-> '[0,3]'::halfvec, '[0,3]'::halfvec <-> '[100000,3]'::vector;
SELECT v <-> h AS l2, v <#> h AS ip, v <=> h AS cosine, v <+> h AS l1,
	v <-> h = h <-> v AND v <#> h = h <#> v AND v <=> h = h <=> v AND v <+> h = h <+> v AS symmetric,
	v <-> h = v <-> h::vector AND v <#> h = v <#> h::vector AND v <=> h = v <=> h::vector AND v <+> h = v <+> h::vector AS as_vectors
FROM (VALUES ('[1,2,3.0001]'::vector, '[4,5,-6]'::halfvec)) t(v, h);
SELECT '[0,0]'::vector <=> '[1,2]'::halfvec AS zero, '[1e-30]'::vector <=> '[1]'::halfvec AS small, NULL::vector <-> '[1]'::halfvec AS "null";
SELECT * FROM pg_temp.test_error($$SELECT '[1,2]'::vector <-> '[1]'::halfvec$$);
SELECT * FROM pg_temp.test_error($$SELECT '[1]'::halfvec <=> '[1,2]'::vector$$);

-- what resolved before still does, to what it did
SELECT pg_typeof(v || '[1]'), v <-> '[1,2]' AS a, h <-> '[1,2]' AS b, l2_distance(v, '[1,2]') AS c, l2_distance(h, '[1,2]') AS d, l2_distance(v, h) AS e,
	s <-> v AS f, h <-> s AS g, v = h::vector AS h
FROM (VALUES ('[1,2]'::vector, '[1,3]'::halfvec, '{1:1}/2'::sparsevec)) t(v, h, s);
PREPARE untyped AS SELECT '[1,2]'::vector <-> $1, '[1,2]'::halfvec <-> $2;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'untyped';

-- an index on either type serves queries of the other, in the order of the operator
CREATE TABLE mixed_item (id int, v vector(24), h halfvec(24));
INSERT INTO mixed_item SELECT i, x, x FROM (SELECT i, pg_temp.test_vector(1, i, 24)::vector(24) AS x FROM generate_series(1, 1000) i) t;
INSERT INTO mixed_item VALUES (0, NULL, NULL);
CREATE FUNCTION pg_temp.nearest(col text, op text, type text, q int, plan text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	query text := format('SELECT string_agg(d::text, '' '') FROM (SELECT %1$s %2$s $1 AS d FROM mixed_item WHERE %1$s IS NOT NULL ORDER BY %1$s %2$s $1 LIMIT 20) t', col, op);
BEGIN
	PERFORM set_config('enable_seqscan', (plan = 'sort')::text, true), set_config('enable_indexscan', (plan = 'index')::text, true),
		set_config('enable_sort', (plan = 'sort')::text, true);
	EXECUTE format('SELECT (%s)', replace(query, '$1', quote_literal(pg_temp.test_vector(2, q, 24)) || '::' || type)) INTO result;
	RETURN result;
END $$;
CREATE FUNCTION pg_temp.compared(method text, metrics text[], options text) RETURNS TABLE (class text, operator text, query text, same bigint, uses_index bool) LANGUAGE plpgsql AS $$
DECLARE
	metric text;
	col text;
	line text;
BEGIN
	FOREACH metric IN ARRAY metrics LOOP
		FOREACH col IN ARRAY '{v,h}'::text[] LOOP
			operator := CASE metric WHEN 'l2' THEN '<->' WHEN 'ip' THEN '<#>' WHEN 'cosine' THEN '<=>' ELSE '<+>' END;
			query := CASE col WHEN 'v' THEN 'halfvec' ELSE 'vector' END;
			class := CASE col WHEN 'v' THEN 'vector' ELSE 'halfvec' END || '_' || metric || '_ops';
			EXECUTE format('CREATE INDEX mixed_index ON mixed_item USING %s (%s %s) %s', method, col, class, options);
			same := (SELECT count(*) FROM generate_series(1, 20) q
				WHERE pg_temp.nearest(col, operator, query, q, 'index') = pg_temp.nearest(col, operator, query, q, 'sort'));
			SET LOCAL enable_seqscan = off;
			SET LOCAL enable_indexscan = on;
			uses_index := false;
			FOR line IN EXECUTE format('EXPLAIN (COSTS OFF) SELECT id FROM mixed_item ORDER BY %L::%s %s %s LIMIT 3', pg_temp.test_vector(2, 1, 24), query, operator, col) LOOP
				uses_index := uses_index OR line ~ 'Index Scan using mixed_index';
			END LOOP;
			DROP INDEX mixed_index;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END $$;
SET hnsw.ef_search = 1000;
SET diskann.l_value_is = 1000;
SET ivfflat.probes = 10;
SELECT * FROM pg_temp.compared('hnsw', '{l2,ip,cosine,l1}', '');
SELECT * FROM pg_temp.compared('ivfflat', '{l2,ip,cosine}', 'WITH (lists = 10)');
SELECT * FROM pg_temp.compared('diskann', '{l2,ip,cosine}', '');

-- parameters of type vector for a column of halves, as clients send them; ranges; and what has no distance
CREATE INDEX mixed_h ON mixed_item USING hnsw (h halfvec_l2_ops);
CREATE INDEX mixed_c ON mixed_item USING hnsw (h halfvec_cosine_ops);
SET enable_seqscan = off;
PREPARE typed(vector) AS SELECT id FROM mixed_item ORDER BY h <-> $1 LIMIT 3;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE typed('[0]');
SELECT v AS q FROM mixed_item WHERE id = 7 \gset
EXECUTE typed(:'q');
EXECUTE typed('[0]');
RESET plan_cache_mode;
WITH q AS MATERIALIZED (SELECT v FROM mixed_item WHERE id = 7)
SELECT count(*) = (SELECT count(*) FROM mixed_item m WHERE m.h::vector <-> (SELECT v FROM q) < 1.1) AS within
	FROM q, LATERAL (SELECT id FROM mixed_item m WHERE m.h <-> q.v < 1.1 ORDER BY m.h <-> q.v LIMIT 1000) t;
SELECT count(*) FROM (SELECT id FROM mixed_item ORDER BY h <=> (SELECT array_fill(0, ARRAY[24])::vector) LIMIT 5) t;
SELECT count(*) FROM (SELECT id FROM mixed_item ORDER BY h <-> NULL::vector LIMIT 5) t;
DROP TABLE mixed_item;
