from __future__ import annotations

import random
import tracemalloc
from contextlib import aclosing
from itertools import product
from typing import Any

import pytest
from tests.store.backends import change, plans
from tests.store.stored import an_object, message, plain

from penstock.core.errors import InvalidRequest
from penstock.store import objects
from penstock.store.database import Database
from penstock.store.errors import UnknownCursor
from penstock.store.objects import StoredObject

pytestmark = pytest.mark.anyio

LONG = "a long text " * 200


def _ids(found: list[StoredObject]) -> list[str]:
    return [stored.id for stored in found]


async def _chain_of(database: Database, length: int, **fields: Any) -> list[StoredObject]:
    given = [
        an_object(n, previous=an_object(n - 1).id if n else None, output=[message(f"msg_{n}", f"answer {n}")], **fields)
        for n in range(length)
    ]
    for start in range(0, length, 1000):
        await objects.put(database, given[start : start + 1000])
    return given


async def test_a_chain_is_all_before_a_response_oldest_first(database: Database) -> None:
    given = await _chain_of(database, 6, input=[message("i", LONG)], body=b'{"a":1}', events=b"[]")
    branch = an_object(50, previous=given[2].id, output=[message("b")])
    await objects.put(database, [branch])
    found = await objects.chain(database, "proj_1", given[5].id)
    assert _ids(found) == _ids(given)
    assert [[bytes(item) for item in stored.output] for stored in found] == [
        [bytes(item) for item in stored.output] for stored in given
    ]
    assert {bytes(item) for stored in found for item in stored.input} == {bytes(message("i", LONG))}
    assert {(stored.body, stored.events) for stored in found} == {(b"{}", None)}  # not read, since not needed
    assert _ids(await objects.chain(database, "proj_1", branch.id)) == _ids([*given[:3], branch])
    assert _ids(await objects.chain(database, "proj_1", given[0].id)) == [given[0].id]


@pytest.mark.parametrize("broken", ["unknown", "deleted", "expired", "foreign", "completion"])
async def test_a_chain_that_lacks_a_link_is_none(database: Database, broken: str) -> None:
    """Not the rest of it: an answer to half of a conversation would look like one to all of it."""
    given = await _chain_of(database, 5)
    link = given[2].id
    if broken == "deleted":
        await objects.delete(database, "proj_1", "response", link)
    elif broken == "unknown":
        await change(database, "UPDATE stored SET previous = 'resp_elsewhere' WHERE id = :id", id=link)
    elif broken == "expired":
        await change(database, "UPDATE stored SET expires = 1 WHERE id = :id", id=link)
    elif broken == "foreign":
        await change(database, "UPDATE stored SET project_id = 'proj_2' WHERE id = :id", id=link)
    else:
        await change(database, "UPDATE stored SET kind = 'completion' WHERE id = :id", id=link)
    assert await objects.chain(database, "proj_1", given[4].id) == []
    assert len(await objects.chain(database, "proj_1", given[1].id)) == 2


@pytest.mark.parametrize("id", ["resp_x", "", "\0", "' OR 1=1 --", "\ud800"])
async def test_a_chain_of_what_is_not_there_is_empty(database: Database, id: str) -> None:
    await _chain_of(database, 2)
    assert await objects.chain(database, "proj_1", id) == []


async def test_a_chain_of_ten_thousand_responses(database: Database) -> None:
    given = await _chain_of(database, 10_001)
    found = await objects.chain(database, "proj_1", given[9_999].id)
    assert _ids(found) == _ids(given[:10_000])
    assert bytes(found[-1].output[0]) == bytes(message("msg_9999", "answer 9999"))
    with pytest.raises(InvalidRequest, match="more than 10000 responses") as refused:
        await objects.chain(database, "proj_1", given[10_000].id)
    assert refused.value.param == "previous_response_id"


async def test_a_chain_that_bites_its_tail_ends(database: Database) -> None:
    given = await _chain_of(database, 3)
    await change(database, "UPDATE stored SET previous = :last WHERE id = :id", last=given[2].id, id=given[0].id)
    with pytest.raises(InvalidRequest, match="more than 20 responses"):
        await objects.chain(database, "proj_1", given[2].id, most=20)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"model": "m1"},
        {"metadata": {"color": "red"}},
        {"metadata": {"color": "red", "size": "2"}},
        {"metadata": {"color": "red", "size": "2", "all": "x" * 512}},
        {"model": "m1", "metadata": {"size": "2"}},
        {"model": "m1", "metadata": {"size": "2", "color": "blue"}},
        {"model": "none"},
        {"metadata": {"color": "2"}},
        {"metadata": {"model": "m1"}},
        {"metadata": {"color": ""}},
    ],
    ids=str,
)
async def test_a_list_page_by_page(database: Database, filters: dict[str, Any]) -> None:
    chance = random.Random(3)
    given = []
    for number in range(40):
        metadata = {"color": chance.choice(["red", "blue"]), "size": chance.choice("123"), "all": "x" * 512}
        kind = chance.choice(["completion", "completion", "response"])
        given.append(an_object(number, kind=kind, model=chance.choice(["m1", "m2", None]), metadata=metadata))
    chance.shuffle(given)
    for start in range(0, 40, 9):
        await objects.put(database, given[start : start + 9])
    expected = [
        stored
        for stored in sorted(given, key=lambda stored: stored.id)
        if stored.kind == "completion"
        and filters.get("model") in (None, stored.model)
        and filters.get("metadata", {}).items() <= stored.metadata.items()
    ]
    for limit, descending in product((1, 7, 100), (False, True)):
        found: list[StoredObject] = []
        after = None
        while page := await objects.listed(
            database, "proj_1", "completion", **filters, after=after, limit=limit, descending=descending
        ):
            assert len(page) <= limit
            found += page
            after = page[-1].id
        assert [plain(stored) for stored in found] == [plain(stored) for stored in expected[:: -1 if descending else 1]]
    assert await objects.count(database, "proj_1", "completion", **filters) == len(expected)
    walked = [stored.id async for stored in objects.walk(database, "proj_1", "completion", **filters)]
    assert walked == _ids(expected)


@pytest.mark.parametrize("after", ["resp_00000004", "chatcmpl_x", "", "\0", "\ud800", "' OR 1=1 --"])
async def test_a_cursor_that_names_nothing_here_is_refused(database: Database, after: str) -> None:
    await objects.put(database, [an_object(n, kind="completion") for n in range(4)])
    await objects.put(database, [an_object(4), an_object(4, kind="completion", project_id="proj_2")])
    with pytest.raises(UnknownCursor) as refused:
        await objects.listed(database, "proj_1", "completion", after=after)
    assert (refused.value.status, refused.value.param) == (400, "after")


async def test_a_cursor_need_not_be_among_what_is_listed(database: Database) -> None:
    await objects.put(database, [an_object(n, model=f"m{n % 2}") for n in range(6)])
    found = await objects.listed(database, "proj_1", "response", model="m0", after=an_object(3).id)
    assert _ids(found) == [an_object(4).id]


async def test_a_list_reads_no_content_but_bodies(database: Database) -> None:
    await objects.put(database, [an_object(1, input=[message("i", LONG)], body=b'{"a":1}', events=b"[]")])
    (found,) = await objects.listed(database, "proj_1", "response")
    assert (found.input, found.output, found.body, found.events) == ([], [], b'{"a":1}', None)
    (walked,) = [stored async for stored in objects.walk(database, "proj_1", "response")]
    assert ([bytes(item) for item in walked.input], walked.events) == ([bytes(message("i", LONG))], None)


async def test_a_walk_holds_a_few_objects_and_may_end_early(database: Database) -> None:
    text = random.Random(1).randbytes(50_000).hex()
    for number in range(60):
        await objects.put(database, [an_object(number, input=[message("i", f"{number} {text}")])])
    async with aclosing(objects.walk(database, "proj_1", "response")) as walk:
        seen = 0
        tracemalloc.start()
        try:
            async for stored in walk:
                assert len(bytes(stored.input[0])) > 100_000
                seen += 1
                if seen == 50:
                    break
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert seen == 50
    assert most < 4_000_000  # of 6 million bytes
    await objects.put(database, [an_object(99)])  # nothing is locked


@pytest.mark.parametrize("counted", [False, True], ids=["fresh tables", "statistics"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("filters", "index"),
    [({}, "stored"), ({"model": "m"}, "labels"), ({"model": "m", "metadata": {"a": "b", "c": "d"}}, "labels")],
    ids=["all", "model", "model and metadata"],
)
async def test_a_page_of_a_list_costs_the_rows_of_the_page(
    database: Database, filters: dict[str, Any], index: str, descending: bool, counted: bool
) -> None:
    """However many rows there are: it begins at the cursor and is in the order of the index."""
    await objects.put(database, [an_object(n, model="m", metadata={"a": "b", "c": "d"}) for n in range(50)])
    if counted:
        await change(database, "ANALYZE")
    with plans(database) as found:
        page = await objects.listed(
            database, "proj_1", "response", **filters, after=an_object(20).id, limit=5, descending=descending
        )
        made = await found()
    numbers = range(19, 14, -1) if descending else range(21, 26)
    assert _ids(page) == [an_object(n).id for n in numbers]
    (plan,) = [plan for statement, plan in made if "LIMIT" in statement and "ORDER BY" in statement]
    sign = "<" if descending else ">"
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    first, *rest = plan.splitlines()
    if first.startswith("Limit"):
        assert any("Index Cond" in line and f"id {sign} " in line for line in rest), plan
    else:
        assert first.startswith("SEARCH stored" if index == "stored" else "SEARCH first USING PRIMARY KEY"), plan
        assert f"id{sign}?" in first, plan


@pytest.mark.parametrize("counted", [False, True], ids=["fresh tables", "statistics"])
async def test_a_chain_costs_its_links(database: Database, counted: bool) -> None:
    given = await _chain_of(database, 50)
    await objects.put(database, [an_object(1000 + n) for n in range(1000)])
    if counted:
        await change(database, "ANALYZE")
    with plans(database) as found:
        await objects.chain(database, "proj_1", given[49].id)
        made = await found()
    (plan,) = [plan for statement, plan in made if "RECURSIVE" in statement]
    searches = [line for line in plan.splitlines() if "SEARCH stored" in line or "Index Cond" in line]
    assert len(searches) == 2, plan  # the first, and each next one
    assert all(line.count("project_id") == line.count("kind") == 1 and "id" in line for line in searches), plan
    assert all("id=?" in line.split("kind")[1] or "(id = " in line for line in searches), plan
    assert "SCAN stored" not in plan
    assert len(made) == 1


async def test_expiry_looks_at_what_is_over(database: Database) -> None:
    await objects.put(database, [an_object(n, expires=n + 1) for n in range(50)])
    await change(database, "ANALYZE")
    with plans(database) as found:
        assert await objects.expire(database, 3, limit=2) == 2
        made = await found()
    looks = [plan for statement, plan in made if "expires <=" in statement]
    assert len(looks) == 2
    for plan in looks:
        assert "ix_stored_expires" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


async def test_the_lost_are_found_by_their_index(database: Database) -> None:
    await objects.put(database, [an_object(n) for n in range(500)])
    await objects.put(database, [an_object(n, status="in_progress", created=n) for n in range(500, 520)])
    await change(database, "ANALYZE")
    with plans(database) as found:
        assert [id for _, _, id in await objects.lost(database, 505)] == [an_object(n).id for n in range(500, 505)]
        ((_, plan),) = await found()
    assert "ix_stored_under_way" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
