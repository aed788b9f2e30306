--
-- hnsw over halfvec, bit and sparsevec: every operator class, its order, what it
-- leaves out and what it refuses
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all
SET enable_seqscan = off;

CREATE TABLE item (id int, h halfvec(24), b bit(700), s sparsevec(5000));
CREATE TABLE long_bits (id int, b bit(6000));
CREATE FUNCTION pg_temp.test_bits(seed bigint, i bigint, n int) RETURNS varbit LANGUAGE sql IMMUTABLE AS $$
	-- ten strings that share most of their bits, then ten others
	SELECT string_agg(((hashint8extended(i / 10 * 65536 + j, seed) & 1) # (hashint8extended(i * 65536 + j, seed + 1) % 8 = 0)::int)::text, '')::varbit
	FROM generate_series(1, n) j $$;
CREATE FUNCTION pg_temp.test_sparse(seed bigint, i bigint) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	-- twelve elements, at places that ten vectors share
	SELECT ('{' || string_agg(k || ':' || w, ',') || '}/5000')::sparsevec FROM (
		SELECT 1 + (hashint8extended(i / 10 * 65536 + j, seed) & 4095) AS k, max(1 + (hashint8extended(i * 65536 + j, seed) & 255) / 256.0) AS w
		FROM generate_series(1, 12) j GROUP BY 1) t $$;
INSERT INTO item SELECT i, pg_temp.test_vector(1, i, 24), pg_temp.test_bits(2, i, 700), pg_temp.test_sparse(3, i) FROM generate_series(1, 1500) i;
INSERT INTO long_bits SELECT i, pg_temp.test_bits(4, i, 6000) FROM generate_series(1, 300) i;
SET hnsw.ef_search = 200;

-- every operator class: the ten nearest of a sequential scan
CREATE INDEX ON item USING hnsw (h halfvec_l2_ops);
CREATE INDEX ON item USING hnsw (h halfvec_ip_ops);
CREATE INDEX ON item USING hnsw (h halfvec_cosine_ops);
CREATE INDEX ON item USING hnsw (h halfvec_l1_ops);
CREATE INDEX ON item USING hnsw (b bit_hamming_ops);
CREATE INDEX ON item USING hnsw (b bit_jaccard_ops);
CREATE INDEX ON item USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON item USING hnsw (s sparsevec_ip_ops);
CREATE INDEX ON item USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX ON item USING hnsw (s sparsevec_l1_ops);
CREATE INDEX ON long_bits USING hnsw (b bit_hamming_ops);
CREATE INDEX ON long_bits USING hnsw (b bit_jaccard_ops);
CREATE FUNCTION pg_temp.nearest(base text, col text, op text, q int, seq bool) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE result float8[];
BEGIN
	PERFORM set_config('enable_seqscan', seq::text, true), set_config('enable_indexscan', (NOT seq)::text, true);
	EXECUTE format('SELECT array_agg(d ORDER BY d) FROM (SELECT %2$s %3$s (SELECT %2$s FROM %1$s WHERE id = %4$s) AS d FROM %1$s ORDER BY %2$s %3$s (SELECT %2$s FROM %1$s WHERE id = %4$s) LIMIT 10) t', base, col, op, q) INTO result;
	RETURN result;
END $$;
SELECT base, col, op, count(*) AS queries, sum((SELECT count(*) FROM unnest(pg_temp.nearest(base, col, op, q, false)) d
	WHERE d <= (pg_temp.nearest(base, col, op, q, true))[10])) >= 98 AS found
FROM (VALUES ('item', 'h', '<->'), ('item', 'h', '<#>'), ('item', 'h', '<=>'), ('item', 'h', '<+>'), ('item', 'b', '<~>'), ('item', 'b', '<%>'),
	('item', 's', '<->'), ('item', 's', '<#>'), ('item', 's', '<=>'), ('item', 's', '<+>'), ('long_bits', 'b', '<~>'), ('long_bits', 'b', '<%>')) c(base, col, op),
	generate_series(1, 10) q
GROUP BY base, col, op ORDER BY base COLLATE "C", col, op COLLATE "C";
EXPLAIN (COSTS OFF) SELECT id FROM item ORDER BY s <=> '{1:1}/5000' LIMIT 3;
SELECT pg_temp.test_uses_index('SELECT id FROM item ORDER BY b <%> repeat(''1'', 700)::bit(700) LIMIT 3');
SELECT relname, invariant, problem FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND amname = 'hnsw', LATERAL vectorx_check(c.oid, true);

-- rows come and go
INSERT INTO item SELECT id + 2000, h, b, s FROM item WHERE id <= 100;
DELETE FROM item WHERE id % 2 = 0;
VACUUM item;
UPDATE item SET s = '{7:1,8:1}/5000' WHERE id = 1;
SELECT id, s <=> '{7:1,8:1}/5000' AS d FROM item ORDER BY s <=> '{7:1,8:1}/5000' LIMIT 1;
SELECT count(*) FROM (SELECT id FROM item ORDER BY b <~> repeat('1', 700)::bit(700) LIMIT 2000) t;
SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND amname = 'hnsw', LATERAL vectorx_check(c.oid, true);

-- NULL and zero vectors are left out where they have no direction; queries of either give rows
INSERT INTO item VALUES (9001, NULL, NULL, NULL), (9002, array_fill(0, ARRAY[24])::halfvec, repeat('0', 700)::bit(700), '{}/5000');
SELECT count(*) FROM (SELECT id FROM item ORDER BY s <=> '{}/5000' LIMIT 5) t;
SELECT count(*) FROM (SELECT id FROM item ORDER BY h <=> NULL LIMIT 5) t;
SELECT id FROM item ORDER BY s <-> '{}/5000' LIMIT 1;
SELECT id FROM item ORDER BY b <~> repeat('0', 700)::bit(700) LIMIT 1;

-- errors
SELECT id FROM item ORDER BY b <~> B'101' LIMIT 1;
SELECT id FROM item ORDER BY h <-> '[1]' LIMIT 1;
SELECT id FROM item ORDER BY s <-> '{}/1' LIMIT 1;
CREATE TABLE bad (h halfvec, b varbit(3), s sparsevec(2000), big halfvec(4001), bits bit(64001));
CREATE INDEX ON bad USING hnsw (h halfvec_l2_ops);
CREATE INDEX ON bad USING hnsw (b bit_hamming_ops);
CREATE INDEX ON bad USING hnsw (big halfvec_l2_ops);
CREATE INDEX ON bad USING hnsw (bits bit_hamming_ops);
CREATE INDEX ON bad USING hnsw ((big::halfvec(4000)) halfvec_l2_ops);
CREATE INDEX ON bad USING hnsw ((bits::bit(64000)) bit_hamming_ops);
CREATE INDEX bad_s ON bad USING hnsw (s sparsevec_l2_ops);
INSERT INTO bad (s) SELECT ('{' || string_agg(i || ':1', ',') || '}/2000')::sparsevec FROM generate_series(1, 1000) i;
INSERT INTO bad (s) SELECT ('{' || string_agg(i || ':1', ',') || '}/2000')::sparsevec FROM generate_series(1, 1001) i;
DROP INDEX bad_s;
INSERT INTO bad (s) SELECT ('{' || string_agg(i || ':1', ',') || '}/2000')::sparsevec FROM generate_series(1, 1001) i;
CREATE INDEX ON bad USING hnsw (s sparsevec_l2_ops);

-- expression indexes, as they are written for less memory
CREATE TABLE embedding (id int, e vector(24));
INSERT INTO embedding SELECT id, h FROM item WHERE h IS NOT NULL;
CREATE INDEX ON embedding USING hnsw ((e::halfvec(24)) halfvec_cosine_ops);
CREATE INDEX ON embedding USING hnsw ((binary_quantize(e)::bit(24)) bit_hamming_ops);
SELECT pg_temp.test_uses_index('SELECT id FROM embedding ORDER BY e::halfvec(24) <=> (SELECT h FROM item WHERE id = 1) LIMIT 5');
SELECT pg_temp.test_uses_index('SELECT id FROM (SELECT id, e FROM embedding ORDER BY binary_quantize(e)::bit(24) <~> binary_quantize((SELECT e FROM embedding WHERE id = 1)) LIMIT 50) t
	ORDER BY e <=> (SELECT e FROM embedding WHERE id = 1) LIMIT 5');
SELECT id FROM embedding ORDER BY e::halfvec(24) <=> (SELECT h FROM item WHERE id = 3) LIMIT 1;
DROP TABLE item, long_bits, bad, embedding;
