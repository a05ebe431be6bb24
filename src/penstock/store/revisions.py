"""Makes the tables of a fresh database, brings those of an older Penstock up to date, refuses any other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, insert, inspect, select

from penstock.store.errors import DatabaseError
from penstock.store.schema import HEAD, metadata, stamp, stamp_metadata

if TYPE_CHECKING:
    from penstock.store.database import Database

log = structlog.get_logger(__name__)


async def prepare(database: Database) -> None:
    """Leaves `database` at HEAD. Safe where several processes do it at once.

    Raises DatabaseError where its tables are not Penstock's or are newer than this code, before anything is changed.
    """
    async with database.read() as connection:
        found = await connection.run_sync(_revision, database.name)
    if found == HEAD:
        return
    async with database.write() as connection:
        found = await connection.run_sync(_revision, database.name)  # another process may have been faster
        if found == HEAD:
            return
        if found is None:
            await connection.run_sync(_create)
        else:
            await connection.run_sync(_upgrade, found, database.name)
            log.info("the database was brought up to date", was=found or "empty", now=HEAD)


def _revision(connection: Connection, name: str) -> str | None:
    """The revision of the tables that are there: "" where it was stamped with none, None where there are no tables."""
    tables = set(inspect(connection).get_table_names())
    if stamp.name in tables:
        revisions = connection.scalars(select(stamp.c.version_num)).all()
        return revisions[0] if revisions else ""
    # A PostgreSQL database may well hold somebody else's tables beside ours; an SQLite file holds ours alone.
    ours = tables & set(metadata.tables) if connection.dialect.name != "sqlite" else tables
    if ours:
        raise DatabaseError(f"the database {name} holds tables that are not Penstock's: {', '.join(sorted(ours)[:5])}")
    return None


def _create(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    stamp_metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(stamp).values(version_num=HEAD))


def _upgrade(connection: Connection, found: str, name: str) -> None:
    from alembic import command  # late: a third of a second that a usual start does not need
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found and found not in known:
        raise DatabaseError(
            f"the database {name} is at revision '{found}', which this Penstock does not know: "
            f"it was made by a newer one, or is not Penstock's"
        )
    command.upgrade(config, HEAD)
