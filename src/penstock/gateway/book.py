"""Keeps the record of one call while it runs, and hands it over once."""

from __future__ import annotations

import time

import msgspec
import structlog

from penstock.core.answer import Reader
from penstock.core.call import Call
from penstock.core.errors import PenstockError, Unavailable, UpstreamError
from penstock.core.exchange import Target
from penstock.core.record import Attempt, Record
from penstock.core.usage import Usage
from penstock.dialects.chat.meta import with_meta
from penstock.pricing import Prices, answer_meta, credits_of, dollars
from penstock.settings import Settings
from penstock.store.spool import Spool
from penstock.telemetry import Metrics

log = structlog.get_logger(__name__)


class Book:
    """The record of one call. `close` writes it to the spool, the first time and never again."""

    __slots__ = (
        "_answered_by",
        "_call",
        "_charged",
        "_closed",
        "_keep",
        "_metrics",
        "_prices",
        "_service_tier",
        "_spool",
        "_started",
        "_tells_cost",
        "_usages",
        "record",
    )

    def __init__(self, record: Record, spool: Spool, metrics: Metrics, settings: Settings, prices: Prices) -> None:
        self.record = record
        self._spool = spool
        self._metrics = metrics
        self._keep = settings.records
        self._tells_cost = settings.pricing.in_answers
        self._prices = prices
        self._call: Call | None = None
        self._answered_by: Attempt | None = None  # the try that the usage is of
        self._charged = True  # nothing was used yet
        self._usages: list[Usage | None] = []  # of each call that a vendor made of it
        self._service_tier: str | None = None
        self._started = time.perf_counter_ns()
        self._closed = False

    def decoded(self, call: Call) -> None:
        """What is known once the request is read."""
        record = self.record
        record.model_asked = call.model
        record.stream = call.stream
        self._call = call
        if self._keep.content and "messages" in call.members:
            record.prompt = self._kept(bytes(call.members["messages"]))

    def attempt(self, target: Target) -> Attempt:
        """A try at `target` begins."""
        attempt = Attempt(provider=target.provider, model=target.model, status=0)
        self.record.attempts.append(attempt)
        self.record.provider = target.provider
        self.record.model_served = target.served_as
        return attempt

    def failed(self, attempt: Attempt, error: PenstockError, began_ns: int) -> None:
        """The try ended with `error`."""
        attempt.error = error.code or error.type
        attempt.status = (error.upstream_status or 0) if isinstance(error, UpstreamError) else 0
        attempt.ms = (time.perf_counter_ns() - began_ns) // 1_000_000

    def first_token(self) -> None:
        """Content goes to the client for the first time."""
        if self.record.first_token_us is None:
            self.record.first_token_us = (time.perf_counter_ns() - self._started) // 1000

    def answered(
        self,
        usage: Usage | None,
        finish_reasons: list[str],
        upstream_id: str | None,
        service_tier: str | None = None,
        usages: list[Usage | None] | None = None,
    ) -> None:
        """What the meter read. `usages` are the parts of `usage`, where the answer was made of several calls."""
        record = self.record
        record.usage = usage
        record.finish_reasons = finish_reasons
        record.upstream_id = upstream_id
        self._usages = [usage] if usages is None else usages
        self._service_tier = service_tier
        self._answered_by = record.attempts[-1] if record.attempts else None
        self._charged = False

    def metered(self, readers: list[Reader]) -> None:
        """What the readers of a stream read, each of its own choices."""
        usage: Usage | None = None
        reasons: list[str] = []
        for reader in readers:
            if reader.usage is not None:
                usage = reader.usage if usage is None else usage + reader.usage
            reasons += [reader.finish_reasons[index] for index in sorted(reader.finish_reasons)]
        if not readers:
            self.answered(None, [], None)
            return
        tiers = {reader.service_tier for reader in readers if reader.service_tier is not None}
        usages: list[Usage | None] = [reader.usage for reader in readers]
        if len(tiers) > 1:
            usages = [None]  # choices of one answer that were served in different tiers have no price together
        self.answered(usage, reasons, readers[0].upstream_id, min(tiers, default=None), usages)

    def with_cost(self, answer: bytes, has_meta: bool) -> bytes:
        """`answer`, the JSON of what was metered last, with what it cost in its `meta`, where that is known; `has_meta`
        is true where it may have one already."""
        self._charge()
        price_nano = self.record.price_nano
        if price_nano is None or not self._tells_cost:
            return answer
        return with_meta(answer, answer_meta(price_nano), has_meta)

    def cost_headers(self) -> dict[str, str]:
        """AI/ML API's headers of what the answer cost, where that is known by now."""
        price_nano = self.record.price_nano
        if price_nano is None or not self._tells_cost:
            return {}
        return {"x-aimlapi-credits-used": str(credits_of(price_nano)), "x-aimlapi-usd-spent": dollars(price_nano)}

    def content(self, answer: bytes) -> None:
        """The answer's own text, kept only where the setting says so."""
        if self._keep.content:
            self.record.answer = self._kept(answer)

    @property
    def keeps_content(self) -> bool:
        """Whether prompts and answers are kept."""
        return self._keep.content

    def close(self, status: int, error: str | None = None, params: dict[str, str] | None = None) -> None:
        """Writes the record. Raises Unavailable where it cannot be kept: an answer without a record must not go out."""
        if self._closed:
            return
        self._closed = True
        record = self.record
        record.status = status
        record.error = error
        if params:
            record.params = params
        record.latency_us = (time.perf_counter_ns() - self._started) // 1000
        self._charge()
        self._metrics.answered(record)
        try:
            self._spool.append(record)
        except Unavailable:
            self._metrics.records_failed += 1
            log.error("a record could not be written", request_id=record.request_id)
            raise

    def _charge(self) -> None:
        """Notes what was used up to now costs; a caller's own key at the vendor is charged there, and nothing here."""
        if self._charged:
            return
        self._charged = True
        by = self._answered_by
        if by is None or (self._call is not None and self._call.uses_own_key):
            return
        record = self.record
        charge = self._prices.charge(by.provider, by.model, record.time, self._usages, self._service_tier)
        if charge is not None:
            record.cost_nano = charge.cost_nano
            record.price_nano = charge.price_nano
            record.price_version = charge.version

    def _kept(self, content: bytes) -> str:
        if len(content) > self._keep.content_bytes:
            note = f"not kept: {len(content)} bytes, over records.content_bytes = {self._keep.content_bytes}"
            return msgspec.json.encode({"penstock": note}).decode()
        return content.decode("utf-8", "replace")
