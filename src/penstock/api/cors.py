"""Which web pages may call from a browser. No cookies are ever used, so `*` gives a page nothing it could not get."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.api.exchange import Headers
from penstock.settings import Cors

_EXPOSED = (
    b"x-request-id, x-inference-id, x-client-request-id, x-aimlapi-credits-used, x-aimlapi-usd-spent, "
    b"etag, retry-after, retry-after-ms, x-should-retry, x-ratelimit-limit-requests, x-ratelimit-limit-tokens, "
    b"x-ratelimit-remaining-requests, x-ratelimit-remaining-tokens, x-ratelimit-reset-requests, "
    b"x-ratelimit-reset-tokens, x-penstock-dialect, x-penstock-served-by, x-penstock-params, x-penstock-attempts, "
    b"idempotent-replayed"
)


class CorsPolicy:
    """Answers preflights and adds what a browser wants to see."""

    def __init__(self, settings: Cors) -> None:
        self._all = "*" in settings.allow_origins
        self._origins = frozenset(origin.encode("latin-1") for origin in settings.allow_origins)
        self._max_age = str(settings.max_age_s).encode()

    def answer(self, origin: bytes | None) -> Headers:
        """Headers for an answer to a page of `origin`; none where there is no page or it is not allowed."""
        if origin is None or not (self._all or origin in self._origins):
            return []
        allowed = b"*" if self._all else origin
        return [
            (b"access-control-allow-origin", allowed),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"origin"),
        ]

    def preflight(self, asked: Mapping[bytes, bytes]) -> Headers:
        """Headers for the answer to a preflight, beside those of every answer. A page may send any header."""
        headers = self.answer(asked.get(b"origin"))
        if headers:
            return [
                (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
                (
                    b"access-control-allow-headers",
                    asked.get(b"access-control-request-headers", b"authorization, content-type"),
                ),
                (b"access-control-max-age", self._max_age),
            ]
        return headers
