# VectorxTest.pm
#
# What the TAP tests share: servers with the extension, seeded vectors, clients
# that write at once, and the checks that end every test.

package VectorxTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(new_server add_helpers start_clients finish_clients
  indexes_are_sound index_agrees every_row_finds_itself distances);

# A running server with the extension and the helpers in database postgres.
# Further arguments are lines of its configuration.
sub new_server
{
	my ($name, @configuration) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', join("\n", 'autovacuum = off',
		'max_wal_size = 1GB', 'wal_level = replica', 'wal_keep_size = 1GB', @configuration, ''));
	$node->start;
	add_helpers($node, 'postgres');
	return $node;
}

# test_vector(seed, i, dims) is vector i of a sequence, components in [0, 1).
sub add_helpers
{
	my ($node, $database) = @_;

	$node->safe_psql($database, q{
		CREATE EXTENSION IF NOT EXISTS vectorx;
		CREATE FUNCTION test_vector(seed bigint, i bigint, dims int) RETURNS vector
		LANGUAGE sql IMMUTABLE AS $$
			SELECT ARRAY(SELECT (hashint8extended(i * 65536 + j, seed) & 16777215)::float8 / 16777216
						 FROM generate_series(1, dims) j)::vector
		$$;
	});
}

# Starts pgbench in the background: $clients clients that run the scripts (a
# hash of SQL text to weight) in random order, seeded, for at most $limit
# transactions each.
my $script_number = 0;

sub start_clients
{
	my ($node, $clients, $limit, $seed, %scripts) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir;
	my @files;
	my ($in, $out) = ('', '');

	for my $script (sort keys %scripts)
	{
		my $file = $folder . '/script_' . $script_number++;

		PostgreSQL::Test::Utils::append_to_file($file, $script . "\n");
		push @files, '-f', "$file\@$scripts{$script}";
	}
	my $handle = IPC::Run::start(
		[ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', $clients,
			'-j', 2, '-t', $limit, '--random-seed', $seed, @files, 'postgres' ],
		'<', \$in, '>', \$out, '2>&1', IPC::Run::timeout(120));
	return { handle => $handle, out => \$out };
}

# Waits for the clients of start_clients; fails the test if one of them met an error.
sub finish_clients
{
	my ($clients, $label) = @_;
	my $clean = IPC::Run::finish($clients->{handle});

	ok($clean, "$label: no errors") or diag(${ $clients->{out} });
	return;
}

# vectorx_check() of every index of a vector method of the database, heap against index as well.
sub indexes_are_sound
{
	my ($node, $label, $database) = @_;
	my $findings = $node->safe_psql($database // 'postgres', q{
		SELECT c.oid::regclass || ': ' || x::text
		FROM pg_class c, LATERAL vectorx_check(c.oid::regclass, true) x
		WHERE c.relam IN (SELECT oid FROM pg_am WHERE amname IN ('hnsw', 'ivfflat', 'diskann'))
			AND c.relkind = 'i' AND pg_relation_size(c.oid) > 0
		LIMIT 20});

	is($findings, '', "$label: vectorx_check() finds nothing");
	return;
}

# The distances of the nearest rows to random queries, through the index or not.
sub distances
{
	my ($node, %query) = @_;
	my $setting = $query{index} ? 'enable_seqscan' : 'enable_indexscan';

	return $node->safe_psql($query{database} // 'postgres', qq{
		SET $setting = off;
		SET hnsw.ef_search = } . ($query{ef} // 1000) . qq{;
		SELECT q, array_agg(d) FROM generate_series(1, $query{queries}) q,
			LATERAL (SELECT e $query{operator} test_vector(99, q, $query{dims}) AS d FROM $query{table}
				ORDER BY e $query{operator} test_vector(99, q, $query{dims}) LIMIT $query{limit}) n
		GROUP BY q ORDER BY q});
}

# Whether the index gives the rows that a sequential scan gives.
sub index_agrees
{
	my ($node, $label, %query) = @_;

	is(distances($node, %query, index => 1), distances($node, %query, index => 0),
		"$label: the index agrees with a sequential scan");
	return;
}

# Whether a search for each row's vector returns the row: nearly always at the
# default effort, always at the greatest.  Every $share-th row is tried.
sub every_row_finds_itself
{
	my ($node, $label, $table, $operator, $share) = @_;
	my $some = 'a.id % ' . ($share // 1) . ' = 0';
	my %lost;

	for my $ef (40, 1000)
	{
		$lost{$ef} = $node->safe_psql('postgres', qq{
			SET enable_seqscan = off;
			SET hnsw.ef_search = $ef;
			SELECT count(*), string_agg(a.id::text, ' ') FROM $table a
			WHERE $some AND NOT EXISTS (SELECT FROM (SELECT b.id FROM $table b ORDER BY b.e $operator a.e LIMIT 3) n
				WHERE n.id = a.id)});
	}
	my $rows = $node->safe_psql('postgres', "SELECT count(*) FROM $table a WHERE $some");

	my ($missed) = $lost{40} =~ /^(\d+)/;
	cmp_ok($missed, '<=', 0.005 * $rows, "$label: a search for a row finds it")
	  or diag("of $rows rows: $lost{40}");
	is($lost{1000}, '0|', "$label: a wide search for a row finds it");
	return;
}

1;
