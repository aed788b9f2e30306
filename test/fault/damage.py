#!/usr/bin/env python3
"""Damage index pages, and see what checks, scans, inserts and VACUUM make of them.

A table with an index is filled once, and the bytes of its files are kept.  Each trial changes bytes of one page of the
index file, then lets vectorx_check(), scans, inserts, deletes and VACUUM run, and puts the files back; fault_forget()
(fault_server.c) makes the server forget the pages that it has in its buffers, before and after.  Half of the trials
are aware of structure: they take a field of the page (pages.py), and write a value that counters and block numbers are
likely to choke on: 0, 1, the number of blocks and its neighbours, all ones, another bit.  The others flip bits
anywhere.

No trial may crash the server or hang.  An error has to be of the classes of damaged data or a damaged index (XX001,
XX002).  Of structural damage, vectorx_check(index, true) has to find all but a hundredth, be it by a finding or by an
error; a change that leaves a sound index, such as an edge to another page of the graph, is none and is not made.

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

from cluster import Cluster, build_library
from pages import CONTENTS_AT, PAGE_BYTES, Index
from session import Session, SessionLost
from workloads import METHODS

HERE = os.path.dirname(os.path.abspath(__file__))
STATEMENT_SECONDS = 10
TABLES = ["t", "t_e"]

# Rows, copies of one row, rows that are inserted later; and rows of a region of their own, which are deleted in two
# steps, so that lists have pages which were given back, and pages which were not yet.
SETUP = """
INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1, 700) i;
INSERT INTO t SELECT i, fault_vector({seed}, i, 40) + array_fill(3, ARRAY[40])::vector FROM generate_series(10001, 10800) i;
CREATE INDEX t_e ON t USING {index};
INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(701, 760) i;
INSERT INTO t SELECT i, fault_vector({seed}, 1, 40) FROM generate_series(761, 830) i;
DELETE FROM t WHERE id % 10 = 3 AND id < 10000 OR id > 10500;
VACUUM t;
VACUUM t;
SELECT txid_current();
VACUUM t;
DELETE FROM t WHERE id > 10000;
VACUUM t;
VACUUM (FREEZE) t;
CHECKPOINT;
"""

STATEMENTS = [
    "SELECT 'finding' FROM vectorx_check('t_e', true) LIMIT 1",
    "SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -1, 40) LIMIT 30) s",
    "SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -2, 40) LIMIT 600) s",
    "INSERT INTO t SELECT i, fault_vector(1, i, 40) FROM generate_series(8001, 8006) i",
    "DELETE FROM t WHERE id % 7 = 5",
    "VACUUM t",
    "INSERT INTO t SELECT i, fault_vector(1, i, 40) FROM generate_series(9001, 9004) i",
    "SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -3, 40) LIMIT 30) s",
]

CODES = {"clean": ("XX001", "XX002"), "hang": ("57014",)}


def structural_damage(random_source, index):
    """A change of one field; (block, place, new bytes, group of the field)."""
    blocks = len(index.pages)
    while True:
        # the metapage is one of many pages and the one that matters most
        block = 0 if random_source.random() < 0.1 else random_source.randrange(blocks)
        if not any(index.pages[block]):
            continue
        groups = collections.defaultdict(list)
        for field in index.fields(block):
            groups[field.group].append(field)
        field = random_source.choice(groups[random_source.choice(sorted(groups))])
        bits = 8 * field.width
        old = int.from_bytes(index.pages[block][field.place:field.place + field.width], "little")
        value = random_source.choice([0, 1, 2, blocks - 1, blocks, blocks + 1, 0x7FFF, 0x8000, -1, 1 << bits - 1,
                                      old + 1, old - 1, old ^ 1 << random_source.randrange(bits),
                                      random_source.getrandbits(bits)]) % (1 << bits)
        if value != old and not index.is_equivalent(block, field, value):
            return block, field.place, value.to_bytes(field.width, "little"), field.group


def random_damage(random_source, index):
    """A few bits flipped within 64 bytes of any page; as above."""
    block = random_source.randrange(len(index.pages))
    place = random_source.randrange(CONTENTS_AT, PAGE_BYTES - 64)
    new = bytearray(index.pages[block][place:place + 64])
    for _ in range(random_source.randint(1, 4)):
        new[random_source.randrange(64)] ^= 1 << random_source.randrange(8)
    return block, place, bytes(new), "random"


class Patient:
    """The cluster, and the files of table and index as they were before any damage."""

    def __init__(self, options, folder, method):
        self.cluster = Cluster(options.programs, os.path.join(folder, "cluster"))
        self.cluster.create("wal_consistency_checking = ''", "full_page_writes = off", "restart_after_crash = off",
                            "max_wal_size = 64MB")
        self.cluster.start()
        with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as schema:
            self.cluster.sql(schema.read())
        self.cluster.sql(SETUP.replace("{index}", METHODS[method]).replace("{seed}", str(options.seed)))
        self.cluster.sql("CREATE FUNCTION fault_forget(regclass) RETURNS void LANGUAGE c AS "
                         f"'{build_library(options.headers, folder)}'")
        self.index_path = os.path.join(self.cluster.folder, self.cluster.sql("SELECT pg_relation_filepath('t_e')"))
        # statistics and the like must not be those of a trial, nor must a crash cost more than a restart
        self.cluster.stop()
        self.intact = self.cluster.copy(os.path.join(folder, "intact"))
        self.cluster.start()
        self.files = self.read_files()
        self.session = None
        verdict = self.cluster.sql(f"SELECT fault_verify({options.seed})").splitlines()[-1]
        if verdict != "ok":
            raise RuntimeError("before any damage: " + verdict)

    def read_files(self):
        files = {}
        for table in TABLES:
            path = os.path.join(self.cluster.folder, self.cluster.sql(f"SELECT pg_relation_filepath('{table}')"))
            for name in (path, path + "_fsm", path + "_vm"):
                if os.path.exists(name):
                    with open(name, "rb") as file:
                        files[name] = file.read()
        return files

    def index(self):
        return Index(self.files[self.index_path])

    def ask(self, statements):
        if self.session is None:
            self.session = Session(self.cluster)
            self.session.ask("\\set VERBOSITY sqlstate")
            self.session.ask(f"SET statement_timeout = '{STATEMENT_SECONDS}s'; SET enable_seqscan = off")
        return self.session.ask(statements, STATEMENT_SECONDS * (len(STATEMENTS) + 2))

    def restore(self):
        """Table and index as they were; forks that a trial has made become empty."""
        self.ask("; ".join(f"SELECT fault_forget('{table}')" for table in TABLES))
        for name, contents in self.files.items():
            with open(name, "r+b") as file:
                file.write(contents)
                file.truncate()
        for name in (self.index_path + "_fsm",):
            if name not in self.files and os.path.exists(name):
                os.truncate(name, 0)

    def damage(self, block, place, new):
        with open(self.index_path, "r+b") as file:
            file.seek(block * PAGE_BYTES + place)
            file.write(new)

    def revive(self):
        """After a crash: the whole cluster as it was."""
        self.session = None
        self.cluster.stop("immediate")
        subprocess.run(["rm", "-rf", self.cluster.folder], check=True)
        self.cluster = self.intact.copy(self.cluster.folder)
        self.cluster.start()


def classify(answer):
    """crash, hang, other error, clean error or no error; and whether vectorx_check() saw the damage."""
    outputs = re.split(r"statement \d+\n", answer + "\n")[1:]
    states = re.findall(r"(?:ERROR|FATAL|PANIC): +(\w{5})", answer)
    seen = "finding" in outputs[0] or "ERROR" in outputs[0]
    if any(state in CODES["hang"] for state in states):
        return "hang", seen
    if any(state not in CODES["clean"] for state in states):
        return "other error", seen
    return "clean error" if states else "no error", seen


def one_trial(patient, change):
    """Damage, try, and put back; as classify()."""
    script = "".join(f"\\echo statement {i}\n{statement};\n" for i, statement in enumerate(STATEMENTS))
    try:
        patient.restore()
        patient.damage(*change[:3])
        return classify(patient.ask(script))
    except SessionLost as lost:
        # the session was killed after a time that no statement can take, or its server died
        verdict = "crash" if "server closed" in str(lost) or not patient.cluster.is_running() else "hang"
        patient.revive()
        return verdict, False


def try_method(options, folder, method):
    patient = Patient(options, folder, method)
    index = patient.index()
    random_source = random.Random(options.seed)
    counts = collections.Counter()
    missed = collections.Counter()
    failures = []
    began = time.monotonic()
    for trial in range(options.trials):
        structural = trial % 2 == 0
        change = (structural_damage if structural else random_damage)(random_source, index)
        verdict, seen = one_trial(patient, change)
        kind = "structural" if structural else "random"
        counts.update([verdict, kind])
        counts[kind + ", seen"] += seen
        if verdict in ("crash", "hang", "other error") or structural and not seen:
            block, place, new, group = change
            missed[group] += structural and not seen
            failures.append(f"trial {trial}: {verdict}{'' if seen else ', not seen'}: block {block} of kind "
                            f"{index.kind(block)}, {group}, offset {place}: "
                            f"{index.pages[block][place:place + len(new)].hex()} became {new.hex()}")
    patient.cluster.stop("immediate")
    share = counts["structural, seen"] / max(counts["structural"], 1)
    sound = counts["crash"] + counts["hang"] + counts["other error"] == 0 and share >= 0.99
    print(json.dumps({
        "figure": "R8", "method": method, "seed": options.seed, "trials": options.trials, "crashes": counts["crash"],
        "hangs": counts["hang"], "other_errors": counts["other error"], "clean_errors": counts["clean error"],
        "no_error": counts["no error"], "structural": counts["structural"], "structural_seen": round(share, 4),
        "random_seen": round(counts["random, seen"] / max(counts["random"], 1), 4), "missed": dict(+missed),
        "failed": int(not sound), "seconds": round(time.monotonic() - began, 1),
        "failures": failures[:20] if not sound else failures[:3]}), flush=True)
    return sound


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("headers", help="folder of the server's headers")
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
