--
-- vector: binary input and output
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

SELECT vector_send('[1,2,3]');
SELECT vector_send('[-0,1e-45]');
SELECT octet_length(vector_send(array_fill(1, ARRAY[16000])::vector));

-- a table goes out and comes back, NULL and all
CREATE TABLE vector_copy (id int, three vector(3), any_number vector);
INSERT INTO vector_copy VALUES
	(1, '[1,2,3]', '[0.1]'), (2, '[-0,1e-45,3.4028235e38]', NULL), (3, NULL, '[1,2]'), (4, NULL, NULL);
INSERT INTO vector_copy SELECT 5, NULL, array_agg(i)::vector FROM generate_series(1, 16000) AS i;
CREATE TABLE vector_copied (LIKE vector_copy);
SELECT pg_temp.error_of(format('COPY vector_copy TO %L (FORMAT binary)', current_setting('data_directory') || '/vector_copy.bin'));
SELECT pg_temp.error_of(format('COPY vector_copied FROM %L (FORMAT binary)', current_setting('data_directory') || '/vector_copy.bin'));
SELECT count(*) FROM vector_copy AS a JOIN vector_copied AS b USING (id)
	WHERE a.three::text IS NOT DISTINCT FROM b.three::text
	AND a.any_number::text IS NOT DISTINCT FROM b.any_number::text;

-- Damaged messages.  A file for binary COPY is put together byte by byte, a
-- single column of a single row, and read into a table.
CREATE FUNCTION pg_temp.receive(message bytea, modifier text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text := current_setting('data_directory') || '/vector_message.bin';
	content bytea := '\x5047434f50590aff0d0a00' || int4send(0) || int4send(0)
		|| int2send(1::int2) || int4send(octet_length(message)) || message || int2send(-1::int2);
	object oid := lo_from_bytea(0, content);
	result text;
BEGIN
	PERFORM lo_export(object, path), lo_unlink(object);
	EXECUTE 'CREATE TEMP TABLE received (value vector' || modifier || ')';
	result := pg_temp.error_of(format('COPY received FROM %L (FORMAT binary)', path));
	IF result = 'no error' THEN
		SELECT value::text INTO result FROM received;
	END IF;
	DROP TABLE received;
	RETURN result;
END
$$;
SELECT pg_temp.receive('\x000300003f8000004000000040400000');
SELECT pg_temp.receive('\x000300003f8000004000000040400000', '(3)');
SELECT pg_temp.receive('\x000300003f8000004000000040400000', '(2)');
SELECT pg_temp.receive('\x0001000080000000');
-- no or too many dimensions
SELECT pg_temp.receive('\x00000000'), pg_temp.receive('\xffff00003f800000');
SELECT pg_temp.receive('\x3e810000' || decode(repeat('00', 64004), 'hex'));
-- unused bytes used
SELECT pg_temp.receive('\x000100013f800000'), pg_temp.receive('\x0001ffff3f800000');
-- not finite
SELECT pg_temp.receive('\x000100007fc00000'), pg_temp.receive('\x00010000ff800001');
SELECT pg_temp.receive('\x000100007f800000'), pg_temp.receive('\x00010000ff800000');
-- cut off, and too long
SELECT pg_temp.receive(''), pg_temp.receive('\x00'), pg_temp.receive('\x000100');
SELECT pg_temp.receive('\x000200003f800000'), pg_temp.receive('\x000200003f8000003f8000');
SELECT pg_temp.receive('\x000100003f80000000');

DROP TABLE vector_copy, vector_copied;
