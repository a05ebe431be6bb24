"""One model: loaded when it is needed, once for all who wait, brought back after a crash, unloaded when idle."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import structlog

from penstock.core.errors import Unavailable
from penstock.engine.line import Line
from penstock.engine.process import EngineProcess, LoadFailed
from penstock.engine.registry import Entry
from penstock.engine.seats import Seats
from penstock.providers.local import Endpoint
from penstock.settings import EngineSettings

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_HEALTHY_S: Final = 60.0  # a process that lived this long has shown that it works
_SHORT_S: Final = 2.0  # a caller waits this long for a restart; over it, it is told when to come back

_State = tuple[int, int] | None
"""Time of change (ns) and size of a file; None where there is none."""


class _Failure(msgspec.Struct, frozen=True):
    """Why the model cannot be had. It stands until its file changes, or until the time `until`."""

    reason: str
    file: _State
    until: float


class Runner:
    """Runs the model of one registry entry.

    `check` is called in a thread before each load, and says why the file must not be loaded, or None.
    """

    def __init__(
        self,
        entry: Entry,
        settings: EngineSettings,
        seats: Seats,
        log_file: Path,
        check: Callable[[], str | None] | None = None,
    ) -> None:
        self.entry = entry
        self._check = check
        self.last_used = 0.0
        self._path = Path(entry.path)
        self._settings = settings
        self._seats = seats
        self._log_file = log_file
        self._line = Line(settings.parallel, settings.queue)
        self._process: EngineProcess | None = None
        self._endpoint: Endpoint | None = None
        self._loading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._unloading: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._failure: _Failure | None = None
        self._crashes = 0
        self._restart_at = 0.0
        self._retired = False
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether nobody uses it, loads it, or waits for it and may have it."""
        return self._line.active == 0 and self._loading is None and (self._line.held or self._line.waiting == 0)

    @property
    def running(self) -> bool:
        """Whether it has a process, or soon will."""
        return self._process is not None or self._loading is not None or self._unloading is not None

    @property
    def unavailable(self) -> str | None:
        """Why the model cannot be had, as far as that is known."""
        failure = self._standing()
        return failure.reason if failure is not None else None

    @asynccontextmanager
    async def lease(self, *, alone: bool) -> AsyncIterator[Endpoint]:
        """A place at the model for one call. Raises Unavailable."""
        try:
            async with self._line.turn(alone=alone):
                yield await self._ready()
        finally:
            self.last_used = _now()
            self._rest()

    def retire(self) -> None:
        """Its entry is gone or another one: calls under way end, then it leaves memory for good."""
        self._retired = True
        self._rest()

    def drain(self) -> None:
        """Lets nobody new use it until it has left memory."""
        self._line.hold()
        self._rest()

    async def unload(self) -> None:
        """Takes it out of memory."""
        await asyncio.wait({self._start_unloading()})

    async def close(self) -> None:
        """Ends everything; whoever still waits gets Unavailable."""
        self._closed = True
        if self._expiry is not None:
            self._expiry.cancel()
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait({self._loading})
        await self.unload()

    async def _ready(self) -> Endpoint:
        while True:
            if self._closed:
                raise Unavailable("this server is stopping", code="stopping")
            if self._process is not None and self._endpoint is not None and not self._process.ended():
                return self._endpoint
            if self._process is not None and self._watching is not None:
                await asyncio.wait({self._watching})  # it has crashed, and this is where that is noticed
                continue
            self._check_failure()
            if self._loading is None:
                self._loading = asyncio.create_task(self._load(0.0))
            elif (left := self._restart_at - _now()) > _SHORT_S:
                raise Unavailable(
                    f"the local model '{self.entry.name}' has crashed {self._crashes} times and is being restarted",
                    code="model_restarting",
                    headers={"retry-after": str(math.ceil(left))},
                )
            # Waiting for the task, not in it: a caller that leaves does not end the loading for the others.
            await asyncio.wait({self._loading})

    def _check_failure(self) -> None:
        failure = self._failure = self._standing()
        if failure is None:
            return
        raise Unavailable(
            f"the local model '{self.entry.name}' cannot be loaded: {failure.reason}",
            code="model_unavailable",
            headers={"x-should-retry": "false"}
            if math.isinf(failure.until)
            else {"retry-after": str(max(1, math.ceil(failure.until - _now())))},
        )

    def _standing(self) -> _Failure | None:
        """The last failure, unless it is over: its time is, or its file is another one."""
        failure = self._failure
        if failure is None or _now() >= failure.until or _state(self._path) != failure.file:
            return None
        return failure

    async def _load(self, pause: float) -> None:
        try:
            await asyncio.sleep(pause)
            if self._unloading is not None:
                await asyncio.wait({self._unloading})
            if self._line.active == 0 and not self._seats.free:
                return  # a restart that nobody waits for pushes no other model out
            await self._seats.take(self)
            try:
                await self._start()
            finally:
                if self._process is None:
                    self._leave()
        finally:
            self._loading = None
            self._rest()

    async def _start(self) -> None:
        """Starts the process and keeps it, or why it could not be."""
        file = _state(self._path)
        name, began = self.entry.name, _now()
        try:
            if self._check is not None and (trouble := await asyncio.to_thread(self._check)):
                raise LoadFailed(trouble, lasting=True)
            if file is None:
                raise LoadFailed("its file is gone", lasting=True)
            process = await EngineProcess.start(name, self._path, self._settings, self._log_file)
        except LoadFailed as failure:
            self._fail(failure, file)
            return
        except Exception:  # a defect, or a full disk: callers must hear of it, and not try again and again
            log.exception("a local model cannot be loaded", model=name)
            self._fail(LoadFailed("the engine failed; the server's log has the details", lasting=False), file)
            return
        report = process.report
        self._process = process
        self._endpoint = Endpoint(
            report.url, process.api_key, self._fingerprint(file, report.engine), report.context, report.vocabulary
        )
        self._watching = asyncio.create_task(self._watch(process))
        log.info("a local model is loaded", model=name, seconds=round(_now() - began, 2), context=report.context)

    def _fail(self, failure: LoadFailed, file: _State) -> None:
        self._crashes += 1
        until = math.inf if failure.lasting else _now() + self._pause()
        self._failure = _Failure(failure.reason, file, until)
        log.error("a local model cannot be loaded", model=self.entry.name, reason=failure.reason)

    async def _watch(self, process: EngineProcess) -> None:
        """Waits for the end of the process; where nobody wanted it, another one follows."""
        began = _now()
        status = await process.wait()
        if self._process is not process:
            return
        self._process = self._endpoint = None
        if _now() - began >= _HEALTHY_S:
            self._crashes = 0
        self._crashes += 1
        pause = self._pause()
        self._restart_at = _now() + pause
        log.error("a local model has crashed", model=self.entry.name, status=status, restart_in_s=pause)
        if not self._closed and not self._retired and self._loading is None:
            self._loading = asyncio.create_task(self._load(pause))
        self._leave()
        await process.stop()

    def _start_unloading(self) -> asyncio.Task[None]:
        if self._unloading is None:
            self._unloading = asyncio.create_task(self._unload())
        return self._unloading

    async def _unload(self) -> None:
        process, self._process, self._endpoint = self._process, None, None
        try:
            if process is not None:
                await process.stop()
                if self._watching is not None:
                    await asyncio.wait({self._watching})
                self._leave()
                log.info("a local model is unloaded", model=self.entry.name)
        finally:
            self._unloading = None

    def _rest(self) -> None:
        """Where nobody needs the model now: says so, and sees to it that it leaves memory in time."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._closed or not self.idle or self._process is None:
            return
        if self._retired or self._line.held:
            self._start_unloading()
            return
        self._expiry = asyncio.get_running_loop().call_later(self._settings.idle_s, self._expire)
        self._seats.changed()

    def _expire(self) -> None:
        if self.idle:
            self._start_unloading()

    def _leave(self) -> None:
        self._seats.give(self)
        self._line.release()

    def _pause(self) -> float:
        return float(min(_FIRST_PAUSE_S * 2 ** (self._crashes - 1), _LONGEST_PAUSE_S))

    def _fingerprint(self, file: _State, engine: str) -> str:
        """Of everything that an answer depends on beside the request."""
        entry = self.entry
        changed = "" if file == (entry.modified, entry.size) else repr(file)
        settings = (self._settings.context, self._settings.parallel, self._settings.gpu_layers)
        return "fp_" + hashlib.sha256(repr((entry.sha256, changed, engine, settings)).encode()).hexdigest()[:12]


def _state(path: Path) -> _State:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _now() -> float:
    return asyncio.get_running_loop().time()
