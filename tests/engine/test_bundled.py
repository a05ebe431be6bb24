"""The model that comes with Penstock: true to its card as it is shipped, and no harm done where it is spoilt."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.engine.chat import Chat
from tests.tiny_gguf import write_tiny_gguf

from penstock.core.errors import Unavailable
from penstock.engine import Engine, Registry
from penstock.engine.bundled import FOLDER, Bundled
from penstock.engine.card import NAME
from penstock.engine.gguf import read_header
from penstock.settings import EngineSettings

pytestmark = pytest.mark.anyio


def write_card(folder: Path, **other: object) -> None:
    """The card of the model in `folder`, but for `other`."""
    file = folder / f"{NAME}.gguf"
    header, data = read_header(file), file.read_bytes()
    facts = {
        "name": NAME,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "parameters": 116_928,
        "context": header.context,
        "architecture": header.architecture,
        "vocabulary": header.vocabulary,
        "trained_on": "nothing",
        "made": "2026-11-21",
        "skills": [{"skill": "noise", "score": 1.0, "at_least": 0.9, "examples": 50}],
        "speed": {"first_token_ms": 9.5, "prompt_tokens": 50, "tokens_per_second": 800.0, "processor": "one"},
        "limits": ["it says nothing"],
        "licence": "Apache-2.0",
    }
    (folder / f"{NAME}.json").write_text(json.dumps(facts | other))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model and its card, to be spoilt."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    write_tiny_gguf(folder / f"{NAME}.gguf", context=2048)
    write_card(folder)
    return folder


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[[Path], Engine]]:
    """Makes an engine with the bundled model of a folder; it is closed at the end."""
    async with AsyncExitStack() as stack:

        def make(folder: Path) -> Engine:
            engine = Engine(EngineSettings(threads=1), tmp_path / "home", Bundled(folder))
            stack.push_async_callback(engine.close)
            return engine

        yield make


def lose(file: Path, card: Path) -> None:
    file.unlink()


def lose_card(file: Path, card: Path) -> None:
    card.unlink()


def break_card(file: Path, card: Path) -> None:
    card.write_bytes(card.read_bytes()[:-10])


def unknown_fact(file: Path, card: Path) -> None:
    write_card(file.parent, colour="blue")


def cut(file: Path, card: Path) -> None:
    file.write_bytes(file.read_bytes()[:100_000])


def another_header(file: Path, card: Path) -> None:
    file.write_bytes(b"HTML" + file.read_bytes()[4:])


def another_byte(file: Path, card: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1000] ^= 1
    file.write_bytes(data)


def another_context(file: Path, card: Path) -> None:
    write_card(file.parent, context=4096)


SPOILT = [
    (lose, "cannot be read (No such file or directory)"),
    (lose_card, "its model card cannot be read (No such file or directory)"),
    (break_card, "its model card is spoilt"),
    (unknown_fact, "unknown field `colour`"),
    (cut, "its file has 100000 bytes, not the"),
    (another_header, "it begins with b'HTML'"),
    (another_byte, "its SHA-256 is not the one of its model card"),
    (another_context, "its header and its model card do not agree"),
]


def test_what_is_shipped_is_true_to_its_card() -> None:
    bundled = Bundled()
    assert bundled.check() is None
    assert bundled.card is not None
    assert bundled.card.size <= 10_000_000
    assert bundled.card.context >= 2048
    assert (FOLDER / f"{NAME}.gguf").stat().st_size == bundled.card.size


async def test_what_is_shipped_answers(tmp_path: Path) -> None:
    engine = Engine(EngineSettings(threads=1), tmp_path)
    assert list(engine.names()) == [NAME]
    model = await engine.get(NAME)
    try:
        async with engine.lease(NAME) as endpoint:
            first = await Chat(endpoint).whole(seed=1)
            again = await Chat(endpoint).whole(seed=1)
    finally:
        await engine.close()
    assert first["choices"] == again["choices"]
    assert first["choices"][0]["finish_reason"] in ("stop", "length")
    assert model.card is not None
    assert (endpoint.context, endpoint.vocabulary) == (model.context, model.card.vocabulary)


@pytest.mark.parametrize(("spoil", "why"), SPOILT, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_spoilt_one_is_listed_with_the_reason_and_a_call_gets_it_too(
    start: Callable[[Path], Engine], folder: Path, tmp_path: Path, spoil: Callable[[Path, Path], None], why: str
) -> None:
    spoil(folder / f"{NAME}.gguf", folder / f"{NAME}.json")
    engine = start(folder)
    assert list(engine.names()) == [NAME]
    (listed,) = await engine.models()
    assert listed.unavailable is not None
    assert why in listed.unavailable
    assert (await engine.get(NAME)).unavailable == listed.unavailable
    for _ in range(2):
        with pytest.raises(Unavailable) as error:
            async with engine.lease(NAME):
                pytest.fail("it was loaded")
        assert why in error.value.message
        assert str(tmp_path) not in error.value.message
        assert (error.value.code, error.value.headers) == ("model_unavailable", {"x-should-retry": "false"})


async def test_a_spoilt_one_does_no_harm_to_others_and_comes_back(
    start: Callable[[Path], Engine], folder: Path, tmp_path: Path
) -> None:
    file = folder / f"{NAME}.gguf"
    good = file.read_bytes()
    file.unlink()
    mine = write_tiny_gguf(tmp_path / "mine.gguf")
    Registry(tmp_path / "home").add(mine, None, copy=False, progress=lambda done, total: None)
    engine = start(folder)
    assert list(engine.names()) == ["mine", NAME]
    with pytest.raises(Unavailable):
        async with engine.lease(NAME):
            pytest.fail("it was loaded")
    async with engine.lease("mine") as endpoint:
        assert await Chat(endpoint).text() != ""
    file.write_bytes(good)
    assert (await engine.get(NAME)).unavailable is None
    async with engine.lease(NAME) as endpoint:
        assert await Chat(endpoint).text() != ""


def test_a_look_does_not_read_the_file_and_a_check_reads_it_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_byte(folder / f"{NAME}.gguf", folder / f"{NAME}.json")
    bundled = Bundled(folder)
    assert bundled.look() is None
    found = bundled.check()
    assert found is not None
    monkeypatch.setattr(hashlib, "file_digest", None)  # a second reading would fail
    assert bundled.check() == bundled.look() == found


async def test_its_fingerprint_is_the_same_in_every_install(
    start: Callable[[Path], Engine], folder: Path, tmp_path: Path
) -> None:
    """A checkout and an install give the file another place and other times."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    os.utime(copy / f"{NAME}.gguf", (1_000_000_000, 1_000_000_000))
    fingerprints = set()
    for place in (folder, copy):
        async with start(place).lease(NAME) as endpoint:
            fingerprints.add(endpoint.fingerprint)
    assert len(fingerprints) == 1
