"""The server under test: `tests.server.ServerProcess`, with what only long runs do to it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import NamedTuple

from bench.processes import family, resident_mb
from tests.server import ServerProcess


class Page(NamedTuple):
    """An answer to a GET."""

    status: int
    headers: dict[str, str]
    text: str


class Server(ServerProcess):
    """A server that can be killed with all its children, starved of disk and locked out of its database."""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def resident_mb(self) -> float:
        """Memory of the server and all its children, in MB."""
        return resident_mb(self.pid)

    def kill_group(self) -> None:
        """kill -9 of every process of the server at once. Raises AssertionError where it had ended by itself."""
        assert self.process is not None
        assert self.process.poll() is None, f"the server had ended with {self.process.returncode}"
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def start_and_kill(self, after_s: float) -> None:
        """Starts, and is killed `after_s` seconds later, ready or not."""
        before = self.process

        def strike() -> None:
            while self.process is before:
                time.sleep(0.001)
            time.sleep(after_s)
            self.kill_group()

        striking = threading.Thread(target=strike)
        striking.start()
        try:
            with contextlib.suppress(AssertionError):  # it ended before it was ready: that is the point
                self.start()
        finally:
            striking.join()
        assert self.process is not None
        assert self.process.returncode == -signal.SIGKILL, self.log.read_text()[-4000:]

    def gauge(self, name: str) -> float:
        """One value of `/metrics` without labels."""
        for line in self.page("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.split(" ")[1])
        raise AssertionError(f"no {name} in /metrics")

    def page(self, path: str) -> Page:
        """The answer to `GET path`. Raises OSError."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return Page(response.status, dict(response.getheaders()), response.read().decode())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process writes to the database, and does not end: nobody else can, meanwhile."""
        with closing(sqlite3.connect(self.home / "penstock.db", timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def database_full(self, room: int) -> Iterator[None]:
        """The disk has no room for the database any more, and `room` bytes for each file of the spool.

        The database's log (WAL) is filled beyond `room` by another process, whose reading keeps it from being
        emptied: so the server's next write to it meets the end of the disk.
        """
        database = self.home / "penstock.db"
        with (
            closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as reader,
            closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as writer,
        ):
            writer.execute("CREATE TABLE filler (data BLOB)")
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM requests").fetchone()
            writer.execute("INSERT INTO filler VALUES (zeroblob(?))", (room,))
            with self.largest_file(room):
                yield

    @contextmanager
    def largest_file(self, size: int) -> Iterator[None]:
        """Every process of the server meets a full disk: no file can be written to beyond `size` bytes."""
        before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in family(self.pid)}
        try:
            for pid, (_, hard) in before.items():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
            yield
        finally:
            for pid, limits in before.items():
                with contextlib.suppress(ProcessLookupError):  # the run failed and it is gone: that is told elsewhere
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
