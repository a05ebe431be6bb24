from __future__ import annotations

import asyncio
import importlib.util
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.postgres import PostgresServer
from tests.store.backends import ask, change, sqlite_only

from penstock.settings import Database as DatabaseSettings
from penstock.settings import Settings
from penstock.store.database import Database
from penstock.store.errors import DatabaseError, RowRefused
from penstock.store.schema import HEAD, projects

pytestmark = pytest.mark.anyio


@pytest.fixture
def open_umask() -> Iterator[None]:
    old = os.umask(0)
    yield
    os.umask(old)


def _settings(home: Path, url: str | None = None) -> Settings:
    return Settings(home=str(home), database=DatabaseSettings(url=url))


def _rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.usefixtures("open_umask")
async def test_folder_and_database_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "one" / "two"
    async with await Database.open(_settings(home)) as database:
        async with database.write() as connection:
            await connection.exec_driver_sql("INSERT INTO projects VALUES ('a', 'b', 1)")
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()}
        assert modes == {"penstock.db": 0o600, "penstock.db-wal": 0o600, "penstock.db-shm": 0o600}
    assert home.stat().st_mode & 0o777 == home.parent.stat().st_mode & 0o777 == 0o700


async def test_it_is_opened_again_as_it_was(tmp_path: Path) -> None:
    for _ in range(2):
        async with await Database.open(_settings(tmp_path)) as database, database.write() as connection:
            await connection.exec_driver_sql("INSERT INTO projects VALUES (hex(randomblob(8)), hex(randomblob(8)), 1)")
    file = tmp_path / "penstock.db"
    assert _rows(file, "SELECT count(*) FROM projects") == [(2,)]
    assert _rows(file, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert _rows(file, "PRAGMA journal_mode") == [("wal",)]


async def test_many_first_opens_at_once_make_one_database(tmp_path: Path) -> None:
    opened = await asyncio.gather(*(Database.open(_settings(tmp_path), lock_wait_s=10) for _ in range(8)))
    for database in opened:
        await database.close()
    assert _rows(tmp_path / "penstock.db", "SELECT version_num FROM alembic_version") == [(HEAD,)]


async def test_a_database_of_another_place(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere' / 'my.db'}"
    async with await Database.open(_settings(tmp_path / "home", url)):
        assert (tmp_path / "elsewhere" / "my.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("version", ["9999", "0000", "x"])
async def test_a_newer_or_unknown_database_is_refused_and_untouched(tmp_path: Path, version: str) -> None:
    file = tmp_path / "penstock.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        connection.execute("CREATE TABLE requests (something TEXT)")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(DatabaseError, match=rf"penstock.db' is at revision '{version}', which this Penstock does not"):
        await Database.open(_settings(tmp_path))
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["penstock.db"]


async def test_a_database_of_another_program_is_refused_and_untouched(tmp_path: Path) -> None:
    file = tmp_path / "penstock.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE cookies (name TEXT)")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(DatabaseError, match="holds tables that are not Penstock's: cookies"):
        await Database.open(_settings(tmp_path))
    assert file.read_bytes() == before


async def test_what_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "penstock.db").write_bytes(b"a letter to my aunt\n" * 100)
    with pytest.raises(DatabaseError, match="file is not a database"):
        await Database.open(_settings(tmp_path))
    assert (tmp_path / "penstock.db").read_bytes() == b"a letter to my aunt\n" * 100


async def test_an_older_database_is_brought_up_to_date(tmp_path: Path) -> None:
    """The only older one there can be yet: stamped, and with no revision applied."""
    file = tmp_path / "penstock.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        connection.commit()
    async with await Database.open(_settings(tmp_path)) as database, database.write() as connection:
        await connection.exec_driver_sql("INSERT INTO projects VALUES ('a', 'b', 1)")
    assert _rows(file, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert _rows(file, "SELECT name FROM projects") == [("b",)]


async def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match=r"the data folder cannot be made: .*'.*/file"):
        await Database.open(_settings(tmp_path / "file" / "home"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://user:secret@host/name", "'mysql': sqlite:////path/file.db and postgresql://... are known"),
        ("sqlite://", "'sqlite': sqlite:////path/file.db"),
        ("sqlite:///:memory:", "'sqlite': sqlite:////path/file.db"),
        ("what is this", "database.url is no address"),
    ],
)
async def test_an_address_that_cannot_be_used_says_which_can(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(DatabaseError) as refused:
        await Database.open(_settings(tmp_path, url))
    assert message in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
async def test_postgresql_without_its_driver_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "asyncpg" else find_spec(name))
    with pytest.raises(DatabaseError, match=r"pip install 'penstock\[postgresql\]'"):
        await Database.open(_settings(tmp_path, f"{scheme}://user:secret@host/name"))


async def test_a_write_is_whole_or_not_at_all(database: Database) -> None:
    async def fail_in_the_middle() -> None:
        async with database.write() as connection:
            await connection.exec_driver_sql("INSERT INTO projects VALUES ('a', 'b', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_in_the_middle()
    assert await ask(database, "SELECT count(*) FROM projects") == [(0,)]


async def test_writes_are_one_at_a_time_so_that_numbers_become_visible_in_order(database: Database) -> None:
    async def next_number() -> None:
        async with database.write() as connection:
            number = (await connection.exec_driver_sql("SELECT coalesce(max(created), 0) FROM projects")).scalar()
            await asyncio.sleep(0.005)
            await connection.exec_driver_sql(
                f"INSERT INTO projects VALUES ('{number}', '{number}', {number + 1})"  # noqa: S608
            )

    await asyncio.gather(*(next_number() for _ in range(4)))
    numbers = await ask(database, "SELECT id, created FROM projects ORDER BY created")
    assert numbers == [("0", 1), ("1", 2), ("2", 3), ("3", 4)]


async def test_what_a_column_refuses_is_told_apart(database: Database) -> None:
    async def insert(*rows: tuple[object, ...]) -> None:
        async with database.write() as connection:
            for row in rows:
                await connection.execute(projects.insert().values(row))

    for row in (("a", "c", 1), ("b", "b", 1), ("b", "c", 2**63), ("b", "c", None)):
        with pytest.raises(RowRefused):
            await insert(("a", "b", 1), row)
    assert await ask(database, "SELECT count(*) FROM projects") == [(0,)]


@sqlite_only
async def test_a_locked_file_is_a_database_that_is_down(database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "home" / "penstock.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="database is locked") as refused:
            async with database.write():
                pass
        assert not isinstance(refused.value, RowRefused)
        assert await ask(database, "SELECT count(*) FROM projects") == [(0,)]  # to read it need not wait


async def test_a_cancelled_write_leaves_nothing_locked(database: Database) -> None:
    begun = asyncio.Event()

    async def write_for_long() -> None:
        async with database.write() as connection:
            await connection.exec_driver_sql("INSERT INTO projects VALUES ('a', 'b', 1)")
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write_for_long())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as connection:
        await connection.exec_driver_sql("INSERT INTO projects VALUES ('a', 'b', 1)")


@pytest.mark.parametrize("name", ["a b", "a?b#c%20&mode=memory", "ü", "'\\"])
async def test_any_folder_will_do(tmp_path: Path, name: str) -> None:
    async with await Database.open(_settings(tmp_path / name)):
        assert os.listdir(tmp_path) == [name]
    assert _rows(tmp_path / name / "penstock.db", "SELECT version_num FROM alembic_version") == [(HEAD,)]


@sqlite_only
async def test_a_file_that_is_gone_is_not_made_anew(database: Database, tmp_path: Path) -> None:
    await database.close()  # so that the next query opens the file
    os.rename(tmp_path / "home" / "penstock.db", tmp_path / "away.db")
    with pytest.raises(DatabaseError, match="unable to open database file"):
        async with database.read():
            pass
    assert "penstock.db" not in os.listdir(tmp_path / "home")


@sqlite_only
async def test_a_file_that_was_replaced_is_not_written_to(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "home" / "penstock.db"
    file.rename(tmp_path / "away.db")
    file.write_bytes(b"")
    with pytest.raises(DatabaseError, match="moved or replaced"):
        async with database.write():
            pass
    assert file.read_bytes() == b""


def _on(url: str, tmp_path: Path) -> Settings:
    return _settings(tmp_path / "home", url)


async def test_postgresql_is_opened_again_as_it_was(tmp_path: Path, postgres_url: str) -> None:
    for number in range(2):
        async with await Database.open(_on(postgres_url, tmp_path)) as database:
            await change(database, "INSERT INTO projects VALUES (:id, :id, 1)", id=str(number))
            rows = await ask(database, "SELECT id FROM projects ORDER BY id")
    assert rows == [("0",), ("1",)]
    assert os.listdir(tmp_path / "home") == []


async def test_many_first_opens_at_once_make_one_postgresql_database(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    opened = await asyncio.gather(*(Database.open(_on(postgres_url, tmp_path)) for _ in range(8)))
    for database in opened:
        await database.close()
    assert postgres.ask("SELECT version_num FROM alembic_version", postgres_url) == [[HEAD]]


async def test_tables_of_others_in_a_postgresql_database_do_no_harm(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    postgres.ask("CREATE TABLE cookies (name text)", postgres_url)
    async with await Database.open(_on(postgres_url, tmp_path)) as database:
        assert await ask(database, "SELECT count(*) FROM cookies, requests") == [(0,)]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("CREATE TABLE keys (name text)", "holds tables that are not Penstock's: keys"),
        ("CREATE TABLE alembic_version AS SELECT '9999' AS version_num", "is at revision '9999', which this Penstock"),
    ],
    ids=["another program's", "a newer one"],
)
async def test_a_postgresql_database_that_is_not_ours_is_refused_and_untouched(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str, made: str, message: str
) -> None:
    postgres.ask(made, postgres_url)
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    with pytest.raises(DatabaseError, match=message) as refused:
        await Database.open(_on(postgres_url, tmp_path))
    assert "***" in str(refused.value)  # where the password was
    assert postgres.ask(tables, postgres_url) == [["1"]]


async def test_a_connection_that_the_server_ended_is_made_again(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with await Database.open(_on(postgres_url, tmp_path)) as database:
        for _ in range(2):
            assert await ask(database, "SELECT count(*) FROM projects") == [(0,)]
            name = postgres_url.rpartition("/")[2]
            postgres.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608


async def test_a_server_that_is_not_there_is_one_clear_error(tmp_path: Path, free_port: int) -> None:
    with pytest.raises(DatabaseError, match=r"postgresql://me:\*\*\*@127.0.0.1:\d+/x cannot be used: .+") as down:
        await Database.open(_on(f"postgresql://me:secret@127.0.0.1:{free_port}/x", tmp_path))
    assert not isinstance(down.value, RowRefused)
    assert "secret" not in str(down.value)
