"""langchain-postgres PGVector: insert, search, filter."""
import os

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGVector

from common import check, finish, vector


class Fixed(Embeddings):
	def embed_documents(self, texts):
		return [vector(int(t.split()[-1]), 16) for t in texts]

	def embed_query(self, text):
		return vector(int(text.split()[-1]), 16)


store = None


def types():
	global store
	store = PGVector(embeddings=Fixed(), collection_name="notes", connection="postgresql+psycopg:///" + os.environ["CLIENT_DATABASE"], use_jsonb=True)


def text():
	store.add_documents([Document(page_content=f"text {i}", metadata={"id": i, "page": i % 3}) for i in range(1, 41)], ids=[str(i) for i in range(1, 41)])


def search():
	found = store.similarity_search_with_score("query 7", k=4)
	assert found[0][0].page_content == "text 7" and abs(found[0][1]) < 1e-6, found


def filter():
	assert [d.metadata["page"] for d in store.similarity_search("query 7", k=4, filter={"page": {"$eq": 1}})] == [1] * 4


for feature in (types, text, search, filter):
	check("LangChain-PGVector", feature.__name__, feature)
finish()
