#!/usr/bin/env python3
"""Make the table of RELIABILITY.md from the lines that scripts/figures printed.

    scripts/figures medium > figures.jsonl
    test/fault/report.py figures.jsonl RELIABILITY.md

Replaces what stands between the marks in the page; the text around it is written by hand.
"""

import argparse
import collections
import json
import re
import subprocess

BEGIN, END = "<!-- begin figures -->", "<!-- end figures -->"

# figure: (what, target, fields that are added up, those of which the greatest is told)
FIGURES = {
    "R1": ("crash points recovered: every WAL record of seeded workloads", "all",
           ["points", "failed"], []),
    "R2": ("generic WAL records replayed with their pages compared", "no difference", ["generic_records", "failed"], []),
    "R3": ("tests of a standby: the same answers as the primary, and a sound index", "all pass", ["tests", "failed"], []),
    "R4": ("operations of 8 clients, with the index verified whenever they pause", "no violation",
           ["operations", "quiesce_points", "failed"], []),
    "R5": ("interleavings of inserts, scans, VACUUM and builds, at stops inside of statements and between them", "all pass",
           ["tests", "permutations", "failed"], []),
    "R6": ("recall after the rows were replaced, and of the same index built anew", "at most 0.005 lost",
           ["failed"], ["turnover", "recall_churned", "recall_rebuilt"]),
    "R7": ("inputs without meaning: refused, or a fixed point of printing and reading", "no failure",
           ["inputs", "accepted", "failed"], []),
    "R8": ("damaged pages tried", "no crash, no hang, no other error; 99 % of structural damage seen",
           ["trials", "crashes", "hangs", "other_errors"], ["structural_seen", "random_seen"]),
    "R9": ("failing allocations", "an error each", ["failed_calls", "errors", "survived", "crashes", "failed"], []),
    "R10": ("failing reads and writes", "an error each", ["failed_calls", "errors", "survived", "crashes", "failed"], []),
    "R11": ("peak memory of statements", "limit + 5 % + 16 MB (scans 8 MB)", ["failed"], ["peak_mb", "limit_mb"]),
    "R12": ("delay of a cancel", "p99 at most 100 ms", ["cancels", "failed"], ["p99_ms"]),
    "R13": ("unit tests: kernels of all instruction sets against double precision, and the rest of the pure C folders", "all pass",
            ["tests", "failed"], []),
    "R14": ("the same answers with every instruction set", "all pass", ["tests", "failed"], []),
    "R15": ("searches at full effort give what a sequential scan gives", "all pass", ["tests", "failed"], []),
    "R16": ("per cent of lines and branches that the tests reach", "98 lines, 85 branches", [], ["lines", "branches"]),
    "R17": ("mutants of the pure C folders that the unit tests notice", "0.9 of them", ["mutants"], ["noticed"]),
    "R18": ("server tests under a tool that watches memory", "no report; planted mistakes seen",
            ["tests", "planted_seen", "reports", "failed"], []),
    "R20": ("equal rows and seeds give equal indexes", "all pass", ["tests", "failed"], []),
}
HARNESS = {"R1": "crash_points", "R2": "crash_points", "R4": "churn", "R6": "churn", "R8": "damage",
           "R9": "failing_calls", "R10": "failing_calls", "R11": "limits", "R12": "limits"}
COMMANDS = {"R16": "scripts/coverage", "R17": "scripts/mutants", "R18": "scripts/check-memory {target}"}


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.startswith("{")]


def result_of(figure, lines):
    """The figures of all lines with one number and method, in words."""
    _, _, sums, peaks = FIGURES[figure]
    words = [f"{field.replace('_', ' ')} {sum(line.get(field, 0) for line in lines):,}".replace(",", " ") for field in sums]
    for field in peaks:
        values = [line[field] for line in lines if line.get(field) is not None]
        if values:
            worst = min(values) if field in ("structural_seen", "random_seen", "recall_churned") else max(values)
            words.append(f"{field.replace('_', ' ')} {worst}")
    return ", ".join(words)


def command_of(figure, target, tier):
    if figure in COMMANDS:
        return COMMANDS[figure].format(target=target)
    if figure == "R7":
        return f"scripts/figures {tier} {'inputs' if ',' in target else 'fuzz'}"
    return f"scripts/figures {tier} {HARNESS.get(figure, 'tests')}"


def table(lines, tier, commit):
    groups = collections.defaultdict(list)
    for line in lines:
        key = line.get("method", line.get("target", ""))
        groups[line["figure"], key].append(line)
        if line["figure"] == "R1":
            groups["R2", key].append(line)
    rows = ["| # | what | of | target | result | seed | command |", "|---|---|---|---|---|---|---|"]
    for figure, key in sorted(groups, key=lambda pair: (int(pair[0][1:]), pair[1])):
        what, target, _, _ = FIGURES[figure]
        seeds = sorted({str(line["seed"]) for line in groups[figure, key] if "seed" in line}) or ["-"]
        rows.append(f"| {figure} | {what} | {key} | {target} | {result_of(figure, groups[figure, key])} | {', '.join(seeds)} | "
                    f"`{command_of(figure, key, tier)}` |")
    return [f"Tier {tier}, commit {commit}.", "", *rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", help="file with the lines that scripts/figures printed")
    parser.add_argument("page", help="RELIABILITY.md")
    parser.add_argument("--tier", default="medium")
    options = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with open(options.page, encoding="utf-8") as file:
        page = file.read()
    new = "\n".join([BEGIN, *table(read_lines(options.figures), options.tier, commit), END])
    page = re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: new, page, flags=re.S)
    with open(options.page, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
