"""`penstock requests`."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import click
import msgspec

from penstock.cli.database import run
from penstock.cli.times import local_time, utc_time
from penstock.core.record import Record
from penstock.core.usage import Usage
from penstock.settings import Settings

if TYPE_CHECKING:
    from penstock.store.database import Database

_PART = 200  # records printed at a time


class Printer(Protocol):
    """Prints records, part by part."""

    def add(self, records: list[Record]) -> None:
        """Prints `records`, so that they are seen now. Raises OSError."""
        ...


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Oldest first, and go on with each new one, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line, with every field.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(min=0), metavar="N", help="The newest N; 0: all."
)
@click.option("--project", metavar="P", help="Only those of this project.")
@click.pass_obj
def command(settings: Settings, follow: bool, as_json: bool, limit: int, project: str | None) -> None:
    """Show the calls that were made, newest first."""
    printer: Printer = _Lines(sys.stdout.buffer) if as_json else _Table()
    spool = Path(settings.home) / "spool"
    if follow:
        try:
            run(settings, lambda database: _follow(database, spool, project, limit, printer))
        except KeyboardInterrupt:
            return  # before the first look, or for the second time
    elif not run(settings, lambda database: _show(database, spool, project, limit, printer)) and not as_json:
        click.echo("There are no requests yet.", err=True)


async def _show(database: Database, spool: Path, project: str | None, limit: int, printer: Printer) -> int:
    """Prints the newest `limit` records (0: all), newest first; returns how many there were."""
    from penstock.store.history import history
    from penstock.store.waiting import Waiting

    count = 0
    part: list[Record] = []
    with Waiting(spool) as waiting:
        async with aclosing(history(database, waiting, project, limit=limit)) as records:
            async for record in records:
                part.append(record)
                if len(part) == _PART:
                    printer.add(part)
                    count += len(part)
                    part = []
    if part:
        printer.add(part)
    return count + len(part)


async def _follow(database: Database, spool: Path, project: str | None, limit: int, printer: Printer) -> None:
    from penstock.store.history import follow
    from penstock.store.waiting import Waiting

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        # A look is ended between two queries: one that was cancelled within has been seen to go on for ever.
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, end)
    async with aclosing(follow(database, Waiting(spool), project, limit=limit)) as parts:
        async for records in parts:
            if records:
                printer.add(records)
            if stop.is_set():
                return


class _Lines:
    """One JSON object a line: the record's own fields, those of its usage among them."""

    def __init__(self, stdout: BinaryIO) -> None:
        self._stdout = stdout
        self._encode = msgspec.json.Encoder().encode_lines

    def add(self, records: list[Record]) -> None:
        self._stdout.write(self._encode([flat(record) for record in records]))
        self._stdout.flush()


class _Table:
    """One row a record, with what a glance needs."""

    def __init__(self) -> None:
        from penstock.cli.tables import PartedTable

        headers = ("time", "project", "key", "model", "provider", "status", "tokens", "cost", "latency", "first token")
        self._table = PartedTable(*headers, right=("tokens", "cost", "latency", "first token"))

    def add(self, records: list[Record]) -> None:
        self._table.add([_cells(record) for record in records])


def flat(record: Record) -> dict[str, object]:
    """The fields of `record` on one level, its usage's among them (null where nobody counted); `time` as ISO 8601."""
    counts = msgspec.structs.asdict(record.usage) if record.usage else dict.fromkeys(Usage.__struct_fields__)
    fields = msgspec.structs.asdict(record) | counts | {"time": utc_time(record.time)}
    del fields["usage"]
    return fields


def _cells(record: Record) -> list[str]:
    model = record.model_asked
    if record.model_served not in (None, model):
        model = f"{model} -> {record.model_served}"
    usage = record.usage
    return [
        local_time(record.time),
        record.project,
        record.key_name,
        model,
        record.provider or "-",
        f"{record.status} {record.error}" if record.error else str(record.status),
        f"{usage.prompt_tokens}/{usage.completion_tokens}" if usage else "-",
        "-" if record.cost_nano is None else _dollars(record.cost_nano),
        _duration(record.latency_us),
        "-" if record.first_token_us is None else _duration(record.first_token_us),
    ]


def _dollars(nano: int) -> str:
    """Six decimals; what is less than the last of them, and not nothing, is not shown as nothing."""
    return "< $0.000001" if 0 < nano < 1000 else f"${nano // 1_000_000_000}.{nano % 1_000_000_000 // 1000:06d}"


def _duration(us: int) -> str:
    if us >= 10_000_000:
        return f"{us / 1_000_000:.1f} s"
    return f"{us / 1000:.0f} ms" if us >= 10_000 else f"{us / 1000:.1f} ms"
