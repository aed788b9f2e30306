-- Functions of bench/plan/run.

-- A table of clustered vectors: a centre of 1 for every 100 rows, and noise around it.
CREATE FUNCTION bench_make(dims int, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setseed(0.5);
	CREATE TEMP TABLE centre AS
		SELECT c, (SELECT array_agg(random() - 0.5) FROM generate_series(1, dims) WHERE c >= 0)::vector AS v
		FROM generate_series(0, n / 100) c;
	EXECUTE format('CREATE TABLE item (id int PRIMARY KEY, e vector(%s), kind int, note text)', dims);
	INSERT INTO item
		SELECT i, v + (SELECT array_agg(0.6 * (random() - 0.5)) FROM generate_series(1, dims) WHERE i > 0)::vector,
			(random() * 1000000)::int, repeat('x', 60)
		FROM generate_series(1, n) i JOIN centre ON c = i % (n / 100 + 1);
	DROP TABLE centre;
	CREATE INDEX item_e ON item USING hnsw (e vector_l2_ops);
END
$$;

-- Runs a statement as EXPLAIN (ANALYZE, BUFFERS) does, three times: the plan of the last, with the median time.
CREATE FUNCTION bench_explain(statement text, OUT ms float8, OUT buffers bigint, OUT rows bigint, OUT uses_index boolean)
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	times float8[] := '{}';
BEGIN
	FOR i IN 1 .. 3 LOOP
		EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
		times := times || (plan -> 0 ->> 'Execution Time')::float8;
	END LOOP;
	SELECT t INTO ms FROM unnest(times) t ORDER BY t OFFSET 1 LIMIT 1;
	plan := plan -> 0 -> 'Plan';
	buffers := (plan ->> 'Shared Hit Blocks')::bigint + (plan ->> 'Shared Read Blocks')::bigint;
	rows := (plan ->> 'Actual Rows')::numeric;
	uses_index := plan::text LIKE '%item_e%';
END
$$;

-- One cell of the grid.
CREATE FUNCTION bench_plan(share float8, k int, OUT index_ms numeric, OUT index_buffers bigint, OUT index_rows bigint,
	OUT exact_ms numeric, OUT exact_buffers bigint, OUT chosen text, OUT ms_ratio numeric, OUT buffer_ratio numeric)
LANGUAGE plpgsql AS $$
DECLARE
	statement text := format('SELECT id, e <-> %L FROM item WHERE kind <= %s ORDER BY e <-> %1$L LIMIT %3$s',
							 (SELECT e FROM item WHERE id = 77), (share * 1000000)::int, k);
	a record;
	b record;
	c record;
BEGIN
	SELECT * INTO c FROM bench_explain(statement);
	PERFORM set_config('enable_indexscan', 'off', true);
	SELECT * INTO b FROM bench_explain(statement);
	PERFORM set_config('enable_indexscan', 'on', true);
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true);
	SELECT * INTO a FROM bench_explain(statement);
	PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'on', true), set_config('enable_sort', 'on', true);
	index_ms := round(a.ms::numeric, 2); index_buffers := a.buffers; index_rows := a.rows;
	exact_ms := round(b.ms::numeric, 2); exact_buffers := b.buffers;
	chosen := CASE WHEN c.uses_index THEN 'index' ELSE 'exact' END;
	ms_ratio := round((CASE WHEN c.uses_index THEN a.ms ELSE b.ms END / least(a.ms, b.ms))::numeric, 1);
	buffer_ratio := round((CASE WHEN c.uses_index THEN a.buffers ELSE b.buffers END)::numeric / least(a.buffers, b.buffers), 1);
END
$$;
