"""Write exact neighbours (int32, 100 a query) as COPY text of (id, the nearest K as an array).

usage: emit_truth.py FILE K
"""
import sys

import numpy


def main():
    nearest = numpy.fromfile(sys.argv[1], dtype="<i4").reshape(-1, 100)[:, :int(sys.argv[2])]
    for number, row in enumerate(nearest):
        print(number, "{" + ",".join(map(str, row)) + "}", sep="\t")


main()
