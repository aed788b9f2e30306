--
-- vector: distances, arithmetic and other functions
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
SET extra_float_digits = 0;

-- distances
SELECT l2_distance('[0,0]'::vector, '[3,4]'), '[0,0]'::vector <-> '[0,1]', l2_distance('[1,2]'::vector, '[1,2]');
SELECT vector_l2_squared_distance('[0,0]', '[3,4]');
SELECT inner_product('[1,2]'::vector, '[3,4]'), '[1,2]'::vector <#> '[3,4]', vector_negative_inner_product('[1,2]', '[-3,4]');
SELECT l1_distance('[0,0]'::vector, '[3,-4]'), '[1,2]'::vector <+> '[1,2]';
SELECT cosine_distance('[1,0]'::vector, '[0,2]'), '[1,1]'::vector <=> '[2,2]', '[1,2]'::vector <=> '[-1,-2]',
	round(('[1,0]'::vector <=> '[1,1]')::numeric, 6);
SELECT vector_spherical_distance('[1,0]', '[0,1]'), vector_spherical_distance('[1,0]', '[1,0]'),
	vector_spherical_distance('[1,0]', '[-1,0]'), vector_spherical_distance('[2,0]', '[2,0]');
SELECT round(l2_distance(a, b)::numeric, 3), round(inner_product(a, b)::numeric), round(l1_distance(a, b)::numeric),
	round(cosine_distance(a, b)::numeric, 6)
FROM (SELECT array_agg(i)::vector AS a, array_agg(i + 2)::vector AS b FROM generate_series(1, 99) AS i) AS pair;

-- every distance takes vectors of one length only
SELECT name, pg_temp.error_of(format($$SELECT %I('[1,2]'::vector, '[3]'::vector)$$, name))
FROM unnest(ARRAY['l2_distance', 'vector_l2_squared_distance', 'inner_product', 'vector_negative_inner_product', 'l1_distance',
	'cosine_distance', 'vector_spherical_distance', 'vector_add', 'vector_sub', 'vector_mul']) AS name;
SELECT '[1,2]'::vector <-> '[3]';
SELECT '[1,2]'::vector <-> NULL, NULL::vector <=> NULL;

-- sums beyond float32 become infinite; they are no errors
SELECT '[3e38]'::vector <-> '[-3e38]', '[3e38]'::vector <#> '[3e38]', '[3e38]'::vector <#> '[-3e38]', '[3e38]'::vector <+> '[-3e38]';

-- the zero vector has no angle to any other
SELECT '[0,0]'::vector <=> '[1,1]', '[1,1]'::vector <=> '[0,0]', '[0,0]'::vector <=> '[0,0]', '[-0]'::vector <=> '[1]';
-- but every other vector has, be its squares beyond float32 or below it
SELECT '[3e38]'::vector <=> '[3e38]', '[3e38,0]'::vector <=> '[0,3e38]', '[3e38]'::vector <=> '[-1e-45]';
SELECT '[1e-30]'::vector <=> '[1e-30]', '[1e-45]'::vector <=> '[1e-45]', '[1e-20,0]'::vector <=> '[0,1e-20]';
SELECT round(('[1e-30,0]'::vector <=> '[1e-30,1e-30]')::numeric, 6), round(('[1e30,0]'::vector <=> '[1e30,1e30]')::numeric, 6),
	round(('[1e-18,0]'::vector <=> '[1e18,1e18]')::numeric, 6);
-- scaling a vector changes no angle
SELECT count(*), count(*) FILTER (WHERE abs((a <=> b) - (1 - 20.5 / sqrt(14 * 31.25))) < 1e-6)
FROM generate_series(-44, 37) AS e, LATERAL (SELECT ARRAY[1::float8, 2, 3]::vector AS a,
	ARRAY[1.5 * 10 ^ e, 2 * 10 ^ e, 5 * 10 ^ e]::float8[]::vector AS b) AS pair WHERE e > -38;

-- size
SELECT vector_dims('[1,2,3]'::vector), vector_dims(NULL::vector);
SELECT vector_norm('[3,4]'), vector_norm('[0,1]'), vector_norm('[0]'), vector_norm('[3e38,4e37]'), vector_norm('[3e-38,4e-38]');
SELECT l2_normalize('[3,4]'::vector), l2_normalize('[3,0]'::vector), l2_normalize('[0,0.1]'::vector), l2_normalize('[-0,0]'::vector);
SELECT l2_normalize('[3e38]'::vector), l2_normalize('[-3e38,3e38]'::vector), l2_normalize('[1e-45]'::vector), l2_normalize('[0,-1e-40]'::vector);

-- bits
SELECT binary_quantize('[1,0,-1]'::vector), binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::vector);
SELECT binary_quantize('[-0]'::vector), binary_quantize('[1e-45,-1e-45]'::vector), length(binary_quantize('[1,2,3]'::vector));
SELECT binary_quantize('[1,1,1,1,1,1,1,1]'::vector), binary_quantize('[-1,1,1,1,1,1,1,1,1]'::vector) = B'011111111';
SELECT pg_typeof(binary_quantize('[1]'::vector)), binary_quantize('[1,-1]'::vector)::bit(2);

-- parts
SELECT start, subvector('[1,2,3,4,5]'::vector, start, 3) FROM generate_series(-1, 5) AS start ORDER BY start;
SELECT subvector('[1,2,3]'::vector, 2, 2147483647), subvector('[1,2,3]'::vector, -2147483645, 2147483647), subvector('[1,2,3]'::vector, 1, 3);
SELECT arguments, pg_temp.error_of(format($$SELECT subvector('[1,2,3]'::vector, %s)$$, arguments))
FROM unnest(ARRAY['1, 0', '1, -1', '4, 1', '0, 1', '-1, 2', '2147483647, 2147483647', '2147483647, 1', '-2147483648, 1',
	'-2147483648, 2147483647', '-2147483646, 2147483647',
	'-2147483648, -2147483648', '2, -2147483648']) AS arguments;

-- arithmetic
SELECT '[1,2,3]'::vector + '[4,5,6]', '[1,2,3]'::vector - '[4,5,6]', '[1,2,3]'::vector * '[4,5,6]', '[1,2]'::vector || '[3]';
SELECT '[0.1]'::vector + '[0.2]', '[0]'::vector * '[-1]', '[1e-45]'::vector - '[1e-45]', '[1e-45]'::vector * '[1]';
SELECT vector_dims(array_fill(1, ARRAY[8000])::vector || array_fill(2, ARRAY[8000])::vector);
SELECT expression, pg_temp.error_of('SELECT ' || expression) FROM unnest(ARRAY[
	$$'[3e38]'::vector + '[3e38]'$$, $$'[1,-3e38]'::vector + '[1,-3e38]'$$,
	$$'[-3e38]'::vector - '[3e38]'$$, $$'[1e37]'::vector * '[1e37]'$$, $$'[-1e37]'::vector * '[1e37]'$$,
	$$'[1e-37]'::vector * '[1e-37]'$$, $$'[1e-45]'::vector * '[-0.5]'$$, $$'[1]'::vector - '[1,2]'$$,
	$$array_fill(0, ARRAY[16000])::vector || '[1]'$$]) AS expression;
SELECT NULL::vector + '[1]', '[1]'::vector || NULL;

RESET extra_float_digits;
