"""A PostgreSQL server of the tests' own, from Debian's binaries, in a temporary folder and on a free port."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any, Self

from tests.server import free_port

_USER = "penstock"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "32MB",
    # Nothing of this outlives the run.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
# The kernel ends the server where the tests are killed.
_ENDS_WITH_US = ("setpriv", "--pdeathsig", "INT", "--") if shutil.which("setpriv") else ()


def missing() -> str | None:
    """Why there can be no server here; None where there can."""
    if _binaries() is None:
        return "no PostgreSQL server here (Debian: apt install postgresql)"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it as"
    return None


class PostgresServer:
    """Starts and ends with the context; `database` makes one in it."""

    def __init__(self) -> None:
        binaries = _binaries()
        assert binaries is not None
        self._binaries = binaries
        self._account: dict[str, Any] = {}
        self.port = free_port()
        self._password = secrets.token_hex(16)
        self._numbers = count()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Not in pytest's own folder, which is closed to the user that the server runs as where we are root.
        self._folder = Path(tempfile.mkdtemp(prefix="penstock-postgresql-"))
        try:
            self._make()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # ends every session, then itself
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder)

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name}")
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{self.port}/{name}"

    def drop(self, url: str) -> None:
        """Removes a database that `database` made, whoever is still connected to it."""
        self.ask(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def ask(self, statement: str, url: str | None = None) -> list[list[str]]:
        """The rows that `statement` gives, each value as text; in the database of that address, or the server's own."""
        name = url.rpartition("/")[2] if url else "postgres"
        command = [self._binaries / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        where = ["-h", self._folder, "-p", str(self.port), "-U", _USER, "-d", name, "-c", statement]
        done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def _make(self) -> None:
        password = self._folder / "password"
        password.write_text(self._password)
        if os.geteuid() == 0:
            account = _account()
            assert account is not None
            self._account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            for path in (self._folder, password):
                os.chown(path, account.pw_uid, account.pw_gid)
        command = [self._binaries / "initdb", "-D", self._folder / "data", "-U", _USER, "--pwfile", password]
        # The socket is in a folder that is closed to others; whoever comes by the network needs the password.
        how = ["-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]
        done = subprocess.run(
            [*command, *how],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **self._account,
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _start(self) -> None:
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_ENDS_WITH_US, self._binaries / "postgres", "-D", self._folder / "data", *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests; they end the server
                **self._account,
            )
        end = time.monotonic() + 60
        while True:
            try:
                self.ask("SELECT 1")
            except RuntimeError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return


def _binaries() -> Path | None:
    """The folder of the newest server's programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found and (there := shutil.which("postgres")):
        found = [Path(there).resolve().parent]
    return max(found, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0, default=None)


def _account() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None
