"""LangChain's PGEmbedding: rows, scores, index, and what is found with it."""
import os

from langchain_community.embeddings import FakeEmbeddings
from langchain_community.vectorstores.pgembedding import PGEmbedding
from langchain_core.documents import Document
from sqlalchemy import create_engine, text as sql

from common import check, finish, l2, vector

URL = "postgresql+psycopg2:///" + os.environ["CLIENT_DATABASE"]


class Embeddings(FakeEmbeddings):
	size: int = 1536

	def embed_documents(self, texts):
		return [vector(int(t.split()[-1]), 1536) for t in texts]

	def embed_query(self, text):
		return vector(int(text.split()[-1]), 1536)


documents = [Document(page_content=f"text {i}", metadata={"page": str(i % 3)}) for i in range(1, 41)]
store = None


def types():  # E2
	global store
	store = PGEmbedding.from_documents(embedding=Embeddings(), documents=documents, collection_name="notes", connection_string=URL)


def search():  # E3
	found = store.similarity_search_with_score("query 7", k=4)
	assert found[0][0].page_content == "text 7" and found[0][1] == 0, found
	scores = [s for _, s in found]
	assert scores == sorted(scores)
	wanted = sorted(l2(vector(7, 1536), vector(i, 1536)) for i in range(1, 41))[:4]
	assert all(abs(a - b) < 1e-5 * (1 + b) for a, b in zip(scores, wanted)), (scores, wanted)


def filter():
	assert all(d.metadata["page"] == "1" for d in store.similarity_search("query 7", k=4, filter={"page": "1"}))


def append():  # E4
	PGEmbedding.from_documents(embedding=Embeddings(), documents=documents, collection_name="notes", connection_string=URL, pre_delete_collection=False)
	with create_engine(URL).connect() as connection:
		assert connection.execute(sql("SELECT count(*) FROM langchain_pg_embedding")).scalar() == 80


def index():  # E5
	store.create_hnsw_index(max_elements=10000, dims=1536, m=8, ef_construction=16, ef_search=16)
	with create_engine(URL).connect() as connection:
		definition = connection.execute(sql("SELECT indexdef FROM pg_indexes WHERE indexdef ~ 'hnsw'")).scalar()
	assert definition is not None and "maxelements='10000'" in definition, definition
	search_again()


def search_again():  # E11, E12
	existing = PGEmbedding.from_existing_index(embedding=Embeddings(), collection_name="notes", connection_string=URL)
	assert existing.similarity_search("query 7", k=1)[0].page_content == "text 7"
	assert existing.as_retriever() is not None


for feature in (types, search, filter, append, index):
	check("LangChain-PGEmbedding", feature.__name__, feature)
finish()
