--
-- distances of bit strings
--

SELECT B'1010' <~> B'1001' AS hamming, B'1010' <%> B'1001' AS jaccard, B'1111' <%> B'1111' AS equal, B'1100' <%> B'0011' AS apart;
SELECT hamming_distance(B'', B''), jaccard_distance(B'', B''), jaccard_distance(B'00', B'00'), jaccard_distance(B'10', B'00');
SELECT hamming_distance(B'101'::varbit, B'110'::varbit), jaccard_distance(B'101'::varbit, B'110'::varbit);
SELECT B'1' <~> B'11';
SELECT B'111' <%> B'11';

-- lengths around every word and vector width, against a count in SQL
CREATE FUNCTION pg_temp.ones(b bit) RETURNS int LANGUAGE sql AS $$ SELECT length(replace(b::text, '0', '')) $$;
SELECT count(*) AS rows, count(*) FILTER (WHERE a <~> b = pg_temp.ones(a # b)) AS hamming_equal,
	count(*) FILTER (WHERE abs((a <%> b) - CASE WHEN pg_temp.ones(a & b) = 0 THEN 1 ELSE 1 - pg_temp.ones(a & b)::float8 / pg_temp.ones(a | b) END) < 1e-15) AS jaccard_equal
FROM (SELECT (SELECT string_agg((hashint4extended(i * 1000 + j, 1) & 1)::text, '') FROM generate_series(1, i) j)::varbit AS a,
	(SELECT string_agg((hashint4extended(i * 1000 + j, 2) & 1)::text, '') FROM generate_series(1, i) j)::varbit AS b
	FROM generate_series(1, 700) i) pairs;

SELECT binary_quantize('[1,-2,0,3]'::vector) <~> B'1100';
