import os

import numpy as np
from peewee import IntegerField, Model, PostgresqlDatabase
from pgvector import SparseVector
from pgvector.peewee import FixedBitField, HalfVectorField, SparseVectorField, VectorField

from common import ROWS, bits, check, finish, nearest, vector

database = PostgresqlDatabase(os.environ["CLIENT_DATABASE"])


class Item(Model):
	e = VectorField(dimensions=3)
	h = HalfVectorField(dimensions=3)
	b = FixedBitField(max_length=8)
	s = SparseVectorField(dimensions=3)

	class Meta:
		database = database


Item.add_index("e vector_l2_ops", using="hnsw")


def types():
	database.execute_sql("CREATE EXTENSION IF NOT EXISTS vector")


def index():
	Item.create_table()


def text():
	for i in range(1, ROWS + 1):
		Item.create(e=vector(i), h=vector(i), b=bits(i), s=SparseVector(vector(i)))
	assert np.allclose(Item.get_by_id(7).e, vector(7))


def search():
	q = [0.3, 0.6, 0.9]
	database.execute_sql("SET enable_seqscan = off")
	assert Item.select().order_by(Item.e.l2_distance(q)).limit(1)[0].id == nearest(q)
	for distance in (Item.e.max_inner_product, Item.e.cosine_distance, Item.e.l1_distance):
		assert len(Item.select().order_by(distance(q)).limit(5)) == 5


def half():
	assert Item.select().order_by(Item.h.l2_distance(vector(5))).limit(1)[0].id == 5


def bit():
	assert len(Item.select().order_by(Item.b.hamming_distance(bits(5))).limit(3)) == 3


def sparse():
	assert Item.select().order_by(Item.s.l2_distance(SparseVector(vector(5)))).limit(1)[0].id == 5


for feature in (types, index, text, search, half, bit, sparse):
	check("Peewee", feature.__name__, feature)
finish()
