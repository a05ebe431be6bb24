"""The tables of a fresh database and those that the migrations make are the same."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

import penstock.store
from penstock.settings import Settings
from penstock.store.database import Database
from penstock.store.keys import StoredKey, all_of, change
from penstock.store.schema import HEAD, metadata, stamp_metadata

MIGRATIONS = Path(penstock.store.__file__).parent / "migrations"


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


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
            found[name] = (columns, foreign, sorted(indexes))
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
    assert set(made) == {"projects", "keys", "requests", "alembic_version"}
    assert made == _tables(tmp_path / "migrated.db")


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(_alembic()).get_heads() == [HEAD]


def test_costs_come_to_a_database_that_has_records(tmp_path: Path) -> None:
    """0003 makes the table anew on SQLite: what is in it stays, in its order and with its indexes."""
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    config = _alembic()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        columns = (
            "request_id, time, project, key_id, key_name, endpoint, dialect, model_asked, status, stream, latency_us"
        )
        counted = ", attempts, finish_reasons, params, prompt_tokens, rejected_prediction_tokens, prompt"
        values = "'req_{0}', {0}, 'p', 'k', 'n', 'e', 'd', 'm', 200, 1, 5, '[]', '[]', '{{}}', {1}, {1}, 'hi'"
        for number, tokens in ((1, "8"), (2, "NULL")):
            statement = f"INSERT INTO requests ({columns}{counted}) VALUES ({values.format(number, tokens)})"  # noqa: S608
            connection.exec_driver_sql(statement)
        command.upgrade(config, "0003")
        query = (
            "SELECT seq, request_id, prompt, prompt_tokens, image_prompt_tokens, cost_nano, price_version FROM requests"
        )
        assert connection.exec_driver_sql(query).all() == [
            (1, "req_1", "hi", 8, 0, None, None),
            (2, "req_2", "hi", None, None, None, None),
        ]
        command.downgrade(config, "0002")
        assert connection.exec_driver_sql("SELECT count(*) FROM requests").scalar() == 2
    engine.dispose()


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


def test_keys_of_the_first_revision_outlive_the_upgrade_without_settings(tmp_path: Path) -> None:
    file = tmp_path / "penstock.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO projects VALUES ('proj_1', 'default', 1)")
        key = ("key_1", "proj_1", "laptop", "abcdefgh", b"\x01" * 32, False, False, 7, 3)
        connection.exec_driver_sql("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", key)
    engine.dispose()

    async def opened() -> list[StoredKey]:
        async with await Database.open(Settings(home=str(tmp_path))) as database:
            before = await all_of(database)
            await change(database, "key_1", dialect="sgp", default_max_tokens=2**63 - 1)
            await change(database, "key_1", disabled=True)
            return before + await all_of(database)

    before, after = asyncio.run(opened())
    assert (before.name, before.hash, before.changed) == ("laptop", b"\x01" * 32, 3)
    assert (before.dialect, before.default_max_tokens) == (None, None)
    assert (after.dialect, after.default_max_tokens, after.disabled) == ("sgp", 2**63 - 1, True)


def test_the_settings_of_keys_go_and_come_with_their_revision(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'penstock.db'}")
    with engine.begin() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        there = {column["name"] for column in inspect(connection).get_columns("keys")}
        command.downgrade(config, "0001")
        left = {column["name"] for column in inspect(connection).get_columns("keys")}
    engine.dispose()
    assert there - left == {"dialect", "default_max_tokens"}
    assert left < there
