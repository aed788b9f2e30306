#!/usr/bin/env python3
"""Many clients at once insert, delete, update, scan, vacuum and rebuild; the index is verified whenever they pause.

Each round lets pgbench run a seeded mix of transactions with --clients clients, then, all being quiet, verifies:
vectorx_check() finds nothing, every row is in the index, answers at full effort are those of a sequential scan.  At
the end, when the rows have been replaced --turnover times, the recall of the churned index at its default effort (workloads.EFFORT: at another) is
compared with that of the same index built anew: it may have lost half a point.

Prints one line of JSON for each figure and method, and exits with 1 if anything was violated.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time

from cluster import Cluster
from workloads import EFFORT, METHODS

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 3000

# transactions, with how often they come; ids come from a sequence, so that old rows go and new ones come
SCRIPTS = {
    "INSERT INTO t SELECT i, fault_vector(1, i, 40) FROM (SELECT nextval('ids') AS i FROM generate_series(1, 4)) s": 10,
    "DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 4 FOR UPDATE SKIP LOCKED)": 10,
    "UPDATE t SET note = note + 1 WHERE id = (SELECT id FROM t OFFSET (random() * 500)::int LIMIT 1)": 4,
    "UPDATE t SET e = fault_vector(2, nextval('ids'), 40) WHERE id = (SELECT id FROM t OFFSET (random() * 500)::int LIMIT 1)": 2,
    "\\set q random(1, 1000000)\nSELECT id FROM t ORDER BY e <-> fault_vector(9, :q, 40) LIMIT 10": 10,
    "VACUUM t": 1,
}
REBUILD = "REINDEX INDEX CONCURRENTLY t_e"


def run_clients(cluster, folder, options, seed):
    """One round; how many transactions were done."""
    arguments = ["-n", "-h", cluster.folder, "-U", "postgres", "-c", str(options.clients), "-j", "2",
                 "-t", str(options.transactions), "--random-seed", str(seed)]
    for number, (script, weight) in enumerate(SCRIPTS.items()):
        path = os.path.join(folder, f"script{number}.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script.replace("fault_vector(1,", f"fault_vector({options.seed},") + ";\n")
        arguments += ["-f", f"{path}@{weight}"]
    done = cluster.run("pgbench", *arguments, "postgres", timeout=3600)
    count = re.search(r"actually processed: (\d+)", done.stdout)
    # two VACUUMs, or updates of one row, may get in each other's way; nothing else may fail
    errors = [line for line in done.stdout.splitlines() if "ERROR" in line and "could not serialize" not in line]
    return int(count.group(1)) if count else 0, errors


def recall(cluster, method, queries=200):
    """Share of the ten nearest that the index finds at its default effort, or that of EFFORT."""
    return float(cluster.sql(f"""
        {EFFORT.get(method, "")}
        CREATE TEMP TABLE q AS SELECT i, fault_vector(77, i, 40) AS e FROM generate_series(1, {queries}) i;
        SET enable_indexscan = off;
        CREATE TEMP TABLE exact AS SELECT q.i, n.id FROM q, LATERAL (SELECT id FROM t ORDER BY t.e <-> q.e LIMIT 10) n;
        SET enable_indexscan = on;
        SET enable_seqscan = off;
        SELECT count(*)::float8 / (10 * {queries}) FROM exact x
        JOIN (SELECT q.i, n.id FROM q, LATERAL (SELECT id FROM t ORDER BY t.e <-> q.e LIMIT 10) n) f USING (i, id)"""))


def try_method(options, folder, method):
    cluster = Cluster(options.programs, os.path.join(folder, "cluster"))
    cluster.create("shared_buffers = 64MB", "wal_consistency_checking = ''", "max_connections = 50")
    cluster.start()
    with open(os.path.join(HERE, "schema.sql"), encoding="utf-8") as schema:
        cluster.sql(schema.read())
    cluster.sql(f"INSERT INTO t SELECT i, fault_vector({options.seed}, i, 40) FROM generate_series(1, {ROWS}) i; "
                f"CREATE SEQUENCE ids START {ROWS + 1}; CREATE INDEX t_id ON t (id); "
                f"CREATE INDEX t_e ON t USING {METHODS[method]}; ANALYZE t")
    began = time.monotonic()
    operations, failures, number = 0, [], 0
    while not failures and (number < options.rounds or turnover(cluster) < options.turnover):
        number += 1
        done, errors = run_clients(cluster, folder, options, options.seed + number)
        operations += done
        failures += errors[:3]
        verdict = cluster.sql(f"SELECT fault_verify({options.seed + number})").splitlines()[-1]
        if verdict != "ok":
            failures.append(f"round {number}: {verdict}")
    print(json.dumps({"figure": "R4", "method": method, "seed": options.seed, "clients": options.clients,
                      "operations": operations, "quiesce_points": number, "failed": int(bool(failures)),
                      "seconds": round(time.monotonic() - began, 1), "failures": failures[:5]}), flush=True)
    cluster.sql("VACUUM ANALYZE t")
    churned = recall(cluster, method)
    turned = turnover(cluster)
    cluster.sql("REINDEX INDEX t_e")
    rebuilt = recall(cluster, method)
    lost = churned < rebuilt - 0.005
    print(json.dumps({"figure": "R6", "method": method, "seed": options.seed, "turnover": round(turned, 1),
                      "recall_churned": churned, "recall_rebuilt": rebuilt, "failed": int(lost), "failures": []}),
          flush=True)
    cluster.stop("immediate")
    return not failures and not lost


def turnover(cluster):
    return (int(cluster.sql("SELECT last_value FROM ids")) - ROWS) / ROWS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", help="folder of the server's programs, with the extension installed")
    parser.add_argument("--methods", default="hnsw", help="separated by commas")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--transactions", type=int, default=250, help="of each client, between verifications")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--turnover", type=float, default=10, help="how often all rows are replaced, at least")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sound = True
    for method in options.methods.split(","):
        with tempfile.TemporaryDirectory(prefix="churn-") as folder:
            sound = try_method(options, folder, method) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
