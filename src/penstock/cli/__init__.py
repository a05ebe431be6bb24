"""The `penstock` command. Each module of this package with a `command` is a command of the module's name."""

from __future__ import annotations

import errno
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import click

from penstock import __version__
from penstock.core.errors import PenstockError
from penstock.settings import SettingsError, load
from penstock.store.errors import DatabaseError


class Failure(click.ClickException):
    """What went wrong, on one line, and the exit status that says whose fault it was."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code  # type: ignore[misc]  # click's own classes have one each


class Commands(click.Group):
    """Imports a command's module when the command is run or listed, so that none waits for what another needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        names = sorted(module.name for module in pkgutil.iter_modules(__path__))
        return [name for name in names if self.get_command(ctx, name) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is no such module, or no command in it."""
        if cmd_name not in {module.name for module in pkgutil.iter_modules(__path__)}:
            return None
        command = getattr(importlib.import_module(f"{__name__}.{cmd_name}"), "command", None)
        if not isinstance(command, click.Command):
            return None
        command.name = cmd_name  # the function is called `command`, in every module
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. What can be expected to go wrong is one line on stderr: exit 2 for settings, else 1."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise Failure(str(error), 2) from error
        except (PenstockError, DatabaseError) as error:
            raise Failure(str(error), 1) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read the output has left: no error, and click is silent about it
                raise
            raise Failure(str(error), 1) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="penstock", message="%(prog)s %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings file; without it, penstock.toml in the working folder, where there is one.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """One API in front of every language model, hosted or local, on your own machine."""
    from penstock.telemetry import configure_logs

    configure_logs("warning")  # to stderr: stdout is for what was asked for
    context.obj = load(config)
