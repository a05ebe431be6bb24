from __future__ import annotations

import hashlib

import msgspec
import pytest
from tests.store.backends import ask

from penstock.store import keys
from penstock.store.database import Database
from penstock.store.errors import RowRefused
from penstock.store.keys import StoredKey

pytestmark = pytest.mark.anyio


def a_key(number: int, **fields: object) -> StoredKey:
    key = StoredKey(
        id=f"key_{number}",
        name=f"name {number}",
        prefix=f"prefix{number}",
        hash=hashlib.sha256(b"%d" % number).digest(),
        project_id=f"proj_{number}",
        project="default",
        disabled=False,
        deleted=False,
        created=1000 + number,
        changed=0,
    )
    return msgspec.structs.replace(key, **fields)


async def test_a_key_is_found_as_it_was_put_in(database: Database) -> None:
    stored = await keys.add(database, a_key(1))
    assert stored == a_key(1, changed=1)
    assert await keys.with_hashes(database, [a_key(1).hash, b"other"]) == [stored]
    assert await keys.with_hashes(database, [b"other"]) == []
    assert await keys.with_hashes(database, []) == []


async def test_a_project_is_made_once(database: Database) -> None:
    first = await keys.add(database, a_key(1))
    second = await keys.add(database, a_key(2))
    other = await keys.add(database, a_key(3, project="other"))
    assert (first.project_id, second.project_id, other.project_id) == ("proj_1", "proj_1", "proj_3")
    assert [key.project for key in await keys.all_of(database)] == ["default", "default", "other"]


@pytest.mark.parametrize("same", ["id", "prefix", "hash"])
async def test_no_two_keys_share_what_tells_them_apart(database: Database, same: str) -> None:
    await keys.add(database, a_key(1))
    with pytest.raises(RowRefused):
        await keys.add(database, a_key(2, project="new", **{same: getattr(a_key(1), same)}))
    async with database.read() as connection:
        projects = (await connection.exec_driver_sql("SELECT name FROM projects")).scalars().all()
    assert projects == ["default"]  # nor is anything left of the try


async def test_every_change_has_a_number_of_its_own_in_order(database: Database) -> None:
    assert await keys.last_change(database) == 0
    for number in (1, 2, 3):
        await keys.add(database, a_key(number))
    await keys.change(database, "key_1", disabled=True)
    await keys.change(database, "key_2", deleted=True)
    assert await keys.last_change(database) == 5
    changes = await keys.changed_since(database, 2, 10)
    assert [(key.id, key.changed, key.disabled, key.deleted) for key in changes] == [
        ("key_3", 3, False, False),
        ("key_1", 4, True, False),
        ("key_2", 5, False, True),
    ]
    assert await keys.changed_since(database, 2, 1) == changes[:1]
    assert await keys.changed_since(database, 5, 10) == []
    await keys.change(database, "key_1", disabled=False)
    assert [key.disabled for key in await keys.changed_since(database, 5, 10)] == [False]


async def test_a_deleted_key_is_no_longer_found(database: Database) -> None:
    await keys.add(database, a_key(1))
    await keys.change(database, "key_1", deleted=True)
    assert await keys.all_of(database) == []
    assert await keys.newest(database, 10) == []
    assert await keys.with_hashes(database, [a_key(1).hash]) == []
    assert await keys.known_as(database, "key_1", "prefix1") == []


async def test_the_newest_are_taken_first(database: Database) -> None:
    for number in (2, 3, 1):
        await keys.add(database, a_key(number))
    assert [key.id for key in await keys.newest(database, 2)] == ["key_3", "key_2"]
    assert [key.id for key in await keys.all_of(database)] == ["key_1", "key_2", "key_3"]


async def test_a_first_key_only_where_there_never_was_one(database: Database) -> None:
    assert await keys.add_first(database, a_key(1))
    assert not await keys.add_first(database, a_key(2))
    await keys.change(database, "key_1", deleted=True)
    assert not await keys.add_first(database, a_key(3))
    assert await keys.all_of(database) == []


@pytest.mark.parametrize(
    "reference", ["' OR 1=1 --", "name 1'; DROP TABLE keys; --", "%", "_", '"', "\0", "\ud800", "NAME 1"]
)
async def test_a_reference_is_a_value_and_no_sql(database: Database, reference: str) -> None:
    await keys.add(database, a_key(1))
    assert await keys.known_as(database, reference, reference) == []
    assert await ask(database, "SELECT count(*) FROM keys") == [(1,)]
