"""Seeded workloads: what happens to the tables of schema.sql before the server is made to crash.

Each is a set of clients; a client is a list of statements that it runs in order.  {index} stands for the index
method with its options, {seed} for the seed.
"""

METHODS = {
    "hnsw": "hnsw (e vector_l2_ops) WITH (m = 6, ef_construction = 24)",
    "ivfflat": "ivfflat (e vector_l2_ops) WITH (lists = 8)",
    "diskann": "diskann (e vector_l2_ops)",
}

# What recall is compared at, where the default effort says nothing: which of eight lists is nearest is a matter of where
# k-means happened to put their centres, so all are probed, and no row may be missed.
EFFORT = {
    "ivfflat": "SET ivfflat.probes = 8;",
}

FILL = "INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1, 260) i"
INDEX = "CREATE INDEX t_e ON t USING {index}"

# name: (statements before the base copy, clients)
WORKLOADS = {
    "insert": ([FILL, INDEX], [
        ["INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1001, 1060) i"],
        ["INSERT INTO t SELECT i, fault_vector({seed}, i % 7, 40) FROM generate_series(2001, 2030) i"],
    ]),
    "update": ([FILL, INDEX], [
        ["UPDATE t SET note = note + 1 WHERE id % 4 = 0", "UPDATE t SET note = note + 1 WHERE id % 8 = 0"],
        ["UPDATE t SET e = fault_vector({seed}, id + 5000, 40) WHERE id % 5 = 1"],
    ]),
    "vacuum": ([FILL, INDEX], [
        ["DELETE FROM t WHERE id % 3 = 0", "VACUUM t",
         "INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(3001, 3040) i",
         "DELETE FROM t WHERE id % 2 = 0", "VACUUM t"],
    ]),
    "build": ([FILL], [
        [INDEX, "REINDEX INDEX t_e", "INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1001, 1010) i"],
    ]),
    "concurrently": ([FILL], [
        ["CREATE INDEX CONCURRENTLY t_e ON t USING {index}", "REINDEX INDEX CONCURRENTLY t_e"],
        ["INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1001, 1020) i",
         "DELETE FROM t WHERE id % 9 = 0",
         "INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(2001, 2020) i"],
    ]),
    "unlogged": (["INSERT INTO u SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1, 200) i",
                  "CREATE INDEX u_e ON u USING {index}"], [
        ["ALTER TABLE u SET LOGGED",
         "INSERT INTO u SELECT i, fault_vector({seed}, i, 40) FROM generate_series(1001, 1020) i"],
    ]),
}

# What is done to a recovered cluster, between one verification and the next.
AFTERWARDS = [
    "INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(9001, 9010) i",
    "INSERT INTO u SELECT i, fault_vector({seed}, i, 40) FROM generate_series(9001, 9005) i",
    "DELETE FROM t WHERE id % 6 = 5",
    "VACUUM t",
    "INSERT INTO t SELECT i, fault_vector({seed}, i, 40) FROM generate_series(9101, 9110) i",
]


def fill_in(statements, method, seed):
    return [statement.replace("{index}", METHODS[method]).replace("{seed}", str(seed)) for statement in statements]
