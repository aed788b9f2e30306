"""The private server that both extensions run in: its programs, its settings, starting, stopping, cold caches.

bench/peer/run says where it is, by environment:
    PEER_BIN       folder of the server's programs, as the server sees it
    PEER_FOLDER    folder for the cluster and the socket, as the server sees it
    PEER_ROOT      what to put before such a path to reach it from here (the chroot; empty without one)
    PEER_COMMIT    commit of vectorx, for the record
    PEER_PREFIX    command that runs a program as the server's user, in the chroot if there is one
"""
import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import cgroup

BIN = os.environ.get("PEER_BIN", "")
FOLDER = os.environ.get("PEER_FOLDER", "")
ROOT = os.environ.get("PEER_ROOT", "")
PREFIX = shlex.split(os.environ.get("PEER_PREFIX", ""))
COMMIT = os.environ.get("PEER_COMMIT", "unknown")

# Everything in memory and nothing in the background, so that what is measured is the index.
SETTINGS = {
    "shared_buffers": "4GB", "effective_cache_size": "8GB", "work_mem": "16MB", "max_wal_size": "16GB",
    "checkpoint_timeout": "1h", "min_dynamic_shared_memory": "0", "max_worker_processes": "16", "max_parallel_workers": "8",
    "autovacuum": "off", "jit": "off", "fsync": "off", "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0", "maintenance_work_mem": "64MB", "max_connections": "40",
    "listen_addresses": "''",
}


def run_program(program, *arguments, **options):
    """Runs a program of the server as its user."""
    return subprocess.run([*PREFIX, f"{BIN}/{program}", *map(str, arguments)], check=True, text=True, **options)


def processor_ticks(process):
    """Ticks of a process in user and kernel mode, and of its children that have ended, in both."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return (0, 0, 0, 0)
    return tuple(map(int, fields[11:15]))


class Server:
    """`limit` is how many bytes of memory the server's processes may have, or None."""

    def __init__(self, settings, limit=None):
        self.settings, self.limit, self.group = {**SETTINGS, **settings}, limit, None
        self.data = f"{FOLDER}/data"
        # the path of a socket is short by law; that of a chroot need not be
        self.link_folder = tempfile.mkdtemp(prefix="vectorx-peer-")
        self.socket = os.path.join(self.link_folder, "s")
        os.symlink(ROOT + FOLDER, self.socket)

    def make(self):
        if not os.path.exists(f"{ROOT}{self.data}/PG_VERSION"):
            run_program("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync",
                        stdout=subprocess.DEVNULL)

    def write_settings(self):
        lines = [f"{name} = {value}" for name, value in self.settings.items()]
        lines.append(f"unix_socket_directories = '{FOLDER}'")
        with open(f"{ROOT}{self.data}/postgresql.auto.conf", "w", encoding="utf8") as file:
            file.write("\n".join(lines) + "\n")

    def start(self):
        self.write_settings()
        self.group = cgroup.limit_memory(self.limit) if self.limit else None
        run_program("pg_ctl", "-D", self.data, "-l", f"{FOLDER}/log", "-w", "-s", "-t", "300", "start",
                    preexec_fn=self.group.join if self.group else None)

    def stop(self):
        if os.path.exists(f"{ROOT}{self.data}/postmaster.pid"):
            run_program("pg_ctl", "-D", self.data, "-w", "-s", "-t", "300", "-m", "fast", "stop")
        if self.group:
            self.group.remove()
            self.group = None

    def processor_seconds(self):
        """Processor time of the server's processes so far. On a busy machine it says more than the clock does."""
        with open(f"{ROOT}{self.data}/postmaster.pid", encoding="ascii") as file:
            postmaster = int(file.readline())
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        ticks = sum(processor_ticks(postmaster)) + sum(sum(processor_ticks(child)[:2]) for child in children)
        return ticks / os.sysconf("SC_CLK_TCK")

    def restart_cold(self):
        """Stops, makes the kernel forget the pages of the cluster's files, starts."""
        self.stop()
        os.sync()
        for path in Path(f"{ROOT}{self.data}/base").rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
        self.start()

    def close(self):
        self.stop()
        shutil.rmtree(self.link_folder, ignore_errors=True)

    def pgbench(self, database, script, clients, settings, *arguments):
        """Runs a script; returns transactions per second and milliseconds of the server's processor time for each."""
        inside = f"{FOLDER}/script-{os.getpid()}.sql"
        with open(ROOT + inside, "w", encoding="utf8") as file:
            file.write(script)
        os.chmod(ROOT + inside, 0o644)
        before = self.processor_seconds()
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        done = subprocess.run([*PREFIX, "env", f"PGOPTIONS={options}", f"{BIN}/pgbench", "-h", FOLDER, "-U", "postgres", "-n",
                               "-M", "prepared", "-f", inside, "-c", str(clients), "-j", str(min(clients, 2)),
                               "--random-seed=1", *map(str, arguments), database],
                              check=False, capture_output=True, text=True)
        os.remove(ROOT + inside)
        found = dict(re.findall(r"(tps|transactions actually processed)[=: ]+([0-9.]+)", done.stdout))
        if len(found) == 2 and done.returncode == 0:
            used = self.processor_seconds() - before
            count = int(found["transactions actually processed"])
            return {"rate": float(found["tps"]), "cpu_ms": 1000 * used / count, "count": count}
        raise SystemExit(f"pgbench failed: {done.stdout}{done.stderr}")


class Memory:
    """Most memory that a backend, its parallel workers and their dynamic shared memory had, in bytes.

    Private pages of the processes and what lies in /dev/shm; shared buffers are in neither.
    """
    PERIOD = 0.05

    def __init__(self, backend):
        self.backend, self.peak = backend, 0
        self.base = self.shared()

    @staticmethod
    def shared():
        used = 0
        for path in Path(f"{ROOT}/dev/shm").glob("PostgreSQL.*"):
            try:
                used += path.stat().st_blocks * 512
            except FileNotFoundError:
                pass
        return used

    def processes(self):
        mark = f"parallel worker for PID {self.backend} ".encode()
        found = [self.backend]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "cmdline").read_bytes().replace(b"\0", b" ") + b" ":
                    found.append(int(folder.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    @staticmethod
    def private(process):
        try:
            for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            pass
        return 0

    def watch(self, done):
        """Samples until the event `done` is set; looks for new workers every 20th time."""
        processes, turn = [self.backend], 0
        while not done.wait(self.PERIOD):
            if turn % 20 == 0:
                processes = self.processes()
            turn += 1
            used = sum(map(self.private, processes)) + self.shared() - self.base
            self.peak = max(self.peak, used)


def cpu():
    for line in Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def stamp(session, settings, limit=None):
    """What a measurement has to say about its circumstances."""
    versions = dict(session.execute("SELECT name, default_version FROM pg_available_extensions WHERE name IN ('vector', 'vectorx')").fetchall())
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"), "commit": COMMIT,
        "server": session.execute("SHOW server_version").fetchone()[0], "pgvector": versions.get("vector"),
        "vectorx": versions.get("vectorx"), "cpu": cpu(), "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1), "settings": settings, "limit": limit,
    }
