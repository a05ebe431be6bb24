"""Calls that carry an Idempotency-Key: who has one in hand, and the answer, for those who ask again.

A row belongs to an API key. Its `runner` is whoever has the call in hand; only that one may write the answer to it,
so that one who was taken for dead does not touch what another began since.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, insert, select, tuple_, update

from penstock.store.content import Packer, unpack
from penstock.store.database import Database
from penstock.store.schema import idempotency

RUNNING, DONE, TOO_LARGE = "running", "done", "too_large"

_AWAITED = 1  # the status of a running row that somebody waits for in another process; else it has none yet

_TOGETHER = 16 * 1024 * 1024  # bytes of answers that are deleted in one transaction, or else a single one


class Held(msgspec.Struct, frozen=True):
    """A row without its answer. `created` and `expires` are in Unix microseconds."""

    body_hash: bytes
    created: int
    expires: int
    state: str
    runner: str
    status: int | None
    headers: str | None


class Claim(msgspec.Struct, frozen=True):
    """A call with an Idempotency-Key: digests are SHA-256, times in Unix microseconds."""

    key_id: str
    name_hash: bytes
    body_hash: bytes
    runner: str
    created: int
    expires: int


_columns = [idempotency.c[name] for name in Held.__struct_fields__]


async def claim(database: Database, asked: Claim, dead: Callable[[Held], bool]) -> Held | None:
    """Takes the call in hand: None where it is ours now, else what is held.

    A row past its time, or running with a runner that `dead` says is dead, is taken over. Raises DatabaseError.
    """
    values: dict[str, object] = {"state": RUNNING, "status": None, "headers": None, "answer": None}
    values |= {name: getattr(asked, name) for name in ("body_hash", "runner", "created", "expires")}
    where = _row(asked.key_id, asked.name_hash)
    async with database.write() as connection:
        row = (await connection.execute(select(*_columns).where(where))).one_or_none()
        if row is None:
            values |= {"key_id": asked.key_id, "name_hash": asked.name_hash}
            await connection.execute(insert(idempotency).values(**values))
            return None
        held = Held(*row)
        if held.expires > asked.created and not (held.state == RUNNING and dead(held)):
            return held
        await connection.execute(update(idempotency).where(where).values(**values))
    return None


async def find(database: Database, key_id: str, name_hash: bytes) -> Held | None:
    """What is held, past its time or not. Raises DatabaseError."""
    async with database.read() as connection:
        row = (await connection.execute(select(*_columns).where(_row(key_id, name_hash)))).one_or_none()
    return None if row is None else Held(*row)


async def ask_to_stay(database: Database, key_id: str, name_hash: bytes) -> None:
    """Tells whoever has the call in hand that somebody waits for it in another process. Raises DatabaseError."""
    running = (idempotency.c.state == RUNNING, idempotency.c.status.is_(None))
    async with database.write() as connection:
        await connection.execute(update(idempotency).where(_row(key_id, name_hash), *running).values(status=_AWAITED))


async def awaited(database: Database, asked: Claim) -> bool:
    """Whether somebody has done so since this was last asked of the call, which is ours. Raises DatabaseError."""
    ours = (idempotency.c.runner == asked.runner, idempotency.c.state == RUNNING, idempotency.c.status == _AWAITED)
    async with database.write() as connection:
        marked = update(idempotency).where(_row(asked.key_id, asked.name_hash), *ours)
        return (await connection.execute(marked.values(status=None))).rowcount == 1


async def answer(database: Database, key_id: str, name_hash: bytes, body_hash: bytes) -> bytes | None:
    """The answer that is kept of a call; None where there is none (any more). Raises DatabaseError."""
    kept = (idempotency.c.body_hash == body_hash, idempotency.c.state == DONE)
    query = select(idempotency.c.answer).where(_row(key_id, name_hash), *kept)
    async with database.read() as connection:
        packed = await connection.scalar(query)
    return None if packed is None else unpack(packed)


async def finish(
    database: Database, asked: Claim, *, state: str, status: int, headers: str, packed: bytes | None
) -> bool:
    """Writes how the call ended, DONE with its packed answer or TOO_LARGE without; False where it is ours no more.

    Raises DatabaseError.
    """
    where = and_(_row(asked.key_id, asked.name_hash), idempotency.c.runner == asked.runner)
    values = {"state": state, "status": status, "headers": headers, "answer": packed}
    async with database.write() as connection:
        return (await connection.execute(update(idempotency).where(where).values(**values))).rowcount == 1


async def free(database: Database, asked: Claim) -> None:
    """Lets go of a call that failed: the next one with its key begins anew. Raises DatabaseError."""
    ours = (idempotency.c.runner == asked.runner, idempotency.c.state == RUNNING)
    async with database.write() as connection:
        await connection.execute(delete(idempotency).where(_row(asked.key_id, asked.name_hash), *ours))


async def expire(database: Database, now: int, limit: int = 500) -> int:
    """Deletes up to `limit` rows that are past their time, fewer where their answers are large; returns how many.

    Raises DatabaseError.
    """
    key = (idempotency.c.key_id, idempotency.c.name_hash)
    past = idempotency.c.expires <= now
    length = func.coalesce(func.length(idempotency.c.answer), 0)  # known without reading the answer
    query = select(*key, length).where(past).order_by(idempotency.c.expires).limit(limit)
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    chosen: list[tuple[str, bytes]] = []
    size = 0
    for key_id, name_hash, answer_bytes in rows:
        size += answer_bytes
        if chosen and size > _TOGETHER:
            break
        chosen.append((key_id, name_hash))
    if not chosen:
        return 0
    async with database.write() as connection:
        # `past` again: one of them may have been taken over since the look.
        await connection.execute(delete(idempotency).where(tuple_(*key).in_(chosen), past))
    return len(chosen)


def pack(answer: bytes) -> bytes:
    """An answer as `finish` takes it. Any thread may call this."""
    return Packer().whole(answer)


def _row(key_id: str, name_hash: bytes) -> ColumnElement[bool]:
    return and_(idempotency.c.key_id == key_id, idempotency.c.name_hash == name_hash)
