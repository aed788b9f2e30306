# DamageTest.pm
#
# What the tests of damaged indexes share: the file of an index as a string that is changed, damages that do not
# depend on the access method, a server whose indexes are damaged while it is down, and what is expected of it then.

package DamageTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw($page_size $header $special random_of random_bytes u16 u32 put16 put32 blocks kind layer used
  block_where damage_server damage_paths change_file damage_all use_damaged %generic_damages);

our $page_size = 8192;
our $header = 24;
our $special = $page_size - 16;

sub random_of { return $_[int(rand(@_))]; }
sub random_bytes { return join '', map { chr int rand 256 } 1 .. $_[0]; }

# ---- the file of an index ----

sub u16 { return unpack 'S', substr(${ $_[0] }, $_[1], 2); }
sub u32 { return unpack 'L', substr(${ $_[0] }, $_[1], 4); }
sub put16 { substr(${ $_[0] }, $_[1], 2) = pack 'S', $_[2]; return; }
sub put32 { substr(${ $_[0] }, $_[1], 4) = pack 'L', $_[2]; return; }

sub blocks { return length(${ $_[0] }) / $page_size; }
sub kind { return ord substr(${ $_[0] }, $_[1] * $page_size + $special + 10, 1); }
sub layer { return ord substr(${ $_[0] }, $_[1] * $page_size + $special + 11, 1); }
sub used { return u16($_[0], $_[1] * $page_size + $special + 8); }

# A block for which the condition holds; block 0 if there is none, such as a page of an upper layer: the damage then
# says nothing.
sub block_where
{
	my ($file, $condition) = @_;
	my @matches = grep { $condition->($_) } 0 .. blocks($file) - 1;
	return @matches ? random_of(@matches) : 0;
}

# Damages: each changes the file and returns what it did; those that vectorx_check() may not see begin with "~".
our %generic_damages = (
	flip => sub {
		my ($file) = @_;
		my $at = int rand length $$file;
		my $count = 1 + int rand 4;
		for my $i (0 .. $count - 1)
		{
			my $byte = $at - $at % $page_size + ($at + $i) % $page_size;
			substr($$file, $byte, 1) = chr(ord(substr($$file, $byte, 1)) ^ (1 << int rand 8));
		}
		return "~$count bytes from $at";
	},
	zero => sub {
		my ($file) = @_;
		my $block = int rand blocks($file);
		substr($$file, $block * $page_size, $page_size) = "\0" x $page_size;
		return "block $block zeroed";
	},
	garbage => sub {
		my ($file) = @_;
		my $block = int rand blocks($file);
		substr($$file, $block * $page_size + $header, $special - $header) = random_bytes($special - $header);
		return kind($file, $block) == 2 ? "~block $block random" : "block $block random";
	},
	swap => sub {
		my ($file) = @_;
		my ($from, $to) = (int rand blocks($file), int rand blocks($file));
		substr($$file, $to * $page_size, $page_size) = substr($$file, $from * $page_size, $page_size);
		return ($from == $to ? '~' : '') . "block $from over block $to";
	},
	truncate => sub {
		my ($file) = @_;
		my $keep = int rand blocks($file);
		$$file = substr($$file, 0, $keep * $page_size);
		return "cut to $keep blocks";
	});

# A server without checksums, with a table of vectors and one of what statements say.
sub damage_server
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $major = `pg_config --version` =~ /(\d+)/ ? $1 : 15;
	$node->init(extra => $major >= 18 ? ['--no-data-checksums'] : []);
	$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\njit = off\n");
	$node->start;
	$node->safe_psql('postgres', q{
CREATE EXTENSION vectorx;
CREATE TABLE source AS SELECT i AS id, (SELECT array_agg(sin(i * j * 0.7 + cos(i * 1.3) * j)) FROM generate_series(1, 20) j)::vector(20) AS v
	FROM generate_series(1, 700) i;
CREATE TABLE outcome (trial text, step text, state text, message text, hint text);
CREATE TABLE finding (trial text, invariant text, problem text);
CREATE FUNCTION attempt(trial text, step text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
BEGIN
	BEGIN
		EXECUTE statement;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	END;
	INSERT INTO outcome VALUES (trial, step, coalesce(state, '00000'), message, hint);
END $$;
});
	return $node;
}

# The files of the indexes, which are called after their tables, by the tables' names.
sub damage_paths
{
	my ($node) = @_;

	return { map { split /\|/ } split /\n/,
		$node->safe_psql('postgres', q{SELECT left(relname, -2), pg_relation_filepath(oid) FROM pg_class WHERE relname ~ '_v$'}) };
}

# Changes the file of an index; returns what was done.
sub change_file
{
	my ($path, $change) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	my $file = do { local $/; <$in> };
	close $in;
	my $before = $file;
	my $description = $change->(\$file);
	$description = "~$description" if $file eq $before;
	open my $out, '>:raw', $path or die "$path: $!";
	print $out $file;
	close $out;
	return $description;
}

# Damages the indexes of the tables that are named, each in one way in turn; returns what was done by name.
sub damage_all
{
	my ($node, $paths, $damages, @names) = @_;
	my @kinds = sort keys %$damages;
	my %done;

	for my $i (0 .. $#names)
	{
		my $kind = $kinds[$i % @kinds];
		my $description = change_file($node->data_dir . "/$paths->{ $names[$i] }", $damages->{$kind});
		$done{ $names[$i] } = "$kind: $description";
	}
	return \%done;
}

# Checks, scans, fills and vacuums every index, those called sound as well; operators are by the names of the tables,
# and settings are made first.
# Nothing may crash or hang, every error has to name index and block, and vectorx_check() sees the damage.
sub use_damaged
{
	my ($node, $settings, $operators, $done) = @_;
	my @sound = grep { /^sound/ } sort keys %$operators;
	my @names = sort keys %$done;
	my $old_log = -s $node->logfile;
	my $script = "SET statement_timeout = '20s'; SET enable_seqscan = off; SET client_min_messages = error; $settings;\n";
	for my $name (@names, @sound)
	{
		my $scan = "SELECT count(*) FROM (SELECT id FROM $name ORDER BY v $operators->{$name} (SELECT v FROM source WHERE id = 333) LIMIT 250) s";
		$script .= "SELECT attempt('$name', 'check', \$\$INSERT INTO finding SELECT '$name', invariant, problem FROM vectorx_check('${name}_v', true)\$\$);\n";
		$script .= "SELECT attempt('$name', 'scan', \$\$$scan\$\$);\n";
		$script .= "SELECT attempt('$name', 'insert', \$\$INSERT INTO $name SELECT * FROM source WHERE id BETWEEN 601 AND 640\$\$);\n";
		$script .= "DELETE FROM $name WHERE id % 7 = 0;\n";
		$script .= "\\echo vacuum $name\nVACUUM $name;\n";
		$script .= "SELECT attempt('$name', 'rescan', \$\$$scan\$\$);\n";
	}
	my ($status, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\n$script", on_error_stop => 0, timeout => 600);
	is($status, 0, 'the session lives through all of it') or diag substr($errors, -2000);
	my $log = slurp_file($node->logfile, $old_log);
	unlike($log, qr/was terminated by signal|PANIC|TRAP:/, 'no backend crashed');
	unlike("$errors$log", qr/statement timeout/, 'nothing hangs');

	# Errors of VACUUM are in the output of psql, the others in the table.
	my @outcomes = map { [ split /\|/, $_, 5 ] } split /\n/,
	  $node->safe_psql('postgres', q{SELECT trial, step, state, translate(message, E'|\n', '  '), hint FROM outcome WHERE state <> '00000'});
	while ($errors =~ /ERROR: +(\w{5}): (.*)((?:\n(?!.*ERROR:).*)*)/g)
	{
		my ($state, $message, $rest) = ($1, $2, $3);
		my ($name) = $message =~ /"(\w+?)_v"/;
		push @outcomes, [ $name // '?', 'vacuum', $state, $message, $rest ];
	}

	my $unclear = 0;
	for my $outcome (@outcomes)
	{
		my ($name, $step, $state, $message, $hint) = @$outcome;
		my $clear =
		  $state eq 'XX002' ? $message =~ /index "\w+" .*block \d+/ && $hint =~ /REINDEX INDEX/
		  : $state eq 'XX001' ? $message =~ /block/
		  : 0;
		next if $clear;
		$unclear++;
		diag "$name ($done->{$name}), $step: $state $message";
	}
	is($unclear, 0, 'every error names index and block and the remedy');

	my %found = map { $_ => 1 } split /\n/,
	  $node->safe_psql('postgres', q{SELECT DISTINCT trial FROM finding UNION SELECT trial FROM outcome WHERE step = 'check' AND state <> '00000'});
	my @missed = grep { !$found{$_} && $done->{$_} !~ /: ~/ } @names;
	is(scalar @missed, 0, 'vectorx_check() sees the damage') or diag map { "$_ ($done->{$_})\n" } @missed;
	ok(!(grep { $found{$_} } @sound), 'and none where there is none');
	note sprintf '%d trials: %d damages seen by vectorx_check(), %d errors of statements', scalar keys %$done, scalar keys %found, scalar @outcomes;
	return;
}

1;
