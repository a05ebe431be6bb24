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
from penstock.settings import Records
from penstock.store.spool import Spool
from penstock.telemetry import Metrics

log = structlog.get_logger(__name__)


class Book:
    """The record of one call. `close` writes it to the spool, the first time and never again."""

    __slots__ = ("_closed", "_content", "_keep", "_metrics", "_spool", "_started", "record")

    def __init__(self, record: Record, spool: Spool, metrics: Metrics, keep: Records) -> None:
        self.record = record
        self._spool = spool
        self._metrics = metrics
        self._keep = keep
        self._started = time.perf_counter_ns()
        self._closed = False

    def decoded(self, call: Call) -> None:
        """What is known once the request is read."""
        record = self.record
        record.model_asked = call.model
        record.stream = call.stream
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

    def answered(self, usage: Usage | None, finish_reasons: list[str], upstream_id: str | None) -> None:
        """What the meter read."""
        self.record.usage = usage
        self.record.finish_reasons = finish_reasons
        self.record.upstream_id = upstream_id

    def metered(self, readers: list[Reader]) -> None:
        """What the readers of a stream read, each of its own choices."""
        usage: Usage | None = None
        reasons: list[str] = []
        for reader in readers:
            if reader.usage is not None:
                usage = reader.usage if usage is None else usage + reader.usage
            reasons += [reader.finish_reasons[index] for index in sorted(reader.finish_reasons)]
        self.answered(usage, reasons, readers[0].upstream_id if readers else None)

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
        self._metrics.answered(record)
        try:
            self._spool.append(record)
        except Unavailable:
            self._metrics.records_failed += 1
            log.error("a record could not be written", request_id=record.request_id)
            raise

    def _kept(self, content: bytes) -> str:
        if len(content) > self._keep.content_bytes:
            note = f"not kept: {len(content)} bytes, over records.content_bytes = {self._keep.content_bytes}"
            return msgspec.json.encode({"penstock": note}).decode()
        return content.decode("utf-8", "replace")
