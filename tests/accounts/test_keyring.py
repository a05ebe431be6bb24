from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from penstock.accounts import Keyring, keys
from penstock.core.errors import Unavailable
from penstock.core.ids import base62
from penstock.settings import Settings
from penstock.store import keys as store
from penstock.store.database import Database
from penstock.store.keys import StoredKey

pytestmark = pytest.mark.anyio


@pytest.fixture
async def keyring(database: Database) -> AsyncIterator[Keyring]:
    made = Keyring(database)
    yield made
    await made.close()


async def _within_a_second(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(1):
        while not holds():
            await asyncio.sleep(0.01)


def _queries(database: Database) -> list[tuple[str, object]]:
    """Every statement that goes to the database from here on."""
    noted: list[tuple[str, object]] = []

    @event.listens_for(database._engine.sync_engine, "before_cursor_execute")
    def _note(*arguments: object) -> None:
        noted.append((str(arguments[2]), arguments[3]))

    return noted


async def test_keys_are_in_memory_from_the_start(database: Database, keyring: Keyring) -> None:
    key, text = await keys.create(database, "laptop")
    disabled, other_text = await keys.create(database, "old")
    await keys.set_disabled(database, "old", True)
    await keyring.start()
    assert keyring.find(text) == key
    found = keyring.find(other_text)
    assert found is not None  # so that the one who calls is told what is wrong
    assert (found.id, found.disabled) == (disabled.id, True)
    assert keyring.find("sk-ps-" + base62(43)) is None


async def test_a_new_key_works_at_once(database: Database, keyring: Keyring) -> None:
    await keyring.start()
    key, text = await keys.create(database, "laptop")
    assert keyring.find(text) is None
    assert await keyring.look_up(text) == key
    assert keyring.find(text) == key


async def test_a_new_key_works_although_it_was_tried_before(database: Database, keyring: Keyring) -> None:
    stored, text = keys.new("laptop", "default")
    assert await keyring.look_up(text) is None
    await store.add(database, stored)
    await keyring.refresh()
    found = await keyring.look_up(text)
    assert found is not None
    assert found.id == stored.id


COMMAND = """
import asyncio, sys
from penstock.accounts import keys
from penstock.settings import Settings
from penstock.store import keys as store
from penstock.store.database import Database
from penstock.store.keys import StoredKey

async def main(home):
    async with await Database.open(Settings(home=home), lock_wait_s=10) as database:
        print("ready", flush=True)
        for line in sys.stdin:
            match line.split():
                case ["delete", name]:
                    await keys.delete(database, name)
                case [verb, name]:
                    await keys.set_disabled(database, name, verb == "disable")
            print("done", flush=True)

asyncio.run(main(sys.argv[1]))
"""


async def test_what_another_process_changes_acts_within_a_second(
    database: Database, keyring: Keyring, settings: Settings
) -> None:
    _, text = await keys.create(database, "laptop")
    await keyring.start()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, settings.home, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"

    async def tell(command: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(command.encode() + b"\n")
        assert await process.stdout.readline() == b"done\n"

    def state() -> bool | None:
        key = keyring.find(text)
        return None if key is None else key.disabled

    for command, then in (("disable", True), ("enable", False), ("delete", None)):
        await tell(f"{command} laptop")
        await _within_a_second(lambda then=then: state() is then)  # type: ignore[misc]
    assert await keyring.look_up(text) is None
    process.stdin.close()
    assert await process.wait() == 0


async def test_wrong_keys_cost_few_queries(database: Database, keyring: Keyring) -> None:
    await keyring.start()
    queries = _queries(database)
    wrong = ["sk-ps-" + base62(43) for _ in range(200)]
    assert await asyncio.gather(*(keyring.look_up(text) for text in wrong)) == [None] * 200
    of_keys = [query for query in queries if "WHERE keys.hash IN" in query[0]]
    assert len(of_keys) <= 2
    # The same ones again are remembered.
    assert await asyncio.gather(*(keyring.look_up(text) for text in wrong * 5)) == [None] * 1000
    assert len([query for query in queries if "WHERE keys.hash IN" in query[0]]) == len(of_keys)
    # What was sent is not in the query: its hash is, as a value.
    assert not [query for query, values in queries if "sk-ps" in query or "sk-ps" in repr(values)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer",
        "sk-ps-",
        "sk-openai-abc",
        "' OR '1'='1",
        "sk-ps-' OR 1=1; DROP TABLE keys; --aaaaaaaaaaaaaaaaaaa"[:49],
        "sk-ps-" + "a" * 42 + "\udcff",
        "sk-ps-" + "ä" * 43,
        "\0" * 49,
        "a b c",
        "x" * 1_000_000,
    ],
)
async def test_text_that_is_no_key_never_reaches_the_database(database: Database, keyring: Keyring, text: str) -> None:
    await keys.create(database, "laptop")
    queries = _queries(database)
    assert keyring.find(text) is None
    assert await keyring.look_up(text) is None
    assert queries == []
    assert len(await keys.list_keys(database)) == 1


async def test_memory_holds_the_keys_used_last_and_the_others_still_work(database: Database) -> None:
    keyring = Keyring(database, capacity=3)
    made = [await keys.create(database, f"key {number}") for number in range(5)]
    await keyring.start()
    in_memory = [number for number, (_, text) in enumerate(made) if keyring.find(text)]
    assert in_memory == [2, 3, 4]  # the newest
    assert keyring.find(made[2][1])  # used: now 3 is the one unused for longest
    assert await keyring.look_up(made[0][1]) == made[0][0]
    assert [number for number, (_, text) in enumerate(made) if keyring.find(text)] == [0, 2, 4]
    # A change reaches those in memory and those that are not.
    for name in ("key 0", "key 1"):
        await keys.set_disabled(database, name, True)
    await keyring.refresh()
    assert [getattr(await keyring.look_up(made[n][1]), "disabled", None) for n in (0, 1)] == [True, True]
    await keyring.close()


async def test_many_changes_are_all_heard_of(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.accounts.keyring._PAGE", 3)
    await keyring.start()
    made = [await keys.create(database, f"key {number}") for number in range(10)]
    await keyring.refresh()
    assert [keyring.find(text) for _, text in made] == [key for key, _ in made]


async def test_keys_in_memory_serve_while_the_database_is_down(settings: Settings, tmp_path: Path) -> None:
    database = await Database.open(settings, lock_wait_s=0.1)
    keyring = Keyring(database, poll_s=0.02)
    key, text = await keys.create(database, "laptop")
    with capture_logs() as logs:
        await keyring.start()
        await database.close()  # so that the next query opens the file anew
        os.rename(settings.home, tmp_path / "away")
        await _within_a_second(lambda: bool(logs))
        await asyncio.sleep(0.1)
        assert keyring.find(text) == key
        with pytest.raises(Unavailable) as refused:
            await keyring.look_up("sk-ps-" + base62(43))
        assert refused.value.code == "keys_unavailable"
        os.rename(tmp_path / "away", settings.home)
        await _within_a_second(lambda: len(logs) == 2)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("changes of keys are not heard of", "error"),
        ("changes of keys are heard of again", "info"),
    ]
    await keys.set_disabled(database, "laptop", True)
    await _within_a_second(lambda: _off(keyring, text))
    await keyring.close()
    await database.close()


def _off(keyring: Keyring, text: str) -> bool:
    key = keyring.find(text)
    return key is not None and key.disabled


async def test_an_older_answer_does_not_overwrite_a_newer_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is disabled, and that is heard of, while an answer that it is enabled is still on its way."""
    keyring = Keyring(database, poll_s=0.01)
    await keyring.start()
    _, text = await keys.create(database, "laptop")
    with_hashes = store.with_hashes

    async def slow(*arguments: Any) -> list[StoredKey]:
        answer = await with_hashes(*arguments)
        await keys.set_disabled(database, "laptop", True)
        await asyncio.sleep(0.1)
        return answer

    monkeypatch.setattr(store, "with_hashes", slow)
    await keyring.look_up(text)
    await _within_a_second(lambda: _off(keyring, text))
    await asyncio.sleep(0.1)
    assert _off(keyring, text)
    await keyring.close()


async def test_settings_that_change_are_heard_of_within_a_second(database: Database, keyring: Keyring) -> None:
    _, text = await keys.create(database, "laptop", settings=keys.KeySettings("aimlapi"))
    await keyring.start()
    found = keyring.find(text)
    assert found is not None
    assert (found.dialect, found.default_max_tokens) == ("aimlapi", None)
    await keys.set_settings(database, "laptop", keys.KeySettings("sgp", 512))

    def changed() -> bool:
        now = keyring.find(text)
        return now is not None and (now.dialect, now.default_max_tokens) == ("sgp", 512)

    await _within_a_second(changed)
