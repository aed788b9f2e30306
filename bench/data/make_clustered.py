#!/usr/bin/env python3
#
# make_clustered.py
#	  Write a generated set of clustered unit vectors, and queries drawn from
#	  the same distribution.
#
# It stands in for embeddings of a dimension for which no real set is at hand.
# It computes no ground truth (ground_truth.py does), and it claims no likeness
# to a particular model.  The generator and the figures that describe its
# output are in README.md in this folder.
#
# Generator, for a latent space of L dimensions:
#
#	  topic_t       ~ N(0, I_L)                          t = 1 .. topics
#	  cluster_c     = p topic_t(c) + sqrt(1 - p^2) N(0, I_L)
#	  P(topic t)    ~ 1 / (t + 5)^0.7, likewise P(cluster c)
#	  latent point  = r cluster_c + sqrt(1 - r^2) w N(0, I_L),
#	                  w lognormal, so that densities differ from point to point
#	  vector        = unit(latent Q / sqrt(L) + a N(0, I_D) / sqrt(D)),
#	                  Q an L x D matrix with orthonormal rows
#
# Points are drawn in blocks of BLOCK rows, every block from a generator of its
# own spawned from the seed, so that a row depends on the seed and its number
# alone and a smaller set is a prefix of a larger one with as many clusters.
#

import argparse
import hashlib
import os
import sys

import numpy as np

BLOCK = 10000
QUERY_STREAM = 1 << 20			# block numbers from here on are queries


def generator(seed, stream):
	return np.random.Generator(np.random.PCG64(
		np.random.SeedSequence(entropy=seed, spawn_key=(stream,))))


def popularity(count, rng):
	"""Cumulative shares of `count` groups, in an order of its own."""
	share = 1.0 / (np.arange(count) + 5.0) ** 0.7
	rng.shuffle(share)
	return np.cumsum(share) / share.sum()


class Mixture:
	"""The fixed part of the distribution: centres, shares and the basis."""

	def __init__(self, options):
		rng = generator(options.seed, 0)
		latent = options.latent
		topics = rng.standard_normal((options.topics, latent))
		topic_of = np.searchsorted(popularity(options.topics, rng),
								   rng.random(options.clusters))
		share = options.topic_share
		own = rng.standard_normal((options.clusters, latent))
		self.centre = (share * topics[topic_of]
					   + np.sqrt(1 - share * share) * own).astype(np.float32)
		self.cumulative = popularity(options.clusters, rng)
		basis, _ = np.linalg.qr(rng.standard_normal((options.dim, latent)))
		self.basis = np.ascontiguousarray(basis.T, dtype=np.float32)
		self.options = options

	def draw(self, stream, count):
		"""`count` unit vectors, float32, count x dim."""
		options = self.options
		rng = generator(options.seed, stream)
		latent, dim = options.latent, options.dim
		pull = options.cluster_share
		cluster = np.searchsorted(self.cumulative, rng.random(count))
		width = np.exp(options.width_sigma
					   * rng.standard_normal((count, 1), dtype=np.float32))
		point = rng.standard_normal((count, latent), dtype=np.float32)
		point *= width * np.sqrt(1 - pull * pull)
		point += pull * self.centre[cluster]
		vector = (point / np.sqrt(latent)) @ self.basis
		noise = rng.standard_normal((count, dim), dtype=np.float32)
		vector += noise * (options.ambient / np.sqrt(dim))
		vector /= np.linalg.norm(vector, axis=1, keepdims=True)
		return np.ascontiguousarray(vector, dtype="<f4")


def write(mixture, path, first_stream, rows):
	"""Write `rows` vectors and return the sha256 of the file."""
	digest = hashlib.sha256()
	with open(path + ".part", "wb") as out:
		for start in range(0, rows, BLOCK):
			block = mixture.draw(first_stream + start // BLOCK, BLOCK)
			data = block[:min(BLOCK, rows - start)].tobytes()
			digest.update(data)
			out.write(data)
			print(f"\r{path}: {min(start + BLOCK, rows)} of {rows}",
				  end="", file=sys.stderr)
	os.replace(path + ".part", path)
	print(file=sys.stderr)
	return digest.hexdigest()


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--rows", type=int, default=100000)
	parser.add_argument("--dim", type=int, default=768)
	parser.add_argument("--queries", type=int, default=1000)
	parser.add_argument("--seed", type=int, default=20240613)
	parser.add_argument("--latent", type=int, default=128)
	parser.add_argument("--topics", type=int, default=100)
	parser.add_argument("--clusters", type=int, default=2000)
	parser.add_argument("--topic-share", type=float, default=0.5)
	parser.add_argument("--cluster-share", type=float, default=0.78)
	parser.add_argument("--width-sigma", type=float, default=0.2)
	parser.add_argument("--ambient", type=float, default=0.15)
	parser.add_argument("--output", required=True,
						help="path without suffix; .f32 and _queries.f32 "
						"are added")
	options = parser.parse_args()

	print(f"seed {options.seed}: {options.rows} x {options.dim}, latent "
		  f"{options.latent}, {options.topics} topics, "
		  f"{options.clusters} clusters")
	mixture = Mixture(options)
	path = options.output + ".f32"
	query_path = options.output + "_queries.f32"
	for name, stream, rows in ((path, 1, options.rows),
							   (query_path, QUERY_STREAM, options.queries)):
		digest = write(mixture, name, stream, rows)
		print(f"{digest}  {os.path.basename(name)}")


if __name__ == "__main__":
	main()
