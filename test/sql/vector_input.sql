--
-- vector: text input and output, type modifier
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

-- numbers in every notation
SELECT '[1,2,3]'::vector;
SELECT '[0,-0,+0]'::vector;
SELECT '[1.,.5,+3,-.25,007]'::vector;
SELECT '[1e1,1E+1,1e-1,-2.5e3,1.e2,.5e1]'::vector;
SELECT '[0x10,-0X.8,0x1p-1,0x1.8p3]'::vector;
SELECT '[0.1,0.2,0.3,3.14159274,2.71828175]'::vector;
SELECT '[123456,1234567,12345678,1e15,0.0001,0.00001]'::vector;
SELECT '[3.4028235e38,-3.4028235e38,1.1754944e-38,1.4e-45]'::vector;
SELECT '[3.4028235677973365e38]'::vector;

-- too small a number vanishes without complaint, and keeps its sign
SELECT '[1e-46,-1e-46,7.1e-46,0e999]'::vector;

-- rounding goes to the nearest float, ties to even
SELECT '[16777217,16777219,1.000000059604644775390625,1.00000005960464477539062500001]'::vector;
SELECT '[0.100000001490116119384765625,1234567890123456789012345678901234567890e-30]'::vector;

-- white space
SELECT ' [ 1,  2 ,   3  ] '::vector;
SELECT E'\t\n\r\f\x0b[\t1\n,\r2\f,\x0b3]\t\n\r\f\x0b'::vector;
SELECT E'[1\u00a0,2]'::vector;

-- text that is not a vector
CREATE TEMP TABLE bad_text (id int GENERATED ALWAYS AS IDENTITY, content text);
INSERT INTO bad_text (content) VALUES
	(''), (' '), ('1,2,3'), ('{1,2,3}'), ('(1)'), ('x[1]'), (']'),
	('['), ('[ '), ('[,'), ('[,]'), ('[1'), ('[1,'), ('[1,]'), ('[,1]'), ('[1,,3]'), ('[1, ,3]'),
	('[1 2]'), ('[1;2]'), ('[1a]'), ('[hello,1]'), ('[1,hello]'), ('[[1]]'), ('[1}'), ('["1"]'),
	('[+]'), ('[-]'), ('[.]'), ('[e5]'), ('[+ 1]'), ('[- 1]'), ('[--1]'), ('[1e]'), ('[1e+]'),
	('[0x]'), ('[null]'), ('[1_000]'), ('[1.2.3]'), ('[1,2,3'), ('[1,2,3 x]'),
	('[1]]'), ('[1,2,3]9'), ('[1] [2]'), ('[1],'),
	('[]'), ('[ ]'), (' [ ] '), ('[]x'),
	('[NaN,1]'), ('[nan]'), ('[-NaN]'), ('[nan(1)]'), ('[NaN'), ('[1,NaN,hello]'), ('[hello,NaN]'),
	('[Infinity,1]'), ('[-Infinity]'), ('[inf]'), ('[+inf'), ('[infinit]'),
	('[4e38,1]'), ('[1,-4e38]'), ('[1e39]'), ('[ 1e400 ]'), ('[3.4028235677973367e38]'), ('[0x1p128]'),
	('[+1e99999999999]'), ('[4e38'), ('[4e38x]'), ('[hello,4e38]');
SELECT content, pg_temp.error_of(format('SELECT %L::vector', content)) FROM bad_text ORDER BY id;

-- details and hints
SELECT 'hello'::vector;
SELECT '[1,2]1'::vector;

-- number of dimensions
SELECT vector_dims(('[' || repeat('0,', 15999) || '0]')::vector);
SELECT pg_temp.error_of($$SELECT ('[' || repeat('0,', 16000) || '0]')::vector$$);
SELECT pg_temp.error_of($$SELECT ('[' || repeat('0,', 16000) || 'x')::vector$$);
SELECT pg_temp.error_of($$SELECT ('[' || repeat('0,', 16000))::vector$$);
SELECT left(pg_temp.error_of($$SELECT ('[' || repeat('0,', 15999) || 'x]')::vector$$), 60);

-- type modifier
SELECT '[1,2,3]'::vector(3);
SELECT '[1,2,3]'::vector(2);
SELECT '[1,2,3]'::vector(4);
SELECT '[1]'::vector(16000);
SELECT pg_temp.error_of('SELECT NULL::vector(' || modifier || ')')
	FROM unnest(ARRAY['0', '-1', '16001', '3, 2', '', '99999999999', '''x''']) AS modifier;
SELECT NULL::vector(0);
SELECT NULL::vector(3, 2);
SELECT format_type('vector'::regtype, 3), format_type('vector'::regtype, -1);
-- syntax comes first, then the number of dimensions
SELECT pg_temp.error_of($$SELECT '[1,2,x]'::vector(2)$$), pg_temp.error_of($$SELECT '[]'::vector(2)$$);

-- columns
CREATE TABLE vector_column (three vector(3), any_number vector);
INSERT INTO vector_column VALUES ('[1,2,3]', '[1]'), (NULL, '[1,2]');
INSERT INTO vector_column VALUES ('[1,2]', '[1]');
INSERT INTO vector_column (three) VALUES ('[1,2,NaN]');
SELECT * FROM vector_column;
ALTER TABLE vector_column ALTER COLUMN any_number TYPE vector(2);
ALTER TABLE vector_column ALTER COLUMN three TYPE vector(4);
SELECT * FROM vector_column;
DROP TABLE vector_column;

-- arrays of vectors
SELECT unnest(ARRAY['[1,2,3]', '[4,5,6]']::vector[]);
SELECT '{"[1,2,3]","[4]"}'::vector[];
SELECT '{"[1,2,3]"}'::vector(2)[];

-- output does not depend on settings
SET extra_float_digits = -15;
SELECT '[0.1,3.4028235e38,1e-45]'::vector;
RESET extra_float_digits;

-- Random floats of all magnitudes, subnormal ones included: input and output
-- agree with the server's own float4, and what was printed reads back the same.
SELECT setseed(0.25);
CREATE TEMP TABLE random_vector AS
	SELECT array_agg(value) AS elements
	FROM (SELECT i / 50 AS row, (sign(random() - 0.5) * (0.5 + random()) * 10 ^ (random() * 82 - 44))::float4 AS value
		FROM generate_series(0, 9999) AS i) AS numbers
	GROUP BY row;
SELECT count(*) AS rows,
	count(*) FILTER (WHERE elements::vector::text = translate(elements::text, '{}', '[]')) AS output_same,
	count(*) FILTER (WHERE translate(elements::text, '{}', '[]')::vector::real[] = elements) AS input_same,
	count(*) FILTER (WHERE elements::vector::text::vector::text = elements::vector::text) AS fixed_points
FROM random_vector;
-- longer texts than float4 needs
SELECT count(*) AS rows,
	count(*) FILTER (WHERE translate(doubles::text, '{}', '[]')::vector::real[] = doubles::real[]) AS input_same
FROM (SELECT array_agg(i / 8.0::float8 * pi() * 10 ^ (i % 60 - 30)) AS doubles
	FROM generate_series(1, 6000) AS i GROUP BY i / 20) AS numbers;

DROP TABLE bad_text, random_vector;
