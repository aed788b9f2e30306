-- vectorx_check(): sound indexes, rows that an index lacks, and who may call it
-- (damaged pages: t/030_corruption.pl)
CREATE TABLE check_rows (id int PRIMARY KEY, v vector(24), tiny vector(3));
INSERT INTO check_rows
	SELECT i, ARRAY(SELECT sin(i * j * 0.7 + cos(i * 1.3) * j) FROM generate_series(1, 24) j)::vector,
		ARRAY[i % 7, i % 11, i % 13]::vector
	FROM generate_series(1, 600) i;
INSERT INTO check_rows VALUES (1001, NULL, NULL),
	(1002, array_fill(0, ARRAY[24])::vector, '[0,0,0]'),
	(1003, array_fill(1e30::float8, ARRAY[24])::vector, '[1e19,1e19,1e19]'),
	(1004, array_fill(1e-30::float8, ARRAY[24])::vector, '[1e-40,0,0]');
CREATE INDEX check_l2 ON check_rows USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32);
CREATE INDEX check_ip ON check_rows USING hnsw (v vector_ip_ops) WITH (code_bits = 2);
CREATE INDEX check_cosine ON check_rows USING hnsw (v vector_cosine_ops) WITH (code_bits = 8);
CREATE INDEX check_l1 ON check_rows USING hnsw (v vector_l1_ops);
CREATE INDEX check_tiny ON check_rows USING hnsw (tiny vector_cosine_ops);
CREATE INDEX check_partial ON check_rows USING hnsw (v vector_l2_ops) WHERE id % 2 = 0;
CREATE INDEX check_expression ON check_rows USING hnsw ((subvector(v, 1, 20)::vector(20)) vector_l2_ops);
CREATE INDEX CONCURRENTLY check_concurrent ON check_rows USING hnsw (v vector_cosine_ops);
CREATE INDEX check_disk ON check_rows USING diskann (v vector_l2_ops);
CREATE INDEX check_disk_cosine ON check_rows USING diskann (v vector_cosine_ops) WITH (product_quantized = true, pq_param_num_chunks = 64);
CREATE INDEX check_disk_expression ON check_rows USING diskann ((subvector(v, 1, 20)::vector(20)) vector_ip_ops) WHERE id % 2 = 0;
CREATE VIEW check_all AS
	SELECT relname, c.* FROM pg_class, vectorx_check(oid, true) c
	WHERE relname LIKE 'check\_%' AND relam IN (SELECT oid FROM pg_am WHERE amname IN ('hnsw', 'diskann')) AND relkind = 'i';
SELECT * FROM check_all;
-- inserts, dead rows, reused slots, pages of inserts
INSERT INTO check_rows
	SELECT i, ARRAY(SELECT sin(i * j * 0.7 + cos(i * 1.3) * j) FROM generate_series(1, 24) j)::vector,
		ARRAY[i % 7, i % 11, i % 13]::vector
	FROM generate_series(2001, 2400) i;
SELECT * FROM check_all;
DELETE FROM check_rows WHERE id % 3 = 0;
SELECT * FROM check_all;
VACUUM check_rows;
SELECT * FROM check_all;
UPDATE check_rows SET v = v + v, tiny = tiny + tiny WHERE id % 5 = 0 AND id < 1000;
SELECT * FROM check_all;
VACUUM check_rows;
INSERT INTO check_rows SELECT id + 10000, v, tiny FROM check_rows;
SELECT * FROM check_all;
-- codes of another instruction set
SET vectorx.simd = scalar;
SELECT * FROM check_all;
REINDEX INDEX check_l2;
REINDEX INDEX check_cosine;
REINDEX INDEX check_disk_cosine;
RESET vectorx.simd;
SELECT * FROM check_all;
DELETE FROM check_rows;
VACUUM check_rows;
SELECT * FROM check_all;
DROP VIEW check_all;
DROP TABLE check_rows;
-- no rows, never any rows, unlogged, temporary, dropped columns
CREATE UNLOGGED TABLE check_empty (gone int, v vector(3));
CREATE INDEX check_empty_v ON check_empty USING hnsw (v vector_l2_ops);
SELECT * FROM vectorx_check('check_empty_v', true);
ALTER TABLE check_empty DROP COLUMN gone;
INSERT INTO check_empty SELECT ARRAY[i, 1, 1]::vector FROM generate_series(1, 10) i;
SELECT * FROM vectorx_check('check_empty_v', true);
DROP TABLE check_empty;
CREATE TEMPORARY TABLE check_temporary AS SELECT ARRAY[i, 1, 1]::vector(3) AS v FROM generate_series(1, 200) i;
CREATE INDEX check_temporary_v ON check_temporary USING hnsw (v vector_l2_ops);
SELECT * FROM vectorx_check('check_temporary_v', true);
DROP TABLE check_temporary;
-- more rows than fit into memory at once
SET maintenance_work_mem = '1MB';
SET client_min_messages = warning;
CREATE TABLE check_many AS SELECT i AS id, ARRAY[i % 251]::vector(1) AS v FROM generate_series(1, 55000) i;
CREATE INDEX check_many_v ON check_many USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
RESET client_min_messages;
SELECT * FROM vectorx_check('check_many_v', true);
RESET maintenance_work_mem;
DROP TABLE check_many;
-- rows that the index lacks: the predicate has changed its mind
CREATE FUNCTION check_shown(id int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN RETURN id <= current_setting('vectors.id_limit')::int; END $$;
SET vectors.id_limit = 50;
CREATE TABLE check_lacking AS SELECT i AS id, ARRAY[i, i * i % 17, 3]::vector(3) AS v FROM generate_series(1, 100) i;
CREATE INDEX check_lacking_v ON check_lacking USING hnsw (v vector_cosine_ops) WHERE check_shown(id);
SELECT * FROM vectorx_check('check_lacking_v', true);
INSERT INTO check_lacking VALUES (52, '[0,0,0]'), (52, NULL);
SET vectors.id_limit = 53;
SELECT * FROM vectorx_check('check_lacking_v');
SELECT * FROM vectorx_check('check_lacking_v', false);
SELECT * FROM vectorx_check('check_lacking_v', heapallindexed => true);
SELECT * FROM vectorx_check(NULL, true);
-- what cannot be checked
CREATE TABLE check_parts (id int, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE check_parts_1 PARTITION OF check_parts FOR VALUES FROM (0) TO (10);
CREATE INDEX check_parts_v ON check_parts USING hnsw (v vector_l2_ops);
INSERT INTO check_parts VALUES (1, '[1,2,3]');
SELECT * FROM vectorx_check('check_parts_v');
SELECT * FROM vectorx_check('check_parts_1_v_idx', true);
DROP TABLE check_parts;
CREATE INDEX check_lacking_id ON check_lacking (id);
SELECT * FROM vectorx_check('check_lacking_id');
SELECT * FROM vectorx_check('check_lacking');
SELECT * FROM vectorx_check('no_such_index');
SELECT * FROM vectorx_check(0);
CREATE FUNCTION check_fail(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'not now'; END $$;
CREATE INDEX CONCURRENTLY check_invalid ON check_lacking USING hnsw (v vector_l2_ops) WHERE check_fail(id);
SELECT * FROM vectorx_check('check_invalid');
DROP INDEX check_invalid;
-- who may: the owner, and superusers
CREATE ROLE check_other;
GRANT SELECT ON check_lacking TO check_other;
SET ROLE check_other;
SELECT * FROM vectorx_check('check_lacking_v');
RESET ROLE;
CREATE ROLE check_owner;
GRANT CREATE ON SCHEMA public TO check_owner;
ALTER TABLE check_lacking OWNER TO check_owner;
SET vectors.id_limit = 50;
SET ROLE check_owner;
SELECT * FROM vectorx_check('check_lacking_v', true);
RESET ROLE;
-- functions of the index run as the owner of the table, whoever calls
CREATE FUNCTION check_who(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN IF current_user <> 'check_owner' THEN RAISE 'called by %', current_user; END IF; RETURN true; END $$;
SET ROLE check_owner;
CREATE INDEX check_lacking_who ON check_lacking USING hnsw (v vector_l2_ops) WHERE check_who(id);
RESET ROLE;
SELECT * FROM vectorx_check('check_lacking_who', true);
-- the transaction's snapshot has to see what the index was built on
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM vectorx_check('check_lacking_v', true);
COMMIT;
DROP TABLE check_lacking;
DROP FUNCTION check_shown, check_fail, check_who;
REVOKE CREATE ON SCHEMA public FROM check_owner;
DROP ROLE check_other, check_owner;
