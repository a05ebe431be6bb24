"""The generated pages of docs/ say what the program says today."""

from __future__ import annotations

import msgspec

from penstock.engine.bundled import Bundled
from penstock.engine.card import Skill, Speed
from penstock.settings.schema import Settings
from scripts import write_commands_page, write_model_page, write_parameters_page, write_settings_page


def test_the_page_of_settings_is_up_to_date() -> None:
    written = write_settings_page.PAGE.read_text("utf-8")
    assert written == write_settings_page.page(), "run `make docs`"


def test_the_page_of_commands_is_up_to_date() -> None:
    written = write_commands_page.PAGE.read_text("utf-8")
    assert written == write_commands_page.page(), "run `make docs`"


def test_the_page_of_parameters_is_up_to_date() -> None:
    written = write_parameters_page.PAGE.read_text("utf-8")
    assert written == write_parameters_page.page(), "run `make docs`"


def test_the_page_of_the_bundled_model_is_up_to_date() -> None:
    written = write_model_page.PAGE.read_text("utf-8")
    assert written == write_model_page.page(), "run `make docs`"


def test_everything_of_a_model_card_is_on_its_page() -> None:
    card = Bundled().card
    assert card is not None
    card = msgspec.structs.replace(
        card,
        skills=(Skill("choosing | of tools", 0.934, 0.9, 150), Skill("greeting", 1, 0.98, 80, 0.75, 20, 0.5, 8)),
        speed=Speed(31.4, 50, 1234.5, "an old laptop"),
        limits=("No French.", "No long texts."),
    )
    page = write_model_page.page_of(card)
    for row in (
        "| choosing \\| of tools | 93.4 % | >= 90 % | 150 | - | - |",
        "| greeting | 100 % | >= 98 % | 80 | 75 % of 20 | 50 % of 8 |",
    ):
        assert row in page.splitlines()
    assert "first token of a prompt of 50 after 31.4 ms, then 1,234 tokens/s, on one core of an old laptop" in page
    assert "- No French.\n- No long texts.\n" in page
    for fact in (card.sha256, card.trained_on, card.made.isoformat(), card.licence, f"{card.parameters:,}"):
        assert fact in page


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
