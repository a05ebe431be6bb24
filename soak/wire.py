"""Two answers of a vendor as bytes on the wire, and every way in which they can be cut."""

from __future__ import annotations

import json

from tests.upstream import completion, stream_events

MODES = ("fin", "rst", "short", "length", "eof")
"""fin: the connection ends inside chunked encoding; rst: it is reset there; short: the HTTP body ends properly, too
early; length: it ends before the declared length; eof: no length was declared, so nothing but the content tells."""

TEXT = "The gate is öffen, and the water runs. 💧"


class Body:
    """One HTTP answer of `frames`. Where it is cut: `fin` and `rst` count bytes of all that is sent, head and chunk
    sizes included; the others count bytes of the payload."""

    def __init__(self, frames: list[bytes], content_type: str) -> None:
        self.frames = frames
        self.payload = b"".join(frames)
        self._head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n".encode()
        self._chunks = [b"%x\r\n" % len(frame) + frame + b"\r\n" for frame in frames]
        self.chunked = self._head + b"transfer-encoding: chunked\r\n\r\n" + b"".join(self._chunks) + b"0\r\n\r\n"
        self.sized = self._head + b"content-length: %d\r\n\r\n" % len(self.payload) + self.payload

    def size(self, mode: str) -> int:
        """How many bytes can be cut off: `at` is below it, for less than all to be sent."""
        return len(self.chunked) if mode in ("fin", "rst") else len(self.payload)

    def boundaries(self, mode: str) -> list[int]:
        """Where each frame but the last one ends, and where the first begins."""
        on_wire = mode in ("fin", "rst")
        at = self.chunked.index(b"\r\n\r\n") + 4 if on_wire else 0
        places = [at]
        for piece in (self._chunks if on_wire else self.frames)[:-1]:
            at += len(piece)
            places.append(at)
        return places

    def cut(self, mode: str, at: int) -> tuple[bytes, bool]:
        """What is sent before the connection ends, and whether it is reset."""
        if mode in ("fin", "rst"):
            return self.chunked[:at], mode == "rst"
        part = self.payload[:at]
        match mode:
            case "short":
                chunk = b"%x\r\n" % len(part) + part + b"\r\n" if part else b""
                return self._head + b"transfer-encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n", False
            case "length":
                return self._head + b"content-length: %d\r\n\r\n" % len(self.payload) + part, False
            case "eof":
                return self._head + b"connection: close\r\n\r\n" + part, False
        raise ValueError(mode)

    def arrived(self, mode: str, at: int) -> bytes:
        """As much of the payload as the gateway can have seen."""
        if mode not in ("fin", "rst"):
            return self.payload[:at]
        left, seen = at - (self.chunked.index(b"\r\n\r\n") + 4), b""
        for frame, chunk in zip(self.frames, self._chunks, strict=True):
            head = len(chunk) - len(frame) - 2
            seen += frame[: max(0, min(len(frame), left - head))]
            left -= len(chunk)
        return seen


def _frame(data: object) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


STREAM = Body(
    [_frame(event) for event in stream_events([word + " " for word in TEXT.split(" ")])] + [b"data: [DONE]\n\n"],
    "text/event-stream",
)
WHOLE = Body([json.dumps(completion(TEXT), ensure_ascii=False).encode()], "application/json")
