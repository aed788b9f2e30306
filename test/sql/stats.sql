-- pg_stat_vectorx: what scans and inserts of vector indexes have done
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
-- reading the statistics gives back the places of indexes that are gone
SELECT count(*) >= 0 AS read FROM pg_stat_vectorx;
CREATE SCHEMA stats;
CREATE TABLE stats.items (id int PRIMARY KEY, e vector(32));
INSERT INTO stats.items SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 2000) i;
CREATE INDEX items_e ON stats.items USING hnsw (e vector_l2_ops);
CREATE INDEX items_id ON stats.items (id);
ANALYZE stats.items;
-- an index that was not used is there with zeros, others are not
SELECT schemaname, relname, indexrelname, method, scans, rows_returned, pages_scored, inserts, since
	FROM pg_stat_vectorx WHERE schemaname = 'stats';
-- a scan counts when it ends, whatever it has returned
SELECT pg_temp.test_vector(3, 1, 32) AS q \gset
SELECT count(*) FROM (SELECT id FROM stats.items ORDER BY e <-> :'q' LIMIT 5) s;
SELECT scans, resumes, rows_returned, pages_scored > 0 AS pages, nodes_scored >= 80 AS nodes,
		exact_distances BETWEEN 5 AND nodes_scored AS exact, heap_fetches, inserts, edges_written, since <= now() AS since
	FROM pg_stat_vectorx WHERE indexrelid = 'stats.items_e'::regclass;
-- a larger LIMIT makes it resume
SET enable_seqscan = off;
SELECT vectorx_stat_reset('stats.items_e');
SELECT count(*) FROM (SELECT id FROM stats.items ORDER BY e <-> :'q' LIMIT 200) s;
RESET enable_seqscan;
SELECT scans, resumes > 0 AS resumed, rows_returned FROM pg_stat_vectorx WHERE schemaname = 'stats';
SELECT vectorx_stat_reset('stats.items_e');
-- a rescan is a scan
SELECT count(n.id) FROM stats.items a CROSS JOIN LATERAL (SELECT id FROM stats.items ORDER BY e <-> a.e LIMIT 2) n WHERE a.id <= 10;
SELECT scans, rows_returned FROM pg_stat_vectorx WHERE schemaname = 'stats';
-- inserts; a scan that fails is not counted
SELECT vectorx_stat_reset('stats.items_e');
INSERT INTO stats.items SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(2001, 2010) i;
SELECT id / 0 FROM stats.items ORDER BY e <-> :'q' LIMIT 5;
SELECT scans, inserts, edges_written >= 10 AS edges FROM pg_stat_vectorx WHERE schemaname = 'stats';
-- values that vary in length are read from the table
CREATE TABLE stats.sparse (e sparsevec(100));
INSERT INTO stats.sparse SELECT format('{%s:1,%s:2}/100', i % 90 + 1, i % 90 + 2 + i % 7)::sparsevec FROM generate_series(1, 1000) i;
CREATE INDEX sparse_e ON stats.sparse USING hnsw (e sparsevec_l2_ops);
ANALYZE stats.sparse;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT e FROM stats.sparse ORDER BY e <-> '{1:1,2:2}/100' LIMIT 5) s;
RESET enable_seqscan;
SELECT heap_fetches > 0 AS heap_fetches, heap_fetches = exact_distances AS all FROM pg_stat_vectorx WHERE indexrelname = 'sparse_e';
-- diskann reads as many as its bounds leave open, and says which of them are out of line
CREATE TABLE stats.disk (id int, e vector(600));
INSERT INTO stats.disk SELECT i, pg_temp.test_vector(1, i, 600) FROM generate_series(1, 300) i;
CREATE INDEX disk_e ON stats.disk USING diskann (e vector_l2_ops);
CREATE INDEX disk_half ON stats.disk USING diskann ((e::halfvec(600)) halfvec_l2_ops);
ANALYZE stats.disk;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM stats.disk ORDER BY e <-> pg_temp.test_vector(1, 7, 600) LIMIT 10) s;
SELECT count(*) FROM (SELECT id FROM stats.disk ORDER BY e::halfvec(600) <-> pg_temp.test_vector(1, 7, 600)::halfvec LIMIT 10) s;
RESET enable_seqscan;
SELECT indexrelname, exact_distances BETWEEN 10 AND 30 AS exact, heap_fetches = exact_distances AS heap,
		toast_fetches = heap_fetches AS toast, toast_fetches = 0 AS inside
	FROM pg_stat_vectorx WHERE relname = 'disk' ORDER BY indexrelname;
DROP TABLE stats.disk;
-- everybody may read, nobody but the owner of the function may reset
CREATE ROLE stats_reader;
SET ROLE stats_reader;
SELECT count(*) > 0 AS seen FROM pg_stat_vectorx;
SELECT vectorx_stat_reset();
RESET ROLE;
-- all of the database; what is gone gives its entry back
SELECT vectorx_stat_reset();
SELECT sum(scans + rows_returned + inserts + edges_written) FROM pg_stat_vectorx;
SELECT 'stats.sparse_e'::regclass::oid AS gone \gset
DROP TABLE stats.sparse;
SELECT count(*) FROM vectorx_stat_all() WHERE indexrelid = :gone;
-- more indexes than there are entries share one, and find room again when others are gone
CREATE TABLE stats.many (id int, e vector(3));
INSERT INTO stats.many VALUES (1, '[1,2,3]');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXECUTE format('CREATE INDEX ON stats.many USING hnsw (e vector_l2_ops) WHERE id > %s', -i);
	END LOOP;
END
$$;
INSERT INTO stats.many VALUES (2, '[1,2,4]');
SELECT (SELECT sum(inserts) FROM vectorx_stat_all()) AS inserts, inserts > 0 AS others FROM vectorx_stat_all() WHERE indexrelid = 0;
DROP TABLE stats.many;
CREATE TABLE stats.later (e vector(3));
CREATE INDEX later_e ON stats.later USING hnsw (e vector_l2_ops);
INSERT INTO stats.later VALUES ('[1,2,3]');
SELECT inserts FROM pg_stat_vectorx WHERE indexrelname = 'later_e';
DROP TABLE stats.later;
SELECT count(*) <= 10 AS few FROM vectorx_stat_all();
INSERT INTO stats.items VALUES (3000, :'q');
SELECT inserts FROM pg_stat_vectorx WHERE indexrelname = 'items_e';
-- another session sees the same
\c -
SELECT inserts FROM pg_stat_vectorx WHERE indexrelname = 'items_e';
SELECT vectorx_stat_reset();
SET client_min_messages = warning;
DROP SCHEMA stats CASCADE;
DROP ROLE stats_reader;
