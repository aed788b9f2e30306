#!/usr/bin/env python3
#
# make_wordnet.py
#	  Embed every synset of WordNet, and 1000 example sentences as queries.
#
# Writes raw float32 files and their texts, whose columns are listed in
# README.md in this folder.  The subset shipped for the demo is cut out of the
# result by make_demo.py.
#
# The work is done in chunks of texts of like length; finished chunks are kept
# in OUTPUT.parts until the end, so that a run that was stopped goes on where it
# was.
#

import argparse
import hashlib
import os
import random
import shutil
import sys
import time

import numpy as np

from sentence_encoder import DIM, SentenceEncoder
from wordnet_texts import read_synsets

CHUNK = 2000
MIN_QUERY_WORDS = 4


def choose_queries(synsets, count, seed):
	"""
	Example sentences, which are not part of any embedded text.  Every one is a
	use of a word of the synset it comes from, whose number is kept with it.
	"""
	texts = {s.text() for s in synsets}
	pool = {}
	for number, synset in enumerate(synsets):
		for example in synset.examples:
			if len(example.split()) >= MIN_QUERY_WORDS and example not in texts:
				pool.setdefault(example, number)
	chosen = random.Random(seed).sample(sorted(pool), count)
	return [(pool[example], example) for example in chosen]


def digest_of(texts):
	return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def embed_in_chunks(encoder, texts, folder):
	"""Embed texts, longest last, keeping every finished chunk in `folder`."""
	mark = os.path.join(folder, digest_of(texts))
	if not os.path.exists(mark):			# the chunks are of other texts
		shutil.rmtree(folder, ignore_errors=True)
		os.makedirs(folder)
		open(mark, "w").close()
	tokens = encoder.tokenize(texts)
	order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
	result = np.empty((len(texts), DIM), dtype="<f4")
	total = sum(map(len, tokens))
	done = spent = computed = 0
	for start in range(0, len(order), CHUNK):
		rows = order[start:start + CHUNK]
		path = os.path.join(folder, f"{start:06d}.npy")
		work = sum(len(tokens[i]) for i in rows)
		if os.path.exists(path):
			result[rows] = np.load(path)
		else:
			began = time.monotonic()
			result[rows] = encoder.encode([texts[i] for i in rows])
			np.save(path + ".part.npy", result[rows])
			os.replace(path + ".part.npy", path)
			spent += time.monotonic() - began
			computed += work
		done += work
		left = spent / computed * (total - done) if computed else 0
		print(f"embedded {min(start + CHUNK, len(order))} of {len(order)}, "
			  f"about {left:.0f} s left", file=sys.stderr, flush=True)
	return result


def write_lines(path, lines):
	with open(path, "w", encoding="utf-8") as out:
		out.writelines(line + "\n" for line in lines)


def report(paths):
	for path in paths:
		with open(path, "rb") as source:
			digest = hashlib.file_digest(source, "sha256").hexdigest()
		print(f"{digest}  {os.path.getsize(path):>11}  "
			  f"{os.path.basename(path)}")


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--output", required=True, help="path without suffix")
	parser.add_argument("--queries", type=int, default=1000)
	parser.add_argument("--seed", type=int, default=20240613)
	parser.add_argument("--limit", type=int, help="the first synsets only")
	options = parser.parse_args()

	synsets = read_synsets()[:options.limit]
	queries = choose_queries(synsets, options.queries, options.seed)
	texts = [s.text() for s in synsets]
	print(f"seed {options.seed}: {len(texts)} texts, {len(queries)} queries")

	out = options.output
	encoder = SentenceEncoder()
	write_lines(out + ".txt", texts)
	write_lines(out + ".tsv", (
		f"{number}\t{s.field}\t{s.offset}\t{s.words}\t{s.gloss}"
		for number, s in enumerate(synsets)))
	write_lines(out + "_query.txt", (text for _, text in queries))
	write_lines(out + "_query.tsv", (
		f"{number}\t{source}\t{text}"
		for number, (source, text) in enumerate(queries)))
	encoder.encode([text for _, text in queries]).tofile(out + "_queries.f32")
	embed_in_chunks(encoder, texts, out + ".parts").tofile(out + ".f32")
	shutil.rmtree(out + ".parts")
	report([out + suffix for suffix in (
		".f32", ".txt", ".tsv", "_queries.f32", "_query.txt", "_query.tsv")])


if __name__ == "__main__":
	main()
