# A database of genuine pgvector goes over to vectorx by ALTER EXTENSION vector
# UPDATE: data, views and definitions stay, index files of pgvector are refused,
# REINDEX makes them ours.  Skipped where pgvector is not installed.
#
# Leaves the files of the extension vector replaced, as "make install-names"
# does, for the tests after it.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $libraries = `pg_config --pkglibdir`;
my $share = `pg_config --sharedir`;
chomp($libraries, $share);
plan skip_all => "pgvector is not installed in $libraries" unless -e "$libraries/vector.so";

my $node = new_server('switch');
$node->safe_psql('postgres', 'CREATE DATABASE app');
$node->safe_psql('postgres', 'CREATE DATABASE lists');
$node->safe_psql('app', q{
	CREATE EXTENSION vector;
	CREATE TABLE t (id int PRIMARY KEY, e vector(3), h halfvec(3), s sparsevec(5), b bit(8), any_length vector, d vector(2) DEFAULT '[7,8]');
	INSERT INTO t SELECT i, ARRAY[sin(i), cos(i), i % 7]::vector, ARRAY[i % 11, 1, 0]::halfvec, format('{1:%s,5:2}/5', 1 + i % 3)::sparsevec,
		(i % 256)::bit(8), ARRAY(SELECT j FROM generate_series(0, i % 4) j)::vector FROM generate_series(1, 500) i;
	CREATE INDEX t_sorted ON t (e);
	CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops) WITH (m = 8, ef_construction = 32);
	CREATE INDEX t_h ON t USING hnsw (h halfvec_cosine_ops);
	CREATE INDEX t_s ON t USING hnsw (s sparsevec_l2_ops);
	CREATE INDEX t_b ON t USING hnsw (b bit_hamming_ops);
	CREATE VIEW near AS SELECT id, e <-> '[1,1,1]' AS d FROM t;
	CREATE FUNCTION nearest(q vector) RETURNS SETOF int LANGUAGE sql AS 'SELECT id FROM t ORDER BY e <-> q LIMIT 5';
});
$node->safe_psql('lists', q{
	CREATE EXTENSION vector;
	CREATE TABLE t (e vector(3), h halfvec(3), b bit(8));
	INSERT INTO t SELECT ARRAY[sin(i), cos(i), i % 7]::vector, ARRAY[i % 11, 1, 0]::halfvec, (i % 256)::bit(8) FROM generate_series(1, 500) i;
	CREATE INDEX t_e ON t USING ivfflat (e) WITH (lists = 10);
	CREATE INDEX t_cosine ON t USING ivfflat (e vector_cosine_ops) WITH (lists = 10);
	CREATE INDEX t_h ON t USING ivfflat (h halfvec_ip_ops) WITH (lists = 5);
	CREATE INDEX t_b ON t USING ivfflat (b bit_hamming_ops) WITH (lists = 5)});

my $data = q{SELECT md5(string_agg(t::text, E'\n' ORDER BY id)) FROM t};
my $definitions = q{SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1};
my $answers = q{SET enable_indexscan = off; SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY l2_distance(e, '[1,1,1]'), id LIMIT 10) x;
	SELECT sum(d)::numeric(20, 3) FROM near; SELECT avg(e), sum(h) FROM t};
my $objects = q{SELECT oid, typname FROM pg_type WHERE typname IN ('vector', 'halfvec', 'sparsevec') ORDER BY 2};
my %before = map { $_ => $node->safe_psql('app', $_) } ($data, $definitions, $answers, $objects);

# beside pgvector's objects, the name vectorx is refused with the remedy
my ($status, $out, $error) = $node->psql('app', 'CREATE EXTENSION vectorx');
like($error, qr/extension "vector" of this database is pgvector.*ALTER EXTENSION vector UPDATE/s, 'CREATE EXTENSION vectorx');

system_or_bail('sh', '-c', "cp --remove-destination \$(find '$ENV{VECTORX_NAMES}' -type f) '$share/extension/'");

$node->safe_psql('app', 'ALTER EXTENSION vector UPDATE');
is($node->safe_psql('app', q{SELECT extversion FROM pg_extension WHERE extname = 'vector'}),
	$node->safe_psql('app', q{SELECT default_version FROM pg_available_extensions WHERE name = 'vector'}), 'version');
is($node->safe_psql('app', q{SELECT count(*) FROM pg_proc WHERE probin = '$libdir/vector'}), 0, 'no function calls pgvector');
is($node->safe_psql('app', $_), $before{$_}, "unchanged: $_") for ($data, $definitions, $answers, $objects);
is($node->safe_psql('app', q{SET enable_seqscan = off; SELECT id FROM t WHERE e = (SELECT e FROM t WHERE id = 77)}), 77, 'btree index');

# index files of pgvector are refused until they are built anew
my $search = q{SET enable_seqscan = off; SELECT array_agg(id) FROM (SELECT id, e <-> '[1,1,1]' AS d FROM t ORDER BY e <-> '[1,1,1]' LIMIT 10) x};
($status, $out, $error) = $node->psql('app', $search);
like($error, qr/index "t_e" was built by pgvector.*REINDEX INDEX/s, 'the file of a pgvector index is refused with the remedy');
$node->safe_psql('app', "REINDEX INDEX $_") for qw(t_e t_h t_s t_b);
is($node->safe_psql('app', q{SELECT count(*) FROM (SELECT d, row_number() OVER () AS n FROM (SELECT e <-> '[1,1,1]' AS d FROM t ORDER BY e <-> '[1,1,1]' LIMIT 10) x) y
	JOIN (SELECT e <-> '[1,1,1]' AS d, row_number() OVER (ORDER BY e <-> '[1,1,1]') AS n FROM t) z USING (n) WHERE y.d = z.d}), 10, 'answers after REINDEX');
is($node->safe_psql('app', q{SELECT count(*) FROM nearest('[1,1,1]')}), 5, 'function of the application');
is($node->safe_psql('app', q{SELECT count(*) FROM unnest('{t_e,t_h,t_s,t_b}'::regclass[]) i, vectorx_check(i, true)}), 0, 'indexes are sound');
is($node->safe_psql('app', q{CREATE EXTENSION vectorx; SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE extname = 'vectorx' AND deptype = 'e'}),
	0, 'vectorx is accepted, and empty');

# the switched catalogue is that of a fresh one
my $catalogue = q{SELECT pg_describe_object(classid, objid, 0) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
	WHERE extname = 'vector' AND deptype = 'e' ORDER BY 1};
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION vector');
is($node->safe_psql('app', $catalogue), $node->safe_psql('fresh', $catalogue), 'objects of the extension');

# dump and restore
my $file = PostgreSQL::Test::Utils::tempdir . '/app.dump';
$node->command_ok([ 'pg_dump', '-f', $file, 'app' ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $file ], 'restore');
is($node->safe_psql('restored', $data), $before{$data}, 'data after restore');

# ivfflat indexes: definitions stay, files are refused until they are built anew
$node->safe_psql('lists', 'ALTER EXTENSION vector UPDATE');
is($node->safe_psql('lists', q{SELECT count(*) FROM pg_proc WHERE probin = '$libdir/vector'}), 0, 'no function of ivfflat calls pgvector');
for my $case ([ 't_e', q{e <-> '[1,1,1]'} ], [ 't_cosine', q{e <=> '[1,1,1]'} ], [ 't_h', q{h <#> '[1,1,1]'} ], [ 't_b', q{b <~> B'10101010'} ])
{
	my ($index, $order) = @$case;
	my $query = "SET enable_seqscan = off; LOAD 'vectorx'; SET ivfflat.probes = 10; SELECT count(*) FROM (SELECT 1 FROM t ORDER BY $order) x";

	($status, $out, $error) = $node->psql('lists', $query);
	like($error, qr/index "$index" was built by pgvector.*REINDEX INDEX/s, "$index: the file of pgvector is refused with the remedy");
	$node->safe_psql('lists', "REINDEX INDEX $index");
	is($node->safe_psql('lists', $query), 500, "$index: answers after REINDEX");
	is($node->safe_psql('lists', "SELECT count(*) FROM vectorx_check('$index', true)"), 0, "$index: sound");
}

$node->stop;
done_testing();
