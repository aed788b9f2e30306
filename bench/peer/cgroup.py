"""A limit on the memory of the server's processes, the kernel's copies of files that they read among it.

A control group, of the first version (/sys/fs/cgroup/memory) or the second; making one needs root and a folder that is
writable. Pages of files that another group has read are that group's, so the files have to be dropped from the page
cache before the server starts.
"""
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
FIRST = ROOT / "memory"             # where the first version has the memory controller


class MemoryLimit:
    def __init__(self, limit):
        """A group of its own for `limit` bytes; raises OSError where there can be none."""
        first = (FIRST / "memory.limit_in_bytes").exists()
        self.folder = (FIRST if first else ROOT) / f"vectorx-peer-{os.getpid()}"
        if not first:
            (ROOT / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
        self.folder.mkdir(exist_ok=True)
        (self.folder / ("memory.limit_in_bytes" if first else "memory.max")).write_text(str(limit), encoding="ascii")

    def join(self):
        """For preexec_fn: the program to be run becomes a member, and all that it starts."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    def remove(self):
        """Ends the group, whose processes are on their way out."""
        for _ in range(50):
            try:
                self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.1)


def limit_memory(limit):
    """A MemoryLimit of so many bytes; None, and a word about it, where there can be none."""
    try:
        return MemoryLimit(limit)
    except OSError as error:
        print(f"no limit on memory, only small shared_buffers: {error}")
        return None
