--
-- hnsw over sparse vectors with the weights of terms in texts: rows that are near by one rare term are found, after
-- a build, after inserts into an empty index, and when rows have come and gone
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
SET enable_seqscan = off;
-- a beam so narrow that the way to a row decides whether it is found
SET hnsw.ef_search = 4;
SET max_parallel_maintenance_workers = 0;

-- eight terms a row, of 20 000 which are as frequent as their rank says (Zipf), weighted by their rarity
CREATE FUNCTION pg_temp.test_terms(seed bigint, i bigint) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{' || string_agg(rank || ':' || round((n * ln(1 + rank * 1.2))::numeric, 3), ',') || '}/20000')::sparsevec FROM (
		SELECT exp((hashint8extended(i * 65536 + j, seed) & 16777215)::float8 / 16777216 * ln(20000))::int AS rank, 1 + ln(count(*)) AS n
		FROM generate_series(1, 8) j GROUP BY 1) t $$;
CREATE TABLE text_row (id int PRIMARY KEY, s sparsevec(20000)) WITH (autovacuum_enabled = off);
CREATE TABLE text_query AS SELECT i AS id, pg_temp.test_terms(2, i) AS s FROM generate_series(1, 40) i;

-- of 400 rows that are wanted, how many an index finds
CREATE FUNCTION pg_temp.found(op text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	query record;
	farthest float8;
	hits bigint := 0;
	nearest text := format('SELECT s %1$s $1 AS d FROM text_row ORDER BY s %1$s $1 LIMIT 10', op);
BEGIN
	FOR query IN SELECT s FROM text_query LOOP
		PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
		EXECUTE format('SELECT max(d) FROM (%s) t', nearest) USING query.s INTO farthest;
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
		EXECUTE format('SELECT $2 + count(*) FROM (%s) t WHERE d <= $3', nearest) USING query.s, hits, farthest INTO hits;
	END LOOP;
	RETURN hits;
END $$;
CREATE VIEW problem AS SELECT relname, c.* FROM pg_class, vectorx_check(oid, true) c WHERE relname LIKE 'text\_row\_s%' AND relkind = 'i';

-- an index that is made before its rows, then ones that are built
CREATE INDEX ON text_row USING hnsw (s sparsevec_ip_ops);
INSERT INTO text_row SELECT i, pg_temp.test_terms(1, i) FROM generate_series(1, 4000) i;
SELECT * FROM problem;
SELECT pg_temp.found('<#>') >= 380 AS inserted;
CREATE INDEX ON text_row USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON text_row USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX ON text_row USING hnsw (s sparsevec_l1_ops);
SELECT * FROM problem;
-- the one for <#> is the one that inserts made, whose layers are drawn anew each time
SELECT op, pg_temp.found(op) >= least AS built FROM (VALUES ('<->', 390), ('<#>', 380), ('<=>', 388), ('<+>', 395)) t(op, least);

-- rows come and go
INSERT INTO text_row SELECT i, pg_temp.test_terms(1, i) FROM generate_series(4001, 5000) i;
DELETE FROM text_row WHERE id % 4 = 0;
SELECT * FROM problem;
VACUUM text_row;
SELECT * FROM problem;
INSERT INTO text_row SELECT i, pg_temp.test_terms(1, i) FROM generate_series(5001, 6000) i;
SELECT * FROM problem;
SELECT op, pg_temp.found(op) >= least AS changed FROM (VALUES ('<->', 376), ('<#>', 380), ('<=>', 385), ('<+>', 390)) t(op, least);

-- a term that no other row has leads to its row at once
INSERT INTO text_row SELECT 9000 + i, format('{%s:1,%s:99}/20000', i, 19000 + i)::sparsevec FROM generate_series(1, 3) i;
SELECT id FROM text_row ORDER BY s <#> '{19002:1}/20000' LIMIT 1;

-- pages of the directory are counted as such; other types have none
CREATE INDEX text_row_l2 ON text_row USING hnsw (s sparsevec_l2_ops);
CREATE TABLE dense_row AS SELECT i AS id, pg_temp.test_vector(1, i, 24)::vector(24) AS v FROM generate_series(1, 50) i;
CREATE INDEX dense_row_v ON dense_row USING hnsw (v vector_l2_ops);
SELECT i, (pages ->> 'terms')::int AS pages, pages -> 'invalid' AS invalid FROM (VALUES ('text_row_l2'), ('dense_row_v')) t(i), vectorx_index_stats(i::regclass);

-- unlogged, empty, without any element
CREATE UNLOGGED TABLE text_row_s_unlogged (id int, s sparsevec(20000));
CREATE INDEX text_row_s_unlogged_s ON text_row_s_unlogged USING hnsw (s sparsevec_cosine_ops);
INSERT INTO text_row_s_unlogged VALUES (1, '{}/20000'), (2, '{7:2}/20000');
SELECT id FROM text_row_s_unlogged ORDER BY s <=> '{7:1}/20000' LIMIT 5;
SELECT * FROM problem;
DROP VIEW problem;
DROP TABLE text_row, text_query, dense_row, text_row_s_unlogged;
