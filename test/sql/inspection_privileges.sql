-- What functions of inspection tell those who may not read the rows
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
CREATE ROLE inspection_reader;
CREATE SCHEMA inspection;
GRANT USAGE ON SCHEMA inspection TO inspection_reader;
CREATE TABLE inspection.secrets (id int, owner name, e vector(16));
INSERT INTO inspection.secrets SELECT i, CASE WHEN i % 10 = 0 THEN 'inspection_reader' ELSE 'somebody' END,
	pg_temp.test_vector(1, i, 16) FROM generate_series(1, 1000) i;
CREATE INDEX secrets_e ON inspection.secrets USING hnsw (e vector_l2_ops);
ANALYZE inspection.secrets;
-- without any privilege
SET ROLE inspection_reader;
SELECT * FROM vectorx_recall('inspection.secrets_e');
SELECT * FROM vectorx_index_stats('inspection.secrets_e');
SELECT * FROM vectorx_check('inspection.secrets_e');
RESET ROLE;
-- with a privilege on other columns than that of the vectors, and on that alone: rows are named by ctid, so the table it takes
GRANT SELECT (id) ON inspection.secrets TO inspection_reader;
SET ROLE inspection_reader;
SELECT * FROM vectorx_recall('inspection.secrets_e');
RESET ROLE;
GRANT SELECT (e) ON inspection.secrets TO inspection_reader;
SET ROLE inspection_reader;
SELECT samples, rows FROM vectorx_recall('inspection.secrets_e', 5, 20);
SELECT * FROM vectorx_index_stats('inspection.secrets_e');
RESET ROLE;
-- under row security only one's own rows are searched for and counted, by one's own rights
GRANT SELECT ON inspection.secrets TO inspection_reader;
ALTER TABLE inspection.secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON inspection.secrets USING (owner = current_user);
SET ROLE inspection_reader;
SET hnsw.ef_search = 1000;
SELECT samples, recall > 0.99 AS good, rows FROM vectorx_recall('inspection.secrets_e', 5, 500);
RESET hnsw.ef_search;
-- the statistics of all are numbers of pages and rows, as in pg_stat_all_indexes
SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute
	WHERE attrelid = 'pg_stat_vectorx'::regclass AND attnum > 0 AND atttypid NOT IN ('int8'::regtype, 'name'::regtype, 'oid'::regtype);
SELECT indexrelname, scans > 0 AS counted FROM pg_stat_vectorx WHERE schemaname = 'inspection';
RESET ROLE;
-- what vectorx_index_stats() returns has no place for a value of a row
SELECT string_agg(DISTINCT format_type(t, NULL), ', ' ORDER BY format_type(t, NULL)) AS types
	FROM pg_proc, unnest(proallargtypes[2:]) t WHERE proname = 'vectorx_index_stats';
SELECT jsonb_object_keys(detail) AS detail FROM vectorx_index_stats('inspection.secrets_e') ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA inspection CASCADE;
DROP ROLE inspection_reader;
