"""LlamaIndex's Postgres store: insert, search, filter, with an hnsw index."""
import os

from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import ExactMatchFilter, MetadataFilters, VectorStoreQuery
from llama_index.vector_stores.postgres import PGVectorStore

from common import check, finish, vector

store = None


def types():
	global store
	url = "postgresql+{}:///" + os.environ["CLIENT_DATABASE"] + "?host=" + os.environ["PGHOST"]
	store = PGVectorStore(connection_string=url.format("psycopg2"), async_connection_string=url.format("asyncpg"), table_name="notes", schema_name="public", embed_dim=16,
		hnsw_kwargs={"hnsw_m": 16, "hnsw_ef_construction": 64, "hnsw_ef_search": 40, "hnsw_dist_method": "vector_cosine_ops"})


def text():
	store.add([TextNode(text=f"text {i}", id_=str(i), metadata={"page": str(i % 3)}, embedding=vector(i, 16)) for i in range(1, 41)])


def search():
	result = store.query(VectorStoreQuery(query_embedding=vector(7, 16), similarity_top_k=4))
	assert result.nodes[0].text == "text 7" and abs(result.similarities[0] - 1) < 1e-6, result


def filter():
	wanted = MetadataFilters(filters=[ExactMatchFilter(key="page", value="1")])
	result = store.query(VectorStoreQuery(query_embedding=vector(7, 16), similarity_top_k=4, filters=wanted))
	assert [n.metadata["page"] for n in result.nodes] == ["1"] * 4


for feature in (types, text, search, filter):
	check("LlamaIndex", feature.__name__, feature)
finish()
