# Builds with parallel workers: that there are workers, what they build, their
# memory, and what becomes of them when a build is cancelled or fails.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use VectorxTest;

my $seed = $ENV{VECTORX_TEST_SEED} || 20240811;
my $rows = 12000;
my $dimensions = 128;
my $node = new_server('parallel_build', 'shared_buffers = 64MB', 'max_worker_processes = 8', 'full_page_writes = off');

note("seed $seed");
$node->safe_psql('postgres', qq{
	CREATE TABLE item (id int, e vector($dimensions)) WITH (parallel_workers = 2, autovacuum_enabled = off);
	INSERT INTO item SELECT i, (SELECT array_agg(((hashint8extended(i % 300, j) % 1000) + (hashint8extended(i, j + $seed) % 300)) / 1000.0)
		FROM generate_series(1, $dimensions) j)::vector FROM generate_series(1, $rows) i;
	ALTER SYSTEM SET maintenance_work_mem = '128MB';
	ALTER SYSTEM SET max_parallel_maintenance_workers = 2;
	SELECT pg_reload_conf()});

my $create = 'CREATE INDEX item_e ON item USING hnsw (e vector_l2_ops)';
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'};

# starts a session that runs $sql in the background
sub start_sql
{
	my ($sql) = @_;
	my %session = (in => '', out => '', error => '');

	$session{run} = IPC::Run::start(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-c', $sql ],
		'<', \$session{in}, '>', \$session{out}, '2>', \$session{error}, IPC::Run::timeout(120));
	return \%session;
}

# waits until a query returns true; false if it does not in a minute
sub wait_until
{
	my ($query) = @_;

	for (1 .. 6000)
	{
		return 1 if $node->safe_psql('postgres', $query) eq 't';
		usleep(10_000);
	}
	return 0;
}

# builds once and returns whether that succeeded, the most workers seen, how often progress of linking was seen, and
# whether it stayed within its total
sub watch_build
{
	my ($statement) = @_;
	my $session = start_sql("SET vectorx.seed = 1; $statement");
	my ($seen_workers, $seen_rows, $within) = (0, 0, 1);

	while ($session->{run}->pumpable)
	{
		my $now = $node->safe_psql('postgres', "SELECT ($workers), (SELECT tuples_done || '/' || tuples_total FROM pg_stat_progress_create_index WHERE phase ~ 'graph')");

		$seen_workers = $1 if $now =~ /^(\d+)/ && $1 > $seen_workers;
		if ($now =~ m{(\d+)/(\d+)$})
		{
			$seen_rows++ if $1 > 0;
			$within = 0 if $1 > $2;
		}
		$session->{run}->pump_nb;
		usleep(10_000);
	}
	my $done = IPC::Run::finish($session->{run}) or diag($session->{error});
	return ($done, $seen_workers, $seen_rows, $within);
}

# Workers take part in loading and in linking, and progress counts their rows. A build may be over between two looks,
# so there are three.
sub is_built_in_parallel
{
	my ($method, $index, $statement) = @_;
	my ($done, $seen_workers, $seen_rows, $within) = watch_build($statement);

	for (1 .. 2)
	{
		last if $seen_workers > 0 && $seen_rows > 0;
		($done, $seen_workers, $seen_rows, $within) = watch_build("REINDEX INDEX $index");
	}
	ok($done, "$method is built in parallel");
	cmp_ok($seen_workers, '>=', 1, "$method: workers were seen ($seen_workers)");
	cmp_ok($seen_rows, '>=', 1, "$method: progress of linking was seen");
	ok($within, "$method: progress stays within its total");
	indexes_are_sound($node, "$method built in parallel");
	return;
}
is_built_in_parallel('diskann', 'item_d', 'CREATE INDEX item_d ON item USING diskann (e vector_l2_ops) WITH (l_value_ib = 500)');
$node->safe_psql('postgres', 'DROP INDEX item_d');
is_built_in_parallel('hnsw', 'item_e', "$create WITH (ef_construction = 400)");

# share of the ten nearest of some rows that the index finds, in thousandths
sub recall
{
	return $node->safe_psql('postgres', q{SELECT round(1000 * recall) FROM vectorx_recall('item_e', 10, 60)});
}
my $together = recall();
$node->safe_psql('postgres', "SET max_parallel_maintenance_workers = 0; DROP INDEX item_e; $create WITH (ef_construction = 400)");
my $alone = recall();
note("recall $together together, $alone alone");
cmp_ok($together, '>=', $alone - 30, 'recall is that of a build by one process');
$node->safe_psql('postgres', 'DROP INDEX item_e');

# little memory: shards, and an index as good
for my $processes (0, 2)
{
	my ($status, $stdout, $stderr) = $node->psql('postgres',
		"SET max_parallel_maintenance_workers = $processes; SET maintenance_work_mem = '1MB'; $create WITH (ef_construction = 400)");
	is($status, 0, "built in shards, $processes workers allowed");
	like($stderr, qr/graph no longer fits into maintenance_work_mem after \d+ tuples.*All of the graph takes \d+ MB/s, 'a notice tells of it');
	indexes_are_sound($node, 'built in shards');
	my $sharded = recall();
	note("recall $sharded in shards");
	cmp_ok($sharded, '>=', $alone - 30, 'recall is that of a build in memory');
	$node->safe_psql('postgres', 'DROP INDEX item_e');
}

# without free workers the leader builds alone
$node->safe_psql('postgres', "SET max_parallel_workers = 0; $create");
indexes_are_sound($node, 'no worker was free');
$node->safe_psql('postgres', 'DROP INDEX item_e');

# a cancel in each phase ends leader and workers soon and leaves nothing behind
for my $phase ('loading tuples', 'building graph', 'writing pages')
{
	my $session = start_sql("$create WITH (m = 40, ef_construction = 200)");
	my $reached = wait_until(qq{SELECT exists(SELECT FROM pg_stat_progress_create_index WHERE phase ~ '$phase')
		OR NOT exists(SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND pid <> pg_backend_pid() AND state = 'active')
			AND to_regclass('item_e') IS NOT NULL});
	ok($reached, "reached: $phase");
	$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index});
	IPC::Run::finish($session->{run});
	like($session->{error}, qr/^$|canceling statement due to user request/, "cancelled while $phase");
	note($session->{error} eq '' ? "the build was faster than the cancel" : "cancelled while $phase");
	ok(wait_until("SELECT ($workers) = 0"), 'no worker is left');
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS item_e');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');

# a worker that dies of an administrator's command ends the build with an error, not with a hang
my $session = start_sql("$create WITH (m = 40, ef_construction = 400)");
ok(wait_until("SELECT ($workers) > 0"), 'a worker is there');
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'parallel worker' LIMIT 1});
IPC::Run::finish($session->{run});
like($session->{error}, qr/terminating (background|parallel)|lost connection to parallel worker/, 'the build fails with its worker');
is($node->safe_psql('postgres', q{SELECT to_regclass('item_e') IS NULL}), 't', 'no index is left');
$node->safe_psql('postgres', $create);
indexes_are_sound($node, 'built after failures');

$node->stop;
done_testing();
