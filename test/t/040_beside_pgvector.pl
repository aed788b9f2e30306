# vectorx and genuine pgvector loaded into one backend, in either order.
#
# Both libraries have functions of the same SQL names and settings of the same
# names.  Skipped where pgvector is not installed for the server.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $libraries = `pg_config --pkglibdir`;
chomp $libraries;
plan skip_all => "pgvector is not installed in $libraries"
  unless -e "$libraries/vector.so";

my $node = new_server('beside');

$node->safe_psql('postgres', q{
	CREATE TABLE t (id int, e vector(40));
	INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(1, 2000) i;
	CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
	ANALYZE t;
});

my $search = q{SET enable_seqscan = off; SET hnsw.ef_search = 200;
	SELECT string_agg(id::text, ',') FROM (SELECT id FROM t ORDER BY e <-> test_vector(2, 1, 40) LIMIT 20) s;
	SELECT l2_distance('[1,2]'::vector, '[4,6]'), avg(e) = avg(e) FROM t;
	SHOW hnsw.ef_search;};
my $alone = $node->safe_psql('postgres', $search);
like($alone, qr/^5\|t$/m, 'functions answer with vectorx alone');

# pgvector first: it keeps the settings, vectorx reads them
is($node->safe_psql('postgres', "LOAD 'vector'; LOAD 'vectorx'; $search"), $alone,
	'same answers with pgvector loaded first');
my ($counted) = $node->safe_psql('postgres', q{LOAD 'vector'; LOAD 'vectorx';
	SET enable_seqscan = off; SET hnsw.iterative_scan = off; SET hnsw.ef_search = 7;
	SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> test_vector(2, 1, 40) LIMIT 20) s});
is($counted, '7', 'settings that pgvector defined are obeyed');

# vectorx first: pgvector refuses to define its settings again; nothing else happens
my ($status, $out, $error) = $node->psql('postgres', "LOAD 'vectorx'; LOAD 'vector';");
isnt($status, 0, 'pgvector cannot load after vectorx');
like($error, qr/redefine parameter/, 'and says why');
is($node->safe_psql('postgres', $search), $alone, 'vectorx works on');

# pgvector in a database of its own, on the same server
$node->safe_psql('postgres', 'CREATE DATABASE other');
is($node->safe_psql('other', q{CREATE EXTENSION vector;
	CREATE TABLE t (e vector(3)); INSERT INTO t VALUES ('[1,2,3]'), ('[4,5,6]');
	CREATE INDEX ON t USING hnsw (e vector_l2_ops);
	SET enable_seqscan = off; SELECT e FROM t ORDER BY e <-> '[4,5,5]' LIMIT 1}),
	'[4,5,6]', 'a database with pgvector is not disturbed');

# an index file of pgvector under an index of vectorx is refused, not misread
my $foreign = $node->safe_psql('other', q{SELECT pg_relation_filepath(indexrelid) FROM pg_index WHERE indrelid = 't'::regclass});
my $ours = $node->safe_psql('postgres', q{SELECT pg_relation_filepath('t_e')});
$node->stop;
my $data = $node->data_dir;
system_or_bail('cp', "$data/$foreign", "$data/$ours");
$node->start;
($status, $out, $error) = $node->psql('postgres', $search);
like($error, qr/index "t_e" was built by pgvector and cannot be read at block 0.*REINDEX INDEX CONCURRENTLY public.t_e/s,
	'the file of an index of pgvector is refused with the remedy');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY t_e');
is($node->safe_psql('postgres', $search), $alone, 'and the remedy works');

done_testing();
