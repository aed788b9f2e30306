# A standby that replays the changes of an index answers as the primary does,
# passes the same checks, and goes on alone after promotion.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 21;
my $rounds = 5;

note("seed $seed");

# every page that WAL changes is compared with the primary's image on replay
my $primary = new_server('primary', 'wal_consistency_checking = generic');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', q{
	CREATE TABLE t (id int PRIMARY KEY, e vector(40));
	CREATE TABLE s (id int PRIMARY KEY, e vector(3));
	CREATE INDEX s_cosine ON s USING hnsw (e vector_cosine_ops);
	INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(1, 400) i;
	CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
	CREATE INDEX t_ip ON t USING hnsw (e vector_ip_ops) WITH (m = 4, ef_construction = 8, fillfactor = 100);
	CREATE INDEX t_l1 ON t USING hnsw (e vector_l1_ops) WITH (code_bits = 8);
	CREATE TABLE empty (id int, e vector(40));
	CREATE INDEX empty_l2 ON empty USING hnsw (e vector_l2_ops);
	CREATE UNLOGGED TABLE u (id int, e vector(40));
	CREATE INDEX u_l2 ON u USING hnsw (e vector_l2_ops);
	INSERT INTO u SELECT i, test_vector(1, i, 40) FROM generate_series(1, 50) i;
});

my %wide = (table => 't', dims => 40, queries => 10, limit => 20);
my @searches = (
	{ %wide, operator => '<->' }, { %wide, operator => '<#>' }, { %wide, operator => '<+>' },
	# at the default effort results are approximate, but the same on both
	{ %wide, operator => '<->', ef => 40 }, { %wide, operator => '<#>', ef => 10 },
	{ table => 's', dims => 3, queries => 10, limit => 30, operator => '<=>' },
	{ table => 'empty', dims => 40, queries => 1, limit => 1, operator => '<->' });

sub compare
{
	my ($label) = @_;
	my ($here, $there) = ('', '');

	$primary->wait_for_catchup($standby);
	for my $search (@searches)
	{
		$here .= distances($primary, %$search, index => 1) . "\n";
		$there .= distances($standby, %$search, index => 1) . "\n";
	}
	is($there, $here, "$label: the standby answers as the primary");
	indexes_are_sound($standby, "$label, standby");
	return;
}

compare('build');
for my $round (1 .. $rounds)
{
	$primary->safe_psql('postgres', qq{
		DELETE FROM t WHERE hashint4extended(id, $seed + $round) & 3 = 0;
		DELETE FROM s WHERE hashint4extended(id, $seed + $round) & 3 = 0;
		VACUUM t, s;
		INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(1000 * $round, 1000 * $round + 149) i;
		INSERT INTO s SELECT i, test_vector(1, i, 3) FROM generate_series(1000 * $round, 1000 * $round + 399) i;
		UPDATE t SET e = test_vector(2, id, 40) WHERE id % 10 = $round;
		BEGIN;
		INSERT INTO t SELECT -i, test_vector(3, i, 40) FROM generate_series(1, 20) i;
		ROLLBACK;
		INSERT INTO empty SELECT i, test_vector(1, i, 40) FROM generate_series(1, $round) i;});
	$primary->safe_psql('postgres', 'CHECKPOINT') if $round == 2;
	$primary->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY t_l2') if $round == 3;
	compare("round $round");
}
indexes_are_sound($primary, 'primary');

# replay again, over pages that are already newer
$standby->stop('immediate');
$standby->start;
compare('standby restarted');

# promotion: the indexes are sound, unlogged ones empty, and all can be written
$primary->stop('immediate');
$standby->promote;
indexes_are_sound($standby, 'promoted');
$standby->safe_psql('postgres', q{
	INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(20001, 20200) i;
	DELETE FROM t WHERE id % 5 = 0;
	VACUUM t;
	INSERT INTO t SELECT i, test_vector(1, i, 40) FROM generate_series(30001, 30100) i;
	INSERT INTO u SELECT i, test_vector(1, i, 40) FROM generate_series(1, 20) i});
indexes_are_sound($standby, 'promoted and written');
index_agrees($standby, 'promoted, l2', %wide, operator => '<->');
index_agrees($standby, 'promoted, cosine', table => 's', dims => 3, queries => 10, limit => 30, operator => '<=>');
index_agrees($standby, 'promoted, unlogged', table => 'u', dims => 40, queries => 2, limit => 100, operator => '<->');

$standby->stop;
done_testing();
