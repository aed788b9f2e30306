#!/usr/bin/env python3
"""Give the input functions of all types bytes that mean nothing, or almost nothing.

Inputs are mutations of well-formed ones, seeded: bytes changed, removed, doubled, lengths and counts made absurd, numbers
replaced by those at the edges of what floats can be.  Text goes to the input function, bytes to the binary one.  Each
input is either refused, with an SQLSTATE of the classes for bad data and for limits (22, 54; 08P01 of a message that
ends too early), or accepted; what is accepted has to be a fixed point: printed and read again it is the same, as text and as bytes.

The harness of the parsers alone, test/fuzz, finds its inputs by coverage and is faster; this one has the rest of the
input functions in it, as users reach them.

Prints one line of JSON for each type and form, and exits with 1 if an input crashed the server, was refused in another
way, or was accepted and is no fixed point.
"""

import argparse
import json
import os
import random
import struct
import sys
import tempfile
import time

from cluster import Cluster, StatementError, build_library

BATCH = 20000

NUMBERS = ["0", "-0", "1", "-1.5", "1e38", "-3.4028236e38", "1e39", "1e-45", "1e-46", "65504", "65520", "6e-8", "nan", "NaN", "inf",
           "-Infinity", "0x1p3", "1e", "1.", ".5", "+2", "1e+05", "00012", "16777217", "999999999999999999999999", "1e99999999999"]

# type: (well-formed texts, function that makes the bytes of a well-formed value)
TYPES = {
    "vector": (["[1,2,3]", "[ 1.5e3 , -2, 0 ]", "[0.1]"],
               lambda r: struct.pack(">hh", n := r.randint(1, 9), 0) + b"".join(struct.pack(">f", r.uniform(-9, 9)) for _ in range(n))),
    "halfvec": (["[1,2,3]", "[ 1.5e3 , -2, 0 ]", "[0.1]"],
                lambda r: struct.pack(">hh", n := r.randint(1, 9), 0) + b"".join(struct.pack(">e", r.uniform(-9, 9)) for _ in range(n))),
    "sparsevec": (["{1:1,3:2.5}/5", "{ 2 : -1e3 , 7:1 } / 9", "{}/3", "{16000:1}/1000000"],
                  lambda r: struct.pack(">iii", 99, n := r.randint(0, 9), 0) +
                  b"".join(struct.pack(">i", i * 9) for i in range(n)) + b"".join(struct.pack(">f", r.uniform(1, 9)) for _ in range(n))),
}
SPECIAL = {"text": list("[]{},:/ \t\n+-.eE0123456789\\\"'x") + ["[[", "]]", "/-1", ":0", "/0", "2147483648", "\u00e9"],
           "binary": [b"\0\0", b"\xff\xff", b"\x7f\xff", b"\x80\0", b"\x7f\x80\0\0", b"\xff\xc0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"]}

JUDGE = """
CREATE FUNCTION judge(type regtype, form text, input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	printed text;
	state text;
BEGIN
	BEGIN
		IF form = 'binary' THEN
			printed := fault_receive(type, decode(input, 'hex'));
		ELSE
			EXECUTE format('SELECT %L::%s::text', input, type) INTO printed;
		END IF;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
		RETURN CASE WHEN state ~ '^(22|54|08P01)' THEN 'refused' ELSE 'refused with ' || state END;
	END;
	IF fault_receive(type, fault_send(type, printed)) IS DISTINCT FROM printed THEN
		RETURN 'accepted, but ' || printed || ' is not what its bytes are';
	END IF;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN 'accepted, but printed as ' || printed || ': ' || SQLERRM;
END
$$;
CREATE UNLOGGED TABLE inputs (input text);
"""


def mutate(source, value, special):
    """The value with one to four changes."""
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(value) + 1)
        to = min(len(value), at + source.choice([0, 0, 1, 1, 2, 4]))
        new = source.choice([source.choice(special), value[:0], value[at:to] * 2])
        value = value[:at] + new + value[to:]
        if source.random() < 0.02:
            value = value[:at] + (value[at:to] or source.choice(special)) * source.choice([100, 20000]) + value[at:]
    return value


def new_input(source, name, form):
    """An input in the form of COPY: text escaped, or hexadecimal digits."""
    texts, make_bytes = TYPES[name]
    if form == "binary":
        value = make_bytes(source)
        return (value if source.random() < 0.05 else mutate(source, value, SPECIAL["binary"])).hex()
    value = source.choice(texts)
    for _ in range(source.randint(0, 2)):
        # another number in place of one that is there
        digits = [i for i, character in enumerate(value) if character.isdigit()]
        if digits:
            at = source.choice(digits)
            value = value[:at] + source.choice(NUMBERS) + value[at + 1:]
    if source.random() < 0.8:
        value = mutate(source, value, SPECIAL["text"])
    return value.replace("\0", "").replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def try_form(cluster, options, name, form):
    source = random.Random(f"{options.seed} {name} {form}")
    began = time.monotonic()
    counts = {"inputs": 0, "accepted": 0}
    failures = []
    while counts["inputs"] < options.inputs:
        batch = [new_input(source, name, form) for _ in range(min(BATCH, options.inputs - counts["inputs"]))]
        counts["inputs"] += len(batch)
        try:
            answer = cluster.sql("TRUNCATE inputs;\nCOPY inputs FROM stdin;\n" + "\n".join(batch) + "\n\\.\n"
                                 f"SELECT verdict, count(*), left(translate(min(input), E'\\n\\r', '  '), 200) FROM (SELECT judge('{name}', '{form}', input) AS verdict, input "
                                 "FROM inputs) j GROUP BY verdict", timeout=3600)
        except StatementError as failure:
            failures.append(str(failure)[-500:])
            if not cluster.is_running():
                cluster.start()
            continue
        for line in answer.splitlines():
            verdict, *rest = line.split("|", 2)
            if verdict == "accepted":
                counts["accepted"] += int(rest[0])
            elif verdict != "refused":
                failures.append(line[:500])
    print(json.dumps({"figure": "R7", "target": f"{name}, {form}", "seed": options.seed, **counts, "failed": len(failures),
                      "seconds": round(time.monotonic() - began, 1), "failures": failures[:5]}), flush=True)
    return not failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("headers", help="folder of the server's headers")
    parser.add_argument("--inputs", type=int, default=100000, help="of each type and form")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sound = True
    with tempfile.TemporaryDirectory(prefix="inputs-") as folder:
        cluster = Cluster(options.programs, os.path.join(folder, "cluster"))
        cluster.create("wal_consistency_checking = ''", "restart_after_crash = off")
        cluster.start()
        library = build_library(options.headers, folder)
        cluster.sql("CREATE EXTENSION vectorx;\n" + "".join(
            f"CREATE FUNCTION {function} LANGUAGE c STRICT AS '{library}';\n"
            for function in ("fault_receive(oid, bytea) RETURNS text", "fault_send(oid, text) RETURNS bytea")) + JUDGE)
        for name in TYPES:
            for form in ("text", "binary"):
                sound = try_form(cluster, options, name, form) and sound
        cluster.stop("immediate")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
