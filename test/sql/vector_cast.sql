--
-- vector: casts
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

-- vector to vector
SELECT '[1,2,3]'::vector::vector(3);
SELECT '[1,2,3]'::vector::vector(2);
SELECT NULL::vector::vector(2);

-- arrays to vector
SELECT ARRAY[1,2,3]::vector, ARRAY[1,2,3]::vector(3);
SELECT ARRAY[1.5,2,3]::real[]::vector, ARRAY[1.5,2,3]::float8[]::vector, ARRAY[1.5,2,3]::numeric[]::vector;
SELECT ARRAY[2147483647,-2147483648,16777217]::vector;
SELECT ARRAY[0.1]::float8[]::vector, ARRAY[0.1]::numeric[]::vector, ARRAY[1e-46]::float8[]::vector;
SELECT '{-0}'::real[]::vector, '{-0}'::float8[]::vector;
SELECT NULL::int[]::vector, NULL::real[]::vector(2);
SELECT '[5:7]={1,2,3}'::int[]::vector;
-- numerics of different sizes in one array
SELECT ARRAY[1, 123456789012345678901234567890, 0.000000000000000000001, -7.25, 0]::numeric[]::vector;

-- what no array may hold
SELECT expression, pg_temp.error_of('SELECT ' || expression) FROM unnest(ARRAY[
	$$ARRAY[1,2,3]::vector(2)$$, $$ARRAY[1,2,3]::real[]::vector(4)$$,
	$$'{}'::int[]::vector$$, $$'{}'::real[]::vector$$, $$'{}'::float8[]::vector(3)$$, $$'{}'::numeric[]::vector$$,
	$$'{{1}}'::int[]::vector$$, $$'{{1,2},{3,4}}'::real[]::vector$$, $$'{{1}}'::float8[]::vector$$, $$'{{1}}'::numeric[]::vector$$,
	$$'{1,NULL}'::int[]::vector$$, $$'{NULL}'::real[]::vector$$, $$'{NULL,1}'::float8[]::vector$$, $$'{NULL}'::numeric[]::vector$$,
	$$'{{1,NULL}}'::int[]::vector$$,
	$$'{NaN}'::real[]::vector$$, $$'{NaN}'::float8[]::vector$$, $$'{NaN}'::numeric[]::vector$$,
	$$'{Infinity}'::real[]::vector$$, $$'{-Infinity}'::float8[]::vector$$,
	$$'{4e38}'::float8[]::vector$$, $$'{-4e38}'::float8[]::vector$$, $$'{4e38}'::numeric[]::vector$$, $$'{1e-46}'::numeric[]::vector$$,
	$$array_fill(0, ARRAY[16001])::vector$$, $$array_fill(0::float8, ARRAY[16001])::vector$$,
	$$ARRAY[1,2]::bigint[]::vector$$, $$ARRAY[1,2]::smallint[]::vector$$, $$'{a}'::text[]::vector$$,
	$$'[1]'::vector::float8[]$$, $$'[1]'::vector::int[]$$
	]) AS expression;
-- the longest
SELECT vector_dims(array_fill(0, ARRAY[16000])::vector), vector_dims(array_fill(0::numeric, ARRAY[16000])::vector);

-- a null bitmap without a null in it
SELECT array_remove(ARRAY[1,NULL,2]::real[], NULL)::vector;
SELECT (ARRAY[1,NULL,2]::int[])[3:3]::vector;

-- vector to array
SELECT '[1,2.5,-3]'::vector::real[], array_ndims('[1,2]'::vector::real[]), array_lower('[1,2]'::vector::real[], 1);
SELECT array_length('[1,2,3]'::vector::real[], 1), cardinality('[1,2]'::vector::real[]);
SELECT array_to_string('[1,2,3]'::vector::real[], ' ');
SELECT unnest('[1,2,3]'::vector::real[]);
SELECT '[0.1]'::vector::real[] = ARRAY[0.1]::real[];
SELECT NULL::vector::real[];

-- assignment casts
CREATE TABLE vector_assigned (value vector(3), elements real[]);
INSERT INTO vector_assigned VALUES (ARRAY[1,2,3], '[1,2]'::vector), (ARRAY[1.5,2,3], NULL);
INSERT INTO vector_assigned VALUES ('{1,2,3}'::real[]), ('{1,2,3}'::float8[]);
INSERT INTO vector_assigned VALUES (ARRAY[1,2]);
INSERT INTO vector_assigned SELECT '[1,2]'::vector;
SELECT * FROM vector_assigned;
DROP TABLE vector_assigned;

-- the implicit cast to real[] must not make operators on arrays ambiguous
SELECT ARRAY[1,2] = ARRAY[1,2], ARRAY[1.5] < ARRAY[2.5], '[1,2]'::vector = '[1,2]', ARRAY[1,2]::vector <-> ARRAY[1,4]::vector;
SELECT pg_temp.error_of($$SELECT '[1]'::vector || ARRAY[1]::int[]$$);

-- elements stored in a table, out of line and compressed
CREATE TABLE vector_source (elements float8[], numbers numeric[]);
INSERT INTO vector_source SELECT array_agg(i % 7), array_agg(i % 7) FROM generate_series(1, 5000) AS i;
SELECT elements::vector = numbers::vector, vector_dims(elements::vector), elements::vector::real[] = elements::real[] FROM vector_source;
DROP TABLE vector_source;
