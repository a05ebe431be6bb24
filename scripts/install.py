"""Makes `.venv/` from the locks, or leaves it alone where it is up to date: `python3 scripts/install.py [dev|train]`.

Runs on a bare Python with `venv`, before anything is installed. Packages come with their hashes checked and as wheels
only, so no dependency runs code of its own while it is installed. uv is used where it is found, for speed; pip gives
the same result. `train` is the one step without hashes: PyTorch has another file for each processor and accelerator,
and one that is there already is as good. Two installs at once wait for each other, and one that was killed is begun
anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".installed"


def main() -> int:
    """Exit status 0 where `.venv/` is as the locks say, 1 with a line on stderr where it could not be made."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the only file that an older Python may be asked to run
        return _fail(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]} (try: make PYTHON=python3.12)")
    if importlib.util.find_spec("ensurepip") is None:
        return _fail("this Python has no venv; on Debian and Ubuntu: apt install python3-venv")
    os.chdir(ROOT)
    lock = os.open(ROOT, os.O_RDONLY)
    os.set_inheritable(lock, True)  # a pip that outlives this process keeps the next install waiting
    try:
        _wait_for(lock)
        _install(dev=sys.argv[1:] != [], train=sys.argv[1:] == ["train"])
    except subprocess.CalledProcessError as error:
        return _fail(f"this failed, with its reason above: {' '.join(map(str, error.cmd))}")
    except KeyboardInterrupt:
        return _fail("interrupted; the next run begins anew")
    finally:
        os.close(lock)
    return 0


def _wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("waiting for another install of this checkout")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _install(*, dev: bool, train: bool = False) -> None:
    # A venv knows its own place and its Python: where one of them changed, it is made again.
    packages = _digest(sys.version, sys.base_prefix, str(ROOT), _read("requirements/runtime.lock"))
    if not _done("packages", packages):
        _say("making .venv/")
        for stamp in STAMPS.glob("*"):
            stamp.unlink()  # first of all: a half-cleared folder must not look finished
        _run(sys.executable, "-m", "venv", "--clear", VENV)
        _install_lock("requirements/runtime.lock")
        _mark("packages", packages)
    itself = _digest(_read("pyproject.toml"), _read("src/penstock/__init__.py"))
    if not _done("penstock", itself):
        _pip("--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
        _mark("penstock", itself)
    if dev:
        tools = _digest(_read("requirements/dev.lock"))
        if not _done("dev", tools):
            _install_lock("requirements/dev.lock")
            _mark("dev", tools)
    if train:
        wanted = _digest(_read("requirements/train.in"))
        if not _done("train", wanted):
            _say("installing requirements/train.in")
            _pip("--requirement", "requirements/train.in")
            _mark("train", wanted)


def _install_lock(lock: str) -> None:
    _say(f"installing {lock}")
    options = ["--require-hashes", "--only-binary", ":all:", "--requirement", lock]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON), *options]
        try:
            _run(*command)
            return
        except subprocess.CalledProcessError:
            _say("uv failed; trying pip")  # it reads no pip.conf: another index or certificate may be set there
    # Progress bars for a person, silence for a log.
    _pip(*([] if sys.stderr.isatty() else ["--quiet"]), *options)


def _pip(*options: str) -> None:
    _run(PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *options)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, close_fds=False)  # noqa: S603 - our own command line, with the lock


def _done(step: str, digest: str) -> bool:
    stamp = STAMPS / step
    return stamp.is_file() and stamp.read_text() == digest and PYTHON.exists()


def _mark(step: str, digest: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / step).write_text(digest)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _say(text: str) -> None:
    sys.stderr.write(f"install: {text}\n")


def _fail(text: str) -> int:
    _say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main())
