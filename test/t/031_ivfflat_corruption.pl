# Damaged pages of ivfflat.
#
# As test/t/030_corruption.pl for graphs: many small indexes, each damaged in one way while the server is down. List
# pages, their links, the directory and added vectors are damaged by structure, all else at random.
# VECTORX_TEST_SEED and VECTORX_TEST_TRIALS repeat another run or make a long one.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DamageTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 31;
my $trials = $ENV{VECTORX_TEST_TRIALS} // 180;
my ($meta, $directory, $vectors, $added, $list) = (1, 7, 4, 5, 8);

srand($seed);
note "seed $seed, $trials trials";

sub block_of
{
	my ($file, $kind, $condition) = @_;
	return block_where($file, sub { kind($file, $_[0]) == $kind && (!$condition || $condition->($_[0] * $page_size)) });
}

# Where the arrays of a list page begin; the layout of src/storage/list_page.h.
sub layout
{
	my ($file) = @_;
	my ($row, $vector) = (u32($file, $header + 24), u32($file, $header + 32));
	my %at;

	my $lay = sub {
		my ($n) = @_;
		my $end = $header + 32;
		%at = (n => $n, blocks => $end, row => $row);
		$at{tid} = $end + ($vector ? 4 * $n : 0);
		$at{state} = $at{tid} + 6 * $n;
		$at{strips} = $at{state} + $n;
		my $aligned = int(($at{strips} + 63) / 64) * 64;
		$at{strips} = $aligned if $aligned + $n * $row <= $special;
		return $at{strips} + $n * $row;
	};
	my $n = int(($special - $header) / ($row + 7));
	$n-- while $lay->($n) > $special;
	$lay->($n - $n % 16);
	return \%at;
}

# A list page with a live slot, where it begins in the file, and the slot.
sub live_place
{
	my ($file) = @_;
	my $at = layout($file);
	my $live = sub { grep { ord(substr($$file, $_[0] + $at->{state} + $_, 1)) == 1 } 0 .. u16($file, $_[0] + $special + 8) - 1 };
	my $block = block_of($file, $list, sub { scalar $live->($_[0]) });
	return ($block, $block * $page_size, random_of($live->($block * $page_size)), $at);
}

sub put
{
	my ($file, $width, $place, $value, $what) = @_;
	my $same = ($width == 2 ? u16($file, $place) : u32($file, $place)) == $value;

	$width == 2 ? put16($file, $place, $value) : put32($file, $place, $value);
	return ($same ? '~' : '') . "$what: $value";
}

my %damages = (
	%generic_damages,
	special => sub {
		my ($file) = @_;
		my $block = random_of(block_of($file, $list), block_of($file, $directory), block_of($file, $added));
		my $at = 2 * int rand 8;
		my $base = $block * $page_size + $special;
		my $said = put($file, 2, $base + $at, random_of(0, 1, 0xFFFF, int rand 65536, int rand 100), "special area of block $block, byte $at");

		# where no vectors were built it says nothing where they begin; and whether a page was empty is a hint
		return $at < 6 && u16($file, $base + 6) == 0 || $at == 12 && u16($file, $base + 12) <= 1 ? "~$said" : $said;
	},
	meta => sub {
		my ($file) = @_;
		my $at = 2 * int rand 26;
		my $before = u16($file, $header + $at);
		my $said = put($file, 2, $header + $at, random_of(0, 1, 0xFFFF, int rand 65536, int rand 20), "metapage, byte $at");

		# byte 51 has no meaning
		return $at == 50 && (u16($file, $header + $at) ^ $before) < 256 && (u16($file, $header + $at) & 255) == ($before & 255) ? "~$said" : $said;
	},
	next => sub {
		my ($file) = @_;
		my $block = block_of($file, $list);
		my $value = random_of($block, block_of($file, $list), 0, blocks($file), 0xFFFFFFF0, block_of($file, $directory));
		my $at = random_of(8, 12);
		my $is_last = u32($file, $block * $page_size + $header + 8) == 0xFFFFFFFF;
		my $said = put($file, 4, $block * $page_size + $header + $at, $value, "block $block goes on, byte $at");

		# behind the last page there is no sequence number
		return $at == 12 && $is_last ? "~$said" : $said;
	},
	begin => sub {
		my ($file) = @_;
		my $block = block_of($file, $list, sub { u32($file, $_[0] + $header + 4) == 0 });
		my $value = random_of(0, blocks($file), 0xFFFFFFF0, block_of($file, $directory), block_of($file, $added));
		return put($file, 4, $block * $page_size + $header + 16, $value, "block $block, where inserts begin");
	},
	number => sub {
		my ($file) = @_;
		my $block = block_of($file, $list);
		return put($file, 4, $block * $page_size + $header + random_of(0, 4), random_of(0, 1, 2, 3, 500, 0xFFFFFFFF), "list or sequence of block $block");
	},
	retired => sub {
		my ($file) = @_;
		my $block = block_of($file, $list);
		return put($file, 4, $block * $page_size + $header + 24, random_of(1, 700, 0xFFFFFFFF), "block $block retired");
	},
	head => sub {
		my ($file) = @_;
		my $block = block_of($file, $directory);
		my $entry = int rand 4;
		my $value = random_of(0, $block, blocks($file), 0xFFFFFFFF, block_of($file, $list), block_of($file, $added));
		return put($file, 4, $block * $page_size + $header + 4 * $entry, $value, "first page of list $entry");
	},
	centre => sub {
		my ($file) = @_;
		my $block = block_of($file, $directory);
		my $bytes = u32($file, $header + 28);
		my $per_page = int(($special - $header) / ($bytes + 4));
		my $at = int rand 20;
		my $byte = $block * $page_size + $header + 4 * $per_page + $bytes * int(rand 4) + $at;
		substr($$file, $byte, 1) = chr(ord(substr($$file, $byte, 1)) ^ 0x60);
		return "centre, byte $at";
	},
	place => sub {
		my ($file) = @_;
		my ($block, $page, $slot, $at) = live_place($file);
		my $said = put($file, 4, $page + $at->{blocks} + 4 * $slot,
			random_of($block, 0, blocks($file), 0xFFFFFFF0, block_of($file, $vectors)), "block $block slot $slot has its vector on page");

		# vectors of the build lie elsewhere
		return $slot < u16($file, $page + $special + 6) ? "~$said" : $said;
	},
	owner => sub {
		my ($file) = @_;
		my $block = block_of($file, $added);
		my $at = random_of(0, 2, 4);
		return put($file, 2, $block * $page_size + $special - 8 + $at, random_of(0, 1, 0xFFFF, int rand 65536), "block $block owner byte $at");
	},
	tid => sub {
		my ($file) = @_;
		my ($block, $page, $slot, $at) = live_place($file);
		my (undef, $other, $another) = live_place($file);
		my $before = substr($$file, $page + $at->{tid} + 6 * $slot, 6);
		substr($$file, $page + $at->{tid} + 6 * $slot, 6) =
		  random_of("\0" x 6, "\xFF" x 6, pack('SSS', 0, 60000, 1), substr($$file, $other + $at->{tid} + 6 * $another, 6));
		return "block $block slot $slot heap TID";
	},
	state => sub {
		my ($file) = @_;
		my ($block, $page, $slot, $at) = live_place($file);
		substr($$file, $page + $at->{state} + $slot, 1) = chr random_of(0, 2, 3, 255);
		return "block $block slot $slot state";
	},
	code => sub {
		my ($file) = @_;
		my ($block, $page, $slot, $at) = live_place($file);
		my $strip = $page + $at->{strips} + int($slot / 16) * 16 * $at->{row};
		my $byte = int rand($at->{row} - 12);
		substr($$file, $strip + 16 * $byte + $slot % 16, 1) = chr(ord(substr($$file, $strip + 16 * $byte + $slot % 16, 1)) ^ 0xFF);
		return "block $block slot $slot code, byte $byte";
	},
	factor => sub {
		my ($file) = @_;
		my ($block, $page, $slot, $at) = live_place($file);
		my $factors = $page + $at->{strips} + int($slot / 16) * 16 * $at->{row} + 16 * ($at->{row} - 12);
		my $which = int rand 3;
		put32($file, $factors + 64 * $which + 4 * ($slot % 16), random_of(0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF));
		return "block $block slot $slot factor $which";
	},
	vector => sub {
		my ($file) = @_;
		my $block = random_of(block_of($file, $vectors), block_of($file, $added));
		my $at = int rand 1500;
		put32($file, $block * $page_size + $header + $at * 4, random_of(0x7FC00000, 0x7F800000, 0x7F7FFFFF));
		return "~block $block float $at";
	});

my $node = damage_server('ivfflat_corruption');

# Lists of several pages, vectors of the build and of inserts, live and dead slots
my @names = map { "t$_" } 1 .. $trials;
my @metrics = ([ 'l2', '<->' ], [ 'ip', '<#>' ], [ 'cosine', '<=>' ]);
my %metric = (sound => $metrics[0], map { $names[$_] => $metrics[$_ % @metrics] } 0 .. $#names);
$node->safe_psql('postgres', join '', map {
	"CREATE TABLE $_ AS SELECT * FROM source WHERE id <= 500; CREATE INDEX ${_}_v ON $_ USING ivfflat (v vector_$metric{$_}[0]_ops) WITH (lists = 4);
	INSERT INTO $_ SELECT s.id, s.v FROM source s WHERE id > 500; INSERT INTO $_ SELECT s.id, s.v FROM source s, generate_series(1, 250) WHERE s.id = 4; DELETE FROM $_ WHERE id % 9 = 0;\n" } @names, 'sound');
$node->safe_psql('postgres', join '', map { "VACUUM $_;\n" } @names, 'sound');
is($node->safe_psql('postgres', join '', map { "SELECT * FROM vectorx_check('${_}_v', true);\n" } @names[0 .. 9], 'sound'),
	'', 'indexes are sound before the damage');

my $path = damage_paths($node);
$node->stop;
srand($seed);	# making a server takes a varying number of draws
my $done = damage_all($node, $path, \%damages, @names);
$node->start;
use_damaged($node, 'SET ivfflat.probes = 4', { map { $_ => $metric{$_}[1] } keys %metric }, $done);
$node->stop;
done_testing();
