-- What bench/index/types measures with: one row of figures for one table, whose column is `value` and whose index
-- serves `operator`, at the current settings. A row counts as found if it is no farther than the k-th nearest is,
-- since distances of bit strings are often equal.

CREATE FUNCTION bench_type(base regclass, operator text, queries int, k int,
		OUT recall numeric, OUT median_ms numeric, OUT pages numeric)
LANGUAGE plpgsql AS $$
DECLARE
	query record;
	started timestamptz;
	farthest float8;
	found float8[];
	hits bigint := 0;
	buffers bigint := 0;
	times float8[] := '{}';
	plan json;
	search text := format('SELECT value %1$s $1 FROM %2$s ORDER BY value %1$s $1 LIMIT %3$s', operator, base, k);
BEGIN
	FOR query IN EXECUTE format('SELECT value FROM %s_query WHERE id < %s ORDER BY id', base, queries) LOOP
		PERFORM set_config('enable_seqscan', 'on', true);
		PERFORM set_config('enable_indexscan', 'off', true);
		EXECUTE format('SELECT max(d) FROM (%s) AS nearest(d)', search) USING query.value INTO farthest;
		PERFORM set_config('enable_indexscan', 'on', true);
		PERFORM set_config('enable_seqscan', 'off', true);
		started := clock_timestamp();
		EXECUTE format('SELECT array_agg(d) FROM (%s) AS nearest(d)', search) USING query.value INTO found;
		times := times || (extract(epoch FROM clock_timestamp() - started) * 1000)::float8;
		hits := hits + (SELECT count(*) FROM unnest(found) d WHERE d <= farthest);
		EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) %s', search) USING query.value INTO plan;
		buffers := buffers + (plan->0->'Plan'->>'Shared Hit Blocks')::bigint + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
	END LOOP;
	recall := round(hits::numeric / (queries * k), 4);
	SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 3) INTO median_ms FROM unnest(times) t;
	pages := round(buffers::numeric / queries);
END $$;
