# Statements of tutorials and of applications that follow them, each with its
# id: U (semantic search functions), A (performance guide), E (arrays and
# embedding), and those of D that 'plan_django' in test/sql has not.
#
# A28, A29, A30 and A31 are in 'plan_ivfflat' there; A33 calls a function of another
# extension, and its partitions are made by hand here.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorxTest;

my $node = new_server('tutorials');

plan skip_all => 'the extension vector is of another library'
  unless $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'vector' AND comment ~ 'vectorx'});
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(search posts guide arrays django);

sub sql { my ($database, @statements) = @_; return $node->safe_psql($database, join("\n", @statements)); }

sub error_of
{
	my ($database, $statement) = @_;
	my ($status, $out, $error) = $node->psql($database, "\\set VERBOSITY verbose\n$statement");
	return $error;
}
my $vectors = q{CREATE FUNCTION test_vector(seed bigint, i bigint, dims int) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY(SELECT (hashint8extended(i * 65536 + j, seed) & 16777215)::float8 / 16777216 - 0.4 FROM generate_series(1, dims) j)::vector $$;};
my $index_only = 'SET enable_seqscan = off; SET enable_sort = off;';

# ---- U: documents with embeddings, and functions that search them

my ($status, $out, $error);
for (1, 2)
{
	($status, $out, $error) = $node->psql('search', 'create extension if not exists vector;');
	is($status, 0, "U1: create extension, time $_");
}
like($error, qr/extension "vector" already exists, skipping/, 'U1: the second time a notice');
sql('search', q{create table if not exists documents (id serial primary key, content text not null, metadata jsonb, embedding vector(768));}, $vectors);
is(sql('search', q{SELECT format_type(atttypid, atttypmod), atttypmod FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attname = 'embedding'}), 'vector(768)|768', 'U2');
sql('search', q{INSERT INTO documents (content, metadata, embedding) SELECT 'text ' || i, jsonb_build_object('page', i), test_vector(1, i, 768) FROM generate_series(1, 600) i});
like(error_of('search', q{INSERT INTO documents (content, embedding) VALUES ('x', '[1,2]')}), qr/22000: expected 768 dimensions, not 2/, 'U15');
($status, $out, $error) = $node->psql('search', 'create index concurrently on documents using hnsw (embedding vector_cosine_ops);');
is("$status$error", '0', 'U3: concurrently, without a notice');
is(sql('search', q{SELECT indisvalid, indexrelid::regclass FROM pg_index WHERE indrelid = 'documents'::regclass AND NOT indisprimary}), 't|documents_embedding_idx', 'U3: valid');

my $match = q{create or replace function match_documents(query_embedding vector(768), match_threshold float default 0.0, match_count int default 10)
	returns table(id bigint, content text, metadata jsonb, similarity float) language sql stable as $$
	select d.id, d.content, d.metadata, 1 - (d.embedding <=> query_embedding) as similarity from documents d
	where 1 - (d.embedding <=> query_embedding) >= match_threshold
	order by d.embedding <=> query_embedding asc limit least(match_count, 200); $$;};
sql('search', $match);
is(sql('search', "SELECT count(*), min(similarity) >= $$_[1] FROM match_documents($$_[0])"), $$_[2], "U4: match_documents($$_[0])")
  for ([ 'test_vector(2, 1, 768)', 0, '10|t' ], [ 'test_vector(2, 1, 768), -1', -1, '10|t' ], [ 'test_vector(2, 1, 768), -1, 25', -1, '25|t' ]);
my $literal = sql('search', 'SELECT test_vector(2, 1, 768)');
like(sql('search', $index_only, "EXPLAIN (COSTS OFF) SELECT * FROM match_documents('$literal', -1, 10)"),
	qr/Subquery Scan on match_documents.*Limit.*Index Scan using documents_embedding_idx on documents d.*Order By.*Filter/s, 'U5: inlined, and by the index');
my $ranks = q{SELECT count(*), count(DISTINCT id), bool_and(similarity <= before) FROM (SELECT *, lag(similarity, 1, 2) OVER () AS before FROM match_documents('%s', %s, %s)) x};
is(sql('search', $index_only, sprintf($ranks, $literal, -1, 200)), '200|200|t', 'U6: 200 rows, in order');
my ($some) = sql('search', "SELECT 1 - (embedding <=> '$literal') FROM documents ORDER BY 1 DESC OFFSET 154 LIMIT 1");
is(sql('search', $index_only, "SELECT count(*) FROM match_documents('$literal', $some - 1e-9, 200)"), 155, 'U7: the threshold inside the scan');
is(sql('search', q{SELECT '[1,2,3]'::vector <#> '[4,5,6]', '[1,2]'::vector <-> '[4,6]', '[1,0]'::vector <=> '[0,1]'}), '-32|5|1', 'U8');
is(sql('search', q{select q, to_json(q) from json_to_record('{"q":[1, 2, 3e-5]}') as j(q vector(3)) union all select q, to_json(q) from json_to_record('{"q":"[1,2,3]"}') as j(q vector(3))}),
	qq([1,2,3e-05]|"[1,2,3e-05]"\n[1,2,3]|"[1,2,3]"), 'U14: arguments as JSON');

sql('posts', q{create schema extensions; create extension vector with schema extensions; ALTER DATABASE posts SET search_path = public, extensions;});
sql('posts', $vectors, q{
	create table if not exists posts (id uuid primary key, title text not null, content text not null);
	create table if not exists documents (id bigserial primary key, post_id uuid not null references posts(id) on delete cascade, chunk_index integer not null, content text not null,
		metadata jsonb not null default '{}', embedding vector(768) not null, created_at timestamptz not null default now(),
		constraint documents_post_chunk_unique unique (post_id, chunk_index), constraint documents_chunk_index_nonneg check (chunk_index >= 0));
	INSERT INTO posts SELECT md5(i::text)::uuid, 'post ' || i, 'content' FROM generate_series(1, 60) i;
	INSERT INTO documents (post_id, chunk_index, content, embedding) SELECT md5((1 + i % 60)::text)::uuid, i / 60, 'chunk ' || i, test_vector(1, i, 768) FROM generate_series(0, 479) i;
	CREATE INDEX ON documents USING hnsw (embedding vector_cosine_ops)});
is(sql('posts', q{SELECT count(*) FROM pg_constraint WHERE conrelid = 'documents'::regclass AND contype IN ('p', 'f', 'u', 'c')}), 4, 'U9, U10: both tables, without the comma that ends a list, and their constraints');
sql('posts', q{create or replace function match_documents_with_posts(query_embedding vector(768), match_threshold float default 0.0, match_count int default 10, filter_post_id uuid default null)
	returns table(document_id bigint, post_id uuid, post_title text, chunk_index int, chunk_content text, similarity float, metadata jsonb) language sql stable as $$
	select d.id as document_id, d.post_id as post_id, p.title as post_title, d.chunk_index as chunk_index, d.content as chunk_content, 1 - (d.embedding <=> query_embedding) as similarity, d.metadata as metadata
	from documents d join posts p on p.id = d.post_id
	where (filter_post_id is null or d.post_id = filter_post_id) and (1 - (d.embedding <=> query_embedding)) >= match_threshold
	order by d.embedding <=> query_embedding asc limit least(match_count, 200); $$;
	create or replace function match_posts_distinct_on(query_embedding vector(768), match_threshold float default 0.0, match_count int default 10, oversample int default 5)
	returns table(document_id bigint, post_id uuid, post_title text, chunk_index integer, chunk_content text, similarity double precision, metadata jsonb) language sql stable as $$
	with candidates as (select d.id as document_id, d.post_id as post_id, p.title as post_title, d.chunk_index as chunk_index, d.content as chunk_content, d.metadata as metadata, d.embedding <=> query_embedding as dist
		from documents d join posts p on p.id = d.post_id where (1 - (d.embedding <=> query_embedding)) >= match_threshold
		order by d.embedding <=> query_embedding asc limit least(match_count * oversample, 1000)),
	dedup as (select distinct on (post_id) document_id, post_id, post_title, chunk_index, chunk_content, metadata, dist from candidates order by post_id, dist asc, document_id asc)
	select document_id, post_id, post_title, chunk_index, chunk_content, 1 - dist as similarity, metadata from dedup order by dist asc limit match_count; $$;});
my $nearest = q{SELECT string_agg(id::text, ',' ORDER BY d) FROM (SELECT id, embedding <=> test_vector(2, 1, 768) AS d FROM documents %s ORDER BY d LIMIT 20) x};
is(sql('posts', q{SET enable_seqscan = off; SELECT string_agg(document_id::text, ',' ORDER BY similarity DESC) FROM match_documents_with_posts(test_vector(2, 1, 768), -1, 20)}),
	sql('posts', 'SET enable_indexscan = off;', sprintf($nearest, '')), 'U11: joined, against a sequential scan');
is(sql('posts', q{SELECT string_agg(document_id::text, ',' ORDER BY similarity DESC) FROM match_documents_with_posts(test_vector(2, 1, 768), -1, 20, md5('7')::uuid)}),
	sql('posts', 'SET enable_indexscan = off;', sprintf($nearest, q{WHERE post_id = md5('7')::uuid})), 'U11: of one post');
like(sql('posts', q{SELECT pg_get_function_result('match_documents_with_posts'::regproc)}), qr/document_id bigint, post_id uuid, post_title text, chunk_index integer, chunk_content text, similarity double precision, metadata jsonb/, 'U12');
is(sql('posts', q{SELECT count(*), count(DISTINCT post_id), bool_and(similarity <= before) FROM (SELECT *, lag(similarity, 1, 2) OVER () AS before FROM match_posts_distinct_on(test_vector(2, 1, 768), -1, 10)) x}), '10|10|t', 'U13: one row a post, in order');
sql('posts', q{DELETE FROM posts WHERE id = md5('7')::uuid});
sql('posts', 'VACUUM documents');
is(sql('posts', q{SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM documents ORDER BY embedding <=> test_vector(2, 1, 768) LIMIT 500) x}), 472, 'U10: a deleted post takes its documents along');
is(sql('posts', q{SELECT count(*) FROM vectorx_check('documents_embedding_idx', true)}), 0, 'U16: in the schema extensions, and sound');

# ---- A: a performance guide

sql('guide', 'CREATE EXTENSION vector', ';', q{
	CREATE TABLE t_test (id int, tier text, embedding vector(3));
	INSERT INTO t_test SELECT i, CASE WHEN i % 100 = 0 THEN 'premium' ELSE 'free' END, ARRAY[sin(i), cos(i), i % 97] FROM generate_series(1, 20000) i;
	ANALYZE t_test});
like(sql('guide', q{EXPLAIN (ANALYZE, VERBOSE, BUFFERS) SELECT * FROM t_test ORDER BY embedding <-> '[1,2,3]' LIMIT 5}), qr/Buffers:/, 'A1');
like(sql('guide', q{EXPLAIN (VERBOSE, BUFFERS) SELECT * FROM t_test ORDER BY embedding <-> '[1,2,3]' LIMIT 5}), qr/Sort Key: .*<->/, 'A2');
is(sql('guide', q{SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY l2_normalize(embedding) <#> '[1,0,0]', id) AS a, row_number() OVER (ORDER BY l2_normalize(embedding) <=> '[1,0,0]', id) AS b,
	(l2_normalize(embedding) <#> '[1,0,0]') + 1 - (l2_normalize(embedding) <=> '[1,0,0]') AS difference FROM t_test) x WHERE abs(difference) > 1e-6}), 0, 'A3: inner product and cosine agree on unit vectors');
like(sql('guide', q{SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET max_parallel_workers_per_gather = 1; EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding <-> '[1,2,3]' LIMIT 5}),
	qr/Limit.*Gather Merge.*Workers Planned: 1.*Sort.*Sort Key: \(\(embedding <-> '\[1,2,3\]'::vector\)\).*Parallel Seq Scan on t_test/s, 'A4: a parallel sort without an index');
sql('guide', 'CREATE TABLE odd (any_length vector, long vector(2001), longer vector(4096)); INSERT INTO odd (longer) SELECT array_fill(i, ARRAY[4096])::vector FROM generate_series(1, 3) i');
like(error_of('guide', 'CREATE INDEX ON odd USING hnsw (any_length vector_l2_ops)'), qr/22023: column does not have dimensions/, 'A5');
like(error_of('guide', 'CREATE INDEX ON odd USING hnsw (long vector_l2_ops)'), qr/54000: column cannot have more than 2000 dimensions for hnsw index/, 'A6');
is(sql('guide', q{SELECT longer <-> array_fill(0, ARRAY[4096])::vector FROM odd ORDER BY 1 LIMIT 1}), 64, 'A7: long vectors are stored and compared');
is(sql('guide', q{CREATE TABLE empty (e vector(3)); CREATE INDEX ON empty USING hnsw (e vector_l2_ops); INSERT INTO empty VALUES ('[1,2,3]'), ('[4,5,6]');}, $index_only, q{SELECT e FROM empty ORDER BY e <-> '[4,4,4]' LIMIT 1}), '[4,5,6]', 'A15: built empty');
sql('guide', 'CREATE INDEX t_test_hnsw_l2_idx ON t_test USING hnsw (embedding vector_l2_ops) WITH (m = 16, ef_construction = 64)');
is(sql('guide', q{SELECT string_agg(default_value, ',' ORDER BY name DESC) FROM vectorx_options() WHERE name IN ('m', 'ef_construction')}), '16,64', 'A16: these are the defaults');
is(sql('guide', q{LOAD 'vectorx'; SHOW hnsw.ef_search; SET hnsw.ef_search = 100; SHOW hnsw.ef_search}), "40\n100", 'A17');
is(sql('guide', q{LOAD 'vectorx'; BEGIN; SET hnsw.ef_search = 100; COMMIT; SHOW hnsw.ef_search; SET hnsw.ef_search = 40; BEGIN; SET LOCAL hnsw.ef_search = 100; COMMIT; SHOW hnsw.ef_search}), "100\n40", 'A18: SET stays, SET LOCAL does not');
is(sql('guide', q{SELECT phase, round(100.0 * blocks_done / nullif(blocks_total, 0), 1) AS "%" FROM pg_stat_progress_create_index}), '', 'A19: the query on progress');
($status, $out, $error) = $node->psql('guide', 'SET LOCAL enable_seqscan TO OFF');
like($error, qr/SET LOCAL can only be used in transaction blocks/, 'A22: outside of a transaction');
like(sql('guide', q{BEGIN; SET LOCAL enable_seqscan TO OFF; EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding <-> '[1,2,3]' LIMIT 5; COMMIT}), qr/Index Scan using t_test_hnsw_l2_idx/, 'A22: inside');
sql('guide', 'CREATE INDEX t_test_cosine ON t_test USING hnsw (embedding vector_cosine_ops); CREATE INDEX t_test_ip ON t_test USING hnsw (embedding vector_ip_ops)');
like(sql('guide', "EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding $$_[0] '[1,2,3]' LIMIT 5"), qr/Index Scan using $$_[1].*Order By: \(embedding \Q$$_[0]\E '\[1,2,3\]'::vector\)/s, "A27: each operator its index, $$_[0]")
  for ([ '<->', 't_test_hnsw_l2_idx' ], [ '<=>', 't_test_cosine' ], [ '<#>', 't_test_ip' ]);
sql('guide', q{CREATE TABLE t_test_partitioned (vec vector(3), vec_date date default now()) partition by range (vec_date);
	CREATE TABLE t_test_partitioned_p2021 PARTITION OF t_test_partitioned FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
	CREATE TABLE t_test_partitioned_p2022 PARTITION OF t_test_partitioned FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
	CREATE TABLE t_test_partitioned_p2023 PARTITION OF t_test_partitioned FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
	INSERT INTO t_test_partitioned SELECT ARRAY[sin(i), cos(i), i % 7], '2021-01-01'::date + i % 1000 FROM generate_series(1, 3000) i});
is(sql('guide', q{SELECT typstorage, attstorage FROM pg_type t JOIN pg_attribute a ON a.atttypid = t.oid WHERE attrelid = 't_test_partitioned'::regclass AND attname = 'vec'}), 'e|e', 'A32, A34, A35: partitions; storage is external');
my $pruned = sql('guide', q{EXPLAIN (COSTS OFF) SELECT * FROM t_test_partitioned WHERE vec_date BETWEEN '2022-03-01' AND '2023-03-01' ORDER BY vec <=> '[1,2,3]' LIMIT 5});
ok($pruned =~ /p2022/ && $pruned =~ /p2023/ && $pruned !~ /p2021/, 'A36: partitions are pruned');
sql('guide', 'CREATE INDEX ON t_test_partitioned USING hnsw (vec vector_cosine_ops)');
like(sql('guide', 'SET enable_seqscan = off;', q{EXPLAIN (COSTS OFF) SELECT * FROM t_test_partitioned WHERE vec_date BETWEEN '2022-03-01' AND '2023-03-01' ORDER BY vec <=> '[1,2,3]' LIMIT 5}),
	qr/Merge Append.*Index Scan using t_test_partitioned_p2022_vec_idx.*Index Scan using t_test_partitioned_p2023_vec_idx/s, 'A38, with hnsw: merged from the partitions');

# diskann, by the names of pg_diskann
$node->safe_psql('postgres', 'CREATE DATABASE disk');
($status, $out, $error) = $node->psql('disk', 'CREATE EXTENSION pg_diskann CASCADE');
is($status, 0, 'A39: create extension pg_diskann');
like($error, qr/installing required extension "vector"/, 'A39: it brings the extension vector');
sql('disk', $vectors, q{CREATE TABLE my_table (id int, embedding vector(384)); INSERT INTO my_table SELECT i, test_vector(1, i, 384) FROM generate_series(1, 1200) i;
	CREATE TABLE t_test (id int, embedding vector(3)); INSERT INTO t_test SELECT i, ARRAY[sin(i), cos(i), i % 7] FROM generate_series(1, 4003) i});
sql('disk', 'CREATE INDEX my_table_embedding_diskann_custom_idx ON my_table USING diskann (embedding vector_cosine_ops) WITH (max_neighbors = 48, l_value_ib = 100)');
is(sql('disk', q{SELECT reloptions FROM pg_class WHERE relname = 'my_table_embedding_diskann_custom_idx'}), '{max_neighbors=48,l_value_ib=100}', 'A20: options as they were given');
is(sql('disk', q{SELECT string_agg(name || '=' || default_value, ',' ORDER BY name) FROM vectorx_options() WHERE name IN ('max_neighbors', 'l_value_ib')}), 'l_value_ib=100,max_neighbors=32', 'A20: defaults');
is(sql('disk', q{LOAD 'vectorx'; SET diskann.l_value_is = 100; SHOW diskann.l_value_is}), 100, 'A21: the setting');
like(sql('disk', q{EXPLAIN (COSTS OFF) SELECT id FROM my_table ORDER BY embedding <=> (SELECT embedding FROM my_table WHERE id = 7) LIMIT 5}), qr/Index Scan using my_table_embedding_diskann_custom_idx/, 'A21: the index is used');
is(sql('disk', q{SELECT id FROM my_table ORDER BY embedding <=> (SELECT embedding FROM my_table WHERE id = 7) LIMIT 1}), 7, 'A21: and answers');
is(sql('disk', q{SELECT phase, round(100.0 * blocks_done / nullif(blocks_total, 0), 1) AS "%" FROM pg_stat_progress_create_index}), '', 'A23: the query on progress');
is(sql('disk', q{SELECT string_agg(pg_indexam_progress_phasename(oid, n), ', ' ORDER BY n) FROM pg_am, generate_series(1, 2) n WHERE amname = 'diskann'}), 'initializing, loading tuples', 'A23: phases');
like(error_of('disk', 'CREATE TABLE odd (v vector); CREATE INDEX ON odd USING diskann (v vector_l2_ops)'), qr/22023: column does not have dimensions/, 'A5: the same for diskann');
is(sql('disk', q{CREATE TABLE empty (e vector(3)); CREATE INDEX ON empty USING diskann (e vector_l2_ops); INSERT INTO empty VALUES ('[1,2,3]'), ('[4,5,6]');}, $index_only, q{SELECT e FROM empty ORDER BY e <-> '[4,4,4]' LIMIT 1}), '[4,5,6]', 'A15: diskann built empty');
sql('disk', 'CREATE INDEX t_test_l2 ON t_test USING diskann (embedding vector_l2_ops); CREATE INDEX t_test_cosine ON t_test USING diskann (embedding vector_cosine_ops); CREATE INDEX t_test_ip ON t_test USING diskann (embedding vector_ip_ops)');
like(sql('disk', "EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding $$_[0] '[1,2,3]' LIMIT 5"), qr/Index Scan using $$_[1].*Order By: \(embedding \Q$$_[0]\E '\[1,2,3\]'::vector\)/s, "A27: diskann, each operator its index, $$_[0]")
  for ([ '<->', 't_test_l2' ], [ '<=>', 't_test_cosine' ], [ '<#>', 't_test_ip' ]);
is(sql('disk', q{SET "diskann.iterative_search" = 'Relaxed_Order'; SET "diskann.l_value_is" = "100"; SELECT count(*) FROM (SELECT id FROM (SELECT id, embedding <=> (SELECT embedding FROM my_table WHERE id = 9) AS d FROM my_table
	ORDER BY embedding <=> (SELECT embedding FROM my_table WHERE id = 9) LIMIT 50) x ORDER BY d LIMIT 10) y}), 10, 'settings and the query that orders again, as clients write them');
is(sql('disk', q{SELECT upgrade_diskann_index(oid) FROM pg_class WHERE relname = 't_test_l2'}), '', 'upgrade_diskann_index()');

# ---- A: the same guide on ivfflat

sql('guide', 'DROP TABLE t_test', ';', q{
	CREATE TABLE t_test (id int, embedding vector(3));
	INSERT INTO t_test SELECT i, ARRAY[sin(i), cos(i * 1.7), sin(i * 0.3)] FROM generate_series(1, 144000) i});
my ($status9, $out9, $error9) = $node->psql('guide', q{SET maintenance_work_mem = '64MB'; CREATE INDEX t_test_embedding_cosine_idx ON t_test USING ivfflat (embedding vector_cosine_ops) WITH (lists = 5000)});
is("$status9$error9", '0', 'A9: 5000 lists in 64 MB, where pgvector wants 2850');
is(sql('guide', q{SELECT count(*) FROM vectorx_check('t_test_embedding_cosine_idx')}), 0, 'A9: sound');
sql('guide', 'CREATE INDEX t_test_embedding_l2_idx ON t_test USING ivfflat (embedding vector_l2_ops) WITH (lists = 100)');
is(sql('guide', 'SET enable_seqscan = off; LOAD \'vectorx\'; SET ivfflat.probes = 100;', q{SELECT string_agg(d::text, ',') FROM (SELECT embedding <-> '[0.1,0.2,0.3]' AS d FROM t_test ORDER BY embedding <-> '[0.1,0.2,0.3]' LIMIT 50) x}),
	sql('guide', 'SET enable_indexscan = off;', q{SELECT string_agg(d::text, ',') FROM (SELECT embedding <-> '[0.1,0.2,0.3]' AS d FROM t_test ORDER BY embedding <-> '[0.1,0.2,0.3]' LIMIT 50) x}),
	'A8: with as many probes as lists the answer is exact');
is(sql('guide', q{CREATE TABLE bounds (e vector(3)); INSERT INTO bounds SELECT ARRAY[i, 1, 2] FROM generate_series(1, 10) i; SET client_min_messages = error;
	CREATE INDEX ON bounds USING ivfflat (e) WITH (lists = 1); CREATE INDEX ON bounds USING ivfflat (e) WITH (lists = 32768); SET ivfflat.probes = 1; SET ivfflat.probes = 32768; SHOW ivfflat.probes}), 32768, 'A10: from 1 to 32768');
is(sql('guide', q{LOAD 'vectorx'; SHOW ivfflat.probes; SET ivfflat.probes = 10; SHOW ivfflat.probes}), "1\n10", 'A11');
is(sql('guide', q{LOAD 'vectorx'; BEGIN; SET LOCAL ivfflat.probes = 10; SHOW ivfflat.probes; COMMIT; SHOW ivfflat.probes}), "10\n1", 'A12');
my $progress = q{SELECT phase, round(100.0 * tuples_done / nullif(tuples_total, 0), 1) AS "%" FROM pg_stat_progress_create_index};
is(sql('guide', $progress), '', 'A13: the query on progress');
{
	my $building = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('guide'), '-c', 'CREATE INDEX slow ON t_test USING ivfflat (embedding vector_ip_ops) WITH (lists = 4000)' ]);
	my %phases;

	for (1 .. 400)
	{
		my ($phase, $share) = split /\|/, sql('guide', $progress);

		last if !defined $phase && sql('guide', q{SELECT count(*) FROM pg_class WHERE relname = 'slow'});
		$phases{$phase} = $share if defined $phase;
	}
	IPC::Run::finish($building);
	is(join(',', grep { !/^(initializing|building index: (initializing|performing k-means|assigning tuples|loading tuples))$/ } keys %phases), '', 'A14: phases');
	is(join(',', grep { $_ ne 'building index: loading tuples' && defined $phases{$_} && $phases{$_} ne '' } keys %phases), '', 'A14: a percentage only while tuples are loaded');
}
like(sql('guide', "EXPLAIN (COSTS OFF) SELECT * FROM t_test ORDER BY embedding $$_[0] '[1,2,3]' LIMIT 5"), qr/Index Scan using $$_[1].*Order By: \(embedding \Q$$_[0]\E '\[1,2,3\]'::vector\)/s, "$$_[2]: $$_[0]")
  for ([ '<=>', 't_test_embedding_cosine_idx', 'A24' ], [ '<->', 't_test_embedding_l2_idx', 'A25' ], [ '<#>', 'slow', 'A26' ]);
sql('guide', 'DROP INDEX t_test_partitioned_vec_idx');
($status9, $out9, $error9) = $node->psql('guide', 'CREATE INDEX ON t_test_partitioned USING ivfflat (vec vector_cosine_ops) WITH (lists = 100)');
is($status9, 0, 'A37: of all partitions');
is(sql('guide', q{SELECT string_agg(relname || ' ' || relkind::text, ',' ORDER BY relname) FROM pg_class WHERE relname ~ '^t_test_partitioned.*vec_idx$'}),
	't_test_partitioned_p2021_vec_idx i,t_test_partitioned_p2022_vec_idx i,t_test_partitioned_p2023_vec_idx i,t_test_partitioned_vec_idx I', 'A37: names');
like(sql('guide', 'SET enable_seqscan = off;', q{EXPLAIN (COSTS OFF) SELECT * FROM t_test_partitioned WHERE vec_date BETWEEN '2022-03-01' AND '2023-03-01' ORDER BY vec <=> '[1,2,3]' LIMIT 5}),
	qr/Merge Append.*Index Scan using t_test_partitioned_p2022_vec_idx.*Index Scan using t_test_partitioned_p2023_vec_idx/s, 'A38: merged from the partitions');
$node->safe_psql('postgres', 'CREATE DATABASE lists');
sql('lists', q{CREATE EXTENSION IF NOT EXISTS vector; CREATE TABLE chat_item (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, embedding vector(3) NOT NULL)});
is(sql('lists', q{SET client_min_messages = error; CREATE INDEX item_ivfflat ON chat_item USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100); SELECT reloptions FROM pg_class WHERE relname = 'item_ivfflat'}), '{lists=100}', 'D4');

# ---- E: real[] and the client that orders by abs()

sql('arrays', $_) for 'CREATE EXTENSION embedding', 'CREATE EXTENSION IF NOT EXISTS embedding';
pass('E1');
sql('arrays', q{CREATE TABLE langchain_pg_collection (uuid UUID NOT NULL, name VARCHAR, cmetadata JSON, PRIMARY KEY (uuid));
	CREATE TABLE langchain_pg_embedding (uuid UUID NOT NULL, collection_id UUID, embedding REAL[], document VARCHAR, cmetadata JSON, custom_id VARCHAR, PRIMARY KEY (uuid),
		FOREIGN KEY(collection_id) REFERENCES langchain_pg_collection (uuid) ON DELETE CASCADE);
	INSERT INTO langchain_pg_collection VALUES (md5('c')::uuid, 'notes', '{}');
	INSERT INTO langchain_pg_embedding SELECT md5(i::text)::uuid, md5('c')::uuid, ARRAY(SELECT (hashint4extended(i * 2000 + j, 1) & 1023) / 1024.0 FROM generate_series(1, 1536) j)::REAL[], 'text ' || i,
		json_build_object('page', (i % 3)::text), 'id' || i FROM generate_series(1, 120) i;
	INSERT INTO langchain_pg_embedding VALUES (md5('none')::uuid, md5('c')::uuid, NULL, 'no embedding', '{}', 'none')});
my $langchain = q{SELECT string_agg(document, ',' ORDER BY distance, document) FROM (SELECT document, abs(embedding <-> (SELECT embedding FROM langchain_pg_embedding WHERE document = 'text 7')) AS distance FROM langchain_pg_embedding
	WHERE collection_id = md5('c')::uuid AND (cmetadata ->> 'page') = '1' ORDER BY abs(embedding <-> (SELECT embedding FROM langchain_pg_embedding WHERE document = 'text 7')) ASC LIMIT 4) x};
my $before = sql('arrays', $langchain);
is($before, sql('arrays', q{SELECT string_agg(document, ',' ORDER BY d, document) FROM (SELECT document, (SELECT sqrt(sum((a - b)^2)) FROM unnest(embedding, (SELECT embedding FROM langchain_pg_embedding WHERE document = 'text 7')) u(a, b)) AS d
	FROM langchain_pg_embedding WHERE cmetadata ->> 'page' = '1' AND embedding IS NOT NULL ORDER BY d LIMIT 4) x}), 'E2, E3, E10: sorted by distance');
# from_documents once more, on tables that are there; test/clients/python has E2 - E5, E11 and E12 by the client itself
my $again = q{CREATE EXTENSION IF NOT EXISTS embedding; CREATE TABLE IF NOT EXISTS langchain_pg_embedding (uuid UUID NOT NULL); SELECT uuid FROM langchain_pg_collection WHERE name = 'notes' LIMIT 1};
is(sql('arrays', $again), sql('arrays', q{SELECT md5('c')::uuid}), 'E11: a store on tables that are there');
is(sql('arrays', q{BEGIN; INSERT INTO langchain_pg_embedding SELECT md5(uuid::text)::uuid, collection_id, embedding, document, cmetadata, custom_id FROM langchain_pg_embedding;
	SELECT count(*) FROM langchain_pg_embedding WHERE embedding IS NOT NULL; ROLLBACK}), 240, 'E4: the same documents again are appended');
is(sql('arrays', q{SELECT custom_id FROM langchain_pg_embedding e JOIN langchain_pg_collection c ON c.uuid = e.collection_id WHERE c.name = 'notes'
	ORDER BY abs(embedding <-> (SELECT embedding FROM langchain_pg_embedding WHERE document = 'text 7')) ASC LIMIT 1}), 'id7', 'E12: an existing collection is searched');
($status, $out, $error) = $node->psql('arrays', 'CREATE INDEX IF NOT EXISTS langchain_pg_embedding_idx ON langchain_pg_embedding USING hnsw (embedding) WITH (maxelements = 10000, dims = 1536, m = 8, efconstruction = 16, efsearch = 16);');
is($status, 0, 'E5: the index of the client');
like(sql('arrays', q{SELECT indexdef FROM pg_indexes WHERE indexname = 'langchain_pg_embedding_idx'}), qr/USING hnsw \(embedding\) WITH \(maxelements='10000', dims='1536', m='8', efconstruction='16', efsearch='16'\)/, 'E5: its options');
is(sql('arrays', $langchain), $before, 'E15: the client finds the same with the index');
is(sql('arrays', q{BEGIN; SET enable_seqscan = off;}, $langchain, q{; ROLLBACK; SHOW enable_seqscan}), "$before\non", 'E15, E16: and without sequential scans, which ROLLBACK brings back');
sql('arrays', q{CREATE TABLE vectors (id int, vec real[]); INSERT INTO vectors SELECT i, array_fill(i / 100.0, ARRAY[1536]) FROM generate_series(1, 50) i;
	CREATE INDEX ON vectors USING hnsw(vec) WITH (maxelements=10, dims=1536, m=3, efconstruction=16, efsearch=16)});
is(sql('arrays', 'SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM vectors ORDER BY vec <-> array_fill(0.5, ARRAY[1536])::real[] LIMIT 100) x'), 50, 'E6, E7: more rows than maxelements');
like(error_of('arrays', 'CREATE INDEX ON vectors USING hnsw(vec) WITH (m=3)'), qr/HNSW index requires 'dims' to be specified/, 'E8');
sql('arrays', 'CREATE TABLE small (id int, vec real[]); INSERT INTO small SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 30) i; CREATE INDEX ON small USING hnsw(vec) WITH (dims=3, efConstruction=32, efSearch=32)');
pass('E9');
is(sql('arrays', 'SELECT ARRAY[1,2,3]::real[] <-> ARRAY[4,6,3]::real[], ARRAY[1,0]::real[] <=> ARRAY[0,1]::real[], ARRAY[1,2,3]::real[] <~> ARRAY[4,6,3]::real[]'), '5|1|7', 'E13');
like(sql('arrays', 'SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT id FROM small ORDER BY vec <-> ARRAY[1,2,3]::real[] LIMIT 3'), qr/Limit.*Index Scan using small_vec_idx on small.*Order By: \(vec <-> '\{1,2,3\}'::real\[\]\)/s, 'E14');

# ---- D: what the SQL test of the same name leaves out

is(sql('django', q{SELECT count(*) FROM pg_extension WHERE extname = 'vector'}), 0, 'D6: not there');
sql('django', 'CREATE EXTENSION IF NOT EXISTS "vector"');
is(sql('django', q{SELECT 1 FROM pg_extension WHERE extname = 'vector'}), 1, 'D6, D7: there, so the migration does nothing');
sql('django', 'DROP EXTENSION IF EXISTS "vector"; CREATE EXTENSION "vector"; CREATE TABLE item (h halfvec(4000), h2 halfvec(4001), b bit(64000), b2 bit(64001), s sparsevec(2000))');
sql('django', "CREATE INDEX ON item USING hnsw ($_)") for ('h halfvec_cosine_ops', 'b bit_hamming_ops', 'b bit_jaccard_ops', 's sparsevec_l2_ops');
like(error_of('django', 'CREATE INDEX ON item USING hnsw (h2 halfvec_l2_ops)'), qr/54000: column cannot have more than 4000 dimensions for hnsw index/, 'D2: halfvec');
like(error_of('django', 'CREATE INDEX ON item USING hnsw (b2 bit_hamming_ops)'), qr/54000: column cannot have more than 64000 dimensions for hnsw index/, 'D2: bit');
like(error_of('django', q{INSERT INTO item (s) SELECT ('{' || string_agg(i || ':1', ',') || '}/2000')::sparsevec FROM generate_series(1, 1001) i}), qr/54000: sparsevec cannot have more than 1000 non-zero elements for hnsw index/, 'D2: sparsevec');
is(sql('django', q{SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'item'::regclass AND attnum > 0}), 'halfvec(4000) halfvec(4001) bit(64000) bit(64001) sparsevec(2000)', 'D5, D18: types and operator classes');

$node->stop;
done_testing();
