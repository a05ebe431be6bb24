"""`penstock completions`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec

from penstock.cli.database import run
from penstock.core.errors import NotFound
from penstock.settings import Settings

if TYPE_CHECKING:
    from penstock.store.database import Database
    from penstock.store.objects import StoredObject

_PART = 64 * 1024  # bytes that are written at once, but for a longer line
_INTERRUPTED = 130


class _Chosen(msgspec.Struct):
    """Which completions."""

    project: str
    model: str | None
    metadata: dict[str, str]


class _Done(msgspec.Struct):
    """How far an export came."""

    total: int = 0
    completions: int = 0
    lines: int = 0
    stopped: bool = False


@click.group()
def command() -> None:
    """Export stored chat completions.

    They are those that were asked for with `store: true`.
    """


def _pairs(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"'{text}' is not of the form K=V")
        if key in pairs:
            raise click.BadParameter(f"'{key}' is there twice")
        pairs[key] = value
    return pairs


@command.command()
@click.option("--project", default="default", show_default=True, metavar="P", help="Whose completions.")
@click.option("--model", metavar="M", help="Only answers of this model.")
@click.option(
    "--metadata",
    multiple=True,
    callback=_pairs,
    metavar="K=V",
    help="Only those with this pair; where it is given more than once, with all of them.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE, in place of what it holds.  [default: stdout]",
)
@click.pass_obj
def export(settings: Settings, project: str, model: str | None, metadata: dict[str, str], output: Path | None) -> None:
    """Write stored chat completions as JSON lines for fine-tuning.

    In the format that chat models are fine-tuned with: one line for each choice of an answer, oldest first.
    Ctrl-C ends it after a whole line, with exit status 130.
    """
    chosen = _Chosen(project, model, metadata)
    # In a terminal the lines themselves would run through the bar.
    with _bar() if output is not None or not sys.stdout.isatty() else nullcontext(_no_bar) as moved:
        done = run(settings, lambda database: _export(database, chosen, output, moved))
    how_many = f"{done.completions} of {done.total}" if done.stopped else str(done.completions)
    click.echo(f"{'stopped' if done.stopped else 'exported'}: {how_many} completions, {done.lines} lines", err=True)
    if done.stopped:
        raise SystemExit(_INTERRUPTED)


async def _export(database: Database, chosen: _Chosen, output: Path | None, moved: Callable[[int, int], None]) -> _Done:
    from penstock.store import keys, objects

    project_id = await keys.project_id(database, chosen.project)
    if project_id is None:
        raise NotFound(f"there is no project '{chosen.project}'; `penstock keys list` shows whose keys there are")
    model, metadata = chosen.model, chosen.metadata
    done = _Done(await objects.count(database, project_id, "completion", model=model, metadata=metadata))
    stop = _on_interrupt()
    walk = objects.walk(database, project_id, "completion", model=model, metadata=metadata)
    with nullcontext(sys.stdout.buffer) if output is None else output.open("wb") as out:
        async with aclosing(walk):
            await _write(walk, out, done, stop, moved)
    return done


async def _write(
    walk: AsyncGenerator[StoredObject],
    out: BinaryIO,
    done: _Done,
    stop: asyncio.Event,
    moved: Callable[[int, int], None],
) -> None:
    from penstock.dialects.stored_chat import fine_tuning_lines

    part = bytearray()
    async for stored in walk:
        for line in fine_tuning_lines(stored.body, stored.input):
            part += line
            done.lines += 1
        done.completions += 1
        done.stopped = stop.is_set()
        if len(part) >= _PART or done.stopped:
            _flush(part, out)
            moved(done.completions, done.total)
        if done.stopped:
            return
    _flush(part, out)
    moved(done.completions, done.total)


def _flush(part: bytearray, out: BinaryIO) -> None:
    left = memoryview(bytes(part))
    while left:  # with PYTHONUNBUFFERED, stdout is a raw file, which a signal may make write a part of it alone
        left = left[out.write(left) :]
    out.flush()
    part.clear()


def _on_interrupt() -> asyncio.Event:
    """Is set by the first Ctrl-C; the second ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        # Between two queries: one that was cancelled within has been seen to go on for ever.
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, end)
    return stop


def _no_bar(done: int, total: int) -> None:
    """Shows nothing."""


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal; gives what moves it: `moved(completions done, in all)`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)

        def moved(done: int, total: int) -> None:
            bars.update(task, completed=done, total=max(done, total))

        yield moved
