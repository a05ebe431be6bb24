"""The generated pages of docs/ say what the program says today."""

from __future__ import annotations

import msgspec

from penstock.settings.schema import Settings
from scripts import write_commands_page, write_settings_page


def test_the_page_of_settings_is_up_to_date() -> None:
    written = write_settings_page.PAGE.read_text("utf-8")
    assert written == write_settings_page.page(), "run `make docs`"


def test_the_page_of_commands_is_up_to_date() -> None:
    written = write_commands_page.PAGE.read_text("utf-8")
    assert written == write_commands_page.page(), "run `make docs`"


def test_every_setting_is_on_the_page() -> None:
    """Holds the script that writes the page, not only the page."""
    page = write_settings_page.page()
    sections = 0
    for section in msgspec.structs.fields(Settings):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            sections += 1
            for name, meaning in write_settings_page.docstrings(section.type).items():
                row = next(line for line in page.splitlines() if f"`PENSTOCK_{section.name}__{name}`".upper() in line)
                assert row.startswith(f"| `{name}` | ")
                assert meaning.replace("|", r"\|") in row
    assert sections >= 8


def test_every_command_is_on_the_page() -> None:
    page = write_commands_page.page()
    for command in ("serve", "keys create", "keys disable", "models pull", "models add", "requests"):
        assert f"## `penstock {command}`\n\n```text\nUsage: penstock {command} " in page
