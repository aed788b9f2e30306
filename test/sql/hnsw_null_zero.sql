--
-- NULLs and zero vectors in an hnsw index
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL), (5, '[1,2,4]'), (6, NULL);
CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
CREATE INDEX t_ip ON t USING hnsw (e vector_ip_ops);
CREATE INDEX t_cosine ON t USING hnsw (e vector_cosine_ops);
CREATE INDEX t_l1 ON t USING hnsw (e vector_l1_ops);
INSERT INTO t VALUES (7, NULL), (8, '[0,0,0]'), (9, '[-1,-2,-3]');
SET enable_seqscan = off;

-- rows with NULL are not in an index; zero vectors are not where directions are compared
SELECT id, e FROM (SELECT id, e FROM t ORDER BY e <-> '[3,3,3]' LIMIT 100) s ORDER BY e <-> '[3,3,3]', id;
SELECT id FROM (SELECT id, e <-> '[3,3,3]' AS d FROM t ORDER BY e <-> '[3,3,3]' LIMIT 100) s ORDER BY d, id;
SELECT id FROM (SELECT id, e <#> '[3,3,3]' AS d FROM t ORDER BY e <#> '[3,3,3]' LIMIT 100) s ORDER BY d, id;
SELECT id FROM (SELECT id, e <=> '[3,3,3]' AS d FROM t ORDER BY e <=> '[3,3,3]' LIMIT 100) s ORDER BY d, id;
SELECT id FROM (SELECT id, e <+> '[3,3,3]' AS d FROM t ORDER BY e <+> '[3,3,3]' LIMIT 100) s ORDER BY d, id;

-- a query that has no distance: NULL, and zero where directions are compared
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> NULL LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <#> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <+> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[0,0,0]' LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0,0,0]' LIMIT 100) s;

-- a build of nothing but rows that are not indexed
TRUNCATE t;
INSERT INTO t SELECT i, NULL FROM generate_series(1, 100) i;
REINDEX TABLE t;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1,2,3]') s;
INSERT INTO t SELECT i, '[0,0,0]' FROM generate_series(101, 200) i;
REINDEX TABLE t;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1,2,3]') s;

-- from NULL and zero to a vector, and back
UPDATE t SET e = '[1,2,3]' WHERE id IN (50, 150);
SELECT id FROM t ORDER BY e <=> '[1,2,3]', id LIMIT 2;
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]' LIMIT 5) s;
UPDATE t SET e = CASE WHEN id = 50 THEN NULL::vector ELSE '[0,0,0]' END WHERE id IN (50, 150);
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]' LIMIT 5) s;
SELECT pg_temp.test_check();
RESET enable_seqscan;
DROP TABLE t;
