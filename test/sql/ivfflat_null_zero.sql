--
-- NULLs and zero vectors in an ivfflat index
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE t (id int PRIMARY KEY, e vector(3));
INSERT INTO t VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL), (5, '[1,2,4]'), (6, NULL);
CREATE INDEX t_l2 ON t USING ivfflat (e vector_l2_ops) WITH (lists = 1);
CREATE INDEX t_ip ON t USING ivfflat (e vector_ip_ops) WITH (lists = 1);
CREATE INDEX t_cosine ON t USING ivfflat (e vector_cosine_ops) WITH (lists = 1);
INSERT INTO t VALUES (7, NULL), (8, '[0,0,0]'), (9, '[-1,-2,-3]');
SET enable_seqscan = off;

-- rows with NULL are not in an index; zero vectors are not where directions are compared
SELECT id FROM (SELECT id, e <-> '[3,3,3]' AS d FROM t ORDER BY e <-> '[3,3,3]' LIMIT 100) s ORDER BY d, id;
SELECT id FROM (SELECT id, e <#> '[3,3,3]' AS d FROM t ORDER BY e <#> '[3,3,3]' LIMIT 100) s ORDER BY d, id;
SELECT id FROM (SELECT id, e <=> '[3,3,3]' AS d FROM t ORDER BY e <=> '[3,3,3]' LIMIT 100) s ORDER BY d, id;

-- a query that has no distance: NULL, and zero where directions are compared
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> NULL LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <#> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> (SELECT NULL::vector) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[0,0,0]' LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[0,0,0]' LIMIT 100) s;

-- builds of nothing, of nothing that is indexed, of fewer values than lists
TRUNCATE t;
INSERT INTO t VALUES (1, '[1,2,3]'), (2, '[3,2,1]');
SELECT id FROM t ORDER BY e <-> '[1,2,4]';
TRUNCATE t;
INSERT INTO t SELECT i, CASE i % 2 WHEN 0 THEN '[0,0,0]'::vector END FROM generate_series(1, 200) i;
REINDEX TABLE t;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1,2,3]') s;
DROP INDEX t_l2, t_ip, t_cosine;
CREATE INDEX t_l2 ON t USING ivfflat (e vector_l2_ops) WITH (lists = 30);
CREATE INDEX t_ip ON t USING ivfflat (e vector_ip_ops) WITH (lists = 30);
CREATE INDEX t_cosine ON t USING ivfflat (e vector_cosine_ops) WITH (lists = 30);
INSERT INTO t SELECT i, '[1,1,1]' FROM generate_series(201, 300) i;
SET ivfflat.probes = 30;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <#> '[1,2,3]') s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1,2,3]') s;
REINDEX TABLE t;
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> '[1,2,3]') s;

-- from NULL and zero to a vector, and back
UPDATE t SET e = '[1,2,3]' WHERE id IN (51, 150);
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]' LIMIT 2) s;
UPDATE t SET e = CASE WHEN id = 51 THEN NULL::vector ELSE '[0,0,0]' END WHERE id IN (51, 150);
SELECT count(*) FROM (SELECT id FROM t ORDER BY e <=> '[1,2,3]' LIMIT 500) s;
SELECT pg_temp.test_check();
DROP TABLE t;
