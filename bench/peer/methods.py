"""The methods that can be compared: what to build on either side, what to sweep, and the ratios aimed at.

A new method is one row here. The two sides need not be of the same method: diskann has no counterpart in pgvector,
and is compared with its hnsw.
"""
from dataclasses import dataclass, field

SIDES = ("pgvector", "vectorx")
EXTENSION = {"pgvector": "vector", "vectorx": "vectorx"}
OPERATOR = {"cosine": "<=>", "l2": "<->", "ip": "<#>"}
# from LIMIT on: below it pgvector returns fewer rows, and vectorx goes on until it has them
EF = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 1000)
PROBES = (1, 2, 3, 4, 6, 8, 11, 15, 20, 30, 45, 60, 80, 110)


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
    """What a figure of figures.py has to reach: at least when more is better, else at most."""
    figure: str
    floor: float
    aim: float


@dataclass(frozen=True)
class Method:
    """`size` has floor and aim of the index size up to so many dimensions, since what an index saves depends on them."""
    pgvector: Index
    vectorx: Index
    floors: tuple
    size: tuple

    def side(self, name):
        return getattr(self, name)

    def floors_at(self, dimensions):
        floor, aim = next((floor, aim) for most, floor, aim in self.size if dimensions <= most)
        return {floor.figure: floor for floor in (*self.floors, Floor("size", floor, aim))}


HNSW = Index("hnsw", "m = 16, ef_construction = 64", "hnsw.ef_search", EF)
# with iterative_scan off both sides read the same number of lists
IVFFLAT = Index("ivfflat", "lists = {lists}", "ivfflat.probes", PROBES, {"ivfflat.iterative_scan": "off"})
DISKANN = Index("diskann", "max_neighbors = 32, l_value_ib = 100", "diskann.l_value_is", EF)

CHANGES = (Floor("insert", 3, 6), Floor("update", 15, 40), Floor("vacuum", 15, 30), Floor("wal", 1 / 4, 1 / 8))
REACH = (Floor("cold_blocks", 1 / 5, 1 / 10), Floor("highest_recall", 0.995, 0.999))

HNSW_FLOORS = (
    Floor("qps@0.95", 4, 8), Floor("qps@0.99", 5, 12), Floor("qps2@0.95", 4, 8), Floor("qps2@0.99", 5, 12),
    Floor("pages@0.95", 1 / 5, 1 / 8), Floor("build_two", 4, 8), Floor("build_small", 8, 15), *CHANGES, *REACH)
IVFFLAT_FLOORS = (
    Floor("qps@0.95", 6, 15), Floor("build_two", 5, 10), Floor("insert", 1, 2), Floor("vacuum", 2, 4))
DISKANN_FLOORS = (
    Floor("qps@0.95", 3, 6), Floor("tight@0.95", 10, 20), Floor("build_two", 5, 10), *CHANGES, *REACH)

ANY = 1 << 20
METHODS = {
    "hnsw": Method(HNSW, HNSW, HNSW_FLOORS, ((ANY, 0.95, 0.85),)),
    "ivfflat": Method(IVFFLAT, IVFFLAT, IVFFLAT_FLOORS, ((ANY, 1.1, 1),)),
    "diskann": Method(HNSW, DISKANN, DISKANN_FLOORS, ((384, 1 / 4, 1 / 5), (768, 1 / 5, 1 / 6), (ANY, 1 / 6, 1 / 8))),
}


def default_lists(rows):
    """What pgvector's documentation advises: a list for every thousand rows."""
    return max(10, rows // 1000)
