# Building an index of real embeddings by one process (025 has several): the plan, recall, progress, repetition,
# little memory, and interruption.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use VectorxTest;

my $data = "$ENV{TESTDIR}/demo_data";
my $node = new_server('build', 'shared_buffers = 64MB', 'full_page_writes = off', 'max_parallel_maintenance_workers = 0');

# the shipped data set: 10 665 definitions of nouns and 36 questions, 384 dimensions
{
	local $ENV{PGOPTIONS} = '--client-min-messages=warning';
	system_or_bail('sh', '-c', 'cd "$1" && psql -X -q -v ON_ERROR_STOP=1 -h "$2" -p "$3" -d postgres -f load.sql',
		'sh', $data, $node->host, $node->port);
}

# recall at 10 of the questions, in thousandths
sub recall
{
	my ($ef, $operator) = @_;

	my $recall = $node->safe_psql('postgres', qq{
		SET hnsw.ef_search = $ef;
		CREATE TEMP TABLE exact AS SELECT q.id AS query, n.id, n.d FROM wordnet_query q,
			LATERAL (SELECT w.id, w.embedding $operator q.embedding AS d FROM wordnet w
				ORDER BY (w.embedding $operator q.embedding) + 0 LIMIT 10) n;
		SET enable_seqscan = off;
		SELECT round(1000 * avg((n.d <= e.worst)::int)) FROM wordnet_query q
			JOIN (SELECT query, max(d) AS worst FROM exact GROUP BY query) e ON e.query = q.id,
			LATERAL (SELECT w.embedding $operator q.embedding AS d FROM wordnet w ORDER BY w.embedding $operator q.embedding LIMIT 10) n});

	note("recall $operator at ef_search $ef: $recall / 1000");
	return $recall;
}

# the bytes of an index but for the LSN and checksum of each page
sub contents
{
	my ($index) = @_;
	my $file = $node->data_dir . '/' . $node->safe_psql('postgres', "CHECKPOINT; SELECT pg_relation_filepath('$index')");
	my $bytes = slurp_file($file);
	my $pages = length($bytes) / 8192;

	substr($bytes, 8192 * $_, 10) = "\0" x 10 for 0 .. $pages - 1;
	return $bytes;
}

# progress, as another session sees it while the index is made
my ($in, $out, $error) = ('', '', '');
my $build = IPC::Run::start(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-c',
		'CREATE INDEX wordnet_cosine ON wordnet USING hnsw (embedding vector_cosine_ops)' ],
	'<', \$in, '>', \$out, '2>', \$error, IPC::Run::timeout(120));
my %phases;
my $counters = 1;
while ($build->pumpable)
{
	my $row = $node->safe_psql('postgres', q{
		SELECT phase || '|' || (blocks_done BETWEEN 0 AND blocks_total AND tuples_done BETWEEN 0 AND greatest(tuples_total, tuples_done))
		FROM pg_stat_progress_create_index});

	$phases{$1} = 1, $counters &&= $2 eq 'true' if $row =~ /^(.*)\|(\w+)$/;
	$build->pump_nb;
	usleep(20_000);
}
ok(IPC::Run::finish($build), 'index is built') or diag($error);
is(join(', ', grep { !/^(initializing|building index: (initializing|loading tuples|building graph|writing pages))$/ } sort keys %phases),
	'', 'phases are those documented');
ok($counters, 'counters stay within their totals');
note('phases seen: ', join(', ', sort keys %phases));

# the planner takes it without help, before statistics and with them
my $nearest = q{EXPLAIN (COSTS OFF) SELECT id FROM wordnet ORDER BY embedding <=> (SELECT embedding FROM wordnet_query WHERE id = 1) LIMIT 10};
like($node->safe_psql('postgres', $nearest), qr/Index Scan using wordnet_cosine/, 'index is chosen before ANALYZE');
$node->safe_psql('postgres', 'VACUUM ANALYZE wordnet');
like($node->safe_psql('postgres', $nearest), qr/Index Scan using wordnet_cosine/, 'index is chosen after ANALYZE');
like($node->safe_psql('postgres', "SET hnsw.ef_search = 200; $nearest"), qr/Index Scan using wordnet_cosine/, 'index is chosen at ef_search 200');

# recall on real data
indexes_are_sound($node, 'built');
cmp_ok(recall(40, '<=>'), '>=', 950, 'recall at ef_search 40');
cmp_ok(recall(100, '<=>'), '>=', 980, 'recall at ef_search 100');
cmp_ok(recall(400, '<=>'), '>=', 995, 'recall at ef_search 400');

# equal rows, order and seed make an equal file; another seed another
my $first = contents('wordnet_cosine');
$node->safe_psql('postgres', 'REINDEX INDEX wordnet_cosine');
ok(contents('wordnet_cosine') eq $first, 'the same seed makes the same index');
$node->safe_psql('postgres', 'SET vectorx.seed = 2; REINDEX INDEX wordnet_cosine');
my $second = contents('wordnet_cosine');
ok($second ne $first, 'another seed makes another index');
cmp_ok(recall(100, '<=>'), '>=', 980, 'recall with another seed');

# little memory: a notice, success, and an index as good
$node->safe_psql('postgres', 'DROP INDEX wordnet_cosine; DELETE FROM wordnet WHERE id > 5000; VACUUM wordnet');
my ($status, $stdout, $stderr) = $node->psql('postgres',
	q{SET maintenance_work_mem = '1MB'; CREATE INDEX wordnet_l2 ON wordnet USING hnsw (embedding vector_l2_ops)});
is($status, 0, 'index is built with little memory');
like($stderr, qr/NOTICE:  hnsw graph no longer fits into maintenance_work_mem after \d+ tuples.*HINT:  Increase maintenance_work_mem to speed up builds\./s,
	'a notice tells of it');
indexes_are_sound($node, 'built with little memory');
cmp_ok(recall(100, '<->'), '>=', 950, 'recall after a build with little memory');

# interruption of a build leaves nothing, that of an insert or scan an index that is sound
my $cancelled = 0;
for my $timeout (5, 100, 400)
{
	($status, $stdout, $stderr) = $node->psql('postgres',
		"SET statement_timeout = $timeout; CREATE INDEX cancelled ON wordnet USING hnsw (embedding vector_ip_ops) WITH (m = 64, ef_construction = 1000)");
	$cancelled++ if $stderr =~ /canceling statement due to statement timeout/;
	like($stderr, qr/^$|canceling statement due to statement timeout/, "build interrupted after $timeout ms");
	is($node->safe_psql('postgres', q{SELECT to_regclass('cancelled') IS NULL}), $stderr eq '' ? 'f' : 't', 'no index is left');
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS cancelled');
}
cmp_ok($cancelled, '>', 0, 'builds were interrupted');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');
($status, $stdout, $stderr) = $node->psql('postgres',
	'SET statement_timeout = 300; INSERT INTO wordnet SELECT id + 100000 * i, word, gloss, embedding FROM wordnet, generate_series(1, 1000) i');
like($stderr, qr/canceling statement due to statement timeout/, 'insert interrupted');
($status, $stdout, $stderr) = $node->psql('postgres',
	'SET statement_timeout = 300; SET enable_seqscan = off; SET hnsw.ef_search = 1000;
	SELECT count(*) FROM wordnet a, LATERAL (SELECT id FROM wordnet b ORDER BY b.embedding <-> a.embedding LIMIT 1000) n');
like($stderr, qr/canceling statement due to statement timeout/, 'scan interrupted');
indexes_are_sound($node, 'after interruptions');
cmp_ok(recall(100, '<->'), '>=', 950, 'recall after interruptions');

$node->stop;
done_testing();
