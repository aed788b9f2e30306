"""Where the fields of an index page are, for damage that knows what it hits.

Written from src/storage/README.md and src/am/ivfflat/README.md, not from the code: a reader of its own.  Fields are
those by which pages are understood and followed: headers, counters, block numbers, heap TIDs, states, and bytes that
have to be zero.  What rows are made of (codes, factors, vectors, centres) are not fields.
"""

import collections
import struct

PAGE_BYTES = 8192
CONTENTS_AT = 24
SPECIAL_AT = PAGE_BYTES - 16
NO_BLOCK = 0xFFFFFFFF
PINNED = 0x80000000

META, MEAN, GRAPH, VECTOR, ADDED, TIDS, DIRECTORY, LIST, FREE, TERMS = range(1, 11)
STATE_FREE, STATE_LIVE, STATE_DEAD, STATE_SHARED = range(4)
LIST_WAS_EMPTY = 1

# group: fields of one purpose on a page, of which one is hit as often as any other group
Field = collections.namedtuple("Field", "group place width")

# The frame of every page: flags, lower, upper, special, version, pruning transaction; then the special area.  LSN and
# checksum of the header are the server's.
FRAME = [Field("header", place, width) for place, width in ((10, 2), (12, 2), (14, 2), (16, 2), (18, 2), (20, 4))] + \
        [Field("special area", SPECIAL_AT + place, width)
         for place, width in ((0, 4), (4, 2), (6, 2), (8, 2), (10, 1), (11, 1), (12, 2), (14, 2))]


def array(group, place, count, width):
    return [Field(group, place + i * width, width) for i in range(count)]


def aligned(place, multiple):
    return (place + multiple - 1) // multiple * multiple


def number(page, place, width):
    return int.from_bytes(page[place:place + width], "little")


class Index:
    """The pages of an index file."""

    def __init__(self, contents):
        self.pages = [contents[at:at + PAGE_BYTES] for at in range(0, len(contents), PAGE_BYTES)]
        self.is_lists = self.pages[0][CONTENTS_AT:CONTENTS_AT + 4] == b"1Lxv"
        meta = self.pages[0][CONTENTS_AT:]
        if self.is_lists:
            (self.dimensions, _, _, self.lists, self.row_bytes, self.centre_bytes,
             self.vector_bytes) = struct.unpack_from("<7I", meta, 8)
            self.lay_out_lists()
        else:
            self.dimensions, self.code_bytes, self.vector_bytes = struct.unpack_from("<3I", meta, 8)
            self.edges = struct.unpack_from("<H", meta, 20)[0]
            self.base = self.lay_out_graph(upper=False)
            self.upper = self.lay_out_graph(upper=True)

    def kind(self, block):
        return self.pages[block][SPECIAL_AT + 10] if block < len(self.pages) else 0

    def layer(self, block):
        return self.pages[block][SPECIAL_AT + 11]

    def lay_out_graph(self, upper):
        """Offsets of the arrays of a graph page, and the number of its slots."""
        slots = (SPECIAL_AT - CONTENTS_AT) // (self.code_bytes + 4 * self.edges + 19)
        while True:
            at, places = CONTENTS_AT, {"slots": slots}
            for name, there, bytes_each in (("chain", not upper, 8 / slots), ("place", not upper and self.vector_bytes, 4),
                                            ("down", upper, 4), ("add", True, 4), ("scale", True, 4), ("error", True, 4),
                                            ("edges", True, 4 * self.edges), ("tid", True, 6), ("state", True, 1)):
                if there:
                    places[name] = at
                    at += round(bytes_each * slots)
            codes = self.code_bytes * slots
            places["end"] = at
            at = aligned(at, 64) if aligned(at, 64) + codes <= SPECIAL_AT else at
            places["code"] = at
            if at + codes <= SPECIAL_AT:
                return places
            slots -= 1

    def lay_out_lists(self):
        def end_of(slots):
            at = CONTENTS_AT + 32 + (4 * slots if self.vector_bytes else 0)
            self.tid_at, self.state_at = at, at + 6 * slots
            at += 7 * slots
            self.list_end = at
            return (aligned(at, 64) if aligned(at, 64) + slots * self.row_bytes <= SPECIAL_AT else at) + slots * self.row_bytes

        slots = (SPECIAL_AT - CONTENTS_AT) // (self.row_bytes + 7)
        while end_of(slots) > SPECIAL_AT:
            slots -= 1
        self.list_slots = slots - slots % 16 if slots > 16 else slots
        end_of(self.list_slots)
        self.per_page = (SPECIAL_AT - CONTENTS_AT) // (self.centre_bytes + 4)

    def fields(self, block):
        """The fields of a page."""
        page, kind = self.pages[block], self.kind(block)
        lower, upper = number(page, 12, 2), number(page, 14, 2)
        fields = list(FRAME)
        if kind == META:
            fields += array("metapage", CONTENTS_AT, 26 if self.is_lists else 37, 4) + \
                array("zeros", CONTENTS_AT + 152, 1000, 8)
        elif kind == MEAN:
            fields += array("zeros", aligned(CONTENTS_AT + 4 * self.dimensions, 8), 500, 8)
        elif kind == GRAPH:
            fields += self.graph_fields(self.upper if self.layer(block) else self.base)
        elif kind == ADDED:
            fields += array("owners", upper, (SPECIAL_AT - upper) // 2, 2)
        elif kind == TIDS:
            fields += array("chain", CONTENTS_AT, 2, 4) + array("heap TIDs", CONTENTS_AT + 8, (lower - CONTENTS_AT - 8) // 2, 2)
        elif kind == DIRECTORY:
            fields += array("heads", CONTENTS_AT, min(self.lists, self.per_page), 4) + \
                array("zeros", CONTENTS_AT + 4 * self.lists, self.per_page - self.lists, 4)
        elif kind == LIST and not self.is_retired(block):
            fields += array("start of list page", CONTENTS_AT, 8, 4) + array("heap TIDs", self.tid_at, 3 * self.list_slots, 2) + \
                array("states", self.state_at, self.list_slots, 1)
            if self.vector_bytes:
                fields += array("vectors", CONTENTS_AT + 32, self.list_slots, 4)
        if kind == GRAPH:
            fields += array("heap TIDs", upper, (SPECIAL_AT - upper) // 2, 2)
        if lower < upper:
            fields += array("zeros", aligned(lower, 8), (upper - aligned(lower, 8)) // 8, 8)
        return fields

    def graph_fields(self, places):
        slots = places["slots"]
        fields = array("edges", places["edges"], slots * self.edges, 4) + array("heap TIDs", places["tid"], 3 * slots, 2) + \
            array("states", places["state"], slots, 1)
        if "chain" in places:
            fields += array("chain", places["chain"], 2, 4)
        if "place" in places:
            fields += array("vectors", places["place"], slots, 4)
        if "down" in places:
            fields += array("down", places["down"], slots, 4)
        return fields

    def is_retired(self, block):
        return any(self.pages[block][CONTENTS_AT + 24:CONTENTS_AT + 32])

    def is_equivalent(self, block, field, value):
        """Whether an index with this value of the field is as sound as before: another graph, or another hint."""
        page = self.pages[block]
        old = number(page, field.place, field.width)
        kind = self.kind(block)
        if kind == GRAPH and field.group == "edges":
            places = self.upper if self.layer(block) else self.base
            first = field.place - (field.place - places["edges"]) % (4 * self.edges)
            others = {number(page, first + 4 * i, 4) & ~PINNED for i in range(self.edges)} - {old & ~PINNED}
            used = number(page, SPECIAL_AT + 8, 2)
            slot = (field.place - places["edges"]) // (4 * self.edges)
            last = field.place + 4 == first + 4 * self.edges or number(page, field.place + 4, 4) == NO_BLOCK
            begins = field.place == first or number(page, field.place - 4, 4) != NO_BLOCK
            if slot >= used or old != NO_BLOCK and old & PINNED:
                return False
            if value == NO_BLOCK:
                return last
            return (old != NO_BLOCK or begins) and value < len(self.pages) and value not in others and value != block and \
                self.kind(value) == GRAPH and self.layer(value) == self.layer(block)
        if kind == GRAPH and field.group == "states":
            # an interrupted VACUUM leaves a shared node without any row
            return old in (STATE_LIVE, STATE_DEAD) and value == STATE_SHARED and self.layer(block) == 0
        if kind == LIST and field.group == "special area" and field.place == SPECIAL_AT + 12:
            return value | LIST_WAS_EMPTY == old | LIST_WAS_EMPTY
        return False
