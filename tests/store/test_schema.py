"""The tables of a fresh database and those that the migrations make are the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import penstock.store
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
