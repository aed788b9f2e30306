"""Compares vectorx with pgvector on one server and one data set; run it through bench/peer/run, which sets up both.

Writes what it measures into a results file, part by part, so that a long comparison can be made in pieces and a part be
measured again. bench/peer/report makes tables and plots of the file.
"""
import argparse
import json
import os
import sys

import datasets
import figures
import methods
import parts
import server as servers
from database import Database
from truth import Truth

SHORT = {"rows": 20000, "pool": 1000, "queries": 200, "recall_queries": 100, "page_queries": 20, "seconds": 1, "rounds": 1,
         "build_rounds": 1, "cold_restarts": 2, "vacuum_rounds": 1}


def parse():
    parser = argparse.ArgumentParser(prog="bench/peer/run", description=__doc__,
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    data = parser.add_argument_group("data")
    data.add_argument("--data", default="wordnet_384", metavar="SET",
                      help="wordnet_384, clustered_DIMENSIONS, or a .fvecs, .hdf5 or .npy file")
    data.add_argument("--queries-file", metavar="FILE", help="queries for such a file; else rows are kept back from it")
    data.add_argument("--connection", metavar="STRING", help="take the vectors of a table of this database (read only)")
    data.add_argument("--table", help="the table, with its schema if need be")
    data.add_argument("--column", help="its column, of a type that casts to real[]")
    data.add_argument("--metric", choices=methods.OPERATOR, help="distance; else that of the set, or cosine")
    data.add_argument("--type", choices=("vector", "halfvec"), default="vector", help="type of the column")
    data.add_argument("--rows", type=int, default=0, help="rows of the table; 0: all, 200 000 or 100 000 generated ones")
    data.add_argument("--pool", type=int, default=6000, help="rows kept back for the inserts")
    data.add_argument("--queries", type=int, default=1000, help="queries, none of them a row of the table")
    add("--method", choices=methods.METHODS, default="hnsw")
    add("--with-options", metavar="OPTIONS", help="index options for both sides instead of the method's")
    add("--lists", type=int, default=0, help="lists of ivfflat; 0: one for a thousand rows")
    add("--parts", default=",".join(parts.PARTS), help="what to measure")
    add("--sides", default=",".join(methods.SIDES), help="one side alone leaves the other's figures as they are")
    add("--builds", default="one,two,small", help="builds: one process, two, two in 64 MB; the last stays for the search")
    add("--memory", default="2GB", help="maintenance_work_mem of builds that are to have enough; pgvector takes all of it")
    add("--build-rounds", type=int, default=1)
    add("--rounds", type=int, default=2, help="turns of each side, A B A B; medians are kept")
    add("--seconds", type=int, default=2, help="length of a measurement of queries a second")
    add("--k", type=int, default=10, help="neighbours wanted")
    add("--recall-queries", type=int, default=500)
    add("--page-queries", type=int, default=100)
    add("--cold-restarts", type=int, default=10)
    add("--vacuum-rounds", type=int, default=2)
    add("--memory-limit", type=int, default=0, metavar="MB", help="memory that the server may have, its page cache included")
    add("--setting", action="append", default=[], metavar="NAME=VALUE", help="setting of the server; may be repeated")
    add("--output", metavar="FILE", default=os.path.join(datasets.CACHE, "peer", "results.json"), help="results file")
    add("--label", default="", help="keeps the figures of a run with other settings apart from those without")
    add("--short", action="store_true", help="everything small: an end-to-end run in a few minutes")
    first, _ = parser.parse_known_args()
    if first.short:
        parser.set_defaults(**SHORT)
    options = parser.parse_args()
    options.queries = max(options.queries, options.recall_queries, options.page_queries)
    unknown = set(options.parts.split(",")) - set(parts.PARTS) | set(options.sides.split(",")) - set(methods.SIDES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


def read_results(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf8") as file:
        return json.load(file)


def write_results(path, results):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path + ".part", "w", encoding="utf8") as file:
        json.dump(results, file, indent=1, sort_keys=True)
        file.write("\n")
    os.replace(path + ".part", path)


def describe(data, options, databases):
    """What was measured; the index of a side that this run leaves alone is what an earlier run said of it, if one did."""
    return {"name": data.name, "origin": data.origin, "rows": len(data.table), "dimensions": data.dimensions,
            "metric": data.metric, "type": options.type, "queries": len(data.queries), "pool": len(data.pool), "k": options.k,
            "method": options.method,
            "index": {**options.results.get("data", {}).get("index", {}),
                      **{database.side: f"{database.index.method} ({database.index_options})" for database in databases}}}


def measure(server, data, options):
    method = methods.METHODS[options.method]
    databases = [Database(server, side, data, method, options) for side in methods.SIDES if side in options.sides.split(",")]
    results = read_results(options.output)
    key = "/".join(filter(None, (f"{data.name}-{len(data.table)}-{options.type}", options.method, options.label)))
    entry = options.results = results.setdefault(key, {})
    try:
        for database in databases:
            database.open()
        entry["data"] = describe(data, options, databases)
        truth = Truth(data, options.k)
        for name in (name for name in parts.PARTS if name in options.parts.split(",")):
            stamp = servers.stamp(databases[0].session, server.settings, server.limit)
            for side, found in parts.PARTS[name](databases, truth, options).items():
                entry.setdefault(name, {})[side] = {**entry.get(name, {}).get(side, {}), **found, "measured": stamp}
            write_results(options.output, results)
    finally:
        for database in databases:
            database.close()
    print(figures.table(entry, method))


def main():
    options = parse()
    data = datasets.open_set(options)
    settings = dict(setting.split("=", 1) for setting in options.setting)
    server = servers.Server(settings, options.memory_limit << 20)
    try:
        server.make()
        server.start()
        measure(server, data, options)
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
