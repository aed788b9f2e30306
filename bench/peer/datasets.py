"""Where the vectors come from: sets of bench/data, files that a user names, or a user's own table.

A Set has the vectors of the table, vectors kept back for the inserts, queries that are rows of neither, and the
distance to search by. Vectors are float32 and stay on disk; rows are taken in blocks.
"""
import os
import re
import subprocess
from dataclasses import dataclass

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.dirname(HERE)
CACHE = os.path.join(BENCH, ".cache")
BLOCK = 10000
SEED = 20240613


@dataclass
class Set:
    name: str
    vectors: np.ndarray             # rows x dimensions; table and pool together
    table: np.ndarray               # numbers of the rows that the table is loaded with; its ids count from 0
    pool: np.ndarray                # numbers of the rows that the inserts take
    queries: np.ndarray
    metric: str
    origin: str
    half: bool = False              # whether the column rounds its elements to half precision

    @property
    def dimensions(self):
        return self.vectors.shape[1]

    def rows(self, numbers):
        """The vectors of some rows as they are stored."""
        vectors = np.asarray(self.vectors[numbers], dtype=np.float32)
        return vectors.astype(np.float16).astype(np.float32) if self.half else vectors

    def blocks(self, rows, size=BLOCK):
        """Pairs of (number of the first row in `rows`, block of vectors)."""
        for start in range(0, len(rows), size):
            yield start, self.rows(rows[start:start + size])


def raw(path, dimensions):
    return np.memmap(path, dtype="<f4", mode="r").reshape(-1, dimensions)


def made_set(name, rows, pool):
    """wordnet_384, or clustered_DIMENSIONS of as many rows as are wanted, made when they are not there."""
    script = os.path.join(BENCH, "data", "make_data.sh")
    dimensions = int(name.rsplit("_", 1)[1])
    if name.startswith("wordnet_"):
        arguments, stem = ["wordnet"], "wordnet_384"
        origin = "117 659 glosses of WordNet 3.0, embedded by all-MiniLM-L6-v2 (bench/data)"
    else:
        total = (rows or (200000 if dimensions <= 1024 else 100000)) + pool
        arguments = ["clustered", str(total), str(dimensions)]
        stem = f"clustered_{total}_{dimensions}" if total != 100000 else f"clustered_{dimensions}"
        origin = f"generated: bench/data/make_clustered.py --rows {total} --dim {dimensions}, seed {SEED}"
    stem = os.path.join(CACHE, stem)
    if not os.path.exists(stem + ".gt.i32"):
        subprocess.run([script, *arguments], check=True)
    return raw(stem + ".f32", dimensions), raw(stem + "_queries.f32", dimensions), "cosine", origin


def fvecs(path):
    """The format of the TEXMEX sets: each vector after its number of dimensions, an int32."""
    dimensions = int(np.fromfile(path, dtype="<i4", count=1)[0])
    return np.memmap(path, dtype="<f4", mode="r").reshape(-1, dimensions + 1)[:, 1:]


def hdf5(path):
    """The format of ann-benchmarks: train, test, and the distance as an attribute."""
    import h5py

    with h5py.File(path) as file:
        metric = {"angular": "cosine", "euclidean": "l2", "dot": "ip"}.get(file.attrs.get("distance"))
        train = file["train"][:]
        return train, file["test"][:] if "test" in file else None, metric


def file_set(path, queries_path):
    """Vectors of a .fvecs, .hdf5 or .npy file, with the queries of another or, for want of one, None."""
    queries, metric = None, None
    if path.endswith(".fvecs"):
        vectors = fvecs(path)
    elif path.endswith((".hdf5", ".h5")):
        vectors, queries, metric = hdf5(path)
    elif path.endswith(".npy"):
        vectors = np.load(path, mmap_mode="r")
    else:
        raise SystemExit(f"{path}: expected a .fvecs, .hdf5 or .npy file")
    if queries_path:
        vectors_of_queries, test, *_ = file_set(queries_path, None)
        queries = vectors_of_queries if test is None else test
    return vectors, queries, metric, os.path.basename(path)


def table_set(connection, table, column, rows):
    """A copy of the vectors of a user's table, of all or the first `rows`.

    Nothing is written there; the comparison runs on the private server.
    """
    import psycopg
    from psycopg import sql

    statement = sql.SQL("COPY (SELECT {column}::real[] FROM {table} WHERE {column} IS NOT NULL {limit}) TO STDOUT (FORMAT binary)") \
        .format(column=sql.Identifier(column), table=sql.Identifier(*table.split(".")),
                limit=sql.SQL("LIMIT {}").format(rows) if rows else sql.SQL(""))
    found = []
    with psycopg.connect(connection) as session, session.cursor().copy(statement) as copy:
        copy.set_types(["float4[]"])
        for (vector,) in copy.rows():
            found.append(np.asarray(vector, dtype=np.float32))
    if len({len(vector) for vector in found}) != 1:
        raise SystemExit(f"{table}.{column}: expected rows, all of the same number of dimensions")
    return np.vstack(found), None, None, "a table of the user"


def split(vectors, queries, wanted_rows, wanted_pool, wanted_queries):
    """Numbers of table rows and pool rows, and the queries; without queries some rows are kept back to serve as such."""
    order = np.random.default_rng(SEED).permutation(len(vectors))
    if queries is None:
        wanted_queries = min(wanted_queries, len(order) // 10)
        queries = np.asarray(vectors[np.sort(order[:wanted_queries])], dtype=np.float32)
        order = order[wanted_queries:]
    wanted_pool = min(wanted_pool, len(order) // 10)
    rows = min(wanted_rows or len(order), len(order) - wanted_pool)
    pool, table = order[:wanted_pool], order[wanted_pool:]
    if rows < len(table):
        table = table[:rows]
    return np.sort(table), pool, np.asarray(queries[:wanted_queries], dtype=np.float32)


def open_set(options):
    """The set that the options of compare.py name."""
    name = options.data
    if options.connection:
        if not (options.table and options.column):
            raise SystemExit("--connection needs --table and --column")
        name = re.sub(r"\W", "_", f"{options.table}_{options.column}")
        enough = options.rows + options.pool + options.queries if options.rows else 0
        found = table_set(options.connection, options.table, options.column, enough)
    elif re.fullmatch(r"wordnet_384|clustered_\d+", name):
        found = made_set(name, options.rows, options.pool)
    else:
        found = file_set(name, options.queries_file)
        name = re.sub(r"\W", "_", os.path.splitext(os.path.basename(name))[0])
    vectors, queries, metric, origin = found
    table, pool, queries = split(vectors, queries, options.rows, options.pool, options.queries)
    half = options.type == "halfvec"
    if half:
        queries = queries.astype(np.float16).astype(np.float32)
    return Set(name, vectors, table, pool, queries, options.metric or metric or "cosine", origin, half)
