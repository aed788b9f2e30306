"""The methods that can be compared: what to build on either side, what to sweep, and the ratios aimed at.

A new method is one row here. The two sides need not be of the same method: diskann has no counterpart in pgvector,
and is compared with its hnsw.
"""
from dataclasses import dataclass, field

SIDES = ("pgvector", "vectorx")
EXTENSION = {"pgvector": "vector", "vectorx": "vectorx"}
OPERATOR = {"cosine": "<=>", "l2": "<->", "ip": "<#>"}
EF = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 1000)
PROBES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 130, 200)


@dataclass(frozen=True)
class Index:
    """One side of a comparison; `options` may say {lists}."""
    method: str
    options: str
    setting: str
    values: tuple
    settings: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Floor:
    """What a figure of figures.py has to reach: at least when `more` is better, else at most."""
    figure: str
    floor: float
    aim: float


@dataclass(frozen=True)
class Method:
    pgvector: Index
    vectorx: Index
    floors: tuple

    def side(self, name):
        return getattr(self, name)


HNSW = Index("hnsw", "m = 16, ef_construction = 64", "hnsw.ef_search", EF)

HNSW_FLOORS = (
    Floor("qps@0.95", 4, 8), Floor("qps@0.99", 5, 12), Floor("qps2@0.95", 4, 8), Floor("qps2@0.99", 5, 12),
    Floor("pages@0.95", 1 / 5, 1 / 8),
    Floor("build_two", 4, 8), Floor("build_small", 8, 15), Floor("size", 0.95, 0.85),
    Floor("insert", 3, 6), Floor("update", 15, 40), Floor("vacuum", 15, 30), Floor("wal", 1 / 4, 1 / 8),
    Floor("cold_blocks", 1 / 5, 1 / 10), Floor("highest_recall", 0.995, 0.999),
)

METHODS = {
    "hnsw": Method(HNSW, HNSW, HNSW_FLOORS),
}


def default_lists(rows):
    """What pgvector's documentation advises: a list for every thousand rows."""
    return max(10, rows // 1000)
