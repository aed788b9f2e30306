"""Exact nearest neighbours, computed once by numpy and kept, and recall against them.

A row counts as found if it is no farther than the k-th nearest, so that of rows with equal distances any will do.
"""
import hashlib
import os

import numpy as np

import datasets

SPARE = 20                          # candidates beyond k: the first selection is in single precision
TOLERANCE = 1e-6                    # what the single precision of a stored vector can make of a distance


def unit(vectors):
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norm == 0, 1, norm)


def distances(metric, query, vectors):
    """Distance of one query to each of `vectors`, in double precision."""
    query, vectors = query.astype(np.float64), vectors.astype(np.float64)
    if metric == "l2":
        return np.linalg.norm(vectors - query, axis=1)
    if metric == "ip":
        return -vectors @ query
    return 1 - unit(vectors) @ unit(query[None])[0]


def keys(metric, queries, block):
    """Values that order the rows of a block as their distances to each query do, in single precision."""
    if metric == "cosine":
        block = unit(block)
    product = queries @ block.T
    return (block * block).sum(axis=1)[None, :] - 2 * product if metric == "l2" else -product


def nearest(data, k):
    """Candidates for the k nearest of every query: ids, in no order."""
    best_key = np.empty((len(data.queries), 0), dtype=np.float32)
    best_row = np.empty((len(data.queries), 0), dtype=np.int64)
    for start, block in data.blocks(data.table):
        key = np.hstack((best_key, keys(data.metric, data.queries, block)))
        row = np.hstack((best_row, np.broadcast_to(np.arange(start, start + len(block)), (len(best_row), len(block)))))
        width = min(k + SPARE, key.shape[1])
        top = np.argpartition(key, width - 1, axis=1)[:, :width]
        best_key, best_row = np.take_along_axis(key, top, axis=1), np.take_along_axis(row, top, axis=1)
    return best_row


class Truth:
    """The distance of the k-th nearest row of each query."""

    def __init__(self, data, k):
        self.data, self.k = data, k
        digest = hashlib.sha256(data.queries.tobytes() + data.table.tobytes() + data.rows(np.arange(100)).tobytes())
        name = f"{data.name}-{len(data.table)}-{data.metric}-{k}-{digest.hexdigest()[:12]}.npy"
        path = os.path.join(datasets.CACHE, "peer", name)
        if os.path.exists(path):
            self.bound = np.load(path)
            return
        self.bound = np.empty(len(data.queries))
        for number, rows in enumerate(nearest(data, k)):
            exact = distances(data.metric, data.queries[number], data.rows(data.table[np.sort(rows)]))
            self.bound[number] = np.sort(exact)[k - 1]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        np.save(path, self.bound)

    def recall(self, number, ids):
        """Share of the k nearest rows of query `number` that are among `ids`."""
        if not ids:
            return 0.0
        exact = distances(self.data.metric, self.data.queries[number], self.data.rows(self.data.table[np.sort(ids)]))
        bound = self.bound[number]
        return int((exact <= bound + TOLERANCE * max(1, abs(bound))).sum()) / self.k
