"""A small Hugging Face hub over a real socket, which cuts, damages and refuses as it is told."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """One repository, `owner/model`. `files` are its contents by path."""

    def __init__(self, url: str, files: dict[str, bytes]) -> None:
        self.url = url
        self.files = files
        self.damaged = False
        """the last byte of every file is another one"""
        self.refuses: dict[str, int] = {}
        """the status that an address is answered with, by a part of it"""
        self.cuts: list[int] = []
        """after how many bytes the next answers with a file end"""
        self.stalls: list[int] = []
        """after how many bytes the next answers with a file say nothing more"""
        self.ranges: list[str | None] = []
        """the `range` of every request for a file"""
        self.stalled = threading.Event()
        self.ended = threading.Event()

    def about(self) -> dict[str, Any]:
        """What the hub says of the repository."""
        siblings = [
            {
                "rfilename": path,
                "size": len(data),
                "blobId": "b",
                "lfs": {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 130},
            }
            for path, data in self.files.items()
        ]
        return {"id": "owner/model", "modelId": "owner/model", "sha": REVISION, "siblings": siblings, "tags": []}


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[Hub]:
    """Serves `files` until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status = next((code for part, code in served.refuses.items() if part in self.path), None)
            if status is not None:
                self._send(status, b'{"error":"no"}', {})
            elif self.path.startswith("/api/models/owner/model"):
                self._send(200, json.dumps(served.about()).encode(), {"content-type": "application/json"})
            elif self.path.startswith(f"/owner/model/resolve/{REVISION}/"):
                self._file(self.path.partition(f"{REVISION}/")[2])
            else:
                self._send(404, b'{"error":"not found"}', {"x-error-code": "RepoNotFound"})

        def _file(self, path: str) -> None:
            data, wanted = served.files[path], self.headers["range"]
            served.ranges.append(wanted)
            if served.damaged:
                data = data[:-1] + bytes([data[-1] ^ 1])
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            headers = {"etag": '"e"'}
            if wanted:
                headers["content-range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            self._send(206 if wanted else 200, data[begin:], headers)

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | {"content-length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            file = status in (200, 206) and "resolve" in self.path
            if file and served.cuts:
                self.wfile.write(body[: served.cuts.pop(0)])
                self.close_connection = True
            elif file and served.stalls:
                self.wfile.write(body[: served.stalls.pop(0)])
                served.stalled.set()
                served.ended.wait(30)
            else:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    served = Hub(f"http://127.0.0.1:{server.server_port}", files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        served.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
