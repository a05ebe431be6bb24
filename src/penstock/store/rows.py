"""A record as the spool holds it (a line of JSON), as the database holds it (a row), and as the value it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from penstock.core.record import Attempt, Record
from penstock.core.usage import Usage


class _Line(Struct):
    """A record with its fields in the order of the columns; what a column keeps as JSON stays the bytes that it is.

    Decoding this takes a third of the time of decoding the whole record, and every call pays for it.
    """

    request_id: str
    time: int
    project: str
    key_id: str
    key_name: str
    endpoint: str
    dialect: str
    model_asked: str
    model_served: str | None = None
    provider: str | None = None
    upstream_id: str | None = None
    status: int = 0
    error: str | None = None
    stream: bool = False
    latency_us: int = 0
    first_token_us: int | None = None
    cost_nano: int | None = None
    price_nano: int | None = None
    price_version: str | None = None
    usage: Usage | None = None
    attempts: Raw = Raw(b"[]")
    finish_reasons: Raw = Raw(b"[]")
    params: Raw = Raw(b"{}")
    prompt: str | None = None
    answer: str | None = None


Row = tuple[Any, ...]

_FIELDS, _COUNTS = _Line.__struct_fields__, Usage.__struct_fields__
_USAGE = _FIELDS.index("usage")
_NOBODY_COUNTED = (None,) * len(_COUNTS)

COLUMNS = (*_FIELDS[:_USAGE], *_COUNTS, *_FIELDS[_USAGE + 1 :])
"""The columns of a row, in its order; each has the name of the field that it holds."""

_decode_line = msgspec.json.Decoder(_Line).decode
_decode_record = msgspec.json.Decoder(Record).decode
_decode_attempts = msgspec.json.Decoder(list[Attempt]).decode
_decode_reasons = msgspec.json.Decoder(list[str]).decode
_decode_params = msgspec.json.Decoder(dict[str, str]).decode
_astuple = msgspec.structs.astuple


def row_of_line(line: bytes) -> Row:
    """The row for a line of the spool. Raises ValueError where the line is no record."""
    *values, usage, attempts, finish_reasons, params, prompt, answer = _astuple(_decode_line(line))
    row = (
        *values,
        *(_NOBODY_COUNTED if usage is None else _astuple(usage)),
        str(attempts, "utf-8"),
        str(finish_reasons, "utf-8"),
        str(params, "utf-8"),
        prompt,
        answer,
    )
    # PostgreSQL holds no NUL in a text, and a client may put one into a model's name. (Most lines have no backslash.)
    if b"\\" in line and b"\\u0000" in line:
        return tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row)
    return row


def record_of_line(line: bytes) -> Record:
    """The record on a line of the spool. Raises ValueError where the line is none."""
    return _decode_record(line)


def record_of_row(row: Sequence[Any]) -> Record:
    """The record in a row of COLUMNS."""
    fields = dict(zip(COLUMNS, row, strict=True))
    counts = {name: fields.pop(name) for name in _COUNTS}
    return Record(
        **fields
        | {
            "stream": bool(fields["stream"]),
            "usage": None if counts["prompt_tokens"] is None else Usage(**counts),
            "attempts": _decode_attempts(fields["attempts"]),
            "finish_reasons": _decode_reasons(fields["finish_reasons"]),
            "params": _decode_params(fields["params"]),
        }
    )
