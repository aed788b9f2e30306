"""From results to figures: what each is called, how the two sides compare, whether the floor is met."""
from dataclasses import dataclass
from typing import Callable

import curve

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """`find` takes the results of one data set and a side, and returns a number or None.

    The ratio is vectorx to pgvector; where `speedup`, pgvector to vectorx, so that a time reads as "x times as fast".
    """
    label: str
    unit: str
    more: bool                      # is more better
    find: Callable
    speedup: bool = False
    absolute: bool = False          # the floor is for the value of vectorx, not for a ratio
    processor: Callable = None      # finds the server's processor time for the same thing


def get(entry, side, *path):
    found = entry
    for step in (path[0], side, *path[1:]):
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found


def at(recall, figure):
    def find(entry, side):
        points = get(entry, side, "search", "points")
        return curve.at_recall(points, recall, figure) if points else None
    return find


def of(*path, divide=1):
    def find(entry, side):
        value = get(entry, side, *path)
        return None if value is None else value / divide
    return find


def highest_recall(entry, side):
    points = get(entry, side, "search", "points")
    return max(point["recall"] for point in points) if points else None


def size(entry, side):
    found = get(entry, side, "search", "size") or get(entry, side, "build", "two", "size")
    return found / MEGABYTE if found else None


def tight(recall, figure):
    """Of the queries in little memory at one recall."""
    def find(entry, side):
        points = get(entry, side, "tight", "points") or []
        return next((point[figure] for point in points if point["recall"] == recall), None)
    return find


FIGURES = {}
for _clients, _key in ((1, "qps"), (2, "qps2")):
    for _recall in (0.90, 0.95, 0.99):
        FIGURES[f"{_key}@{_recall:.2f}"] = Figure(
            f"queries/s at recall {_recall:.2f}, {_clients} client{'s' if _clients > 1 else ''}", "", True, at(_recall, _key),
            processor=at(_recall, f"{_key}_cpu_ms"))
for _recall in (0.90, 0.95, 0.99):
    FIGURES[f"pages@{_recall:.2f}"] = Figure(f"pages a query at recall {_recall:.2f}", "", False, at(_recall, "pages"))
for _recall in (0.90, 0.95, 0.99):
    FIGURES[f"tight@{_recall:.2f}"] = Figure(f"queries/s in little memory at recall {_recall:.2f}", "", True, tight(_recall, "qps"),
                                             processor=tight(_recall, "qps_cpu_ms"))
    FIGURES[f"tight_blocks@{_recall:.2f}"] = Figure(f"blocks read for one at recall {_recall:.2f}", "", False, tight(_recall, "blocks"))
FIGURES.update({
    "highest_recall": Figure("highest recall", "", True, highest_recall, absolute=True),
    "build_one": Figure("build, 1 process", "s", True, of("build", "one", "seconds"), speedup=True,
                        processor=of("build", "one", "cpu")),
    "build_two": Figure("build, 2 processes", "s", True, of("build", "two", "seconds"), speedup=True,
                        processor=of("build", "two", "cpu")),
    "build_small": Figure("build, 2 processes, 64 MB", "s", True, of("build", "small", "seconds"), speedup=True,
                        processor=of("build", "small", "cpu")),
    "memory": Figure("most memory of the build, 2 processes", "MB", False, of("build", "two", "peak_memory", divide=MEGABYTE)),
    "memory_small": Figure("most memory of the build in 64 MB", "MB", False, of("build", "small", "peak_memory", divide=MEGABYTE)),
    "build_wal": Figure("WAL of the build", "MB", False, of("build", "two", "wal", divide=MEGABYTE)),
    "size": Figure("index size", "MB", False, size),
    "cold_blocks": Figure("blocks read, cold query", "", False, of("cold", "first", "blocks")),
    "cold_ms": Figure("cold query", "ms", True, of("cold", "first", "ms"), speedup=True),
    "cold_later_ms": Figure("the four after it", "ms", True, of("cold", "later", "ms"), speedup=True),
    "insert": Figure("insert, rows/s", "", True, of("insert", "rows_per_second"), processor=of("insert", "cpu_ms")),
    "wal": Figure("WAL of the index for an insert, without page images", "bytes", False, of("insert", "wal")),
    "wal_images": Figure("page images for it", "bytes", False, of("insert", "wal_images")),
    "update": Figure("UPDATE of another column, rows/s", "", True, of("update", "rows_per_second"),
                     processor=of("update", "cpu_ms")),
    "vacuum": Figure("VACUUM after 10 % deletes", "s", True, of("vacuum", "seconds"), speedup=True, processor=of("vacuum", "cpu")),
})
for _count in (1, 2, 4, 8):
    for _key, _label in (("qps", "queries/s by {} clients, each at the setting for recall 0.95"), ("inserts", "inserts/s by {} clients")):
        FIGURES[f"{_key}_{_count}"] = Figure(_label.format(_count).replace("1 clients", "1 client"), "", True, of("clients", _key, str(_count)),
                                             processor=of("clients", f"{_key}_cpu_ms", str(_count)))


def ratio_of(figure, pgvector, vectorx):
    if figure.absolute or not pgvector or not vectorx:
        return vectorx if figure.absolute else None
    return pgvector / vectorx if figure.speedup else vectorx / pgvector


def verdict(figure, floor, value, pgvector, vectorx):
    """"aim", "met" or "missed"; a recall that pgvector never reaches and vectorx does is an aim met."""
    if floor is None or vectorx is None and pgvector is None:
        return ""
    if value is None:
        return "aim (pgvector does not reach it)" if vectorx is not None else "missed (not reached)"
    sign = 1 if figure.more else -1
    if sign * value >= sign * floor.aim:
        return "aim"
    return "met" if sign * value >= sign * floor.floor else "MISSED"


def number(value, figure=None):
    if value is None:
        return "–"
    if figure and figure.absolute:
        return f"{value:.4f}"
    if abs(value) < 1:
        return f"{value:.3g}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace(",", " ")


def processor_ratio(figure, entry):
    """Processor time of pgvector over that of vectorx; None where it was not measured."""
    if figure.processor is None:
        return None
    pgvector, vectorx = figure.processor(entry, "pgvector"), figure.processor(entry, "vectorx")
    return pgvector / vectorx if pgvector and vectorx else None


def rows(entry, method):
    """The cells of every figure that was measured: label with unit, both sides, ratios, floor, aim, verdict."""
    # without a counterpart there is nothing to be better than
    alone = "pgvector" not in entry["data"]["index"]
    floors = {} if alone else method.floors_at(entry["data"]["dimensions"])
    for key, figure in FIGURES.items():
        pgvector, vectorx = figure.find(entry, "pgvector"), figure.find(entry, "vectorx")
        if pgvector is None and vectorx is None:
            continue
        value, floor, processor = ratio_of(figure, pgvector, vectorx), floors.get(key), processor_ratio(figure, entry)
        label = f"{figure.label}{f', {figure.unit}' if figure.unit else ''}"
        yield (label, number(pgvector, figure), number(vectorx, figure), number(value, figure),
               number(processor) if processor else "", number(floor.floor, figure) if floor else "",
               number(floor.aim, figure) if floor else "", verdict(figure, floor, value, pgvector, vectorx))


def table(entry, method):
    """All figures of one data set as Markdown."""
    lines = ["| figure | pgvector | vectorx | ratio | by processor time | floor | aim | |",
             "|---|---:|---:|---:|---:|---:|---:|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows(entry, method)]
    return "\n".join(lines)
