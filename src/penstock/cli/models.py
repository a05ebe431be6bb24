"""`penstock models`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from penstock.cli.times import local_time, utc_time
from penstock.settings import Settings

if TYPE_CHECKING:
    from penstock.engine.registry import Entry, Registry

_NAME = click.option("--name", metavar="NAME", help="What clients ask for; by default the file's name in lower case.")


@click.group()
def command() -> None:
    """Pull, add, list and remove local models (GGUF files).

    A running server takes notice at once. NAME is what clients send as `model`.
    """


@command.command()
@click.argument("address", metavar="hf:OWNER/REPO[:FILE]")
@_NAME
@click.pass_obj
def pull(settings: Settings, address: str, name: str | None) -> None:
    """Fetch a model from Hugging Face and add it.

    FILE is a file of the repository, or a part of its name that no other has (Q4_K_M); without it the repository must
    have one model only. A pull that was cut off goes on where it was; the file's checksum must be right. HF_TOKEN,
    HF_ENDPOINT and HF_HUB_OFFLINE count as with all tools of Hugging Face.
    """
    from penstock.engine.pull import ManyFiles, PullError, find
    from penstock.engine.pull import pull as fetch

    with _registry(settings) as registry:
        try:
            remote = find(address)
            with _progress() as progress:
                entry = fetch(remote, registry, name, progress("fetching"), progress("checking"))
        except ManyFiles as error:
            for file in error.files:
                click.echo(f"{_size(file.size):>10}  {file.path}", err=True)
            raise click.ClickException(str(error)) from error
        except PullError as error:
            raise click.ClickException(str(error)) from error
    _tell(entry)


@command.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_NAME
@click.option("--copy", is_flag=True, help="Copy the file into the data folder; without it, it is used where it is.")
@click.pass_obj
def add(settings: Settings, path: Path, name: str | None, copy: bool) -> None:
    """Add the GGUF file at PATH."""
    with _registry(settings) as registry, _progress() as progress:
        entry = registry.add(path, name, copy=copy, progress=progress("copying" if copy else "reading"))
    _tell(entry)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line, with every field.")
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """List the local models, oldest first, and the bundled one."""
    from penstock.engine.bundled import Bundled

    bundled = Bundled()
    with _registry(settings) as registry:
        added = list(registry.entries().values())
    troubles = [(entry, entry.trouble()) for entry in added] + [(bundled.entry, bundled.check())]
    if as_json:
        for entry, trouble in troubles:
            fields = msgspec.structs.asdict(entry) | {"added": utc_time(entry.added), "trouble": trouble}
            click.echo(msgspec.json.encode(fields))
    else:
        from penstock.cli.tables import PartedTable

        table = PartedTable("name", "size", "context", "added", "state", "file", right=("size", "context"))
        table.add(
            [
                [e.name, _size(e.size), str(e.context), local_time(e.added), trouble or "ready", e.source or e.path]
                for e, trouble in troubles
            ]
        )
        if not added:
            click.echo(
                f"{bundled.entry.name} is a small demonstration; `penstock models pull` or `penstock models add` gives "
                "you a real model.",
                err=True,
            )


@command.command()
@click.argument("name")
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Forget the model NAME. Its file is deleted only where Penstock fetched or copied it."""
    with _registry(settings) as registry:
        entry = registry.remove(name)
    click.echo(f"removed: '{entry.name}'; {'its file is deleted' if entry.owned else f'{entry.path} stays'}")


@contextmanager
def _registry(settings: Settings) -> Iterator[Registry]:
    """The registry; what it cannot do is one line on stderr and exit status 1."""
    from penstock.engine.registry import Registry, RegistryError

    try:
        yield Registry(Path(settings.home))
    except RegistryError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Gives a function that makes a bar on stderr and returns what moves it: `move(bytes done, bytes in all)`."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=Console(stderr=True))

    def bar(description: str) -> Callable[[int, int], None]:
        task = bars.add_task(description, total=None, visible=False)

        def move(done: int, total: int) -> None:
            bars.start()  # only now: where nothing moves, not even an empty line is drawn
            bars.update(task, completed=done, total=total, visible=True)

        return move

    try:
        yield bar
    finally:
        if bars.live.is_started:
            bars.stop()


def _tell(entry: Entry) -> None:
    click.echo(f"added: '{entry.name}' ({_size(entry.size)}, {entry.architecture}, context of {entry.context} tokens)")


def _size(size: int) -> str:
    """Bytes as people read them, to three digits."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"
