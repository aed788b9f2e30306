#
# wordnet_texts.py
#	  Read WordNet's data files: synsets, their words, definitions, examples.
#
# Knows nothing of vectors.  The format is that of wndb(5WN): one synset a
# line, after a licence text whose lines begin with spaces; the gloss follows
# the bar, and quoted examples follow the definition in it.
#

import os
import re
from typing import NamedTuple

FOLDER = "/usr/share/wordnet"		# Debian package wordnet-base
PARTS = ("noun", "verb", "adj", "adv")

# Lexicographer files of the nouns, lexnames(5WN); other parts give their name.
NOUN_FIELDS = (
	"tops", "act", "animal", "artifact", "attribute", "body", "cognition",
	"communication", "event", "feeling", "food", "group", "location",
	"motive", "object", "person", "phenomenon", "plant", "possession",
	"process", "quantity", "relation", "shape", "state", "substance", "time")

EXAMPLE = re.compile(r'"([^"]+)"')
MARKER = re.compile(r"\((?:a|p|ip)\)$")		# adjective position


class Synset(NamedTuple):
	offset: int			# byte offset, the synset's number within its part
	part: str			# noun, verb, adj, adv
	field: str			# e.g. noun.animal
	words: str			# comma separated
	gloss: str			# definition without examples
	examples: list		# of sentences
	instance: bool		# a named individual, such as a river or a person
	hypernyms: list		# offsets of the nouns above

	def text(self):
		"""What is embedded."""
		return f"{self.words}: {self.gloss}"


def split_gloss(gloss):
	"""Definition and examples.  Definitions may hold quoted words."""
	gloss = " ".join(gloss.split())
	cut = gloss.find('; "')
	if cut < 0:
		return gloss.rstrip(";"), []
	return gloss[:cut].rstrip("; "), EXAMPLE.findall(gloss[cut:])


def parse(line, part):
	head, gloss = line.split(" | ", 1)
	item = head.split(" ")
	count = int(item[3], 16)
	words = [MARKER.sub("", w).replace("_", " ")
			 for w in item[4:4 + 2 * count:2]]
	field = int(item[1])
	pointer = item[5 + 2 * count:]
	above = [(kind, int(target)) for kind, target, of in
			 zip(pointer[0::4], pointer[1::4], pointer[2::4])
			 if kind in ("@", "@i") and of == "n"]
	definition, examples = split_gloss(gloss)
	return Synset(
		offset=int(item[0]), part=part,
		field=f"noun.{NOUN_FIELDS[field - 3]}" if part == "noun" else part,
		words=", ".join(words), gloss=definition, examples=examples,
		instance=any(kind == "@i" for kind, _ in above),
		hypernyms=[target for _, target in above])


def read_synsets(folder=FOLDER):
	"""All synsets: nouns, verbs, adjectives, adverbs, each in file order."""
	synsets = []
	for part in PARTS:
		path = os.path.join(folder, "data." + part)
		if not os.path.exists(path):
			raise SystemExit(f"{path} is missing; "
							 "install the Debian package wordnet-base")
		with open(path, encoding="latin-1") as source:
			synsets += [parse(line, part) for line in source
						if not line.startswith(" ")]
	return synsets
