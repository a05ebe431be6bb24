"""`penstock serve`."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from penstock.settings import Settings, SettingsError

if TYPE_CHECKING:
    from penstock.engine.bundled import Bundled
    from penstock.routing import Catalogue

_FIRST_KEY = """
  A first key was made. It is shown this once:

    {key}
"""

_CURL = """
  Try it:

    curl {url}/v1/chat/completions \\
      -H 'Authorization: Bearer {key}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
"""

_DEMONSTRATION = """
  No vendor is configured: {name}, a small demonstration model that comes with Penstock, answers{others}.
  Each answer says that it did.
"""

_UNAVAILABLE = """
  No vendor is configured, and {name}, the model that comes with Penstock, cannot be used:
  {why}.
"""

_REAL_MODEL = """
  Either of these leads to a real model: the first at once, the second at the next start with OPENAI_API_KEY set.

    {command} models pull hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:q4_k_m
    printf '[[provider]]\\nname = "openai"\\nkind = "openai"\\napi_key = "env:OPENAI_API_KEY"\\n' >> penstock.toml
"""


@click.command()
@click.option("--worker", is_flag=True, hidden=True)
@click.pass_obj
def command(settings: Settings, worker: bool) -> None:
    """Serve the API until SIGTERM or Ctrl-C; then finish the calls under way.

    A second signal ends at once. Settings come from penstock.toml and PENSTOCK_SECTION__NAME.
    """
    from penstock.api.server import PortTaken, claim_port
    from penstock.telemetry import configure_logs

    configure_logs(settings.server.log_level)
    try:
        port = settings.server.port if worker else claim_port(settings.server.host, settings.server.port)
    except PortTaken as error:
        raise click.ClickException(str(error)) from error
    if settings.server.workers > 1 and not worker:
        from penstock.api.workers import watch

        config = click.get_current_context().find_root().params.get("config")
        sys.exit(asyncio.run(watch(settings, port, config)))
    try:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(_serve(settings, port, worker))
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's loop; None, which is asyncio's own, on systems that uvloop does not know."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(settings: Settings, port: int, worker: bool) -> None:
    from penstock.accounts.first_start import first_key
    from penstock.api.app import Application
    from penstock.api.memory import collect_less, keep_freed_memory
    from penstock.api.server import serve
    from penstock.store.database import Database

    keep_freed_memory()
    database = await Database.open(settings)
    try:
        key = None if worker else await first_key(database)
        application = Application(settings, database)
    except BaseException:
        await database.close()
        raise
    if worker:
        # The parent holds the other end of stdin: when it is gone, however it went, so is this process.
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), os._exit, 1)
    try:
        await application.start()
        collect_less()
        await serve(
            application,
            settings,
            port,
            lambda: None if worker else greet(settings, application.catalogue, application.bundled, port, key),
        )
    finally:
        await application.close()


def greet(settings: Settings, catalogue: Catalogue, bundled: Bundled, port: int, key: str | None) -> None:
    """Says on stdout where the server is, and at the first start how to call it."""
    host = settings.server.host
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 - only compared
    lines = [f"Penstock serves on {url} (data in {settings.home}); Ctrl-C stops it.\n"]
    trouble = bundled.look()
    model = _example(settings, catalogue) or (None if trouble else bundled.entry.name)
    if key is not None:
        lines.append(_FIRST_KEY.format(key=key))
        if model is not None:
            lines.append(_CURL.format(url=url, key=key, model=model))
    if not settings.provider:
        lines.append(_about_bundled(catalogue, bundled.entry.name, trouble))
        if model in (None, bundled.entry.name):
            here = sys.argv[0]
            lines.append(_REAL_MODEL.format(command="penstock" if shutil.which("penstock") else os.path.relpath(here)))
    click.echo("".join(lines))


def _about_bundled(catalogue: Catalogue, name: str, trouble: str | None) -> str:
    if trouble is not None:
        return _UNAVAILABLE.format(name=name, why=trouble)
    others = [entry.id for entry in catalogue.entries() if entry.local == name and entry.id != name]
    return _DEMONSTRATION.format(name=name, others=f",\n  also to {', '.join(others)}" if others else "")


def _example(settings: Settings, catalogue: Catalogue) -> str | None:
    """A model that the first call can ask for: one that the user has configured or added, else one that a vendor is
    known for. None where there is only the bundled one."""
    from penstock.core.errors import ModelNotFound
    from penstock.engine.card import NAME
    from penstock.providers.rows import load_rows

    for entry in catalogue.offered():
        if entry.local != NAME:
            return entry.id
    rows = load_rows()
    for provider in settings.provider:
        row = rows.get(provider.kind)
        if row is not None and row.example is not None:
            name = f"{provider.name}/{row.example}"
            try:
                catalogue.plan(name)
            except ModelNotFound:
                continue
            return name
    return None
