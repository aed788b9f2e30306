#!/usr/bin/env python3
"""Memory that statements take, and how soon they let themselves be cancelled.

Memory: while a build, an insert, a scan or a VACUUM runs, the private memory of its backend and of its parallel
workers (RssAnon) and the dynamic shared memory are sampled every few milliseconds; what is above the level of before
has to stay within the limit of the statement, maintenance_work_mem or work_mem, by 5 % and a fixed allowance that the
server itself takes (16 MB for maintenance, 8 MB for scans).

Cancel: the same statements are cancelled after a random share of the time they take; the delay between
pg_cancel_backend() and the error is measured.  The target is 100 ms for 99 of 100.  It is a time, so missing it is
reported and does not fail the run.

Prints one line of JSON for each figure, method and statement, and exits with 1 if memory went over its limit.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import threading
import time

from cluster import Cluster
from session import Session
from workloads import METHODS

HERE = os.path.dirname(os.path.abspath(__file__))
MEGABYTE = 1 << 20

# name: (statement, what comes before each run, setting that limits it, allowance in MB)
STATEMENTS = {
    "build": ("CREATE INDEX t_e ON t USING {index}", "DROP INDEX IF EXISTS t_e", "maintenance_work_mem", 16),
    "insert": ("INSERT INTO t SELECT -i, fault_vector(3, i, 40) FROM generate_series(1, 300) i",
               "DELETE FROM t WHERE id < 0", "maintenance_work_mem", 16),
    "scan": ("SELECT count(*) FROM (SELECT id FROM t ORDER BY e <-> fault_vector(1, -1, 40) LIMIT 20000) s", None,
             "work_mem", 8),
    "vacuum": ("VACUUM t", "DELETE FROM t WHERE id < 0; INSERT INTO t SELECT -i, fault_vector(3, i, 40) "
               "FROM generate_series(1, 2000) i; DELETE FROM t WHERE id < 0", "maintenance_work_mem", 16),
}


def private_bytes(pid):
    """Anonymous memory of a process; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found = re.search(r"RssAnon:\s+(\d+) kB", status.read())
            return int(found.group(1)) * 1024 if found else 0
    except OSError:
        return 0


def children(postmaster):
    with open(f"/proc/{postmaster}/task/{postmaster}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def shared_bytes(pid):
    """Bytes in use of the dynamic shared memory that a process has mapped."""
    total = 0
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            names = set(re.findall(r"(/dev/shm/PostgreSQL\.\d+)$", maps.read(), re.M))
        for name in names:
            total += os.stat(name).st_blocks * 512
    except OSError:
        pass
    return total


class Sampler(threading.Thread):
    """Highest sum of the memory of one backend, the processes that were not there before, and shared segments."""

    def __init__(self, cluster, pid):
        super().__init__()
        with open(os.path.join(cluster.folder, "postmaster.pid"), encoding="ascii") as file:
            self.postmaster = int(file.readline())
        self.pid = pid
        self.others = set(children(self.postmaster)) - {pid}
        self.base = private_bytes(pid) + shared_bytes(pid)
        self.peak = 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.003):
            workers = set(children(self.postmaster)) - self.others
            now = sum(private_bytes(pid) for pid in workers) + shared_bytes(self.pid)
            self.peak = max(self.peak, now - self.base)

    def end(self):
        self.ended.set()
        self.join()
        return max(self.peak, 0)


def fill(cluster, rows, seed):
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as schema:
        cluster.sql(schema.read())
    cluster.sql(f"INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1, {rows}) i; "
                "VACUUM ANALYZE t", timeout=3600)


def prepare(session, before):
    for statement in (before or "").split("; "):
        if statement:
            session.ask(statement)


def measure_memory(cluster, method, name, megabytes, workers):
    statement, before, setting, allowance = STATEMENTS[name]
    session = Session(cluster)
    session.ask("SET enable_seqscan = off")
    session.ask(f"SET max_parallel_maintenance_workers = {workers}")
    session.ask(f"SET {setting} = '{megabytes}MB'")
    prepare(session, before)
    sampler = Sampler(cluster, session.pid)
    sampler.start()
    answer = session.ask(statement.replace("{index}", METHODS[method]), timeout=1800)
    peak = sampler.end()
    session.close()
    limit = megabytes * MEGABYTE * 1.05 + allowance * MEGABYTE
    failed = peak > limit or "ERROR" in answer
    print(json.dumps({"figure": "R11", "method": method, "statement": name, "workers": workers, "limit_mb": megabytes,
                      "peak_mb": round(peak / MEGABYTE, 1), "allowed_mb": round(limit / MEGABYTE, 1),
                      "failed": int(failed), "failures": [answer] if "ERROR" in answer else []}), flush=True)
    return not failed


def cancel_once(cluster, canceller, method, name, delay):
    """Seconds from the cancel to the end of the statement; None if it had ended by itself."""
    statement, before, _, _ = STATEMENTS[name]
    session = Session(cluster)
    session.ask("SET enable_seqscan = off")
    prepare(session, before)
    outcome = {}

    def run():
        outcome["answer"] = session.ask(statement.replace("{index}", METHODS[method]), timeout=600)
        outcome["ended"] = time.monotonic()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(delay)
    cancelled = time.monotonic()
    canceller.ask(f"SELECT pg_cancel_backend({session.pid})")
    thread.join()
    session.close()
    return max(outcome["ended"] - cancelled, 0) if "57014" in outcome["answer"] else None


def measure_cancel(cluster, method, name, cancels, seed):
    random_source = random.Random(seed)
    statement, before, _, _ = STATEMENTS[name]
    session = Session(cluster)
    session.ask("SET enable_seqscan = off")
    prepare(session, before)
    began = time.monotonic()
    session.ask(statement.replace("{index}", METHODS[method]), timeout=600)
    seconds = time.monotonic() - began
    session.close()
    canceller = Session(cluster)
    tried = [cancel_once(cluster, canceller, method, name, random_source.uniform(0, seconds)) for _ in range(cancels)]
    canceller.close()
    delays = sorted(delay for delay in tried if delay is not None)
    cluster.sql("DROP INDEX IF EXISTS t_e; " + STATEMENTS["build"][0].replace("{index}", METHODS[method]), timeout=600)
    verdict = cluster.sql("SELECT fault_verify(1)").splitlines()[-1]
    print(json.dumps({"figure": "R12", "method": method, "statement": name, "seed": seed,
                      "statement_ms": round(seconds * 1000), "cancels": len(delays),
                      "median_ms": round(delays[len(delays) // 2] * 1000, 1) if delays else None,
                      "p99_ms": round(delays[min(len(delays) - 1, int(len(delays) * 0.99))] * 1000, 1) if delays else None,
                      "failed": int(verdict != "ok"), "failures": [] if verdict == "ok" else [verdict]}), flush=True)
    return verdict == "ok"


def try_method(options, folder, method):
    cluster = Cluster(options.programs, os.path.join(folder, "cluster"))
    cluster.create("shared_buffers = 256MB", "wal_consistency_checking = ''", "max_parallel_maintenance_workers = 2",
                   "min_parallel_table_scan_size = 0")
    cluster.start()
    fill(cluster, options.rows, options.seed)
    sound = True
    for megabytes in (int(size) for size in options.megabytes.split(",")):
        for name in STATEMENTS:
            for workers in ((0, 1) if name == "build" else (0,)):
                sound = measure_memory(cluster, method, name, megabytes, workers) and sound
    for name in STATEMENTS if options.cancels else ():
        sound = measure_cancel(cluster, method, name, options.cancels, options.seed) and sound
    cluster.stop("immediate")
    return sound


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("--methods", default="hnsw", help="separated by commas")
    parser.add_argument("--rows", type=int, default=100000, help="rows of 40 dimensions")
    parser.add_argument("--megabytes", default="2,8,64", help="limits to try, separated by commas")
    parser.add_argument("--cancels", type=int, default=100, help="of each statement")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sound = True
    for method in options.methods.split(","):
        with tempfile.TemporaryDirectory(prefix="limits-") as folder:
            sound = try_method(options, folder, method) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
