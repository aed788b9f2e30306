# Clients that write one index at once, with VACUUM and CREATE INDEX
# CONCURRENTLY among them: no errors, no row lost.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $seed = $ENV{VECTORX_TEST_SEED} // 22;

note("seed $seed");
my $node = new_server('concurrency', 'shared_buffers = 4MB');

$node->safe_psql('postgres', q{
	CREATE TABLE t (id int PRIMARY KEY, e vector(40), note int DEFAULT 0);
	CREATE TABLE s (id int PRIMARY KEY, e vector(3));
	CREATE INDEX t_l2 ON t USING hnsw (e vector_l2_ops);
	CREATE INDEX s_l2 ON s USING hnsw (e vector_l2_ops);
	CREATE SEQUENCE ids;
});

# eight clients fill empty indexes
finish_clients(start_clients($node, 8, 150, $seed,
		q{INSERT INTO t SELECT i, test_vector(1, i, 40) FROM nextval('ids') i} => 1,
		q{INSERT INTO s SELECT i, test_vector(1, i, 3) FROM nextval('ids') i} => 1), 'inserts');
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM s)'), 1200, 'all rows are in');
indexes_are_sound($node, 'inserts');
every_row_finds_itself($node, 'inserts, codes', 't', '<->');
every_row_finds_itself($node, 'inserts, raw', 's', '<->');
index_agrees($node, 'inserts', table => 't', operator => '<->', dims => 40, queries => 10, limit => 20);

# as many insert equal rows: all of them come back
$node->safe_psql('postgres', q{
	CREATE TABLE d (id int PRIMARY KEY, e vector(20));
	CREATE INDEX d_l2 ON d USING hnsw (e vector_l2_ops)});
finish_clients(start_clients($node, 8, 50, $seed,
		q{INSERT INTO d SELECT i, test_vector(1, i % 3, 20) FROM nextval('ids') i} => 1), 'equal rows');
indexes_are_sound($node, 'equal rows');
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SET hnsw.ef_search = 1000;
		SELECT count(DISTINCT id) FROM (SELECT id FROM d ORDER BY e <-> test_vector(1, 1, 20) LIMIT 1000) n}), 400, 'equal rows: all come back');

# everything at once: no error, whoever meets whom
my $vacuum = start_clients($node, 1, 40, $seed, q{VACUUM t, s} => 1);
my $readers = start_clients($node, 2, 300, $seed,
	q{\set i random(1, 5000)
		SET enable_seqscan = off;
		SELECT id FROM t ORDER BY e <-> test_vector(5, :i, 40) LIMIT 10;} => 2,
	q{\set i random(1, 5000)
		SET enable_seqscan = off;
		SELECT count(*) FROM (SELECT id FROM s ORDER BY e <-> test_vector(5, :i, 3) LIMIT 200) n;} => 1);
my $writers = start_clients($node, 5, 200, $seed,
	q{INSERT INTO t SELECT i, test_vector(1, i, 40) FROM nextval('ids') i} => 4,
	q{INSERT INTO s SELECT i, test_vector(1, i, 3) FROM nextval('ids') i} => 4,
	q{\set i random(1, 2000)
		DELETE FROM t WHERE id BETWEEN :i AND :i + 2} => 2,
	q{\set i random(1, 2000)
		DELETE FROM s WHERE id BETWEEN :i AND :i + 2} => 2,
	q{\set i random(1, 2000)
		UPDATE t SET note = note + 1, e = test_vector(2, id + note, 40) WHERE id = :i} => 2,
	q{\set i random(1, 2000)
		BEGIN;
		INSERT INTO t SELECT i, test_vector(3, i, 40) FROM nextval('ids') i;
		DELETE FROM t WHERE id = :i;
		ROLLBACK;} => 1);
# two indexes are made meanwhile
$node->safe_psql('postgres', 'CREATE INDEX CONCURRENTLY t_cosine ON t USING hnsw (e vector_cosine_ops)');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY s_l2');
finish_clients($writers, 'writers');
finish_clients($readers, 'readers');
finish_clients($vacuum, 'vacuum');

is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}), 0, 'all indexes are valid');
indexes_are_sound($node, 'everything at once');
index_agrees($node, 'everything at once, l2', table => 't', operator => '<->', dims => 40, queries => 10, limit => 20);
index_agrees($node, 'built meanwhile, cosine', table => 't', operator => '<=>', dims => 40, queries => 10, limit => 20);
index_agrees($node, 'rebuilt meanwhile', table => 's', operator => '<->', dims => 3, queries => 10, limit => 50);
every_row_finds_itself($node, 'everything at once', 't', '<->', 3);
$node->safe_psql('postgres', 'VACUUM t, s');
indexes_are_sound($node, 'after the last VACUUM');
index_agrees($node, 'after the last VACUUM', table => 't', operator => '<->', dims => 40, queries => 10, limit => 20);

$node->stop;
done_testing();
