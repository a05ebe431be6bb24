"""`penstock keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from penstock.cli.database import run
from penstock.cli.times import local_time, utc_time
from penstock.dialects.profiles import PROFILES
from penstock.settings import Settings

if TYPE_CHECKING:
    from penstock.accounts import Key


_MOST_TOKENS = 2**63 - 1
_AS_SERVER = "default"


@click.group()
def command() -> None:
    """Make, list, set up, disable, enable and delete API keys.

    KEY is a key's id, its prefix (the 8 characters after sk-ps-) or its name, where only one key has that name.
    A running server acts on every change within a second.
    """


@command.command()
@click.option("--name", required=True, metavar="NAME", help="What to call the key; need not be unique.")
@click.option(
    "--project", default="default", show_default=True, metavar="P", help="Whose key it is; made on first use."
)
@click.option(
    "--dialect",
    type=click.Choice(list(PROFILES)),
    help="What its calls are read and answered in, where header and path do not say.  [default: the server's]",
)
@click.option(
    "--default-max-tokens",
    type=click.IntRange(min=1, max=_MOST_TOKENS),
    metavar="N",
    help="The most tokens of an answer, where a request does not say.  [default: the dialect's]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON, with its id, prefix, name and settings.")
@click.pass_obj
def create(
    settings: Settings, name: str, project: str, dialect: str | None, default_max_tokens: int | None, as_json: bool
) -> None:
    """Make a key and print it, alone; it cannot be shown again."""
    from penstock.accounts import keys

    own = keys.KeySettings(dialect, default_max_tokens)
    key, text = run(settings, lambda database: keys.create(database, name, project, own))
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

        table = PartedTable("prefix", "name", "project", "state", "created", "id", "dialect")
        state = {True: "disabled", False: "enabled"}
        table.add(
            [
                [k.prefix, k.name, k.project, state[k.disabled], local_time(k.created), k.id, k.dialect or ""]
                for k in found
            ]
        )


@command.command("set")
@click.argument("key")
@click.option(
    "--dialect",
    type=click.Choice([*PROFILES, _AS_SERVER]),
    help=f"What its calls are read and answered in; `{_AS_SERVER}`: what the server has.",
)
@click.option(
    "--default-max-tokens",
    type=click.IntRange(min=0, max=_MOST_TOKENS),
    metavar="N",
    help="The most tokens of an answer, where a request does not say; 0: what the dialect has.",
)
@click.pass_obj
def set_(settings: Settings, key: str, dialect: str | None, default_max_tokens: int | None) -> None:
    """Change the settings of KEY; what is not given stays."""
    from penstock.accounts import keys

    if dialect is None and default_max_tokens is None:
        raise click.UsageError("give --dialect or --default-max-tokens")
    own = keys.KeySettings(
        msgspec.UNSET if dialect is None else None if dialect == _AS_SERVER else dialect,
        msgspec.UNSET if default_max_tokens is None else default_max_tokens or None,
    )
    _tell("changed", run(settings, lambda database: keys.set_settings(database, key, own)))


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
        "dialect": key.dialect,
        "default_max_tokens": key.default_max_tokens,
        "created": utc_time(key.created),
    }


def _tell(done: str, key: Key) -> None:
    click.echo(f"{done}: '{key.name}' ({key.prefix}) of project '{key.project}'")
