# Rows that share nodes: crashes and standbys between the WAL records that add
# and remove their heap TIDs, and clients that do so at once.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 25;
note "seed $seed";

my $node = new_server('shared', 'wal_consistency_checking = generic',
	'checkpoint_timeout = 1h', 'hot_standby_feedback = on');
$node->safe_psql('postgres', q{
	CREATE TABLE t (id serial PRIMARY KEY, note int, e vector(32));
	INSERT INTO t (note, e) SELECT 0, test_vector(1, i, 32) FROM generate_series(1, 600) i;
	CREATE INDEX t_e ON t USING hnsw (e vector_l2_ops);
	CREATE INDEX t_note ON t (note);
});

# Clients that come and go fill each other's pages of vectors.
my $pages = q{SELECT pg_relation_size('t_e') / current_setting('block_size')::int};
my $before = $node->safe_psql('postgres', $pages);
$node->safe_psql('postgres', "INSERT INTO t (note, e) VALUES (0, test_vector(3, $_, 32))") for 1 .. 12;
cmp_ok($node->safe_psql('postgres', $pages) - $before, '<=', 4, 'few pages for few rows of many clients');

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('shared_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# Clients that update other columns, copy rows, remove copies, and vacuum.
my %scripts = (
	"\\set i random(1, 600)\nUPDATE t SET note = note + 1 WHERE id = :i;" => 6,
	"\\set i random(1, 20)\nINSERT INTO t (note, e) VALUES (1, test_vector(1, :i, 32));" => 6,
	"\\set i random(1, 1000000)\nINSERT INTO t (note, e) VALUES (1, test_vector(2, :i, 32));" => 2,
	"\\set i random(1, 20)\nDELETE FROM t WHERE id > 600 AND note = 1 AND id % 20 = :i - 1;" => 1,
	"VACUUM t;" => 1);

for my $round (1 .. 2)
{
	my $clients = start_clients($node, 4, 120, $seed + $round, %scripts);

	finish_clients($clients, "round $round");
	indexes_are_sound($node, "round $round");
	index_agrees($node, "round $round", table => 't', operator => '<->', dims => 32, queries => 5, limit => 200);

	# a crash without a checkpoint replays all of the records
	$node->stop('immediate');
	$node->start;
	indexes_are_sound($node, "after crash $round");
	index_agrees($node, "after crash $round", table => 't', operator => '<->', dims => 32, queries => 5, limit => 200);
}

$node->wait_for_catchup($standby);
is(distances($standby, table => 't', operator => '<->', dims => 32, queries => 5, limit => 200, index => 1),
	distances($node, table => 't', operator => '<->', dims => 32, queries => 5, limit => 200, index => 0),
	'a standby returns the rows of the primary');
indexes_are_sound($standby, 'standby');

# Crashes in the midst of it: what was committed is there, and the index is sound.
for my $round (3 .. 4)
{
	my $clients = start_clients($node, 4, 100000, $seed + $round, %scripts);

	$node->poll_query_until('postgres', "SELECT sum(n_tup_upd + n_tup_ins) > 0 FROM pg_stat_user_tables");
	$node->safe_psql('postgres', 'SELECT pg_sleep(1)');
	$node->stop('immediate');
	eval { IPC::Run::finish($clients->{handle}) };
	$node->start;
	indexes_are_sound($node, "after crash $round");
	index_agrees($node, "after crash $round", table => 't', operator => '<->', dims => 32, queries => 5, limit => 200);
	$node->safe_psql('postgres', 'VACUUM t');
	indexes_are_sound($node, "vacuumed after crash $round");
}

$standby->stop;
$node->stop;
done_testing();
