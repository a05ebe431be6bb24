from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from penstock.accounts import keys
from penstock.core.errors import InvalidRequest, NotFound
from penstock.settings import Settings
from penstock.store.database import Database

pytestmark = pytest.mark.anyio


async def test_a_key_has_its_form_and_is_known_by_its_prefix(database: Database) -> None:
    key, text = await keys.create(database, "laptop", "team")
    assert re.fullmatch(r"sk-ps-[0-9A-Za-z]{43}", text)
    assert key.prefix == text[6:14]
    assert (key.name, key.project, key.disabled) == ("laptop", "team", False)
    assert await keys.list_keys(database) == [key]


async def test_no_two_keys_are_alike(database: Database) -> None:
    made = [await keys.create(database, "laptop") for _ in range(20)]
    assert len({text for _, text in made}) == len({key.id for key, _ in made}) == 20
    assert {key.project_id for key, _ in made} == {made[0][0].project_id}


async def test_the_key_itself_is_nowhere_in_the_data_folder(settings: Settings) -> None:
    async with await Database.open(settings) as database:
        key, text = await keys.create(database, "laptop")
        in_use = _content(settings.home)
    for content in (in_use, _content(settings.home)):  # the write-ahead log is gone now
        assert hashlib.sha256(text.encode()).digest() in content
        assert key.prefix.encode() in content
        assert text[14:].encode() not in content


def _content(folder: str) -> bytes:
    return b"".join(file.read_bytes() for file in Path(folder).rglob("*"))


@pytest.mark.parametrize("name", ["", " ", "a ", "\tb", "a\nb", "\x1b[2J", "x" * 101, "\udc80", "\0"])
async def test_a_name_that_is_none_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^name: .*printable") as refused:
        await keys.create(database, name)
    assert refused.value.param == "name"
    with pytest.raises(InvalidRequest, match=r"^project: .*printable"):
        await keys.create(database, "laptop", name)
    assert await keys.list_keys(database) == []


@pytest.mark.parametrize("name", ["x" * 100, "Zoë's laptop 🦆", "'; DROP TABLE keys; --", "sk-ps-"])
async def test_any_other_name_is_kept_as_it_is(database: Database, name: str) -> None:
    key, _ = await keys.create(database, name, name)
    assert (await keys.find_one(database, name)) == key
    assert (key.name, key.project) == (name, name)


async def test_a_person_means_a_key_by_id_prefix_name_or_the_key_itself(database: Database) -> None:
    key, text = await keys.create(database, "laptop")
    await keys.create(database, "other")
    for reference in (key.id, key.prefix, f"sk-ps-{key.prefix}", "laptop", text):
        assert await keys.find_one(database, reference) == key


async def test_a_name_of_several_keys_is_not_guessed(database: Database) -> None:
    first, _ = await keys.create(database, "laptop", "a")
    second, _ = await keys.create(database, "laptop", "b")
    with pytest.raises(InvalidRequest) as refused:
        await keys.delete(database, "laptop")
    for key in (first, second):
        assert f"{key.prefix} ('laptop' in project '{key.project}')" in refused.value.message
    assert await keys.list_keys(database) == [first, second]
    # A key called like another one's prefix does not take its place either.
    await keys.create(database, first.prefix)
    with pytest.raises(InvalidRequest, match="any of 2 keys"):
        await keys.set_disabled(database, first.prefix, True)


@pytest.mark.parametrize("reference", ["nobody", "", "sk-ps-", "sk-ps-12345678", "' OR 1=1 --", "%"])
async def test_an_unknown_key_is_an_error_with_its_name(database: Database, reference: str) -> None:
    await keys.create(database, "laptop")
    with pytest.raises(NotFound) as refused:
        await keys.delete(database, reference)
    assert f"'{reference}'" in refused.value.message


async def test_disabled_enabled_deleted(database: Database) -> None:
    key, _ = await keys.create(database, "laptop")
    for disabled in (True, True, False, False):
        assert (await keys.set_disabled(database, "laptop", disabled)).id == key.id
        assert [k.disabled for k in await keys.list_keys(database)] == [disabled]
    assert await keys.delete(database, key.prefix) == key
    assert await keys.list_keys(database) == []
    again, _ = await keys.create(database, "laptop")  # the name is free again
    assert (await keys.find_one(database, "laptop")).id == again.id != key.id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk-ps-",
        "sk-ps-" + "a" * 42,
        "sk-ps-" + "a" * 44,
        "sk-ps-" + "a" * 42 + "-",
        "sk-ps-" + "a" * 42 + "é",
        "sk-ps-" + "a" * 42 + "\udc80",
        "sk-ps-" + "a" * 42 + "\0",
        "sk-ps-" + "a" * 42 + "٣",
        "sk-ps " + "a" * 43,
        "SK-PS-" + "a" * 43,
        "' OR 1=1 --",
        "sk-ps-' OR '1'='1' UNION SELECT hash FROM keys--",
        "a" * 1_000_000,
    ],
)
async def test_text_that_is_no_key_has_no_digest(text: str) -> None:
    assert keys.digest(text) is None


async def test_the_digest_is_sha256_of_the_whole_key() -> None:
    text = "sk-ps-" + "a1B" * 14 + "z"
    assert keys.digest(text) == hashlib.sha256(text.encode()).digest()


async def test_settings_of_a_key(database: Database) -> None:
    plain, _ = await keys.create(database, "plain")
    assert (plain.dialect, plain.default_max_tokens) == (None, None)
    key, _ = await keys.create(database, "laptop", settings=keys.KeySettings("sgp", 512))
    assert (key.dialect, key.default_max_tokens) == ("sgp", 512)
    changed = await keys.set_settings(database, "laptop", keys.KeySettings(default_max_tokens=7))
    assert (changed.dialect, changed.default_max_tokens) == ("sgp", 7)
    changed = await keys.set_settings(database, key.prefix, keys.KeySettings(dialect=None))
    assert (changed.dialect, changed.default_max_tokens) == (None, 7)
    assert [k for k in await keys.list_keys(database) if k.name == "laptop"] == [changed]
    assert [k for k in await keys.list_keys(database) if k.name == "plain"] == [plain]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (keys.KeySettings("french"), "dialect: 'french': there is no such dialect; there are openai, aimlapi"),
        (keys.KeySettings(""), "dialect: '': there is no such dialect"),
        (keys.KeySettings(default_max_tokens=0), "default_max_tokens: 0: an integer from 1 to 9223372036854775807"),
        (keys.KeySettings(default_max_tokens=2**63), "an integer from 1 to 9223372036854775807"),
    ],
)
async def test_settings_that_are_none(database: Database, given: keys.KeySettings, said: str) -> None:
    key, _ = await keys.create(database, "laptop")
    for attempt in (keys.create(database, "x", settings=given), keys.set_settings(database, "laptop", given)):
        with pytest.raises(InvalidRequest) as refused:
            await attempt
        assert said in refused.value.message
    assert await keys.list_keys(database) == [key]
