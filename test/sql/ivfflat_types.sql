--
-- ivfflat over halfvec and bit: every operator class, its order, and what is refused
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/helpers.sql
\set ECHO all

CREATE TABLE item (id int, h halfvec(40), l halfvec(4000), b bit(100), w bit(9000));
CREATE FUNCTION pg_temp.test_bits(seed bigint, i bigint, n int) RETURNS varbit LANGUAGE sql IMMUTABLE AS $$
	-- ten strings that share most of their bits, then ten others
	SELECT string_agg(((hashint8extended(i / 10 * 65536 + j, seed) & 1) # (hashint8extended(i * 65536 + j, seed + 1) % 8 = 0)::int)::text, '')::varbit
	FROM generate_series(1, n) j $$;
INSERT INTO item SELECT i, pg_temp.test_vector(1, i, 40), CASE WHEN i <= 60 THEN pg_temp.test_vector(2, i, 4000) END, pg_temp.test_bits(2, i, 100),
	CASE WHEN i <= 60 THEN pg_temp.test_bits(3, i, 9000) END FROM generate_series(1, 500) i;
CREATE INDEX ON item USING ivfflat (h halfvec_l2_ops) WITH (lists = 5);
CREATE INDEX ON item USING ivfflat (h halfvec_ip_ops) WITH (lists = 5);
CREATE INDEX ON item USING ivfflat (h halfvec_cosine_ops) WITH (lists = 5);
CREATE INDEX ON item USING ivfflat (l halfvec_l2_ops) WITH (lists = 2);
CREATE INDEX ON item USING ivfflat (b bit_hamming_ops) WITH (lists = 5);
CREATE INDEX ON item USING ivfflat (w bit_hamming_ops) WITH (lists = 2);
INSERT INTO item SELECT id + 500, h, l, b, w FROM item WHERE id <= 20;
SET ivfflat.probes = 5;
SELECT operator, pg_temp.test_same(format('SELECT id, h %s %L AS d FROM item ORDER BY h %s %L', operator, pg_temp.test_vector(3, 1, 40), operator, pg_temp.test_vector(3, 1, 40)))
FROM unnest('{<->,<#>,<=>}'::text[]) operator;
SELECT pg_temp.test_same(format('SELECT id, l <-> %L AS d FROM item WHERE l IS NOT NULL ORDER BY l <-> %L', pg_temp.test_vector(3, 1, 4000), pg_temp.test_vector(3, 1, 4000)));
SELECT pg_temp.test_same(format('SELECT id, b <~> %L AS d FROM item ORDER BY b <~> %L', pg_temp.test_bits(2, 7, 100), pg_temp.test_bits(2, 7, 100)));
SELECT pg_temp.test_same(format('SELECT id, w <~> %L AS d FROM item WHERE w IS NOT NULL ORDER BY w <~> %L', pg_temp.test_bits(3, 7, 9000), pg_temp.test_bits(3, 7, 9000)));
DELETE FROM item WHERE id % 3 = 0;
VACUUM item;
SELECT pg_temp.test_same(format('SELECT id, b <~> %L AS d FROM item ORDER BY b <~> %L', pg_temp.test_bits(2, 7, 100), pg_temp.test_bits(2, 7, 100)));
SELECT pg_temp.test_check();
-- one probe finds the string itself
SET ivfflat.probes = 1;
SET enable_seqscan = off;
SELECT count(*) FROM generate_series(1, 400, 20) i, LATERAL (SELECT b <~> (SELECT s.b FROM item s WHERE s.id = i) AS d FROM item ORDER BY b <~> (SELECT s.b FROM item s WHERE s.id = i) LIMIT 1) n
WHERE n.d = 0 OR i % 3 = 0;
RESET enable_seqscan;

-- expression indexes, and the operators of their queries
CREATE TABLE v (id int, e vector(16));
INSERT INTO v SELECT i, pg_temp.test_vector(1, i, 16) - array_fill(0.5, ARRAY[16])::vector FROM generate_series(1, 300) i;
CREATE INDEX ON v USING ivfflat ((e::halfvec(16)) halfvec_l2_ops) WITH (lists = 3);
CREATE INDEX ON v USING ivfflat ((binary_quantize(e)::bit(16)) bit_hamming_ops) WITH (lists = 3);
SET ivfflat.probes = 3;
SELECT pg_temp.test_same('SELECT id, e::halfvec(16) <-> (SELECT e FROM v WHERE id = 1)::halfvec(16) AS d FROM v ORDER BY e::halfvec(16) <-> (SELECT e FROM v WHERE id = 1)::halfvec(16)');
SELECT pg_temp.test_same('SELECT id, binary_quantize(e)::bit(16) <~> B''1100110011001100'' AS d FROM v ORDER BY binary_quantize(e)::bit(16) <~> B''1100110011001100''');
DROP TABLE v;

-- errors
SET enable_seqscan = off;
SELECT pg_temp.test_error('SELECT id FROM item ORDER BY b <~> B''101'' LIMIT 1');
SELECT pg_temp.test_error('SELECT id FROM item ORDER BY h <-> ''[1]'' LIMIT 1');
CREATE TABLE bad (h halfvec, b varbit(3), big halfvec(4001), bits bit(64001), ok bit(64000), e vector, long vector(2001), one vector(1), s sparsevec(3));
SELECT pg_temp.test_error('CREATE INDEX ON bad USING ivfflat (' || c || ')') FROM unnest('{h halfvec_l2_ops,b bit_hamming_ops,big halfvec_l2_ops,bits bit_hamming_ops,e,long,one vector_ip_ops,one vector_cosine_ops,s,s sparsevec_l2_ops,e vector_l1_ops}'::text[]) c;
CREATE INDEX ON bad USING ivfflat (one) WITH (lists = 1);
CREATE INDEX ON bad USING ivfflat (ok bit_hamming_ops) WITH (lists = 1);
INSERT INTO bad (ok) VALUES (repeat('10', 32000)::bit(64000));
SELECT ok <~> repeat('1', 64000)::bit(64000) FROM bad ORDER BY ok <~> repeat('1', 64000)::bit(64000);
DROP TABLE bad, item;
