"""Folders and files that nobody but their owner may read, whatever the umask says."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Makes `folder` and each missing one above it, 0700; what is there already is left as it is. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):  # made by another process since the look
        folder.mkdir(mode=0o700)


def make_file(path: Path) -> None:
    """Makes `path`, empty and 0600, where it is missing. Raises OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
