--
-- vector: input errors that the caller can take softly (PostgreSQL 16 and later)
--
SELECT current_setting('server_version_num')::int >= 160000 AS soft \gset
\if :soft
SELECT content, pg_input_is_valid(content, 'vector') AS valid, pg_input_is_valid(content, 'vector(2)') AS valid_2,
	info.message, info.detail, info.sql_error_code
FROM unnest(ARRAY['[1,2]', '[1,2,3]', '1,2', '[1', '[1]x', '[]', '[NaN]', '[inf]', '[4e38]', '[x]']) AS content,
	LATERAL pg_input_error_info(content, 'vector') AS info;
SELECT (info).message FROM pg_input_error_info('[1,2,3]', 'vector(2)') AS info;
SELECT (info).message FROM pg_input_error_info('[' || repeat('0,', 16000) || '0]', 'vector') AS info;
\else
SELECT 'this server raises all input errors' AS skipped;
\endif
