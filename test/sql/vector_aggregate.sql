--
-- vector: avg() and sum()
--
-- what a statement fails with: SQLSTATE, message and detail
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
		message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''));
END
$$;

CREATE TABLE vector_aggregated (id int, part int, value vector);
INSERT INTO vector_aggregated VALUES (1, 1, '[1,2,3]'), (2, 1, '[3,5,7]'), (3, 2, NULL), (4, 3, '[-1,0,0.5]'), (5, 3, NULL);

SELECT avg(value), sum(value) FROM vector_aggregated;
SELECT part, avg(value), sum(value), count(value) FROM vector_aggregated GROUP BY part ORDER BY part;
SELECT avg(value), sum(value) FROM vector_aggregated WHERE false;
SELECT avg(value), sum(value) FROM vector_aggregated WHERE value IS NULL;
SELECT avg(value) FILTER (WHERE id = 1), avg(DISTINCT value), sum(value ORDER BY id) FROM vector_aggregated;
SELECT avg(ARRAY[3e38, -3e38]::float8[]::vector) FROM generate_series(1, 100);
SELECT avg('[0.1]'::vector), sum('[0.1]'::vector) FROM generate_series(1, 10);

-- as window functions, whose rows share one state
SELECT id, sum(value) OVER (ORDER BY id), avg(value) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
	FROM vector_aggregated ORDER BY id;
SELECT id, sum(value) OVER w, avg(value) OVER w FROM vector_aggregated WINDOW w AS (PARTITION BY part ORDER BY id DESC) ORDER BY id;

-- the input rows stay as they are
SELECT id, value FROM vector_aggregated ORDER BY id;

-- different numbers of dimensions, overflow
SELECT expression, pg_temp.error_of('SELECT ' || expression) FROM unnest(ARRAY[
	$$avg(v) FROM unnest(ARRAY['[1,2]'::vector, '[3]']) AS v$$, $$avg(v) FROM unnest(ARRAY['[1]'::vector, '[2,3]']) AS v$$,
	$$sum(v) FROM unnest(ARRAY['[1,2]'::vector, '[3]']) AS v$$,
	$$sum(v) FROM unnest(ARRAY['[3e38]'::vector, '[3e38]']) AS v$$]) AS expression;

-- states as the aggregate hands them on
SELECT vector_accum('{0}', '[1,2,3]'), vector_accum('{1,1,2,3}', '[1,2,3]'), vector_accum('{0,7,7}', '[1,2,3]');
SELECT vector_combine('{0}', '{0}'), vector_combine('{0}', '{1,2,3}'), vector_combine('{1,2,3}', '{0}'), vector_combine('{1,2,3}', '{2,4,6}');
SELECT vector_avg('{0}'), vector_avg('{0,1,2}'), vector_avg('{2,4,7}'), vector_avg('{1,0.1}');
-- and as nobody should
SELECT expression, pg_temp.error_of('SELECT ' || expression) FROM unnest(ARRAY[
	$$vector_accum('{}', '[1]')$$, $$vector_accum('{{1,2}}', '[1]')$$, $$vector_accum('{NULL}', '[1]')$$, $$vector_accum('{1,NULL}', '[1]')$$,
	$$vector_accum('{1,2,3}', '[1]')$$, $$vector_accum('{1}', '[1]')$$, $$vector_accum('{1,1.7976931348623157e308}', '[3e38]')$$,
	$$vector_accum('{1,Infinity}', '[1]')$$,
	$$vector_combine('{}', '{0}')$$, $$vector_combine('{0}', '{}')$$, $$vector_combine('{{1}}', '{0}')$$, $$vector_combine('{1,NULL}', '{1,1}')$$,
	$$vector_combine('{1,2}', '{1,2,3}')$$, $$vector_combine('{1}', '{1}')$$, $$vector_combine('{1,1.7e308}', '{1,1.7e308}')$$,
	$$vector_combine(array_fill(1::float8, ARRAY[16002]), array_fill(1::float8, ARRAY[16002]))$$,
	$$vector_avg('{}')$$, $$vector_avg('{{1,2}}')$$, $$vector_avg('{NULL}')$$, $$vector_avg('{1}')$$, $$vector_avg('{1,NULL}')$$,
	$$vector_avg('{1,1e39}')$$, $$vector_avg('{1,-Infinity}')$$, $$vector_avg('{1,NaN}')$$, $$vector_avg('{NaN,1}')$$,
	$$vector_avg(array_fill(1::float8, ARRAY[16002]))$$]) AS expression;

-- parallel workers, most of which see no row
CREATE TABLE vector_parallel AS
	SELECT i AS id, CASE WHEN i % 3 > 0 THEN ARRAY[i, i % 10, -i]::vector END AS value FROM generate_series(1, 30000) AS i;
ALTER TABLE vector_parallel SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(value), sum(value) FROM vector_parallel;
SELECT avg(value) FROM vector_parallel;
SELECT avg(value), sum(value) FROM vector_parallel WHERE id <= 30;
SELECT avg(value), sum(value) FROM vector_parallel WHERE id = 1;
SELECT avg(value), sum(value) FROM vector_parallel WHERE id < 0;
SELECT avg(value), sum(value) FROM vector_parallel WHERE id % 3 = 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE vector_aggregated, vector_parallel;
