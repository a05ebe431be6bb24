"""The tables of a fresh database and those that the migrations make are the same."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from msgspec import Raw
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests.postgres import PostgresServer
from tests.store.backends import ask

import penstock.store
from penstock.settings import Settings
from penstock.store import objects, requests
from penstock.store.database import Database, _place
from penstock.store.errors import DatabaseError
from penstock.store.files import make_file, make_folder
from penstock.store.keys import all_of, change
from penstock.store.objects import StoredObject
from penstock.store.schema import HEAD, metadata, stamp_metadata

pytestmark = pytest.mark.anyio

MIGRATIONS = Path(penstock.store.__file__).parent / "migrations"


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@pytest.fixture
async def empty(on_settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database of `on_settings`, without a table."""
    url, file = _place(on_settings)
    if file is not None:
        make_folder(file.parent)
        make_file(file)
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def on_fresh_and_migrated(postgres: PostgresServer) -> AsyncIterator[list[AsyncEngine]]:
    """Two empty PostgreSQL databases."""
    urls = [postgres.database(), postgres.database()]
    engines = [create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:")) for url in urls]
    yield engines
    for engine, url in zip(engines, urls, strict=True):
        await engine.dispose()
        postgres.drop(url)


def _upgrade(connection: Connection, revision: str) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _downgrade(connection: Connection, revision: str) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def _tables(file: Path) -> dict[str, object]:
    """Every table of the file: its columns in order, with type, null and key; and every index with its columns."""
    with closing(sqlite3.connect(file)) as connection:

        def ask(query: str, name: str) -> list[tuple[object, ...]]:
            return connection.execute(query, (name,)).fetchall()

        found: dict[str, object] = {}
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = ask("SELECT name, type, [notnull], pk FROM pragma_table_info(?)", name)
            foreign = ask("SELECT [table], [from], [to] FROM pragma_foreign_key_list(?)", name)
            indexes = []
            for index, unique, origin in ask("SELECT name, [unique], origin FROM pragma_index_list(?)", name):
                indexed = ask("SELECT name FROM pragma_index_info(?)", str(index))
                indexes.append((unique, origin, index if origin == "c" else "", tuple(indexed)))
            kind = ask("SELECT type, wr, strict FROM pragma_table_list(?)", name)
            found[name] = (columns, foreign, sorted(indexes), kind)
    return found


def test_fresh_tables_are_those_of_the_migrations(tmp_path: Path) -> None:
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(fresh)
    stamp_metadata.create_all(fresh)
    fresh.dispose()
    migrated = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with migrated.begin() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrated.dispose()
    made = _tables(tmp_path / "fresh.db")
    assert set(made) == {*metadata.tables, "alembic_version"}
    assert made == _tables(tmp_path / "migrated.db")


async def test_fresh_tables_of_postgresql_are_those_of_the_migrations(on_fresh_and_migrated: list[AsyncEngine]) -> None:
    def look(connection: Connection) -> dict[str, object]:
        seen = inspect(connection)
        tables: dict[str, object] = {}
        for name in seen.get_table_names():
            # In any order: PostgreSQL adds a column at the end only, and reads them by name.
            columns = {(it["name"], str(it["type"]), it["nullable"], it["default"]) for it in seen.get_columns(name)}
            keys = [seen.get_pk_constraint(name), seen.get_foreign_keys(name), seen.get_unique_constraints(name)]
            indexes = {(it["name"], tuple(it["column_names"]), it["unique"]) for it in seen.get_indexes(name)}
            tables[name] = (columns, keys, indexes)
        return tables

    fresh, migrated = on_fresh_and_migrated
    async with fresh.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.run_sync(stamp_metadata.create_all)
        made = await connection.run_sync(look)
    async with migrated.begin() as connection:
        await connection.run_sync(_upgrade, "head")
        assert made == await connection.run_sync(look)
        differences = await connection.run_sync(
            lambda synchronous: compare_metadata(MigrationContext.configure(synchronous), metadata)
        )
    assert differences == []
    assert set(made) == {*metadata.tables, "alembic_version"}


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(_alembic()).get_heads() == [HEAD]


async def test_costs_come_to_a_database_that_has_records(empty: AsyncEngine) -> None:
    """0003 makes the table anew on SQLite: what is in it stays, in its order and with its indexes."""
    async with empty.begin() as connection:
        await connection.run_sync(_upgrade, "0002")
        columns = (
            "request_id, time, project, key_id, key_name, endpoint, dialect, model_asked, status, stream, latency_us"
        )
        counted = ", attempts, finish_reasons, params, prompt_tokens, rejected_prediction_tokens, prompt"
        values = "'req_{0}', {0}, 'p', 'k', 'n', 'e', 'd', 'm', 200, true, 5, '[]', '[]', '{{}}', {1}, {1}, 'hi'"
        for number, tokens in ((1, "8"), (2, "NULL")):
            statement = f"INSERT INTO requests ({columns}{counted}) VALUES ({values.format(number, tokens)})"  # noqa: S608
            await connection.exec_driver_sql(statement)
        await connection.run_sync(_upgrade, "0003")
        query = (
            "SELECT seq, request_id, prompt, prompt_tokens, image_prompt_tokens, cost_nano, price_version "
            "FROM requests ORDER BY seq"
        )
        assert (await connection.exec_driver_sql(query)).all() == [
            (1, "req_1", "hi", 8, 0, None, None),
            (2, "req_2", "hi", None, None, None, None),
        ]
        await connection.run_sync(_downgrade, "0002")
        assert (await connection.exec_driver_sql("SELECT count(*) FROM requests")).scalar() == 2


def test_costs_come_to_postgresql_without_making_the_table_anew() -> None:
    written = StringIO()
    config = _alembic()
    config.output_buffer = written
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written})
    revision = ScriptDirectory.from_config(config).get_revision("0003")
    assert revision is not None
    with Operations.context(context):
        revision.module.upgrade()
    statements = [line for line in written.getvalue().splitlines() if line.strip()]
    assert len(statements) == 5
    assert all(line.startswith("ALTER TABLE requests ADD COLUMN ") for line in statements[:4])


async def test_keys_of_the_first_revision_outlive_the_upgrade_without_settings(
    empty: AsyncEngine, on_settings: Settings
) -> None:
    async with empty.begin() as connection:
        await connection.run_sync(_upgrade, "0001")
        await connection.exec_driver_sql("INSERT INTO projects VALUES ('proj_1', 'default', 1)")
        digest = "X'01ff'" if empty.dialect.name == "sqlite" else "'\\x01ff'"
        values = f"'key_1', 'proj_1', 'laptop', 'abcdefgh', {digest}, false, false, 7, 3"
        await connection.exec_driver_sql(f"INSERT INTO keys VALUES ({values})")  # noqa: S608
    async with await Database.open(on_settings) as database:
        (before,) = await all_of(database)
        await change(database, "key_1", dialect="sgp", default_max_tokens=2**63 - 1)
        await change(database, "key_1", disabled=True)
        (after,) = await all_of(database)
    assert (before.name, before.hash, before.changed) == ("laptop", b"\x01\xff", 3)
    assert (before.dialect, before.default_max_tokens) == (None, None)
    assert (after.dialect, after.default_max_tokens, after.disabled) == ("sgp", 2**63 - 1, True)


async def test_the_settings_of_keys_go_and_come_with_their_revision(empty: AsyncEngine) -> None:
    def columns(connection: Connection) -> set[str]:
        return {column["name"] for column in inspect(connection).get_columns("keys")}

    async with empty.begin() as connection:
        await connection.run_sync(_upgrade, "0002")
        there = await connection.run_sync(columns)
        await connection.run_sync(_downgrade, "0001")
        left = await connection.run_sync(columns)
    assert there - left == {"dialect", "default_max_tokens"}
    assert left < there


async def test_stored_objects_come_to_a_database_that_has_keys_and_records(
    empty: AsyncEngine, on_settings: Settings
) -> None:
    async with empty.begin() as connection:
        await connection.run_sync(_upgrade, "0003")
        await connection.exec_driver_sql("INSERT INTO projects VALUES ('proj_1', 'default', 1)")
        columns = "id, project_id, name, prefix, hash, disabled, deleted, created, changed"
        digest = "X'01'" if empty.dialect.name == "sqlite" else "'\\x01'"
        values = f"'key_1', 'proj_1', 'laptop', 'abcdefgh', {digest}, false, false, 7, 3"
        await connection.exec_driver_sql(f"INSERT INTO keys ({columns}) VALUES ({values})")  # noqa: S608
        columns = "request_id, time, project, key_id, key_name, endpoint, dialect, model_asked, status, stream"
        rest = "latency_us, attempts, finish_reasons, params"
        values = "'req_1', 1, 'default', 'key_1', 'laptop', 'e', 'openai', 'm', 200, false, 5, '[]', '[]', '{}'"
        await connection.exec_driver_sql(f"INSERT INTO requests ({columns}, {rest}) VALUES ({values})")  # noqa: S608
    given = StoredObject(id="resp_1", project_id="proj_1", kind="response", created=1, output=[Raw(b'{"id":"msg_1"}')])
    async with await Database.open(on_settings) as database:
        assert [key.name for key in await all_of(database)] == ["laptop"]
        assert [record.request_id async for record in requests.listing(database, "default")] == ["req_1"]
        await objects.put(database, [given])
        found = await objects.get(database, "proj_1", "response", "resp_1")
        assert await ask(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert found is not None
    assert [bytes(item) for item in found.output] == [b'{"id":"msg_1"}']


async def test_a_way_back_that_would_lose_what_is_stored_is_refused(empty: AsyncEngine, on_settings: Settings) -> None:
    async with await Database.open(on_settings) as database:
        await objects.put(database, [StoredObject(id="resp_1", project_id="p", kind="response", created=1)])
    with pytest.raises(DatabaseError, match=r"not taken back to revision 0003.*: restore the copy"):
        async with empty.begin() as connection:
            await connection.run_sync(_downgrade, "0003")
    async with await Database.open(on_settings) as database:
        assert await objects.get(database, "p", "response", "resp_1") is not None
        assert await ask(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]
