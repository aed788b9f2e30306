# The names vector, vectorx and embedding: in any order, each accepted, dropped,
# dumped and restored.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $node = new_server('names');
my $count = 0;

plan skip_all => 'the extension vector is of another library'
  unless $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'vector' AND comment ~ 'vectorx'});

# a database of its own for each case
sub database
{
	my ($commands) = @_;
	my $name = 'names_' . ++$count;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, $commands);
	return $name;
}

my $members = q{SELECT extname, count(d.objid) > 0 FROM pg_extension e
	LEFT JOIN pg_depend d ON d.refobjid = e.oid AND d.deptype = 'e' WHERE extname <> 'plpgsql' GROUP BY 1 ORDER BY 1};
my $use = q{CREATE TABLE used (e vector(2)); CREATE INDEX ON used USING hnsw (e vector_l2_ops); INSERT INTO used VALUES ('[1,2]');
	SET enable_seqscan = off; SELECT e FROM used ORDER BY e <-> '[0,0]'; DROP TABLE used};

for my $order ([ 'vector', 'vectorx' ], [ 'vectorx', 'vector' ])
{
	my ($first, $second) = @$order;
	my $label = "$first, then $second";
	my $name = database("CREATE EXTENSION $first; CREATE EXTENSION $second; CREATE EXTENSION IF NOT EXISTS vector");

	is($node->safe_psql($name, $members), join("\n", map { "$_|" . ($_ eq $first ? 't' : 'f') } qw(vector vectorx)), "$label: the first owns all");
	is($node->safe_psql($name, $use), '[1,2]', "$label: works");
	$node->safe_psql($name, "DROP EXTENSION $second");
	is($node->safe_psql($name, $use), '[1,2]', "$label: works without the second");
	$node->safe_psql($name, "CREATE EXTENSION $second; DROP EXTENSION $first; DROP EXTENSION $second");
	is($node->safe_psql($name, q{SELECT count(*) FROM pg_type WHERE typname = 'vector'}), 0, "$label: dropped in their order");
	$node->safe_psql($name, "CREATE EXTENSION $second; CREATE EXTENSION $first; DROP EXTENSION vector, vectorx");
}

sub error_of
{
	my ($database, $statement) = @_;
	my ($status, $out, $error) = $node->psql($database, $statement);
	return $error;
}

# the owner is dropped while the marker is there, and what remains is dumped and restored, in whatever schemas the two were asked for
for my $order ([ 'vector', 'vectorx' ], [ 'vectorx', 'vector' ])
{
	my ($first, $second) = @$order;
	my $label = "$first in a schema, then $second";
	my $name = database(qq{CREATE SCHEMA "Ext"; CREATE EXTENSION $first WITH SCHEMA "Ext"; CREATE EXTENSION $second WITH SCHEMA public;
		CREATE TABLE kept (id integer PRIMARY KEY, e "Ext".vector(2)); INSERT INTO kept SELECT i, ARRAY[i, 1]::"Ext".vector FROM generate_series(1, 50) i;
		CREATE INDEX kept_index ON kept USING hnsw (e "Ext".vector_l2_ops)});
	my $search = q{SET enable_seqscan = off; SET search_path = public, "Ext"; SELECT id FROM kept ORDER BY e <-> '[7,1]' LIMIT 1};
	is($node->safe_psql($name, q{SELECT DISTINCT extnamespace::regnamespace FROM pg_extension WHERE extname IN ('vector', 'vectorx')}), '"Ext"', "$label: both in one schema");

	my $dump = PostgreSQL::Test::Utils::tempdir . "/$name.dump";
	$node->command_ok([ 'pg_dump', '-f', $dump, $name ], "$label: dump");
	my $copy = database('SELECT 1');
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $copy, '-f', $dump ], "$label: restore");
	is($node->safe_psql($copy, $search), 7, "$label: restored");
	$node->safe_psql($copy, qq{ALTER DATABASE $copy SET search_path = public, "Ext"});
	indexes_are_sound($node, "$label: restored", $copy);

	my $refusal = error_of($name, "DROP EXTENSION $first");
	like($refusal, qr/cannot drop extension $first because other objects depend on it/, "$label: the owner of a column's type is not dropped");
	like($refusal, qr/column e of table kept depends on type/, "$label: and the column is named");
	$node->safe_psql($name, "DROP EXTENSION $second");
	is($node->safe_psql($name, $search), 7, "$label: the other goes alone");
	$node->safe_psql($name, "CREATE EXTENSION $second");

	# without a user, the owner goes and leaves the marker; creating it again, or the marker anew, brings all back
	$node->safe_psql($name, "DROP TABLE kept; DROP EXTENSION $first; CREATE EXTENSION $first");
	is($node->safe_psql($name, $use), '[1,2]', "$label: the owner is created again");
	is($node->safe_psql($name, $members), join("\n", map { "$_|" . ($_ eq $first ? 't' : 'f') } qw(vector vectorx)), "$label: and owns all");
	$node->safe_psql($name, "DROP EXTENSION $first; DROP EXTENSION $second; CREATE EXTENSION $second; CREATE EXTENSION $first");
	is($node->safe_psql($name, $use), '[1,2]', "$label: the marker is created anew");
	is($node->safe_psql($name, $members), join("\n", map { "$_|" . ($_ eq $second ? 't' : 'f') } qw(vector vectorx)), "$label: and owns all");
}

# schemas, and what clients read of the extension
my $schemas = database('CREATE SCHEMA extensions; CREATE EXTENSION vector WITH SCHEMA extensions');
is($node->safe_psql($schemas, q{SET search_path = public, extensions; } . $use), '[1,2]', 'in another schema');
$node->safe_psql($schemas, 'CREATE SCHEMA moved; ALTER EXTENSION vector SET SCHEMA moved');
is($node->safe_psql($schemas, q{SET search_path = public, moved; } . $use), '[1,2]', 'moved to another');
like($node->safe_psql($schemas, q{SELECT installed_version FROM pg_available_extensions WHERE name = 'vector'}),
	qr/^0\.([89]|[1-9][0-9]+)\.[0-9]+$/, 'a version that clients take for pgvector 0.8 or later');

# embedding on a bare database, with the documented example
my $arrays = q{
	CREATE TABLE documents (id integer PRIMARY KEY, embedding real[]);
	INSERT INTO documents SELECT i, ARRAY[i % 10, i % 7, i / 100.0] FROM generate_series(1, 1000) i;
	INSERT INTO documents VALUES (1001, NULL), (1002, '{0,0,0}');
	CREATE INDEX ON documents USING hnsw(embedding) WITH (dims=3, m=3, efconstruction=5, efsearch=5);
	CREATE INDEX ON documents USING hnsw(embedding ann_cos_ops) WITH (maxelements=10000, dims=3, m=8, efConstruction=16, efSearch=16);
	CREATE INDEX ON documents USING hnsw(embedding ann_manhattan_ops) WITH (dims=3)};
my $bare = database("CREATE EXTENSION embedding; CREATE EXTENSION IF NOT EXISTS embedding; $arrays");
for my $operator ('<->', '<=>', '<~>')
{
	my $search = "SELECT array_agg(d::numeric(10, 4)) FROM (SELECT embedding $operator ARRAY[3.3,2.2,1.1]::real[] AS d FROM documents"
	  . " WHERE embedding IS NOT NULL AND id < 1002 ORDER BY embedding $operator ARRAY[3.3,2.2,1.1]::real[] LIMIT 150) x";
	like($node->safe_psql($bare, "SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT id FROM documents ORDER BY embedding $operator ARRAY[3.3,2.2,1.1] LIMIT 3"),
		qr/Index Scan using documents_embedding_idx/, "embedding: index for $operator");
	is($node->safe_psql($bare, "SET enable_seqscan = off; $search"), $node->safe_psql($bare, "SET enable_indexscan = off; $search"), "embedding: 150 rows by $operator");
}
like(error_of($bare, 'CREATE INDEX ON documents USING hnsw(embedding) WITH (m=3)'), qr/HNSW index requires 'dims' to be specified/, 'dims is required');
like(error_of($bare, q{INSERT INTO documents VALUES (2009, '{1,2,3,4}')}), qr/Wrong number of dimensions: 4 instead of 3 expected/, 'wrong length of a row');
like(error_of($bare, q{SET enable_seqscan = off; SELECT id FROM documents ORDER BY embedding <-> '{1,2}' LIMIT 1}), qr/Wrong number of dimensions: 2 instead of 3 expected/, 'wrong length of a query');
like(error_of($bare, q{SELECT '{1,2}'::real[] <-> '{1,2,3}'::real[]}), qr/different array dimensions 2 and 3/, 'arrays of different length');
like(error_of($bare, q{INSERT INTO documents VALUES (2009, '{1,NULL,3}')}), qr/array must not contain nulls/, 'null element');
like(error_of($bare, q{INSERT INTO documents VALUES (2009, '{{1,2,3}}')}), qr/array must be 1-D/, 'array of two dimensions');
like(error_of($bare, 'CREATE INDEX ON documents USING hnsw(embedding) WITH (dims=3, efconstruction=0)'), qr/value 0 out of bounds for option "efconstruction"/, 'range of an option');
is($node->safe_psql($bare, q{SELECT '{1,2,3}'::real[] <-> '{4,6,3}', '{1,2,3}'::real[] <~> '{4,6,3}', pg_typeof('{1}'::real[] <=> '{1}'::real[])}), '5|7|real', 'distances');
$node->safe_psql($bare, 'ALTER INDEX documents_embedding_idx SET (efsearch = 40)');

# another extension takes the access method over, and leaves it when embedding goes
$node->safe_psql($bare, 'CREATE EXTENSION vector');
is($node->safe_psql($bare, q{SELECT extname FROM pg_extension e JOIN pg_depend d ON d.refobjid = e.oid JOIN pg_am a ON a.oid = d.objid AND d.classid = 'pg_am'::regclass WHERE amname = 'hnsw'}),
	'vector', 'vector takes over hnsw');
is($node->safe_psql($bare, $use), '[1,2]', 'both in one database');
indexes_are_sound($node, 'embedding', $bare);
like(error_of($bare, 'CREATE TABLE v (e vector(3)); CREATE INDEX ON v USING hnsw (e)'), qr/data type vector has no default operator class for access method "hnsw"/, 'no default for vector');
like(error_of($bare, 'CREATE INDEX ON v USING hnsw (e vector_l2_ops) WITH (efsearch=10)'), qr/unrecognized parameter "efsearch"/, 'options of arrays are for arrays');

my $file = PostgreSQL::Test::Utils::tempdir . '/bare.dump';
$node->command_ok([ 'pg_dump', '-f', $file, $bare ], 'dump of both');
my $restored = database('SELECT 1');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $restored, '-f', $file ], 'restore');
is($node->safe_psql($restored, q{SELECT count(*) FROM documents}), 1002, 'rows restored');
$node->safe_psql($bare, 'DROP TABLE documents, v; DROP EXTENSION embedding');
is($node->safe_psql($bare, $use), '[1,2]', 'vector works on without embedding');

# A39: the marker that software for DiskANN creates brings vector along
$node->safe_psql('postgres', 'CREATE DATABASE marker');
my ($code, $output, $notice) = $node->psql('marker', 'CREATE EXTENSION pg_diskann CASCADE');
is($code, 0, 'A39: CREATE EXTENSION pg_diskann CASCADE');
like($notice, qr/installing required extension "vector"/, 'A39: and says what it installs');
is($node->safe_psql('marker', 'CREATE EXTENSION IF NOT EXISTS pg_diskann; DROP EXTENSION pg_diskann;' . $use), '[1,2]', 'A39: it can be dropped alone');

# with an index of it: the marker can be dropped, and comes back from a dump, whichever name owns the objects
for my $first ('vector', 'vectorx')
{
	my $name = database(qq{CREATE EXTENSION $first; CREATE EXTENSION pg_diskann CASCADE;
		CREATE TABLE kept (id integer PRIMARY KEY, e vector(2)); INSERT INTO kept SELECT i, ARRAY[i, 1]::vector FROM generate_series(1, 50) i;
		CREATE INDEX kept_index ON kept USING diskann (e vector_l2_ops) WITH (max_neighbors = 48, l_value_ib = 100)});
	my $search = q{SET enable_seqscan = off; SELECT id FROM kept ORDER BY e <-> '[7,1]' LIMIT 1};
	my $dump = PostgreSQL::Test::Utils::tempdir . "/$name.dump";

	like(error_of($name, 'DROP EXTENSION vector'), qr/cannot drop extension vector because other objects depend on it/, "$first, pg_diskann: vector is needed");
	$node->command_ok([ 'pg_dump', '-f', $dump, $name ], "$first, pg_diskann: dump");
	my $copy = database('SELECT 1');
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $copy, '-f', $dump ], "$first, pg_diskann: restore");
	is($node->safe_psql($copy, $search), 7, "$first, pg_diskann: restored");
	is($node->safe_psql($copy, q{SELECT upgrade_diskann_index('kept_index'); SELECT count(*) FROM vectorx_check('kept_index', true)}), "\n0", "$first, pg_diskann: sound");
	$node->safe_psql($copy, 'DROP EXTENSION pg_diskann');
	is($node->safe_psql($copy, $search), 7, "$first, pg_diskann: the index stays when the name goes");
	$node->safe_psql($copy, 'CREATE EXTENSION IF NOT EXISTS pg_diskann');
}

# a trusted extension runs its script as a superuser: operators that a user has put into the schema must not be called
my $planted = database(q{CREATE ROLE planter; GRANT CREATE ON SCHEMA public TO planter; SET ROLE planter;
	CREATE FUNCTION planted(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
	CREATE FUNCTION planted(oid, regproc) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
	CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = planted);
	CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regproc, FUNCTION = planted)});
is($node->psql('' . $planted, "CREATE EXTENSION $_"), 0, "$_: operators of others are not called") for qw(embedding vectorx vector);

# the other way round
my $later = database("CREATE EXTENSION vectorx; CREATE EXTENSION embedding; $arrays");
is($node->safe_psql($later, 'SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM documents ORDER BY embedding <-> ARRAY[1,2,3] LIMIT 20) x'), 20, 'embedding after vectorx');

$node->stop;
done_testing();
