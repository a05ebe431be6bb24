"""What an answer's headers say about how it came to be."""

from __future__ import annotations

import re
from urllib.parse import quote

from penstock.core.call import Call
from penstock.core.record import Record

_MOST = 4096  # clients choose parameter names, and a header has a size
_PLAIN = "-._~/@:+ "
_AS_IT_IS = re.compile(r"[A-Za-z0-9\-._~/@:+ ]*")


def answer_headers(call: Call, record: Record) -> dict[str, str]:
    """`x-penstock-served-by` (provider/model as called), `x-penstock-attempts`, and `x-penstock-params`, which names
    every parameter that was not simply passed on; characters that a header cannot hold are percent-encoded."""
    last = record.attempts[-1]
    headers = {"x-penstock-served-by": _quoted(f"{last.provider}/{last.model}")}
    if len(record.attempts) > 1:
        headers["x-penstock-attempts"] = str(len(record.attempts))
    if call.changed:
        told: list[str] = []
        size = 0
        for name, what in call.changed.items():
            part = f"{_quoted(name)}={what}"
            size += len(part) + 2
            if size > _MOST:
                told.append(f"and {len(call.changed) - len(told)} more")
                break
            told.append(part)
        headers["x-penstock-params"] = ", ".join(told)
    return headers


def _quoted(text: str) -> str:
    return text if _AS_IT_IS.fullmatch(text) else quote(text, safe=_PLAIN)
