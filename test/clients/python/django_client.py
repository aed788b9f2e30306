"""The tutorial's chat_item: model, migration, its SQL, rows, queries and their values."""
import io
import os

import django
from django.conf import settings
from django.db import DataError, connection, migrations, models

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["CLIENT_DATABASE"], "HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"]}},
	DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()

import numpy as np
from pgvector import SparseVector
from pgvector.django import (BitField, CosineDistance, HalfVectorField, HammingDistance, HnswIndex, JaccardDistance, L1Distance, L2Distance,
	MaxInnerProduct, SparseVectorField, VectorExtension, VectorField)

from common import bits, check, finish


class Item(models.Model):
	embedding = VectorField(dimensions=3, editable=False)

	class Meta:
		app_label = "chat"
		indexes = [HnswIndex(name="item_embedding_hnsw_idx", fields=["embedding"], m=16, ef_construction=64, opclasses=["vector_cosine_ops"])]


class Other(models.Model):
	h = HalfVectorField(dimensions=3)
	b = BitField(length=8)
	s = SparseVectorField(dimensions=3)

	class Meta:
		app_label = "chat"


def types():
	class Migration(migrations.Migration):
		operations = [VectorExtension(), migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True)), ("embedding", VectorField(dimensions=3, editable=False))]),
			migrations.AddIndex("Item", Item._meta.indexes[0]),
			migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True)), ("h", HalfVectorField(dimensions=3)), ("b", BitField(length=8)), ("s", SparseVectorField(dimensions=3))])]
	from django.db.migrations.state import ProjectState
	for collect in (True, False):
		with connection.schema_editor(collect_sql=collect) as editor:
			Migration("0001", "chat").apply(ProjectState(), editor, collect_sql=collect)
		if collect:
			text = "\n".join(editor.collected_sql)
			assert '"embedding" vector(3) NOT NULL' in text, text
			assert 'USING hnsw ("embedding" vector_cosine_ops) WITH (m = 16, ef_construction = 64)' in text, text


def text():
	for _ in range(2):
		Item.objects.create(embedding=[1, 2, 3])
	for a in (1, 2, 3):
		for b in (1, 2, 3):
			for c in (1, 2, 3):
				Item.objects.create(embedding=[a, b, c])
	try:
		Item.objects.create(embedding=[1, 2, 3, 4])
		raise AssertionError("four dimensions were accepted")
	except DataError as error:
		assert "expected 3 dimensions, not 4" in str(error), error


def search():
	rows = list(Item.objects.annotate(cosine_distance=CosineDistance("embedding", [3, 1, 2])).order_by("cosine_distance")[:4])
	wanted = [(22, 0.0), (12, 0.01801949393803426), (23, 0.018977056824054706), (13, 0.02004211298777725)]
	assert [r.id for r in rows] == [i for i, _ in wanted], [(r.id, r.cosine_distance) for r in rows]
	assert all(abs(r.cosine_distance - d) < 1e-12 for r, (_, d) in zip(rows, wanted)), [r.cosine_distance for r in rows]
	for distance in (L2Distance, MaxInnerProduct, L1Distance):
		assert len(Item.objects.annotate(d=distance("embedding", [3, 1, 2])).order_by("d")[:4]) == 4


def index():
	query = Item.objects.annotate(d=CosineDistance("embedding", [3, 1, 2])).order_by("d")[:4]
	assert "Index Scan using item_embedding_hnsw_idx" in query.explain(), query.explain()
	for other in (Item.objects.annotate(d=L2Distance("embedding", [3, 1, 2])).order_by("d")[:4], Item.objects.annotate(d=CosineDistance("embedding", [3, 1, 2])).order_by("-d")[:4]):
		assert "item_embedding_hnsw_idx" not in other.explain(), other.explain()


def half():
	Other.objects.create(h=[1, 2, 3], b=bits(5), s=SparseVector([1, 0, 2]))
	assert Other.objects.annotate(d=L2Distance("h", [1, 2, 4])).order_by("d")[0].d == 1


def bit():
	assert Other.objects.annotate(d=HammingDistance("b", bits(5))).order_by("d")[0].d == 0
	assert Other.objects.annotate(d=JaccardDistance("b", bits(5))).order_by("d")[0].d == 0


def sparse():
	assert Other.objects.annotate(d=L2Distance("s", SparseVector([1, 0, 0]))).order_by("d")[0].d == 2


for feature in (types, text, search, index, half, bit, sparse):
	check("Django", feature.__name__, feature)
finish()
