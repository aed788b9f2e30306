"""One side of the comparison: a database with one of the two extensions, the data, and the index."""
import threading
import time

import numpy as np
import psycopg

import methods
import server as servers

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8


def copy_rows(first_id, block, half):
    """Rows (id, note, embedding) in the binary format of COPY."""
    dimensions = block.shape[1]
    payload = np.ascontiguousarray(block.astype(">f2" if half else ">f4"))
    width = payload.itemsize * dimensions
    record = np.dtype([("fields", ">i2"), ("id_length", ">i4"), ("id", ">i4"), ("note_length", ">i4"), ("note", ">i4"),
                       ("length", ">i4"), ("dimensions", ">i2"), ("unused", ">i2"), ("vector", f"V{width}")])
    rows = np.zeros(len(block), dtype=record)
    rows["fields"], rows["id_length"], rows["note_length"] = 3, 4, 4
    rows["id"] = np.arange(first_id, first_id + len(block))
    rows["length"], rows["dimensions"] = 4 + width, dimensions
    rows["vector"] = payload.view(f"V{width}")[:, 0]
    return rows.tobytes()


class Database:
    """A database of one side for one set. `element` is the type of the column, vector or halfvec."""

    def __init__(self, server, side, data, method, options):
        self.server, self.side, self.data = server, side, data
        self.element, self.index = options.type, method.side(side)
        self.name = f"{side}_{data.name}_{len(data.table)}_{options.type}".lower()[:63]
        self.operator = methods.OPERATOR[data.metric]
        lists = options.lists or methods.default_lists(len(data.table))
        self.index_options = options.with_options or self.index.options.format(lists=lists)
        self.memory = options.memory
        self.session = None

    # connections

    def connect(self, database=None):
        return psycopg.connect(host=self.server.socket, user="postgres", dbname=database or self.name, autocommit=True)

    def open(self):
        """Makes the database if it is not there, and connects."""
        extension = methods.EXTENSION[self.side]
        with self.connect("postgres") as admin:
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone():
                admin.execute(f'CREATE DATABASE "{self.name}"')
                # so that the first query of a client does not load the library
                admin.execute(f'ALTER DATABASE "{self.name}" SET session_preload_libraries = \'{extension}\'')
        self.session = self.connect()
        for name in (extension, "pg_prewarm", "pg_walinspect"):
            self.session.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        self.session.execute("SET enable_seqscan = off")

    def close(self):
        if self.session:
            self.session.close()
            self.session = None

    def value(self, statement, *arguments):
        return self.session.execute(statement, arguments or None).fetchone()[0]

    # data

    def comment_of(self, relation):
        return self.value("SELECT obj_description(to_regclass(%s))", relation)

    def load(self):
        """Loads the table, the rows for inserts and the queries, unless they are there as loaded."""
        if self.comment_of("item") == "as loaded":
            return
        half, element = self.element == "halfvec", f"{self.element}({self.data.dimensions})"
        plain = self.data.dimensions * (2 if half else 4) < 7900
        self.session.execute("DROP TABLE IF EXISTS item, extra, query")
        for name in ("item", "extra", "query"):
            self.session.execute(f"CREATE TABLE {name} (id int, note int, embedding {element})")
        if plain:
            self.session.execute("ALTER TABLE query ALTER embedding SET STORAGE PLAIN")
        self.copy("item", self.data.blocks(self.data.table), half)
        self.copy("extra", self.data.blocks(self.data.pool), half)
        self.copy("query", [(0, self.data.queries)], half)
        for name in ("item", "extra", "query"):
            self.session.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (id)")
            self.session.execute(f"VACUUM (ANALYZE, FREEZE) {name}")
        self.session.execute("CREATE INDEX item_note ON item (note)")
        self.session.execute("CREATE SEQUENCE IF NOT EXISTS fresh START 1000000000")
        self.session.execute("COMMENT ON TABLE item IS 'as loaded'")
        self.session.execute("CHECKPOINT")

    def copy(self, table, blocks, half):
        with self.session.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER)
            for start, block in blocks:
                copy.write(copy_rows(start, block, half))
            copy.write(b"\xff\xff")

    def changed(self):
        """To be called before the rows of the table are changed: the next comparison loads it again."""
        self.session.execute("COMMENT ON TABLE item IS NULL")

    # index

    def index_label(self):
        version = servers.COMMIT if self.side == "vectorx" else self.value(
            "SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        return f"{self.index.method} ({self.index_options}) {version}"

    def build(self, workers, memory):
        """Builds the index anew and returns what it took."""
        execute = self.session.execute
        execute("DROP INDEX IF EXISTS item_embedding")
        execute("CHECKPOINT")
        execute(f"ALTER TABLE item SET (parallel_workers = {workers})")
        execute(f"SET max_parallel_maintenance_workers = {workers}")
        execute(f"SET maintenance_work_mem = '{memory}'")
        watcher, done = servers.Memory(self.value("SELECT pg_backend_pid()")), threading.Event()
        thread = threading.Thread(target=watcher.watch, args=(done,))
        thread.start()
        position = self.value("SELECT pg_current_wal_insert_lsn()")
        processor, begin = self.server.processor_seconds(), time.perf_counter()
        execute(f"CREATE INDEX item_embedding ON item USING {self.index.method} "
                f"(embedding {self.element}_{self.data.metric}_ops) WITH ({self.index_options})")
        seconds = time.perf_counter() - begin
        processor = self.server.processor_seconds() - processor
        done.set()
        thread.join()
        execute(f"COMMENT ON INDEX item_embedding IS '{self.index_label()}'")
        execute("CHECKPOINT")
        return {"seconds": seconds, "cpu": processor, "peak_memory": watcher.peak, "size": self.index_size(),
                "wal": int(self.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", position))}

    def index_size(self):
        return self.value("SELECT pg_table_size('item_embedding')")

    def ensure_index(self):
        """Builds the index unless there is one of these options and this version over the table as loaded."""
        self.load()
        if self.comment_of("item_embedding") != self.index_label():
            self.build(1, self.memory)

    def warm(self):
        for relation in ("item_embedding", "item", "query"):
            self.session.execute("SELECT pg_prewarm(%s)", [relation])

    # searching

    def settings(self, value):
        return {self.index.setting: value, "enable_seqscan": "off", **self.index.settings}

    def set(self, value):
        for name, setting in self.settings(value).items():
            self.session.execute("SELECT set_config(%s, %s, false)", [name, str(setting)])

    def query_text(self, number):
        return "[" + ",".join(map(repr, self.data.queries[number].tolist())) + "]"

    def search(self, number, k):
        """Ids of the k nearest rows that the index finds for a query."""
        found = self.session.execute(f"SELECT id FROM item ORDER BY embedding {self.operator} %s::{self.element} LIMIT {k}",
                                     [self.query_text(number)], prepare=True).fetchall()
        return [row[0] for row in found]

    def explain(self, number, k):
        """The plan of the same search as it ran, with its buffers."""
        plan = self.value(f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) SELECT id FROM item "
                          f"ORDER BY embedding {self.operator} '{self.query_text(number)}'::{self.element} LIMIT {k}")[0]
        if "item_embedding" not in str(plan):
            raise SystemExit(f"{self.side} does not use its index")
        return plan

    def script(self, k):
        """The same search for pgbench, which draws a query and fetches it from a table."""
        return (f"\\set q random(0, {len(self.data.queries) - 1})\n"
                f"SELECT id FROM item ORDER BY embedding {self.operator} (SELECT embedding FROM query WHERE id = :q) LIMIT {k};\n")
