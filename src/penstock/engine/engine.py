"""The local models: which there are, and a place at one for each call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog

from penstock.core.errors import ModelNotFound
from penstock.engine.bundled import Bundled
from penstock.engine.card import NAME, Card
from penstock.engine.child import context_of_call
from penstock.engine.registry import Entry, Registry, RegistryError
from penstock.engine.runner import Runner
from penstock.engine.seats import Seats
from penstock.providers.local import Endpoint
from penstock.settings import EngineSettings

log = structlog.get_logger(__name__)


class LocalModel(msgspec.Struct, frozen=True):
    """A model that this machine can run. `size` in bytes, `context` the tokens of one call, `added` in Unix us.
    `unavailable` is why it cannot be had, as far as that is known; `card` is there for the bundled one."""

    name: str
    path: str
    size: int
    sha256: str
    context: int
    added: int
    unavailable: str | None
    card: Card | None


class Engine:
    """Runs local models, each in a process of its own: those of the data folder `home`, and the bundled one.

    `close` must be awaited before the process ends.
    """

    def __init__(self, settings: EngineSettings, home: Path, bundled: Bundled | None = None) -> None:
        self._settings = settings
        self._registry = Registry(home)
        self._bundled = bundled or Bundled()
        self._logs = home / "logs"
        self._seats = Seats(settings.loaded)
        self._runners: dict[str, Runner] = {}
        self._retired: list[Runner] = []
        self._added: dict[str, Entry] | None = None  # as the registry gave them last
        self._entries: dict[str, Entry] = {NAME: self._bundled.entry}
        self._trouble = ""

    def names(self) -> Collection[str]:
        """The names of all models, the same object as long as they are the same ones; costs one look at a file."""
        return self._current()

    async def models(self) -> list[LocalModel]:
        """All models, in the order in which they were added, and the bundled one."""
        await asyncio.to_thread(self._bundled.check)
        return [self._described(entry) for entry in self._current().values()]

    async def get(self, name: str) -> LocalModel:
        """One model. Raises ModelNotFound."""
        entry = self._entry(name)
        if entry is self._bundled.entry:
            await asyncio.to_thread(self._bundled.check)
        return self._described(entry)

    @asynccontextmanager
    async def lease(self, name: str, *, alone: bool = False) -> AsyncIterator[Endpoint]:
        """A place at the model for one call, which loads it if need be; `alone`: without other calls beside it.

        Raises ModelNotFound; Unavailable where too many calls wait or the model cannot be had.
        """
        async with self._runner(self._entry(name)).lease(alone=alone) as endpoint:
            yield endpoint

    async def close(self) -> None:
        """Ends every process."""
        runners = [*self._runners.values(), *self._retired]
        await asyncio.gather(*(runner.close() for runner in runners))

    def _runner(self, entry: Entry) -> Runner:
        runner = self._runners.get(entry.name)
        if runner is not None and runner.entry == entry:
            return runner
        if runner is not None:
            self._retire(entry.name)
        check = self._bundled.check if entry is self._bundled.entry else None
        runner = Runner(entry, self._settings, self._seats, self._logs / f"engine-{entry.name}.log", check)
        self._runners[entry.name] = runner
        return runner

    def _retire(self, name: str) -> None:
        runner = self._runners.pop(name)
        self._retired = [old for old in self._retired if old.running or not old.idle]
        self._retired.append(runner)
        runner.retire()

    def _entry(self, name: str) -> Entry:
        entry = self._current().get(name)
        if entry is None:
            raise ModelNotFound(f"there is no local model '{name}'", param="model")
        return entry

    def _current(self) -> dict[str, Entry]:
        """The entries as they are now. Where the registry is unreadable, those that it had before."""
        try:
            added = self._registry.entries()
        except RegistryError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.error("the list of local models cannot be read", reason=self._trouble)
            return self._entries
        if added is not self._added:
            self._added, self._trouble = added, ""
            self._entries = added | {NAME: self._bundled.entry}
            for name in [name for name in self._runners if name not in self._entries]:
                self._retire(name)
        return self._entries

    def _described(self, entry: Entry) -> LocalModel:
        runner = self._runners.get(entry.name)
        failed = runner.unavailable if runner is not None and runner.entry == entry else None
        bundled = self._bundled if entry is self._bundled.entry else None
        return LocalModel(
            name=entry.name,
            path=entry.path,
            size=entry.size,
            sha256=entry.sha256,
            context=context_of_call(self._settings.context, entry.context),
            added=entry.added,
            unavailable=(bundled.look() if bundled else None) or failed,
            card=bundled.card if bundled else None,
        )
