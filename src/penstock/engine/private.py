"""Folders and files that nobody but their owner may read, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def make_folder(folder: Path) -> None:
    """Makes `folder` and each missing one above it, 0700; what is there already is left as it is. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)  # another process may have made it since the look


def open_file(path: Path, mode: str) -> IO[bytes]:
    """Opens a file of bytes, which is made 0600 where it is missing. Raises OSError."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))
