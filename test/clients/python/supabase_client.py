"""The functions of a semantic search tutorial, called as an application does: by psycopg, and with JSON arguments."""
import json
import os

import psycopg

from common import check, finish, vector

connection = psycopg.connect(dbname=os.environ["CLIENT_DATABASE"], autocommit=True)
MATCH = """
create or replace function match_documents(query_embedding vector(768), match_threshold float default 0.0, match_count int default 10)
returns table(id bigint, content text, metadata jsonb, similarity float) language sql stable as $$
select d.id, d.content, d.metadata, 1 - (d.embedding <=> query_embedding) as similarity from documents d
where 1 - (d.embedding <=> query_embedding) >= match_threshold
order by d.embedding <=> query_embedding asc limit least(match_count, 200);
$$"""


def literal(i):
	return json.dumps(vector(i, 768))


def cosine(a, b):
	return sum(x * y for x, y in zip(a, b)) / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def types():
	connection.execute("create schema extensions")
	connection.execute("create extension if not exists vector with schema extensions")
	connection.execute(f"alter database {os.environ['CLIENT_DATABASE']} set search_path = public, extensions")
	connection.execute("set search_path = public, extensions")
	connection.execute("create table if not exists documents (id serial primary key, content text not null, metadata jsonb, embedding vector(768))")
	connection.execute(MATCH)


def text():
	with connection.cursor() as cursor:
		cursor.executemany("insert into documents (content, metadata, embedding) values (%s, %s, %s)",
			[(f"text {i}", json.dumps({"page": i}), literal(i)) for i in range(1, 501)])


def index():
	connection.execute("create index concurrently on documents using hnsw (embedding vector_cosine_ops)")


def search():
	connection.execute("set enable_seqscan = off")
	rows = connection.execute("select content, similarity from match_documents(%s::vector, -1, 5)", (literal(7),)).fetchall()
	wanted = sorted((-cosine(vector(7, 768), vector(i, 768)) for i in range(1, 501)))[:5]
	assert rows[0][0] == "text 7" and all(abs(s + w) < 1e-5 for (_, s), w in zip(rows, wanted)), (rows, wanted)
	rows = connection.execute("select similarity from match_documents(%s::vector, -1, 200)", (literal(7),)).fetchall()
	assert len(rows) == 200 and rows == sorted(rows, reverse=True), len(rows)


def json_arguments():
	statement = "select m.content from json_to_record(%s) as j(q vector(768), n int), match_documents(j.q, -1, j.n) m"
	rows = connection.execute(statement, (json.dumps({"q": vector(9, 768), "n": 3}),)).fetchall()
	assert len(rows) == 3 and rows[0][0] == "text 9", rows


for feature in (types, text, index, search, json_arguments):
	check("Supabase-functions", feature.__name__, feature)
finish()
