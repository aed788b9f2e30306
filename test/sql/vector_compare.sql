--
-- vector: comparison and btree indexes
--

SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, vector_cmp(a, b) AS cmp
FROM (VALUES ('[1,2,3]'::vector, '[1,2,3]'::vector), ('[1,2,3]', '[1,2,4]'), ('[1,2,4]', '[1,2,3]'), ('[2]', '[1,9]'),
	('[1,2]', '[1,2,3]'), ('[1,2,3]', '[1,2]'), ('[1,2,3]', '[1,3]'), ('[1,3]', '[1,2,3]'), ('[-0]', '[0]'), ('[-0,1]', '[0]'),
	('[-1]', '[1e-45]'), ('[1e-45]', '[0]'), ('[3.4028235e38]', '[-3.4028235e38]'), (NULL, '[1]')) AS pair (a, b);

-- the order is that of arrays
SELECT setseed(0.5);
SELECT count(*), count(*) FILTER (WHERE vector_cmp(a::vector, b::vector) = btarraycmp(a, b)) AS same
FROM (SELECT array_agg(round(random() * 3)::real) FILTER (WHERE random() < 0.7) AS a,
		array_agg(round(random() * 3)::real) FILTER (WHERE random() < 0.7) AS b
	FROM generate_series(1, 8000) AS i GROUP BY i / 4) AS pair WHERE a IS NOT NULL AND b IS NOT NULL;

CREATE TABLE vector_sorted (id int, value vector);
INSERT INTO vector_sorted VALUES (1, '[1,2]'), (2, '[1]'), (3, NULL), (4, '[0,5,5]'), (5, '[1,2,-3]'), (6, '[1]'), (7, '[-0]'), (8, '[0]');
SELECT * FROM vector_sorted ORDER BY value, id;
SELECT * FROM vector_sorted ORDER BY value DESC, id;
SELECT value, count(*) FROM vector_sorted WHERE value <> '[0]' GROUP BY value ORDER BY value;
SELECT count(DISTINCT value) FROM vector_sorted;

-- an ordinary and a unique btree
CREATE INDEX vector_sorted_value ON vector_sorted (value);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM vector_sorted WHERE value = '[1]';
SELECT id FROM vector_sorted WHERE value = '[1]' ORDER BY id;
SELECT id FROM vector_sorted WHERE value = '[0]' ORDER BY id;
SELECT id FROM vector_sorted WHERE value >= '[1,2]' ORDER BY id;
SELECT id FROM vector_sorted WHERE value < '[1]' ORDER BY id;
SELECT id FROM vector_sorted WHERE value IS NULL;
SELECT id, value FROM vector_sorted WHERE value IS NOT NULL ORDER BY value, id;
SELECT id FROM vector_sorted WHERE value IN ('[1,2]', '[0,5,5]') ORDER BY id;
RESET enable_seqscan;
RESET enable_bitmapscan;
CREATE UNIQUE INDEX vector_sorted_unique ON vector_sorted (value);
DELETE FROM vector_sorted WHERE id IN (6, 7);
CREATE UNIQUE INDEX vector_sorted_unique ON vector_sorted (value);
INSERT INTO vector_sorted VALUES (9, '[1,2]');
INSERT INTO vector_sorted VALUES (9, '[1,2]') ON CONFLICT (value) DO UPDATE SET id = 9;
SELECT * FROM vector_sorted WHERE value = '[1,2]';

-- equality joins
SELECT count(*) FROM vector_sorted AS a JOIN vector_sorted AS b USING (value);

-- ANALYZE with mixed numbers of dimensions
ANALYZE vector_sorted;
SELECT null_frac > 0 AS has_nulls, histogram_bounds IS NOT NULL AS has_histogram FROM pg_stats
	WHERE tablename = 'vector_sorted' AND attname = 'value';
DROP TABLE vector_sorted;
