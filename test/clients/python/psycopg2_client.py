import os

import numpy as np
import psycopg2
from pgvector import HalfVector, SparseVector
from pgvector.psycopg2 import register_vector
from psycopg2.extras import execute_values

from common import ROWS, bits, check, finish, nearest, vector

connection = psycopg2.connect(dbname=os.environ["CLIENT_DATABASE"])
connection.autocommit = True
cursor = connection.cursor()


def types():
	cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
	register_vector(connection)
	cursor.execute("CREATE TABLE item (id int, e vector(3), h halfvec(3), b bit(8), s sparsevec(3))")


def text():
	execute_values(cursor, "INSERT INTO item VALUES %s",
		[(i, np.array(vector(i)), HalfVector(vector(i)), bits(i), SparseVector(vector(i))) for i in range(1, ROWS + 1)],
		template="(%s, %s, %s, %s::bit(8), %s)")
	cursor.execute("SELECT e, h, s FROM item WHERE id = 7")
	e, h, s = cursor.fetchone()
	assert np.allclose(e, vector(7)), e
	assert np.allclose(h.to_list(), vector(7), atol=1e-3) and np.allclose(s.to_list(), vector(7)), (h, s)


def copy():
	import io
	cursor.copy_expert("COPY item (id, e) FROM STDIN", io.StringIO("1000\t[9,9,9]\n"))
	cursor.execute("DELETE FROM item WHERE id = 1000 RETURNING e")
	assert np.array_equal(cursor.fetchone()[0], [9, 9, 9])


def index():
	cursor.execute("CREATE INDEX ON item USING hnsw (e vector_l2_ops) WITH (m = 16, ef_construction = 64)")


def search():
	q = np.array([0.3, 0.6, 0.9])
	cursor.execute("SET enable_seqscan = off")
	cursor.execute("SELECT id FROM item ORDER BY e <-> %s LIMIT 1", (q,))
	assert cursor.fetchone()[0] == nearest(q)
	for operator in ("<#>", "<=>", "<+>"):
		cursor.execute(f"SELECT id FROM item ORDER BY e {operator} %s LIMIT 5", (q,))
		assert len(cursor.fetchall()) == 5


def half():
	cursor.execute("CREATE INDEX ON item USING hnsw (h halfvec_cosine_ops)")
	cursor.execute("SELECT id FROM item ORDER BY h <=> %s LIMIT 1", (HalfVector(vector(5)),))
	assert cursor.fetchone()[0] == 5


def bit():
	cursor.execute("CREATE INDEX ON item USING hnsw (b bit_hamming_ops)")
	cursor.execute("SELECT b <~> %s::bit(8) FROM item ORDER BY b <~> %s::bit(8) LIMIT 1", (bits(5), bits(5)))
	assert cursor.fetchone()[0] == 0


def sparse():
	cursor.execute("CREATE INDEX ON item USING hnsw (s sparsevec_l2_ops)")
	cursor.execute("SELECT id FROM item ORDER BY s <-> %s LIMIT 1", (SparseVector(vector(5)),))
	assert cursor.fetchone()[0] == 5


for feature in (types, text, copy, index, search, half, bit, sparse):
	check("psycopg2", feature.__name__, feature)
finish()
