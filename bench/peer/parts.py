"""What is measured. A part gets the two databases and the options, runs both sides in turn, and returns, for each side,
figures that go into the results file as they are.

Order in one run: build, search, cold change nothing; clients, update, insert and vacuum change the table, which is
loaded again before the next build or search.
"""
import statistics
import time

import curve

EQUAL_RECALL = 0.95                 # where cold queries, and those of several clients, are compared
CLIENTS = (1, 2, 4, 8)
RECALLS = (0.90, 0.95, 0.99)        # where queries in little memory are measured
BESIDE_BUFFERS = 128 << 20          # bytes that the server may have beside shared_buffers when memory is limited


def each_side(databases, rounds, action):
    """Runs action(database) on both sides in turn, A B A B, and returns lists of results by side."""
    results = {database.side: [] for database in databases}
    for _ in range(rounds):
        for database in databases:
            results[database.side].append(action(database))
    return results


def medians(results):
    """Of several dictionaries of numbers, one with the median of each."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


# build

def build(databases, _truth, options):
    """CREATE INDEX by one process, by two, and by two in the default 64 MB."""
    ways = {"one": (0, options.memory), "two": (1, options.memory), "small": (1, "64MB")}
    figures = {database.side: {} for database in databases}
    for database in databases:
        database.load()
    for way in options.builds.split(","):
        def one(database):
            took = database.build(*ways[way])
            say("build", way, database.side, f"{took['seconds']:.1f} s")
            return took
        for side, results in each_side(databases, options.build_rounds, one).items():
            figures[side][way] = medians(results)
    return figures


# search

def recall_of(database, truth, options):
    hits = 0.0
    for number in range(options.recall_queries):
        hits += truth.recall(number, database.search(number, options.k))
    return hits / options.recall_queries


def pages_of(database, options):
    """Buffers that a query touches, those of the table included."""
    pages = 0
    for number in range(options.page_queries):
        plan = database.explain(number, options.k)["Plan"]
        pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return pages / options.page_queries


def throughput(database, value, clients, options):
    return database.server.pgbench(database.name, database.script(options.k), clients, database.settings(value),
                                   "-T", options.seconds)


def search_point(databases, position, truth, options):
    """One value of the setting on each side: recall, pages, and queries a second by one and by two clients."""
    points = {}
    for database in databases:
        value = database.index.values[position]
        database.set(value)
        points[database.side] = {"setting": value, "recall": recall_of(database, truth, options),
                                 "pages": pages_of(database, options)}
    for clients, key in ((1, "qps"), (2, "qps2")):
        rates = each_side(databases, options.rounds, lambda database: throughput(
            database, points[database.side]["setting"], clients, options))
        for side, results in rates.items():
            found = medians(results)
            points[side][key], points[side][f"{key}_cpu_ms"] = found["rate"], found["cpu_ms"]
    for side, point in points.items():
        say("search", side, point["setting"], f"recall {point['recall']:.4f}, {point['pages']:.0f} pages,",
            f"{point['qps']:.0f} and {point['qps2']:.0f} queries a second")
    return points


def search(databases, truth, options):
    """Recall against speed over the values of the setting."""
    figures = {database.side: {"points": []} for database in databases}
    for database in databases:
        database.ensure_index()
        database.warm()
        figures[database.side]["size"] = database.index_size()
    for position in range(min(len(database.index.values) for database in databases)):
        for side, point in search_point(databases, position, truth, options).items():
            figures[side]["points"].append(point)
    return figures


def equal_setting(database, options, recall=EQUAL_RECALL):
    """The setting that gives this side the recall at which the sides are compared, if it was swept; else 40."""
    points = options.results.get("search", {}).get(database.side, {}).get("points")
    return curve.effort_at(points, recall) if points else 40


# cold

def cold(databases, _truth, options):
    """Queries after a restart with nothing cached, each side at the setting that gives equal recall."""
    figures = {}
    for database in databases:
        database.ensure_index()
        figures[database.side] = {"setting": equal_setting(database, options), "first": [], "later": []}
    for turn in range(options.cold_restarts):
        for database in databases:
            restart(databases, database)
            database.set(figures[database.side]["setting"])
            database.session.execute("SELECT 1 FROM query LIMIT 1")
            for step in range(5):
                plan = database.explain((turn * 5 + step) % len(database.data.queries), options.k)
                taken = {"blocks": plan["Plan"]["Shared Read Blocks"], "ms": plan["Execution Time"]}
                figures[database.side]["first" if step == 0 else "later"].append(taken)
    for database in databases:
        if not database.session:
            database.open()
        figure = figures[database.side]
        for key in ("first", "later"):
            figure[key] = medians(figure[key])
        say("cold", database.side, figure)
    return figures


# little memory

def restart(databases, database):
    """Restarts the server with nothing cached, and opens one database alone."""
    for other in databases:
        other.close()
    database.server.restart_cold()
    database.open()


def blocks_read(database):
    """Blocks that sessions of the database have asked the kernel for. A session tells when it ends, which takes it a moment."""
    time.sleep(1)
    return int(database.value("SELECT pg_stat_get_db_blocks_fetched(oid) - pg_stat_get_db_blocks_hit(oid) "
                              "FROM pg_database WHERE datname = current_database()"))


def tight_points(database, options):
    """Queries a second by one client, from cold caches on, and what they read from disk; the first run warms up."""
    points = []
    for recall in RECALLS:
        setting = equal_setting(database, options, recall)
        throughput(database, setting, 1, options)
        before = blocks_read(database)
        found = throughput(database, setting, 1, options)
        after = blocks_read(database)
        points.append({"recall": recall, "setting": setting, "qps": found["rate"], "qps_cpu_ms": found["cpu_ms"],
                       "blocks": (after - before) / found["count"]})
        say("tight", database.side, f"recall {recall}: {found['rate']:.1f} queries a second, {points[-1]['blocks']:.1f} blocks read")
    return points


def tight(databases, _truth, options):
    """Queries with shared_buffers at a quarter of the index, pgvector's if it is there, and no page cache to speak of."""
    server = databases[0].server
    for database in databases:
        database.ensure_index()
    buffers = databases[0].index_size() // 4
    settings, limit = server.settings, server.limit
    server.settings = {**settings, "shared_buffers": f"{buffers // 1024}kB"}
    server.limit = buffers + BESIDE_BUFFERS
    figures = {}
    try:
        for database in databases:
            restart(databases, database)
            figures[database.side] = {"shared_buffers": buffers, "limit": server.limit if server.group else None,
                                      "points": tight_points(database, options)}
    finally:
        server.settings, server.limit = settings, limit
        restart(databases, databases[0])
        for database in databases[1:]:
            database.open()
    return figures


# changes of the table

def timed(database, statement):
    """Runs a statement; returns the rows, its seconds, and the seconds of processor time."""
    processor, begin = database.server.processor_seconds(), time.perf_counter()
    rows = database.session.execute(statement).rowcount
    seconds = time.perf_counter() - begin
    return rows, seconds, database.server.processor_seconds() - processor


def prepare_changes(databases):
    """Leaves the state as it is where changes were measured before: both sides have had the same ones."""
    for database in databases:
        if database.comment_of("item") == "as loaded" or not database.value("SELECT to_regclass('item_embedding')"):
            database.ensure_index()
            database.changed()
        database.warm()
        database.set(40)
        database.session.execute("CHECKPOINT")


INDEX_WAL = """
    SELECT coalesce(sum(record_size), 0), coalesce(sum(fpi_size), 0) FROM pg_get_wal_stats(%s, pg_current_wal_flush_lsn())
    WHERE "resource_manager/record_type" IN ('Generic', 'XLOG')"""


def insert(databases, _truth, options):
    """Rows that are new, one statement for a batch of them; and the WAL that the index writes for each."""
    prepare_changes(databases)
    batch = max(1, len(databases[0].data.pool) // (2 * options.rounds))
    turns = {database.side: 0 for database in databases}

    def one(database):
        first = turns[database.side] * batch
        turns[database.side] += 1
        position = database.value("SELECT pg_current_wal_insert_lsn()")
        rows, seconds, processor = timed(database, f"INSERT INTO item SELECT nextval('fresh'), note, embedding FROM extra "
                                                   f"WHERE id >= {first} AND id < {first + batch}")
        database.session.execute("SELECT pg_switch_wal()")
        record, images = database.session.execute(INDEX_WAL, [position]).fetchone()
        say("insert", database.side, f"{rows / seconds:.0f} rows/s, WAL of the index {float(record) / batch:.0f} bytes a row,",
            f"page images {float(images) / batch:.0f}")
        return {"rows_per_second": rows / seconds, "cpu_ms": 1000 * processor / rows, "wal": float(record) / batch, "wal_images": float(images) / batch}
    return {side: medians(results) for side, results in each_side(databases, options.rounds, one).items()}


def update(databases, _truth, options):
    """Another column, one that has an index, so that every update gives all indexes a new entry."""
    prepare_changes(databases)
    turn = {database.side: 0 for database in databases}
    step = max(20, len(databases[0].data.table) // 1000)

    def one(database):
        turn[database.side] += 1
        rows, seconds, processor = timed(
            database, f"UPDATE item SET note = note + 1 WHERE id % {step} = {turn[database.side]}")
        say("update", database.side, f"{rows / seconds:.0f} rows/s")
        return {"rows_per_second": rows / seconds, "cpu_ms": 1000 * processor / rows}
    return {side: medians(results) for side, results in each_side(databases, options.rounds, one).items()}


def vacuum(databases, truth, options):
    """VACUUM after every tenth row was deleted; recall afterwards, of the rows that are left."""
    prepare_changes(databases)
    turn = {database.side: 0 for database in databases}

    def one(database):
        turn[database.side] += 1
        database.session.execute(f"DELETE FROM item WHERE id % 10 = {turn[database.side]}")
        database.session.execute("CHECKPOINT")
        _, seconds, processor = timed(database, "VACUUM item")
        say("vacuum", database.side, f"{seconds:.2f} s")
        return {"seconds": seconds, "cpu": processor}
    return {side: medians(results) for side, results in each_side(databases, options.vacuum_rounds, one).items()}


def clients(databases, _truth, options):
    """Queries and inserts a second by 1, 2, 4 and 8 clients, each row a transaction."""
    prepare_changes(databases)
    figures = {database.side: {"qps": {}, "inserts": {}, "qps_cpu_ms": {}, "inserts_cpu_ms": {}} for database in databases}
    share = max(1, len(databases[0].data.pool) // (2 * len(CLIENTS)))
    first = len(databases[0].data.pool) // 2
    for number, count in enumerate(CLIENTS):
        rates = each_side(databases, options.rounds, lambda database: throughput(
            database, equal_setting(database, options), count, options))
        each = max(1, share // count)
        script = (f"\\set n :n + 1\nINSERT INTO item SELECT nextval('fresh'), note, embedding FROM extra "
                  f"WHERE id = {first + number * share} + :client_id * {each} + :n;\n")
        inserts = each_side(databases, 1, lambda database: database.server.pgbench(
            database.name, script, count, {}, "-D", "n=-1", "-t", each))
        for database in databases:
            side = database.side
            for key, found in (("qps", medians(rates[side])), ("inserts", inserts[side][0])):
                figures[side][key][str(count)] = found["rate"]
                figures[side][f"{key}_cpu_ms"][str(count)] = found["cpu_ms"]
            say("clients", side, count, f"{figures[side]['qps'][str(count)]:.0f} queries,",
                f"{figures[side]['inserts'][str(count)]:.0f} inserts a second")
    return figures


PARTS = {"build": build, "search": search, "cold": cold, "tight": tight, "update": update, "insert": insert, "clients": clients, "vacuum": vacuum}
