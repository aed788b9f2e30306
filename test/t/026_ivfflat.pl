# An ivfflat index through crashes, on a standby, and under clients that insert,
# delete, search and vacuum at once: it is sound, has every row, and gives every row
# when all lists are probed.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use VectorxTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 26;

note("seed $seed");
srand($seed);

# few buffers, so that pages of every age are on disk when the server dies
my $node = new_server('primary', 'shared_buffers = 1MB', 'wal_consistency_checking = generic',
	'restart_after_crash = off');

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# with all lists probed an index answers as a sequential scan
$node->safe_psql('postgres', q{
	LOAD 'vectorx';
	ALTER DATABASE postgres SET ivfflat.probes = 1000;
	CREATE TABLE t (id int PRIMARY KEY, e vector(40));
	CREATE TABLE s (id int PRIMARY KEY, e vector(3));
	INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(1, 900) i;
	INSERT INTO s SELECT i, test_vector(1, i, 3) FROM generate_series(1, 900) i;
	CREATE INDEX t_l2 ON t USING ivfflat (e) WITH (lists = 12);
	CREATE INDEX s_cosine ON s USING ivfflat (e vector_cosine_ops) WITH (lists = 40);
	CREATE TABLE empty (id int, e vector(40));
	SET client_min_messages = error;
	CREATE INDEX empty_l2 ON empty USING ivfflat (e) WITH (lists = 3);
	CREATE UNLOGGED TABLE u (id int, e vector(40));
	CREATE INDEX u_l2 ON u USING ivfflat (e) WITH (lists = 3);
	INSERT INTO u SELECT i, test_vector(1, i, 40) FROM generate_series(1, 100) i;
	CREATE SEQUENCE ids START 1001;
});

my %wide = (table => 't', operator => '<->', dims => 40, queries => 5, limit => 3000);
my %narrow = (table => 's', operator => '<=>', dims => 3, queries => 5, limit => 3000);

sub agrees
{
	my ($label) = @_;

	indexes_are_sound($node, $label);
	index_agrees($node, "$label, codes", %wide);
	index_agrees($node, "$label, whole", %narrow);
	return;
}

sub standby_agrees
{
	my ($label) = @_;

	$node->wait_for_catchup($standby);
	is(distances($standby, %$_, index => 1), distances($node, %$_, index => 1), "$label: the standby answers as the primary, $_->{table}")
	  for (\%wide, \%narrow);
	indexes_are_sound($standby, "$label, standby");
	return;
}

agrees('build');
standby_agrees('build');

my $inserted = 1000;
for my $round (1 .. 2)
{
	my $clients = start_clients($node, 4, 100000, $seed + $round,
		q{INSERT INTO t SELECT i, test_vector(1, i, 40) FROM nextval('ids') i} => 6,
		q{INSERT INTO s SELECT i, test_vector(1, i, 3) FROM nextval('ids') i} => 6,
		q{\set i random(1, 3000)
			DELETE FROM t WHERE id BETWEEN :i AND :i + 5} => 3,
		q{\set i random(1, 3000)
			DELETE FROM s WHERE id BETWEEN :i AND :i + 5} => 3,
		q{\set i random(1, 3000)
			SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> test_vector(2, :i, 40) LIMIT 20) n} => 2);
	my $vacuum = start_clients($node, 1, 100000, $seed, q{VACUUM t, s} => 1);

	usleep(800_000 + int(rand(800_000)));
	$node->stop('immediate');
	IPC::Run::finish($_->{handle}) for ($clients, $vacuum);
	$node->start;
	my $max = $node->safe_psql('postgres', 'SELECT max(id) FROM t');

	cmp_ok($max, '>', $inserted, "round $round: rows survived");
	$inserted = $max;
	agrees("round $round");
	standby_agrees("round $round");
}
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM u ORDER BY e <-> test_vector(1, 1, 40) LIMIT 10) n}),
	0, 'unlogged index is empty after a crash');
$node->safe_psql('postgres', 'INSERT INTO u SELECT i, test_vector(1, i, 40) FROM generate_series(1, 50) i');
index_agrees($node, 'unlogged, after a crash', table => 'u', operator => '<->', dims => 40, queries => 3, limit => 50);

# clients that are let finish: every row inserted is there
my $clients = start_clients($node, 5, 60, $seed,
	q{INSERT INTO empty SELECT i, test_vector(1, i, 40) FROM nextval('ids') i} => 4,
	q{SELECT count(*) FROM (SELECT id FROM empty ORDER BY e <-> test_vector(2, 1, 40)) n} => 1);
finish_clients($clients, 'inserts into an index that was built empty');
index_agrees($node, 'inserts into an index that was built empty', %wide, table => 'empty');

# pages that stay empty are given back, and used again
$node->safe_psql('postgres', 'INSERT INTO t SELECT i, test_vector(1, 1, 40) FROM generate_series(1000001, 1003000) i');
$node->safe_psql('postgres', $_) for ('DELETE FROM t', 'VACUUM t', 'VACUUM t', 'SELECT pg_current_xact_id()', 'VACUUM t');
cmp_ok($node->safe_psql('postgres', q{SELECT pages ->> 'free' FROM vectorx_index_stats('t_l2')}), '>', 5, 'pages are given back');
standby_agrees('pages given back');
$node->safe_psql('postgres', 'INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(1, 900) i');
agrees('pages used again');
standby_agrees('pages used again');

# the standby goes on alone
$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(901, 1000) i; DELETE FROM t WHERE id % 7 = 0');
$standby->safe_psql('postgres', 'VACUUM t');
index_agrees($standby, 'promoted', %wide);
indexes_are_sound($standby, 'promoted');

$standby->stop;
$node->stop;
done_testing();
