"""Tables and plots of a results file. bench/peer/report runs it.

Without --doc, prints every table as Markdown and draws plots beside the results file. With --doc, writes the tables
into the marked places of doc/benchmarks.md and README.md, the plots into doc/plots, and the results themselves into
doc/benchmarks.json, from which --input makes them again.
"""
import argparse
import os
import re

import numpy as np

import compare
import datasets
import figures
import methods

ROOT = os.path.dirname(datasets.BENCH)
COLOUR = {"pgvector": "#b0663a", "vectorx": "#2a6496"}
MOST = 0.9999                       # where a recall of 1 is drawn
TICKS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
SHORT = ("qps@0.95", "qps@0.99", "tight@0.95", "pages@0.95", "highest_recall", "build_two", "build_small", "size", "cold_blocks", "insert",
         "update", "vacuum", "wal")


def method_of(entry):
    return methods.METHODS[entry["data"]["method"]]


def circumstances(entry):
    """One line for each commit, server and date that the parts of an entry were measured with."""
    lines = {}
    for part, sides in entry.items():
        if part == "data":
            continue
        for side, found in sides.items():
            measured = found["measured"]
            key = (measured["date"][:10], measured["commit"], measured["pgvector"], measured["server"], measured["cpu"],
                   measured["cores"], *memory_of(found))
            lines.setdefault(key, set()).add(f"{part} of {side}" if len(sides) == 1 else part)
    for (date, commit, pgvector, server, cpu, cores, buffers, limit), found in sorted(lines.items()):
        yield (f"{', '.join(sorted(found))}: {date}, vectorx {commit}, pgvector {pgvector}, PostgreSQL {server}, "
               f"{cores} cores of {cpu}, shared_buffers {buffers}{limit}")


def memory_of(found):
    """shared_buffers of a part, and in words the limit on all memory of the server."""
    measured = found["measured"]
    limit = found.get("limit", measured.get("limit"))
    buffers = found.get("shared_buffers")
    return (f"{buffers >> 20} MB" if buffers else measured["settings"]["shared_buffers"],
            f", all memory limited to {limit >> 20} MB" if limit else "")


def section(entry):
    data = entry["data"]
    lines = [f"### {data['method']}: {data['name']}", "",
             f"{data['origin']}. {data['rows']} rows of {data['dimensions']} dimensions in the table, {data['pool']} more for "
             f"the inserts, {data['queries']} queries; {data['metric']} distance, the {data['k']} nearest. "
             f"{'; '.join(f'{side}: `{index}`' for side, index in sorted(data['index'].items()))}.", "",
             figures.table(entry, method_of(entry)), ""]
    lines += [f"Measured: {'; '.join(circumstances(entry))}.", ""]
    points = curves(entry)
    if points:
        lines += [points, ""]
    return "\n".join(lines)


def curves(entry):
    """The measured points themselves."""
    search = entry.get("search", {})
    if not search:
        return ""
    lines = ["| | setting | recall@10 | queries/s, 1 client | 2 clients | pages |", "|---|---:|---:|---:|---:|---:|"]
    for side in methods.SIDES:
        for point in search.get(side, {}).get("points", []):
            lines.append(f"| {side} | {point['setting']} | {point['recall']:.4f} | {point['qps']:.0f} | {point['qps2']:.0f} | "
                         f"{point['pages']:.0f} |")
    return "\n".join(lines)


def ordered(results):
    """Entries by method, then by dimensions."""
    order = list(methods.METHODS)
    return sorted(results.items(), key=lambda item: (order.index(item[1]["data"]["method"]), item[1]["data"]["dimensions"], item[0]))


def summaries(results):
    """A summary for each method."""
    found = []
    for method in methods.METHODS:
        entries = [(key, entry) for key, entry in ordered(results)
                   if entry["data"]["method"] == method and "pgvector" in entry["data"]["index"]]
        if entries:
            found += [f"**{method}**", "", summary(entries), ""]
    return "\n".join(found)


def summary(entries):
    """The floors of every set of one method side by side: the ratio, and in bold where it misses its floor."""
    lines = ["| vectorx to pgvector | floor | aim | " + " | ".join(
        f"{entry['data']['name']}, {figures.number(entry['data']['rows'])} rows" for _, entry in entries) + " |",
             "|---|---:|---:|" + "---:|" * len(entries)]
    for name in SHORT:
        figure, cells, target = figures.FIGURES[name], [], None
        for _, entry in entries:
            floor = method_of(entry).floors_at(entry["data"]["dimensions"]).get(name)
            pgvector, vectorx = figure.find(entry, "pgvector"), figure.find(entry, "vectorx")
            value = figures.ratio_of(figure, pgvector, vectorx)
            told = figures.verdict(figure, floor, value, pgvector, vectorx)
            cell = figures.number(value, figure) if value is not None else "only vectorx" if vectorx is not None else "–"
            cells.append(f"**{cell}**" if told.lower().startswith("missed") else cell)
            target = floor or target
        lines.append(f"| {figure.label} | {figures.number(target.floor, figure) if target else ''} | "
                     f"{figures.number(target.aim, figure) if target else ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


# plots

def save(plot, path):
    import matplotlib.pyplot as pyplot

    plot.tight_layout()
    plot.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)
    pyplot.close(plot)
    return path


def plot_search(entry, stem, suffix):
    import matplotlib.pyplot as pyplot

    plot, axes = pyplot.subplots(1, 2, figsize=(10, 4))
    low = min(point["recall"] for side in entry["search"].values() for point in side["points"])
    for axis, figure, label in ((axes[0], "qps", "queries/s, one client"), (axes[1], "pages", "pages a query")):
        for side in methods.SIDES:
            points = entry["search"].get(side, {}).get("points", [])
            axis.plot([min(point["recall"], MOST) for point in points], [point[figure] for point in points], "o-", color=COLOUR[side],
                      markersize=3, label=side)
        axis.set(xlabel=f"recall@{entry['data']['k']}", ylabel=label, yscale="log")
        # what is still missing counts, not what is there: half of it is as far everywhere
        axis.set_xscale("function", functions=(lambda recall: -np.log10(1.0001 - np.minimum(recall, 1)),
                                               lambda place: 1.0001 - 10.0 ** -place))
        axis.set_xticks(TICKS, [str(tick) for tick in TICKS], fontsize=7)
        axis.set_xlim(min(low, 0.9) - 0.02, 1)
        axis.grid(True, which="both", alpha=0.2)
        axis.legend(frameon=False)
    plot.suptitle(f"{entry['data']['method']}, {entry['data']['name']}, {entry['data']['rows']} rows")
    return save(plot, f"{stem}-search.{suffix}")


def plot_bars(results, method, stem, suffix):
    """Build times and sizes of every set that was measured with a method."""
    import matplotlib.pyplot as pyplot

    entries = [(key, entry) for key, entry in ordered(results) if entry["data"]["method"] == method and "build" in entry]
    if not entries:
        return None
    names = [name for name in ("build_one", "build_two", "build_small", "size")
             if any(figures.FIGURES[name].find(entry, side) for _, entry in entries for side in methods.SIDES)]
    plot, axes = pyplot.subplots(1, len(names), figsize=(3 * len(names), 3.2), squeeze=False)
    axes = axes[0]
    for axis, name in zip(axes, names):
        figure = figures.FIGURES[name]
        for shift, side in ((-0.2, "pgvector"), (0.2, "vectorx")):
            values = [figure.find(entry, side) or 0 for _, entry in entries]
            axis.bar([place + shift for place in range(len(entries))], values, 0.38, color=COLOUR[side], label=side)
        axis.set_xticks(range(len(entries)), [entry["data"]["name"].replace("_", "\n") for _, entry in entries], fontsize=7)
        axis.set_title(f"{figure.label}, {figure.unit}", fontsize=8)
        axis.tick_params(axis="y", labelsize=7)
    axes[0].legend(frameon=False, fontsize=7)
    return save(plot, f"{stem}-{method}-build.{suffix}")


def plots(results, folder, suffix="svg"):
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "vectorx"          # the same file from the same figures
    os.makedirs(folder, exist_ok=True)
    drawn = []
    for key, entry in results.items():
        if "search" in entry:
            drawn.append(plot_search(entry, os.path.join(folder, re.sub(r"\W+", "-", key)), suffix))
    for method in methods.METHODS:
        drawn.append(plot_bars(results, method, os.path.join(folder, "all"), suffix))
    return [path for path in drawn if path]


# documentation

def write_between(path, name, text):
    """Replaces what stands between <!-- begin NAME --> and <!-- end NAME --> in a file."""
    with open(path, encoding="utf8") as file:
        page = file.read()
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    if begin not in page or end not in page:
        raise SystemExit(f"{path}: no place marked {begin}")
    page = page[:page.index(begin) + len(begin)] + "\n" + text.strip() + "\n" + page[page.index(end):]
    with open(path, "w", encoding="utf8") as file:
        file.write(page)


def main():
    parser = argparse.ArgumentParser(prog="bench/peer/report", description=__doc__)
    parser.add_argument("--input", default=os.path.join(datasets.CACHE, "peer", "results.json"), help="results file")
    parser.add_argument("--plots", metavar="FOLDER", help="where to draw; default: beside the results file")
    parser.add_argument("--format", choices=("svg", "png"), default="svg")
    parser.add_argument("--doc", action="store_true", help="write doc/benchmarks.md, README.md and doc/plots")
    options = parser.parse_args()
    results = compare.read_results(options.input)
    if not results:
        raise SystemExit(f"{options.input}: no results; run bench/peer/run first")
    sections = "\n".join(section(entry) for _, entry in ordered(results))
    if not options.doc:
        print(summaries(results), "", sections, sep="\n")
        for path in plots(results, options.plots or os.path.dirname(options.input), options.format):
            print(path)
        return
    drawn = plots(results, options.plots or os.path.join(ROOT, "doc", "plots"))
    images = "\n".join(f"![{os.path.basename(path)[:-4]}]({os.path.relpath(path, os.path.join(ROOT, 'doc'))})\n" for path in drawn)
    compare.write_results(os.path.join(ROOT, "doc", "benchmarks.json"), results)
    page = os.path.join(ROOT, "doc", "benchmarks.md")
    write_between(page, "summary", summaries(results))
    write_between(page, "plots", images)
    write_between(page, "sets", sections)
    write_between(os.path.join(ROOT, "README.md"), "benchmark summary", summaries(results))


if __name__ == "__main__":
    main()
