"""Which processes run: each holds the lock on a file of its own in the data folder, and the lock goes with it.

A process is told by a token, `folder.number`: the data folder's own id, so that a token of another machine's is not
taken for that of a dead process here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from pathlib import Path

from penstock.store.files import make_folder

_ID = "folder.id"
_NUMBER = re.compile(r"[0-9a-f]{16}")


class Runners:
    """This process's own token, which lives until `close`, and what is known of the others'."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, and removes what dead processes left in it. Raises OSError."""
        make_folder(folder)
        self._folder = folder
        self._folder_id = _folder_id(folder)
        number, self._descriptor = _create(folder)
        self.token = f"{self._folder_id}.{number}"
        for name in os.listdir(folder):
            if _NUMBER.fullmatch(name) and name != number:
                _dead(folder / name)

    def alive(self, token: str) -> bool | None:
        """Whether the process of `token` runs; None where only another machine knows. Raises OSError."""
        folder_id, _, number = token.partition(".")
        if folder_id != self._folder_id or not _NUMBER.fullmatch(number):
            return None
        return token == self.token or not _dead(self._folder / number)

    def close(self) -> None:
        """From here on this process counts as dead."""
        if self._descriptor >= 0:
            name = self.token.partition(".")[2]
            (self._folder / name).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def _folder_id(folder: Path) -> str:
    """Written once, whole: processes that start at the same time read the same."""
    path = folder / _ID
    if not path.exists():
        draft = folder / f"{_ID}.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, secrets.token_hex(8).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text("ascii").strip()


def _create(folder: Path) -> tuple[str, int]:
    while True:
        number = secrets.token_hex(8)
        descriptor = os.open(folder / number, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return number, descriptor
        os.close(descriptor)  # another process took it for a dead one's in that moment, and removed it


def _dead(path: Path) -> bool:
    """Whether nobody holds the lock; the file goes then."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
