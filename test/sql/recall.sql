-- vectorx_recall(): an index against exact search on the table's own rows
CREATE SCHEMA "Recall";
CREATE TABLE "Recall"."Rows" (id int, owner text, "Vec tor" vector(24));
INSERT INTO "Recall"."Rows"
	SELECT i, CASE WHEN i % 4 = 0 THEN 'recall_reader' ELSE 'nobody' END,
		ARRAY(SELECT sin(i * j * 0.7 + cos(i * 1.3) * j) FROM generate_series(1, 24) j)::vector
	FROM generate_series(1, 500) i;
INSERT INTO "Recall"."Rows" VALUES (1001, 'nobody', NULL), (1002, 'nobody', array_fill(0, ARRAY[24])::vector);
CREATE INDEX "L 2" ON "Recall"."Rows" USING hnsw ("Vec tor" vector_l2_ops);
CREATE INDEX "IP" ON "Recall"."Rows" USING hnsw ("Vec tor" vector_ip_ops);
CREATE INDEX "Cosine" ON "Recall"."Rows" USING hnsw ("Vec tor" vector_cosine_ops);
CREATE INDEX "L1" ON "Recall"."Rows" USING hnsw ("Vec tor" vector_l1_ops);
CREATE INDEX "Partial" ON "Recall"."Rows" USING hnsw ("Vec tor" vector_l2_ops) WHERE id > 400 AND owner <> 'it''s';
CREATE INDEX "Expression" ON "Recall"."Rows" USING hnsw ((subvector("Vec tor", 2, 20)::vector(20)) vector_cosine_ops);
-- with ef_search at its largest every row is looked at
SET hnsw.ef_search = 1000;
SELECT x.i, r.k, r.samples, r.recall > 0.99 AS good, r.index_ms > 0 AS timed, r.exact_ms > 0 AS exact_timed, r.rows
	FROM unnest(ARRAY['"L 2"', '"IP"', '"Cosine"', '"L1"', '"Partial"', '"Expression"']) x(i),
		vectorx_recall(('"Recall".' || x.i)::regclass) r;
SELECT k, samples, recall, rows FROM vectorx_recall('"Recall"."L 2"', 1, 1);
SELECT k, samples, recall > 0.99 AS good, rows FROM vectorx_recall('"Recall"."L 2"', samples => 7);
-- fewer rows than samples, and than neighbours
SELECT k, samples, recall > 0.99 AS good, rows FROM vectorx_recall('"Recall"."Partial"', 200, 1000);
-- a zero vector has no cosine: it is a row, but neither query nor neighbour
SELECT k, samples, recall > 0.99 AS good, rows FROM vectorx_recall('"Recall"."Cosine"', 600, 1000);
-- the settings of the session count: one row is not enough to find ten
SET hnsw.ef_search = 1;
SET hnsw.iterative_scan = off;
SELECT recall, rows FROM vectorx_recall('"Recall"."Partial"', 10, 20);
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
-- equal seeds give equal samples
SET vectorx.seed = 7;
SELECT a.recall = b.recall AS equal FROM vectorx_recall('"Recall"."L 2"', 10, 50) a, vectorx_recall('"Recall"."L 2"', 10, 50) b;
RESET vectorx.seed;
-- nothing of the session changes, and other indexes are seen again
SET enable_seqscan = off;
SELECT name, setting FROM pg_settings WHERE name IN ('enable_seqscan', 'enable_indexscan', 'enable_bitmapscan', 'plan_cache_mode') ORDER BY name;
CREATE INDEX "Ids" ON "Recall"."Rows" (id);
SELECT recall > 0.99 AS good FROM vectorx_recall('"Recall"."L1"');
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM "Recall"."Rows" WHERE id = 5;
RESET enable_seqscan;
RESET enable_bitmapscan;
-- as the caller: privileges and row security
CREATE ROLE recall_reader;
SET ROLE recall_reader;
SELECT recall FROM vectorx_recall('"Recall"."L 2"');
RESET ROLE;
GRANT USAGE ON SCHEMA "Recall" TO recall_reader;
SET ROLE recall_reader;
SELECT recall FROM vectorx_recall('"Recall"."L 2"');
RESET ROLE;
GRANT SELECT ON "Recall"."Rows" TO recall_reader;
ALTER TABLE "Recall"."Rows" ENABLE ROW LEVEL SECURITY;
SET ROLE recall_reader;
SELECT samples, rows FROM vectorx_recall('"Recall"."L 2"', 5, 200);
RESET ROLE;
CREATE POLICY own ON "Recall"."Rows" USING (owner = current_user);
SET ROLE recall_reader;
SET hnsw.ef_search = 1000;
SELECT samples, recall > 0.99 AS good, rows FROM vectorx_recall('"Recall"."L 2"', 5, 200);
RESET hnsw.ef_search;
RESET ROLE;
-- no rows
CREATE TABLE "Recall".empty (v vector(3));
CREATE INDEX empty_v ON "Recall".empty USING hnsw (v vector_l2_ops);
SELECT * FROM vectorx_recall('"Recall".empty_v');
INSERT INTO "Recall".empty VALUES (NULL);
SELECT * FROM vectorx_recall('"Recall".empty_v');
-- ties: any of them will do
INSERT INTO "Recall".empty SELECT '[1,2,3]' FROM generate_series(1, 100);
SELECT samples, recall, rows FROM vectorx_recall('"Recall".empty_v', 5);
-- rows of other tables do not count
CREATE TABLE "Recall".child () INHERITS ("Recall".empty);
INSERT INTO "Recall".child VALUES ('[1,2,3]');
SELECT samples, recall, rows FROM vectorx_recall('"Recall".empty_v', 5);
-- a search that calls for another, of another index
CREATE FUNCTION "Recall".inner() RETURNS bigint LANGUAGE sql AS $$ SELECT samples FROM public.vectorx_recall('"Recall".empty_v', 3, 5) $$;
CREATE FUNCTION "Recall".checked(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN PERFORM "Recall".inner(); RETURN $1; END $$;
CREATE TABLE "Recall".outer AS SELECT "Vec tor" AS v FROM "Recall"."Rows" WHERE id <= 6;
CREATE INDEX outer_v ON "Recall".outer USING hnsw (("Recall".checked(v)::vector(24)) vector_l2_ops);
SELECT k, samples, recall, rows FROM vectorx_recall('"Recall".outer_v', 3, 2);
-- errors
SELECT vectorx_recall('"Recall"."L 2"', 0);
SELECT vectorx_recall('"Recall"."L 2"', 10, -1);
SELECT vectorx_recall('"Recall"."Ids"');
SELECT vectorx_recall('"Recall"."Rows"');
SELECT vectorx_recall(0);
SELECT vectorx_recall(NULL);
SET client_min_messages = warning;
DROP SCHEMA "Recall" CASCADE;
DROP ROLE recall_reader;
