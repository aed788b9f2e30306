#!/usr/bin/env python3
"""Damage index pages, and see what checks, scans, inserts and VACUUM make of them.

A template database holds a table with an index.  Each trial copies it, changes bytes of one page of the index file
before anybody has read it, and lets vectorx_check(), scans, inserts, deletes and VACUUM run.  Half of the trials are
aware of structure: they write values that counters and block numbers are likely to choke on (0, 1, the number of
blocks and its neighbours, all ones) into the page header, the special area or the metapage; the others flip bits
anywhere.

No trial may crash the server or hang.  An error has to be of the classes of damaged data or a damaged index (XX001,
XX002).  Of damage to header, special area and metapage, vectorx_check() has to find all but a hundredth, be it by a
finding or by an error.  Bytes that mean nothing to a reader are left alone: the LSN, the checksum, reserved space.

Prints one line of JSON for each method, and exits with 1 if a target is missed.
"""

import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

from cluster import Cluster, StatementError
from workloads import METHODS

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE_BYTES = 8192
HEADER_BYTES = 24
UNUSED_HEADER_BYTES = 10    # LSN and checksum
SPECIAL_BYTES = 16
META_BYTES = 56             # fields of the metapage that are always in use
STATEMENT_SECONDS = 10

SETUP = """
INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1, 700) i;
CREATE INDEX t_e ON t USING {index};
INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(701, 760) i;
DELETE FROM t WHERE id % 10 = 3;
VACUUM t;
"""

CHECK = "SELECT 'finding' FROM vectorx_check('t_e') LIMIT 1"
STATEMENTS = [
    CHECK,
    "SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -1, 40) LIMIT 30) s",
    "SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -2, 40) LIMIT 600) s",
    "INSERT INTO t SELECT i, fault_vector(1, i, 40) FROM generate_series(8001, 8006) i",
    "DELETE FROM t WHERE id % 7 = 5",
    "VACUUM t",
    "INSERT INTO t SELECT i, fault_vector(1, i, 40) FROM generate_series(9001, 9004) i",
    "SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -3, 40) LIMIT 30) s",
]


def structural_damage(random_source, page, block, blocks):
    """Write an awkward value over a field of the frame; what was done, or None if nothing changed."""
    width = random_source.choice([1, 2, 4])
    places = list(range(UNUSED_HEADER_BYTES, HEADER_BYTES)) + list(range(PAGE_BYTES - SPECIAL_BYTES, PAGE_BYTES))
    if block == 0:
        places += list(range(HEADER_BYTES, HEADER_BYTES + META_BYTES))
    place = random_source.choice([place for place in places if place % width == 0])
    value = random_source.choice([0, 1, 2, blocks - 1, blocks, blocks + 1, 0x7FFF, 0x8000, (1 << 8 * width) - 1,
                                  1 << (8 * width - 1), random_source.getrandbits(8 * width)])
    new = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    if page[place:place + width] == new:
        return None
    page[place:place + width] = new
    return f"block {block}, offset {place}: {width} bytes become {new.hex()}"


def random_damage(random_source, page, block, _):
    places = [random_source.randrange(HEADER_BYTES, PAGE_BYTES) for _ in range(random_source.randint(1, 4))]
    for place in places:
        page[place] ^= 1 << random_source.randrange(8)
    return f"block {block}, offsets {places}: bits flipped"


def damage(random_source, path, structural):
    """Change the file of an index; what was done."""
    with open(path, "r+b") as file:
        file.seek(0, os.SEEK_END)
        blocks = file.tell() // PAGE_BYTES
        done = None
        while done is None:
            # the metapage is one of many pages and the one that matters most
            block = 0 if structural and random_source.random() < 0.25 else random_source.randrange(blocks)
            file.seek(block * PAGE_BYTES)
            page = bytearray(file.read(PAGE_BYTES))
            done = (structural_damage if structural else random_damage)(random_source, page, block, blocks)
        file.seek(block * PAGE_BYTES)
        file.write(page)
    return done


def run_statements(cluster, database):
    """Run all statements, going on after errors; the output of each, with the SQLSTATE of what failed."""
    script = ["\\set VERBOSITY sqlstate", f"SET statement_timeout = '{STATEMENT_SECONDS}s';", "SET enable_seqscan = off;"]
    for number, statement in enumerate(STATEMENTS):
        script += [f"\\echo statement {number}", statement + ";"]
    done = cluster.run("psql", "-h", cluster.folder, "-U", "postgres", "-X", "-q", "-A", "-t", "-d", database,
                       input="\n".join(script), timeout=STATEMENT_SECONDS * (len(STATEMENTS) + 2))
    return re.split(r"statement \d+\n", done.stdout)[1:]


def classify(outputs):
    """crash, hang, unclean, or clean; and whether vectorx_check() saw the damage."""
    states = re.findall(r"(?:ERROR|FATAL|PANIC): +(\w{5})", "".join(outputs))
    seen = "finding" in outputs[0] or "ERROR" in outputs[0]
    if len(outputs) < len(STATEMENTS) or "connection" in "".join(outputs):
        return "crash", seen
    if "57014" in states:
        return "hang", seen
    if any(state not in ("XX001", "XX002") for state in states):
        return "unclean", seen
    return "clean error" if states else "no error", seen


def try_method(options, folder, method):
    cluster = Cluster(options.programs, os.path.join(folder, "cluster"))
    cluster.create("wal_consistency_checking = ''", "full_page_writes = off")
    cluster.start()
    cluster.sql("CREATE DATABASE intact")
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as schema:
        cluster.sql(schema.read(), "intact")
    cluster.sql(SETUP.replace("{index}", METHODS[method]).replace("{seed}", str(options.seed)), "intact")
    relative = cluster.sql("SELECT pg_relation_filepath('t_e')", "intact")
    original = cluster.sql("SELECT oid FROM pg_database WHERE datname = 'intact'")
    random_source = random.Random(options.seed)
    counts = collections.Counter()
    failures = []
    began = time.monotonic()
    for trial in range(options.trials):
        structural = trial % 2 == 0
        database = f"trial{trial}"
        cluster.sql(f"CREATE DATABASE {database} TEMPLATE intact STRATEGY file_copy")
        oid = cluster.sql(f"SELECT oid FROM pg_database WHERE datname = '{database}'")
        path = os.path.join(cluster.folder, relative.replace(f"base/{original}/", f"base/{oid}/"))
        done = damage(random_source, path, structural)
        try:
            verdict, seen = classify(run_statements(cluster, database))
        except subprocess.TimeoutExpired:
            verdict, seen = "hang", False
        counts[verdict] += 1
        counts["structural"] += structural
        counts["structural, seen"] += structural and seen
        if verdict in ("crash", "hang", "unclean") or structural and not seen:
            failures.append(f"trial {trial}: {verdict}{'' if seen else ', not seen'}: {done}")
        if verdict == "crash":
            cluster.stop("immediate")
            cluster.start()
        try:
            cluster.sql(f"DROP DATABASE {database} WITH (FORCE)")
        except StatementError as failure:
            failures.append(f"trial {trial}: {failure}")
    cluster.stop("immediate")
    share = counts["structural, seen"] / max(counts["structural"], 1)
    sound = counts["crash"] + counts["hang"] + counts["unclean"] == 0 and share >= 0.99
    print(json.dumps({
        "figure": "R8", "method": method, "seed": options.seed, "trials": options.trials, "crashes": counts["crash"],
        "hangs": counts["hang"], "other_errors": counts["unclean"], "clean_errors": counts["clean error"],
        "no_error": counts["no error"], "structural": counts["structural"], "structural_seen": round(share, 4),
        "failed": int(not sound), "seconds": round(time.monotonic() - began, 1), "failures": failures[:20]}), flush=True)
    return sound


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("--methods", default="hnsw", help="separated by commas")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sound = True
    for method in options.methods.split(","):
        with tempfile.TemporaryDirectory(prefix="damage-") as folder:
            sound = try_method(options, folder, method) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
