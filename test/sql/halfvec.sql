--
-- halfvec: text, wire, functions, arithmetic, comparison, averages, errors
--
\set VERBOSITY default

-- text: nearest half, ties to even; too small a number vanishes
SELECT '[1,2,3]'::halfvec, ' [ 1 , -2.5 , 1e1 ] '::halfvec, '[65519]'::halfvec, '[1e-8]'::halfvec, '[-0]'::halfvec, '[0.1]'::halfvec;
SELECT '[1.00048828125,1.0014648438]'::halfvec AS ties, '[5.9604645e-08,2.9e-08]'::halfvec AS subnormal;
SELECT '[65520]'::halfvec;
SELECT '[1,-1e10]'::halfvec;
SELECT '[nan]'::halfvec;
SELECT '[-inf]'::halfvec;
SELECT '[]'::halfvec;
SELECT '[1,2'::halfvec;
SELECT 'x'::halfvec;
SELECT '[1]x'::halfvec;
SELECT '[1,2,3]'::halfvec(2);
SELECT '[1,2,3]'::halfvec(0);
SELECT '[1,2,3]'::halfvec(16001);
SELECT '[1,2,3]'::halfvec('a', 'b');
SELECT vector_dims(('[' || repeat('1,', 15999) || '1]')::halfvec);
SELECT vector_dims(('[' || repeat('1,', 16000) || '1]')::halfvec);

-- wire
SELECT halfvec_send('[1,-2,65504]');
CREATE TEMP TABLE wire (v halfvec(3));
INSERT INTO wire VALUES ('[1,2,-0]'), (NULL), ('[5.9604645e-08,0.1,-65504]');
SELECT v, pg_column_size(v) FROM wire;

-- distances: those of the same numbers as vector
SELECT '[1,2,3]'::halfvec <-> '[4,6,3]' AS l2, '[1,2,3]'::halfvec <#> '[4,6,3]' AS ip, '[1,2]'::halfvec <=> '[2,4]' AS cosine, '[1,2,3]'::halfvec <+> '[4,6,3]' AS l1;
SELECT count(*) AS rows, count(*) FILTER (WHERE (a <-> b) = (a::vector <-> b::vector) AND (a <#> b) = (a::vector <#> b::vector)
	AND (a <=> b) = (a::vector <=> b::vector) AND (a <+> b) = (a::vector <+> b::vector)) AS equal
FROM (SELECT (SELECT array_agg(((i * 7919 + j * 104729) % 2003) / 100.0 - 10) FROM generate_series(1, 3 + i % 70) j)::halfvec AS a,
	(SELECT array_agg(((i * 6101 + j * 3571) % 2003) / 100.0 - 10) FROM generate_series(1, 3 + i % 70) j)::halfvec AS b
	FROM generate_series(1, 300) i) pairs;
SELECT '[0,0]'::halfvec <=> '[1,1]' AS no_direction, '[6e-8,0]'::halfvec <=> '[6e-8,6e-8]' AS tiny, '[65504]'::halfvec <=> '[65504]' AS huge;
SELECT '[1,2]'::halfvec <-> '[1]';
SELECT l2_norm('[3,4]'::halfvec), l2_norm('[65504,65504]'::halfvec), l2_norm('[3,4]'::vector);
SELECT l2_normalize('[3,4]'::halfvec), l2_normalize('[0,0]'::halfvec), l2_normalize('[65504]'::halfvec);
SELECT binary_quantize('[1,0,-1,-0,6e-8,2,3,4,5]'::halfvec), subvector('[1,2,3,4]'::halfvec, 2, 2), subvector('[1,2,3]'::halfvec, -1, 3);
SELECT subvector('[1,2,3]'::halfvec, 4, 1);
SELECT halfvec_spherical_distance('[1,0]', '[0,1]'), halfvec_l2_squared_distance('[1,2]', '[4,6]');

-- arithmetic within the range of a half
SELECT '[1,2]'::halfvec + '[3,4]', '[1,2]'::halfvec - '[3,4]', '[1,2]'::halfvec * '[3,4]', '[1]'::halfvec || '[2,3]';
SELECT '[65504]'::halfvec + '[65504]';
SELECT '[-65504]'::halfvec - '[65504]';
SELECT '[65504]'::halfvec * '[2]';
SELECT '[6e-8]'::halfvec * '[6e-8]';

-- comparison
SELECT '[1,2]'::halfvec < '[1,3]', '[1,2]'::halfvec = '[1,2]', '[1,2]'::halfvec = '[1,2,3]', '[0]'::halfvec = '[-0]', '[1,2]'::halfvec > '[1]', halfvec_cmp('[2]', '[1,9]');
CREATE TEMP TABLE sorted (v halfvec);
INSERT INTO sorted VALUES ('[2]'), ('[1,2,3]'), (NULL), ('[1,2]'), ('[-1]');
CREATE INDEX ON sorted (v);
SET enable_seqscan = off;
SELECT v FROM sorted WHERE v = '[1,2]';
SELECT v FROM sorted ORDER BY v;
RESET enable_seqscan;

-- averages are summed in double, sums in half
SELECT avg(v), sum(v) FROM (VALUES ('[1,2]'::halfvec), ('[3,5]'), (NULL)) t(v);
SELECT avg(v) FROM (VALUES ('[60000]'::halfvec), ('[60000]')) t(v);
SELECT sum(v) FROM (VALUES ('[60000]'::halfvec), ('[60000]')) t(v);
SELECT avg(v), sum(v) FROM (VALUES ('[1]'::halfvec)) t(v) WHERE false;
SELECT avg(v) FROM (VALUES ('[1,2]'::halfvec), ('[1]')) t(v);
SELECT halfvec_avg('{1,65520}');
SELECT halfvec_accum('{{1}}', '[1]');
SELECT halfvec_combine('{{1}}', '{0}');
