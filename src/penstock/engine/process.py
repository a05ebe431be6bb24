"""The parent's side of one engine process: start, readiness, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import sys
from pathlib import Path
from typing import IO, Final, Self

import msgspec

from penstock.engine.child import LARGEST_LOG, Order, Report
from penstock.engine.private import make_folder, open_file
from penstock.settings import EngineSettings

_GRACE_S: Final = 5.0
_TAIL: Final = 64 * 1024  # bytes of log that are searched for the reason of a failure
# Lines of llama.cpp's log: `0.00.006.876 E llama_model_load: error loading model: ...`, and the last words of an abort.
_ERROR: Final = re.compile(r"^[\d.]+ E (?:\w+ +)?(.*)$", re.MULTILINE)
_ASSERTION: Final = re.compile(r"(GGML_ASSERT|GGML_ABORT)\((.*)\) failed|(terminate called .*|what\(\): .*)")
# What the engine needs of the environment: no key of a vendor, no password of a database.
_ENVIRONMENT: Final = re.compile(
    r"PATH|HOME|LANG|TZ|TMPDIR|USER|VIRTUAL_ENV|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|LC_\w+|PYTHON\w+"
    r"|(?:CUDA|NVIDIA|GGML|OMP|ROCR|HIP|HSA|VK)_\w+"
)


class LoadFailed(Exception):
    """The model is not in memory. `lasting`: it never will be, with this file; otherwise another try may do."""

    def __init__(self, reason: str, *, lasting: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


class EngineProcess:
    """One loaded model in a process of its own. Ends with `stop`, and with this process, however that ends."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int, api_key: str, report: Report) -> None:
        self._process = process
        self._lifeline = lifeline
        self.api_key = api_key
        self.report = report

    @classmethod
    async def start(cls, name: str, path: Path, settings: EngineSettings, log: Path) -> Self:
        """Loads the model. Raises LoadFailed; a caller that is cancelled leaves nothing behind."""
        order = Order(
            path=str(path),
            name=name,
            api_key=secrets.token_urlsafe(32),
            context=settings.context,
            parallel=settings.parallel,
            threads=settings.threads,
            gpu_layers=settings.gpu_layers,
        )
        # A pipe of our own: its end is what the child dies of, and the order is small enough never to block.
        read, lifeline = os.pipe()
        try:
            with _opened(log) as stderr:
                begin = stderr.tell()
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "penstock.engine.child"),
                    stdin=read,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    env=_environment(),
                )
        except OSError as error:
            os.close(lifeline)
            raise LoadFailed(f"its process could not be started: {error.strerror}", lasting=False) from error
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(read)
        started = cls(process, lifeline, order.api_key, Report())
        try:
            with contextlib.suppress(BrokenPipeError):  # it is dead already; why is seen below
                os.write(lifeline, msgspec.json.encode(order) + b"\n")
            started.report = await started._reported(settings.load_s, log, begin)
        except BaseException:
            await started.stop(grace_s=0)
            raise
        return started

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process is gone, even where the event loop has not heard of it yet."""
        if self._process.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    async def wait(self) -> int:
        """Waits for the end of the process; its exit status, or minus the signal that ended it."""
        return await self._process.wait()

    async def stop(self, grace_s: float = _GRACE_S) -> None:
        """Ends the process: it is asked to, and killed after `grace_s`."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self._kill()
            await self._process.wait()
        except asyncio.CancelledError:
            self._kill()
            raise

    def _kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def _reported(self, load_s: float, log: Path, begin: int) -> Report:
        """What the child says of loading. Raises LoadFailed."""
        assert self._process.stdout is not None  # it was asked for
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), load_s)
        except TimeoutError:
            raise LoadFailed(f"it did not load within {load_s:g} s (engine.load_s)", lasting=False) from None
        report = msgspec.json.decode(line, type=Report) if line.endswith(b"\n") else Report()
        if report.url:
            return report
        status = await self._process.wait()
        if status == -signal.SIGKILL:
            raise LoadFailed("its process was killed while it loaded; memory may have run out", lasting=False)
        reason = _reason(log, begin, report.error) or f"its process ended with status {status}"
        raise LoadFailed(reason, lasting=status != 1 and "alloc" not in reason)


def _opened(log: Path) -> IO[bytes]:
    """The log, at its end; an old one that has grown too large is put aside."""
    make_folder(log.parent)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(log.name + ".1"))
    return open_file(log, "ab")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _ENVIRONMENT.fullmatch(name)}
    # An abort would start a debugger, which may take minutes and leave the process half dead.
    return kept | {"GGML_NO_BACKTRACE": "1"}


def _reason(log: Path, begin: int, fallback: str) -> str:
    """The first error in the log from `begin` on: the others follow from it."""
    with log.open("rb") as file:
        file.seek(begin)
        said = file.read(_TAIL).decode("utf-8", "replace")
    assertion = _ASSERTION.search(said)
    if assertion:
        return assertion[0]
    error = _ERROR.search(said)
    return error[1].strip() if error else fallback
