-- vectorx_index_stats(): what an index holds, and what to do about it
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
CREATE SCHEMA "index Stats";
SET search_path = "index Stats", public;
CREATE TABLE items (id int PRIMARY KEY, e vector(32), note text);
INSERT INTO items SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(1, 3000) i;
INSERT INTO items VALUES (3001, NULL);
SET vectorx.seed = 5;
CREATE INDEX "items E" ON items USING hnsw (e vector_l2_ops) WITH (m = 12, ef_construction = 50, fillfactor = 80);
RESET vectorx.seed;
\x
SELECT method, format_version > 0 AS has_version, dimensions, code_bits BETWEEN 1 AND 8 AS bits, rows, dead_rows, later_rows,
		free_slots > 0 AS free, size = pg_relation_size('"items E"') AS size, search_size BETWEEN 8192 AND size AS search_size,
		bytes_per_row = size::float8 / rows AS bytes_per_row, options,
		(detail ->> 'edges_per_node')::float8 BETWEEN 2 AND 12 AS edges, (detail -> 'nodes_by_layer' ->> 0)::int AS base,
		jsonb_array_length(detail -> 'nodes_by_layer') = (detail ->> 'layers')::int AS layers, advice
	FROM vectorx_index_stats('"items E"');
\x
-- every page is of one kind, and none is damaged
SELECT (SELECT sum(value::int) FROM jsonb_each_text(pages)) * current_setting('block_size')::int = size AS all, pages -> 'invalid' AS invalid,
		pages -> 'meta' AS meta FROM vectorx_index_stats('"items E"');
-- filled to fillfactor: eight slots of ten
SELECT round(rows::numeric / (rows + free_slots), 1) AS fill FROM vectorx_index_stats('"items E"');
-- what VACUUM leaves, what inserts take
DELETE FROM items WHERE id % 3 <> 0;
SELECT rows, dead_rows FROM vectorx_index_stats('"items E"');
VACUUM items;
SELECT rows, dead_rows BETWEEN 0 AND 2000 AS dead, advice ~ 'REINDEX INDEX CONCURRENTLY "index Stats"."items E"' AS advised
	FROM vectorx_index_stats('"items E"');
INSERT INTO items SELECT i, pg_temp.test_vector(1, i, 32) FROM generate_series(4001, 4100) i;
SELECT rows, rows + dead_rows <= 3100 AS places FROM vectorx_index_stats('"items E"');
REINDEX INDEX "items E";
SELECT rows, dead_rows, later_rows, advice FROM vectorx_index_stats('"items E"');
-- made before its rows
CREATE INDEX empty ON items USING hnsw (e vector_cosine_ops) WHERE note = 'later';
SELECT rows, size, bytes_per_row, detail ->> 'layers' AS layers, advice FROM vectorx_index_stats('empty');
UPDATE items SET note = 'later' WHERE id < 4000 OR id IS NULL;
INSERT INTO items SELECT i, pg_temp.test_vector(1, i, 32), 'later' FROM generate_series(5001, 5200) i;
SELECT rows, later_rows, advice FROM vectorx_index_stats('empty');
-- the other types, and codes that are the vectors
CREATE TABLE others (h halfvec(64), b bit(64), s sparsevec(64), v vector(3), r real[]);
INSERT INTO others SELECT pg_temp.test_vector(1, i, 64), i::bit(64), pg_temp.test_vector(1, i, 64)::sparsevec,
	pg_temp.test_vector(1, i, 3), NULL FROM generate_series(1, 100) i;
CREATE INDEX h ON others USING hnsw (h halfvec_ip_ops);
CREATE INDEX b ON others USING hnsw (b bit_hamming_ops);
CREATE INDEX s ON others USING hnsw (s sparsevec_l2_ops);
CREATE INDEX v ON others USING hnsw (v vector_l2_ops);
SELECT i, dimensions, rows, pages -> 'vector' = '0' AS no_vectors, detail -> 'vector_bytes' AS bytes
	FROM unnest('{h,b,s,v}'::text[]) i, vectorx_index_stats(i::regclass);
-- copies share a node
INSERT INTO others (v) SELECT '[1,2,3]' FROM generate_series(1, 5000);
SELECT rows, (detail ->> 'live_nodes')::int <= 102 AS shared, (pages ->> 'tids')::int > 0 AS tids, (pages ->> 'invalid')::int AS invalid
	FROM vectorx_index_stats('v');
-- partitioned indexes and other relations are refused
SELECT vectorx_index_stats('items_pkey');
SELECT vectorx_index_stats('items');
SELECT vectorx_index_stats(0);
SELECT vectorx_index_stats(NULL);
CREATE TABLE parts (e vector(3)) PARTITION BY RANGE (e);
CREATE INDEX parts_e ON parts USING hnsw (e vector_l2_ops);
SELECT vectorx_index_stats('parts_e');
-- who may ask: the owner of the table, and who may scan any table for statistics
CREATE ROLE index_stats_reader;
GRANT USAGE ON SCHEMA "index Stats" TO index_stats_reader;
GRANT SELECT ON items TO index_stats_reader;
SET ROLE index_stats_reader;
SELECT rows > 1000 AS told FROM vectorx_index_stats('"items E"');
RESET ROLE;
GRANT pg_stat_scan_tables TO index_stats_reader;
SET ROLE index_stats_reader;
SELECT rows > 1000 AS told FROM vectorx_index_stats('"items E"');
RESET ROLE;
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA "index Stats" CASCADE;
DROP ROLE index_stats_reader;
