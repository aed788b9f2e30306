# A table with its indexes goes through pg_dump and psql, plain and custom, and
# comes back with the same definitions and answers.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $node = new_server('dump');
my $folder = PostgreSQL::Test::Utils::tempdir;

$node->safe_psql('postgres', q{
	CREATE TABLE t (id int PRIMARY KEY, e vector(40), f vector, a real[]);
	INSERT INTO t SELECT i, v, v || v, v::real[] FROM (SELECT i, test_vector(1, i, 40) AS v FROM generate_series(1, 500) i) s;
	INSERT INTO t VALUES (1001, NULL, NULL, NULL), (1002, array_fill(0, ARRAY[40])::vector, '[1e-45,3.4028235e38,-0]', '{}');
	CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
	CREATE INDEX t_ip ON t USING hnsw (e vector_ip_ops) WITH (m = 10, ef_construction = 30, fillfactor = 70, code_bits = 8);
	CREATE INDEX t_cosine ON t USING hnsw (e vector_cosine_ops) WHERE id < 400;
	CREATE INDEX t_l1 ON t USING hnsw ((subvector(f, 1, 40)::vector(40)) vector_l1_ops) WHERE vector_dims(f) = 80;
	CREATE UNLOGGED TABLE u (id int, e vector(3));
	CREATE INDEX u_l2 ON u USING hnsw (e vector_l2_ops);
	INSERT INTO u SELECT i, test_vector(1, i, 3) FROM generate_series(1, 50) i;
	CREATE MATERIALIZED VIEW v AS SELECT id, e FROM t WHERE id % 2 = 0;
	CREATE INDEX v_l2 ON v USING hnsw (e vector_l2_ops);
});

my @searches = (
	{ table => 't', operator => '<->', dims => 40, queries => 5, limit => 30 },
	{ table => 't', operator => '<#>', dims => 40, queries => 5, limit => 30 },
	{ table => '(SELECT * FROM t WHERE id < 400) x', operator => '<=>', dims => 40, queries => 5, limit => 30 },
	{ table => 'u', operator => '<->', dims => 3, queries => 5, limit => 30 },
	{ table => 'v', operator => '<->', dims => 40, queries => 5, limit => 30 });
my $definitions = q{SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1};
my $rows = q{SELECT md5(string_agg(t::text, E'\n' ORDER BY id)) FROM t};

for my $format ('plain', 'custom')
{
	my $file = "$folder/$format.dump";
	my $database = "restored_$format";

	$node->command_ok([ 'pg_dump', '-F', substr($format, 0, 1), '-f', $file, 'postgres' ], "$format: dump");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok(
		$format eq 'plain' ? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', $file ]
		: [ 'pg_restore', '--exit-on-error', '-j', 2, '-d', $database, $file ], "$format: restore");
	is($node->safe_psql($database, $definitions), $node->safe_psql('postgres', $definitions), "$format: definitions");
	is($node->safe_psql($database, $rows), $node->safe_psql('postgres', $rows), "$format: rows");
	is(distances($node, %$_, index => 1, database => $database), distances($node, %$_, index => 0),
		"$format: $_->{table} $_->{operator}") for @searches;
	indexes_are_sound($node, $format, $database);
}

# the data alone, in binary, into a table that has its indexes already
my $copy = "$folder/copy.binary";
$node->safe_psql('postgres', qq{
	COPY (SELECT * FROM t) TO '$copy' (FORMAT binary);
	CREATE TABLE c (LIKE t INCLUDING ALL);
	COPY c FROM '$copy' (FORMAT binary)});
is($node->safe_psql('postgres', q{SELECT count(*) FROM (TABLE t EXCEPT TABLE c) x}), 0, 'binary copy: rows');
index_agrees($node, 'binary copy', table => 'c', operator => '<->', dims => 40, queries => 5, limit => 30);
indexes_are_sound($node, 'binary copy');

# another place for the index, and another name for the schema of the extension
$node->safe_psql('postgres', q{
	CREATE SCHEMA elsewhere;
	ALTER EXTENSION vectorx SET SCHEMA elsewhere;
	CREATE TABLE x AS SELECT id, e FROM t;
	CREATE INDEX ON x USING hnsw (e elsewhere.vector_l2_ops)});
is($node->safe_psql('postgres', q{SET enable_seqscan = off;
		SELECT x.id FROM x ORDER BY x.e OPERATOR(elsewhere.<->) (SELECT e FROM x WHERE id = 17) LIMIT 1}), 17, 'extension in another schema');

# the extension goes only with what depends on it
my ($status, $stdout, $stderr) = $node->psql('postgres', 'DROP EXTENSION vectorx');
like($stderr, qr/cannot drop extension vectorx because other objects depend on it/, 'DROP EXTENSION is refused');
$node->safe_psql('postgres', 'DROP EXTENSION vectorx CASCADE; CREATE EXTENSION vectorx');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_indexes WHERE indexdef ~ 'hnsw'}), 0, 'DROP EXTENSION CASCADE');

$node->stop;
done_testing();
