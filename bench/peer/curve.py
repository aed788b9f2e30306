"""Figures at a given recall, between the points that were measured.

Between two points the logarithm of a figure (queries a second, pages) is taken to be linear in log(1 - recall), which
is what the curves of graph and list indexes look like.
"""
import math

CEILING = 1 - 1e-5                  # a recall of 1 has no logarithm


def position(recall):
    return -math.log(1 - min(recall, CEILING))


def at_recall(points, target, figure):
    """The value of `figure` at recall `target`; None where it is not reached.

    Points are in order of effort. Where even the first has more recall than asked for, its value is the answer: less
    effort is not to be had.
    """
    before = None
    for point in points:
        if point["recall"] >= target:
            if before is None or before["recall"] == point["recall"]:
                return point[figure]
            low, high = position(before["recall"]), position(point["recall"])
            share = (position(target) - low) / (high - low)
            return math.exp((1 - share) * math.log(before[figure]) + share * math.log(point[figure]))
        if before is None or point["recall"] > before["recall"]:
            before = point
    return None


def effort_at(points, target):
    """The smallest whole setting that should reach `target`; the largest measured where none does."""
    setting = at_recall(points, target, "setting")
    return points[-1]["setting"] if setting is None else math.ceil(setting)
