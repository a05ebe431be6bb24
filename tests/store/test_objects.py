from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from typing import Any

import msgspec
import pytest
from tests.store.backends import ask, change
from tests.store.stored import START, an_object, blobs, message, plain, raw, rows

from penstock.settings import StoredSettings
from penstock.store import content, conversations, objects
from penstock.store.conversations import NewItem
from penstock.store.database import Database
from penstock.store.errors import DatabaseError, RowRefused, UnknownCursor
from penstock.store.objects import StoredObject

pytestmark = pytest.mark.anyio

LONG = "a long text " * 200


def _now() -> int:
    return time.time_ns() // 1000


async def _get(database: Database, stored: StoredObject, **how: Any) -> StoredObject | None:
    return await objects.get(database, stored.project_id, stored.kind, stored.id, **how)


WHOLE = an_object(
    7,
    model="gpt-4-0613",
    status="incomplete",
    previous="resp_00000006",
    conversation="conv_1",
    expires=START * 2,
    metadata={"topic": "ducks 🦆", "empty": ""},
    input=[message("msg_1"), message("msg_2", LONG)],
    output=[message("msg_3", "no"), raw({"type": "reasoning", "id": "rs_1", "summary": [LONG, 1.50, None]})],
    body=b'{"object":"response","temperature":1.0}',
    events=b'[{"type":"response.created","sequence_number":0}]',
)


@pytest.mark.parametrize(
    "stored",
    [
        WHOLE,
        an_object(1),
        an_object(1, kind="completion", body=b'{"completion":{}}', input=[raw({"role": "user", "content": "hi"})]),
        an_object(1, kind="conversation", metadata={"a": "b"}),
        an_object(1, events=b"[]"),
        an_object(1, output=[message("m", LONG * 200)], events=json.dumps([LONG] * 100).encode()),
    ],
    ids=["whole", "bare", "completion", "conversation", "no events", "large"],
)
async def test_an_object_comes_back_as_it_was(database: Database, stored: StoredObject) -> None:
    await objects.put(database, [stored])
    found = await _get(database, stored, events=True)
    assert found is not None
    assert plain(found) == plain(stored)
    without = await _get(database, stored)
    assert without is not None
    assert plain(without) == plain(msgspec.structs.replace(stored, events=None))


async def test_what_is_not_there_is_none(database: Database) -> None:
    await objects.put(database, [WHOLE])
    for project, kind, id in (
        ("proj_2", "response", WHOLE.id),
        ("proj_1", "completion", WHOLE.id),
        ("proj_1", "response", "resp_1"),
        ("proj_1", "response", WHOLE.id.upper()),
        ("proj_1", "response", WHOLE.id + "\0"),
        ("proj_1", "response", "\ud800"),
        ("proj_1", "response", "' OR 1=1 --"),
        ("proj_1", "response", "%"),
        ("proj_1", "response", ""),
    ):
        assert await objects.get(database, project, kind, id, events=True) is None  # type: ignore[arg-type]
        assert await objects.set_metadata(database, project, kind, id, {}) is None  # type: ignore[arg-type]
        assert not await objects.delete(database, project, kind, id)  # type: ignore[arg-type]
    assert await _get(database, WHOLE) is not None


async def test_an_object_put_again_is_replaced_and_its_content_let_go(database: Database) -> None:
    first = an_object(1, status="in_progress", model="m", metadata={"a": "1"}, input=[message("i", LONG)])
    await objects.put(database, [first])
    second = an_object(1, input=[message("i", LONG)], output=[message("o", LONG + "!")], metadata={"b": "1"}, model="n")
    await objects.put(database, [second])
    assert await blobs(database) == {("proj_1", 1): 2}
    assert await rows(database) == {"stored": 1, "stored_labels": 2, "blobs": 2}
    third = an_object(1, status="failed", output=[message("o", LONG + "!")], events=b"[]")
    await objects.put(database, [second, third])  # of two with one id the last counts
    found = await _get(database, third, events=True)
    assert found is not None
    assert plain(found) == plain(third)
    assert await rows(database) == {"stored": 1, "blobs": 1}
    assert await objects.count(database, "proj_1", "response", model="m") == 0
    assert await objects.count(database, "proj_1", "response", metadata={"b": "1"}) == 0


async def test_the_same_long_item_is_kept_once_in_a_project(database: Database) -> None:
    noise = random.Random(1).randbytes(50_000).hex()  # 100 KB that nothing makes much smaller
    given = [an_object(n, input=[message(f"msg_{n}", noise), message("s")], output=[message("o")]) for n in range(10)]
    await objects.put(database, given[:4])
    for stored in given[4:]:
        await objects.put(database, [stored])
    await objects.put(database, [an_object(1, project_id="proj_2", input=[message("x", noise)])])
    assert await blobs(database) == {("proj_1", 10): 1, ("proj_2", 1): 1}
    lengths = await ask(
        database, "SELECT sum(length(input) + length(output) + length(body) + length(hashes)) FROM stored"
    )
    assert lengths[0][0] < 11 * 400
    for stored in given:
        found = await _get(database, stored)
        assert found is not None
        assert plain(found) == plain(stored)


async def test_what_is_deleted_leaves_nothing(database: Database) -> None:
    shared = message("a", LONG)
    given = [an_object(n, input=[shared, message("b", LONG + str(n))], metadata={"n": str(n)}) for n in range(3)]
    await objects.put(database, given)
    assert await blobs(database) == {("proj_1", 3): 1, ("proj_1", 1): 3}
    for left in (2, 1):
        assert await objects.delete(database, "proj_1", "response", given[left].id)
        assert not await objects.delete(database, "proj_1", "response", given[left].id)
        assert await _get(database, given[left]) is None
        assert await rows(database) == {"stored": left, "stored_labels": left, "blobs": left + 1}
        (blob,) = await ask(database, "SELECT refs FROM blobs ORDER BY refs DESC LIMIT 1")
        assert blob == (left,)
        found = await _get(database, given[0])
        assert found is not None
        assert plain(found) == plain(given[0])
    assert await objects.delete(database, "proj_1", "response", given[0].id)
    assert await rows(database) == {}


@pytest.mark.parametrize("seed", range(3))
async def test_references_are_right_whatever_happens(database: Database, seed: int) -> None:
    """Any order of putting, replacing, deleting and expiring: a blob is there as long as a row needs it, no longer."""
    chance = random.Random(seed)
    there: dict[tuple[str, str], StoredObject] = {}
    texts = [LONG + str(number) for number in range(6)]
    for turn in range(40):
        deed = chance.random()
        if deed < 0.6:
            batch = []
            for _ in range(chance.randint(1, 5)):
                parts = {
                    name: [message(f"{turn}_{n}", chance.choice([*texts, "hi"])) for n in range(chance.randint(0, 3))]
                    for name in ("input", "output")
                }
                project, over = f"proj_{chance.randint(1, 2)}", 1 if chance.random() < 0.2 else None
                batch.append(an_object(chance.randint(0, 9), project_id=project, expires=over, **parts))
            await objects.put(database, batch)
            there.update({(stored.project_id, stored.id): stored for stored in batch})
        elif deed < 0.9 and there:
            project, id = chance.choice(sorted(there))
            alive = there[project, id].expires is None
            assert await objects.delete(database, project, "response", id) == alive
            if alive:
                del there[project, id]
        else:
            over_now = [key for key, stored in there.items() if stored.expires is not None]
            assert await objects.expire(database, _now()) == len(over_now)
            for key in over_now:
                del there[key]
        needed = Counter(
            (stored.project_id, text)
            for stored in there.values()
            for text in texts
            if any(text.encode() + b'"' in bytes(item) for item in (*stored.input, *stored.output))
        )
        found = await ask(database, "SELECT project_id, refs FROM blobs")
        assert sorted(found) == sorted((project, refs) for (project, _), refs in needed.items())
    for stored in there.values():
        if stored.expires is None:
            again = await _get(database, stored)
            assert again is not None
            assert plain(again) == plain(stored)


async def test_projects_never_see_each_others_objects(database: Database) -> None:
    """The same ids, the same content, the same metadata; one project's are changed, the other's stay as they are."""
    both = {}
    for project in ("proj_1", "proj_2"):
        both[project] = [
            an_object(n, project_id=project, model="m", metadata={"a": "b"}, input=[message(f"{project}{n}", LONG)])
            for n in range(4)
        ]
        both[project][3].previous = both[project][2].id
        await objects.put(database, both[project])
    one = an_object(9, project_id="proj_1", previous="resp_00000003", metadata={"a": "b"})
    await objects.put(database, [one])
    assert await objects.chain(database, "proj_2", one.id) == []
    with pytest.raises(UnknownCursor):
        await objects.listed(database, "proj_2", "response", after=one.id)
    assert await objects.count(database, "proj_2", "response", metadata={"a": "b"}) == 4
    assert await objects.set_metadata(database, "proj_2", "response", one.id, {"a": "stolen"}) is None
    assert not await objects.delete(database, "proj_2", "response", one.id)

    for number in range(3):
        assert await objects.delete(database, "proj_1", "response", both["proj_1"][number].id)
    await objects.set_metadata(database, "proj_1", "response", both["proj_1"][3].id, {"changed": "yes"})
    for filters in ({}, {"model": "m"}, {"metadata": {"a": "b"}}, {"model": "m", "metadata": {"a": "b"}}):
        walked = [stored async for stored in objects.walk(database, "proj_2", "response", **filters)]  # type: ignore[arg-type]
        assert [plain(stored) for stored in walked] == [plain(stored) for stored in both["proj_2"]]
        listed = await objects.listed(database, "proj_2", "response", **filters)  # type: ignore[arg-type]
        assert [stored.id for stored in listed] == [stored.id for stored in both["proj_2"]]
    assert await objects.count(database, "proj_1", "response") == 2
    chain = await objects.chain(database, "proj_2", both["proj_2"][3].id)
    assert [[bytes(item) for item in stored.input] for stored in chain] == [
        [bytes(message("proj_22", LONG))],
        [bytes(message("proj_23", LONG))],
    ]
    assert await blobs(database) == {("proj_1", 1): 1, ("proj_2", 4): 1}


async def test_what_is_past_its_time_is_not_found_before_it_is_deleted(database: Database) -> None:
    over = an_object(1, expires=_now() - 1, metadata={"a": "b"}, model="m", input=[message("i", LONG)])
    lasting = an_object(2, expires=_now() + 3_600_000_000, metadata={"a": "b"}, model="m")
    await objects.put(database, [over, lasting])
    assert await _get(database, over) is None
    assert await objects.chain(database, "proj_1", over.id) == []
    assert await objects.set_metadata(database, "proj_1", "response", over.id, {}) is None
    assert not await objects.delete(database, "proj_1", "response", over.id)
    with pytest.raises(UnknownCursor):
        await objects.listed(database, "proj_1", "response", after=over.id)
    for filters in ({}, {"model": "m"}, {"metadata": {"a": "b"}}):
        assert [it.id for it in await objects.listed(database, "proj_1", "response", **filters)] == [lasting.id]  # type: ignore[arg-type]
        assert [it.id async for it in objects.walk(database, "proj_1", "response", **filters)] == [lasting.id]  # type: ignore[arg-type]
        assert await objects.count(database, "proj_1", "response", **filters) == 1  # type: ignore[arg-type]
    assert (await rows(database))["stored"] == 2
    assert await objects.expire(database, _now()) == 1
    assert await rows(database) == {"stored": 1, "stored_labels": 2}
    assert await objects.expire(database, _now()) == 0


async def test_what_expires_goes_in_bounded_steps_the_oldest_first(database: Database) -> None:
    await objects.put(database, [an_object(n, expires=100 - n, input=[message("i", LONG)]) for n in range(25)])
    await objects.put(database, [an_object(99)])
    assert [await objects.expire(database, 99, limit=10), await objects.expire(database, 99, limit=10)] == [10, 10]
    left = await ask(database, "SELECT id FROM stored ORDER BY id")
    assert left == [("resp_00000000",), *((f"resp_{n:08d}",) for n in range(1, 5)), ("resp_00000099",)]
    assert await objects.expire(database, 99, limit=10) == 4  # the one that expires at 100 stays
    assert await blobs(database) == {("proj_1", 1): 1}
    assert await objects.expire(database, 100, limit=10) == 1
    assert await rows(database) == {"stored": 1}


async def test_an_expired_conversation_takes_its_items_along(database: Database) -> None:
    conversation = an_object(1, id="conv_1", kind="conversation", expires=_now() + 3_600_000_000)
    items = [NewItem("conv_1", "proj_1", message(f"msg_{n}", LONG)) for n in range(3)]
    await objects.put(database, [conversation], items)
    assert await blobs(database) == {("proj_1", 3): 1}
    assert await objects.expire(database, _now() + 7_200_000_000) == 1
    assert await rows(database) == {}


async def test_metadata_are_replaced_as_a_whole(database: Database) -> None:
    await objects.put(database, [WHOLE])
    changed = await objects.set_metadata(database, "proj_1", "response", WHOLE.id, {"topic": "geese", "new": "\0"})
    assert changed is not None
    expected = msgspec.structs.replace(WHOLE, metadata={"topic": "geese", "new": "\0"}, events=None)
    assert plain(changed) == plain(expected)
    for metadata, count in (
        ({"topic": "ducks 🦆"}, 0),
        ({"topic": "geese"}, 1),
        ({"new": "\0"}, 1),
        ({"empty": ""}, 0),
    ):
        assert await objects.count(database, "proj_1", "response", metadata=metadata) == count
    found = await _get(database, WHOLE, events=True)
    assert found is not None
    assert found.events == WHOLE.events


@pytest.mark.parametrize("bad", ["\0", "a\0b", "\ud800", "\0\udfff🦆"])
async def test_characters_that_no_database_holds_do_no_harm(database: Database, bad: str) -> None:
    item = msgspec.Raw(b'{"id":"msg_1","text":"\\u0000\\ud800"}')
    given = an_object(
        1,
        model=f"m{bad}",
        metadata={"k\0": "v\0"},
        previous=f"resp{bad}",
        conversation=bad,
        input=[item],
        body=b'{"text":"\\u0000"}',
    )
    await objects.put(database, [given])
    found = await _get(database, given)
    assert found is not None
    assert (bytes(found.input[0]), found.body, found.metadata) == (bytes(item), given.body, {"k\0": "v\0"})
    assert found.model is not None
    assert found.model[0] == "m"
    assert "\ufffd" in found.model
    filters = {"model": f"m{bad}", "metadata": {"k\0": "v\0"}}
    assert [it.id for it in await objects.listed(database, "proj_1", "response", **filters)] == [given.id]  # type: ignore[arg-type]
    assert await objects.chain(database, "proj_1", given.id) == []


async def test_all_goes_in_or_nothing(database: Database) -> None:
    with pytest.raises(RowRefused):
        await objects.put(database, [an_object(1, input=[message("i", LONG)]), an_object(2, created=2**63)])
    with pytest.raises(ValueError, match="id"):
        await objects.put(database, [an_object(1)], [NewItem("conv_1", "proj_1", raw({"type": "message"}))])
    assert await rows(database) == {}
    await objects.put(database, [])
    assert await rows(database) == {}


async def test_many_puts_at_once_count_every_reference(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def put(number: int) -> None:
        await objects.put(database, [an_object(number, input=[message(f"m{number}", LONG)])])

    async def replace_and_delete(number: int) -> None:
        await put(number)
        await objects.put(database, [an_object(number, output=[message(f"m{number}", LONG)])])
        assert await objects.delete(database, "proj_1", "response", an_object(number).id)

    monkeypatch.setattr(database, "write", _patient(database))
    await asyncio.gather(*map(put, range(12)), *map(replace_and_delete, range(100, 108)))
    assert await blobs(database) == {("proj_1", 12): 1}
    assert await objects.count(database, "proj_1", "response") == 12


def _patient(database: Database) -> Any:
    """`database.write`, one at a time: SQLite gives up on its lock after the tenth of a second of the fixture."""
    lock, write = asyncio.Lock(), database.write

    class Waiting:
        async def __aenter__(self) -> Any:
            await lock.acquire()
            self._inner = write()
            return await self._inner.__aenter__()

        async def __aexit__(self, *error: Any) -> Any:
            try:
                return await self._inner.__aexit__(*error)
            finally:
                lock.release()

    return Waiting


async def test_a_read_between_a_replace_and_the_next_is_whole(database: Database) -> None:
    """The row and its blobs are read one after the other; what is replaced in between is read again."""
    given = [an_object(1, input=[message("m", f"{LONG}{n}")]) for n in range(60)]
    await objects.put(database, given[:1])
    done = asyncio.Event()
    seen = set()

    async def look() -> None:
        while not done.is_set():
            found = await _get(database, given[0])
            assert found is not None
            (item,) = found.input
            seen.add(bytes(item))

    async def replace() -> None:
        for stored in given:
            await objects.put(database, [stored])
        done.set()

    await asyncio.gather(look(), look(), replace())
    assert seen <= {bytes(stored.input[0]) for stored in given}
    assert len(seen) > 1


async def test_content_that_is_lost_is_an_error_and_no_empty_object(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "TRIES", 2)
    await objects.put(database, [WHOLE])
    await change(database, "DELETE FROM blobs")
    with pytest.raises(DatabaseError, match="lacks content that its rows refer to"):
        await _get(database, WHOLE)


async def test_thousands_of_items_in_one_object(database: Database) -> None:
    """More hashes than one statement takes values."""
    given = an_object(1, input=[message(f"m{n}", f"{LONG}{n}") for n in range(1300)])
    await objects.put(database, [given])
    found = await _get(database, given)
    assert found is not None
    assert plain(found) == plain(given)
    assert await blobs(database) == {("proj_1", 1): 1300}
    await objects.put(database, [an_object(1, input=given.input[:1])])
    assert await blobs(database) == {("proj_1", 1): 1}


async def test_more_objects_than_one_statement_takes_values_are_replaced(database: Database) -> None:
    for status in ("in_progress", "completed"):
        await objects.put(database, [an_object(n, status=status, metadata={"n": str(n % 7)}) for n in range(1100)])
    assert await rows(database) == {"stored": 1100, "stored_labels": 1100}
    assert await ask(database, "SELECT DISTINCT status FROM stored") == [("completed",)]


async def test_a_conversation_is_deleted_with_its_items_and_no_other_is(database: Database) -> None:
    for project, id in (("proj_1", "conv_1"), ("proj_1", "conv_2"), ("proj_2", "conv_1")):
        new = [NewItem(id, project, message(f"msg_{n}", LONG)) for n in range(3)]
        await objects.put(database, [an_object(1, id=id, project_id=project, kind="conversation")], new)
    assert await objects.delete(database, "proj_1", "conversation", "conv_1")
    assert await rows(database) == {"stored": 2, "conversation_items": 6, "blobs": 2}
    assert await blobs(database) == {("proj_1", 3): 1, ("proj_2", 3): 1}
    assert await conversations.all_items(database, "proj_1", "conv_1") == []


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        (StoredSettings(), 30),
        (StoredSettings(days=0), None),
        (StoredSettings(days=0, projects={"team": 7}), 7),
        (StoredSettings(days=7, projects={"team": 0, "other": 1}), None),
    ],
)
def test_a_project_may_keep_its_objects_for_longer_or_shorter(settings: StoredSettings, days: int | None) -> None:
    expected = None if days is None else START + days * 24 * 3600 * 1_000_000
    assert objects.expiry(settings, "team", START) == expected
