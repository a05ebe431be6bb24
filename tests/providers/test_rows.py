from __future__ import annotations

from pathlib import Path

import pytest

from penstock.dialects.chat.normalise import Quirks
from penstock.providers.rows import Row, RowError, load_rows

ROWS = load_rows()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "vendors.md"
LEAST = 'verified = "no"\nsource = "recordings"\n'


def test_the_vendors_of_the_issue_are_there() -> None:
    assert set(ROWS) >= {
        "openai", "azure", "mistral", "groq", "deepseek", "together", "openrouter", "xai", "fireworks", "cerebras",
        "vllm", "ollama", "llama.cpp", "lm-studio", "compatible",
    }  # fmt: skip


def test_four_lines_are_enough() -> None:
    rows = load_rows(
        '[acme]\nbase_url = "https://api.acme.example/v1"\nverified = "no"\nsource = "https://acme.example"'
    )
    assert rows == {"acme": Row(verified="no", source="https://acme.example", base_url="https://api.acme.example/v1")}
    assert rows["acme"].normaliser() is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[acme]", "row 'acme': Object missing required field `verified`"),
        (f"[acme]\n{LEAST}adress = 'x'", "row 'acme': Object contains unknown field `adress`"),
        (f"[acme]\n{LEAST}auth = 'basic'", "Invalid enum value 'basic' - at `auth`"),
        (f"[acme]\n{LEAST}base_url = 'api.acme.example'", "at `base_url`"),
        (f"[acme]\n{LEAST}base_url = 'https://api.acme.example/'", "at `base_url`"),
        (f"[acme]\n{LEAST}fans_out = 1", "at `fans_out`"),
        (f"[acme]\n{LEAST}extras = 'top_k'", "at `extras`"),
        (f"[acme]\n{LEAST}extras = ['Top K']", "at `extras[0]`"),
        (f"[acme]\n{LEAST}renamed = {{ seed = 1 }}", "at `renamed"),
        (
            f"[acme]\n{LEAST}quirks = ['role_repeted']",
            "row 'acme': quirks: there is no 'role_repeted'; known are env",
        ),
        (f"[acme]\n{LEAST}quirks = ['envelope', 'envelope']", "quirks: a name is there twice"),
        (f"[acme]\n{LEAST}unsupported = ['n', 'n']", "unsupported: a name is there twice"),
        (f"[acme]\n{LEAST}unsupported = ['seed']\nrenamed = {{ seed = 's' }}", "'seed' is in more than one of"),
        (f"[acme]\n{LEAST}extras = ['seed']\nrenamed = {{ seed = 's' }}", "'seed' is in more than one of"),
        (f"[acme]\n{LEAST}extras = ['seed']\nunsupported = ['seed']", "'seed' is in more than one of"),
        (f"[acme]\n{LEAST}bounds = {{ speed = {{ maximum = 1 }} }}", "bounds: 'speed' is no parameter that it has"),
        (f"[acme]\n{LEAST}formats = ['xml']", "at `formats[0]`"),
        (f"[acme]\n{LEAST}thinking = 'hard'", "at `thinking`"),
        (f"[acme]\n{LEAST}fans_out = true\nunsupported = ['n']", "with fans_out, 'n' is in no other list"),
        ('[acme]\nverified = "yes"\nsource = "recordings"', "Invalid enum value 'yes' - at `verified`"),
        ('[acme]\nverified = "no"\nsource = "hearsay"', "at `source`"),
        ("acme = 1", "row 'acme': Expected `object`, got `int`"),
        ("[acme", "mine.toml: "),
        (f"[acme]\n{LEAST}[acme]\n", "mine.toml: "),
    ],
)
def test_a_bad_row_is_an_error_that_names_row_and_field(text: str, words: str) -> None:
    with pytest.raises(RowError) as caught:
        load_rows(text, "mine.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("mine.toml: ")


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_is_on_the_page_with_its_facts(name: str) -> None:
    row = ROWS[name]
    (line,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{name}` |")]
    assert row.verified in line
    assert row.source in line
    assert (row.base_url or "yours") in line
    for quirk in row.quirks:
        assert f"`{quirk}`" in line
    for field in (
        *row.unsupported,
        *row.extras,
        *row.renamed,
        *row.renamed.values(),
        *row.bounds,
        *(row.formats or ()),
    ):
        assert f"`{field}`" in line
    assert ("unknown fields" in line) is row.passes_unknown
    assert ("`developer` as `system`" in line) is not row.developer_role
    assert row.thinking is None or f"`enable_thinking` by `{row.thinking}`" in line
    assert ("`n` by calls" in line) is row.fans_out


@pytest.mark.parametrize("quirk", Quirks.__struct_fields__)
def test_a_quirk_is_on_the_page(quirk: str) -> None:
    assert f"\n| `{quirk}` | " in PAGE.read_text("utf-8")


def test_the_generic_row_sets_everything_right() -> None:
    assert ROWS["compatible"].normaliser() == Quirks(**dict.fromkeys(Quirks.__struct_fields__, True))
