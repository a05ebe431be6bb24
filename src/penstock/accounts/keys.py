"""Keys: `sk-ps-` and 43 base62 characters (256 random bits), of which SHA-256 and the first 8 alone are kept."""

from __future__ import annotations

import hashlib
import time

import msgspec
from msgspec import UNSET, UnsetType

from penstock.core.errors import InvalidRequest, NotFound
from penstock.core.ids import base62, new_id
from penstock.dialects.profiles import PROFILES
from penstock.store import keys as store
from penstock.store.database import Database
from penstock.store.keys import StoredKey

START = "sk-ps-"
DEFAULT_PROJECT = "default"

_RANDOM = 43
_PREFIX = 8  # characters after START that are kept as they are, to tell keys apart
_LONGEST_NAME = 100
_MOST_TOKENS = 2**63 - 1


class Key(msgspec.Struct, frozen=True):
    """Who may call, and for which project; `created` is in Unix microseconds.

    `dialect` is what its calls are answered in, and `default_max_tokens` how many tokens an answer has at most, where
    a request does not say.
    """

    id: str
    name: str
    prefix: str
    project: str
    project_id: str
    disabled: bool
    created: int
    dialect: str | None = None
    default_max_tokens: int | None = None

    @classmethod
    def of(cls, stored: StoredKey) -> Key:
        """The key of a row."""
        return cls(
            id=stored.id,
            name=stored.name,
            prefix=stored.prefix,
            project=stored.project,
            project_id=stored.project_id,
            disabled=stored.disabled,
            created=stored.created,
            dialect=stored.dialect,
            default_max_tokens=stored.default_max_tokens,
        )


def digest(token: str) -> bytes | None:
    """SHA-256 of a well-formed key, 32 bytes; None for any other text."""
    if len(token) != len(START) + _RANDOM or not token.isascii():
        return None
    if not token.startswith(START) or not token[len(START) :].isalnum():
        return None
    return _sha256(token)


class KeySettings(msgspec.Struct, frozen=True):
    """What may be set for a key; None: as the server has it, UNSET: as it is."""

    dialect: str | UnsetType | None = UNSET
    default_max_tokens: int | UnsetType | None = UNSET


NO_SETTINGS = KeySettings()


def new(name: str, project: str, settings: KeySettings = NO_SETTINGS) -> tuple[StoredKey, str]:
    """A key that is not stored yet, and its text.

    Raises InvalidRequest for a name that is none, an unknown dialect, a maximum that is none.
    """
    _check_name(name, "name")
    _check_name(project, "project")
    _check_settings(settings)
    random = base62(_RANDOM)
    stored = StoredKey(
        id=new_id("key_"),
        name=name,
        prefix=random[:_PREFIX],
        hash=_sha256(START + random),
        project_id=new_id("proj_"),
        project=project,
        disabled=False,
        deleted=False,
        created=time.time_ns() // 1000,
        changed=0,
        dialect=settings.dialect or None,
        default_max_tokens=settings.default_max_tokens or None,
    )
    return stored, START + random


async def create(
    database: Database, name: str, project: str = DEFAULT_PROJECT, settings: KeySettings = NO_SETTINGS
) -> tuple[Key, str]:
    """A new key and its text, which is told here and never again. The project is made on first use.

    Raises InvalidRequest as `new` does, DatabaseError.
    """
    key, text = new(name, project, settings)
    return Key.of(await store.add(database, key)), text


async def list_keys(database: Database) -> list[Key]:
    """Every key, oldest first. Raises DatabaseError."""
    return [Key.of(stored) for stored in await store.all_of(database)]


async def find_one(database: Database, reference: str) -> Key:
    """The key that a person means by its id, its prefix (with or without `sk-ps-`) or its name.

    Raises NotFound, InvalidRequest where several are meant (it lists them), DatabaseError.
    """
    prefix = reference.removeprefix(START)[:_PREFIX] if reference.startswith(START) else reference
    found = await store.known_as(database, reference, prefix)
    if not found:
        raise NotFound(f"there is no key with the id, prefix or name '{reference}'; `penstock keys list` shows them")
    if len(found) > 1:
        each = ", ".join(f"{key.prefix} ('{key.name}' in project '{key.project}')" for key in found)
        raise InvalidRequest(f"'{reference}' may be any of {len(found)} keys; say which by its prefix: {each}")
    return Key.of(found[0])


async def set_disabled(database: Database, reference: str, disabled: bool) -> Key:
    """Disables or enables the key that `reference` means, as in `find_one`; every server acts on it within a second."""
    key = await find_one(database, reference)
    await store.change(database, key.id, disabled=disabled)
    return key


async def set_settings(database: Database, reference: str, settings: KeySettings) -> Key:
    """Sets what `settings` give for the key that `reference` means, as in `find_one`; every server acts on it within a
    second. Raises InvalidRequest as `new` does."""
    _check_settings(settings)
    key = await find_one(database, reference)
    await store.change(database, key.id, dialect=settings.dialect, default_max_tokens=settings.default_max_tokens)
    return await find_one(database, key.id)


async def delete(database: Database, reference: str) -> Key:
    """Deletes the key that `reference` means, as in `find_one`; every server acts on it within a second.

    The records of its calls stay.
    """
    key = await find_one(database, reference)
    await store.change(database, key.id, deleted=True)
    return key


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _check_name(name: str, what: str) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InvalidRequest(
            f"{what}: {name!r}: 1 to {_LONGEST_NAME} printable characters, without space at the ends", param=what
        )


def _check_settings(settings: KeySettings) -> None:
    dialect, most = settings.dialect, settings.default_max_tokens
    if isinstance(dialect, str) and dialect not in PROFILES:
        raise InvalidRequest(
            f"dialect: {dialect!r}: there is no such dialect; there are {', '.join(PROFILES)}", param="dialect"
        )
    if isinstance(most, int) and not 1 <= most <= _MOST_TOKENS:
        raise InvalidRequest(
            f"default_max_tokens: {most}: an integer from 1 to {_MOST_TOKENS}", param="default_max_tokens"
        )
