--
-- sparsevec: text, wire, functions, comparison, errors
--

SELECT '{1:1.5,3:2}/5'::sparsevec, '{3:2,1:1.5}/5'::sparsevec AS sorted, '{}/3'::sparsevec AS zero, ' { 1 : 1 , 2:-2 } / 4 '::sparsevec AS spaces;
SELECT '{1:0,2:1,9:0}/3'::sparsevec AS zeros, '{1:-0}/2'::sparsevec AS negative_zero, '{1000000000:1}/1000000000'::sparsevec AS last;
SELECT '{1:1e-46}/1'::sparsevec;
SELECT '{1:4e38}/1'::sparsevec;
SELECT '{1:nan}/1'::sparsevec;
SELECT '{1:inf}/1'::sparsevec;
SELECT '{1:1,1:2}/3'::sparsevec;
SELECT '{4:1}/3'::sparsevec;
SELECT '{0:1}/3'::sparsevec;
SELECT '{-1:1}/3'::sparsevec;
SELECT '{99999999999999999999:1}/3'::sparsevec;
SELECT '{}/0'::sparsevec;
SELECT '{}/1000000001'::sparsevec;
SELECT '{}/99999999999999999999'::sparsevec;
SELECT '{1:1,2:1}/1'::sparsevec;
SELECT '1:1}/3'::sparsevec;
SELECT ''::sparsevec;
SELECT '{1:1}'::sparsevec;
SELECT '{1:1'::sparsevec;
SELECT '{1:}/3'::sparsevec;
SELECT '{:1}/3'::sparsevec;
SELECT '{1}/3'::sparsevec;
SELECT '{1:1,}/3'::sparsevec;
SELECT '{1:1}/'::sparsevec;
SELECT '{1:1}/3x'::sparsevec;
SELECT '{1:1}/3'::sparsevec(2);
SELECT '{1:1}/3'::sparsevec(0);
SELECT '{1:1}/3'::sparsevec(1000000001);
SELECT length(('{' || (SELECT string_agg(i || ':1', ',') FROM generate_series(1, 16000) i) || '}/16001')::sparsevec::text);
SELECT ('{' || (SELECT string_agg(i || ':1', ',') FROM generate_series(1, 16001) i) || '}/16001')::sparsevec;

-- wire: from 0
SELECT sparsevec_send('{1:1,3:2}/5');
CREATE TEMP TABLE wire (v sparsevec(5));
INSERT INTO wire VALUES ('{1:1,3:2}/5'), (NULL), ('{}/5');
SELECT v, pg_column_size(v) FROM wire;

-- distances: those of the dense vectors, up to rounding
SELECT '{1:1,3:2}/5'::sparsevec <-> '{1:4,2:4}/5' AS l2, '{1:1,3:2}/5'::sparsevec <#> '{1:4,2:4}/5' AS ip, '{1:1,3:2}/5'::sparsevec <=> '{1:2,3:4}/5' AS cosine, '{1:1,3:2}/5'::sparsevec <+> '{1:4,2:4}/5' AS l1;
CREATE TEMP TABLE pair AS SELECT
	(SELECT array_agg(CASE WHEN hashint4extended(i * 1000 + j, 1) % 5 = 0 THEN (hashint4extended(i * 1000 + j, 2) % 1000) / 100.0 ELSE 0 END) FROM generate_series(1, 400) j)::vector AS a,
	(SELECT array_agg(CASE WHEN hashint4extended(i * 1000 + j, 3) % (1 + i % 97) = 0 THEN (hashint4extended(i * 1000 + j, 4) % 1000) / 100.0 ELSE 0 END) FROM generate_series(1, 400) j)::vector AS b
	FROM generate_series(1, 300) i;
SELECT count(*) AS rows, count(*) FILTER (WHERE abs((a::sparsevec <-> b::sparsevec) - (a <-> b)) < 1e-4 * (a <-> b)) AS l2,
	count(*) FILTER (WHERE abs((a::sparsevec <#> b::sparsevec) - (a <#> b)) < 1e-5 * vector_norm(a) * vector_norm(b)) AS ip,
	count(*) FILTER (WHERE abs((a::sparsevec <=> b::sparsevec) - (a <=> b)) < 1e-5) AS cosine,
	count(*) FILTER (WHERE abs((a::sparsevec <+> b::sparsevec) - (a <+> b)) < 1e-5 * (a <+> b)) AS l1,
	count(*) FILTER (WHERE (a::sparsevec < b::sparsevec) = (a < b) AND sparsevec_cmp(a::sparsevec, a::sparsevec) = 0) AS compared
FROM pair;
SELECT '{}/2'::sparsevec <=> '{1:1}/2' AS no_direction, '{1:1e-30}/2'::sparsevec <=> '{1:1e-30}/2' AS tiny, '{1:3e38}/2'::sparsevec <=> '{1:3e38}/2' AS huge;
SELECT '{1:1}/2'::sparsevec <-> '{1:1}/3';
SELECT l2_norm('{1:3,3:4}/5'::sparsevec), l2_norm('{1:3e38,2:3e38}/5'::sparsevec), l2_norm('{}/5'::sparsevec);
SELECT l2_normalize('{1:3,3:4}/5'::sparsevec), l2_normalize('{}/5'::sparsevec), l2_normalize('{1:1e-38,2:3e38}/5'::sparsevec);
SELECT sparsevec_l2_squared_distance('{1:1}/2', '{2:2}/2');

-- comparison as of the dense vectors, of any dimensions
SELECT '{2:1}/3'::sparsevec < '{1:1}/3', '{1:-1}/3'::sparsevec < '{}/3', '{}/2'::sparsevec < '{}/3', '{3:-1}/3'::sparsevec > '{}/2', '{1:1}/2'::sparsevec = '{1:1}/2', '{1:1}/2'::sparsevec <> '{1:1}/3';
CREATE TEMP TABLE sorted (v sparsevec);
INSERT INTO sorted VALUES ('{1:2}/1'), ('{1:1,3:3}/3'), (NULL), ('{}/2'), ('{2:-1}/2');
CREATE INDEX ON sorted (v);
SET enable_seqscan = off;
SELECT v FROM sorted WHERE v = '{2:-1}/2';
SELECT v FROM sorted ORDER BY v;
