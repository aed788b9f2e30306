"""A throw-away PostgreSQL cluster for the fault harnesses.

The programs come from a private copy of the server's installation (scripts/lib.sh), the cluster lives in one
folder and listens on a socket in it.  A cluster can be copied, cut off in the middle of its WAL, and recovered by
a single-user backend, which runs the server's own crash recovery without the cost of a postmaster.
"""

import os
import re
import shutil
import subprocess
import time

SEGMENT_BYTES = 1 << 20

CONFIGURATION = """
listen_addresses = ''
fsync = off
autovacuum = off
wal_level = replica
max_wal_size = 4GB
checkpoint_timeout = 1h
max_parallel_maintenance_workers = 0
shared_buffers = 16MB
min_wal_size = 2MB
wal_consistency_checking = 'generic'
log_min_messages = warning
"""


class StatementError(Exception):
    """What the server said of a statement that failed."""


class Cluster:
    """One data directory and the programs that serve it."""

    def __init__(self, programs, folder, environment=None):
        self.programs = programs
        self.folder = folder
        self.environment = dict(os.environ, **(environment or {}))

    def program(self, name):
        return os.path.join(self.programs, name)

    def run(self, name, *arguments, **options):
        return subprocess.run([self.program(name), *arguments], env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)

    def create(self, *configuration):
        """Make the cluster, with WAL segments of 1 MB so that copies of it are small."""
        done = self.run("initdb", "-D", self.folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale",
                        "--no-sync", "--wal-segsize=1")
        if done.returncode != 0:
            raise RuntimeError(done.stdout)
        with open(os.path.join(self.folder, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(CONFIGURATION + f"unix_socket_directories = '{self.folder}'\n")
            file.write("".join(line + "\n" for line in configuration))

    def start(self):
        done = self.run("pg_ctl", "-D", self.folder, "-l", os.path.join(self.folder, "log"), "-w", "-s", "start")
        if done.returncode != 0:
            raise RuntimeError(done.stdout + self.log())

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.folder, "-m", mode, "-w", "-s", "stop")

    def is_running(self):
        return self.run("pg_ctl", "-D", self.folder, "status").returncode == 0

    def log(self):
        path = os.path.join(self.folder, "log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def sql(self, statements, database="postgres", timeout=300):
        """Run statements through psql; its output, unaligned.  Raises StatementError."""
        done = self.run("psql", "-h", self.folder, "-U", "postgres", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                        "-d", database, input=statements, timeout=timeout)
        if done.returncode != 0:
            raise StatementError(done.stdout)
        return done.stdout.strip()

    def copy(self, folder):
        """The same cluster in another folder; it must not be running, or have been checkpointed for a cut."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("postmaster.pid", "log", ".s.PGSQL*"))
        return Cluster(self.programs, folder, self.environment)

    def single(self, statements, database="postgres", timeout=120):
        """Recover, run statements, one a line, in a single-user backend; what it printed, values and messages.

        Raises StatementError at the first message of severity ERROR or worse.
        """
        done = self.run("postgres", "--single", "-D", self.folder, "-j", "-c", "log_min_messages=error", database,
                        input=";\n\n".join(statements) + ";\n\n", timeout=timeout)
        failure = re.search(r"^.*(ERROR|FATAL|PANIC): .*$", done.stdout, re.M)
        if failure or done.returncode != 0:
            raise StatementError((failure.group(0) if failure else "") + f" (exit status {done.returncode})")
        return re.findall(r'= "(.*?)"\s+\(typeid', done.stdout, re.S)

    def current_lsn(self):
        return parse_lsn(self.sql("SELECT pg_current_wal_insert_lsn()"))


def build_library(headers, folder):
    """Compile fault_server.c with the headers of the server; the library's path."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fault_server.c")
    library = os.path.join(folder, "fault_server.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-I", headers, "-o", library, source], check=True)
    return library


def parse_lsn(text):
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def format_lsn(lsn):
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def segment_name(lsn, timeline=1):
    """The WAL file that holds an LSN."""
    number = lsn // SEGMENT_BYTES
    per_id = (1 << 32) // SEGMENT_BYTES
    return f"{timeline:08X}{number // per_id:08X}{number % per_id:08X}"


def wait_until(condition, seconds):
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
