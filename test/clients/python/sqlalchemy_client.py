import os

import numpy as np
from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, VECTOR, avg, sum
from pgvector import SparseVector
from sqlalchemy import Index, create_engine, inspect, select, text as sql
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy import Integer

from common import ROWS, bits, check, finish, nearest, vector

engine = create_engine("postgresql+psycopg2:///" + os.environ["CLIENT_DATABASE"])


class Base(DeclarativeBase):
	pass


class Item(Base):
	__tablename__ = "item"
	id = mapped_column(Integer, primary_key=True)
	e = mapped_column(VECTOR(3))
	h = mapped_column(HALFVEC(3))
	b = mapped_column(BIT(8))
	s = mapped_column(SPARSEVEC(3))


Index("item_e", Item.e, postgresql_using="hnsw", postgresql_with={"m": 16, "ef_construction": 64}, postgresql_ops={"e": "vector_l2_ops"})
session = Session(engine)


def types():
	session.execute(sql("CREATE EXTENSION IF NOT EXISTS vector"))
	session.commit()


def index():
	Base.metadata.create_all(engine)


def text():
	session.add_all([Item(id=i, e=vector(i), h=vector(i), b=bits(i), s=SparseVector(vector(i))) for i in range(1, ROWS + 1)])
	session.commit()
	assert np.allclose(session.get(Item, 7).e, vector(7))


def search():
	q = [0.3, 0.6, 0.9]
	session.execute(sql("SET enable_seqscan = off"))
	assert session.scalars(select(Item.id).order_by(Item.e.l2_distance(q)).limit(1)).first() == nearest(q)
	for distance in (Item.e.max_inner_product, Item.e.cosine_distance, Item.e.l1_distance):
		assert len(session.scalars(select(Item.id).order_by(distance(q)).limit(5)).all()) == 5
	assert len(session.scalars(select(avg(Item.e))).first()) == 3 and len(session.scalars(select(sum(Item.e))).first()) == 3


def half():
	assert session.scalars(select(Item.id).order_by(Item.h.l2_distance(vector(5))).limit(1)).first() == 5


def bit():
	assert session.scalars(select(Item.b.hamming_distance(bits(5))).order_by(Item.b.hamming_distance(bits(5))).limit(1)).first() == 0


def sparse():
	assert session.scalars(select(Item.id).order_by(Item.s.l2_distance(SparseVector(vector(5)))).limit(1)).first() == 5


def reflection():
	columns = {c["name"]: c["type"] for c in inspect(engine).get_columns("item")}
	assert isinstance(columns["e"], VECTOR) and columns["e"].dim == 3 and isinstance(columns["h"], HALFVEC)


for feature in (types, index, text, search, half, bit, sparse, reflection):
	check("SQLAlchemy", feature.__name__, feature)
finish()
