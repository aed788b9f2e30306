#!/usr/bin/env python3
"""Crash at every WAL record, and recover.

For each workload and index method: copy a cluster right after a checkpoint, run the workload, and list the records
of its WAL.  For each record (or a seeded sample of them) take the copy, give it the WAL up to that record and zeros
from there on, let the server's own recovery run, and verify: vectorx_check() finds nothing, every visible row is in
the index, answers at full effort are those of a sequential scan; then insert, delete and vacuum, and verify again.

wal_consistency_checking is on while the workload runs, so each page that recovery makes is compared with the image
of the original: a difference ends recovery with FATAL and counts as a failure.

Prints one line of JSON for each workload and method, and exits with 1 if a point failed.  Limits: a crash is a clean
prefix of WAL, and data files begin as the checkpoint left them; servers killed at random with few buffers, whose
files are half written, are in t/020_crash.pl.
"""

import argparse
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from cluster import SEGMENT_BYTES, Cluster, StatementError, format_lsn, parse_lsn, segment_name
from workloads import AFTERWARDS, WORKLOADS, fill_in

HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = re.compile(r"^rmgr: (\S+)\s.*?lsn: ([0-9A-F/]+),")


def record_workload(programs, folder, name, method, seed):
    """Run a workload; the cluster that was copied before it, the one after it, and its records [(resource manager, lsn)]."""
    before, clients = WORKLOADS[name]
    cluster = Cluster(programs, os.path.join(folder, "origin"))
    cluster.create()
    cluster.start()
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as schema:
        cluster.sql(schema.read())
    cluster.sql(";\n".join(fill_in(before, method, seed)))
    cluster.sql("CHECKPOINT")
    base = cluster.copy(os.path.join(folder, "base"))
    begin = cluster.current_lsn()
    run_clients(cluster, [fill_in(client, method, seed) for client in clients])
    end = cluster.current_lsn()
    cluster.stop("immediate")
    return base, cluster, list_records(cluster, begin, end)


def run_clients(cluster, clients):
    """Run each client's statements, all clients at once.  Raises what the first of them to fail raised."""
    failures = []

    def run(statements):
        try:
            for statement in statements:
                cluster.sql(statement)
        except (StatementError, subprocess.TimeoutExpired) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(statements,)) for statements in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def list_records(cluster, begin, end):
    done = cluster.run("pg_waldump", "-p", os.path.join(cluster.folder, "pg_wal"), "-s", format_lsn(begin), "-e",
                       format_lsn(end))
    records = [(match.group(1), parse_lsn(match.group(2))) for match in map(RECORD.match, done.stdout.splitlines())
               if match]
    if not records:
        raise RuntimeError("no WAL records found: " + done.stdout[-500:])
    return records


def cut(base, origin, folder, lsn):
    """The base copy with the WAL of origin up to lsn, and zeros after it."""
    cluster = base.copy(folder)
    target = os.path.join(folder, "pg_wal")
    source = os.path.join(origin.folder, "pg_wal")
    last = segment_name(lsn)
    for name in os.listdir(target):
        if re.fullmatch(r"[0-9A-F]{24}", name):
            os.unlink(os.path.join(target, name))
    for name in os.listdir(source):
        if re.fullmatch(r"[0-9A-F]{24}", name) and name <= last:
            shutil.copyfile(os.path.join(source, name), os.path.join(target, name))
    with open(os.path.join(target, last), "r+b") as segment:
        keep = lsn % SEGMENT_BYTES
        segment.seek(keep)
        segment.write(bytes(SEGMENT_BYTES - keep))
    return cluster


def try_point(base, origin, folder, lsn, seed):
    """Recover up to lsn and verify; None, or what is wrong."""
    cluster = cut(base, origin, folder, lsn)
    verify = f"SELECT fault_verify({seed})"
    try:
        verdicts = cluster.single([verify, *fill_in(AFTERWARDS, "hnsw", seed), verify])
        if verdicts == ["ok", "ok"]:
            return None
        return "; ".join(verdicts) or "no verdict"
    except (StatementError, subprocess.TimeoutExpired) as failure:
        return str(failure)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def try_workload(options, folder, name, method):
    base, origin, records = record_workload(options.programs, folder, name, method, options.seed)
    points = [lsn for _, lsn in records]
    if options.points and options.points < len(points):
        points = sorted(random.Random(options.seed).sample(points, options.points))
    began = time.monotonic()
    failures = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        attempts = {pool.submit(try_point, base, origin, os.path.join(folder, f"point{i}"), lsn, options.seed): lsn
                    for i, lsn in enumerate(points)}
        for attempt in concurrent.futures.as_completed(attempts):
            if attempt.result() is not None:
                failures.append((attempts[attempt], attempt.result()))
    print(json.dumps({
        "figure": "R1", "workload": name, "method": method, "seed": options.seed, "records": len(records),
        "generic_records": sum(manager == "Generic" for manager, _ in records), "points": len(points),
        "failed": len(failures), "seconds": round(time.monotonic() - began, 1),
        "failures": [f"{format_lsn(lsn)}: {what}" for lsn, what in sorted(failures)[:5]]}), flush=True)
    return not failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("--methods", default="hnsw", help="separated by commas")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="separated by commas")
    parser.add_argument("--points", type=int, default=0, help="crash points of each workload; 0: every record")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    sound = True
    for method in options.methods.split(","):
        for name in options.workloads.split(","):
            with tempfile.TemporaryDirectory(prefix="crash-") as folder:
                sound = try_workload(options, folder, name, method) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
