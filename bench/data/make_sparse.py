#
# make_sparse.py
#	  TF-IDF weights of WordNet's texts as sparse vectors.
#
# Reads the texts that make_wordnet.py left (SET.txt, SET_query.txt) and
# writes OUTPUT.copy and OUTPUT_queries.copy: a first line with the number of
# dimensions, then rows for COPY of (id, sparsevec).
#
# A term is a word in lower case; its weight is its count in the text times
# ln(texts / texts that have it), and rows are of unit length.  Terms of
# queries that no text has are left out.
#

import argparse
import collections
import math
import re

WORD = re.compile(r"[a-z0-9]+")


def terms(text):
	return collections.Counter(WORD.findall(text.lower()))


def write(path, rows, vocabulary, weight):
	with open(path, "w", encoding="ascii") as out:
		print(len(vocabulary), file=out)
		for number, row in enumerate(rows):
			found = {vocabulary[t]: n * weight[t] for t, n in row.items() if t in vocabulary and weight[t] > 0}
			norm = math.sqrt(sum(w * w for w in found.values())) or 1.0
			pairs = ",".join(f"{i}:{w / norm:.6g}" for i, w in sorted(found.items()))
			print(f"{number}\t{{{pairs}}}/{len(vocabulary)}", file=out)


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--input", required=True)
	parser.add_argument("--output", required=True)
	arguments = parser.parse_args()
	with open(arguments.input + ".txt", encoding="utf-8") as texts:
		base = [terms(line) for line in texts]
	with open(arguments.input + "_query.txt", encoding="utf-8") as texts:
		queries = [terms(line) for line in texts]
	frequency = collections.Counter(t for row in base for t in row)
	vocabulary = {t: i + 1 for i, t in enumerate(sorted(frequency))}
	weight = {t: math.log(len(base) / n) for t, n in frequency.items()}
	write(arguments.output + ".copy", base, vocabulary, weight)
	write(arguments.output + "_queries.copy", queries, vocabulary, weight)
	lengths = sorted(len(row) for row in base)
	print(f"{len(base)} rows, {len(vocabulary)} dimensions, {lengths[len(lengths) // 2]} terms in the median row")


main()
