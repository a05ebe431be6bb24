"""Writes docs/commands.md from the help that every command gives about itself: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from penstock.cli import main

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"

_INTRO = """\
# Commands

<!-- Written by `make docs` from the commands' own help; edit src/penstock/cli/. -->

Every command takes `--help`. In a checkout the command is `.venv/bin/penstock`, and `make install` makes it.
"""


def page() -> str:
    """The whole page, as it should stand in docs/commands.md."""
    # A width of its own: the page must not depend on the terminal in which it is written.
    root = click.Context(main, info_name="penstock", terminal_width=100, **main.context_settings)
    return "\n".join([_INTRO, *(_part(context) for context in commands(root))])


def commands(context: click.Context) -> Iterator[click.Context]:
    """The command of `context` and all below it, each before its own subcommands."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None and not command.hidden:
                yield from commands(click.Context(command, info_name=name, parent=context))


def _part(context: click.Context) -> str:
    return f"## `{context.command_path}`\n\n```text\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
