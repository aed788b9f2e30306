"""Write row-major float32 vectors as COPY (FORMAT binary) of (id integer, embedding vector).

usage: emit_copy.py FILE DIMENSIONS [ROWS]
"""
import struct
import sys

import numpy

BLOCK = 1000


def main():
    path, dimensions = sys.argv[1], int(sys.argv[2])
    vectors = numpy.memmap(path, dtype="<f4", mode="r").reshape(-1, dimensions)
    rows = len(vectors) if len(sys.argv) < 4 else min(len(vectors), int(sys.argv[3]))
    out = sys.stdout.buffer
    out.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0))
    for start in range(0, rows, BLOCK):
        block = vectors[start:min(rows, start + BLOCK)].astype(">f4")
        for number, row in enumerate(block):
            out.write(struct.pack(">hii", 2, 4, start + number))
            out.write(struct.pack(">ihh", 4 + 4 * dimensions, dimensions, 0) + row.tobytes())
    out.write(struct.pack(">h", -1))


main()
