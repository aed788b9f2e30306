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

DROP TABLE vector_stored, vector_plain;
