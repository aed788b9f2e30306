import asyncio
import os

import asyncpg
import numpy as np
from pgvector import HalfVector, SparseVector
from pgvector.asyncpg import register_vector

from common import ROWS, bits, check, finish, nearest, vector

loop = asyncio.new_event_loop()
connection = loop.run_until_complete(asyncpg.connect(database=os.environ["CLIENT_DATABASE"], user=os.environ["PGUSER"]))


def run(coroutine):
	return loop.run_until_complete(coroutine)


def types():
	run(connection.execute("CREATE EXTENSION IF NOT EXISTS vector"))
	run(register_vector(connection))
	run(connection.execute("CREATE TABLE item (id int, e vector(3), h halfvec(3), b bit(8), s sparsevec(3))"))


def binary():
	run(connection.executemany("INSERT INTO item VALUES ($1, $2, $3, $4, $5)",
		[(i, np.array(vector(i)), HalfVector(vector(i)), asyncpg.BitString(bits(i)), SparseVector(vector(i))) for i in range(1, ROWS + 1)]))
	row = run(connection.fetchrow("SELECT * FROM item WHERE id = 7"))
	assert np.allclose(row["e"], vector(7)) and np.allclose(row["h"].to_list(), vector(7), atol=1e-3)
	assert row["b"].as_string().replace(" ", "") == bits(7) and np.allclose(row["s"].to_list(), vector(7))


def copy():
	run(connection.copy_records_to_table("item", records=[(1000, np.array([9, 9, 9]))], columns=["id", "e"]))
	assert run(connection.fetchval("DELETE FROM item WHERE id = 1000 RETURNING id")) == 1000


def index():
	run(connection.execute("CREATE INDEX ON item USING hnsw (e vector_l2_ops)"))


def search():
	q = np.array([0.3, 0.6, 0.9])
	run(connection.execute("SET enable_seqscan = off"))
	assert run(connection.fetchval("SELECT id FROM item ORDER BY e <-> $1 LIMIT 1", q)) == nearest(q)
	for operator in ("<#>", "<=>", "<+>"):
		assert len(run(connection.fetch(f"SELECT id FROM item ORDER BY e {operator} $1 LIMIT 5", q))) == 5


def half():
	assert run(connection.fetchval("SELECT id FROM item ORDER BY h <-> $1 LIMIT 1", HalfVector(vector(5)))) == 5


def bit():
	assert run(connection.fetchval("SELECT min(b <~> $1) FROM item", asyncpg.BitString(bits(5)))) == 0


def sparse():
	assert run(connection.fetchval("SELECT id FROM item ORDER BY s <-> $1 LIMIT 1", SparseVector(vector(5)))) == 5


for feature in (types, binary, copy, index, search, half, bit, sparse):
	check("asyncpg", feature.__name__, feature)
finish()
