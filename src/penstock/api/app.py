"""The composition root: the one place where concrete things are built and handed to each other."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from penstock.accounts import Keyring
from penstock.api.dialect import DialectChoice
from penstock.api.edge import Edge
from penstock.api.idempotency import Idempotency
from penstock.api.pages import pages
from penstock.api.public.completions import completion_routes
from penstock.api.public.conversations import conversation_routes
from penstock.api.public.documents import Documents
from penstock.api.public.door import Door
from penstock.api.public.guard import with_key
from penstock.api.public.models import model_routes
from penstock.api.public.scale import scale_routes
from penstock.api.public.shelf import Shelf
from penstock.api.public.stored_responses import response_routes
from penstock.api.public.tokenize import token_routes
from penstock.engine import Engine
from penstock.engine.bundled import Bundled
from penstock.gateway import Gateway
from penstock.gateway.counting import Counting
from penstock.gateway.kept_responses import KeptResponses
from penstock.gateway.recovery import cut_short
from penstock.gateway.responses import Responses
from penstock.gateway.tokens import Tokenizers
from penstock.gateway.vendors import Vendor, Vendors
from penstock.limits import Admission
from penstock.params.models import Models, Override, load_models
from penstock.params.overrides import overrides
from penstock.pricing import Prices
from penstock.providers.compatible import Compatible
from penstock.providers.rows import Row, load_rows
from penstock.routing import Catalogue, load_known
from penstock.settings import ProviderSettings, Settings, SettingsError, secret
from penstock.store.database import Database
from penstock.store.journal import Journal
from penstock.store.keeper import Keeper
from penstock.store.ledger import Ledger
from penstock.store.runners import Runners
from penstock.store.spool import Spool
from penstock.store.writer import Writer
from penstock.telemetry import Metrics
from penstock.transport import Transport, Watch

log = structlog.get_logger(__name__)

_BREAK_OFF_S = 5.0  # for clients to be told, and records to be written


class Application:
    """Everything of one serving process. `edge` is the ASGI application."""

    def __init__(self, settings: Settings, database: Database) -> None:
        home = Path(settings.home)
        self.database = database
        self.bundled = Bundled()
        self._engine = Engine(settings.engine, home, self.bundled)
        self._transport = Transport()
        self._spool = Spool(home / "spool", settings.spool)
        self._writer = Writer(self._spool, database)
        self._keyring = Keyring(database)
        self._admission = Admission(settings.limits.concurrent_calls)
        metrics = Metrics()
        watch = Watch()
        metrics.gauges["penstock_calls_running"] = lambda: self._admission.running
        metrics.gauges["penstock_spool_waiting_bytes"] = lambda: self._spool.waiting_bytes
        self.catalogue = Catalogue(settings.model, settings.provider, self._engine.names, random.random, load_known())
        rows = load_rows()
        vendors = Vendors(
            _vendors(settings, rows),
            self._engine,
            self._transport,
            watch,
            settings.timeouts,
            settings.limits.write_s,
        )
        prices = Prices.of(settings, rows)
        self._journal = Journal(home / "journal", settings.spool.max_bytes)
        self._keeper = Keeper(database, self._journal, cut_short, settings.timeouts.whole_s)
        self._ledger = Ledger(database, Runners(home / "runners"), settings.timeouts.whole_s)
        idempotency = Idempotency(self._ledger, self._admission, settings.limits.write_s, settings.stored.linger_s)
        metrics.gauges["penstock_journal_waiting_bytes"] = lambda: self._journal.waiting_bytes
        gateway = Gateway(
            settings, self.catalogue, vendors, self._admission, self._spool, metrics, prices, self._keeper
        )
        self._responses = Responses(settings, gateway, database, self._keeper)
        self._watching: asyncio.Task[None] | None = None
        shelf = Shelf(
            self.catalogue,
            self._engine,
            vendors.capabilities,
            lambda target: prices.offered(target.provider, target.model, time.time_ns() // 1000),
            int(time.time()),
        )
        tokenizers = Tokenizers(self.catalogue, self._engine, self._transport, watch, settings.timeouts)
        dialects = DialectChoice(settings.server.dialect)
        models = [*model_routes(shelf), *Documents(shelf).routes(), *scale_routes(shelf)]
        if not settings.server.open_models:
            models = with_key(models, self._keyring, dialects)
        door = Door(self._keyring, dialects, settings.limits, watch)
        keyed = [
            *token_routes(tokenizers, self._keyring, settings.limits, watch),
            *conversation_routes(database, door),
            *completion_routes(database, door),
            *response_routes(
                KeptResponses(self._responses.runs, database, settings.timeouts.keep_alive_s),
                Counting(
                    settings.limits, self.catalogue, tokenizers, vendors, self._admission, self._responses.history
                ),
                door,
            ),
        ]
        self.edge = Edge(
            settings,
            gateway,
            self._responses,
            idempotency,
            self._keyring,
            watch,
            metrics,
            pages(models, metrics, self._not_ready, keyed),
        )

    @property
    def running(self) -> int:
        """Calls under way."""
        return self._admission.running

    async def start(self) -> None:
        """Loads keys and begins to move records."""
        await self._keyring.start()
        await self._writer.start()
        await self._keeper.start()
        await self._ledger.start()
        self._watching = asyncio.create_task(self._responses.watch(), name="penstock-responses")

    async def drain(self, seconds: float) -> None:
        """Takes no new calls, lets those under way finish for `seconds`, and breaks off the rest."""
        self._admission.draining = True
        if await self._idle_within(seconds):
            return
        if not self._admission.ended:
            log.warning("calls are broken off", running=self.running)
            self.end_calls()
        await self._idle_within(_BREAK_OFF_S)

    async def _idle_within(self, seconds: float) -> bool:
        """Waits for the last call to end; False where it takes longer."""
        try:
            async with asyncio.timeout(seconds):
                await self._admission.idle()
        except TimeoutError:
            return False
        return True

    def end_calls(self) -> None:
        """Breaks off every call under way; each client is told, and each record says so."""
        self._admission.ended = True
        for task in [*self.edge.tasks, *self._responses.tasks]:
            task.cancel()

    async def close(self) -> None:
        """Ends local models, sends the last records to the database, closes every connection."""
        await self._engine.close()
        await self._transport.close()
        if self._watching is not None:
            self._watching.cancel()
        await self._ledger.close()
        await self._keeper.close()
        await self._writer.close()
        await self._keyring.close()
        self._spool.close()
        await self.database.close()

    async def _not_ready(self) -> list[str]:
        missing = []
        if self._admission.draining:
            missing.append("the server is stopping")
        if self._spool.full:
            missing.append("the spool is full: the database does not take records")
        return missing


def _vendors(settings: Settings, rows: Mapping[str, Row]) -> dict[str, Vendor]:
    models = load_models()
    said = overrides(settings.model, [p.name for p in settings.provider])
    return {
        p.name: Vendor(_provider(p, rows, models, said[p.name]), p.timeouts or settings.timeouts)
        for p in settings.provider
    }


def _provider(
    settings: ProviderSettings, rows: Mapping[str, Row], models: Models, said: Mapping[str, Override]
) -> Compatible:
    row = rows.get(settings.kind)
    if row is None:
        raise SettingsError(
            f"provider '{settings.name}': there is no kind '{settings.kind}'; known are {', '.join(rows)}"
        )
    key = settings.api_key
    if key is not None:
        try:
            key = secret(key)
        except SettingsError as error:
            raise SettingsError(f"provider '{settings.name}': api_key: {error}") from error
        if key == settings.api_key:
            log.warning(
                "an api_key stands in the settings as it is; env:NAME or file:PATH keeps it out", provider=settings.name
            )
    try:
        return Compatible(
            settings.name,
            row,
            base_url=settings.base_url,
            api_key=key,
            headers=settings.headers,
            kind=settings.kind,
            models=models,
            overrides=said,
        )
    except ValueError as error:
        raise SettingsError(f"provider '{settings.name}': {error}") from error
