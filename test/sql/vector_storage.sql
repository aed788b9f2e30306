--
-- vector: storage
--

-- a datum is 8 bytes and 4 a dimension, less 3 where the header is short
CREATE TABLE vector_stored (id int, value vector);
INSERT INTO vector_stored SELECT d, array_fill(1, ARRAY[d])::vector FROM unnest(ARRAY[1, 3, 29, 30, 31, 500, 2000, 16000]) AS d;
SELECT id, pg_column_size(value), vector_dims(value) FROM vector_stored ORDER BY id;
SELECT pg_column_size('[1,2,3]'::vector);

-- values of one repeated number would compress well, but never are
SELECT attstorage FROM pg_attribute WHERE attrelid = 'vector_stored'::regclass AND attname = 'value';
SELECT id, pg_column_compression(value) FROM vector_stored WHERE id > 500 ORDER BY id;
SELECT pg_relation_size(reltoastrelid) >= 72000 AS out_of_line FROM pg_class WHERE oid = 'vector_stored'::regclass;

-- toasted, short and plain values through functions
SELECT id, round((vector_norm(value) ^ 2)::numeric, 6) AS norm2, value <-> value AS l2, value <=> value AS cosine, vector_cmp(value, value) AS cmp,
	vector_dims(value || '[1]') - id AS one
FROM vector_stored WHERE id < 16000 ORDER BY id;
SELECT count(*) FROM vector_stored WHERE value::text = replace(array_fill(1, ARRAY[id])::vector::text, ' ', '');
SELECT round(vector_norm(sum(value))::numeric, 6) FROM vector_stored WHERE id = 16000;
SELECT avg(value) = array_fill(1, ARRAY[2000])::vector FROM vector_stored WHERE id = 2000;
UPDATE vector_stored SET id = -id;
SELECT id, vector_dims(value) FROM vector_stored ORDER BY id;

-- on the table's own pages there is room for about 2000 dimensions
CREATE TABLE vector_plain (value vector);
ALTER TABLE vector_plain ALTER COLUMN value SET STORAGE plain;
INSERT INTO vector_plain SELECT array_fill(1, ARRAY[1500])::vector;
INSERT INTO vector_plain SELECT array_fill(1, ARRAY[2100])::vector;
SELECT count(*) FROM vector_plain;

-- the number of dimensions of a large value, of which the first chunk is enough
CREATE TABLE vector_large AS SELECT array_fill(1, ARRAY[16000])::vector AS value;
SELECT vector_dims(value) FROM vector_large;

-- Damage on disk: bytes that are no vector must give an error, not a crash.
-- A cast without function lets any bytes pass as one.
CREATE CAST (bytea AS vector) WITHOUT FUNCTION;
CREATE TABLE vector_damaged (id int, content bytea);
INSERT INTO vector_damaged VALUES
	(1, ''), (2, '\x03'), (3, '\x0300'), (4, '\x03000000'), (5, '\x030000000000803f'), (6, '\x0000000000000000'),
	(7, '\xffff00000000803f'), (8, '\x030000000000803f000000400000404000'), (9, '\xff7f0000' || decode(repeat('00', 70000), 'hex')),
	(10, decode(to_hex(16001), 'hex') || '\x0000' || decode(repeat('00', 64004), 'hex')),
	(11, decode('813e0000' || repeat('00', 64004), 'hex'));
CREATE FUNCTION pg_temp.error_of(id int, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(statement, 'DAMAGED', format('(SELECT content::vector FROM vector_damaged WHERE id = %s)', id));
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT pg_temp.error_of(id, expression) AS error, count(*)
FROM vector_damaged, unnest(ARRAY['SELECT DAMAGED::text', 'SELECT vector_send(DAMAGED)', $$SELECT DAMAGED <-> '[1,2,3]'$$,
	$$SELECT '[1,2,3]' <=> DAMAGED$$, 'SELECT vector_norm(DAMAGED)', 'SELECT DAMAGED + DAMAGED', $$SELECT DAMAGED = '[1]'$$,
	$$SELECT DAMAGED || '[1]'$$, 'SELECT subvector(DAMAGED, 1, 3)', 'SELECT DAMAGED::real[]', 'SELECT DAMAGED::vector(3)',
	'SELECT binary_quantize(DAMAGED)', 'SELECT l2_normalize(DAMAGED)', $$SELECT vector_accum('{0}', DAMAGED)$$, 'SELECT avg(DAMAGED)',
	'SELECT DAMAGED::text FROM vector_damaged ORDER BY content::vector']) AS expression
GROUP BY 1 ORDER BY 1;
SELECT id, pg_temp.error_of(id, 'SELECT vector_dims(DAMAGED)') FROM vector_damaged ORDER BY id;
SELECT content::vector FROM vector_damaged WHERE id = 5;
DROP CAST (bytea AS vector);

DROP TABLE vector_stored, vector_plain, vector_large, vector_damaged;
