-- What bench/index/run measures with: one row of figures for the current settings.

CREATE FUNCTION bench_search(queries int, k int,
		OUT recall numeric, OUT median_ms numeric, OUT p95_ms numeric)
LANGUAGE plpgsql AS $$
DECLARE
	query record;
	started timestamptz;
	found int[];
	hits int := 0;
	times float8[] := '{}';
BEGIN
	FOR query IN SELECT q.embedding, t.nearest FROM query q JOIN truth t USING (id) WHERE q.id < queries ORDER BY q.id LOOP
		started := clock_timestamp();
		found := ARRAY(SELECT id FROM item ORDER BY embedding <=> query.embedding LIMIT k);
		times := times || (extract(epoch FROM clock_timestamp() - started) * 1000)::float8;
		hits := hits + (SELECT count(*) FROM unnest(found) f WHERE f = ANY (query.nearest[1:k]));
	END LOOP;
	recall := round(hits::numeric / (queries * k), 4);
	SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 3),
		round(percentile_cont(0.95) WITHIN GROUP (ORDER BY t)::numeric, 3)
		INTO median_ms, p95_ms FROM unnest(times) t;
END $$;

-- Buffers that a query touches on average, heap rows included.
CREATE FUNCTION bench_pages(queries int, k int) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
	query record;
	plan json;
	pages bigint := 0;
BEGIN
	FOR query IN SELECT embedding FROM query WHERE id < queries ORDER BY id LOOP
		EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) SELECT id FROM item ORDER BY embedding <=> %L LIMIT %s',
			query.embedding, k) INTO plan;
		pages := pages + (plan->0->'Plan'->>'Shared Hit Blocks')::bigint + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
	END LOOP;
	RETURN round(pages::numeric / queries);
END $$;
