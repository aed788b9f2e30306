"""Tests of what the comparison computes without a server."""
import os
import tempfile
import unittest

import numpy as np

import curve
import database
import datasets
import figures
import methods
import truth


def points(*pairs):
    return [{"setting": 10 * (number + 1), "recall": recall, "qps": qps} for number, (recall, qps) in enumerate(pairs)]


class CurveTest(unittest.TestCase):
    def test_interpolates_between_neighbours(self):
        found = curve.at_recall(points((0.9, 1000), (0.99, 100)), 0.95, "qps")
        self.assertAlmostEqual(found, 1000 * 10 ** -(np.log(2) / np.log(10)), delta=1)

    def test_least_effort_where_recall_is_always_higher(self):
        self.assertEqual(curve.at_recall(points((0.97, 500), (0.99, 100)), 0.95, "qps"), 500)

    def test_nothing_where_it_is_never_reached(self):
        self.assertIsNone(curve.at_recall(points((0.8, 500), (0.93, 100)), 0.95, "qps"))
        self.assertEqual(curve.effort_at(points((0.8, 500), (0.93, 100)), 0.95), 20)

    def test_recall_that_falls_in_between(self):
        found = curve.at_recall(points((0.8, 500), (0.79, 400), (0.99, 100)), 0.95, "qps")
        self.assertTrue(100 < found < 500)


class TruthTest(unittest.TestCase):
    def make(self, metric):
        rng = np.random.default_rng(1)
        vectors = rng.standard_normal((500, 8)).astype(np.float32)
        vectors[17] = vectors[400]
        table = np.arange(0, 500, 1)
        return datasets.Set("unittest", vectors, table, table[:0], rng.standard_normal((5, 8)).astype(np.float32), metric, "")

    def test_agrees_with_a_full_sort(self):
        for metric in methods.OPERATOR:
            data = self.make(metric)
            with tempfile.TemporaryDirectory() as folder:
                datasets.CACHE = folder
                exact = truth.Truth(data, 10)
                for number, query in enumerate(data.queries):
                    order = np.argsort(truth.distances(metric, query, data.vectors))
                    self.assertEqual(exact.recall(number, order[:10].tolist()), 1.0)
                    self.assertEqual(exact.recall(number, order[5:15].tolist()), 0.5)
                self.assertEqual(len(os.listdir(os.path.join(folder, "peer"))), 1)


class DataTest(unittest.TestCase):
    def test_rows_are_in_one_part_only(self):
        vectors = np.random.default_rng(1).standard_normal((1000, 4)).astype(np.float32)
        table, pool, queries = datasets.split(vectors, None, 0, 80, 50)
        self.assertEqual((len(table), len(pool), len(queries)), (870, 80, 50))
        self.assertFalse(set(table) & set(pool))
        for query in queries:
            self.assertFalse((vectors[table] == query).all(axis=1).any())

    def test_reads_fvecs(self):
        vectors = np.arange(12, dtype="<f4").reshape(3, 4)
        with tempfile.NamedTemporaryFile(suffix=".fvecs") as file:
            np.hstack((np.full((3, 1), 4, dtype="<i4").view("<f4"), vectors)).tofile(file.name)
            self.assertTrue((datasets.file_set(file.name, None)[0] == vectors).all())

    def test_rounds_as_a_column_of_halfvec_does(self):
        vectors = np.array([[0.1, 1 / 3]], dtype=np.float32)
        data = datasets.Set("unittest", vectors, np.arange(1), np.arange(0), vectors, "l2", "", half=True)
        self.assertEqual(data.rows([0]).tolist(), [[0.0999755859375, 0.333251953125]])

    def test_copy_format(self):
        data = database.copy_rows(7, np.array([[1.0, 2.0]], dtype=np.float32), False)
        self.assertEqual(data.hex(), "0003" "00000004" "00000007" "00000004" "00000000" "0000000c" "0002" "0000" "3f800000" "40000000")


class FigureTest(unittest.TestCase):
    def test_verdicts(self):
        size, speed = figures.FIGURES["size"], figures.FIGURES["build_two"]
        floor = methods.Floor("size", 0.95, 0.85)
        self.assertEqual(figures.verdict(size, floor, figures.ratio_of(size, 100, 80), 100, 80), "aim")
        self.assertEqual(figures.verdict(size, floor, figures.ratio_of(size, 100, 90), 100, 90), "met")
        self.assertEqual(figures.verdict(size, floor, figures.ratio_of(size, 100, 99), 100, 99), "MISSED")
        self.assertEqual(figures.ratio_of(speed, 40, 10), 4)

    def test_queries_in_little_memory(self):
        entry = {"tight": {"vectorx": {"points": [{"recall": 0.95, "qps": 30, "blocks": 12}]}}}
        self.assertEqual(figures.FIGURES["tight@0.95"].find(entry, "vectorx"), 30)
        self.assertEqual(figures.FIGURES["tight_blocks@0.95"].find(entry, "vectorx"), 12)
        self.assertIsNone(figures.FIGURES["tight@0.99"].find(entry, "vectorx"))
        self.assertIsNone(figures.FIGURES["tight@0.95"].find(entry, "pgvector"))

    def test_one_side_alone_has_no_floors(self):
        entry = {"data": {"dimensions": 768, "index": {"vectorx": "diskann"}}, "build": {"vectorx": {"two": {"seconds": 9}}}}
        self.assertEqual([row[-1] for row in figures.rows(entry, methods.METHODS["diskann"])], [""])

    def test_every_floor_is_of_a_figure(self):
        for method in methods.METHODS.values():
            for floor in method.floors_at(768).values():
                self.assertIn(floor.figure, figures.FIGURES)
                self.assertEqual(floor.aim >= floor.floor, figures.FIGURES[floor.figure].more)


if __name__ == "__main__":
    unittest.main()
