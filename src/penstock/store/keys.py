"""Projects and keys in the database. A key's own characters never get here: only its hash and its prefix do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock.store.database import Database
from penstock.store.schema import keys, projects


class StoredKey(msgspec.Struct, frozen=True):
    """A row of `keys` with its project's name. `created` is in Unix microseconds; `changed` counts changes of keys."""

    id: str
    name: str
    prefix: str
    hash: bytes
    project_id: str
    project: str
    disabled: bool
    deleted: bool
    created: int
    changed: int
    dialect: str | None = None
    default_max_tokens: int | None = None


_COLUMNS = [
    projects.c.name.label("project") if name == "project" else keys.c[name] for name in StoredKey.__struct_fields__
]


async def add(database: Database, key: StoredKey) -> StoredKey:
    """Puts in `key`, and its project where there is none of that name; returns what is stored.

    `project_id` counts only for a new project, `changed` not at all. Raises DatabaseError, RowRefused where the
    prefix is taken.
    """
    async with database.write() as connection:
        return await _add(connection, key)


async def add_first(database: Database, key: StoredKey) -> bool:
    """Puts in `key` as `add` does, but only where there is no key and never was one; whether it did."""
    async with database.write() as connection:
        if await _next_change(connection) > 1:
            return False
        await _add(connection, key)
        return True


async def change(
    database: Database,
    key_id: str,
    *,
    disabled: bool | UnsetType = UNSET,
    deleted: bool | UnsetType = UNSET,
    dialect: str | UnsetType | None = UNSET,
    default_max_tokens: int | UnsetType | None = UNSET,
) -> None:
    """Sets what is given, for good; every server hears of it. Raises DatabaseError."""
    given = {
        "disabled": disabled,
        "deleted": deleted,
        "dialect": dialect,
        "default_max_tokens": default_max_tokens,
    }
    values = {name: value for name, value in given.items() if value is not UNSET}
    async with database.write() as connection:
        changed = await _next_change(connection)
        await connection.execute(update(keys).where(keys.c.id == key_id).values(changed=changed, **values))


async def known_as(database: Database, reference: str, prefix: str) -> list[StoredKey]:
    """The keys with `reference` as their id or name, or with `prefix`; deleted ones not. Raises DatabaseError."""
    either = or_(keys.c.id == reference, keys.c.name == reference, keys.c.prefix == prefix)
    return await _read(database, _select().where(either, keys.c.deleted.is_(False)).order_by(keys.c.changed))


async def all_of(database: Database) -> list[StoredKey]:
    """Every key that is not deleted, oldest first. Raises DatabaseError."""
    return await _read(database, _select().where(keys.c.deleted.is_(False)).order_by(keys.c.created, keys.c.id))


async def newest(database: Database, limit: int) -> list[StoredKey]:
    """The `limit` newest keys that are not deleted. Raises DatabaseError."""
    query = _select().where(keys.c.deleted.is_(False)).order_by(keys.c.created.desc()).limit(limit)
    return await _read(database, query)


async def with_hashes(database: Database, hashes: Iterable[bytes]) -> list[StoredKey]:
    """The keys with one of these SHA-256 digests; deleted ones not. Raises DatabaseError."""
    return await _read(database, _select().where(keys.c.hash.in_(list(hashes)), keys.c.deleted.is_(False)))


async def project_id(database: Database, name: str) -> str | None:
    """The id of the project of that name. Raises DatabaseError."""
    async with database.read() as connection:
        found: str | None = await connection.scalar(select(projects.c.id).where(projects.c.name == name))
    return found


async def last_change(database: Database) -> int:
    """The number of the newest change of any key, 0 before the first. Raises DatabaseError."""
    async with database.read() as connection:
        return int(await connection.scalar(select(func.coalesce(func.max(keys.c.changed), 0))) or 0)


async def changed_since(database: Database, change: int, limit: int) -> list[StoredKey]:
    """Up to `limit` keys that changed after `change`, in that order, deleted ones too. Raises DatabaseError."""
    return await _read(database, _select().where(keys.c.changed > change).order_by(keys.c.changed).limit(limit))


async def _add(connection: AsyncConnection, key: StoredKey) -> StoredKey:
    project_id = await connection.scalar(select(projects.c.id).where(projects.c.name == key.project))
    if project_id is None:
        project_id = key.project_id
        await connection.execute(insert(projects).values(id=project_id, name=key.project, created=key.created))
    stored = msgspec.structs.replace(key, project_id=project_id, changed=await _next_change(connection))
    values = msgspec.structs.asdict(stored)
    del values["project"]
    await connection.execute(insert(keys).values(**values))
    return stored


def _select() -> Select[tuple[object, ...]]:
    return select(*_COLUMNS).join(projects, projects.c.id == keys.c.project_id)


async def _read(database: Database, query: Select[tuple[object, ...]]) -> list[StoredKey]:
    async with database.read() as connection:
        rows: Sequence[Sequence[object]] = (await connection.execute(query)).all()
    return [StoredKey(*row) for row in rows]  # type: ignore[arg-type]  # columns in the order of the fields


async def _next_change(connection: AsyncConnection) -> int:
    """Inside a write, which is alone, so that these numbers become visible in their order."""
    return int(await connection.scalar(select(func.coalesce(func.max(keys.c.changed), 0) + 1)) or 1)
