from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from tests.store.backends import ask, change, plans
from tests.store.stored import an_object, blobs, message, raw, rows

from penstock.core.errors import InvalidRequest, NotFound
from penstock.store import conversations, objects
from penstock.store.conversations import NewItem
from penstock.store.database import Database
from penstock.store.errors import UnknownCursor

pytestmark = pytest.mark.anyio

LONG = "a long text " * 200


@pytest.fixture
async def conversation(database: Database) -> str:
    """An empty conversation of proj_1."""
    await objects.put(database, [an_object(1, id="conv_1", kind="conversation")])
    return "conv_1"


async def _add(database: Database, *ids: str, text: str = "hi") -> None:
    await conversations.add_items(database, "proj_1", "conv_1", [message(id, text) for id in ids])


async def _all(database: Database, project: str = "proj_1", id: str = "conv_1") -> list[str]:
    return _ids(await conversations.all_items(database, project, id))


def _ids(found: list[Any]) -> list[str]:
    return [msgspec.json.decode(item)["id"] for item in found]


@pytest.mark.usefixtures("conversation")
async def test_items_come_back_as_they_were_and_in_their_order(database: Database) -> None:
    given = [message("z"), message("a", LONG), raw({"type": "reasoning", "summary": [1.50, None], "id": "m"})]
    await conversations.add_items(database, "proj_1", "conv_1", given[:2])
    await conversations.add_items(database, "proj_1", "conv_1", given[2:])
    found = await conversations.all_items(database, "proj_1", "conv_1")
    assert [bytes(item) for item in found] == [bytes(item) for item in given]
    for item, id in zip(given, "zam", strict=True):
        one = await conversations.item(database, "proj_1", "conv_1", id)
        assert one is not None
        assert bytes(one) == bytes(item)


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 4, 100])
async def test_items_page_by_page(database: Database, limit: int, descending: bool) -> None:
    names = [f"msg_{(7 * n) % 11:02d}" for n in range(11)]  # ids in no order
    await _add(database, *names)
    found: list[str] = []
    after = None
    while page := await conversations.items(
        database, "proj_1", "conv_1", after=after, limit=limit, descending=descending
    ):
        assert len(page) <= limit
        found += _ids(page)
        after = found[-1]
    assert found == (names[::-1] if descending else names)


@pytest.mark.usefixtures("conversation")
async def test_newest_first_and_twenty_where_nothing_is_said(database: Database) -> None:
    await _add(database, *(f"msg_{n:02d}" for n in range(25)))
    assert _ids(await conversations.items(database, "proj_1", "conv_1")) == [f"msg_{n:02d}" for n in range(24, 4, -1)]


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize("after", ["msg_2", "", "\0", "\ud800", "' OR 1=1 --"])
async def test_a_cursor_that_is_no_item_of_the_conversation_is_refused(database: Database, after: str) -> None:
    await _add(database, "msg_1")
    await objects.put(
        database, [an_object(2, id="conv_2", kind="conversation")], [NewItem("conv_2", "proj_1", message("msg_2"))]
    )
    with pytest.raises(UnknownCursor):
        await conversations.items(database, "proj_1", "conv_1", after=after)
    assert await conversations.item(database, "proj_1", "conv_1", after) is None
    assert not await conversations.delete_item(database, "proj_1", "conv_1", after)
    assert await _all(database, id="conv_2") == ["msg_2"]


@pytest.mark.usefixtures("conversation")
async def test_an_item_that_comes_again_takes_its_own_place(database: Database) -> None:
    """As when what was kept for a database that was down goes in a second time."""
    await _add(database, "msg_1", "msg_2", "msg_3", text=LONG)
    await _add(database, "msg_2", text=LONG + "!")
    await _add(database, "msg_4", "msg_1", "msg_4", text="short")
    assert await _all(database) == ["msg_1", "msg_2", "msg_3", "msg_4"]
    assert await blobs(database) == {("proj_1", 1): 2}
    again = await conversations.item(database, "proj_1", "conv_1", "msg_2")
    assert again is not None
    assert bytes(again) == bytes(message("msg_2", LONG + "!"))


@pytest.mark.usefixtures("conversation")
async def test_a_deleted_item_leaves_nothing_and_its_place_is_not_taken(database: Database) -> None:
    await _add(database, "msg_1", "msg_2", "msg_3", text=LONG)
    assert await blobs(database) == {("proj_1", 3): 1}
    assert await conversations.delete_item(database, "proj_1", "conv_1", "msg_2")
    assert not await conversations.delete_item(database, "proj_1", "conv_1", "msg_2")
    assert await blobs(database) == {("proj_1", 2): 1}
    await _add(database, "msg_2")
    assert await _all(database) == ["msg_1", "msg_3", "msg_2"]
    for id in ("msg_1", "msg_2", "msg_3"):
        assert await conversations.delete_item(database, "proj_1", "conv_1", id)
    assert await rows(database) == {"stored": 1}


async def test_responses_and_items_share_what_they_say(database: Database, conversation: str) -> None:
    response = an_object(2, input=[message("msg_1", LONG)], conversation=conversation)
    await objects.put(database, [response], [NewItem(conversation, "proj_1", message("msg_1", LONG))])
    assert await blobs(database) == {("proj_1", 2): 1}
    assert await objects.delete(database, "proj_1", "response", response.id)
    assert await blobs(database) == {("proj_1", 1): 1}
    assert await _all(database) == ["msg_1"]


@pytest.mark.usefixtures("conversation")
async def test_projects_never_see_each_others_items(database: Database) -> None:
    await objects.put(database, [an_object(1, id="conv_1", kind="conversation", project_id="proj_2")])
    await _add(database, "msg_1", "msg_2", text=LONG)
    new = NewItem("conv_1", "proj_2", message("msg_1", LONG))
    await objects.put(database, [], [new])
    assert await _all(database) == ["msg_1", "msg_2"]
    assert await _all(database, "proj_2") == ["msg_1"]
    assert await conversations.item(database, "proj_2", "conv_1", "msg_2") is None
    with pytest.raises(UnknownCursor):
        await conversations.items(database, "proj_2", "conv_1", after="msg_2")
    assert not await conversations.delete_item(database, "proj_2", "conv_1", "msg_2")
    assert await conversations.delete_item(database, "proj_2", "conv_1", "msg_1")
    assert await _all(database) == ["msg_1", "msg_2"]
    assert await blobs(database) == {("proj_1", 2): 1}


@pytest.mark.parametrize("gone", ["never there", "deleted", "expired", "another project's", "no conversation"])
async def test_items_of_a_conversation_that_is_gone_are_found_nowhere(database: Database, gone: str) -> None:
    kind = "response" if gone == "no conversation" else "conversation"
    if gone != "never there":
        project = "proj_2" if gone == "another project's" else "proj_1"
        new = [NewItem("conv_1", project, message("msg_1", LONG))]
        await objects.put(database, [an_object(1, id="conv_1", kind=kind, project_id=project)], new)
    if gone == "deleted":
        await objects.delete(database, "proj_1", "conversation", "conv_1")
    elif gone == "expired":
        await change(database, "UPDATE stored SET expires = :now", now=time.time_ns() // 1000)
    before = await rows(database)
    assert await _all(database) == []
    assert await conversations.items(database, "proj_1", "conv_1") == []
    assert await conversations.item(database, "proj_1", "conv_1", "msg_1") is None
    assert not await conversations.delete_item(database, "proj_1", "conv_1", "msg_1")
    with pytest.raises(NotFound, match="conv_1"):
        await _add(database, "msg_2", text=LONG + "!")
    # A response that ends after its conversation was deleted is kept; its items go the way of the conversation.
    await objects.put(database, [an_object(5)], [NewItem("conv_1", "proj_1", message("msg_3", LONG + "!"))])
    assert await rows(database) == {**before, "stored": before.get("stored", 0) + 1}


@pytest.mark.usefixtures("conversation")
async def test_an_item_without_an_id_is_refused(database: Database) -> None:
    for item in (raw({"type": "message"}), raw({"id": 7}), raw("text"), raw([])):
        with pytest.raises(ValueError, match=r".+"):
            await conversations.add_items(database, "proj_1", "conv_1", [message("msg_1"), item])
    assert await _all(database) == []


@pytest.mark.usefixtures("conversation")
async def test_more_items_than_one_statement_takes_values(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"msg_{n}" for n in range(1200)]
    for _ in range(2):
        await _add(database, *names, text="hi")
    assert await _all(database) == names
    assert await ask(database, "SELECT max(position) FROM conversation_items") == [(1200,)]
    monkeypatch.setattr(conversations, "MOST_ITEMS", 1199)
    with pytest.raises(InvalidRequest, match="more than 1199 items") as refused:
        await _all(database)
    assert refused.value.param == "conversation"


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize("descending", [True, False])
async def test_a_page_of_items_costs_the_rows_of_the_page(database: Database, descending: bool) -> None:
    await _add(database, *(f"msg_{n:02d}" for n in range(50)))
    await change(database, "ANALYZE")
    with plans(database) as found:
        page = await conversations.items(database, "proj_1", "conv_1", after="msg_20", limit=2, descending=descending)
        made = await found()
    assert _ids(page) == (["msg_19", "msg_18"] if descending else ["msg_21", "msg_22"])
    (plan,) = [plan for statement, plan in made if "LIMIT" in statement]
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    sign = "<" if descending else ">"
    assert f"position{sign}?" in plan or f'"position" {sign} ' in plan, plan
