#!/usr/bin/env python3
#
# ground_truth.py
#	  Write the exact nearest neighbours of every query, by cosine, and print
#	  how far they are.
#
# Works on raw float32 files of unit vectors (see README.md in this folder); it
# does not normalize them.  Output: queries x k little-endian int32 row numbers
# from 0, nearest first, equal distances in order of row number.
#
# A single-precision product selects a few more than k candidates; their inner
# products are then computed again in double precision and sorted, so that the
# order does not depend on how a matrix library sums.
#

import argparse
import hashlib
import sys

import numpy as np

BLOCK = 20000
SPARE = 20						# candidates beyond k, for single rounding


def candidates(base, query, keep):
	"""Row numbers of the `keep` largest inner products, in no order."""
	best_score = np.empty((len(query), 0), dtype=np.float32)
	best_row = np.empty((len(query), 0), dtype=np.int64)
	for start in range(0, len(base), BLOCK):
		score = query @ np.ascontiguousarray(base[start:start + BLOCK]).T
		row = np.broadcast_to(np.arange(start, start + score.shape[1]),
							  score.shape)
		score = np.hstack((best_score, score))
		row = np.hstack((best_row, row))
		width = min(keep, score.shape[1])
		top = np.argpartition(-score, width - 1, axis=1)[:, :width]
		best_score = np.take_along_axis(score, top, axis=1)
		best_row = np.take_along_axis(row, top, axis=1)
		print(f"\rrow {start + BLOCK} of {len(base)}", end="",
			  file=sys.stderr)
	print(file=sys.stderr)
	return best_row


def describe(base, query, truth):
	"""Print how hard a set is: distances of neighbours to that of a sample."""
	step = max(1, len(base) // 10000)
	dot = query @ np.ascontiguousarray(base[::step]).T
	mean = np.sqrt(np.maximum(2 - 2 * dot, 0)).mean(axis=1)
	print(f"mean distance {mean.mean():.3f}")
	for rank in (1, 10, 100):
		if rank > truth.shape[1]:
			continue
		gap = query - base[truth[:, rank - 1]]
		ratio = np.linalg.norm(gap, axis=1) / mean
		print(f"neighbour {rank:3d}: distance / mean distance "
			  f"{ratio.mean():.3f}, a tenth below {np.quantile(ratio, 0.1):.3f}"
			  f", a tenth above {np.quantile(ratio, 0.9):.3f}")


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--base", required=True)
	parser.add_argument("--queries", required=True)
	parser.add_argument("--dim", type=int, required=True)
	parser.add_argument("--k", type=int, default=100)
	parser.add_argument("--output", required=True)
	options = parser.parse_args()

	base = np.memmap(options.base, dtype="<f4",
					 mode="r").reshape(-1, options.dim)
	query = np.fromfile(options.queries, dtype="<f4").reshape(-1, options.dim)
	found = candidates(base, query, options.k + SPARE)
	truth = np.empty((len(query), options.k), dtype="<i4")
	for number, rows in enumerate(found):
		rows = np.sort(rows)
		exact = base[rows].astype(np.float64) @ query[number].astype(np.float64)
		truth[number] = rows[np.argsort(-exact, kind="stable")[:options.k]]
	truth.tofile(options.output)
	print(f"{hashlib.sha256(truth.tobytes()).hexdigest()}  {options.output}")
	describe(base, query, truth)


if __name__ == "__main__":
	main()
