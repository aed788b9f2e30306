"""One psql session that a harness talks to statement by statement."""

import subprocess
import threading

END = "-- end of answer --"


class SessionLost(Exception):
    """The server ended the session; carries what it said."""


class Session:
    def __init__(self, cluster, database="postgres"):
        self.process = subprocess.Popen(
            [cluster.program("psql"), "-h", cluster.folder, "-U", "postgres", "-X", "-q", "-A", "-t", "-d", database],
            env=cluster.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=1)
        self.send("\\set VERBOSITY verbose")
        self.pid = int(self.ask("SELECT pg_backend_pid()"))

    def send(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as broken:
            raise SessionLost(self.process.stdout.read()) from broken

    def ask(self, statement, timeout=120):
        """Run a statement; what psql printed, errors included."""
        self.send(statement + ";\n\\echo " + END)
        lines = []
        guard = threading.Timer(timeout, self.process.kill)
        guard.start()
        try:
            for line in self.process.stdout:
                if line.strip() == END:
                    answer = "".join(lines).strip()
                    if "server closed the connection" in answer or "connection to server was lost" in answer:
                        raise SessionLost(answer)
                    return answer
                lines.append(line)
        finally:
            guard.cancel()
        raise SessionLost("".join(lines))

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
