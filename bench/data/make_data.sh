#!/bin/sh
#
# make_data.sh
#	  Make data sets for the benchmarks in bench/.cache, each with its exact
#	  neighbours; what is there already is not made again.
#
#	  make_data.sh wordnet				117 659 x 384, real
#	  make_data.sh clustered [ROWS DIM]	100 000 x 768 unless told, generated
#	  make_data.sh sparse				117 659 TF-IDF vectors of the same texts
#	  make_data.sh demo					the files of demo/data, out of wordnet
#
# The sets are described in README.md in this folder.
#
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/.." && pwd)/.cache

truth()
{
	[ -f "$cache/$1.gt.i32" ] ||
		"$python" "$here/ground_truth.py" --base "$cache/$1.f32" \
			--queries "$cache/$1_queries.f32" --dim "$2" \
			--output "$cache/$1.gt.i32"
}

wordnet()
{
	[ -f "$cache/wordnet_384.f32" ] ||
		nice "$python" "$here/make_wordnet.py" --output "$cache/wordnet_384"
	truth wordnet_384 384
}

clustered()
{
	name=clustered_$2
	[ "$1" -eq 100000 ] || name=clustered_$1_$2
	[ -f "$cache/$name.f32" ] ||
		"$python" "$here/make_clustered.py" --rows "$1" --dim "$2" \
			--output "$cache/$name"
	truth "$name" "$2"
}

case ${1:-} in
	wordnet | clustered | sparse | demo) python=$("$here/setup.sh") ;;
	*)
		echo "usage: make_data.sh wordnet | clustered [ROWS DIM] | sparse | demo" >&2
		exit 2
		;;
esac
case $1 in
	wordnet) wordnet ;;
	clustered) clustered "${2:-100000}" "${3:-768}" ;;
	sparse)
		wordnet
		[ -f "$cache/sparse_wordnet_queries.copy" ] ||
			"$python" "$here/make_sparse.py" --input "$cache/wordnet_384" \
				--output "$cache/sparse_wordnet"
		;;
	demo)
		wordnet
		"$python" "$here/make_demo.py" --input "$cache/wordnet_384" \
			--output "$here/../../demo/data"
		;;
esac
