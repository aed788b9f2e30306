--
-- casts between vector, halfvec, sparsevec and arrays
--

SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext
FROM pg_cast WHERE castsource IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype)
	OR casttarget IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype)
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

SELECT ARRAY[1,2]::vector, ARRAY[1.5,2]::real[]::vector, ARRAY[1.5,2]::float8[]::vector, ARRAY[1.5,2]::vector;
SELECT ARRAY[1,2]::halfvec, ARRAY[1.5,2]::real[]::halfvec, ARRAY[1.5,2]::float8[]::halfvec, ARRAY[1.5,2]::halfvec;
SELECT ARRAY[0,2]::sparsevec, ARRAY[1.5,0]::real[]::sparsevec, ARRAY[1.5,0]::float8[]::sparsevec, ARRAY[0,2.5]::sparsevec;
SELECT '[1,2]'::vector::halfvec, '[1,2]'::halfvec::vector, '[0,2]'::vector::sparsevec, '[0,2]'::halfvec::sparsevec, '{2:2}/2'::sparsevec::vector, '{2:2}/2'::sparsevec::halfvec;
SELECT '[1,2]'::vector::real[], '[1,2]'::halfvec::real[];
SELECT '[1,2]'::vector::halfvec(3);
SELECT '[1,2]'::halfvec::vector(3);
SELECT '[1,2]'::vector::sparsevec(3);
SELECT '{1:1}/2'::sparsevec::vector(3);
SELECT '{1:1}/2'::sparsevec::halfvec(3);
SELECT ARRAY[1,2]::halfvec(3);
SELECT ARRAY[1,2]::sparsevec(3);
SELECT '[65520]'::vector::halfvec;
SELECT '{1:65520}/1'::sparsevec::halfvec;
SELECT ARRAY[65520]::halfvec;
SELECT ARRAY[1,NULL]::halfvec;
SELECT ARRAY[1,NULL]::sparsevec;
SELECT '{}'::real[]::halfvec;
SELECT '{}'::real[]::sparsevec;
SELECT ARRAY[[1,2]]::sparsevec;
SELECT '{NaN}'::real[]::halfvec;
SELECT '{Infinity}'::real[]::sparsevec;
SELECT '{}/16001'::sparsevec::vector;
SELECT '{}/16001'::sparsevec::halfvec;
SELECT ('[' || repeat('1,', 15999) || '1]')::vector::sparsevec IS NOT NULL AS all_kept;

-- neither makes comparing arrays ambiguous
SELECT ARRAY[1,2,3] = ARRAY[1,2,3], ARRAY[1.0] < ARRAY[2.0];
-- mixed operands take the type that the implicit casts lead to
SELECT pg_typeof('[1,2]'::vector || '[1]'::halfvec), '[1,2]'::vector <-> '[1,3]'::halfvec, '[1,2]'::vector <-> '{2:3}/2'::sparsevec;

-- binary COPY of all three, and what comes back
CREATE TABLE copied (v vector(3), h halfvec(3), s sparsevec(3));
INSERT INTO copied VALUES ('[1,2,3]', '[1,2,3]', '{2:1.5}/3'), (NULL, NULL, NULL), ('[1e-40,3e38,-0]', '[6e-8,65504,-0]', '{}/3');
\getenv abs_builddir PG_ABS_BUILDDIR
\set file :abs_builddir '/results/copied.bin'
COPY copied TO :'file' (FORMAT binary);
CREATE TABLE restored (LIKE copied);
COPY restored FROM :'file' (FORMAT binary);
SELECT * FROM restored;
DROP TABLE copied, restored;
