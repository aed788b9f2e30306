# Damaged and foreign index pages.
#
# Builds many small indexes, stops the server, damages each in one way with a seeded generator, starts the server
# and lets every index be checked, scanned, inserted into and vacuumed. Nothing may crash or hang; every error has
# to be one that says "corrupted" and names index and block, and vectorx_check() has to see all damage to what the
# graph relies on. VECTORX_TEST_SEED and VECTORX_TEST_TRIALS repeat another run or make a long one.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DamageTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 30;
my $trials = $ENV{VECTORX_TEST_TRIALS} // 240;
my $diskann_trials = int($trials / 4);

srand($seed);
note "seed $seed, $trials trials of hnsw, $diskann_trials of diskann";

# From the metapage: edges of a slot, bytes of a code, and of the vector or refine code of a slot.
sub degree { return u16($_[0], $header + 20); }
sub code_bytes { return u32($_[0], $header + 12); }
sub vector_bytes { return u32($_[0], $header + 16); }
sub has_refine_codes { return u32($_[0], $header + 56) > 0; }

sub graph_block
{
	my ($file, $on_upper) = @_;
	return block_where($file, sub { kind($file, $_[0]) == 3 && (layer($file, $_[0]) > 0) == ($on_upper // 0) });
}

# Where the arrays of a graph page begin; the layout of src/storage/graph_page.h.
sub layout
{
	my ($file, $upper) = @_;
	my $contents = $special - $header;
	my $m = degree($file);
	my $code = code_bytes($file);
	my $places = $upper ? 0 : vector_bytes($file) > 0;
	my %at;

	for (my $n = int($contents / ($code + 4 * $m + 19));; $n--)
	{
		%at = (n => $n, chain => $header, place => $header + ($upper ? 0 : 8));
		$at{down} = $at{place} + ($places ? 4 * $n : 0);
		$at{add} = $at{down} + ($upper ? 4 * $n : 0);
		$at{scale} = $at{add} + 4 * $n;
		$at{error} = $at{scale} + 4 * $n;
		$at{edges} = $at{error} + 4 * $n;
		$at{tid} = $at{edges} + 4 * $m * $n;
		$at{state} = $at{tid} + 6 * $n;
		$at{code} = $at{state} + $n;
		my $aligned = int(($at{code} + 63) / 64) * 64;
		$at{code} = $aligned if $aligned + $n * $code <= $special;
		last if $at{code} + $n * $code <= $special;
	}
	return \%at;
}

# A slot of a graph page in which the state is "live", not "dead" or "shared".
sub live_slot
{
	my ($file, $block, $at) = @_;
	my @live = grep { ord(substr($$file, $block * $page_size + $at->{state} + $_, 1)) == 1 } 0 .. used($file, $block) - 1;
	return @live ? random_of(@live) : 0;
}

# ---- damages: each changes the file and returns what it did; those that vectorx_check() may not see begin with "~" ----

my %damages = (
	%generic_damages,
	special => sub {
		my ($file) = @_;
		my $block = random_of(graph_block($file), graph_block($file, 1), int rand blocks($file));
		my $at = 2 * int rand 8;
		my $value = random_of(0, 1, 0xFFFF, int rand 65536, int rand 100);
		my $same = u16($file, $block * $page_size + $special + $at) == $value;
		put16($file, $block * $page_size + $special + $at, $value);
		return ($same ? '~' : '') . "special area of block $block, byte $at: $value";
	},
	meta => sub {
		my ($file) = @_;
		my $at = 2 * int rand 72;
		my $value = random_of(0, 1, 0xFFFF, int rand 65536, int rand 20);
		my $same = u16($file, $header + $at) == $value;
		put16($file, $header + $at, $value);
		return ($same ? '~' : '') . "metapage, byte $at: $value";
	},
	edge => sub {
		my ($file) = @_;
		my $block = graph_block($file, rand() < 0.2);
		my $at = layout($file, layer($file, $block));
		my $slot = live_slot($file, $block, $at);
		my $edge = random_of($block, $block | 0x80000000, blocks($file) + 5, 0x7FFFFFFE, 0, int(rand 2**31));
		put32($file, $block * $page_size + $at->{edges} + 4 * degree($file) * $slot, $edge);
		return ($block == 0 ? '~' : '') . "block $block slot $slot edge $edge";
	},
	factor => sub {
		my ($file) = @_;
		my $block = graph_block($file, rand() < 0.2);
		my $at = layout($file, layer($file, $block));
		my $slot = live_slot($file, $block, $at);
		my $which = random_of('add', 'scale', 'error');
		my $bits = random_of(0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x7F7FFFFF);
		put32($file, $block * $page_size + $at->{$which} + 4 * $slot, $bits);
		# what is finite is seen where there are vectors to compare with
		my $finite = $bits == 0x7F7FFFFF && layer($file, $block) > 0;
		return ($block == 0 || $finite ? '~' : '') .
		  sprintf('block %d slot %d %s %08x', $block, $slot, $which, $bits);
	},
	down => sub {
		my ($file) = @_;
		my $block = graph_block($file, 1);
		my $at = layout($file, 1);
		my $slot = live_slot($file, $block, $at);
		my $down = random_of(0, $block, 0xFFFFFFFF, blocks($file), int rand blocks($file));
		my $same = $block == 0 || $down == u32($file, $block * $page_size + $at->{down} + 4 * $slot);
		put32($file, $block * $page_size + $at->{down} + 4 * $slot, $down);
		return ($same ? '~' : '') . "block $block slot $slot down $down";
	},
	place => sub {
		my ($file) = @_;
		my $block = graph_block($file);
		my $at = layout($file, 0);
		my $slot = int rand $at->{n};
		my $target = random_of($block, graph_block($file), 0, blocks($file), 0xFFFFFFF0, block_where($file, sub { kind($file, $_[0]) == 5 }));
		my $same = $target == u32($file, $block * $page_size + $at->{place} + 4 * $slot);
		put32($file, $block * $page_size + $at->{place} + 4 * $slot, $target);
		return ($same ? '~' : '') . "block $block slot $slot has its vector on page $target";
	},
	owner => sub {
		my ($file) = @_;
		my $block = block_where($file, sub { kind($file, $_[0]) == 5 });
		my $value = random_of(0, 1, 0xFFFF, int rand 65536, int rand 40);
		my $at = random_of(0, 2, 4);
		my $same = u16($file, $block * $page_size + $special - 8 + $at) == $value;
		put16($file, $block * $page_size + $special - 8 + $at, $value);
		return ($same ? '~' : '') . "block $block owner byte $at: $value";
	},
	fill => sub {
		my ($file) = @_;
		my $block = random_of(graph_block($file), graph_block($file, 1), int rand blocks($file));
		my $at = random_of(12, 14, 16);
		my $value = random_of(0, 1, 23, 24, 8176, 8184, 0xFFFF, u16($file, $block * $page_size + $at) + random_of(-8, -1, 1, 8));
		my $same = u16($file, $block * $page_size + $at) == $value;

		# entries that come or go at the end are told by what is in them
		$same ||= $at == 14 && kind($file, $block) != 5;
		put16($file, $block * $page_size + $at, $value);
		return ($same ? '~' : '') . "block $block header byte $at: $value";
	},
	further => sub {
		my ($file) = @_;
		my $block = block_where($file, sub { kind($file, $_[0]) == 3 && u16($file, $_[0] * $page_size + 14) < $special });
		return '~no further heap TIDs' if $block == 0;
		my $at = $block * $page_size + u16($file, $block * $page_size + 14);
		my $lone = live_slot($file, $block, layout($file, 0));
		if (random_of(0, 1)) { put16($file, $at + 6, random_of($lone, 0xFFFF, 1000)); }
		else { substr($$file, $at, 6) = random_of("\0" x 6, "\xFF" x 6, pack('SSS', 0, 60000, 1)); }
		return ($lone == 0 ? '~' : '') . "block $block further heap TID";
	},
	chain => sub {
		my ($file) = @_;
		my $block = graph_block($file);
		my $value = random_of($block, graph_block($file), 0, blocks($file), 0xFFFFFFF0, block_where($file, sub { kind($file, $_[0]) == 5 }));
		put32($file, $block * $page_size + $header + random_of(0, 4), $value);
		return "block $block chain of heap TIDs $value";
	},
	link => sub {
		my ($file) = @_;
		my $block = block_where($file, sub { kind($file, $_[0]) == 6 });
		my $at = random_of(0, 4);
		my $value = random_of($block, 0, blocks($file), graph_block($file), int(rand blocks($file)));
		my $same = $value == u32($file, $block * $page_size + $header + $at);
		put32($file, $block * $page_size + $header + $at, $value);
		return ($same ? '~' : '') . "block $block link byte $at: $value";
	},
	tid => sub {
		my ($file) = @_;
		my $block = graph_block($file);
		my $at = layout($file, 0);
		my $slot = live_slot($file, $block, $at);
		substr($$file, $block * $page_size + $at->{tid} + 6 * $slot, 6) =
		  random_of("\0" x 6, "\xFF" x 6, pack('SSS', 0, 60000, 1), substr($$file, $block * $page_size + $at->{tid} + 6 * (($slot + 1) % used($file, $block)), 6));
		my $live = ord(substr($$file, $block * $page_size + $at->{state} + $slot, 1)) == 1;
		return ($live ? '' : '~') . "block $block slot $slot heap TID";
	},
	state => sub {
		my ($file) = @_;
		my $block = graph_block($file);
		my $at = layout($file, 0);
		my $slot = live_slot($file, $block, $at);
		substr($$file, $block * $page_size + $at->{state} + $slot, 1) = chr random_of(0, 2, 4, 255);
		return "block $block slot $slot state";
	},
	vector => sub {
		my ($file) = @_;
		my $block = block_where($file, sub { kind($file, $_[0]) == 4 });
		my $at = int rand 1500;
		substr($$file, $block * $page_size + $header + $at * 4, 4) = pack 'L', random_of(0x7FC00000, 0x7F800000, 0x7F7FFFFF);
		return "~block $block float $at";
	},
	hole => sub {
		my ($file) = @_;
		my $block = block_where($file, sub { my $at = $_[0] * $page_size; u16($file, $at + 12) < u16($file, $at + 14) });
		my $lower = u16($file, $block * $page_size + 12);
		my $at = $lower + int rand(u16($file, $block * $page_size + 14) - $lower);
		substr($$file, $block * $page_size + $at, 1) = chr(1 + int rand 255) if $block > 0;
		return ($block == 0 ? '~' : '') . "block $block, hole, byte $at";
	},
	code => sub {
		my ($file) = @_;
		my $block = graph_block($file);
		my $at = layout($file, 0);
		my $slot = live_slot($file, $block, $at);
		my $byte = $block * $page_size + $at->{code} + $slot * code_bytes($file) + int rand code_bytes($file);
		substr($$file, $byte, 1) = chr(ord(substr($$file, $byte, 1)) ^ 0x28);
		return "block $block slot $slot code";
	},
	refine => sub {
		my ($file) = @_;
		my $bytes = vector_bytes($file);
		return '~no refine codes' if !has_refine_codes($file) || $bytes == 0;

		# the factors of a refine code are its last 12 bytes; one that an insert added begins at a whole multiple of its length
		my $added = block_where($file, sub { kind($file, $_[0]) == 5 });
		my $entries = int((u16($file, $added * $page_size + 12) - $header) / $bytes);
		return '~no added refine code' if $added == 0 || $entries < 1;
		my $at = $added * $page_size + $header + $bytes * int(rand $entries) + $bytes - 12 + 4 * int rand 3;
		my $bits = random_of(0x7F800000, 0xFF800000, 0x7FC00000, 0xBF800000);
		put32($file, $at, $bits);
		return sprintf('block %d refine factor at %d: %08x', $added, $at % $page_size, $bits);
	});

# ---- build, damage ----

my $node = damage_server('corruption');

# Every index has pages of all kinds: two layers, vectors of the build and of inserts, live and dead slots, and more
# copies of a row than its page has room for.
my @names = ((map { "t$_" } 1 .. $trials), (map { "disk$_" } 1 .. $diskann_trials));
my @metrics = ([ 'l2', '<->' ], [ 'ip', '<#>' ], [ 'cosine', '<=>' ], [ 'l1', '<+>' ]);
my %metric = (sound => $metrics[0], sound_disk => $metrics[0], foreign_file => $metrics[0],
	map { $names[$_] => $metrics[$_ % ($names[$_] =~ /disk/ ? 3 : @metrics)] } 0 .. $#names);

sub index_of
{
	my ($name) = @_;
	my $column = "(v vector_$metric{$name}[0]_ops)";
	return $name =~ /disk/ ? "diskann $column WITH (max_neighbors = 20, l_value_ib = 24)" : "hnsw $column WITH (m = 8, ef_construction = 24)";
}
$node->safe_psql('postgres', join '', map {
	"CREATE TABLE $_ AS SELECT * FROM source WHERE id <= 500; CREATE INDEX ${_}_v ON $_ USING " . index_of($_) . ";\n"
} @names, 'foreign_file', 'sound', 'sound_disk');
$node->safe_psql('postgres', q{
CREATE TABLE terms AS SELECT i AS id, format('{%s:1,%s:2}/900', i, 1 + i % 50)::sparsevec(900) AS v FROM generate_series(1, 800) i;
CREATE INDEX terms_v ON terms USING hnsw (v sparsevec_l2_ops);
CREATE TABLE lists AS SELECT * FROM source;
CREATE INDEX lists_v ON lists USING ivfflat (v vector_l2_ops) WITH (lists = 4);
});
$node->safe_psql('postgres', join '', map { "INSERT INTO $_ SELECT * FROM source WHERE id BETWEEN 501 AND 600; INSERT INTO $_ SELECT s.id, s.v FROM source s, generate_series(1, 60) WHERE s.id IN (4, 5); DELETE FROM $_ WHERE id % 9 = 0;\n" } @names, 'sound', 'sound_disk');
$node->safe_psql('postgres', join '', map { "VACUUM $_;\n" } @names, 'sound', 'sound_disk');
is($node->safe_psql('postgres', join '', map { "SELECT * FROM vectorx_check('${_}_v', true);\n" } @names[0 .. 9, -3 .. -1], 'sound', 'sound_disk'),
	'', 'indexes are sound before the damage');

my $path = damage_paths($node);
$node->stop;

srand($seed);	# making a server takes a varying number of draws
my $done = damage_all($node, $path, \%damages, @names);
$done->{$_} = index_of($_) . ", $done->{$_}" for @names;

# the directory of sparse vectors: entries that name the metapage, or no page at all
change_file($node->data_dir . "/$path->{terms}", sub {
	my ($file) = @_;
	my ($changed, @to) = (0, 0, blocks($file) + 5, 0x7FFFFFFF);
	for my $block (grep { kind($file, $_) == 10 } 0 .. blocks($file) - 1)
	{
		for my $at (map { $block * $page_size + $header + 24 * $_ } 0 .. 338)
		{
			put32($file, $at, $to[ $changed++ % @to ]) if u32($file, $at) != 0xFFFFFFFF;
		}
	}
	return "$changed entries of the directory";
});
# the pages of lists of an ivfflat index, which become pages of another kind
change_file($node->data_dir . "/$path->{lists}", sub {
	my ($file) = @_;
	for my $block (grep { kind($file, $_) == 8 } 0 .. blocks($file) - 1)
	{
		substr($$file, $block * $page_size + $special + 10, 1) = chr 3;
	}
	return 'kind of all list pages';
});
change_file($node->data_dir . "/$path->{foreign_file}", sub { put32($_[0], $header, 0xA953A953); return ''; });

# ---- use ----

$node->start;
use_damaged($node, 'RESET hnsw.ef_search', { map { $_ => $metric{$_}[1] } keys %metric }, $done);

is($node->safe_psql('postgres', q{SELECT DISTINCT invariant FROM vectorx_check('terms_v')}), 'I16', 'vectorx_check() sees damage to a directory');
for my $statement ('SELECT id FROM terms ORDER BY v <-> (SELECT v FROM terms WHERE id = 3) LIMIT 1', q{INSERT INTO terms VALUES (1, '{1:1,2:2}/900')})
{
	my (undef, undef, $message) = $node->psql('postgres', "SET enable_seqscan = off; $statement");
	like($message, qr/index "terms_v" contains an invalid page at block \d+.*REINDEX INDEX/s, 'and so do those who follow it');
}

like($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT invariant, ' ' ORDER BY invariant) FROM vectorx_check('lists_v')}),
	qr/I3 I5/, 'vectorx_check() sees damage to lists');
for my $statement ('SELECT id FROM lists ORDER BY v <-> (SELECT v FROM source WHERE id = 3) LIMIT 1', 'INSERT INTO lists SELECT * FROM source LIMIT 1')
{
	my (undef, undef, $message) = $node->psql('postgres', "SET enable_seqscan = off; SET statement_timeout = '20s'; $statement");
	like($message, qr/index "lists_v" contains an invalid page at block \d+.*REINDEX INDEX/s, 'and who follows them gives up');
}

my ($failed, undef, $foreign) = $node->psql('postgres', 'SET enable_seqscan = off; SELECT id FROM foreign_file ORDER BY v <-> (SELECT v FROM source LIMIT 1) LIMIT 1');
like($foreign, qr/index "foreign_file_v" was built by pgvector.*REINDEX INDEX/s, 'a file of pgvector is recognised');
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT id FROM foreign_file ORDER BY v <-> (SELECT v FROM source LIMIT 1) LIMIT 1) AS nearest'),
	1, 'and does not stand in the way of a sequential scan');

$node->stop;
done_testing();
