"""`penstock keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from penstock.cli.database import run
from penstock.cli.times import local_time, utc_time
from penstock.settings import Settings

if TYPE_CHECKING:
    from penstock.accounts import Key


@click.group()
def command() -> None:
    """Make, list, disable, enable and delete API keys.

    KEY is a key's id, its prefix (the 8 characters after sk-ps-) or its name, where only one key has that name.
    A running server acts on every change within a second.
    """


@command.command()
@click.option("--name", required=True, metavar="NAME", help="What to call the key; need not be unique.")
@click.option(
    "--project", default="default", show_default=True, metavar="P", help="Whose key it is; made on first use."
)
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON, with its id, prefix, name and project.")
@click.pass_obj
def create(settings: Settings, name: str, project: str, as_json: bool) -> None:
    """Make a key and print it, alone; it cannot be shown again."""
    from penstock.accounts import keys

    key, text = run(settings, lambda database: keys.create(database, name, project))
    click.echo(msgspec.json.encode({"key": text, **_fields(key)}) if as_json else text)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """List the keys, oldest first; never the keys themselves."""
    from penstock.accounts import keys

    found = run(settings, keys.list_keys)
    if as_json:
        for key in found:
            click.echo(msgspec.json.encode(_fields(key)))
    elif not found:
        click.echo("There are no keys; `penstock keys create --name NAME` makes one.", err=True)
    else:
        from penstock.cli.tables import PartedTable

        table = PartedTable("prefix", "name", "project", "state", "created", "id")
        state = {True: "disabled", False: "enabled"}
        table.add([[k.prefix, k.name, k.project, state[k.disabled], local_time(k.created), k.id] for k in found])


@command.command()
@click.argument("key")
@click.pass_obj
def disable(settings: Settings, key: str) -> None:
    """Refuse calls with KEY until it is enabled again."""
    from penstock.accounts import keys

    _tell("disabled", run(settings, lambda database: keys.set_disabled(database, key, True)))


@command.command()
@click.argument("key")
@click.pass_obj
def enable(settings: Settings, key: str) -> None:
    """Take calls with KEY again."""
    from penstock.accounts import keys

    _tell("enabled", run(settings, lambda database: keys.set_disabled(database, key, False)))


@command.command()
@click.argument("key")
@click.pass_obj
def delete(settings: Settings, key: str) -> None:
    """Delete KEY for good. The records of its calls stay."""
    from penstock.accounts import keys

    _tell("deleted", run(settings, lambda database: keys.delete(database, key)))


def _fields(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "project": key.project,
        "disabled": key.disabled,
        "created": utc_time(key.created),
    }


def _tell(done: str, key: Key) -> None:
    click.echo(f"{done}: '{key.name}' ({key.prefix}) of project '{key.project}'")
