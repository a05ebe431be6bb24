"""Content as the database holds it: packed with zstd, items of a kilobyte and more kept once in a project.

Such an item is a row of `blobs`, found by the SHA-256 of its JSON without its id, since the same content comes back
under other ids. A row that needs blobs lists their hashes, in the order in which its packed content numbers them;
`refs` of a blob is the number of such rows, and at none it goes.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw
from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock.store.at_once import Statement
from penstock.store.database import Ask, Database, asking
from penstock.store.errors import DatabaseError
from penstock.store.rows_in import inserting
from penstock.store.schema import blobs

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdCompressor, decompress
else:
    from backports.zstd import ZstdCompressor, decompress

BLOB_BYTES = 1024
"""From this size on an item becomes a blob."""

TOGETHER = 500
"""Values in one IN: well under what a statement may hold, of SQLite and of PostgreSQL."""

Blobs = Mapping[bytes, bytes]
"""Blobs of one project by their hash, as `blobs` holds them: compressed."""

Changes = dict[tuple[str, bytes], int]
"""By project and hash, how many rows more (or fewer) need that blob."""

_SHORT = 1024  # bytes
_MAGIC = b"\x28\xb5\x2f\xfd"  # how every frame of zstd begins, and no JSON does

_T = TypeVar("_T")
_HASH = hashlib.sha256().digest_size
TRIES = 10  # of a read that another's delete comes in between


class _Reference(msgspec.Struct, array_like=True, frozen=True):
    """An item that is a blob: which of its row's, and its "id" with the place of that; -1 where it has none."""

    number: int
    id: bytes
    place: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[bytes | _Reference]).decode
_members = msgspec.json.Decoder(dict[str, Raw]).decode


class Packer:
    """Packs what goes into one transaction, and holds its blobs; not for several threads at once."""

    def __init__(self) -> None:
        self._compressor: ZstdCompressor | None = None  # one for all: to make one costs more than a small item
        self._blobs: dict[bytes, bytes] = {}

    def items(self, items: Sequence[Raw], hashes: dict[bytes, int]) -> bytes:
        """`items`, each one's JSON, packed; `hashes` is the row's, hash -> number, and grows by what they need."""
        if not items:
            return b""
        entries: list[bytes | _Reference] = []
        for item in map(bytes, items):
            if len(item) < BLOB_BYTES:
                entries.append(item)
                continue
            content, id, place = _without_id(item)
            digest = hashlib.sha256(content).digest()
            self._blobs[digest] = content
            entries.append(_Reference(hashes.setdefault(digest, len(hashes)), id, place))
        return self.whole(_encode(entries))

    def whole(self, data: bytes) -> bytes:
        """`data` packed; what is short stays as it is, since to make a decompressor costs more than to read it."""
        if len(data) < _SHORT and not data.startswith(_MAGIC):
            return data
        if self._compressor is None:
            self._compressor = ZstdCompressor()
        return self._compressor.compress(data, self._compressor.FLUSH_FRAME)

    @property
    def blob_bytes(self) -> int:
        """Bytes of the blobs, unpacked."""
        return sum(map(len, self._blobs.values()))

    def blob(self, digest: bytes) -> bytes:
        """The content of that hash, packed. It must be among what was given."""
        return self.whole(self._blobs[digest])


def unpack(packed: bytes) -> bytes:
    """What `Packer.whole` was given."""
    return decompress(packed) if packed.startswith(_MAGIC) else packed


def unpack_items(packed: bytes, hashes: bytes, contents: Blobs) -> list[Raw]:
    """What `Packer.items` was given, from the row's `hashes` and at least those blobs."""
    if not packed:
        return []
    items = []
    for entry in _decode(unpack(packed)):
        if isinstance(entry, _Reference):
            start = entry.number * _HASH
            items.append(Raw(_with_id(unpack(contents[hashes[start : start + _HASH]]), entry)))
        else:
            items.append(Raw(entry))
    return items


def split(hashes: bytes) -> list[bytes]:
    """The single hashes of a row."""
    return [hashes[start : start + _HASH] for start in range(0, len(hashes), _HASH)]


async def read(database: Database, project_id: str, query: Select[Any]) -> tuple[Sequence[Row[Any]], Blobs]:
    """The rows of `query`, which selects `hashes` too, and the blobs of `project_id` that they need.

    Raises DatabaseError.
    """
    for _ in range(TRIES):
        async with database.read() as connection:
            rows, found, whole = await connection.run_sync(_rows_and_blobs, project_id, query)
        if whole:
            return rows, found
    raise lacking(database)


def _rows_and_blobs(
    connection: Connection, project_id: str, query: Select[Any]
) -> tuple[Sequence[Row[Any]], Blobs, bool]:
    rows = connection.execute(query).all()
    found, whole = blobs_of(asking(connection), project_id, [row.hashes for row in rows])
    return rows, found, whole


def blobs_of(ask: Ask, project_id: str, hashes: Iterable[bytes]) -> tuple[Blobs, bool]:
    """The blobs that rows with those `hashes` need, and whether all are there: a row that was replaced or deleted since
    it was read took its blobs along, and what is there now is whole.
    """
    wanted = list({digest: None for some in hashes for digest in split(some)})
    found: dict[bytes, bytes] = {}
    for some in chunks(wanted):
        count = 1 << (len(some) - 1).bit_length()  # few different queries, the last of `some` again and again
        values = {f"hash_{n}": some[min(n, len(some) - 1)] for n in range(count)}
        found.update({bytes(digest): content for digest, content in ask(_by_hash(count), {"of": project_id, **values})})
    return found, len(found) == len(wanted)


@cache
def _by_hash(count: int) -> Select[Any]:
    of = (blobs.c.project_id == bindparam("of"), blobs.c.hash.in_([bindparam(f"hash_{n}") for n in range(count)]))
    return select(blobs.c.hash, blobs.c.content).where(*of)


def lacking(database: Database) -> DatabaseError:
    """The error for rows whose blobs are not there, however often they are read."""
    return DatabaseError(f"the database {database.name} lacks content that its rows refer to")


async def refer(connection: AsyncConnection, changes: Changes, packer: Packer) -> None:
    """Inside a write: counts `changes`, puts in blobs that are new, and takes away those that no row needs now."""
    more: dict[str, dict[bytes, int]] = defaultdict(dict)
    fewer: dict[str, dict[bytes, int]] = defaultdict(dict)
    for (project_id, digest), change in changes.items():
        if change:
            (more if change > 0 else fewer)[project_id][digest] = change
    for project_id, counts in more.items():
        there: set[bytes] = set()
        for some in chunks(list(counts)):
            query = select(blobs.c.hash).where(blobs.c.project_id == project_id, blobs.c.hash.in_(some))
            there.update(await connection.scalars(query))
        await _count(connection, project_id, {digest: counts[digest] for digest in there})
        new = [
            {"project_id": project_id, "hash": digest, "refs": count, "content": packer.blob(digest)}
            for digest, count in counts.items()
            if digest not in there
        ]
        if new:
            await connection.execute(insert(blobs), new)
    for project_id, counts in fewer.items():
        await _count(connection, project_id, counts)
        for some in chunks(list(counts)):
            unused = (blobs.c.project_id == project_id, blobs.c.hash.in_(some), blobs.c.refs <= 0)
            await connection.execute(delete(blobs).where(*unused))


def counting(changes: Changes, packer: Packer, numbered: bool) -> Statement:
    """Counts `changes`, none of them below 1, and puts in blobs that are new."""
    rows = [
        {"project_id": project_id, "hash": digest, "refs": count, "content": packer.blob(digest)}
        for (project_id, digest), count in changes.items()
    ]
    statement, values = inserting(blobs, rows, numbered)
    return f"{statement} ON CONFLICT (project_id, hash) DO UPDATE SET refs = blobs.refs + excluded.refs", values


_add = (
    update(blobs)
    .where(blobs.c.project_id == bindparam("of"), blobs.c.hash == bindparam("digest"))
    .values(refs=blobs.c.refs + bindparam("change"))
)


async def _count(connection: AsyncConnection, project_id: str, counts: dict[bytes, int]) -> None:
    if counts:
        values = [{"of": project_id, "digest": digest, "change": change} for digest, change in counts.items()]
        await connection.execute(_add, values)


def chunks(values: Sequence[_T], size: int = TOGETHER) -> Iterator[Sequence[_T]]:
    """`values`, no more than `size` at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def _without_id(item: bytes) -> tuple[bytes, bytes, int]:
    """The JSON of `item` without its member "id", the JSON of that, and its place among the members."""
    try:
        members = _members(item)
    except msgspec.DecodeError:  # no object: kept as it is
        return item, b"", -1
    place = list(members).index("id") if "id" in members else -1
    id = members.pop("id", Raw(b""))
    return msgspec.json.encode(members), bytes(id), place


def _with_id(content: bytes, reference: _Reference) -> bytes:
    if reference.place < 0:
        return content
    members = list(_members(content).items())
    members.insert(reference.place, ("id", Raw(reference.id)))
    return msgspec.json.encode(dict(members))
