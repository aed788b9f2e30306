# Crash recovery: a server that is killed while clients insert, update, delete
# and vacuum comes back with indexes that are sound and complete.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use VectorxTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 20;
my $rounds = 3;

note("seed $seed");
srand($seed);

# few buffers, so that pages of every age are on disk when the server dies
my $node = new_server('crash', 'shared_buffers = 1MB', 'checkpoint_timeout = 30s',
	'wal_consistency_checking = generic', 'restart_after_crash = off');

$node->safe_psql('postgres', q{
	CREATE TABLE t (id int PRIMARY KEY, e vector(40), note int DEFAULT 0);
	CREATE TABLE s (id int PRIMARY KEY, e vector(3));
	INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(1, 300) i;
	INSERT INTO s SELECT i, test_vector(1, i, 3) FROM generate_series(1, 300) i;
	CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
	CREATE INDEX s_l2 ON s USING hnsw (e vector_l2_ops);
	CREATE FUNCTION test_terms(i bigint) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS
		$$ SELECT format('{%s:%s,%s:1,%s:2}/5000', 1 + i % 1000, 1 + i % 7, 1001 + i % 999, 2001 + i * 7 % 2999)::sparsevec $$;
	CREATE TABLE p (id int PRIMARY KEY, e sparsevec(5000));
	INSERT INTO p SELECT i, test_terms(i) FROM generate_series(1, 300) i;
	CREATE INDEX p_l2 ON p USING hnsw (e sparsevec_l2_ops);
	CREATE UNLOGGED TABLE u (id int, e vector(40));
	CREATE INDEX u_l2 ON u USING hnsw (e vector_l2_ops);
	INSERT INTO u SELECT i, test_vector(1, i, 40) FROM generate_series(1, 100) i;
	CREATE SEQUENCE ids START 1001;
});

my $inserted = 1000;

for my $round (1 .. $rounds)
{
	my $clients = start_clients($node, 4, 100000, $seed + $round,
		q{INSERT INTO t SELECT i, test_vector(1, i, 40) FROM nextval('ids') i} => 6,
		q{INSERT INTO s SELECT i, test_vector(1, i, 3) FROM nextval('ids') i} => 6,
		q{INSERT INTO p SELECT i, test_terms(i) FROM nextval('ids') i} => 4,
		q{\set i random(1, 3000)
			DELETE FROM p WHERE id BETWEEN :i AND :i + 3} => 1,
		q{\set i random(1, 3000)
			DELETE FROM t WHERE id BETWEEN :i AND :i + 3} => 2,
		q{\set i random(1, 3000)
			DELETE FROM s WHERE id BETWEEN :i AND :i + 3} => 2,
		q{\set i random(1, 3000)
			UPDATE t SET note = note + 1 WHERE id = :i} => 1);
	my $vacuum = start_clients($node, 1, 100000, $seed, q{VACUUM t, s, p} => 1);

	$node->safe_psql('postgres', 'CHECKPOINT') if $round == 2;
	usleep(500_000 + int(rand(1_000_000)));
	if ($round % 2 == 0)
	{
		# orphans notice only at their next wait that the postmaster is gone
		my @pids = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity');

		$node->kill9;
		for (1 .. 300)
		{
			last unless kill 0, @pids;
			usleep(100_000);
		}
	}
	else
	{
		$node->stop('immediate');
	}
	IPC::Run::finish($_->{handle}) for ($clients, $vacuum);
	$node->start;

	my $max = $node->safe_psql('postgres', 'SELECT max(id) FROM t');

	cmp_ok($max, '>', $inserted, "round $round: rows survived");
	$inserted = $max;
	indexes_are_sound($node, "round $round");
	index_agrees($node, "round $round, codes", table => 't', operator => '<->', dims => 40, queries => 10, limit => 20);
	index_agrees($node, "round $round, raw", table => 's', operator => '<->', dims => 3, queries => 10, limit => 20);
	every_row_finds_itself($node, "round $round", 't', '<->', 5);

	# the server goes on working
	$node->safe_psql('postgres', q{VACUUM t, s; INSERT INTO t SELECT i, test_vector(1, i, 40) FROM nextval('ids') i});
	next if $round > 1;

	# an unlogged table is empty after a crash, and so is its index, which goes on working
	is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM u ORDER BY e <-> test_vector(1, 1, 40) LIMIT 10) n}),
		0, 'unlogged index is empty after a crash');
	$node->safe_psql('postgres', 'INSERT INTO u SELECT i, test_vector(1, i, 40) FROM generate_series(1, 50) i');
	index_agrees($node, 'unlogged, after a crash', table => 'u', operator => '<->', dims => 40, queries => 3, limit => 50);
}

# what the index had before the last crash it has after REINDEX as well
$node->safe_psql('postgres', 'REINDEX INDEX t_l2; REINDEX INDEX CONCURRENTLY s_l2');
indexes_are_sound($node, 'after REINDEX');
index_agrees($node, 'after REINDEX', table => 't', operator => '<->', dims => 40, queries => 10, limit => 20);

$node->stop;
done_testing();
