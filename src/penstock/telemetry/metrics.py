"""What `/metrics` shows, counted in plain integers and put into Prometheus' form only when it is asked for.

Labels are endpoints, configured providers, statuses and kinds: never a model name or a key, which clients choose.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from penstock.core.record import Record

if TYPE_CHECKING:
    from prometheus_client import Metric

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

NAMES = {
    "penstock_calls_total": "calls answered, by endpoint, provider and HTTP status (499: the client left)",
    "penstock_attempts_total": "tries at a provider, by provider and the status it answered (0: none)",
    "penstock_tokens_total": "tokens, by provider and kind (prompt, completion, cached, reasoning)",
    "penstock_cost_nanodollars_total": "what calls cost, by provider; those without a known price are not in it",
    "penstock_call_seconds": "time from the request to the last byte of its answer",
    "penstock_first_token_seconds": "time from the request to the first content of a streamed answer",
    "penstock_refused_total": "requests refused before a key was known, by HTTP status",
    "penstock_calls_running": "calls under way now",
    "penstock_spool_waiting_bytes": "bytes of records that wait for the database",
    "penstock_journal_waiting_bytes": "bytes of stored responses that are under way, or wait for the database",
    "penstock_records_failed_total": "records that could not be written to the spool",
}


class _Histogram:
    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds


class Metrics:
    """The counters of one process. `gauges` are asked when `/metrics` is: name -> value now."""

    def __init__(self) -> None:
        self._calls: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._attempts: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._tokens: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._cost: defaultdict[str, int] = defaultdict(int)
        self._refused: defaultdict[int, int] = defaultdict(int)
        self._call_seconds = _Histogram()
        self._first_token_seconds = _Histogram()
        self.records_failed = 0
        self.gauges: dict[str, Callable[[], float]] = {}

    def answered(self, record: Record) -> None:
        """Counts one call, from its record."""
        provider = record.provider or ""
        self._calls[record.endpoint, provider, record.status] += 1
        for attempt in record.attempts:
            self._attempts[attempt.provider, attempt.status] += 1
        usage = record.usage
        if usage is not None:
            self._tokens[provider, "prompt"] += usage.prompt_tokens
            self._tokens[provider, "completion"] += usage.completion_tokens
            if usage.cached_tokens:
                self._tokens[provider, "cached"] += usage.cached_tokens
            if usage.reasoning_tokens:
                self._tokens[provider, "reasoning"] += usage.reasoning_tokens
        if record.cost_nano is not None:
            self._cost[provider] += record.cost_nano
        self._call_seconds.observe(record.latency_us / 1e6)
        if record.first_token_us is not None:
            self._first_token_seconds.observe(record.first_token_us / 1e6)

    def refused(self, status: int) -> None:
        """Counts one request that no key was known for."""
        self._refused[status] += 1

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus' registry calls."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        def counter(name: str, labels: list[str]) -> CounterMetricFamily:
            return CounterMetricFamily(name, NAMES[name], labels=labels)

        calls = counter("penstock_calls_total", ["endpoint", "provider", "status"])
        for (endpoint, provider, status), count in self._calls.items():
            calls.add_metric([endpoint, provider, str(status)], count)
        attempts = counter("penstock_attempts_total", ["provider", "status"])
        for (provider, status), count in self._attempts.items():
            attempts.add_metric([provider, str(status)], count)
        tokens = counter("penstock_tokens_total", ["provider", "kind"])
        for (provider, kind), count in self._tokens.items():
            tokens.add_metric([provider, kind], count)
        cost = counter("penstock_cost_nanodollars_total", ["provider"])
        for provider, nano in self._cost.items():
            cost.add_metric([provider], nano)
        refused = counter("penstock_refused_total", ["status"])
        for status, count in self._refused.items():
            refused.add_metric([str(status)], count)
        failed = counter("penstock_records_failed_total", [])
        failed.add_metric([], self.records_failed)
        yield from (calls, attempts, tokens, cost, refused, failed)
        for name, histogram in (
            ("penstock_call_seconds", self._call_seconds),
            ("penstock_first_token_seconds", self._first_token_seconds),
        ):
            family = HistogramMetricFamily(name, NAMES[name])
            below, buckets = 0, []
            for bound, count in zip((*map(str, _SECONDS), "+Inf"), histogram.counts, strict=True):
                below += count
                buckets.append((bound, below))
            family.add_metric([], buckets, histogram.total)
            yield family
        for name, ask in self.gauges.items():
            yield GaugeMetricFamily(name, NAMES[name], value=ask())
