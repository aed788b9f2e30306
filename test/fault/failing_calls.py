#!/usr/bin/env python3
"""Let every allocation, read and write of a statement fail, one after the other.

A shim (fault_shim.c) makes the n-th call of one backend fail.  Each statement, a build, an insert, a scan, a VACUUM and
a check, runs again and again with n = 0, 1, 2, ... until it no longer comes to the n-th call.  Every failure has to end
in an error of the statement: no crash, no hang, no success with wrong results.  Afterwards the index has to be sound.

With --most N, a statement that makes more than N calls has a seeded sample of them fail, spread over all of it.
Prints one line of JSON for each statement, kind and method, and exits with 1 if one of them did not come through.
"""

import argparse
import errno
import json
import mmap
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

from cluster import Cluster
from session import Session, SessionLost
from workloads import METHODS

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOCATION, READ, WRITE = 1, 2, 4
KINDS = {"allocation": (ALLOCATION, 0), "read": (READ, errno.EIO), "write": (WRITE, errno.ENOSPC)}
FIGURES = {"allocation": "R9", "read": "R10", "write": "R10"}

# name: (statement, what restores the state that it needs)
STATEMENTS = {
    "build": ("CREATE INDEX t_e ON t USING {index}", "DROP INDEX IF EXISTS t_e"),
    "insert": ("INSERT INTO t SELECT i, fault_vector(2, i, 40) FROM generate_series(1, 3) i", None),
    "scan": ("SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -1, 40) LIMIT 50) s", None),
    "vacuum": ("VACUUM t", "DELETE FROM t WHERE ctid IN (SELECT ctid FROM t LIMIT 2)"),
    "check": ("SELECT count(*) FROM vectorx_check('t_e', true)", None),
}


class Order:
    """The memory that the shim reads; see FaultOrder in fault_shim.c."""

    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(20))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 20)

    def arm(self, pid, kind, countdown):
        kinds, error = KINDS[kind]
        self.memory[4:20] = struct.pack("iiii", kinds, countdown, error, 0)
        self.memory[0:4] = struct.pack("i", pid)

    def disarm(self):
        """End the order; how many calls failed, and how many were left to go."""
        self.memory[0:4] = struct.pack("i", 0)
        _, countdown, _, hits = struct.unpack("iiii", self.memory[4:20])
        return hits, countdown


def build_shim(folder):
    shim = os.path.join(folder, "fault_shim.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, os.path.join(HERE, "fault_shim.c"), "-ldl"], check=True)
    return shim


def new_session(cluster):
    session = Session(cluster)
    session.ask("SET enable_seqscan = off")
    session.ask("SET maintenance_work_mem = '2MB'")
    return session


def count_calls(session, order, kind, statement, restore):
    """How many calls of a kind the statement makes once caches are warm and memory is kept."""
    session.ask(statement)
    if restore:
        session.ask(restore)
    order.arm(session.pid, kind, 1 << 30)
    session.ask(statement)
    return (1 << 30) - order.disarm()[1]


def choose_calls(calls, most, seed):
    """Which calls to let fail: all, or a sample; and a few beyond the count, which varies a little from run to run."""
    if most == 0 or calls <= most:
        return list(range(calls + 2))
    return sorted(random.Random(seed).sample(range(calls), most))


def try_statement(cluster, order, kind, name, method, options):
    statement, restore = STATEMENTS[name]
    statement = statement.replace("{index}", METHODS[method])
    result = {"figure": FIGURES[kind], "kind": kind, "statement": name, "method": method, "seed": options.seed,
              "calls": 0, "failed_calls": 0, "errors": 0, "survived": 0, "crashes": 0, "failures": []}
    began = time.monotonic()
    session = new_session(cluster)
    if restore:
        session.ask(restore)
    result["calls"] = count_calls(session, order, kind, statement, restore)
    for call in choose_calls(result["calls"], options.most, options.seed):
        try:
            if restore:
                session.ask(restore)
            order.arm(session.pid, kind, call)
            answer = session.ask(statement)
            hits, _ = order.disarm()
            result["failed_calls"] += hits
            result["errors" if "ERROR" in answer else "survived"] += hits
        except SessionLost as lost:
            hits, _ = order.disarm()
            result["failed_calls"] += hits
            if "FATAL" in str(lost) and cluster.is_running() and "crash" not in str(lost):
                result["errors"] += 1
            else:
                result["crashes"] += 1
                result["failures"].append(f"call {call}: {str(lost)[-300:]}")
                cluster.stop("immediate")
                cluster.start()
            session = new_session(cluster)
    session.close()
    if name == "build":
        cluster.sql("DROP INDEX IF EXISTS t_e; " + statement)
    verdict = cluster.sql(f"SELECT fault_verify({options.seed})").splitlines()[-1]
    if verdict != "ok":
        result["failures"].append("afterwards: " + verdict)
    result["failed"] = int(bool(result["failures"]))
    result["failures"] = result["failures"][:5]
    result["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(result), flush=True)
    return not result["failed"]


def try_method(options, folder, method):
    order = Order(os.path.join(folder, "order"))
    cluster = Cluster(options.programs, os.path.join(folder, "cluster"),
                      {"LD_PRELOAD": build_shim(folder), "VX_FAULT_FILE": os.path.join(folder, "order")})
    # so few buffers that statements read and write pages
    cluster.create("shared_buffers = 512kB", "wal_consistency_checking = ''", "restart_after_crash = off")
    cluster.start()
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as schema:
        cluster.sql(schema.read())
    cluster.sql(f"INSERT INTO t SELECT i, fault_vector({options.seed}, i, 40) FROM generate_series(1, 1500) i")
    sound = True
    for kind in options.kinds.split(","):
        for name in options.statements.split(","):
            sound = try_statement(cluster, order, kind, name, method, options) and sound
    cluster.stop("immediate")
    return sound


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("--methods", default="hnsw", help="separated by commas")
    parser.add_argument("--kinds", default=",".join(KINDS), help="separated by commas")
    parser.add_argument("--statements", default=",".join(STATEMENTS), help="separated by commas; build comes first")
    parser.add_argument("--most", type=int, default=0, help="failures of each statement and kind; 0: every call")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sound = True
    for method in options.methods.split(","):
        with tempfile.TemporaryDirectory(prefix="failing-") as folder:
            sound = try_method(options, folder, method) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
