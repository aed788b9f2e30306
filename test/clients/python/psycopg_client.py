import os

import numpy as np
import psycopg
from pgvector import Bit, HalfVector, SparseVector
from pgvector.psycopg import register_vector

from common import ROWS, bits, check, finish, nearest, vector

connection = psycopg.connect(dbname=os.environ["CLIENT_DATABASE"], autocommit=True)


def types():
	connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
	register_vector(connection)
	connection.execute("CREATE TABLE item (id int, e vector(3), h halfvec(3), b bit(8), s sparsevec(3))")


def copy():
	with connection.cursor().copy("COPY item FROM STDIN WITH (FORMAT BINARY)") as rows:
		rows.set_types(["int4", "vector", "halfvec", "bit", "sparsevec"])
		for i in range(1, ROWS + 1):
			rows.write_row([i, np.array(vector(i)), HalfVector(vector(i)), Bit(bits(i)), SparseVector(vector(i))])
	assert connection.execute("SELECT count(*) FROM item").fetchone()[0] == ROWS


def text():
	assert np.allclose(connection.execute("SELECT e FROM item WHERE id = %s", (7,)).fetchone()[0], vector(7))
	assert connection.execute("SELECT e FROM item WHERE e = %s", (np.array(vector(7)),)).fetchone() is not None


def binary():
	cursor = connection.cursor(binary=True)
	e, h, b, s = cursor.execute("SELECT e, h, b, s FROM item WHERE id = %b", (7,)).fetchone()
	assert np.allclose(e, vector(7)) and np.allclose(h.to_list(), vector(7), atol=1e-3)
	assert Bit.from_binary(b).to_text() == bits(7) and np.allclose(s.to_list(), vector(7))
	assert cursor.execute("SELECT id FROM item WHERE e = %b LIMIT 1", (np.array(vector(9)),)).fetchone()[0] == 9


def index():
	for column in ("e vector_l2_ops", "e vector_cosine_ops", "h halfvec_l2_ops", "b bit_jaccard_ops", "s sparsevec_cosine_ops"):
		connection.execute(f"CREATE INDEX ON item USING hnsw ({column})")


def search():
	q = np.array([0.3, 0.6, 0.9])
	connection.execute("SET enable_seqscan = off")
	assert connection.execute("SELECT id FROM item ORDER BY e <-> %s LIMIT 1", (q,)).fetchone()[0] == nearest(q)
	for operator in ("<#>", "<=>", "<+>"):
		assert len(connection.execute(f"SELECT id FROM item ORDER BY e {operator} %s LIMIT 5", (q,)).fetchall()) == 5


def half():
	assert connection.execute("SELECT id FROM item ORDER BY h <-> %s LIMIT 1", (HalfVector(vector(5)),)).fetchone()[0] == 5


def bit():
	assert connection.execute("SELECT b <%%> %s FROM item ORDER BY 1 LIMIT 1", (Bit(bits(5)),)).fetchone()[0] == 0


def sparse():
	assert connection.execute("SELECT id FROM item ORDER BY s <=> %s LIMIT 1", (SparseVector(vector(5)),)).fetchone()[0] == 5


for feature in (types, copy, text, binary, index, search, half, bit, sparse):
	check("psycopg", feature.__name__, feature)
finish()
