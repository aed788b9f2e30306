-- What the fault harnesses put into a cluster: seeded vectors, two tables, and the check of everything.

CREATE EXTENSION vectorx;

-- Vector number i of the sequence that seed names: components in [0, 1), the same everywhere.
CREATE FUNCTION fault_vector(seed bigint, i bigint, dims int) RETURNS vector
LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY(SELECT (hashint8extended(i * 65536 + j, seed) & 16777215)::float8 / 16777216
				 FROM generate_series(1, dims) j)::vector
$$;

CREATE TABLE t (id int, e vector(40), note int DEFAULT 0);
CREATE UNLOGGED TABLE u (id int, e vector(40), note int DEFAULT 0);

-- Settings under which a search of the small tables here reads all of an index.
CREATE FUNCTION fault_full_effort() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	setting record;
BEGIN
	-- settings are there once the library is loaded
	PERFORM vectorx_version();
	FOR setting IN SELECT name, max_val FROM pg_settings
		WHERE name IN ('hnsw.ef_search', 'ivfflat.probes', 'diskann.l_value_is') LOOP
		PERFORM set_config(setting.name, least(setting.max_val::float8, 1000)::text, false);
	END LOOP;
END
$$;

-- The distances of the ten rows nearest to a query, by the plan that the settings leave.
CREATE FUNCTION fault_distances(tab regclass, query vector) RETURNS float8[]
LANGUAGE plpgsql AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE format('SELECT array_agg(d) FROM (SELECT e <-> %L::vector AS d FROM %s ORDER BY e <-> %L::vector LIMIT 10) s',
		query, tab, query) INTO result;
	RETURN result;
END
$$;

-- "ok", or what is wrong with the valid vector indexes of t and u: violated invariants, rows that are missing, answers that
-- are not those of a sequential scan.
CREATE FUNCTION fault_verify(seed bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	indexed record;
	finding text;
	query vector;
	exact float8[];
	found float8[];
BEGIN
	PERFORM fault_full_effort();
	FOR indexed IN
		SELECT x.indexrelid::regclass AS name, x.indrelid::regclass AS tab
		FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am a ON a.oid = c.relam
		WHERE a.amname IN ('hnsw', 'ivfflat', 'diskann') AND x.indisvalid
	LOOP
		SELECT string_agg(v::text, '; ') INTO finding
			FROM (SELECT * FROM vectorx_check(indexed.name, true) LIMIT 5) v;
		IF finding IS NOT NULL THEN
			RETURN indexed.name || ': ' || finding;
		END IF;
		FOR i IN 1 .. 3 LOOP
			query := fault_vector(seed, -i, 40);
			PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
			exact := fault_distances(indexed.tab, query);
			PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
			found := fault_distances(indexed.tab, query);
			IF found IS DISTINCT FROM exact THEN
				RETURN format('%s: query %s of seed %s finds %s, exact %s', indexed.name, i, seed, found, exact);
			END IF;
		END LOOP;
	END LOOP;
	RETURN 'ok';
END
$$;
