#!/usr/bin/env python3
#
# make_demo.py
#	  Cut the data set of the demo out of the embedded WordNet.
#
# Reads what make_wordnet.py wrote and writes the four data files of demo/data,
# whose format is described in the README.md there.  What is chosen: every
# synset below one of ROOTS, things that can be asked for in plain words.
#

import argparse
import gzip
import os
from collections import Counter

import numpy as np

from make_wordnet import report
from sentence_encoder import DIM, SentenceEncoder
from wordnet_texts import read_synsets

SCALE = 2500					# components are kept as multiples of 0.0004

# A word and a field: of its senses the one with the most below it.
ROOTS = (
	("mammal", "noun.animal"), ("bird", "noun.animal"),
	("food", "noun.tops"), ("food", "noun.food"),
	("body of water", "noun.object"),
	("geological formation", "noun.object"), ("land", "noun.object"),
	("celestial body", "noun.object"),
	("city", "noun.location"), ("state", "noun.location"),
	("weather", "noun.phenomenon"),
	("atmospheric phenomenon", "noun.phenomenon"),
	("vehicle", "noun.artifact"), ("musical instrument", "noun.artifact"),
	("furniture", "noun.artifact"), ("tool", "noun.artifact"),
	("building", "noun.artifact"), ("clothing", "noun.artifact"),
	("sport", "noun.act"), ("game", "noun.act"),
	("feeling", "noun.tops"), ("scientist", "noun.person"),
	("metallic element", "noun.substance"),
)

QUERIES = (
	"large body of water",
	"a small domesticated feline",
	"dog that herds sheep",
	"something to sit on",
	"hot black drink made from roasted beans",
	"white ice crystals falling from the clouds",
	"mountain that spits fire and molten rock",
	"two wheels, no engine, you pedal it",
	"string instrument played with a bow",
	"the capital of France",
	"sadness after losing someone you love",
	"flightless bird of the Antarctic",
	"black and white striped animal of Africa",
	"yellow fruit that monkeys like",
	"bread with cheese and tomato from an Italian oven",
	"ship that travels under water",
	"a house for praying",
	"building where sick people are treated",
	"heavy head on a handle, for hitting nails",
	"keeps your hands warm in winter",
	"physicist who explained gravity",
	"woman who discovered radium",
	"metal that is liquid at room temperature",
	"game played on a board with kings and queens",
	"hitting a small ball into holes on a large green course",
	"sweet food made by bees",
	"hill of sand blown together by the wind",
	"the planet with rings",
	"flying machine without wings",
	"fear of what may happen",
	"whirling storm that destroys houses",
	"animal that builds dams",
	"alcoholic drink made from grapes",
	"raw fish with rice",
	"the longest river in the world",
	"nocturnal bird with big eyes",
)


def ancestors(nouns, offset):
	"""The offsets of a noun and of all that are above it."""
	found, ahead = set(), [offset]
	while ahead:
		one = ahead.pop()
		if one not in found:
			found.add(one)
			ahead += nouns[one].hypernyms
	return found


def below(synsets, roots):
	"""Row numbers of all nouns below one of `roots`, sorted."""
	nouns = {s.offset: s for s in synsets if s.part == "noun"}
	above = {offset: ancestors(nouns, offset) for offset in nouns}
	size = Counter(one for found in above.values() for one in found)
	tops = set()
	for word, field in roots:
		senses = [o for o, s in nouns.items()
				  if s.field == field and word in s.words.split(", ")]
		if not senses:
			raise SystemExit(f"no synset {word} in {field}")
		tops.add(max(senses, key=size.get))
	return [row for row, s in enumerate(synsets)
			if s.part == "noun" and above[s.offset] & tops]


def compress(path, data):
	# No name and no time in the header: the file depends on its content only.
	with open(path, "wb") as out:
		with gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
			packed.write(data)


def unit(vectors):
	return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def report_rounding(vectors, queries):
	"""Print what the rounding of both sides does to components and answers."""
	vectors, queries = vectors.astype(np.float64), queries.astype(np.float64)
	rounded = np.rint(vectors * SCALE) / SCALE
	norm = np.linalg.norm(rounded, axis=1)
	exact = queries @ vectors.T
	inexact = unit(np.rint(queries * SCALE) / SCALE) @ unit(rounded).T
	same = sum(len(np.intersect1d(a, b)) for a, b in
			   zip(np.argsort(-exact, axis=1)[:, :10],
				   np.argsort(-inexact, axis=1)[:, :10]))

	def rms(x):
		return np.sqrt(np.mean(x * x))

	print(f"components: {rms(vectors):.3f} rms, "
		  f"rounding {rms(rounded - vectors):.6f} rms")
	print(f"lengths: {norm.min():.4f} to {norm.max():.4f}")
	print(f"cosines: rounding {rms(inexact - exact):.6f} rms, "
		  f"{np.abs(inexact - exact).max():.6f} at most")
	print(f"ten nearest of {len(queries)} queries: "
		  f"{10 * same / len(queries):.2f} % as before")


def pack(vectors):
	"""
	Big-endian 16-bit integers, the high bytes of all first and then the low
	ones: the former compress well, the latter not at all.
	"""
	fixed = np.rint(vectors.astype(np.float64) * SCALE).astype(">i2")
	return fixed.reshape(-1, 1).view(np.uint8).T.tobytes()


def lines(rows):
	text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
	if "\\" in text:
		raise SystemExit("a text has a backslash, which COPY would interpret")
	return text.encode("utf-8")


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--input", required=True,
						help="what was given to make_wordnet.py as --output")
	parser.add_argument("--output", required=True, help="folder")
	options = parser.parse_args()

	synsets = read_synsets()
	rows = below(synsets, ROOTS)
	vectors = np.memmap(options.input + ".f32", dtype="<f4",
						mode="r").reshape(-1, DIM)
	if len(vectors) != len(synsets):
		raise SystemExit(f"{options.input}.f32 is not of all synsets")
	chosen = vectors[rows]
	queries = SentenceEncoder().encode(QUERIES)

	path = [os.path.join(options.output, name) for name in (
		"wordnet.tsv.gz", "wordnet.i16.gz", "queries.tsv", "queries.i16.gz")]
	compress(path[0], lines((number + 1, synsets[row].words,
							 synsets[row].gloss)
							for number, row in enumerate(rows)))
	compress(path[1], pack(chosen))
	with open(path[2], "wb") as out:
		out.write(lines((number + 1, text)
						for number, text in enumerate(QUERIES)))
	compress(path[3], pack(queries))
	print(f"{len(rows)} synsets, {len(QUERIES)} queries")
	report(path)
	report_rounding(chosen, np.fromfile(options.input + "_queries.f32",
										dtype="<f4").reshape(-1, DIM))


if __name__ == "__main__":
	main()
