--
-- the whole SQL surface beside that of the extension vector 0.8: 118 functions, 40 operators, 23 casts, 4 aggregates and 24 operator classes
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/sql/include/surface.sql
\set ECHO all

CREATE TEMP VIEW present(kind, name, facts) AS
	WITH member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vectorx'))
	SELECT 'function', replace(oid::regprocedure::text, 'public.', ''),
		concat_ws(' ', format_type(prorettype, NULL), prokind, provolatile, CASE WHEN proisstrict THEN 'strict' ELSE 'called on null' END, proparallel)
		|| ', ' || obj_description(oid, 'pg_proc')
		FROM pg_proc JOIN member ON classid = 'pg_proc'::regclass AND objid = oid
	UNION ALL
	SELECT 'operator', oprname || '(' || oprleft::regtype || ',' || oprright::regtype || ')',
		concat_ws(' ', oprresult::regtype, (SELECT proname FROM pg_proc p WHERE p.oid = oprcode),
			coalesce((SELECT c.oprname FROM pg_operator c WHERE c.oid = o.oprcom), '-'), coalesce((SELECT n.oprname FROM pg_operator n WHERE n.oid = o.oprnegate), '-'),
			oprrest, oprjoin)
		FROM pg_operator o JOIN member ON classid = 'pg_operator'::regclass AND objid = oid
	UNION ALL
	SELECT 'cast', castsource::regtype || ' as ' || casttarget::regtype,
		castfunc::regprocedure || ' ' || CASE castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END
		FROM pg_cast JOIN member ON classid = 'pg_cast'::regclass AND objid = oid
	UNION ALL
	SELECT 'aggregate', aggfnoid::regprocedure::text,
		concat_ws(' ', aggtransfn, format_type(aggtranstype, NULL), aggfinalfn, aggcombinefn, coalesce(agginitval, '-'))
		FROM pg_aggregate JOIN member ON classid = 'pg_proc'::regclass AND objid = aggfnoid
	UNION ALL
	SELECT 'operator class', amname || ' ' || opcname,
		concat_ws(', ', 'for ' || opcintype::regtype, CASE WHEN opcdefault THEN 'default' ELSE 'not default' END,
			(SELECT string_agg(amopstrategy || ' ' || replace(amopopr::regoperator::text, 'public.', ''), ', ' ORDER BY amopstrategy) FROM pg_amop WHERE amopfamily = opcfamily AND amoplefttype = amoprighttype),
			(SELECT string_agg(amprocnum || ' ' || replace(amproc::regprocedure::text, 'public.', ''), ', ' ORDER BY amprocnum) FROM pg_amproc WHERE amprocfamily = opcfamily))
		FROM pg_opclass JOIN member ON classid = 'pg_opclass'::regclass AND objid = pg_opclass.oid JOIN pg_am ON pg_am.oid = opcmethod;

SELECT kind, count(*) AS wanted, count(present.kind) AS same
	FROM wanted LEFT JOIN present USING (kind, name, facts) GROUP BY kind ORDER BY kind;

-- nothing is missing; these differ
SELECT kind, name, wanted.facts AS wanted, present.facts AS present
	FROM wanted LEFT JOIN present USING (kind, name) WHERE present.facts IS DISTINCT FROM wanted.facts ORDER BY kind, name COLLATE "C";

-- what there is beside it; tools for indexes (vectorx_...) have tests of their own
SELECT kind, name, facts FROM present WHERE name !~ '^(vectorx_|pg_stat_)' AND NOT EXISTS (SELECT FROM wanted w WHERE w.kind = present.kind AND w.name = present.name)
	ORDER BY kind, name COLLATE "C";

-- the types: storage and what they are not
SELECT typname, typlen, typcategory, typdelim, typalign, typstorage, typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze,
	typsubscript, typcollation, obj_description(oid, 'pg_type') AS comment
FROM pg_type WHERE typname IN ('vector', 'halfvec', 'sparsevec') ORDER BY oid \gx
SELECT typname, typarray::regtype, (SELECT typdelim FROM pg_type a WHERE a.oid = t.typarray) AS delimiter FROM pg_type t
	WHERE typname IN ('vector', 'halfvec', 'sparsevec') ORDER BY oid;

-- queries of another type that an index serves
SELECT amname, string_agg(opfname || ' ' || replace(amopopr::regoperator::text, 'public.', ''), ', ' ORDER BY opfname, amopopr::regoperator::text) AS operators
	FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily JOIN pg_am ON pg_am.oid = amopmethod
	WHERE amname IN ('hnsw', 'ivfflat', 'diskann') AND amoplefttype <> amoprighttype GROUP BY 1 ORDER BY 1;

-- what each access method indexes
SELECT amname, string_agg(DISTINCT opcintype::regtype::text, ', ' ORDER BY opcintype::regtype::text) AS types, count(*) AS classes
	FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod WHERE amname IN ('hnsw', 'ivfflat', 'diskann') GROUP BY 1 ORDER BY 1;
DROP VIEW present;
DROP TABLE wanted;
