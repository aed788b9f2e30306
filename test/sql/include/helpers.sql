--
-- Functions that the tests of indexes share.  A test begins with
--
--     \getenv abs_srcdir PG_ABS_SRCDIR
--     \set ECHO none
--     \i :abs_srcdir/sql/include/helpers.sql
--     \set ECHO all
--
-- and may assume nothing else.  They are temporary, hence the schema.
--

-- Vector number i of the sequence that seed names: components in [0, 1), the
-- same on every machine and version.
CREATE FUNCTION pg_temp.test_vector(seed bigint, i bigint, dims int) RETURNS vector
LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY(SELECT (hashint8extended(i * 65536 + j, seed) & 16777215)::float8 / 16777216
				 FROM generate_series(1, dims) j)::vector
$$;

-- Whether the plan of a query takes its order from an index.
CREATE FUNCTION pg_temp.test_uses_index(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Order By:' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;

-- Runs a query that yields columns id and d (the distance), in order, once
-- with a sequential scan and once with the index, and says how they compare.
-- Rows at one distance may change places.
CREATE FUNCTION pg_temp.test_same(query text) RETURNS text
LANGUAGE plpgsql
SET enable_seqscan = on SET enable_indexscan = on SET enable_sort = on AS $$
DECLARE
	collect text := 'SELECT coalesce(array_agg(d), ''{}''), coalesce(array_agg(id), ''{}'') FROM ('
		|| query || ') s';
	exact_d float8[];
	exact_id bigint[];
	index_d float8[];
	index_id bigint[];
BEGIN
	PERFORM set_config('enable_indexscan', 'off', true);
	EXECUTE collect INTO exact_d, exact_id;
	PERFORM set_config('enable_indexscan', 'on', true);
	PERFORM set_config('enable_seqscan', 'off', true);
	PERFORM set_config('enable_sort', 'off', true);
	IF NOT pg_temp.test_uses_index(query) THEN
		RETURN 'the plan does not use the index';
	END IF;
	EXECUTE collect INTO index_d, index_id;
	IF cardinality(index_d) <> cardinality(exact_d) THEN
		RETURN format('%s rows instead of %s', cardinality(index_d), cardinality(exact_d));
	END IF;
	FOR i IN 1 .. cardinality(exact_d) LOOP
		IF index_d[i] IS DISTINCT FROM exact_d[i] THEN
			RETURN format('row %s of %s at distance %s instead of %s',
						  i, cardinality(exact_d), index_d[i], exact_d[i]);
		END IF;
	END LOOP;
	IF (SELECT count(DISTINCT id) FROM unnest(index_id) id) <> cardinality(index_id) THEN
		RETURN 'a row came twice';
	END IF;
	RETURN format('%s rows, as by a sequential scan', cardinality(index_d));
END
$$;

-- Recall at k of the index on a column of a table, averaged over the given
-- number of random queries in [0, 1)^dims: the share of returned rows that are
-- no farther away than the k-th nearest row is.
CREATE FUNCTION pg_temp.test_recall(source text, operator text, dims int, k int,
									queries int, seed bigint DEFAULT 7) RETURNS numeric
LANGUAGE plpgsql
SET enable_seqscan = on SET enable_indexscan = on AS $$
DECLARE
	query text;
	bound float8;
	hits int;
	total int := 0;
BEGIN
	FOR i IN 1 .. queries LOOP
		query := format('SELECT e %s %L AS d FROM %s ORDER BY e %s %L LIMIT %s',
						operator, pg_temp.test_vector(seed, i, dims), source,
						operator, pg_temp.test_vector(seed, i, dims), k);
		PERFORM set_config('enable_indexscan', 'off', true);
		EXECUTE 'SELECT max(d) FROM (' || query || ') s' INTO bound;
		PERFORM set_config('enable_indexscan', 'on', true);
		PERFORM set_config('enable_seqscan', 'off', true);
		IF NOT pg_temp.test_uses_index(query) THEN
			RAISE EXCEPTION 'the plan does not use the index';
		END IF;
		EXECUTE 'SELECT count(*) FROM (' || query || ') s WHERE d <= $1' INTO hits USING bound;
		PERFORM set_config('enable_seqscan', 'on', true);
		total := total + hits;
	END LOOP;
	RETURN round(total::numeric / (k * queries), 4);
END
$$;

-- What a statement says when it fails, on one line.
CREATE FUNCTION pg_temp.test_error(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	-- newer servers name the schema of operators
	message := replace(message, 'public.', '');
	RETURN concat_ws(E'\n', state || ' ' || message, 'DETAIL ' || nullif(detail, ''), 'HINT ' || nullif(hint, ''));
END
$$;

-- Checks every index of a vector method of the tables with vectors: 'sound', or the findings.
CREATE FUNCTION pg_temp.test_check() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(c.oid::regclass || ': ' || f, E'\n' ORDER BY c.relname), 'sound')
	FROM pg_class c, LATERAL (SELECT x::text FROM vectorx_check(c.oid::regclass, true) x) v (f)
	WHERE c.relam IN (SELECT oid FROM pg_am WHERE amname IN ('hnsw', 'ivfflat', 'diskann')) AND c.relkind = 'i'
$$;
