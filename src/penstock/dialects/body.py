"""From the bytes of a request body to its top-level members, with everything checked that holds for any JSON body."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

import msgspec

from penstock.core.errors import InvalidRequest
from penstock.settings import Limits

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_AT: Final = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)")
_NOT_NUMBERS: Final = (b"NaN", b"Infinity", b"-Infinity")

# The nesting scan keeps brackets (as +1 and -1) and quotes. Where there are backslashes, these and the letters that
# may follow them (as `x`) stay until escaped quotes are gone: without the letters, `\n"` would become `\"`.
_ESCAPED_LETTERS: Final = b"/bfnrtu"
_MARKS: Final = bytes.maketrans(b"[{]}" + _ESCAPED_LETTERS, b"\x01\x01\xff\xff" + b"x" * len(_ESCAPED_LETTERS))
_ALL: Final = bytes(range(256))
_REST: Final = _ALL.translate(None, b'[]{}"')
_REST_BUT_ESCAPES: Final = _REST.translate(None, b"\\" + _ESCAPED_LETTERS)
_WINDOW: Final = 64 * 1024


def members(body: bytes, limits: Limits) -> dict[str, msgspec.Raw]:
    """The top-level members of a JSON object, as raw JSON bytes (views into `body`).

    Of a name that is there twice the last one counts, as everywhere in Python and JavaScript. Raises
    InvalidRequest for an empty body, invalid UTF-8, invalid JSON (NaN and lone surrogates too), anything but
    an object, and nesting deeper than `limits.nesting`.
    """
    if not body.isascii():
        _check_utf8(body)
    try:
        found = _MEMBERS.decode(body)
    except msgspec.ValidationError:
        raise InvalidRequest(
            f"The request body must be a JSON object; it is {_kind(body)}.", code="invalid_type"
        ) from None
    except msgspec.DecodeError as error:
        raise _malformed(body, error) from None
    except RecursionError:
        raise _too_deep(limits.nesting, None) from None
    if _openings_exceed(body, limits.nesting) and deeper_than(body, limits.nesting):
        where = (name for name, raw in found.items() if deeper_than(bytes(raw), limits.nesting - 1))
        raise _too_deep(limits.nesting, next(where, None))
    return found


def check_unread(found: dict[str, msgspec.Raw], known: frozenset[str]) -> None:
    """Raises InvalidRequest where a member that no field of the dialect reads is a number beyond any double."""
    for name in found.keys() - known:
        raw = bytes(found[name])
        if raw[0] in b"-0123456789":
            try:
                msgspec.json.decode(raw)
            except msgspec.ValidationError:
                raise out_of_range(name[:128]) from None


def out_of_range(param: str) -> InvalidRequest:
    """The error for a number such as 1e999."""
    return InvalidRequest(
        f"'{param}' is a number out of range; numbers must fit a double (up to about 1.8e308).", param=param
    )


def deeper_than(body: bytes, limit: int) -> bool:
    """Whether arrays and objects of `body`, well-formed JSON, nest deeper than `limit`; linear, strings are skipped."""
    if b"\\" in body:
        marks = body.translate(_MARKS, _REST_BUT_ESCAPES).replace(b"\\\\", b"xx").replace(b'\\"', b"xx")
        marks = marks.translate(None, b"x\\")
    else:
        marks = body.translate(_MARKS, _REST)
    marks = marks.replace(
        b'""', b""
    )  # an empty string, or the end of one and the begin of another: which is which stays
    depth, inside = 0, 0
    for start in range(0, len(marks), _WINDOW):  # a window at a time: the pieces of a large body would fill memory
        pieces = marks[start : start + _WINDOW].split(b'"')
        steps = b"".join(pieces[inside::2])
        inside = (inside + len(pieces) - 1) % 2
        levels = list(accumulate(memoryview(steps).cast("b"), initial=depth))
        if max(levels) > limit:
            return True
        depth = levels[-1]
    return False


def _openings_exceed(body: bytes, limit: int) -> bool:
    """Whether there are more than `limit` opening brackets, those in strings counted too: a quick upper bound."""
    left = limit
    find = body.find
    for bracket in (b"{", b"["):
        at = find(bracket)
        while at >= 0:
            left -= 1
            if left < 0:
                return True
            at = find(bracket, at + 1)
    return False


def _check_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"The request body is not valid UTF-8: byte 0x{body[error.start]:02x} at {_place(body, error.start)}: "
            f"{error.reason}.",
            code="invalid_json",
        ) from None


def _malformed(body: bytes, error: msgspec.DecodeError) -> InvalidRequest:
    if not body.strip():
        return InvalidRequest("The request body is empty; a JSON object is needed.", code="invalid_json")
    if body.startswith(b"\xef\xbb\xbf"):
        return InvalidRequest(
            "The request body begins with a byte order mark, which JSON does not allow.", code="invalid_json"
        )
    found = _AT.fullmatch(str(error))
    if found is None:
        # A lone surrogate in the last few bytes is reported as a truncated body; with room behind it, as what it is.
        try:
            _MEMBERS.decode(body + b" " * 12)
        except msgspec.DecodeError as again:
            found = _AT.fullmatch(str(again))
    if found is None:
        return InvalidRequest(
            f"The request body is not valid JSON: it ends too early, after {len(body)} bytes.", code="invalid_json"
        )
    reason, at = found[1], int(found[2])
    if "surrogate" in reason or reason == "unexpected end of hex escape":
        reason = "half of a surrogate pair (an escape from \\ud800 to \\udfff without its other half)"
    else:
        start = at - 1 if body[at - 1 : at] == b"-" else at
        word = next((w for w in _NOT_NUMBERS if body.startswith(w, start)), None)
        reason = f"{word.decode()} is not a JSON number" if word else reason
    return InvalidRequest(f"The request body is not valid JSON: {reason}, at {_place(body, at)}.", code="invalid_json")


def _too_deep(limit: int, member: str | None) -> InvalidRequest:
    where = f", in '{member[:64]}'" if member is not None else ""
    return InvalidRequest(
        f"The request body nests arrays and objects too deeply{where}; at most {limit} levels are allowed, the "
        "outermost object included.",
        code="nesting_too_deep",
    )


def _place(body: bytes, at: int) -> str:
    line = body.count(b"\n", 0, at) + 1
    column = at - body.rfind(b"\n", 0, at)
    return f"byte {at} (line {line}, column {column})"


def _kind(body: bytes) -> str:
    first = body.lstrip()[:1]
    return {b"[": "an array", b'"': "a string", b"n": "null", b"t": "true", b"f": "false"}.get(first, "a number")
