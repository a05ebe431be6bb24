"""Planted keys: neither the vendor's nor the client's may be seen anywhere, also when the vendor says them itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from soak.server import Server

from tests.server import environment, provider_toml
from tests.upstream import FakeVendor, Request, Wire, chunk, completion

VENDOR_KEY = "canary/Of+The=Vendor~With.Odd:Characters"
UNKNOWN_KEY = "sk-ps-" + "Canary0OfAClient" * 2 + "WhoIsUnknown"
CONFIG_KEY = "env:CANARY_OF_THE_VENDOR"


async def _says_the_key(request: Request, wire: Wire) -> None:
    """Fails as the name of the model says, and repeats the key that it was sent wherever it can."""
    sent = request.headers["authorization"]
    key = sent.removeprefix("Bearer ")
    words = f"Incorrect API key provided: {key}. You sent {sent}."
    error = {"message": words, "type": key, "code": key, "param": key}
    headers = {"x_request_id": key, "www_authenticate": sent, "retry_after": key}
    kind = request.json["model"]
    if kind.isdigit():
        await wire.whole({"error": error}, int(kind), **headers)
    elif kind == "page":
        await wire.whole(f"<html>{words}</html>".encode(), 500, **headers)
    elif kind == "words":
        await wire.whole(words.encode(), 500, **headers)
    elif kind == "within":
        await wire.whole({"error": error}, 200, **headers)
    elif kind == "json":
        await wire.whole(f'{{"choices": "{key}", "{key}": {key}'.encode(), 200, **headers)
    elif kind == "head":
        await wire.raw(f"{key} {words}\r\n{key}\r\n\r\n".encode())
        wire.close()
    elif kind == "encoded":
        await wire.whole(completion(), content_encoding=key)
    elif kind == "elsewhere":
        await wire.head(302, location=f"http://127.0.0.1:1/?key={key}", content_length="0")
    else:
        await wire.begin_stream()
        if kind == "late":
            await wire.event(chunk({"content": "Hel"}))
        await wire.event({"error": error} if kind in ("early", "late") else f'{{"choices": {key}')
        await wire.end_stream()


KINDS = ["400", "401", "402", "403", "404", "422", "429", "500", "503", "page", "words", "within", "json", "head"]
KINDS += ["encoded", "elsewhere"]


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(_says_the_key) as running:
        yield running


def test_no_key_is_seen_anywhere(vendor: FakeVendor, tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = {
        "CANARY_OF_THE_VENDOR": VENDOR_KEY,
        "PENSTOCK_SERVER__LOG_LEVEL": "debug",
        "PENSTOCK_RECORDS__CONTENT": "true",
    }
    seen: list[bytes] = []
    with Server(home, provider_toml("v", vendor.url, key=CONFIG_KEY), **settings) as server:
        body = {"messages": [{"role": "user", "content": "Hello"}]}

        def note(answer: httpx.Response) -> httpx.Response:
            seen.append(str(sorted(answer.headers.items())).encode() + answer.content)
            return answer

        cases = [(kind, stream) for stream in (False, True) for kind in KINDS]
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda case: server.post(body | {"model": f"v/{case[0]}", "stream": case[1]}), cases)
            assert all(note(answer).status_code >= 400 for answer in answers)
        for kind in ("early", "late", "broken"):
            note(server.post(body | {"model": f"v/{kind}", "stream": True}))
        assert any(b'"Hel"' in text and b'"error"' in text for text in seen)
        for headers in (
            {"authorization": f"Bearer {UNKNOWN_KEY}"},
            {"authorization": UNKNOWN_KEY},
            {"authorization": f"Basic {UNKNOWN_KEY}"},
            {"authorization": "", "x-api-key": UNKNOWN_KEY},
        ):
            assert note(server.post(body | {"model": "v/400"}, headers=headers)).status_code == 401
        note(server.post(body | {"model": "v/400"}, path=f"/v1/chat/completions?key={UNKNOWN_KEY}"))
        note(server.post(b"{", headers={"authorization": f"Bearer {server.key}"}))
        note(httpx.get(server.url + "/metrics"))
        note(httpx.get(server.url + "/readyz"))
        note(httpx.get(server.url + "/v1/models", headers={"authorization": f"Bearer {server.key}"}))
        told = server.records()
        assert len(told) >= len(cases)
        client_key = server.key
        files = _files(home)  # while it runs: the spool and the database's log are there
    files += _files(home)
    assert any(b"SQLite" in data for _, data in files)
    assert any("spool" in name for name, _ in files)
    for secret in (VENDOR_KEY, client_key, UNKNOWN_KEY):
        spelled = [secret.encode(), json.dumps(secret).strip('"').encode()]
        places = [*files, *((text.decode("latin-1"), text) for text in (*seen, json.dumps(told).encode()))]
        assert [where for where, data in places if any(word in data for word in spelled)] == []


def _files(home: Path) -> list[tuple[str, bytes]]:
    """Everything below the data folder, by name: the database and its log, the spool, the server's log."""
    return [(str(path.relative_to(home)), path.read_bytes()) for path in home.rglob("*") if path.is_file()]


@pytest.mark.parametrize("key", ["canary-of-the-vendor-\u00e9", "canary-of-the-vendor-\nx: y"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_said(key: str, tmp_path: Path) -> None:
    config = tmp_path / "penstock.toml"
    config.write_text(provider_toml("v", "http://127.0.0.1:1/v1", key=CONFIG_KEY))
    started = subprocess.Popen(
        [sys.executable, "-m", "penstock", "--config", str(config), "serve"],
        env=environment(tmp_path, CANARY_OF_THE_VENDOR=key, PENSTOCK_SERVER__PORT="0"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = started.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        started.send_signal(signal.SIGKILL)
        started.communicate()
        raise
    assert started.returncode == 1
    assert "'v'" in said
    assert "canary-of-the-vendor" not in said
