"""Which models there are: `models/models.json` in the data folder, written whole, by one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec

from penstock.engine.card import NAME as BUNDLED
from penstock.engine.gguf import BadModelFile, read_header, split_of
from penstock.engine.private import make_folder, open_file

Progress = Callable[[int, int], None]
"""Told about long work: bytes done, bytes in all."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_BLOCK: Final = 1024 * 1024


class RegistryError(Exception):
    """What was asked of the registry cannot be done; the message says why and what can."""


class Entry(msgspec.Struct, frozen=True):
    """One model. `size` in bytes, `modified` (ns) and `sha256` are those of its file when it was added.

    `context` is what the model was trained for, in tokens. `owned`: the file is Penstock's and goes with the model.
    `source` is where it was pulled from, `added` a time in Unix microseconds.
    """

    name: str
    path: str
    size: int
    modified: int
    sha256: str
    architecture: str
    context: int
    owned: bool
    added: int
    source: str | None = None

    def trouble(self) -> str | None:
        """What is wrong with the file, as far as one look shows: it is gone, or another one than was added."""
        try:
            stat = Path(self.path).stat()
        except OSError:
            return "its file is gone"
        return None if (stat.st_mtime_ns, stat.st_size) == (self.modified, self.size) else "its file has changed"


class _File(msgspec.Struct):
    version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    models: list[Entry] = []


class Registry:
    """The models of one data folder. Another process may change them at any time: reading notices."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "models"
        self._path = self.folder / "models.json"
        self._seen: tuple[int, int, int] | None = None
        self._entries: dict[str, Entry] = {}

    def entries(self) -> dict[str, Entry]:
        """The models by name, read again only when the file has changed. Raises RegistryError if it is unreadable."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            if self._entries:
                self._seen, self._entries = None, {}
            return self._entries
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if seen != self._seen:
            try:
                file = msgspec.json.decode(self._path.read_bytes(), type=_File)
            except (OSError, msgspec.DecodeError) as error:
                raise RegistryError(f"{self._path} cannot be read: {error}") from error
            self._seen, self._entries = seen, {entry.name: entry for entry in file.models}
        return self._entries

    def add(self, path: Path, name: str | None, *, copy: bool, progress: Progress) -> Entry:
        """Adds the file at `path`, where it is, or as a copy in the data folder. Raises RegistryError."""
        path = path.expanduser().absolute()
        name = self.free_name(name or default_name(path.name))
        if not copy:
            digest = _read_through(path, None, progress)
            return self._register(path, name, digest, owned=False, source=None)
        with self.partial(f"{name}.copy") as part:
            try:
                digest = _read_through(path, part, progress)
                return self.adopt(part, name, digest, source=None)
            finally:
                part.unlink(missing_ok=True)

    def adopt(self, part: Path, name: str, sha256: str, source: str | None) -> Entry:
        """Adds `part`, a file within the data folder, which becomes Penstock's own. Raises RegistryError."""
        return self._register(part, name, sha256, owned=True, source=source)

    def remove(self, name: str) -> Entry:
        """Forgets the model, and deletes its file if it is Penstock's own. Raises RegistryError."""
        with self._locked() as entries:
            entry = entries.pop(name, None)
            if entry is None and name == BUNDLED:
                raise RegistryError(f"'{BUNDLED}' comes with Penstock and cannot be removed")
            if entry is None:
                raise RegistryError(f"there is no local model '{name}'{_listed(entries)}")
            self._write(entries)
        if entry.owned:  # last: a file without an entry is only waste, an entry without a file an error
            Path(entry.path).unlink(missing_ok=True)
        return entry

    def free_name(self, name: str) -> str:
        """`name`, if a model may have it. Raises RegistryError."""
        if not _NAME.fullmatch(name):
            raise RegistryError(
                f"'{name}' cannot be a model's name: 1 to 96 letters, digits, '.', '_' and '-', a letter or digit first"
            )
        if name.lower() == BUNDLED:
            raise RegistryError(f"'{BUNDLED}' is the name of the bundled model; give another --name")
        taken = next((known for known in self.entries() if known.lower() == name.lower()), None)
        if taken is not None:
            raise RegistryError(f"there is a local model '{taken}' already; give another --name, or remove it first")
        return name

    @contextmanager
    def partial(self, file_name: str) -> Iterator[Path]:
        """A file that is not whole yet, kept from other processes meanwhile; there even where it is new.

        Raises RegistryError where another process has it.
        """
        folder = self.folder / ".partial"
        make_folder(folder)
        part = folder / file_name
        with open_file(part, "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RegistryError("another command is fetching this very model now; let it finish") from None
            try:
                yield part
            finally:
                if part.exists() and part.stat().st_size == 0:
                    part.unlink()

    def _register(self, path: Path, name: str, sha256: str, *, owned: bool, source: str | None) -> Entry:
        try:
            header = read_header(path)
            stat = path.stat()
        except BadModelFile as error:
            raise RegistryError(f"{path.name} is no model that can be used: {error}") from error
        except OSError as error:
            raise RegistryError(f"{path}: {error.strerror}") from error
        with self._locked() as entries:
            self.free_name(name)
            final = self.folder / f"{name}.gguf" if owned else path
            entry = Entry(
                name=name,
                path=str(final),
                size=stat.st_size,
                modified=stat.st_mtime_ns,
                sha256=sha256,
                architecture=header.architecture,
                context=header.context,
                owned=owned,
                added=time.time_ns() // 1000,
                source=source,
            )
            if owned:
                path.replace(final)
            self._write(entries | {name: entry})
        return entry

    @contextmanager
    def _locked(self) -> Iterator[dict[str, Entry]]:
        """Keeps other processes from writing; gives a copy of the entries as they are now."""
        make_folder(self.folder)
        with open_file(self.folder / ".lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield dict(self.entries())

    def _write(self, entries: dict[str, Entry]) -> None:
        new = self.folder / ".models.json.new"
        with open_file(new, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_File(models=list(entries.values())))))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def default_name(file_name: str) -> str:
    """The name of a model that is given none: its file's, in lower case, with '-' for what a name cannot have."""
    stem = re.sub(r"\.gguf$", "", file_name, flags=re.IGNORECASE).lower()
    return re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:96]


def sha256_of(path: Path, progress: Progress) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return _read_through(path, None, progress)


def _read_through(path: Path, copy_to: Path | None, progress: Progress) -> str:
    """Reads the whole file once, copies it where asked to, and returns its SHA-256. Raises RegistryError."""
    parts = split_of(path.name)
    if parts is not None:
        raise RegistryError(f"{path.name} is one of {parts} files of a model; join them (llama-gguf-split --merge)")
    try:
        read_header(path)  # before gigabytes are read
        digest, done, size = hashlib.sha256(), 0, path.stat().st_size
        if copy_to is not None and size > shutil.disk_usage(copy_to.parent).free:
            raise RegistryError(f"{path.name} has {size} bytes; there is not that much room in {copy_to.parent}")
        with path.open("rb") as file, open(copy_to or os.devnull, "wb") as copy:
            while block := file.read(_BLOCK):
                digest.update(block)
                copy.write(block)
                done += len(block)
                progress(done, size)
            if copy_to is not None:
                copy.flush()
                os.fsync(copy.fileno())
    except BadModelFile as error:
        raise RegistryError(f"{path.name} is no model that can be used: {error}") from error
    except OSError as error:
        raise RegistryError(f"{error.filename or path}: {error.strerror}") from error
    return digest.hexdigest()


def _listed(entries: dict[str, Entry]) -> str:
    return f"; there are {', '.join(sorted(entries))}" if entries else "; none was added"
