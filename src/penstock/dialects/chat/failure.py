"""What a vendor says when it fails, in all the shapes that vendors of the chat dialect have, as one of our errors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from penstock.core.call import OwnKey
from penstock.core.errors import (
    INSUFFICIENT_QUOTA,
    UpstreamAuthError,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)

_MAX_MESSAGE = 2000  # characters of a vendor's message that go through
_MAX_WORD = 200  # characters of its param, code and type
_MAX_DEPTH = 6  # objects within objects that are searched for words

# What looks like a credential: an API key by its prefix, a bearer token, what is half hidden behind stars, what is
# called a key, and long runs of letters and digits mixed. Names of models must not be taken for one.
_SECRETS = re.compile(
    r"\b(?:sk|pk|rk)-[A-Z0-9_*-]{3,}"
    r"|\b(?:gsk|csk|xai|hf|fw|pplx|nvapi|tgp|key|AIza)[-_]?[A-Z0-9_]{20,}"
    r"|(?<=bearer )\S+"
    r"|(?<=api key: )\S+"
    r"|(?<=api key provided: )\S+"
    r"|[^\s\"'*]{0,64}\*{3,}[^\s\"']{0,64}"
    r"|\b(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{32,}\b",
    re.IGNORECASE,
)


class Said(msgspec.Struct):
    """A vendor's own words; `status` is the one that the body names, if any."""

    message: str = ""
    param: str | None = None
    code: str | None = None
    type: str | None = None
    status: int | None = None


def explain(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    provider: str,
    secrets: tuple[str, ...] = (),
    callers_key: bool = False,
) -> UpstreamError:
    """The error that an answer with `status` (any but 2xx) means; header names are lower case.

    `callers_key`: the vendor was called with the caller's own key, and what it says of that is for the caller.
    """
    said = _read(body)
    if callers_key and (status in (401, 402, 403) or (status == 429 and said.code == INSUFFICIENT_QUOTA)):
        return _refused_caller(status, said, provider, secrets)
    return _error(status, said, provider, secrets, retry_after(headers))


def explain_within(error: Any, *, provider: str, secrets: tuple[str, ...] = ()) -> UpstreamError:
    """The error that came, decoded from JSON, inside an answer of status 200, in a stream or whole."""
    said = _said(error)
    status = said.status if said.status is not None and 400 <= said.status <= 599 else 502
    return _error(status, said, provider, secrets, None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks us to wait. A date counts from the answer's own `date`: no clock is here."""
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _seconds(value)
    if seconds is None and value and "date" in headers:
        try:
            seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])).total_seconds()
        except (ValueError, TypeError):  # no date; or one with and one without its zone
            return None
    return None if seconds is None else max(seconds, 0.0)


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """`text` without `secrets` and without anything that looks like one."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[redacted]")
    return _SECRETS.sub("[redacted]", text)


def _error(status: int, said: Said, provider: str, secrets: tuple[str, ...], wait: float | None) -> UpstreamError:
    words = redact(said.message[: 2 * _MAX_MESSAGE], secrets)[:_MAX_MESSAGE]  # cut after: half a key is no key to find
    why = words or f"status {status} without a reason"
    headers = {"retry-after": str(math.ceil(wait))} if wait is not None else None
    if status == 401:  # nothing of the vendor's: it likes to repeat the key
        return UpstreamAuthError(
            f"provider '{provider}' refused the api_key that this server has for it", upstream_status=status
        )
    if status in (402, 403):
        return UpstreamAuthError(f"provider '{provider}' refused our account: {why}", upstream_status=status)
    if status == 429:
        return UpstreamRateLimited(
            f"provider '{provider}' limits our rate: {why}", headers=headers, upstream_status=status, retry_after=wait
        )
    message = f"provider '{provider}' failed: {why}"
    if status in (408, 504, 524):
        return UpstreamTimeout(message, upstream_status=status, retry_after=wait)
    if status in (503, 529):
        return UpstreamOverloaded(message, headers=headers, upstream_status=status, retry_after=wait)
    if status == 409:  # SDKs try it again, as we did
        return UpstreamError(message, status=status, upstream_status=status, retry_after=wait)
    if not 400 <= status < 500:
        return UpstreamError(message, upstream_status=status, retry_after=wait)
    return UpstreamRejected(
        words or f"provider '{provider}' answered {why}",
        param=_word(said.param, secrets),
        code=_word(said.code, secrets),
        type=_word(said.type, secrets),
        status=status,
        upstream_status=status,
    )


def _refused_caller(status: int, said: Said, provider: str, secrets: tuple[str, ...]) -> UpstreamRejected:
    """No other try helps, here or of the client's: the key in its header has to change, or its account."""
    headers = {"x-should-retry": "false"}
    if status == 401:  # nothing of the vendor's: it likes to repeat the key
        return UpstreamRejected(
            f"provider '{provider}' refused the key in the header {OwnKey.HEADER}",
            param=OwnKey.HEADER,
            code="invalid_api_key",
            status=401,
            upstream_status=401,
            headers=headers,
        )
    words = redact(said.message[: 2 * _MAX_MESSAGE], secrets)[:_MAX_MESSAGE] or f"status {status} without a reason"
    message = f"provider '{provider}' refused the account of the key in the header {OwnKey.HEADER}: {words}"
    if status == 403:
        return UpstreamRejected(
            message,
            param=OwnKey.HEADER,
            code=_word(said.code, secrets) or "permission_denied",
            status=403,
            upstream_status=403,
            headers=headers,
        )
    return UpstreamRejected(
        message,
        param=OwnKey.HEADER,
        code=INSUFFICIENT_QUOTA,
        type=INSUFFICIENT_QUOTA,
        status=429,
        upstream_status=status,
        headers=headers,
    )


def _word(text: str | None, secrets: tuple[str, ...]) -> str | None:
    """A field of the vendor's error, which may hold anything, our key too."""
    return redact(text, secrets)[:_MAX_WORD] if text else None


def _read(body: bytes) -> Said:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:_MAX_MESSAGE].decode("utf-8", "replace").strip()
        return Said() if text.startswith("<") else Said(text)  # a page for a browser says nothing
    return _said(value)


def _said(value: Any) -> Said:
    if isinstance(value, list) and value:
        value = value[0]  # Gemini wraps its error in a list
    if not isinstance(value, dict):
        return Said(_words(value))
    error = value.get("error")
    at = error if isinstance(error, dict) else value
    message = _words(value)
    metadata = at.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("raw"), str):
        message = f"{message}: {metadata['raw']}"  # OpenRouter: what the vendor behind it said
    code = at.get("code")
    status = next((at[k] for k in ("status_code", "status", "code") if isinstance(at.get(k), int)), None)
    return Said(message, _string(at.get("param")), _string(code), _string(at.get("type")), status)


def _words(value: Any, depth: int = _MAX_DEPTH) -> str:
    """The sentence in `value`: a string, or the message, detail or error of an object; `a; b` of a list."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        return "; ".join(filter(None, (_words(item, depth - 1) for item in value)))
    if depth and isinstance(value, dict):
        for name in ("message", "error", "detail", "msg", "errors"):
            text = _words(value.get(name), depth - 1)
            if text:
                where = value.get("loc")  # FastAPI says where, as a list of keys
                return f"{'.'.join(map(str, where))}: {text}" if isinstance(where, list) else text
    return ""


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None
