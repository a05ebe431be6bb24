"""Answers with an ETag, and 304 for a client that has them already."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response


def tag(body: bytes) -> str:
    """A strong ETag of `body`."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tagged(request: Request, body: bytes, etag: str, media_type: str, **headers: str) -> Response:
    """`body` under `etag`, or 304 without a body where If-None-Match names it."""
    headers |= {"etag": etag, "cache-control": "no-cache"}
    if _matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _matches(given: str | None, etag: str) -> bool:
    """RFC 9110, 13.1.2: any of the list, or `*`; weak ones compare by what follows `W/`."""
    if given is None:
        return False
    return any(each.strip().removeprefix("W/") in ("*", etag) for each in given.split(","))
