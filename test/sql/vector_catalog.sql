--
-- vector: the SQL objects as clients find them in the catalog
--

SELECT typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typalign, typstorage,
	typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, obj_description(oid, 'pg_type')
FROM pg_type WHERE typname = 'vector' \gx

SELECT oid::regprocedure AS function, format_type(prorettype, NULL) AS returns, provolatile AS vol, proisstrict AS strict,
	proparallel AS par, prokind AS kind, procost AS cost, proleakproof AS leak, obj_description(oid, 'pg_proc') AS comment
FROM pg_proc
WHERE ('vector'::regtype = ANY (proargtypes) OR prorettype = 'vector'::regtype OR proname IN ('vector_typmod_in', 'vector_combine'))
	AND proname !~ '(halfvec|sparsevec)'
ORDER BY proname COLLATE "C", oid::regprocedure::text COLLATE "C";

SELECT oprname, oprleft::regtype, oprright::regtype, oprresult::regtype, oprcode, 
	(SELECT oprname FROM pg_operator WHERE oid = o.oprcom) AS commutator,
	(SELECT oprname FROM pg_operator WHERE oid = o.oprnegate) AS negator, oprrest, oprjoin, oprcanmerge, oprcanhash
FROM pg_operator AS o WHERE oprleft = 'vector'::regtype AND oprright = 'vector'::regtype ORDER BY oprname COLLATE "C";

SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod
FROM pg_cast WHERE 'vector'::regtype IN (castsource, casttarget)
	AND NOT EXISTS (SELECT FROM pg_type WHERE oid IN (castsource, casttarget) AND typname IN ('halfvec', 'sparsevec'))
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

SELECT aggfnoid::regprocedure, aggtransfn, aggtranstype::regtype, aggfinalfn, aggcombinefn, agginitval, aggkind, aggserialfn, aggdeserialfn, aggmtransfn
FROM pg_aggregate WHERE aggfnoid IN ('avg(vector)'::regprocedure, 'sum(vector)'::regprocedure) ORDER BY aggfnoid::regprocedure::text;

SELECT opcname, opcdefault, opckeytype FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod
	WHERE opcintype = 'vector'::regtype AND amname = 'btree';
SELECT amopstrategy, amopopr::regoperator FROM pg_amop JOIN pg_opfamily ON pg_opfamily.oid = amopfamily JOIN pg_am ON pg_am.oid = opfmethod
	WHERE opfname = 'vector_ops' AND amname = 'btree' ORDER BY 1;
SELECT amprocnum, amproc::regprocedure FROM pg_amproc JOIN pg_opfamily ON pg_opfamily.oid = amprocfamily JOIN pg_am ON pg_am.oid = opfmethod
	WHERE opfname = 'vector_ops' AND amname = 'btree' ORDER BY 1;

-- every object has a comment
SELECT classid::regclass, pg_describe_object(classid, objid, 0) FROM pg_depend
WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vectorx')
	AND classid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass, 'pg_am'::regclass)
	AND obj_description(objid, classid::regclass::name) IS NULL
	AND pg_describe_object(classid, objid, 0) !~ '\[\]$'
	AND NOT (classid = 'pg_type'::regclass AND objid IN (SELECT reltype FROM pg_class))
ORDER BY 2;
