#
# 010_symbols.pl
#	  Another library in the same backend must not capture our calls.
#
# The server loads libraries with global binding, so that a symbol of the first
# one loaded would satisfy a call in the second.  Here a library is loaded first
# that defines every function of vectorx under its own name, and the names that
# other vector extensions are likely to use; each of these ends the backend.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $libdir = `pg_config --pkglibdir`;
chomp $libdir;

my %names = map { $_ => 1 }
  qw(vector_in vector_out vector_add l2_distance cosine_distance hnswhandler InitVector);
foreach my $line (`nm --defined-only $libdir/vectorx.so`)
{
	my ($kind, $name) = $line =~ /^[0-9a-f]+ ([tT]) (\w+)$/ or next;
	$names{$name} = 1
	  unless $name =~ /^_|^(Pg_magic_func|de?register_tm_clones|frame_dummy)$|^pg_finfo_|^vx_/;
}
cmp_ok(scalar keys %names, '>', 100, 'vectorx.so has functions to capture');

# Two sources, because the server's headers define some of the names for themselves.
my $folder = PostgreSQL::Test::Utils::tempdir;
append_to_file("$folder/magic.c",
	"#include \"postgres.h\"\n#include \"fmgr.h\"\nPG_MODULE_MAGIC;\n");
append_to_file("$folder/capture.c",
	join('', "void abort(void);\n", map { "void $_(void) { abort(); }\n" } sort keys %names));
system_or_bail('cc', '-w', '-fno-builtin', '-fPIC', '-shared', "-I$ENV{PG_INCLUDE_SERVER}",
	'-D_GNU_SOURCE', '-o', "$folder/capture.so", "$folder/magic.c", "$folder/capture.c");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION vectorx');

my $load = "LOAD '$folder/capture.so';";
is($node->safe_psql('postgres', "$load SELECT '[1,2]'::vector <-> '[4,6]'"),
	'5', 'types and kernels answer with their own functions');
is( $node->safe_psql(
		'postgres', qq{
		$load
		CREATE TABLE item (id integer, embedding vector(3));
		INSERT INTO item SELECT i, ARRAY[i, i % 7, i % 5]::real[]::vector FROM generate_series(1, 500) i;
		CREATE INDEX ON item USING hnsw (embedding vector_l2_ops);
		SET enable_seqscan = off;
		SELECT id FROM item ORDER BY embedding <-> '[42,0,2]' LIMIT 1;}),
	'42',
	'so do building and searching an index');

$node->stop;
done_testing();
