-- layer 1 is copied by a backend that uses an index more than once
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
CREATE TABLE entries (id int PRIMARY KEY, e vector(128));
INSERT INTO entries SELECT i, pg_temp.test_vector(1, i, 128) FROM generate_series(1, 12000) i;
CREATE INDEX entries_e ON entries USING hnsw (e vector_l2_ops);
ANALYZE entries;
SET enable_seqscan = off;
SELECT pg_temp.test_vector(3, 1, 128) AS q \gset
PREPARE nearest AS SELECT array_agg(id) FROM (SELECT id FROM entries ORDER BY e <-> :'q' LIMIT 10) s;
CREATE FUNCTION pg_temp.pages() RETURNS bigint LANGUAGE sql AS
	$$ SELECT pages_scored FROM pg_stat_vectorx WHERE indexrelid = 'entries_e'::regclass $$;
-- the third scan, which scores the copy, reads fewer pages than the first, and finds the same
SELECT pg_temp.pages() AS p0 \gset
EXECUTE nearest \gset first_
SELECT pg_temp.pages() AS p1 \gset
EXECUTE nearest \gset second_
SELECT pg_temp.pages() AS p2 \gset
EXECUTE nearest \gset third_
SELECT pg_temp.pages() AS p3 \gset
SELECT :p1 - :p0 > 0 AS scanned, :p3 - :p2 < :p1 - :p0 AS fewer, :'first_array_agg' = :'third_array_agg' AS same;
-- so do inserts and updates of the statement, and the copy is a hint: what came after it is found
INSERT INTO entries SELECT i, pg_temp.test_vector(1, i, 128) FROM generate_series(12001, 14000) i;
SELECT count(*) FROM generate_series(12001, 14000, 100) i
	WHERE i = (SELECT id FROM entries ORDER BY e <-> pg_temp.test_vector(1, i, 128) LIMIT 1);
DELETE FROM entries WHERE id <= 12000;
VACUUM entries;
SELECT count(*) FROM generate_series(12001, 14000, 100) i
	WHERE i = (SELECT id FROM entries ORDER BY e <-> pg_temp.test_vector(1, i, 128) LIMIT 1);
-- another index under the same name and OID has a copy of its own
TRUNCATE entries;
SELECT count(*) FROM (SELECT id FROM entries ORDER BY e <-> :'q' LIMIT 10) s;
INSERT INTO entries SELECT i, pg_temp.test_vector(5, i, 128) FROM generate_series(1, 9000) i;
REINDEX INDEX entries_e;
SELECT count(*) FROM generate_series(1, 9000, 100) i
	WHERE i = (SELECT id FROM entries ORDER BY e <-> pg_temp.test_vector(5, i, 128) LIMIT 1);
SELECT * FROM vectorx_check('entries_e', true);
DROP TABLE entries;
